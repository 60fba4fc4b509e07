//! Findings about whom a binding names.

use rolecall_rbac::{Subject, SubjectKind};

use crate::context::Context;
use crate::findings::roles;
use crate::{FieldPath, Finding, RuleMeta, Severity};

/// What to say about a subject.
pub(super) struct Report {
    pub(super) message: &'static str,
    pub(super) severity: Severity,
    pub(super) fix: &'static str,
}

/// Reports the subjects of judged bindings about which there is something to say; what is granted in
/// one namespace alone is one step less severe.
pub(super) fn report(
    context: &Context<'_>,
    meta: &'static RuleMeta,
    findings: &mut Vec<Finding>,
    judge: impl Fn(&Subject) -> Option<Report>,
) {
    for binding in context.bindings() {
        if roles::grants_nothing(context, binding) {
            continue;
        }
        for (index, subject) in binding.subjects.iter().enumerate() {
            let Some(report) = judge(subject) else { continue };
            let everywhere =
                binding.is_cluster_role_binding() || *binding.metadata.namespace == *"kube-system";
            let severity = if everywhere { report.severity } else { milder(report.severity) };
            let finding = Finding::new(meta, binding.into(), report.message.to_owned())
                .at(FieldPath::key("subjects").then_index(index))
                .about(format!("{} {}", subject.kind.as_str(), subject.name))
                .severity(severity)
                .fix(report.fix);
            findings.push(finding);
        }
    }
}

pub(super) fn is_group(subject: &Subject, name: &str) -> bool {
    subject.kind == SubjectKind::Group && *subject.name == *name
}

pub(super) fn is_user(subject: &Subject, name: &str) -> bool {
    subject.kind == SubjectKind::User && *subject.name == *name
}

fn milder(severity: Severity) -> Severity {
    Severity::ALL.into_iter().rev().find(|candidate| *candidate < severity).unwrap_or(severity)
}
