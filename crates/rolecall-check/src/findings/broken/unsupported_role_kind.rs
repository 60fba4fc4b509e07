use std::collections::BTreeSet;

use rolecall_rbac::RoleKind;

use super::unknown_field;
use crate::context::Context;
use crate::findings::Rule;
use crate::{Finding, ObjectRef, documents, validation};

pub(super) const RULE: Rule = Rule { meta: &documents::RC103, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let misnamed: BTreeSet<ObjectRef> = unknown_field::stray(context)
        .filter(|stray| stray.meant == Some("roleRef"))
        .map(|stray| stray.object())
        .collect();
    for binding in context.bindings() {
        if !misnamed.is_empty() && misnamed.contains(&ObjectRef::from(binding)) {
            continue;
        }
        let violations = validation::validate_binding(binding, context.input.version);
        for violation in violations.into_iter().filter(validation::is_role_kind) {
            let kind = binding.role_ref.kind.as_str();
            let fix = match (&binding.role_ref.kind, binding.is_cluster_role_binding()) {
                (RoleKind::Role, true) => {
                    "grant the Role with a RoleBinding in its namespace, or make it a ClusterRole"
                        .to_owned()
                }
                (_, true) => "use `kind: ClusterRole`".to_owned(),
                _ => match kind.to_ascii_lowercase().as_str() {
                    "clusterrole" | "clusterroles" => "use `kind: ClusterRole`".to_owned(),
                    "role" | "roles" => "use `kind: Role`".to_owned(),
                    _ => "use `kind: Role` or `kind: ClusterRole`".to_owned(),
                },
            };
            let finding = Finding::new(RULE.meta, binding.into(), violation.message)
                .at(violation.field)
                .about(kind)
                .fix(fix);
            findings.push(finding);
        }
    }
}
