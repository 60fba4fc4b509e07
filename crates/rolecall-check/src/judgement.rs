//! Decides whether the requests that a workload needs are denied.

use rolecall_command::{Need, NeedName, NeedNamespace, NeedTarget};
use rolecall_rbac::{
    Authorizer, Binding, Catalog, Identity, PolicyRule, Request, RequestScope, ResourceRequest,
    Target, Text, Verdict, covers, rule_allows,
};

use crate::unread::file_of;

/// The verdict on a [`Need`] of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// The request is, or can be, allowed.
    MayPass,
    /// The request is denied, regardless of the unknown parts.
    Refused {
        /// A denied request.
        request: Request,
        /// Whether its namespace is only known at run time: it is denied in each, and `request` has none.
        somewhere: bool,
    },
}

/// Evaluates a need of a Pod in a namespace that runs as an identity.
pub(crate) fn judge(
    need: &Need,
    authorizer: &Authorizer,
    catalog: &Catalog,
    identity: &Identity,
    own_namespace: &str,
) -> Judgement {
    let mut refused = None;
    for verb in &need.verbs {
        match judge_verb(need, verb, authorizer, catalog, identity, own_namespace) {
            Judgement::MayPass => return Judgement::MayPass,
            Judgement::Refused { request, somewhere } => {
                refused.get_or_insert((request, somewhere));
            }
        }
    }
    let may_pass = |need: &Need| {
        judge(need, authorizer, catalog, identity, own_namespace) == Judgement::MayPass
    };
    if need.instead.iter().any(|needs| needs.iter().all(may_pass)) {
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
    need: &Need,
    verb: &str,
    authorizer: &Authorizer,
    catalog: &Catalog,
    identity: &Identity,
    own_namespace: &str,
) -> Judgement {
    let NeedTarget::Resource { group, resource, subresource, name, namespace } = &need.target
    else {
        let NeedTarget::Path(path) = &need.target else { return Judgement::MayPass };
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
        // A request for a Namespace is checked in that namespace.
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
            // Regardless of the names, some rule would have to allow one of them.
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

/// Returns whether an identity without `bind` can bind a role, because it holds all the permissions that the
/// role grants, or because the role was not read and it might.
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
        // A file that was not read might grant it: the finding says so.
        Verdict::Unknown { gaps } if gaps.iter().all(|gap| file_of(gap).is_some()) => {
            Judgement::Refused { request, somewhere: false }
        }
        Verdict::Allowed { .. } | Verdict::Unknown { .. } => Judgement::MayPass,
    }
}
