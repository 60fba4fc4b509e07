//! What somebody needs of the API server, and whether it is refused.

use rolecall_rbac::{
    Authorizer, Binding, Catalog, Identity, PolicyRule, Request, RequestScope, ResourceRequest,
    Target, Text, Verdict, covers, rule_allows,
};

use crate::unread::file_of;

/// One thing that somebody does, in one of several ways of which one must be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// The verbs of which one suffices.
    pub(crate) verbs: Vec<Text>,
    /// To what it is done.
    pub(crate) target: NeedTarget,
    /// Other ways to the same, each with all that it takes: the escalation check is passed by `escalate` too.
    pub(crate) instead: Vec<Vec<Need>>,
}

/// What a [`Need`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NeedTarget {
    /// A resource.
    Resource {
        /// The API group.
        group: Text,
        /// The plural.
        resource: Text,
        /// The subresource; empty for none.
        subresource: Text,
        /// The object.
        name: NeedName,
        /// Where.
        namespace: NeedNamespace,
    },
    /// A URL path.
    Path(Text),
}

/// Which object is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NeedName {
    /// None: a whole collection.
    Collection,
    /// The one of this name.
    Known(Text),
    /// One whose name is only known at run time.
    Unknown,
}

/// Where it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NeedNamespace {
    /// In the Pod's own namespace.
    Own,
    /// In this one; in all at once, or at the cluster scope, when empty.
    Known(Text),
    /// In one that is only known at run time.
    Unknown,
    /// In whichever have such objects, so that only a grant for all of them does.
    Each,
}

/// What is known of a [`Need`] of some identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It is, or may be, allowed.
    MayPass,
    /// It is refused, whatever is not known.
    Refused {
        /// A request that is refused.
        request: Request,
        /// Whether its namespace is only known at run time: it is refused in each, and `request` names none.
        somewhere: bool,
    },
}

impl Need {
    /// Builds a need about a collection or object of a resource.
    pub(crate) fn new(verb: &str, group: &str, resource: &str, name: NeedName) -> Self {
        Self {
            verbs: vec![verb.into()],
            target: NeedTarget::Resource {
                group: group.into(),
                resource: resource.into(),
                subresource: "".into(),
                name,
                namespace: NeedNamespace::Own,
            },
            instead: Vec::new(),
        }
    }

    /// Builds a need about a URL path.
    pub(crate) fn path(verb: &str, path: &str) -> Self {
        Self {
            verbs: vec![verb.into()],
            target: NeedTarget::Path(path.into()),
            instead: Vec::new(),
        }
    }

    /// Names a subresource.
    pub(crate) fn of(mut self, wanted: &str) -> Self {
        if let NeedTarget::Resource { subresource, .. } = &mut self.target {
            *subresource = wanted.into();
        }
        self
    }

    /// Says where it is done.
    pub(crate) fn in_namespace(mut self, wanted: &NeedNamespace) -> Self {
        if let NeedTarget::Resource { namespace, .. } = &mut self.target {
            *namespace = wanted.clone();
        }
        self
    }

    /// Adds a verb that would do as well.
    pub(crate) fn or(mut self, verb: &str) -> Self {
        self.verbs.push(verb.into());
        self
    }

    /// Adds another way, which takes all of these.
    pub(crate) fn or_all(mut self, needs: Vec<Self>) -> Self {
        self.instead.push(needs);
        self
    }

    /// Judges the need of a Pod of a namespace that runs as an identity.
    pub(crate) fn judge(
        &self,
        authorizer: &Authorizer,
        catalog: &Catalog,
        identity: &Identity,
        own_namespace: &str,
    ) -> Judgement {
        let mut refused = None;
        for verb in &self.verbs {
            match self.judge_verb(verb, authorizer, catalog, identity, own_namespace) {
                Judgement::MayPass => return Judgement::MayPass,
                Judgement::Refused { request, somewhere } => {
                    refused.get_or_insert((request, somewhere));
                }
            }
        }
        let may_pass = |need: &Self| {
            need.judge(authorizer, catalog, identity, own_namespace) == Judgement::MayPass
        };
        if self.instead.iter().any(|needs| needs.iter().all(may_pass)) {
            return Judgement::MayPass;
        }
        if let Some((request, _)) = &refused
            && may_bind_as_holder(authorizer, identity, request)
        {
            return Judgement::MayPass;
        }
        refused.map_or(Judgement::MayPass, |(request, somewhere)| Judgement::Refused {
            request,
            somewhere,
        })
    }

