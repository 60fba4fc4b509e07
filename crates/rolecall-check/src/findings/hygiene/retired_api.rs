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

use std::collections::BTreeMap;

use rolecall_rbac::PolicyRule;

use crate::context::{Context, group_names, listed};
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
    for at in context.rules() {
        // By the group that is not served and the ones that have the resources today.
        let mut found: BTreeMap<(&str, Vec<&str>), Vec<usize>> = BTreeMap::new();
        for (index, entry) in at.rule.resources.iter().enumerate() {
            let name = name_of(entry);
            if let Some(group) = retired_group(context, at.rule, name) {
                let today: Vec<&str> = context
                    .catalog()
                    .named(name)
                    .filter(|served| *served.resource == *name)
                    .map(|served| &*served.group)
                    .collect();
                found.entry((group, today)).or_default().push(index);
            }
        }
        for ((group, today), indices) in found {
            let entries: Vec<&str> = indices
                .iter()
                .filter_map(|index| at.rule.resources.get(*index))
                .map(|entry| &**entry)
                .collect();
            let mut names: Vec<&str> = entries.iter().map(|entry| name_of(entry)).collect();
            names.dedup();
            let object = if names.len() == 1 { "it" } else { "them" };
            let fix = match &*today {
                [] => format!("remove {object}, unless older servers need {object}"),
                today => format!("name {object} in {}", group_names(today)),
            };
            let message = format!(
                "Kubernetes {} does not serve {} of {} by default",
                context.input.version,
                listed(&names),
                group_names(&[group])
            );
            let first = indices.first().copied().unwrap_or_default();
            let finding = Finding::new(RULE.meta, at.role.into(), message)
                .at(at.value("resources", first))
                .about(format!("{group}/{}", entries.join(",")))
                .fix(fix);
            findings.push(finding);
        }
    }
}

/// Returns the group of a rule in which a resource is not served, if no other one of the rule has it.
fn retired_group<'r>(context: &Context<'_>, rule: &'r PolicyRule, name: &str) -> Option<&'r str> {
    let catalog = context.catalog();
    let mut groups = rule.api_groups.iter().map(|group| &**group);
    let is_served = |group: &str| {
        group == "*" || !known::is_built_in(group) || catalog.get(group, name).is_some()
    };
    let retired = groups.clone().find(|group| {
        catalog.get(group, name).is_none() && known::is_not_always_served(group, name)
    })?;
    (!groups.any(is_served)).then_some(retired)
}

fn name_of(entry: &str) -> &str {
    entry.split('/').next().unwrap_or_default()
}
