use super::*;

impl<'a> Oracle<'a> {
    pub(super) fn tokens(
        &self,
        now: &Position,
        actors: &[Actor<'_>],
        namespace: &str,
        into: &mut Position,
    ) {
        let accounts = self.accounts_in(namespace);
        for account in &accounts {
            let asks = |actor: &Actor<'_>| {
                self.outer(actor, now, "create", "", "serviceaccounts", "token", namespace, account)
            };
            if actors.iter().any(asks) {
                into.identities.insert(Identity::service_account(namespace, account));
            }
        }
        let mut all = actors.iter().any(|actor| self.makes_pods(actor, now, namespace));
        let creates = actors.iter().any(|actor| self.creates(actor, now, "", "secrets", namespace));
        let reads = actors.iter().any(|actor| {
            let ask = |verb, name| self.outer(actor, now, verb, "", "secrets", "", namespace, name);
            let unrestricted = ask("get", "a name that no rule lists");
            unrestricted || ask("list", "") || ask("watch", "")
        });
        all |= creates && reads;
        if all {
            let new = accounts.iter().map(|name| Identity::service_account(namespace, name));
            into.identities.extend(new);
        }
        for (pod, account) in self.pods_in(namespace) {
            let enters = actors.iter().any(|actor| {
                let get = self.assumptions.version.minor < 35;
                let mut executes = false;
                for subresource in ["exec", "attach"] {
                    let ask = |verb| {
                        self.outer(actor, now, verb, "", "pods", subresource, namespace, pod)
                    };
                    executes |= ask("create") || (get && ask("get"));
                }
                executes
                    || self.changes(actor, now, ("", "pods", ""), namespace, pod)
                    || self.changes(actor, now, ("", "pods", "ephemeralcontainers"), namespace, pod)
            });
            if enters {
                into.identities.insert(Identity::service_account(namespace, account));
            }
        }
        for account in self.inventory.service_accounts_in(namespace) {
            let reads = account.secrets.iter().any(|secret| {
                actors.iter().any(|actor| {
                    let ask = |verb, name: &str| {
                        self.outer(actor, now, verb, "", "secrets", "", namespace, name)
                    };
                    ["get", "list", "watch"].into_iter().any(|verb| ask(verb, secret))
                        || ask("list", "")
                        || ask("watch", "")
                })
            });
            if reads {
                into.identities
                    .insert(Identity::service_account(namespace, &account.metadata.name));
            }
        }
    }

    pub(super) fn accounts_in(&self, namespace: &str) -> Vec<String> {
        let accounts = self.inventory.service_accounts_in(namespace).iter();
        let mut names: Vec<String> = accounts.map(|it| it.metadata.name.to_string()).collect();
        let bound = self.inventory.bindings().iter().any(|binding| {
            binding.subjects.iter().any(|subject| {
                let is_account = subject.kind == SubjectKind::ServiceAccount
                    && &*subject.name == "default"
                    && subject
                        .effective_namespace(&binding.metadata)
                        .is_some_and(|it| **it == *namespace);
                is_account || *subject.name == *format!("system:serviceaccount:{namespace}:default")
            })
        });
        let runs =
            self.pods_and_templates_in(namespace).iter().any(|(_, account)| account == "default");
        let is_implied = self.assumptions.accounts == Accounts::Implied && (bound || runs);
        if is_implied && !names.iter().any(|name| name == "default") {
            names.push("default".to_owned());
        }
        names
    }

    pub(super) fn pods_and_templates_in(&self, namespace: &str) -> Vec<(bool, String)> {
        let workloads = self.inventory.workloads_in(namespace).iter();
        let running = workloads.filter(|workload| !workload.mirror).flat_map(|workload| {
            workload.pods.iter().filter_map(|pod| {
                let account = pod.service_account_name();
                let found = self.inventory.service_account(namespace, account);
                let mounts = pod
                    .automount_token
                    .or_else(|| found.and_then(|account| account.automount_token))
                    .unwrap_or(true);
                mounts.then(|| (&*workload.kind == "Pod", account.to_owned()))
            })
        });
        running.collect()
    }

    /// Returns the Pods with a mounted token and their ServiceAccounts.
    pub(super) fn pods_in(&self, namespace: &str) -> Vec<(&'a str, &'a str)> {
        let workloads = self.inventory.workloads_in(namespace).iter();
        let pods = workloads.filter(|workload| &*workload.kind == "Pod" && !workload.mirror);
        pods.filter_map(|workload| {
            let pod = workload.pods.first()?;
            let account = pod.service_account_name();
            let found = self.inventory.service_account(namespace, account);
            let mounts = pod
                .automount_token
                .or_else(|| found.and_then(|account| account.automount_token))
                .unwrap_or(true);
            mounts.then_some((&*workload.metadata.name, account))
        })
        .collect()
    }

