use crate::context::Context;
use crate::findings::{Rule, accounts, roles, workloads};
use crate::{ExternalKind, Finding, ObjectRef, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC904, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // If the input is complete, nothing is external, and the list can be intended for other runs.
    if context.input.external.is_empty() || context.input.complete {
        return;
    }
    let missing = missing(context);
    for entry in context.input.external {
        let is_used = |(kind, namespace, name): &(ExternalKind, &str, &str)| {
            entry.matches(*kind, namespace, name)
        };
        if missing.iter().any(is_used) {
            continue;
        }
        let object = ObjectRef {
            origin: entry.origin.clone(),
            kind: "External".into(),
            namespace: "".into(),
            name: entry.to_string().into(),
        };
        let message = "it matches no missing role or ServiceAccount".to_owned();
        let finding = Finding::new(RULE.meta, object, message)
            .about(entry.to_string())
            .fix("remove the entry");
        findings.push(finding);
    }
}

/// Returns the objects that the input refers to but does not contain.
fn missing<'a>(context: &'a Context<'_>) -> Vec<(ExternalKind, &'a str, &'a str)> {
    let roles = roles::without_role(context).map(|binding| {
        let (kind, namespace) = roles::kind_and_namespace(binding);
        (kind, namespace, &*binding.role_ref.name)
    });
    let accounts = accounts::unknown_subjects(context)
        .iter()
        .map(|missing| (ExternalKind::ServiceAccount, missing.namespace, missing.name));
    let pods = context.pods().iter().filter(|pod| !workloads::account_exists(context, pod));
    let of_pods = pods.map(|pod| {
        let namespace = &*pod.workload.metadata.namespace;
        (ExternalKind::ServiceAccount, namespace, pod.spec.service_account_name())
    });
    roles.chain(accounts).chain(of_pods).collect()
}
