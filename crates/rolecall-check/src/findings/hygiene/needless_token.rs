use std::collections::BTreeMap;

use crate::context::Context;
use crate::findings::Rule;
use crate::findings::workloads;
use crate::pods::{PodOf, RunsAs};
use crate::{FieldPath, Finding, ObjectRef, documents};
use rolecall_command::{Invocation, Tool};

pub(super) const RULE: Rule = Rule { meta: &documents::RC403, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut found: BTreeMap<(&str, &str), Vec<&PodOf<'_>>> = BTreeMap::new();
    for pod in context.pods() {
        let RunsAs::Account(identity) = &pod.runs_as else { continue };
        let skipped = !pod.automounts
            || pod.spec.containers.is_empty()
            || !workloads::account_exists(context, pod)
            || !workloads::own_bindings(context, identity).is_empty()
            || workloads::may_hold_more(context, identity)
            // These requests need the token, regardless of the resource.
            || pod.invocations.iter().any(asks_the_server)
            || workloads::evidence_of_need(context, pod).is_some();
        if !skipped {
            let namespace = &*pod.workload.metadata.namespace;
            found.entry((namespace, pod.spec.service_account_name())).or_default().push(pod);
        }
    }
    for (_, pods) in found {
        findings.extend(of_account(context, &pods));
    }
}

/// Reports the Pods that needlessly mount the token of one ServiceAccount.
fn of_account(context: &Context<'_>, pods: &[&PodOf<'_>]) -> Option<Finding> {
    let first = pods.first()?;
    let RunsAs::Account(identity) = &first.runs_as else { return None };
    let name = first.spec.service_account_name();
    let account = first.account.filter(|account| context.is_judged(&account.metadata));
    let finding = match (account, pods.len()) {
        (Some(account), several @ 2..) => {
            let message = format!(
                "its token is mounted into the Pods of {several} workloads, but it has no access"
            );
            let finding = Finding::new(RULE.meta, account.into(), message);
            pods.iter().fold(finding, |finding, pod| {
                finding.related(ObjectRef::from(pod.workload), "mounts the token")
            })
        }
        (_, count) => {
            let others = match count - 1 {
                0 => String::new(),
                1 => ", here and in 1 other workload".to_owned(),
                others => format!(", here and in {others} other workloads"),
            };
            let message = format!(
                "a token of ServiceAccount `{name}` is mounted{others}, but the ServiceAccount has no access"
            );
            let pod = first.spec;
            Finding::new(RULE.meta, first.workload.into(), message)
                .at_line(FieldPath::default().then_dotted(&pod.path), pod.lines.spec)
                .about(&*pod.path)
        }
    };
    let files = workloads::unread_grants(context, identity);
    Some(finding.fix("set `automountServiceAccountToken: false`").unless(files))
}

/// Returns whether a command line runs a client with the identity of the Pod's ServiceAccount.
fn asks_the_server(invocation: &Invocation) -> bool {
    invocation.tool != Tool::Http && !invocation.has_kubeconfig
}
