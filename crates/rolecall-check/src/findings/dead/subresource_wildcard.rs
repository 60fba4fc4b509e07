//! A rule names `RESOURCE/*`, which is no wildcard.
//!
//! # What it does
//!
//! Finds `pods/*` and `*/*` among a rule's resources.
//!
//! # Why is this bad
//!
//! RBAC knows two wildcards for resources: `*`, which is everything with all its subresources, and
//! `*/scale`, which is one subresource of everything. `pods/*` is taken literally and matches nothing:
//! whoever relies on it is refused.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: pod-debugger}
//! rules:
//! - {apiGroups: [""], resources: [pods, "pods/*"], verbs: [get]}
//! ```
//!
//! # How to fix
//!
//! Name the subresources that are needed.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: pod-debugger}
//! rules:
//! - {apiGroups: [""], resources: [pods, pods/log, pods/status], verbs: [get]}
//! ```

use super::fate::Dead;
use crate::context::{Context, quote};
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions, known};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC201",
        name: "subresource-wildcard",
        category: Category::Dead,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("subresource_wildcard.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for dead in super::dead_entries(context) {
        if dead.why != Dead::SubresourceWildcard {
            continue;
        }
        let parent = dead.entry.trim_end_matches("/*");
        let fix = if parent == "*" {
            "write `*` for all resources and their subresources, or name what is needed".to_owned()
        } else {
            let subresources: Vec<String> = context
                .catalog()
                .named(parent)
                .filter(|served| *served.resource == *parent)
                .flat_map(known::subresources_of)
                .map(|subresource| format!("`{parent}/{subresource}`"))
                .collect();
            match &*subresources {
                [] => format!("name each subresource, such as `{parent}/status`"),
                several => format!("name each subresource that is needed: {}", several.join(", ")),
            }
        };
        let message = format!("{} is taken literally and matches nothing", quote(dead.entry));
        let finding = Finding::new(RULE.meta, dead.at.role.into(), message)
            .at(dead.at.value("resources", dead.index))
            .about(dead.entry)
            .fix(fix);
        findings.push(finding);
    }
}
