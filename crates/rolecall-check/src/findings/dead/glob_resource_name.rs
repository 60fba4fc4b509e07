//! A `resourceNames` entry with `*`, which is no wildcard there.
//!
//! # What it does
//!
//! Finds names with a `*` among a rule's `resourceNames`. Signers are left out, whose names may end in
//! `/*`.
//!
//! # Why is this bad
//!
//! Names are compared literally: `*` matches an object that is called `*`, and `web-*` one that is called
//! so. No object can be.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: secret-reader, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [secrets], resourceNames: ["web-*"], verbs: [get]}
//! ```
//!
//! # How to fix
//!
//! Name every object, or remove `resourceNames` if all are meant.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: secret-reader, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [secrets], resourceNames: [web-tls, web-session], verbs: [get]}
//! ```

use rolecall_rbac::{Catalog, PolicyRule, Text};

use crate::context::{Context, joined, quote};
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions, known};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC213",
        name: "glob-resource-name",
        category: Category::Dead,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("glob_resource_name.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        if names_may_have_stars(context.catalog(), at.rule) {
            continue;
        }
        for (index, name) in at.rule.resource_names.iter().enumerate() {
            if !name.contains('*') {
                continue;
            }
            let fix = match &**name {
                "*" => "remove `resourceNames`, if all objects are meant",
                _ => "name every object: names are compared literally",
            };
            let message = format!("{} is taken literally: no object has that name", quote(name));
            let finding = Finding::new(RULE.meta, at.role.into(), message)
                .at(at.value("resourceNames", index))
                .about(format!("{name} {}", joined(&at.rule.resources)))
                .fix(fix);
            findings.push(finding);
        }
    }
}

/// Returns whether a rule is about names that can contain `*`: of signers, users, groups and what else
/// impersonation knows, and of whatever servers of other API groups ask about.
fn names_may_have_stars(catalog: &Catalog, rule: &PolicyRule) -> bool {
    let is_built_in = |resource: &Text| {
        let parent = resource.split('/').next().unwrap_or_default();
        known::built_in_groups().any(|group| known::has_resource(catalog, group, parent))
    };
    let is_others = |group: &Text| match &**group {
        "*" => !rule.resources.iter().all(is_built_in),
        group => !known::is_built_in(group),
    };
    if rule.api_groups.iter().any(is_others) {
        return true;
    }
    let names_of_others = |resource: &str| {
        let parent = resource.split('/').next().unwrap_or_default();
        matches!(parent, "signers" | "users" | "groups" | "uids" | "userextras")
    };
    rule.resources.iter().any(|resource| names_of_others(resource))
}
