use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Binding, SubjectKind, Text};

use super::unknown_field::{self, Stray};
use crate::context::Context;
use crate::findings::dead::unmatchable;
use crate::findings::{Rule, accounts};
use crate::validation::{self, Violation};
use crate::{FieldPath, Finding, ObjectRef, Severity, Step, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC105, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let version = context.input.version;
    let mut report = |object: ObjectRef, violation: Violation, severity: Severity, fix: String| {
        let about = format!("{}: {}", violation.field, violation.message);
        let finding =
            Finding::new(RULE.meta, object, violation.message).at(violation.field).about(about);
        findings.push(finding.severity(severity).fix(fix));
    };
    let high = RULE.meta.severity;
    let stray: Vec<Stray<'_>> = unknown_field::stray(context).collect();
    // The required field is present under another name.
    let misnamed: BTreeSet<(ObjectRef, FieldPath)> =
        stray.iter().filter_map(|stray| Some((stray.object(), stray.path_meant()?))).collect();
    for stray in &stray {
        let key = stray.key();
        let message = match key {
            "$patch" => format!(
                "unknown field `{key}`: Kustomize does not delete or merge an item of this list, but replaces \
                 the list with the one in the patch"
            ),
            _ => format!(
                "unknown field `{key}`: kubectl rejects the object, and other clients drop the field"
            ),
        };
        let field = FieldPath::default().then_dotted(&stray.field.path);
        report(stray.object(), Violation { field, message }, high, stray.fix());
    }
    let of_accounts = context.service_accounts().map(|it| (ObjectRef::from(it), &it.metadata));
    for (object, metadata) in of_accounts {
        for violation in validation::validate_account_name(&metadata.name, version) {
            let (severity, fix) = placeholder(&metadata.name).unwrap_or((high, String::new()));
            report(object.clone(), violation, severity, fix);
        }
    }
    let namespaces = context.inventory().namespaces().iter();
    let namespaces = namespaces.filter(|namespace| context.is_judged(&namespace.metadata));
    let names = namespaces.map(|it| (ObjectRef::from(it), "name", &it.metadata.name));
    let mut placeholders: BTreeMap<&Text, Placeholder> = BTreeMap::new();
    for (object, field, namespace) in names.chain(namespaces_of_objects(context)) {
        let Some(violation) = validation::validate_namespace(field, namespace) else { continue };
        match placeholder(namespace) {
            Some((severity, fix)) => {
                let first = Placeholder { object, violation, severity, fix, others: 0 };
                placeholders
                    .entry(namespace)
                    .and_modify(|known| known.others += 1)
                    .or_insert(first);
            }
            None => {
                let fix = "use at most 63 lower case letters, digits and `-`".to_owned();
                report(object, violation, high, fix);
            }
        }
    }
    for Placeholder { object, mut violation, severity, fix, others } in placeholders.into_values() {
        if others > 0 {
            let plural = if others == 1 { "" } else { "s" };
            violation.message.push_str(&format!(", here and in {others} other object{plural}"));
        }
        report(object, violation, severity, fix);
    }
    let mut report = |object: ObjectRef, violation: Violation, severity: Severity, fix: String| {
        if misnamed.is_empty() || !follows(&misnamed, &object, &violation.field) {
            report(object, violation, severity, fix);
        }
    };
    for role in context.roles() {
        let violations = validation::validate_role(role, version);
        violations
            .into_iter()
            .for_each(|violation| report(role.into(), violation, high, String::new()));
    }
    for binding in context.bindings() {
        let violations = validation::validate_binding(binding, version).into_iter();
        let is_own = |violation: &Violation| {
            !validation::is_role_kind(violation) && !is_of_account(context, binding, violation)
        };
        violations.filter(is_own).for_each(|violation| {
            let fix = fix(context, binding, &violation.field).unwrap_or_default();
            if is_completed(binding, &violation) {
                let message = "Required value, which Kustomize fills in".to_owned();
                let violation = Violation { message, ..violation };
                report(binding.into(), violation, Severity::Info, fix);
            } else {
                report(binding.into(), violation, high, fix);
            }
        });
    }
}

/// A name that software or a user replaces before it applies the objects.
struct Placeholder {
    /// The first object with it.
    object: ObjectRef,
    violation: Violation,
    severity: Severity,
    fix: String,
    /// The number of other objects.
    others: usize,
}

