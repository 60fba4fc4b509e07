//! Warnings about unusual verbs, resources and names, which are answered as written anyway.

use rolecall_access::known::{self, removed_in};
use rolecall_check::dead_grant;
use rolecall_rbac::{
    Catalog, PolicyRule, Resolved, VerbAlias, edit_distance, sentence_list, with_group,
};

/// The targets of a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only resources.
    Resources,
    /// Resources and URL paths.
    ResourcesAndPaths,
}

/// Returns a warning about an unusual verb for a resource, or for a path without one.
pub(super) fn odd_verb(verb: &str, resolved: Option<&Resolved<'_>>) -> Option<String> {
    let reach = if resolved.is_none() { Reach::ResourcesAndPaths } else { Reach::Resources };
    let unknown = unknown_verb(verb, reach);
    if let (Some(_), Some(meant), Some(resolved)) = (&unknown, VerbAlias::of(verb), resolved) {
        return Some(format!(
            "unknown verb `{verb}`; the requests have {} on `{}`",
            meant.verbs_in_words(),
            meant.on(&resolved.display())
        ));
    }
    // `impersonate-on:*` applies to the resource that the impersonated user requests.
    if verb == "*" || verb.starts_with("impersonate-on:") || unknown.is_some() {
        return unknown;
    }
    let resolved = resolved?;
    let served = resolved.served?;
    let subresource =
        served.subresources.iter().find(|subresource| subresource.name == resolved.subresource);
    let verbs = match subresource {
        Some(subresource) => &subresource.verbs,
        None if resolved.subresource.is_empty() => &served.verbs,
        None => return None,
    };
    let asked = known::asked_about(verb).unwrap_or_default();
    let checked = asked.contains(&(&*served.group, &*served.resource));
    if checked || verbs.iter().any(|served| **served == *verb) {
        return None;
    }
    let mut elsewhere: Vec<String> =
        asked.iter().map(|(_, resource)| format!("`{resource}`")).collect();
    elsewhere.dedup();
    let elsewhere = match &*elsewhere {
        [] => String::new(),
        resources => format!(", only for {}", sentence_list(resources)),
    };
    let serves = if asked.is_empty() { "serves" } else { "checks" };
    Some(format!(
        "no server {serves} `{verb}` for `{}`{elsewhere}; answering anyway",
        resolved.display()
    ))
}

/// Returns a warning about an unknown verb, with a similar one.
pub(crate) fn unknown_verb(verb: &str, reach: Reach) -> Option<String> {
    if !is_unknown_verb(verb, reach) {
        return None;
    }
    let guess = nearest_verb(verb, reach)
        .map_or_else(String::new, |known| format!("; did you mean `{known}`?"));
    Some(format!("unknown verb `{verb}`{guess}"))
}

/// Returns the verb that an unknown verb of a resource is probably a misspelling of.
pub(crate) fn similar_verb(verb: &str) -> Option<&'static str> {
    let reach = Reach::Resources;
    is_unknown_verb(verb, reach).then(|| nearest_verb(verb, reach)).flatten()
}

fn nearest_verb(verb: &str, reach: Reach) -> Option<&'static str> {
    let lower = verb.to_lowercase();
    known_verbs(reach)
        .map(|known| (edit_distance(known, &lower), known))
        .filter(|(distance, _)| *distance <= 1 + lower.len() / 4)
        .min()
        .map(|(_, known)| known)
}

/// Returns whether servers never check a verb.
fn is_unknown_verb(verb: &str, reach: Reach) -> bool {
    let is_constrained = verb.starts_with("impersonate:") || verb.starts_with("impersonate-on:");
    let is_known = is_constrained || verb == "*" || verb == known::TOKEN_AUDIENCE_VERB;
    !is_known && known_verbs(reach).all(|known| known != verb)
}

fn known_verbs(reach: Reach) -> impl Iterator<Item = &'static str> {
    let paths: &[&str] = match reach {
        Reach::Resources => &[],
        Reach::ResourcesAndPaths => &known::URL_VERBS,
    };
    let resources = known::RESOURCE_VERBS.into_iter().chain(known::asked_verbs());
    resources.chain(paths.iter().copied())
}

