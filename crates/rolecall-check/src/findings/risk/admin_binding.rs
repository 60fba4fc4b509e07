use rolecall_access::Holder;
use rolecall_rbac::RoleKind;

use crate::context::Context;
use crate::findings::{Rule, by_design};
use crate::words::listed;
use crate::{FieldPath, Finding, Severity, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC505, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for binding in context.bindings() {
        let reference = &binding.role_ref;
        if reference.kind != RoleKind::ClusterRole || binding.subjects.is_empty() {
            continue;
        }
        let everywhere = binding.is_cluster_role_binding();
        let in_system = *binding.metadata.namespace == *"kube-system";
        let severity = match (&*reference.name, everywhere || in_system) {
            ("cluster-admin", true) => Severity::Critical,
            ("cluster-admin", false) | ("admin" | "edit", true) => Severity::High,
            // This is the intended use of these roles.
            ("admin" | "edit", false) => Severity::Info,
            _ => continue,
        };
        let place = match everywhere {
            true => "in the whole cluster".to_owned(),
            false => format!("in namespace `{}`", binding.metadata.namespace),
        };
        let subjects: Vec<String> = binding
            .subjects
            .iter()
            .map(|subject| format!("{} {}", subject.kind.as_str(), subject.name))
            .collect();
        let message = format!("grants `{}` {place} to {}", reference.name, listed(&subjects));
        let holders: Option<Vec<Holder>> = binding
            .subjects
            .iter()
            .map(|subject| Holder::of_subject(subject, &binding.metadata))
            .collect();
        let reason = holders
            .filter(|_| severity > Severity::Info)
            .and_then(|holders| by_design::purpose(context, RULE.meta.code, &holders));
        let (severity, message) = match reason {
            Some(reason) => (Severity::Info, format!("{message}{reason}")),
            None => (severity, message),
        };
        let finding = Finding::new(RULE.meta, binding.into(), message)
            .at(FieldPath::key("roleRef").then_key("name"))
            .about(format!("{} {}", reference.name, subjects.join(",")))
            .severity(severity)
            .fix("grant a role with only the required rules");
        findings.push(finding);
    }
}
