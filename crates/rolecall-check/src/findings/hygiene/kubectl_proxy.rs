//! A container runs `kubectl proxy`.
//!
//! # What it does
//!
//! Finds `kubectl proxy` in `command` and `args` of containers, and says on which address it listens.
//!
//! # Why is this bad
//!
//! The proxy adds the Pod's token to every request that reaches its port: it lends the ServiceAccount to
//! whoever can connect. On the loopback address these are the Pod's other containers; on any other address,
//! such as `0.0.0.0`, every Pod of the cluster that no NetworkPolicy stops.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: dashboard, namespace: shop}
//! spec:
//!   containers:
//!   - name: proxy
//!     image: registry.example.com/tools/kubectl:1.36
//!     args: [proxy, --address=0.0.0.0, --port=8001, "--accept-hosts=.*"]
//! ```
//!
//! # How to fix
//!
//! Use a client library with the mounted token instead. If it must be a proxy, leave it on the loopback
//! address, give the Pod a ServiceAccount with as little as it needs, and suppress this finding with a reason.
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: dashboard, namespace: shop}
//! spec:
//!   containers:
//!   - name: dashboard
//!     image: registry.example.com/dashboard:1
//! ```

use crate::context::Context;
use crate::findings::Rule;
use crate::findings::workloads;
use crate::{Category, Finding, RuleMeta, Severity, Versions, commands};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC406",
        name: "kubectl-proxy",
        category: Category::Hygiene,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("kubectl_proxy.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for pod in context.pods() {
        for invocation in &pod.invocations {
            let Some(address) = commands::proxy_address(invocation) else { continue };
            let local = address.starts_with("127.") || matches!(&*address, "localhost" | "::1");
            let (who, severity) = match local {
                true => ("the Pod's other containers", Severity::Medium),
                false => ("whoever reaches the Pod", Severity::High),
            };
            let message = format!(
                "`kubectl proxy` on `{address}` lends ServiceAccount `{}` to {who}",
                pod.spec.service_account_name()
            );
            let finding = Finding::new(RULE.meta, pod.workload.into(), message)
                .at(workloads::invocation_path(pod.spec, invocation))
                .in_line(invocation.place.line)
                .about(invocation.text.clone())
                .severity(severity)
                .fix(match local {
                    true => "let the program use the mounted token itself",
                    false => "listen on 127.0.0.1, or let programs use tokens of their own",
                });
            findings.push(finding);
        }
    }
}