/// Returns whether servers check a verb for resources.
pub(super) fn is_resource_verb(verb: &str) -> bool {
    known_verbs(Reach::Resources).any(|known| known == verb)
}

/// Returns a warning about an unknown API group or resource, with a similar one. An audience is not
/// served as a resource.
pub(crate) fn odd_resource_for(
    verb: &str,
    catalog: &Catalog,
    resolved: &Resolved<'_>,
) -> Option<String> {
    match verb == known::TOKEN_AUDIENCE_VERB {
        true => None,
        false => odd_resource(catalog, resolved),
    }
}

/// Returns a warning about an unknown API group or resource, with a similar one.
pub(crate) fn odd_resource(catalog: &Catalog, resolved: &Resolved<'_>) -> Option<String> {
    if resolved.served.is_some() || *resolved.resource == *"*" || *resolved.group == *"*" {
        return None;
    }
    let Resolved { group, resource, .. } = resolved;
    if catalog.is_unread(group) {
        // Its resources are unknown, which a warning has reported.
        return None;
    }
    let elsewhere = catalog
        .named(resource)
        .next()
        .map(|served| Resolved {
            group: served.group.clone(),
            resource: served.resource.clone(),
            subresource: resolved.subresource.clone(),
            served: Some(served),
        })
        .map_or_else(String::new, |meant| format!("; did you mean `{}`?", meant.display()));
    let is_served = catalog.resources().iter().any(|served| served.group == *group);
    let rule = PolicyRule {
        verbs: ["get".into()].into(),
        api_groups: [group.clone()].into(),
        resources: [resource.clone()].into(),
        ..PolicyRule::default()
    };
    if let Some(release) = removed_in(group, resource) {
        Some(format!(
            "`{resource}` of API group `{group}` was removed in Kubernetes 1.{release}{elsewhere}"
        ))
    } else if is_served {
        Some(format!("API group `{group}` has no known resource `{resource}`{elsewhere}"))
    } else if dead_grant(&rule, catalog).is_some() {
        Some(format!("`{group}` is not an API group{elsewhere}"))
    } else {
        Some(format!(
            "unknown API group `{group}`: neither Kubernetes nor a CustomResourceDefinition in the \
             input defines it{elsewhere}"
        ))
    }
}

/// Returns a warning about a name without an API group that several groups serve, if it is unclear
/// which of them clients use.
pub(crate) fn ambiguous_resource(catalog: &Catalog, argument: &str) -> Option<String> {
    let name = argument.split('/').next().filter(|name| !name.contains('.'))?;
    let meant = catalog.ambiguous(name);
    let first = meant.first()?;
    let all: Vec<String> = meant
        .iter()
        .map(|served| format!("`{}`", with_group(&served.resource, &served.group)))
        .collect();
    Some(format!(
        "`{name}` is ambiguous: it can mean {}; assuming `{}`",
        sentence_list(&all),
        with_group(&first.resource, &first.group)
    ))
}

/// Returns notes about verbs that only have a name in some requests.
pub(crate) fn caveats_of_name(verbs: &[&str], name: &str, subresource: &str) -> Vec<String> {
    let among = |candidates: &[&str]| {
        let meant = candidates.iter().filter(|verb| verbs.contains(verb));
        let meant: Vec<String> = meant.map(|verb| format!("`{verb}`")).collect();
        (!name.is_empty() && !meant.is_empty()).then(|| meant.join(" and "))
    };
    let created = among(&["create"]).filter(|_| subresource.is_empty()).map(|create| {
        format!(
            "{create} with a name only applies to PUT and server-side apply: a plain create (POST) \
             has no name"
        )
    });
    let listed = among(&["list", "watch"]).map(|verbs| {
        format!(
            "{verbs} with a name only applies to requests with the field selector \
             metadata.name={name}"
        )
    });
    let deleted = among(&["deletecollection"])
        .map(|verb| format!("{verb} with a name applies to no request: its requests have no name"));
    [created, listed, deleted].into_iter().flatten().collect()
}
