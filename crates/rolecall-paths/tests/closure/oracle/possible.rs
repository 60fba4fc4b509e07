use super::*;

impl Oracle<'_> {
    /// X26.
    pub(super) fn possible(&self, now: &Position, actors: &[Actor<'_>], into: &mut Position) {
        for (group, resource) in [
            ("apiregistration.k8s.io", "apiservices"),
            ("apiextensions.k8s.io", "customresourcedefinitions"),
        ] {
            into.masters |= actors.iter().any(|actor| {
                let changes = self
                    .names
                    .iter()
                    .any(|name| self.changes(actor, now, (group, resource, ""), "", name));
                changes || self.creates(actor, now, group, resource, "")
            });
        }
        let volumes = actors.iter().any(|it| self.creates(it, now, "", "persistentvolumes", ""));
        for namespace in &self.namespaces {
            let makes = actors.iter().any(|actor| self.makes_pods(actor, now, namespace));
            into.node |= volumes && makes && self.assumptions.nodes == Nodes::Reachable;
            if self.names_secret(now, actors, namespace)
                || self.writes_rollout(now, actors, namespace)
            {
                let accounts = self.accounts_in(namespace);
                let new = accounts.iter().map(|name| Identity::service_account(namespace, name));
                into.identities.extend(new);
            }
        }
        if into.node {
            for namespace in &self.namespaces {
                let pods = self.pods_in(namespace).into_iter();
                let new = pods.map(|(_, account)| Identity::service_account(namespace, account));
                into.identities.extend(new);
            }
        }
        self.bootstrap(now, actors, into);
    }

    /// Returns whether somebody can create a Secret of a name and somebody can read that name.
    fn names_secret(&self, now: &Position, actors: &[Actor<'_>], namespace: &str) -> bool {
        let exists = |name: &str| self.exists("", "secrets", namespace, name);
        let reads = |name: &String| {
            actors.iter().any(|actor| {
                ["get", "list", "watch"]
                    .into_iter()
                    .any(|verb| self.outer(actor, now, verb, "", "secrets", "", namespace, name))
            })
        };
        actors.iter().any(|actor| {
            self.created(actor, now, "", "secrets", namespace, &exists).iter().any(
                |name| match name {
                    Some(name) => reads(name),
                    None => self.names.iter().any(|name| !exists(name) && reads(name)),
                },
            )
        })
    }

    /// Returns whether somebody can write a Rollout, of which one is in the inventory.
    fn writes_rollout(&self, now: &Position, actors: &[Actor<'_>], namespace: &str) -> bool {
        const GROUP: &str = "argoproj.io";
        let rollouts = || self.inventory.workloads().iter().filter(|it| &*it.kind == "Rollout");
        let there = |name: &str| self.inventory.workload(namespace, "Rollout", name, GROUP);
        if rollouts().next().is_none() {
            return false;
        }
        actors.iter().any(|actor| {
            let exists = |name: &str| there(name).is_some();
            let made = self.created(actor, now, GROUP, "rollouts", namespace, &exists);
            let changed = rollouts().any(|rollout| {
                let name = &rollout.metadata.name;
                there(name).is_some()
                    && self.changes(actor, now, (GROUP, "rollouts", ""), namespace, name)
            });
            changed || !made.is_empty()
        })
    }

    fn bootstrap(&self, now: &Position, actors: &[Actor<'_>], into: &mut Position) {
        let exists = |name: &str| self.exists("", "secrets", "kube-system", name);
        for actor in actors {
            for name in self.created(actor, now, "", "secrets", "kube-system", &exists) {
                let tokens: Vec<String> = match name {
                    Some(name) => name
                        .strip_prefix("bootstrap-token-")
                        .map(str::to_owned)
                        .into_iter()
                        .collect(),
                    None => {
                        let users = self.users.iter();
                        let named = users.filter_map(|it| it.strip_prefix("system:bootstrap:"));
                        named.map(str::to_owned).chain(["freshy".to_owned()]).collect()
                    }
                };
                for token in tokens.iter().filter(|token| token.len() == 6) {
                    let mut identity = Identity::user(&format!("system:bootstrap:{token}"));
                    for group in &self.groups {
                        let is_bootstrap = group.starts_with("system:bootstrappers:");
                        if is_bootstrap || group == "system:bootstrappers" {
                            identity = identity.with_group(group);
                        }
                    }
                    into.identities.insert(identity.with_group("system:bootstrappers"));
                }
            }
        }
    }
}
