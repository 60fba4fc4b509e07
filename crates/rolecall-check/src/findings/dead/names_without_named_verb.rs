//! A rule limits verbs to object names that their requests do not carry.
//!
//! # What it does
//!
//! Finds rules with `resourceNames` whose only verbs are `create`, `list`, `watch` and
//! `deletecollection`. Subresources are left out: `create` on `pods/exec` names the Pod.
//!
//! # Why is this bad
//!
//! A rule with `resourceNames` matches only requests that carry one of the names. A request that creates
//! or lists objects carries none, so it is refused. (`list` and `watch` carry one if the client asks with
//! the field selector `metadata.name=NAME`; `create` if the object is made by `PUT` or server-side
//! apply.)
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: settings, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [configmaps], resourceNames: [settings], verbs: [create, list]}
//! ```
//!
//! # How to fix
//!
//! Grant `create` and `list` without names, and limit the verbs that name an object.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: settings, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [configmaps], verbs: [create]}
//! - {apiGroups: [""], resources: [configmaps], resourceNames: [settings], verbs: [get, update]}
//! ```

use crate::context::{Context, joined, listed};
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC207",
        name: "names-without-named-verb",
        category: Category::Dead,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("names_without_named_verb.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        let rule = at.rule;
        let nameless = !rule.verbs.is_empty()
            && rule
                .verbs
                .iter()
                .all(|verb| matches!(&**verb, "create" | "list" | "watch" | "deletecollection"));
        let plain = !rule.resources.is_empty()
            && rule.resources.iter().all(|entry| !entry.contains('/') && **entry != *"*");
        let named = !rule.resource_names.is_empty()
            && rule.resource_names.iter().all(|name| !name.is_empty());
        if !(nameless && plain && named) {
            continue;
        }
        let selectable = rule.verbs.iter().any(|verb| matches!(&**verb, "list" | "watch"));
        let message = format!(
            "{} on {} carry no object name, so `resourceNames` keeps the rule from matching",
            listed(&rule.verbs),
            listed(&rule.resources)
        );
        let message = if rule.verbs.len() == 1 {
            message.replacen(" carry ", " carries ", 1)
        } else {
            message
        };
        let mut finding = Finding::new(RULE.meta, at.role.into(), message)
            .at(at.path().then_key("resourceNames"))
            .about(format!("{} {}", joined(&rule.verbs), joined(&rule.resources)))
            .fix("remove `resourceNames`, or grant verbs that name an object, such as `get`");
        if selectable {
            finding = finding.severity(Severity::Medium).fix(
                "remove `resourceNames`, or let clients select with `metadata.name=NAME` only",
            );
        }
        findings.push(finding);
    }
}