/// Returns whether a field is missing because it, or a field that replaces it, has a wrong name.
fn follows(
    misnamed: &BTreeSet<(ObjectRef, FieldPath)>,
    object: &ObjectRef,
    field: &FieldPath,
) -> bool {
    let is_cause = |meant: &FieldPath| {
        let is_urls =
            matches!(meant.steps.last(), Some(Step::Key(key)) if **key == *"nonResourceURLs");
        // A rule has either resources or URLs.
        let parent = meant.steps.len().saturating_sub(usize::from(is_urls));
        field.steps.len() >= parent && field.steps.get(..parent) == meant.steps.get(..parent)
    };
    misnamed.iter().any(|(of, meant)| of == object && is_cause(meant))
}

/// Returns the namespaces of checked objects, with the name of the field.
fn namespaces_of_objects<'a>(
    context: &Context<'a>,
) -> impl Iterator<Item = (ObjectRef, &'static str, &'a Text)> {
    let workloads = context.inventory().workloads().iter();
    let workloads = workloads.filter(|workload| context.is_judged(&workload.metadata));
    let objects = (context.roles().map(|it| (ObjectRef::from(it), &it.metadata)))
        .chain(context.bindings().map(|it| (ObjectRef::from(it), &it.metadata)))
        .chain(context.service_accounts().map(|it| (ObjectRef::from(it), &it.metadata)))
        .chain(workloads.map(|it| (ObjectRef::from(it), &it.metadata)));
    objects.map(|(object, metadata)| (object, "namespace", &metadata.namespace))
}

/// Returns the severity and the fix for a name that looks like a placeholder, such as `CLUSTERNAMESPACE` and
/// `FILLED BY THE OPERATOR`.
pub(in crate::findings) fn placeholder(name: &str) -> Option<(Severity, String)> {
    let is_mark = |byte: u8| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-' | b' ');
    let is_placeholder = name.bytes().all(|byte| is_mark(byte) || byte.is_ascii_digit())
        && name.bytes().filter(u8::is_ascii_uppercase).count() > 2;
    is_placeholder
        .then(|| (Severity::Info, "replace the placeholder before you apply it".to_owned()))
}

/// Returns whether a violation concerns the invalid name of a ServiceAccount of the input, which has its own
/// finding.
fn is_of_account(context: &Context<'_>, binding: &Binding, violation: &Violation) -> bool {
    let subject = match &*violation.field.steps {
        [_, Step::Index(index), Step::Key(key)] if **key == *"name" => binding.subjects.get(*index),
        _ => None,
    };
    subject.is_some_and(|subject| {
        let accounts = context.names().accounts(&subject.name).iter();
        subject.kind == SubjectKind::ServiceAccount
            && accounts.copied().any(|account| context.is_judged(&account.metadata))
    })
}

/// Returns whether an unbuilt kustomization sets the missing namespace of a subject.
fn is_completed(binding: &Binding, violation: &Violation) -> bool {
    let steps = &*violation.field.steps;
    let Some(Step::Key(key)) = steps.last() else { return false };
    **key == *"namespace"
        && violation.message == "Required value"
        && binding.metadata.is_completed_by_build()
}

/// Returns a correction for an invalid ServiceAccount name, if there is an obvious one.
fn fix(context: &Context<'_>, binding: &Binding, field: &FieldPath) -> Option<String> {
    let [Step::Key(list), Step::Index(index), Step::Key(key)] = &*field.steps else { return None };
    let subject = binding.subjects.get(*index)?;
    if **list != *"subjects" || subject.kind != SubjectKind::ServiceAccount {
        return None;
    }
    match &**key {
        "namespace" => Some(match context.names().accounts(&subject.name).first() {
            Some(account) => format!("use `namespace: {}`", account.metadata.namespace),
            None => "set its namespace".to_owned(),
        }),
        "name" => {
            if subject.name.is_empty() {
                return Some("set its name".to_owned());
            }
            if let Some((_, fix)) = unmatchable(subject) {
                return Some(fix);
            }
            let namespace = subject.effective_namespace(&binding.metadata)?;
            let mut similar = accounts::lookalikes(context, namespace, &subject.name).into_iter();
            let other = similar.find(|account| account.metadata.name != subject.name)?;
            Some(format!("use `name: {}` if you meant that one", other.metadata.name))
        }
        "apiGroup" => Some("remove it".to_owned()),
        _ => None,
    }
}
