//! A rule with a wildcard.
//!
//! # What it does
//!
//! Finds rules that allow any verb, spelled `*` or as all eight verbs of requests, or any resource of an
//! API group. Rules that allow everything, a verb on everything, or any verb on a sensitive kind are
//! reported as such instead.
//!
//! # Why is this bad
//!
//! The rule grows: with the next version of the API it covers verbs, resources and subresources that nobody
//! had in mind.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: widget-admin}
//! rules:
//! - {apiGroups: [example.com], resources: ["*"], verbs: ["*"]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: widget-admin}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: widget-admin}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Name the verbs and resources that are needed.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: widget-admin}
//! rules:
//! - {apiGroups: [example.com], resources: [widgets], verbs: [get, list, create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: widget-admin}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: widget-admin}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use rolecall_rbac::Text;

use super::engine::{Engine, Hit};
use crate::context::{Context, joined};
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions, known};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC504",
        name: "wildcard",
        category: Category::Risk,
        severity: Severity::Low,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P04"],
        source: include_str!("wildcard.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let engine = Engine::new(context.input.version);
    for at in context.rules() {
        let rule = at.rule;
        let broader = |hit: &Hit| matches!(hit.risk.meta.code, "RC501" | "RC502" | "RC503");
        let star = |texts: &[Text]| texts.iter().any(|text| &**text == "*");
        let spelled = known::RESOURCE_VERBS
            .iter()
            .all(|verb| rule.verbs.iter().any(|written| **written == **verb));
        let verbs = star(&rule.verbs) || spelled;
        let resources = star(&rule.resources);
        if !(verbs || resources) || engine.hits(rule).iter().any(broader) {
            continue;
        }
        let (field, message) = match (verbs, resources) {
            (true, true) => ("verbs", "allows any verb on any resource of an API group"),
            (true, false) => ("verbs", "allows any verb"),
            (false, _) => ("resources", "allows any resource of an API group"),
        };
        let what = joined(if rule.resources.is_empty() {
            &rule.non_resource_urls
        } else {
            &rule.resources
        });
        let severity =
            match context.bindings_to(at.role).iter().any(|b| b.is_cluster_role_binding()) {
                true => RULE.meta.severity,
                false => Severity::Info,
            };
        let finding = Finding::new(RULE.meta, at.role.into(), message.to_owned())
            .at(at.path().then_key(field))
            .about(format!("{} {what} {}", joined(&rule.verbs), joined(&rule.api_groups)))
            .severity(severity)
            .fix("name what is needed");
        findings.push(finding);
    }
}
