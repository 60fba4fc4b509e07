//! The requests that were probably meant by one that no rule can grant.

use std::collections::BTreeSet;

use rolecall_access::known;
use rolecall_rbac::{
    Catalog, Request, ResourceRequest, ServedResource, Target, VerbAlias, edit_distance, with_group,
};

use super::sense;
use crate::question::similar_verb;

/// The verbs that clients often confuse with each other.
const ALIKE: [&[&str]; 2] = [&["get", "list", "watch"], &["update", "patch"]];

/// Returns the requests that were probably meant by a request that no rule can grant; none if that is unclear.
pub(super) fn instead(request: &Request, catalog: &Catalog) -> Vec<Request> {
    let is_useful = |meant: &Request| {
        meant != request && !sense::is_useless(meant, catalog) && can_be_asked(meant, catalog)
    };
    let spelled = respelled(request, catalog).unwrap_or_else(|| request.clone());
    if is_useful(&spelled) {
        return vec![spelled];
    }
    let mut seen = BTreeSet::new();
    let mut meant = with_other_verb(&spelled, catalog);
    meant.retain(|meant| is_useful(meant) && seen.insert(meant.clone()));
    meant
}

/// Returns whether the command line has a spelling for the resource of a request.
fn can_be_asked(request: &Request, catalog: &Catalog) -> bool {
    let Target::Resource(target) = &request.target else { return true };
    let operand = with_group(&target.combined(), &target.group);
    catalog.resolve_for(&request.verb, &operand).is_ok()
}

/// Corrects the API group and the resource.
fn respelled(request: &Request, catalog: &Catalog) -> Option<Request> {
    let Target::Resource(target) = &request.target else { return None };
    let ResourceRequest { group, resource, .. } = target;
    if catalog.get(group, resource).is_some() {
        return None;
    }
    let served = meant_resource(group, resource, catalog)?;
    let target = ResourceRequest {
        group: served.group.clone(),
        resource: served.resource.clone(),
        namespace: if served.namespaced { target.namespace.clone() } else { "".into() },
        ..target.clone()
    };
    Some(Request::resource(request.verb.clone(), target))
}

/// Returns the served resource that a group and a resource mean.
fn meant_resource<'a>(
    group: &str,
    resource: &str,
    catalog: &'a Catalog,
) -> Option<&'a ServedResource> {
    let mut named: Vec<&ServedResource> =
        catalog.named(resource).filter(|served| !served.is_virtual).collect();
    if named.is_empty() {
        named.extend(catalog.similar(resource).iter().filter_map(|similar| {
            catalog.resolve(similar).ok().and_then(|resolved| resolved.served)
        }));
    }
    if let Some(served) = named.iter().find(|served| *served.group == *group) {
        return Some(served);
    }
    // The group of `apps/v1` is `apps`, and the one of `v1` is empty.
    let base = group.split('/').next().unwrap_or_default();
    let base = if matches!(base, "core" | "v1") { "" } else { base };
    if base != group
        && let Some(served) = named.iter().find(|served| *served.group == *base)
    {
        return Some(served);
    }
    if known::removed_in(group, resource).is_some() || !may_be_served(group) {
        let nearest = |served: &&&ServedResource| edit_distance(&served.group, group);
        return named.iter().min_by_key(nearest).copied();
    }
    named.into_iter().find(|served| edit_distance(&served.group, group) <= 2)
}

/// Returns whether an extension can serve an API group.
fn may_be_served(group: &str) -> bool {
    group.contains('.') && !sense::is_kubernetes(group)
}

/// Returns the requests that a client makes instead of one with an unusual verb.
pub(super) fn with_other_verb(request: &Request, catalog: &Catalog) -> Vec<Request> {
    let verb = &*request.verb;
    let target = match &request.target {
        Target::Path(path) => {
            let method = known::url_verb_for(verb);
            return method.map(|method| Request::path(method, &**path)).into_iter().collect();
        }
        Target::Resource(target) => target,
    };
    let with = |verb: &str| Request::resource(verb, target.clone());
    if let Some(alias) = VerbAlias::of(verb) {
        let target = on(alias, target);
        let of_verb = |verb: &&str| Request::resource(*verb, target.clone());
        return alias.verbs.iter().map(of_verb).collect();
    }
    if let Some(asked) = known::asked_about(verb) {
        let resources: BTreeSet<&str> = asked.iter().map(|(_, resource)| *resource).collect();
        return match (asked.first(), resources.len()) {
            (Some((group, resource)), 1) => {
                let target = ResourceRequest {
                    group: (*group).into(),
                    resource: (*resource).into(),
                    subresource: "".into(),
                    ..target.clone()
                };
                vec![Request::resource(verb, target)]
            }
            _ => Vec::new(),
        };
    }
    if verb == "deletecollection" && !target.name.is_empty() {
        return vec![with("delete")];
    }
    if let Some(similar) = similar_verb(verb) {
        return vec![with(similar)];
    }
    let served = served_verbs(target, catalog);
    let alike = ALIKE.iter().find(|alike| alike.contains(&verb)).copied().unwrap_or_default();
    let alike = alike.iter().copied().find(|alike| served.contains(alike));
    let only = match &*served {
        [only] if !verb.starts_with("delete") => Some(*only),
        _ => None,
    };
    alike.or(only).map(with).into_iter().collect()
}

/// Returns the target of the requests that a word means.
fn on(alias: VerbAlias, target: &ResourceRequest) -> ResourceRequest {
    let is_other = !alias.resource.is_empty() && *target.resource != *alias.resource;
    let mut target = target.clone();
    if is_other {
        // The name is that of the other object.
        target = ResourceRequest {
            resource: alias.resource.into(),
            group: "".into(),
            name: "".into(),
            ..target
        };
    }
    if is_other || !alias.subresource.is_empty() {
        target.subresource = alias.subresource.into();
    }
    target
}

/// Returns the verbs that a resource or subresource serves.
fn served_verbs<'a>(target: &ResourceRequest, catalog: &'a Catalog) -> Vec<&'a str> {
    let Some(served) = catalog.get(&target.group, &target.resource) else { return Vec::new() };
    let subresource =
        served.subresources.iter().find(|subresource| subresource.name == target.subresource);
    let verbs = match subresource {
        Some(subresource) => &subresource.verbs,
        None if target.subresource.is_empty() => &served.verbs,
        None => return Vec::new(),
    };
    // A check that only exists for impersonation grants far more than a read.
    verbs.iter().map(|verb| &**verb).filter(|verb| known::is_resource_verb(verb)).collect()
}
