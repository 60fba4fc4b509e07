//! Findings about whom a binding names.

use rolecall_access::risk::{AUTHENTICATED, Scoped};
use rolecall_rbac::{Binding, PolicyRule, Subject, SubjectKind};

use crate::context::Context;
use crate::{FieldPath, Finding, RuleCode, RuleMeta, Severity};

/// The report about a subject.
pub(super) struct Report {
    pub(super) message: &'static str,
    pub(super) scoped: &'static Scoped,
    pub(super) fix: &'static str,
}

/// Reports the subjects of judged bindings about which there is something to say, whatever the role
/// holds: it may be installed by other software.
pub(super) fn report(
    context: &Context<'_>,
    meta: &'static RuleMeta,
    findings: &mut Vec<Finding>,
    judge: impl Fn(&Subject, &Binding) -> Option<Report>,
) {
    for binding in context.bindings() {
        for (index, subject) in binding.subjects.iter().enumerate() {
            let Some(report) = judge(subject, binding) else { continue };
            let namespace =
                (!binding.is_cluster_role_binding()).then_some(&*binding.metadata.namespace);
            let is_public = grants_public_settings(context, binding, report.scoped.code);
            let severity = match is_public {
                true => Severity::Low,
                false => report.scoped.severity_in(namespace),
            };
            let finding = Finding::new(meta, binding.into(), report.message.to_owned())
                .at(FieldPath::key("subjects").then_index(index))
                .about(format!("{} {}", subject.kind.as_str(), subject.name))
                .severity(severity)
                .fix(report.fix);
            findings.push(finding);
        }
    }
}

/// Returns whether a binding grants nothing but reading ConfigMaps by name, which publishes them: those of
/// `kube-public`, as kubeadm does for new nodes, or for users with credentials those of an application.
fn grants_public_settings(context: &Context<'_>, binding: &Binding, code: RuleCode) -> bool {
    let namespace = &*binding.metadata.namespace;
    let is_for_users = code == AUTHENTICATED.code && !matches!(namespace, "" | "kube-system");
    let reads_by_name = |rule: &PolicyRule| {
        rule.verbs.iter().all(|verb| **verb == *"get")
            && rule.api_groups.iter().all(|group| group.is_empty())
            && rule.resources.iter().all(|resource| **resource == *"configmaps")
            && !rule.resource_names.is_empty()
    };
    (namespace == "kube-public" || is_for_users)
        && context
            .role_of(binding)
            .is_some_and(|role| !role.rules.is_empty() && role.rules.iter().all(reads_by_name))
}

pub(super) fn is_group(subject: &Subject, name: &str) -> bool {
    subject.kind == SubjectKind::Group && *subject.name == *name
}

pub(super) fn is_user(subject: &Subject, name: &str) -> bool {
    subject.kind == SubjectKind::User && *subject.name == *name
}
