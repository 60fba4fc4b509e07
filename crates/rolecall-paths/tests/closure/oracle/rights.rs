use super::*;

impl<'a> Oracle<'a> {
    pub(super) fn own_rules(&self, own: &BTreeSet<Own>, namespace: &str) -> Vec<PolicyRule> {
        let mut rules = Vec::new();
        for own in own {
            match own {
                Own::Role(role_namespace, name, there) => {
                    if there.is_empty() || there == namespace {
                        let role = self.inventory.role(role_namespace, name);
                        rules.extend(role.into_iter().flat_map(|role| role.rules.to_vec()));
                    }
                }
                Own::Everything(there) => {
                    if there.is_empty() || there == namespace {
                        let star: Vec<Text> = vec!["*".into()];
                        rules.push(PolicyRule {
                            verbs: star.clone().into(),
                            api_groups: star.clone().into(),
                            resources: star.into(),
                            ..PolicyRule::default()
                        });
                    }
                }
            }
        }
        rules
    }

    pub(super) fn bound_rules(&self, identity: &Identity, namespace: &str) -> Vec<PolicyRule> {
        let mut rules = Vec::new();
        for (role, there) in self.held_by(identity) {
            if there.is_empty() || there == namespace {
                rules.extend(role.rules.to_vec());
            }
        }
        rules
    }

    pub(super) fn rules(
        &self,
        identity: &Identity,
        position: &Position,
        namespace: &str,
    ) -> Vec<PolicyRule> {
        let mut rules = self.bound_rules(identity, namespace);
        rules.extend(self.own_rules(&position.own, namespace));
        rules
    }

    /// Returns the roles that bindings grant an identity, with the namespaces of the bindings.
    pub(super) fn held_by(&self, identity: &Identity) -> Vec<(&'a Role, String)> {
        let mut held = Vec::new();
        for binding in self.inventory.bindings() {
            let matches = binding
                .subjects
                .iter()
                .any(|subject| subject_matches(subject, &binding.metadata, identity));
            let namespace = match binding.role_ref.kind {
                RoleKind::ClusterRole => "",
                _ if binding.is_cluster_role_binding() => continue,
                _ => &*binding.metadata.namespace,
            };
            if let (true, Some(role)) =
                (matches, self.inventory.role(namespace, &binding.role_ref.name))
            {
                held.push((role, binding.metadata.namespace.to_string()));
            }
        }
        held
    }

    /// Returns the roles that a position holds through bindings.
    pub(super) fn held(&self, position: &Position) -> Vec<(&'a Role, String)> {
        let mut held: Vec<(&Role, String)> =
            position.identities.iter().flat_map(|identity| self.held_by(identity)).collect();
        for own in &position.own {
            if let Own::Role(namespace, name, there) = own {
                let role = self.inventory.role(namespace, name);
                held.extend(role.map(|role| (role, there.clone())));
            }
        }
        held
    }

    #[expect(clippy::too_many_arguments, reason = "a request and its context")]
    pub(super) fn may(
        &self,
        identity: &Identity,
        position: &Position,
        verb: &str,
        group: &str,
        resource: &str,
        subresource: &str,
        namespace: &str,
        name: &str,
    ) -> bool {
        let allows = |rules: &Rules| {
            rules.iter().any(|rule| matches(rule, verb, group, resource, subresource, name))
        };
        if identity.is_privileged() {
            return true;
        }
        let mut bound = self.bound.borrow_mut();
        let known = bound.get(identity).and_then(|by_namespace| by_namespace.get(namespace));
        let is_bound = match known {
            Some(rules) => allows(rules),
            None => {
                let rules = Rc::new(self.bound_rules(identity, namespace));
                let is_bound = allows(&rules);
                let by_namespace = bound.entry(identity.clone()).or_default();
                by_namespace.insert(namespace.to_owned(), rules);
                is_bound
            }
        };
        if is_bound || position.own.is_empty() {
            return is_bound;
        }
        let mut own = self.own.borrow_mut();
        if let Some(rules) = own.get(namespace) {
            return allows(rules);
        }
        let rules = Rc::new(self.own_rules(&position.own, namespace));
        let is_own = allows(&rules);
        own.insert(namespace.to_owned(), rules);
        is_own
    }