    fn judge_verb(
        &self,
        verb: &str,
        authorizer: &Authorizer,
        catalog: &Catalog,
        identity: &Identity,
        own_namespace: &str,
    ) -> Judgement {
        let NeedTarget::Resource { group, resource, subresource, name, namespace } = &self.target
        else {
            let NeedTarget::Path(path) = &self.target else { return Judgement::MayPass };
            return ask(authorizer, identity, Request::path(verb, path.clone()));
        };
        let scope = catalog.scope(group, resource, verb);
        let is_namespace = group.is_empty() && **resource == *"namespaces";
        let request = |namespace: &str, name: &str| {
            Request::resource(
                verb,
                ResourceRequest {
                    namespace: namespace.into(),
                    group: group.clone(),
                    resource: resource.clone(),
                    subresource: subresource.clone(),
                    name: name.into(),
                },
            )
        };
        let is_each = *namespace == NeedNamespace::Each;
        let namespace: Option<Text> = match (namespace, name) {
            // A Namespace is asked about in itself.
            (_, NeedName::Known(name)) if is_namespace => Some(name.clone()),
            (_, NeedName::Unknown) if is_namespace => None,
            (_, NeedName::Collection) if is_namespace => Some("".into()),
            _ if scope == Some(RequestScope::Cluster) => Some("".into()),
            (NeedNamespace::Own, _) => Some(own_namespace.into()),
            (NeedNamespace::Known(namespace), _) => Some(namespace.clone()),
            (NeedNamespace::Unknown | NeedNamespace::Each, _) => None,
        };
        match (namespace, name) {
            (Some(namespace), NeedName::Collection) => {
                ask(authorizer, identity, request(&namespace, ""))
            }
            (Some(namespace), NeedName::Known(name)) => {
                ask(authorizer, identity, request(&namespace, name))
            }
            (namespace, name) => {
                // Whatever the names turn out to be, some rule would have to allow one.
                let counts = |binding: &Binding| {
                    let within = &binding.metadata.namespace;
                    binding.is_cluster_role_binding()
                        || namespace.as_ref().is_none_or(|namespace| namespace == within)
                };
                let allows = |rule: &PolicyRule| match name {
                    NeedName::Collection => rule_allows(rule, &request("", "")),
                    NeedName::Known(name) => rule_allows(rule, &request("", name)),
                    NeedName::Unknown => {
                        let some = rule.resource_names.first().map_or("", |name| &**name);
                        rule_allows(rule, &request("", some))
                    }
                };
                let bindings = authorizer.bindings_of(identity);
                let allowed = identity.is_privileged()
                    || authorizer.inventory().gaps().iter().any(|gap| file_of(gap).is_none())
                    || bindings
                        .iter()
                        .filter(|bound| counts(bound.binding))
                        .any(|bound| bound.role.is_ok_and(|role| role.rules.iter().any(allows)));
                if allowed {
                    return Judgement::MayPass;
                }
                let name = match name {
                    NeedName::Known(name) => name,
                    NeedName::Collection | NeedName::Unknown => "",
                };
                Judgement::Refused {
                    request: request(namespace.as_deref().unwrap_or_default(), name),
                    somewhere: namespace.is_none() && !is_namespace && !is_each,
                }
            }
        }
    }
}

/// Returns whether somebody who lacks `bind` may bind a role all the same: because of holding all that it
/// grants, or perhaps, as the role was not read.
fn may_bind_as_holder(authorizer: &Authorizer, identity: &Identity, request: &Request) -> bool {
    let Target::Resource(target) = &request.target else { return false };
    let is_bind = *request.verb == *"bind" && *target.group == *"rbac.authorization.k8s.io";
    if !is_bind || target.name.is_empty() {
        return false;
    }
    let of_role = if *target.resource == *"roles" { &*target.namespace } else { "" };
    let Some(role) = authorizer.inventory().role(of_role, &target.name) else { return true };
    let held: Vec<PolicyRule> = authorizer
        .rules_for(identity, &target.namespace)
        .rules
        .iter()
        .map(|held| held.rule.clone())
        .collect();
    covers(&held, &role.rules).uncovered.is_empty()
}

fn ask(authorizer: &Authorizer, identity: &Identity, request: Request) -> Judgement {
    match authorizer.authorize_as_written(identity, &request).verdict {
        Verdict::NoOpinion => Judgement::Refused { request, somewhere: false },
        // A file that was not read can grant it: that is said with the finding.
        Verdict::Unknown { gaps } if gaps.iter().all(|gap| file_of(gap).is_some()) => {
            Judgement::Refused { request, somewhere: false }
        }
        Verdict::Allowed { .. } | Verdict::Unknown { .. } => Judgement::MayPass,
    }
}
