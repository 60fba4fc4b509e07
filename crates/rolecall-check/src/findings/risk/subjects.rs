//! Findings about the subjects of bindings.

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

/// Reports notable subjects of checked bindings, regardless of the role, which other software might install.
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
            let is_public = grants_public_settings(context, binding, report.scoped.code)
                || grants_public_urls(context, binding);
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

/// Returns whether a binding grants only reading ConfigMaps by name, which publishes them: those of
/// `kube-public`, as kubeadm does for new nodes, or those of an application for all authenticated users.
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

/// The URLs of health checks, discovery and the keys of ServiceAccount tokens. Kubernetes publishes
/// most of them itself.
const PUBLIC: [&str; 9] = [
    "/healthz",
    "/livez",
    "/readyz",
    "/version",
    "/api",
    "/apis",
    "/openapi",
    "/openid/v1/jwks",
    "/.well-known/openid-configuration",
];

/// Returns whether a binding grants only reading URLs that describe the server.
fn grants_public_urls(context: &Context<'_>, binding: &Binding) -> bool {
    let is_public = |url: &str| {
        let url = url.trim_end_matches('*');
        let path = url.strip_suffix('/').unwrap_or(url);
        let is_below = |public: &str| {
            path.strip_prefix(public).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        PUBLIC.into_iter().any(is_below)
    };
    let reads_urls = |rule: &PolicyRule| {
        rule.resources.is_empty()
            && !rule.non_resource_urls.is_empty()
            && rule.verbs.iter().all(|verb| matches!(&**verb, "get" | "head"))
            && rule.non_resource_urls.iter().all(|url| is_public(url))
    };
    context
        .role_of(binding)
        .is_some_and(|role| !role.rules.is_empty() && role.rules.iter().all(reads_urls))
}

pub(super) fn is_group(subject: &Subject, name: &str) -> bool {
    subject.kind == SubjectKind::Group && *subject.name == *name
}

pub(super) fn is_user(subject: &Subject, name: &str) -> bool {
    subject.kind == SubjectKind::User && *subject.name == *name
}
