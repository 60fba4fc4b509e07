//! A role that allows every URL.
//!
//! # What it does
//!
//! Finds rules that allow requests for any URL path that is no resource.
//!
//! # Why is this bad
//!
//! Besides metrics these are profiles of running processes below `/debug`, logs of the node below `/logs`,
//! and whatever is served next.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: url-reader}
//! rules:
//! - {nonResourceURLs: ["*"], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: url-reader}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: url-reader}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Name the URLs that are needed.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: url-reader}
//! rules:
//! - {nonResourceURLs: [/metrics, /healthz], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: url-reader}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: url-reader}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use rolecall_rbac::{Request, Text, rule_allows};

use crate::context::{Context, joined};
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions};
use rolecall_access::risk::ANYTHING;

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC563",
        name: "any-url",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P63"],
        source: include_str!("any_url.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let asked = ["get", "post"].map(|verb| Request::path(verb, format!("/{ANYTHING}")));
    for at in context.rules() {
        if !at.role.is_cluster_role() || !asked.iter().any(|request| rule_allows(at.rule, request))
        {
            continue;
        }
        // A rule for everything includes it, and is told of as a whole where it has resources too.
        let everything = at.role.rules.iter().any(|rule| {
            let star = |texts: &[Text]| texts.iter().any(|text| &**text == "*");
            star(&rule.verbs) && star(&rule.api_groups) && star(&rule.resources)
        });
        if everything {
            continue;
        }
        let message = "allows requests for every URL".to_owned();
        let finding = Finding::new(RULE.meta, at.role.into(), message)
            .at(at.path().then_key("nonResourceURLs"))
            .about(joined(&at.rule.verbs))
            .fix("name the URLs that are needed");
        findings.push(finding);
    }
}
