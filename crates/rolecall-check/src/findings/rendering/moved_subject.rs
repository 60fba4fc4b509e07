use rolecall_rbac::{PodSpec, Subject, SubjectKind};

use super::build::{Pairs, pair_subjects, written_namespace};
use crate::{FieldPath, Finding, documents};

/// Finds ServiceAccount subjects that a build moves to another namespace.
pub(super) fn check(pairs: &Pairs<'_>, findings: &mut Vec<Finding>) {
    for pair in &pairs.bindings {
        for (before, after) in pair_subjects(pair.source, pair.result) {
            let subjects = pair.source.subjects.get(before).zip(pair.result.subjects.get(after));
            let Some((source, result)) = subjects else { continue };
            let is_moved = source.kind == SubjectKind::ServiceAccount
                && !source.namespace.is_empty()
                && source.namespace != result.namespace;
            // If other objects of its namespace, such as its ServiceAccount, also move, the move is intended.
            if !is_moved
                || pairs.moves(&source.namespace, &result.namespace)
                || is_of_bare_account(pairs, source)
            {
                continue;
            }
            let (old, new) = (&source.namespace, &result.namespace);
            let setting = pairs.namespace_setting(new);
            let who = match &*result.name {
                "default" => {
                    format!(", which every Pod in `{new}` without a `serviceAccountName` runs as")
                }
                _ => String::new(),
            };
            let message = format!(
                "{setting} replaces ServiceAccount `{old}/{}` with `{new}/{}`{who}: \
                 `sa/{old}:{}` loses the grant, and `sa/{new}:{}` gains it",
                source.name, result.name, source.name, result.name
            );
            let finding = Finding::new(&documents::RC702, pair.result.into(), message)
                .at(FieldPath::key("subjects").then_index(after).then_key("namespace"))
                .about(format!("{old}/{}", source.name))
                .fix("bind a ServiceAccount with its own name, or move the binding to a kustomization without `namespace`");
            findings.push(finding);
        }
    }
}

/// Returns whether a subject in namespace `default` refers to objects of the build without a namespace, which
/// Kustomize treats as being in `default`.
fn is_of_bare_account(pairs: &Pairs<'_>, subject: &Subject) -> bool {
    let mut accounts = pairs.accounts.iter().map(|pair| &pair.source.metadata);
    let mut workloads = pairs.workloads.iter().map(|pair| pair.source);
    let runs_as = |pod: &PodSpec| *pod.service_account_name() == *subject.name;
    *subject.namespace == *"default"
        && (accounts.any(|it| written_namespace(it).is_empty() && it.name == subject.name)
            || workloads.any(|it| {
                written_namespace(&it.metadata).is_empty() && it.pods.iter().any(runs_as)
            }))
}
