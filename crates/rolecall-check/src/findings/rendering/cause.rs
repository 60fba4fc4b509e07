//! The changes of a build that cause findings about its result.

use rolecall_rbac::{Binding, ServiceAccount, SubjectKind};

use super::build::{Pair, Pairs, pair_subjects, written_namespace};
use crate::{Finding, Severity, Step, documents};

/// Adds causes to findings, and removes those that findings about the build replace.
pub(super) fn explain(pairs: &Pairs<'_>, findings: &mut Vec<Finding>) {
    findings.retain_mut(|finding| {
        let code = finding.rule.code;
        if code == documents::RC101.code {
            of_role_ref(pairs, finding);
        } else if code == documents::RC216.code {
            return of_named_subject(pairs, finding);
        } else if code == documents::RC405.code {
            of_account(pairs, finding);
        } else if code == documents::RC105.code {
            of_bare_subject(pairs, finding);
        }
        true
    });
}

/// Returns the binding of a finding.
fn binding_of<'p, 'a>(pairs: &'p Pairs<'a>, finding: &Finding) -> Option<&'p Pair<'a, Binding>> {
    let object = &finding.object;
    pairs.bindings.iter().find(|pair| {
        let metadata = &pair.result.metadata;
        metadata.origin == object.origin
            && metadata.name == object.name
            && metadata.namespace == object.namespace
            && *pair.result.kind() == *object.kind
    })
}

/// Explains a missing role: the build moved the binding or changed the reference.
fn of_role_ref(pairs: &Pairs<'_>, finding: &mut Finding) {
    let Some(pair) = binding_of(pairs, finding) else { return };
    let (source, result) = (&pair.source.role_ref, &pair.result.role_ref);
    if source.name != result.name {
        finding.message.push_str(&format!(
            "; Kustomize replaced `{}`, because the roleRef has no `apiGroup` and a role of another kind has \
             that name",
            source.name
        ));
        finding.fix = "write `apiGroup: rbac.authorization.k8s.io` in the roleRef".into();
        return;
    }
    let (old, new) = (written_namespace(&pair.source.metadata), &pair.result.metadata.namespace);
    if !old.is_empty() && old != &**new {
        let setting = pairs.namespace_setting(new);
        finding.message.push_str(&format!("; {setting} moved the binding from namespace `{old}`"));
        finding.fix = format!(
            "move it to a kustomization without `namespace`, so that it stays in namespace `{old}`"
        )
        .into();
    }
}

/// Explains the namespace of a user or group, which the build added. Returns whether the finding stays:
/// a renamed subject has its own finding.
fn of_named_subject(pairs: &Pairs<'_>, finding: &mut Finding) -> bool {
    let Some(pair) = binding_of(pairs, finding) else { return true };
    let index = finding.field.steps.iter().find_map(|step| match step {
        Step::Index(index) => Some(*index),
        Step::Key(_) => None,
    });
    let Some(index) = index else { return true };
    let mut subjects = pair_subjects(pair.source, pair.result).into_iter();
    let Some((before, _)) = subjects.find(|(_, after)| *after == index) else { return true };
    let source = pair.source.subjects.get(before).zip(pair.result.subjects.get(index));
    let Some((source, result)) = source else { return true };
    let is_named = matches!(source.kind, SubjectKind::User | SubjectKind::Group);
    if !is_named || source.namespace == result.namespace {
        return true;
    }
    if source.name != result.name {
        return false;
    }
    let (kind, name) = (source.kind.as_str(), &source.name);
    let because = match &**name {
        "default" => "Kustomize writes it to every subject with the name `default`",
        _ => "Kustomize writes it, because a ServiceAccount has that name",
    };
    finding.message =
        format!("{kind} `{name}` has a namespace, which the server ignores: {because}");
    finding.severity = Severity::Low;
    finding.related.clear();
    finding.fix = format!("use different names for the ServiceAccount and the {kind}").into();
    true
}

/// Lowers the severity of a missing namespace in a base if its overlays set it for the ServiceAccount and the
/// subject together.
fn of_bare_subject(pairs: &Pairs<'_>, finding: &mut Finding) {
    let [_, Step::Index(index), Step::Key(key)] = &*finding.field.steps else { return };
    if **key != *"namespace" || pairs.namespace().is_some() {
        return;
    }
    let Some(pair) = binding_of(pairs, finding) else { return };
    let Some(subject) = pair.result.subjects.get(*index) else { return };
    let is_bare = |account: &Pair<'_, ServiceAccount>| {
        let metadata = &account.result.metadata;
        metadata.name == subject.name && written_namespace(metadata).is_empty()
    };
    if subject.namespace.is_empty() && pairs.accounts.iter().any(is_bare) {
        finding.message.push_str(", which an overlay with `namespace` fills in");
        finding.severity = Severity::Info;
        finding.fix = "set `namespace` in the kustomization that is applied".into();
    }
}

/// Explains a missing ServiceAccount: the build renamed it, but not where the workload names it.
fn of_account(pairs: &Pairs<'_>, finding: &mut Finding) {
    let object = &finding.object;
    let workload = pairs.workloads.iter().find(|pair| {
        let metadata = &pair.result.metadata;
        metadata.origin == object.origin
            && metadata.name == object.name
            && pair.result.kind == object.kind
    });
    let Some(workload) = workload else { return };
    let names = workload.result.pods.iter().map(|pod| pod.service_account_name());
    let names: Vec<&str> = names.collect();
    let renamed = pairs.accounts.iter().find(|pair| {
        names.contains(&&*pair.source.metadata.name)
            && pair.source.metadata.name != pair.result.metadata.name
            && finding.message.contains(&format!("/{}`", pair.source.metadata.name))
    });
    let Some(renamed) = renamed else { return };
    let (old, new) = (&renamed.source.metadata.name, &renamed.result.metadata.name);
    finding.message.push_str(&format!(
        "; Kustomize renames ServiceAccount `{old}` to `{new}`, but does not know this reference in a {}",
        workload.result.kind
    ));
    finding.fix = format!(
        "write `{new}`, or add the field to `nameReference` in `configurations` of the kustomization"
    )
    .into();
    finding.severity = documents::RC405.severity;
}
