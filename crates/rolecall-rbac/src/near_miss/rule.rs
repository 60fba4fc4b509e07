//! Finds the one dimension in which a rule does not match.

use super::NearMissKind;
use crate::edit_distance;
use crate::matching::{
    group_matches, name_matches, resource_matches, rule_allows, url_matches, verb_matches,
};
use crate::{Catalog, PolicyRule, Request, ResourceRequest, Target, Text};

/// The one change that would make a rule allow a request.
#[derive(Debug)]
pub(super) struct Mismatch(NearMissKind);

impl Mismatch {
    pub(super) fn into_kind(self) -> NearMissKind {
        self.0
    }
}

/// Returns the only reason why a rule does not allow a request; `None` if it allows it or if there
/// are several reasons.
pub(super) fn mismatch(
    rule: &PolicyRule,
    request: &Request,
    catalog: &Catalog,
) -> Option<Mismatch> {
    if rule_allows(rule, request) {
        return None;
    }
    let kind = match &request.target {
        Target::Path(path) => url_mismatch(rule, &request.verb, path)?,
        Target::Resource(target) => resource_mismatch(rule, &request.verb, target, catalog)?,
    };
    Some(Mismatch(kind))
}

fn url_mismatch(rule: &PolicyRule, verb: &str, path: &str) -> Option<NearMissKind> {
    match (verb_matches(rule, verb), url_matches(rule, path)) {
        (false, true) => Some(NearMissKind::Verb { granted: rule.verbs.to_vec() }),
        (true, false) => {
            let bare = |url: &str| url.trim_end_matches('*').trim_end_matches('/').to_owned();
            let alike = rule.non_resource_urls.iter().find(|url| bare(url) == bare(path))?;
            Some(NearMissKind::Url { granted: alike.clone() })
        }
        _ => None,
    }
}

fn resource_mismatch(
    rule: &PolicyRule,
    verb: &str,
    target: &ResourceRequest,
    catalog: &Catalog,
) -> Option<NearMissKind> {
    let verb_matches = verb_matches(rule, verb);
    let group_matches = group_matches(rule, &target.group);
    let resource_matches = resource_matches(&rule.resources, &target.resource, &target.subresource);
    let name_matches = name_matches(rule, &target.name);
    match (verb_matches, group_matches, resource_matches, name_matches) {
        (false, true, true, true) => Some(NearMissKind::Verb { granted: rule.verbs.to_vec() }),
        (true, true, true, false) => {
            let granted = rule.resource_names.to_vec();
            Some(if target.name.is_empty() {
                NearMissKind::NameNeeded { granted }
            } else {
                NearMissKind::Name { granted }
            })
        }
        (true, false, true, true) => {
            // `*` in another group does not hint at this resource.
            let literal = rule.resources.iter().any(|resource| *resource == target.combined());
            literal.then(|| NearMissKind::Group { granted: rule.api_groups.to_vec() })
        }
        (true, group_matches, false, true) => {
            spelling_mismatch(rule, target, group_matches, catalog)
        }
        _ => None,
    }
}

fn spelling_mismatch(
    rule: &PolicyRule,
    target: &ResourceRequest,
    group_matches: bool,
    catalog: &Catalog,
) -> Option<NearMissKind> {
    if group_matches {
        for resource in &*rule.resources {
            let (parent, subresource) = split(resource);
            if *parent != *target.resource {
                continue;
            }
            match (subresource, &*target.subresource) {
                (Some("*"), _) => {}
                (Some(_), "") => {
                    return Some(NearMissKind::OnlySubresource { granted: resource.clone() });
                }
                (None, wanted) if !wanted.is_empty() => {
                    return Some(NearMissKind::SubresourceMissing { granted: resource.clone() });
                }
                _ => {}
            }
        }
    }
    let written = rule.resources.iter().find(|resource| is_misspelt(resource, target, catalog))?;
    let groups = (!group_matches).then(|| rule.api_groups.to_vec());
    Some(NearMissKind::ResourceSpelling { written: written.clone(), groups })
}

/// Returns whether a rule's resource does not exist but was probably meant to be the target.
fn is_misspelt(written: &Text, target: &ResourceRequest, catalog: &Catalog) -> bool {
    let (parent, subresource) = split(written);
    let same_parent = *parent == *target.resource;
    if subresource == Some("*") {
        return same_parent || parent == "*";
    }
    if subresource.unwrap_or_default() != &*target.subresource || same_parent {
        return false;
    }
    if catalog.get(&target.group, parent).is_some() {
        return false;
    }
    let is_alias = catalog.get(&target.group, &target.resource).is_some_and(|served| {
        [&served.singular, &served.kind]
            .into_iter()
            .chain(&served.short_names)
            .any(|alias| alias.eq_ignore_ascii_case(parent))
    });
    is_alias
        || parent.eq_ignore_ascii_case(&target.resource)
        || (target.resource.len() > 3 && edit_distance(parent, &target.resource) == 1)
}

fn split(resource: &Text) -> (&str, Option<&str>) {
    match resource.split_once('/') {
        Some((parent, subresource)) => (parent, Some(subresource)),
        None => (resource, None),
    }
}
