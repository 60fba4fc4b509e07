//! A rule names a resource that the server does not serve by default.
//!
//! # What it does
//!
//! Finds resources that other versions of Kubernetes serve, or that need a feature gate: Ingresses and
//! Deployments in `extensions`, PodSecurityPolicies. Nothing is said where the rule names the same resource in
//! a group that is served.
//!
//! # Why is this bad
//!
//! The rule is ballast, and reads as if it granted something.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: ingress-reader}
//! rules:
//! - {apiGroups: [extensions], resources: [ingresses], verbs: [get, list, watch]}
//! ```
//!
//! # How to fix
//!
//! Name the group that serves the resource today.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: ingress-reader}
//! rules:
//! - {apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [get, list, watch]}
//! ```

use crate::context::{Context, group_names, quote};
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions, known};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC407",
        name: "retired-api",
        category: Category::Hygiene,
        severity: Severity::Info,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("retired_api.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let catalog = context.catalog();
    for at in context.rules() {
        for (index, entry) in at.rule.resources.iter().enumerate() {
            let name = entry.split('/').next().unwrap_or_default();
            let retired = |group: &str| {
                catalog.get(group, name).is_none() && known::is_not_always_served(group, name)
            };
            let served = |group: &str| {
                group == "*" || !known::is_built_in(group) || catalog.get(group, name).is_some()
            };
            let mut groups = at.rule.api_groups.iter();
            let Some(group) = groups.clone().find(|group| retired(group)) else { continue };
            if groups.any(|group| served(group)) {
                continue;
            }
            let today: Vec<&str> = catalog
                .named(name)
                .filter(|served| *served.resource == *name)
                .map(|served| &*served.group)
                .collect();
            let fix = match &*today {
                [] => "remove it, unless older servers need it".to_owned(),
                today => format!("name it in {}", group_names(today)),
            };
            let message = format!(
                "Kubernetes {} does not serve {} of {} by default",
                context.input.version,
                quote(name),
                group_names(&[group])
            );
            let finding = Finding::new(RULE.meta, at.role.into(), message)
                .at(at.value("resources", index))
                .about(format!("{group}/{entry}"))
                .fix(fix);
            findings.push(finding);
        }
    }
}
