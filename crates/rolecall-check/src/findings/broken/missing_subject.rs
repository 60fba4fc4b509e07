use crate::context::Context;
use crate::findings::ownership::Owner;
use crate::findings::{Rule, accounts};
use crate::missing_subject::MissingSubject;
use crate::{ExternalKind, FieldPath, Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC102, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for missing in accounts::missing_subjects(context) {
        if !missing.lookalikes.is_empty() {
            continue;
        }
        let (namespace, name) = (missing.namespace, missing.name);
        let owner = match Owner::of_account(context, namespace, name) {
            Owner::Input if is_visited(context, missing) => Owner::Unknown,
            owner => owner,
        };
        let perhaps = match owner {
            Owner::Input => "",
            Owner::Unknown | Owner::Others => ": other software might create it",
        };
        let message = format!("ServiceAccount `{namespace}/{name}` {}{perhaps}", owner.absence());
        let fix = match owner {
            Owner::Input => "create it, or remove the subject",
            Owner::Unknown | Owner::Others => "create it",
        };
        let finding = Finding::new(RULE.meta, missing.binding.into(), message)
            .at(FieldPath::key("subjects").then_index(missing.index).then_key("name"))
            .about(format!("{namespace}/{name}"))
            .severity(owner.severity(RULE.meta.severity))
            .unless(accounts::unread_files(context, namespace, name))
            .fix(owner.fix(fix, ExternalKind::ServiceAccount, namespace, name));
        findings.push(finding);
    }
}

/// Returns whether the input only adds ServiceAccounts to a namespace that other software set up: it contains
/// neither the Namespace nor a workload or role in it, and the binding is elsewhere.
fn is_visited(context: &Context<'_>, missing: &MissingSubject<'_>) -> bool {
    let namespace = missing.namespace;
    !context.input.complete
        && *missing.binding.metadata.namespace != *namespace
        && !context.names().has_namespace(namespace)
        && context.inventory().workloads_in(namespace).is_empty()
}
