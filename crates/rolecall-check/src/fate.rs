//! Decides whether an entry of a rule's `resources` can match a request, and finds the intended one.

use rolecall_rbac::{Catalog, PolicyRule, ServedResource, Text, edit_distance, is_template};

use crate::known;

/// The reason why an entry of `resources` matches nothing in any of the rule's API groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Dead<'a> {
    /// `pods/*` or `*/*`, which RBAC compares literally.
    SubresourceWildcard,
    /// A singular, a kind, a short name or another letter case.
    Spelling {
        /// The intended resource.
        meant: &'a ServedResource,
        /// The subresource as written.
        subresource: &'a str,
        /// Whether no group of the rule serves it either.
        in_other_group: bool,
    },
    /// The resource exists, but in other API groups.
    Group {
        /// The groups that have it.
        meant: Vec<&'a str>,
    },
    /// No resource of the rule's groups has that name.
    Resource {
        /// Resources with a similar spelling.
        similar: Vec<String>,
    },
    /// The resource has no such subresource.
    Subresource {
        /// The subresource as written.
        subresource: &'a str,
        /// The subresources that it has.
        existing: Vec<String>,
    },
}

/// The origin of an API group of a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum GroupKind {
    /// `*`.
    Any,
    /// A group that only Kubernetes serves.
    BuiltIn,
    /// A group that an extension can serve.
    Open,
    /// A group that cannot exist, or a misspelled built-in group.
    Impossible,
}

/// Returns the reason why an entry of a rule's `resources` matches nothing; `None` if it can match something.
pub(crate) fn of_resource<'a>(
    rule: &'a PolicyRule,
    entry: &'a Text,
    catalog: &'a Catalog,
) -> Option<Dead<'a>> {
    let is_open = is_template(entry) || rule.api_groups.iter().any(|group| is_template(group));
    if is_open || &**entry == "*" || rule.api_groups.is_empty() || names_audiences(rule) {
        return None;
    }
    let (name, subresource) = entry.split_once('/').unwrap_or((entry, ""));
    if subresource == "*" {
        // Next to `*`, the entry is redundant but harmless.
        let covered = rule.resources.iter().any(|resource| &**resource == "*");
        return (!covered).then_some(Dead::SubresourceWildcard);
    }
    let groups = || rule.api_groups.iter().map(|group| &**group);
    if groups().any(|group| may_match(group, name, subresource, catalog)) {
        return None;
    }
    let in_groups =
        |served: &&ServedResource| groups().any(|group| group == "*" || *group == *served.group);
    if name == "*" || groups().any(|group| has_resource(group, name, catalog)) {
        let existing = catalog
            .named(name)
            .filter(|served| *served.resource == *name)
            .find(in_groups)
            .map(known::subresources_of)
            .unwrap_or_default();
        return Some(Dead::Subresource { subresource, existing });
    }
    let meant = groups_with(name, catalog);
    if !meant.is_empty() {
        return Some(Dead::Group { meant });
    }
    let served = || catalog.named(name);
    if let Some(meant) = served().find(in_groups).or_else(|| served().next()) {
        return Some(Dead::Spelling { meant, subresource, in_other_group: !in_groups(&meant) });
    }
    let swapped = groups().any(|group| {
        !subresource.is_empty()
            && catalog.get(group, subresource).is_some()
            && known::has_subresource(catalog, group, subresource, name)
    });
    let similar = match swapped {
        true => vec![format!("{subresource}/{name}")],
        false => catalog.similar(name),
    };
    Some(Dead::Resource { similar })
}

/// Returns whether the resources of a rule are token audiences, which kubelets request.
fn names_audiences(rule: &PolicyRule) -> bool {
    rule.verbs.iter().any(|verb| **verb == *known::TOKEN_AUDIENCE_VERB)
}

/// Returns whether an API group of a rule can never match, and the intended group if it is known.
pub(crate) fn of_group<'a>(
    rule: &PolicyRule,
    group: &str,
    catalog: &'a Catalog,
) -> Option<Option<&'a str>> {
    if is_template(group) {
        return None;
    }
    let names = || rule.resources.iter().map(|entry| entry.split('/').next().unwrap_or_default());
    let kind = group_kind(group, names(), catalog);
    if kind != GroupKind::Impossible {
        return None;
    }
    let meant = names().find_map(|name| similar_group(group, name, catalog));
    Some(meant.or_else(|| (group == "core" || is_version(group)).then_some("")))
}

