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
//! the field selector `metadata.name=NAME`, which is why a rule of these alone is only for information;
//! `create` if the object is made by `PUT` or server-side apply.)
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

use rolecall_rbac::{PolicyRule, Text, covers};

use crate::context::{Context, RuleAt, joined, listed};
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
        if !(nameless && plain && named) || is_covered(at) {
            continue;
        }
        let is_selectable = |verb: &&Text| matches!(&***verb, "list" | "watch");
        let (carry, is) = match rule.verbs.len() {
            1 => ("carries", "matches"),
            _ => ("carry", "match"),
        };
        let (verbs, kinds) = (listed(&rule.verbs), listed(&rule.resources));
        let finding = Finding::new(RULE.meta, at.role.into(), String::new())
            .at(at.path().then_key("resourceNames"))
            .about(format!("{} {}", joined(&rule.verbs), joined(&rule.resources)));
        findings.push(if rule.verbs.iter().all(|verb| is_selectable(&verb)) {
            let message = format!(
                "{verbs} on {kinds} {is} only requests that select `metadata.name=NAME`, which few \
                 clients send"
            );
            Finding { message, ..finding }
                .severity(Severity::Info)
                .fix("remove `resourceNames`, unless it is for such requests")
        } else {
            let message = format!(
                "{verbs} on {kinds} {carry} no object name, so `resourceNames` keeps the rule from \
                 matching"
            );
            let some_may = rule.verbs.iter().any(|verb| is_selectable(&verb));
            let severity = if some_may { Severity::Medium } else { RULE.meta.severity };
            Finding { message, ..finding }
                .severity(severity)
                .fix("remove `resourceNames`, or grant verbs that name an object, such as `get`")
        });
    }
}

/// Returns whether another rule of the role grants the same, which is told of as that.
fn is_covered(at: RuleAt<'_>) -> bool {
    let others = at.role.rules.iter().enumerate().filter(|(index, _)| *index != at.index);
    let others: Vec<PolicyRule> = others.map(|(_, rule)| rule.clone()).collect();
    covers(&others, std::slice::from_ref(at.rule)).is_complete()
}
