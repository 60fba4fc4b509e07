use std::collections::BTreeMap;

use rolecall_rbac::{Binding, BoundRole, SubjectKind};

use crate::context::Context;
use crate::findings::Rule;
use crate::findings::workloads;
use crate::pods::{PodOf, RunsAs};
use crate::{FieldPath, Finding, ObjectRef, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC401, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // Group by binding, so that a cause is reported once, regardless of the number of workloads.
    let mut found: BTreeMap<ObjectRef, (&Binding, usize, Vec<&PodOf<'_>>)> = BTreeMap::new();
    for pod in context.pods() {
        let RunsAs::Account(identity) = &pod.runs_as else { continue };
        if pod.spec.service_account_name() != "default" {
            continue;
        }
        for bound in workloads::own_bindings(context, identity) {
            let Some(index) = subject_of_default(&bound, &pod.workload.metadata.namespace) else {
                continue;
            };
            let entry = found.entry(bound.binding.into());
            entry.or_insert_with(|| (bound.binding, index, Vec::new())).2.push(pod);
        }
    }
    for (binding_ref, (binding, index, pods)) in found {
        let Some(first) = pods.first() else { continue };
        let workload = ObjectRef::from(first.workload);
        let others = match pods.len() - 1 {
            0 => String::new(),
            1 => " and 1 other workload".to_owned(),
            others => format!(" and {others} other workloads"),
        };
        let runs = if others.is_empty() { "runs" } else { "run" };
        let namespace = &first.workload.metadata.namespace;
        let mut finding = if context.is_judged(&binding.metadata) {
            let message = format!(
                "grants access to ServiceAccount `{namespace}/default`, which {workload}{others} {runs} as"
            );
            Finding::new(RULE.meta, binding_ref, message)
                .at(FieldPath::key("subjects").then_index(index))
                .about(format!("{namespace}/default"))
        } else {
            let message = format!("runs as `default`, and {binding_ref} grants it access");
            let finding = Finding::new(RULE.meta, workload, message).about(&*first.spec.path);
            workloads::at_account(finding, first.spec).related(binding_ref, "grants the access")
        };
        for pod in pods {
            finding = finding.related(pod.workload.into(), "runs as `default`");
        }
        let fix = "create a ServiceAccount for each workload that needs the access, and grant it to that ServiceAccount";
        findings.push(finding.fix(fix));
    }
}

/// Returns the subject of a binding that is the ServiceAccount `default` of a namespace, or the
/// group of that namespace. Groups of all ServiceAccounts grant the same access to any other one.
fn subject_of_default(bound: &BoundRole<'_>, namespace: &str) -> Option<usize> {
    let metadata = &bound.binding.metadata;
    bound.binding.subjects.iter().position(|subject| match subject.kind {
        SubjectKind::ServiceAccount => {
            *subject.name == *"default"
                && subject.effective_namespace(metadata).is_some_and(|it| **it == *namespace)
        }
        SubjectKind::User => *subject.name == *format!("system:serviceaccount:{namespace}:default"),
        SubjectKind::Group => *subject.name == *format!("system:serviceaccounts:{namespace}"),
        SubjectKind::Other(_) => false,
    })
}