fn may_match(group: &str, name: &str, subresource: &str, catalog: &Catalog) -> bool {
    match group_kind(group, std::iter::once(name), catalog) {
        GroupKind::Impossible => false,
        GroupKind::Open => {
            name == "*"
                || is_virtual(group, name)
                || (is_resource_name(name)
                    && !is_alias(group, name, catalog)
                    && !lacks(group, name, subresource, catalog))
        }
        GroupKind::Any => {
            if name == "*" {
                return true;
            }
            // A custom resource can have any name that is not clearly another spelling of a built-in one.
            is_resource_name(name)
                && (is_plural(name, catalog) || catalog.named(name).next().is_none())
                && (matches!(subresource, "" | "scale" | "status")
                    || !is_plural(name, catalog)
                    || known::built_in_groups()
                        .filter(|group| known::has_resource(catalog, group, name))
                        .any(|group| known::has_subresource(catalog, group, name, subresource)))
        }
        GroupKind::BuiltIn => {
            if name == "*" {
                return known::group_has_subresource(catalog, group, subresource);
            }
            known::has_resource(catalog, group, name)
                && (subresource.is_empty()
                    || known::has_subresource(catalog, group, name, subresource))
        }
    }
}

fn has_resource(group: &str, name: &str, catalog: &Catalog) -> bool {
    match group {
        "*" => is_plural(name, catalog),
        _ if known::is_built_in(group) => known::has_resource(catalog, group, name),
        _ => catalog.get(group, name).is_some(),
    }
}

fn group_kind<'n>(
    group: &str,
    names: impl Iterator<Item = &'n str>,
    catalog: &Catalog,
) -> GroupKind {
    if group == "*" {
        return GroupKind::Any;
    }
    if known::is_built_in(group) {
        return GroupKind::BuiltIn;
    }
    let impossible = group == "core"
        || is_version(group)
        || !crate::validation::is_dns_subdomain(group)
        || names.into_iter().any(|name| similar_group(group, name, catalog).is_some());
    if impossible { GroupKind::Impossible } else { GroupKind::Open }
}

/// Returns the group that a misspelled one probably means, because it has the resource.
fn similar_group<'a>(group: &str, name: &str, catalog: &'a Catalog) -> Option<&'a str> {
    groups_with(name, catalog).into_iter().find(|meant| {
        // `rbac` for `rbac.authorization.k8s.io`, `apps/v1` for `apps`, `app` for `apps`; but a group
        // with its own dot might belong to other software.
        let abbreviated = meant.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'));
        let versioned = group.split_once('/').is_some_and(|(head, _)| head == *meant);
        let dotless = !group.contains('.');
        let tolerated = if group.len() >= 8 { 2 } else { 1 };
        let alike = !meant.is_empty()
            && (dotless || !group.contains("x-k8s"))
            && edit_distance(group, meant) <= tolerated;
        abbreviated || versioned || alike
    })
}

/// Returns the built-in groups that have a resource with this name, retired ones last.
fn groups_with<'a>(name: &str, catalog: &'a Catalog) -> Vec<&'a str> {
    let served = catalog
        .named(name)
        .filter(|served| *served.resource == *name && known::is_built_in(&served.group));
    let mut groups: Vec<&str> = served.map(|served| &*served.group).collect();
    groups.retain(|group| *group != "extensions");
    groups
}

/// Returns whether a name is another name of a known custom resource.
fn is_alias(group: &str, name: &str, catalog: &Catalog) -> bool {
    catalog.get(group, name).is_none() && catalog.named(name).any(|served| *served.group == *group)
}

/// Returns whether a known custom resource lacks a subresource that only its definition could add.
/// Programs can check access to other subresources.
fn lacks(group: &str, name: &str, subresource: &str, catalog: &Catalog) -> bool {
    matches!(subresource, "scale" | "status")
        && catalog.get(group, name).is_some_and(|served| {
            !served.is_virtual
                && served.subresources.iter().all(|known| *known.name != *subresource)
        })
}

fn is_plural(name: &str, catalog: &Catalog) -> bool {
    catalog.named(name).any(|served| *served.resource == *name)
        || known::built_in_groups().any(|group| known::is_not_always_served(group, name))
}

/// Returns whether a custom resource could have this plural: a DNS label.
fn is_resource_name(name: &str) -> bool {
    !name.contains('.') && crate::validation::is_dns_subdomain(name)
}

/// Returns whether a name with dots can be the resource of an access check by the group's own server, like
/// Calico's checks of `tier.networkpolicies` and those of metrics adapters for any metric.
fn is_virtual(group: &str, name: &str) -> bool {
    if group.ends_with(".metrics.k8s.io") {
        return true;
    }
    let Some((_, rest)) = name.split_once('.') else { return false };
    // A resource followed by its group was intended for the other field.
    let is_group = rest.contains('.') || rest == group || known::is_built_in(rest);
    !is_group && crate::validation::is_dns_subdomain(name)
}

/// Returns whether a group is only a version, such as `v1` or `v1beta1`. Other groups can begin like one.
fn is_version(group: &str) -> bool {
    let rest = group.strip_prefix('v').unwrap_or_default();
    rest.starts_with(|c: char| c.is_ascii_digit()) && !rest.contains('.')
}
