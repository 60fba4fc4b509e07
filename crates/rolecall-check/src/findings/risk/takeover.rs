//! Workloads whose ServiceAccount can take over the cluster.

use std::cmp::Reverse;

use super::engine::RiskTeller;
use crate::context::Context;
use crate::findings::workloads::{self, RunsAs};
use crate::{Finding, RuleMeta};

/// Reports the workloads of some kinds that run as a ServiceAccount which can take over the cluster.
pub(super) fn report(
    context: &Context<'_>,
    meta: &'static RuleMeta,
    findings: &mut Vec<Finding>,
    is_meant: impl Fn(&str) -> bool,
) {
    let mut teller = RiskTeller::new(context.authorizer(), context.input.version);
    for pod in context.pods() {
        let RunsAs::Account(identity) = &pod.runs_as else { continue };
        if !is_meant(&pod.workload.kind) {
            continue;
        }
        let worst = teller
            .risks_everywhere(identity)
            .iter()
            .copied()
            .filter(|code| super::takes_over(code))
            .min_by_key(|code| (Reverse(super::severity(code)), *code));
        let Some(may) = worst.and_then(super::may) else { continue };
        let message = format!(
            "whoever breaks into it may {may}, everywhere, as ServiceAccount `{}`",
            pod.spec.service_account_name()
        );
        let finding = Finding::new(meta, pod.workload.into(), message)
            .about(&*pod.spec.path)
            .fix("grant its ServiceAccount what it needs, where it needs it");
        findings.push(workloads::at_account(finding, pod.spec));
    }
}