    /// X02 and X03.
    pub(super) fn makes_pods(&self, actor: &Actor<'_>, now: &Position, namespace: &str) -> bool {
        self.creates(actor, now, "", "pods", namespace)
            || WORKLOADS.iter().any(|(group, resource, kind)| {
                let changed = *resource != "jobs"
                    && self.inventory.workloads_in(namespace).iter().any(|workload| {
                        &*workload.kind == *kind
                            && self.changes(
                                actor,
                                now,
                                (group, resource, ""),
                                namespace,
                                &workload.metadata.name,
                            )
                    });
                changed || self.creates(actor, now, group, resource, namespace)
            })
    }

    pub(super) fn impersonate_accounts(
        &self,
        now: &Position,
        namespace: &str,
        into: &mut Position,
    ) {
        let distinct = self.distinct(now);
        for name in &self.names {
            let can = distinct.iter().any(|own| {
                self.may(own, now, "impersonate", "", "serviceaccounts", "", namespace, name)
            });
            if is_account(namespace, name) && can {
                into.identities.insert(Identity::service_account(namespace, name));
            }
        }
    }

    pub(super) fn impersonate_users(&self, now: &Position, into: &mut Position) {
        for own in self.distinct(now) {
            let user = |name: &str| {
                ServiceAccountName::parse(name).is_none()
                    && self.may(own, now, "impersonate", "", "users", "", "", name)
            };
            let group = |name: &str| self.may(own, now, "impersonate", "", "groups", "", "", name);
            let mut anybody: BTreeSet<String> =
                self.names.iter().filter(|name| user(name)).cloned().collect();
            for name in &self.users {
                if user(name) {
                    into.identities.insert(Identity::user(name));
                }
            }
            for namespace in &self.namespaces {
                for name in &self.names {
                    if is_account(namespace, name)
                        && self.may(
                            own,
                            now,
                            "impersonate",
                            "",
                            "serviceaccounts",
                            "",
                            namespace,
                            name,
                        )
                    {
                        anybody.insert(Identity::service_account(namespace, name).user.to_string());
                    }
                }
            }
            if !anybody.is_empty() && group(MASTERS) {
                into.masters = true;
            }
            let groups: Vec<String> = (self.groups.iter())
                .filter(|name| *name != MASTERS && group(name))
                .cloned()
                .collect();
            for name in &anybody {
                into.identities.extend(members(name, &groups));
            }
        }
    }

    pub(super) fn kubelets(&self, now: &Position, actors: &[Actor<'_>], into: &mut Position) {
        for namespace in &self.namespaces {
            for (pod, account) in self.pods_in(namespace) {
                let workload = self.inventory.workload(namespace, "Pod", pod, "");
                let node = workload.and_then(|it| it.pods.first()).map(|pod| &*pod.node);
                let node = node.filter(|node| !node.is_empty()).unwrap_or("no such node");
                let enters = actors.iter().any(|actor| {
                    ["get", "create"]
                        .into_iter()
                        .any(|verb| self.outer(actor, now, verb, "", "nodes", "proxy", "", node))
                });
                if enters {
                    into.identities.insert(Identity::service_account(namespace, account));
                }
            }
        }
    }

    pub(super) fn nodes(
        &self,
        now: &Position,
        actors: &[Actor<'_>],
        namespace: &str,
        into: &mut Position,
    ) {
        if self.assumptions.nodes == Nodes::Hardened
            || !actors.iter().any(|actor| self.makes_pods(actor, now, namespace))
        {
            return;
        }
        let enforced = self.inventory.namespace(namespace).is_some_and(|namespace| {
            let level = namespace.metadata.label("pod-security.kubernetes.io/enforce");
            level.is_some_and(|level| &**level == "baseline" || &**level == "restricted")
        });
        let labels = actors
            .iter()
            .any(|actor| self.changes(actor, now, ("", "namespaces", ""), namespace, namespace));
        if !enforced || labels {
            into.node = true;
            for namespace in &self.namespaces {
                for (_, account) in self.pods_in(namespace) {
                    into.identities.insert(Identity::service_account(namespace, account));
                }
            }
        }
    }
}

/// Returns whether the server reads a user name as that of a ServiceAccount.
pub(super) fn is_account(namespace: &str, name: &str) -> bool {
    ServiceAccountName::parse(&format!("system:serviceaccount:{namespace}:{name}")).is_some()
}
