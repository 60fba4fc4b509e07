use std::cell::LazyCell;

use rolecall_rbac::{Role, ServiceAccount};
use rustc_hash::FxHashSet;

use crate::context::Context;
use crate::findings::Rule;
use crate::findings::workloads;
use crate::pods::{PodOf, RunsAs};
use crate::{Finding, Severity, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC404, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let (mounting, others): (Vec<&PodOf<'_>>, Vec<&PodOf<'_>>) =
        context.pods().iter().partition(|pod| workloads::mounts_token(pod));
    let shared = LazyCell::new(|| {
        mounting.iter().map(|pod| Account::of(pod)).collect::<FxHashSet<Account<'_>>>()
    });
    for pod in others {
        let RunsAs::Account(identity) = &pod.runs_as else { continue };
        if pod.spec.containers.is_empty() {
            continue;
        }
        let (because, severity) = match workloads::evidence_of_need(context, pod) {
            Some(because) => (because, RULE.meta.severity),
            None => {
                let name = pod.spec.service_account_name();
                let directly = || {
                    let bindings = workloads::own_bindings(context, identity);
                    bindings.iter().any(|bound| {
                        *bound.subject.name == *name && bound.role.is_ok_and(takes_token)
                    })
                };
                if name == "default" || shared.contains(&Account::of(pod)) || !directly() {
                    continue;
                }
                (format!("ServiceAccount `{name}` has been granted access"), Severity::Low)
            }
        };
        let message = format!("no token is mounted, but {because}");
        let finding = Finding::new(RULE.meta, pod.workload.into(), message)
            .about(&*pod.spec.path)
            .severity(severity)
            .fix("remove `automountServiceAccountToken: false`, or project a token");
        findings.push(workloads::at_token(finding, pod.spec));
    }
}

/// Returns whether a role grants anything that a Pod requests. Only admission plugins check `use`,
/// when the Pod is created: for security context constraints and Pod security policies.
fn takes_token(role: &Role) -> bool {
    role.rules.iter().any(|rule| rule.verbs.iter().any(|verb| **verb != *"use"))
}

/// The ServiceAccount that a Pod runs as.
#[derive(PartialEq, Eq, Hash)]
enum Account<'a> {
    /// A ServiceAccount in the input.
    Known(*const ServiceAccount),
    /// A missing ServiceAccount, by its namespace and name.
    Other(&'a str, &'a str),
}

impl<'a> Account<'a> {
    fn of(pod: &PodOf<'a>) -> Self {
        match pod.account {
            Some(account) => Self::Known(account),
            None => Self::Other(&pod.workload.metadata.namespace, pod.spec.service_account_name()),
        }
    }
}