    /// Returns the identities of a position, one of those that hold the same roles.
    pub(super) fn distinct<'p>(&self, position: &'p Position) -> Vec<&'p Identity> {
        let mut known = BTreeSet::new();
        let identities = position.identities.iter();
        identities.filter(|identity| known.insert(self.signature(identity))).collect()
    }

    /// Returns a number for the roles that an identity holds.
    fn signature(&self, identity: &Identity) -> usize {
        let mut signatures = self.signatures.borrow_mut();
        if let Some(known) = signatures.0.get(identity) {
            return *known;
        }
        let held = self.held_by(identity).into_iter();
        let held: BTreeSet<_> =
            held.map(|(role, there)| (std::ptr::from_ref(role), there)).collect();
        let next = signatures.1.len();
        let number = *signatures.1.entry((identity.is_privileged(), held)).or_insert(next);
        signatures.0.insert(identity.clone(), number);
        number
    }

    /// Returns the actors of a position, one of those with the same rights.
    pub(super) fn actors<'p>(&self, position: &'p Position) -> Vec<Actor<'p>> {
        let mut actors = Vec::new();
        for own in self.distinct(position) {
            actors.push(Actor { own, borrowed: None });
            if self.assumptions.version.minor < 36 {
                continue;
            }
            let group = "authentication.k8s.io";
            let limited = |mode: &str, resource: &str, namespace: &str, name: &str| {
                let verb = format!("impersonate:{mode}");
                self.may(own, position, &verb, group, resource, "", namespace, name)
            };
            let mut known = BTreeSet::new();
            let mut borrow = |identity: Identity, mode| {
                if known.insert((self.signature(&identity), mode)) {
                    actors.push(Actor { own, borrowed: Some((identity, mode)) });
                }
            };
            for name in &self.names {
                for namespace in &self.namespaces {
                    if tokens::is_account(namespace, name)
                        && limited("serviceaccount", "serviceaccounts", namespace, name)
                    {
                        borrow(Identity::service_account(namespace, name), "serviceaccount");
                    }
                }
                let is_user =
                    ServiceAccountName::parse(name).is_none() && !name.starts_with("system:node:");
                if is_user && limited("user-info", "users", "", name) {
                    borrow(Identity::user(name), "user-info");
                    let groups: Vec<String> = (self.groups.iter())
                        .filter(|it| *it != MASTERS && limited("user-info", "groups", "", it))
                        .cloned()
                        .collect();
                    for identity in members(name, &groups) {
                        borrow(identity, "user-info");
                    }
                }
                let node = name.strip_prefix("system:node:").unwrap_or(name);
                if limited("arbitrary-node", "nodes", "", node) {
                    let user = Identity::user(&format!("system:node:{node}"));
                    borrow(user.with_group("system:nodes"), "arbitrary-node");
                }
            }
        }
        actors
    }

    /// Returns whether an actor can make a request.
    #[expect(clippy::too_many_arguments, reason = "a request and its context")]
    pub(super) fn outer(
        &self,
        actor: &Actor<'_>,
        position: &Position,
        verb: &str,
        group: &str,
        resource: &str,
        subresource: &str,
        namespace: &str,
        name: &str,
    ) -> bool {
        let Some((target, mode)) = &actor.borrowed else {
            return self.may(
                actor.own,
                position,
                verb,
                group,
                resource,
                subresource,
                namespace,
                name,
            );
        };
        let verb_on = format!("impersonate-on:{mode}:{verb}");
        self.may(actor.own, position, &verb_on, group, resource, subresource, namespace, name)
            && self.may(
                target,
                &Position::default(),
                verb,
                group,
                resource,
                subresource,
                namespace,
                name,
            )
    }

    /// Returns whether a check of a request of an actor passes.
    #[expect(clippy::too_many_arguments, reason = "a request and its context")]
    pub(super) fn inner(
        &self,
        actor: &Actor<'_>,
        position: &Position,
        verb: &str,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> bool {
        match &actor.borrowed {
            None => self.may(actor.own, position, verb, group, resource, "", namespace, name),
            Some((target, _)) => {
                self.may(target, &Position::default(), verb, group, resource, "", namespace, name)
            }
        }
    }

    /// Returns the names under which an actor can create an object; `None` is any by POST.
    pub(super) fn created(
        &self,
        actor: &Actor<'_>,
        position: &Position,
        group: &str,
        resource: &str,
        namespace: &str,
        exists: &dyn Fn(&str) -> bool,
    ) -> Vec<Option<String>> {
        let mut found = Vec::new();
        if self.outer(actor, position, "create", group, resource, "", namespace, "") {
            found.push(None);
        }
        for name in &self.names {
            if !exists(name)
                && self.outer(actor, position, "patch", group, resource, "", namespace, name)
                && self.inner(actor, position, "create", group, resource, namespace, name)
            {
                found.push(Some(name.clone()));
            }
        }
        found
    }

    pub(super) fn creates(
        &self,
        actor: &Actor<'_>,
        position: &Position,
        group: &str,
        resource: &str,
        namespace: &str,
    ) -> bool {
        let exists = |name: &str| self.exists(group, resource, namespace, name);
        !self.created(actor, position, group, resource, namespace, &exists).is_empty()
    }

    pub(super) fn changes(
        &self,
        actor: &Actor<'_>,
        position: &Position,
        (group, resource, subresource): (&str, &str, &str),
        namespace: &str,
        name: &str,
    ) -> bool {
        ["update", "patch"].into_iter().any(|verb| {
            self.outer(actor, position, verb, group, resource, subresource, namespace, name)
        })
    }

    pub(super) fn exists(&self, group: &str, resource: &str, namespace: &str, name: &str) -> bool {
        let inventory = self.inventory;
        match resource {
            "pods" => inventory.workload(namespace, "Pod", name, "").is_some(),
            "rolebindings" | "clusterrolebindings" => inventory.binding(namespace, name).is_some(),
            "roles" | "clusterroles" => inventory.role(namespace, name).is_some(),
            _ => {
                let workload = WORKLOADS
                    .iter()
                    .find(|(of, plural, _)| *of == group && *plural == resource)
                    .and_then(|(of, _, kind)| inventory.workload(namespace, kind, name, of));
                let kind = match resource {
                    "secrets" => "Secret",
                    "configmaps" => "ConfigMap",
                    "certificatesigningrequests" => "CertificateSigningRequest",
                    "mutatingwebhookconfigurations" => "MutatingWebhookConfiguration",
                    "mutatingadmissionpolicies" => "MutatingAdmissionPolicy",
                    "mutatingadmissionpolicybindings" => "MutatingAdmissionPolicyBinding",
                    _ => "",
                };
                workload.is_some()
                    || inventory.named_objects().iter().any(|object| {
                        *object.kind == *kind
                            && *object.metadata.name == *name
                            && *object.metadata.namespace == *namespace
                    })
            }
        }
    }
}
