//! A token is mounted into a Pod whose ServiceAccount has no rights.
//!
//! # What it does
//!
//! Finds Pods that get a token for the API server mounted, because neither they nor their ServiceAccount say
//! `automountServiceAccountToken: false`, although the ServiceAccount was granted nothing and nothing in the
//! manifest asks the API server for anything.
//!
//! # Why is this bad
//!
//! The Pod does not need the token, and whoever breaks into it gets an identity: with what everybody may
//! do, and with whatever is granted to the ServiceAccount later.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   template:
//!     spec:
//!       containers:
//!       - {name: web, image: registry.example.com/web:1}
//! ```
//!
//! # How to fix
//!
//! Say `automountServiceAccountToken: false` in the Pod or in its ServiceAccount.
//!
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   template:
//!     spec:
//!       automountServiceAccountToken: false
//!       containers:
//!       - {name: web, image: registry.example.com/web:1}
//! ```

use crate::commands::{Invocation, Tool};
use crate::context::Context;
use crate::findings::Rule;
use crate::findings::workloads::{self, RunsAs};
use crate::{Category, FieldPath, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC403",
        name: "needless-token",
        category: Category::Hygiene,
        severity: Severity::Info,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("needless_token.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for pod in context.pods() {
        let RunsAs::Account(identity) = &pod.runs_as else { continue };
        let skipped = !pod.automounts
            || pod.spec.containers.is_empty()
            || !workloads::account_exists(context, pod)
            || !workloads::own_bindings(context, identity).is_empty()
            || workloads::may_hold_more(context, identity)
            // Whatever they ask for, the token is there to ask.
            || pod.invocations.iter().any(asks_the_server)
            || workloads::evidence_of_need(context, pod).is_some();
        if skipped {
            continue;
        }
        let account = pod.spec.service_account_name();
        let message =
            format!("a token of ServiceAccount `{account}` is mounted, which has no rights");
        let finding = Finding::new(RULE.meta, pod.workload.into(), message)
            .at_line(FieldPath::default().then_dotted(&pod.spec.path), pod.spec.lines.spec)
            .about(&*pod.spec.path)
            .fix("say `automountServiceAccountToken: false`");
        findings.push(finding);
    }
}

/// Returns whether a command line is that of a client that speaks as the Pod's ServiceAccount.
fn asks_the_server(invocation: &Invocation) -> bool {
    invocation.tool != Tool::Http && !invocation.has_kubeconfig
}
