//! A rule names a verb that nothing is ever asked with.
//!
//! # What it does
//!
//! Finds verbs in another letter case, misspelt ones, words that are no verbs of Kubernetes (`read`,
//! `write`, `view`), HTTP methods where resources are meant, resource verbs where URLs are meant, and
//! rules whose verbs none of their resources serves, such as `list` on `pods/exec`. In API groups of
//! custom resources only plain misspellings are reported, since others may have verbs of their own.
//!
//! # Why is this bad
//!
//! Verbs are compared byte for byte: the rule grants nothing with such a verb.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: reader, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [GET, read, lsit]}
//! ```
//!
//! # How to fix
//!
//! Write the verbs that requests have: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`,
//! `deletecollection`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: reader, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, list, watch]}
//! ```

use rolecall_rbac::{Catalog, Meant, PolicyRule, edit_distance};

use crate::context::{Context, RuleAt, joined, listed, quote};
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions, known};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC206",
        name: "unknown-verb",
        category: Category::Dead,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("unknown_verb.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        let mut dead = 0;
        for (index, verb) in at.rule.verbs.iter().enumerate() {
            let Some(mut fix) = dead_verb(at.rule, verb) else { continue };
            dead += 1;
            let is_there = |meant: &str| at.rule.verbs.iter().any(|verb| **verb == *meant);
            if fix.strip_prefix("write `").and_then(|it| it.strip_suffix('`')).is_some_and(is_there)
            {
                fix = "remove it: the verb that it stands for is there".to_owned();
            }
            let asked = match at.rule.resources.is_empty() {
                true => "no request for a URL has the verb",
                false => "no request has the verb",
            };
            let finding =
                Finding::new(RULE.meta, at.role.into(), format!("{asked} {}", quote(verb)))
                    .at(at.value("verbs", index))
                    .about(format!("{verb} on {}", joined(&at.rule.resources)))
                    .fix(fix);
            findings.push(finding);
        }
        if dead == 0 {
            findings.extend(unserved(at, context.catalog()));
        }
    }
}

/// Returns what to write instead of a verb that nothing is asked with.
pub(super) fn dead_verb(rule: &PolicyRule, verb: &str) -> Option<String> {
    if rule.resources.is_empty() && !rule.non_resource_urls.is_empty() {
        if verb == "*" || known::URL_VERBS.contains(&verb) {
            return None;
        }
        let method = verb.to_ascii_lowercase();
        return Some(match &*method {
            method if known::URL_VERBS.contains(&method) => format!("write `{method}`"),
            "list" | "watch" | "read" | "view" => "write `get`".to_owned(),
            "create" => "write `post`".to_owned(),
            "update" => "write `put`".to_owned(),
            _ => "write an HTTP method in lower case, such as `get`".to_owned(),
        });
    }
    if known::is_verb(verb) {
        return None;
    }
    let lower = verb.to_ascii_lowercase();
    if lower != verb && known::is_verb(&lower) {
        return Some(format!("write `{lower}`"));
    }
    let nearest = known::RESOURCE_VERBS
        .iter()
        .map(|candidate| (edit_distance(candidate, &lower), *candidate))
        .filter(|(distance, candidate)| *distance == 1 && candidate.len() > 3)
        .min();
    let meant = Meant::by(&lower).map(|meant| {
        let verbs = meant.verbs_in_words();
        match (meant.resource, meant.subresource) {
            ("", "") => verbs,
            ("", subresource) => format!("{verbs} on the subresource `{subresource}`"),
            (resource, _) => format!("{verbs} on `{}`", meant.on(resource)),
        }
    });
    // Who serves a custom resource may ask about verbs of its own, and so may webhooks about `*`.
    let ours = rule.api_groups.iter().all(|group| known::is_built_in(group));
    match (meant, nearest) {
        (Some(meant), _) if ours => Some(format!("write {meant}")),
        (_, Some((_, nearest))) => Some(format!("write `{nearest}`")),
        _ if ours => Some(format!("write one of {}", listed(&known::RESOURCE_VERBS))),
        _ => None,
    }
}

/// Reports a rule with proper verbs and resources of which none serves any of the verbs.
fn unserved(at: RuleAt<'_>, catalog: &Catalog) -> Option<Finding> {
    let rule = at.rule;
    let served = served_instead(rule, catalog)?;
    let what = if rule.resources.len() == 1 { "serves" } else { "serve" };
    let message = format!(
        "{} {what} only {}, not {}",
        listed(&rule.resources),
        listed(&served),
        listed(&rule.verbs)
    );
    let finding = Finding::new(RULE.meta, at.role.into(), message)
        .at(at.path().then_key("verbs"))
        .about(format!("{} on {}", joined(&rule.verbs), joined(&rule.resources)))
        .fix(format!("write {}", listed(&served)));
    Some(finding)
}

/// Returns the verbs that a rule's resources serve, if they are known and the rule has none of them.
pub(super) fn served_instead<'a>(rule: &PolicyRule, catalog: &'a Catalog) -> Option<Vec<&'a str>> {
    let proper = !rule.verbs.is_empty()
        && rule.verbs.iter().all(|verb| known::is_resource_verb(verb))
        && !rule.resources.is_empty()
        && rule.non_resource_urls.is_empty();
    if !proper || !rule.api_groups.iter().all(|group| known::is_built_in(group)) {
        return None;
    }
    let mut served = Vec::new();
    for group in &*rule.api_groups {
        for entry in &*rule.resources {
            match served_verbs(catalog, group, entry) {
                Served::Unknown => return None,
                Served::Not => {}
                Served::These(verbs) => served.extend(verbs),
            }
        }
    }
    served.sort_unstable();
    served.dedup();
    let has_any = served.iter().any(|verb| rule.verbs.iter().any(|v| **v == **verb));
    (!served.is_empty() && !has_any).then_some(served)
}

enum Served<'a> {
    /// The verbs are not known in full.
    Unknown,
    /// There is no such resource.
    Not,
    /// These verbs alone.
    These(Vec<&'a str>),
}

fn served_verbs<'a>(catalog: &'a Catalog, group: &str, entry: &str) -> Served<'a> {
    let (name, subresource) = entry.split_once('/').unwrap_or((entry, ""));
    if name == "*" || known::is_not_always_served(group, name) {
        return Served::Unknown;
    }
    let Some(resource) = catalog.get(group, name) else { return Served::Not };
    if resource.is_virtual {
        return Served::Unknown;
    }
    let verbs = match subresource {
        "" => &resource.verbs,
        _ => match resource.subresources.iter().find(|known| *known.name == *subresource) {
            Some(known) => &known.verbs,
            // What is only ever checked is checked with any verb.
            None if known::has_subresource(catalog, group, name, subresource) => {
                return Served::Unknown;
            }
            None => return Served::Not,
        },
    };
    Served::These(verbs.iter().map(|verb| &**verb).collect())
}
