use std::collections::BTreeSet;

use crate::context::Context;
use crate::findings::Rule;
use crate::{FieldPath, Finding, ObjectRef, Severity, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC210, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let before = findings.len();
    for role in context.roles() {
        if role.rules.is_empty() && role.aggregation.is_none() {
            // Projects have such a ClusterRole next to those for `edit` and `view`, to add rules later.
            let is_kept =
                role.metadata.labels.iter().any(|(key, _)| key.contains("/aggregate-to-"));
            let severity = if is_kept { Severity::Info } else { RULE.meta.severity };
            let finding = Finding::new(RULE.meta, role.into(), "grants nothing: no rules".into())
                .at(FieldPath::key("rules"))
                .severity(severity)
                .fix("add rules, or remove it");
            findings.push(finding);
        }
    }
    for binding in context.bindings() {
        if binding.subjects.is_empty() {
            let message = "grants nothing: no subjects".into();
            let finding = Finding::new(RULE.meta, binding.into(), message)
                .at(FieldPath::key("subjects"))
                .fix("add subjects, or remove it");
            findings.push(finding);
        }
    }
    // A list in an unknown field is reported as RC105.
    let misnamed: BTreeSet<ObjectRef> = context
        .inventory()
        .unknown_fields()
        .iter()
        .filter(|field| !field.path.contains('.'))
        .map(|field| ObjectRef {
            origin: field.origin.clone(),
            kind: field.kind.clone(),
            namespace: field.namespace.clone(),
            name: field.name.clone(),
        })
        .collect();
    if !misnamed.is_empty() {
        let found = findings.split_off(before);
        findings.extend(found.into_iter().filter(|it| !misnamed.contains(&it.object)));
    }
}
