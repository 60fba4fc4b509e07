use super::*;

impl Oracle<'_> {
    pub(super) fn binds(
        &self,
        actor: &Actor<'_>,
        now: &Position,
        role: &Role,
        namespace: &str,
    ) -> bool {
        let resource = if role.is_cluster_role() { "clusterroles" } else { "roles" };
        let owned = match &actor.borrowed {
            None => self.rules(actor.own, now, namespace),
            Some((target, _)) => self.bound_rules(target, namespace),
        };
        self.inner(actor, now, "bind", RBAC, resource, namespace, &role.metadata.name)
            || covers(&owned, &role.rules).is_complete()
    }

    pub(super) fn role_bindings(
        &self,
        now: &Position,
        actors: &[Actor<'_>],
        namespace: &str,
        into: &mut Position,
    ) {
        let own = |role: &Role| {
            let (of, name) = (&role.metadata.namespace, &role.metadata.name);
            Own::Role(of.to_string(), name.to_string(), namespace.to_owned())
        };
        let usable =
            |role: &&Role| role.is_cluster_role() || *role.metadata.namespace == *namespace;
        for actor in actors {
            if self.creates(actor, now, RBAC, "rolebindings", namespace) {
                for role in self.inventory.roles().iter().filter(usable) {
                    if self.binds(actor, now, role, namespace) {
                        into.own.insert(own(role));
                    }
                }
            }
            for binding in self.inventory.bindings() {
                if *binding.metadata.namespace != *namespace {
                    continue;
                }
                let of = match binding.role_ref.kind {
                    RoleKind::ClusterRole => "",
                    _ => namespace,
                };
                let Some(role) = self.inventory.role(of, &binding.role_ref.name) else { continue };
                let name = &binding.metadata.name;
                if self.changes(actor, now, (RBAC, "rolebindings", ""), namespace, name)
                    && self.binds(actor, now, role, namespace)
                {
                    into.own.insert(own(role));
                }
            }
        }
    }

    pub(super) fn cluster_role_bindings(
        &self,
        now: &Position,
        actors: &[Actor<'_>],
        into: &mut Position,
    ) {
        let own =
            |role: &Role| Own::Role(String::new(), role.metadata.name.to_string(), String::new());
        for actor in actors {
            if self.creates(actor, now, RBAC, "clusterrolebindings", "") {
                for role in self.inventory.roles_in("") {
                    if self.binds(actor, now, role, "") {
                        into.own.insert(own(role));
                    }
                }
            }
            for binding in self.inventory.bindings() {
                if !binding.is_cluster_role_binding()
                    || binding.role_ref.kind != RoleKind::ClusterRole
                {
                    continue;
                }
                let Some(role) = self.inventory.role("", &binding.role_ref.name) else { continue };
                let name = &binding.metadata.name;
                if self.changes(actor, now, (RBAC, "clusterrolebindings", ""), "", name)
                    && self.binds(actor, now, role, "")
                {
                    into.own.insert(own(role));
                }
            }
        }
    }

    /// Returns the names of roles that actors can create with any rules; `None` is any.
    pub(super) fn new_roles(
        &self,
        now: &Position,
        actors: &[Actor<'_>],
        resource: &str,
        namespace: &str,
    ) -> Vec<Option<String>> {
        let exists = |name: &str| self.exists(RBAC, resource, namespace, name);
        let of = |actor: &Actor<'_>| {
            let names = self.created(actor, now, RBAC, resource, namespace, &exists);
            let escalates = |name: &Option<String>| {
                let name = name.as_deref().unwrap_or_default();
                self.inner(actor, now, "escalate", RBAC, resource, namespace, name)
            };
            names.into_iter().filter(escalates).collect::<Vec<_>>()
        };
        actors.iter().flat_map(of).collect()
    }

    /// Returns whether some actor can bind a new role of one of the names in a namespace.
    pub(super) fn binds_new(
        &self,
        now: &Position,
        actors: &[Actor<'_>],
        names: &[Option<String>],
        (resource, role_namespace): (&str, &str),
        namespace: &str,
    ) -> bool {
        let bindings = if namespace.is_empty() { "clusterrolebindings" } else { "rolebindings" };
        actors.iter().any(|actor| {
            self.creates(actor, now, RBAC, bindings, namespace)
                && names.iter().any(|name| {
                    let chosen: Vec<&String> = match name {
                        Some(name) => vec![name],
                        None => self.names.iter().collect(),
                    };
                    chosen.into_iter().any(|name| {
                        self.inventory.role(role_namespace, name).is_none()
                            && self.inner(actor, now, "bind", RBAC, resource, namespace, name)
                    })
                })
        })
    }

    pub(super) fn roles(
        &self,
        now: &Position,
        actors: &[Actor<'_>],
        namespace: &str,
        into: &mut Position,
    ) {
        let mut everything = || into.own.insert(Own::Everything(namespace.to_owned()));
        let rewrites = |resource: &str, at: &str, name: &str| {
            actors.iter().any(|actor| {
                self.changes(actor, now, (RBAC, resource, ""), at, name)
                    && self.inner(actor, now, "escalate", RBAC, resource, at, name)
            })
        };
        for (role, there) in self.held(now) {
            if there != namespace {
                continue;
            }
            let name = &role.metadata.name;
            let rewritten = match role.is_cluster_role() {
                true => rewrites("clusterroles", "", name),
                false => rewrites("roles", namespace, name),
            };
            if rewritten || self.labels(now, actors, role) {
                everything();
            }
        }
        let new = self.new_roles(now, actors, "roles", namespace);
        if self.binds_new(now, actors, &new, ("roles", namespace), namespace) {
            everything();
        }
        let new = self.new_roles(now, actors, "clusterroles", "");
        if self.binds_new(now, actors, &new, ("clusterroles", ""), namespace) {
            everything();
        }
    }

    pub(super) fn cluster_roles(&self, now: &Position, actors: &[Actor<'_>], into: &mut Position) {
        let mut everything = || into.own.insert(Own::Everything(String::new()));
        for (role, there) in self.held(now) {
            if !there.is_empty() {
                continue;
            }
            let name = &role.metadata.name;
            let rewritten = actors.iter().any(|actor| {
                self.changes(actor, now, (RBAC, "clusterroles", ""), "", name)
                    && self.inner(actor, now, "escalate", RBAC, "clusterroles", "", name)
            });
            if rewritten || self.labels(now, actors, role) {
                everything();
            }
        }
        let new = self.new_roles(now, actors, "clusterroles", "");
        if self.binds_new(now, actors, &new, ("clusterroles", ""), "") {
            everything();
        }
    }

    /// Returns whether some actor can write a ClusterRole that an aggregated one includes.
    pub(super) fn labels(&self, now: &Position, actors: &[Actor<'_>], aggregated: &Role) -> bool {
        let selects = aggregated.aggregation.as_ref().is_some_and(|it| {
            it.selectors.iter().any(|selector| {
                selector.match_expressions.iter().all(|it| it.operator == LabelOperator::Exists)
            })
        });
        if !selects {
            return false;
        }
        let existing = self.inventory.roles_in("").iter().any(|role| {
            role.metadata.name != aggregated.metadata.name
                && actors.iter().any(|actor| {
                    let name = &role.metadata.name;
                    self.changes(actor, now, (RBAC, "clusterroles", ""), "", name)
                        && self.inner(actor, now, "escalate", RBAC, "clusterroles", "", name)
                })
        });
        existing || !self.new_roles(now, actors, "clusterroles", "").is_empty()
    }
}
