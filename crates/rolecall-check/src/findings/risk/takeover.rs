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
            .risks_of(identity)
            .into_iter()
            .filter(|risk| risk.namespace.is_none() && super::takes_over(risk.code))
            .min_by_key(|risk| (Reverse(super::severity(risk.code)), risk.code));
        let Some(may) = worst.and_then(|risk| super::may(risk.code)) else { continue };
        let message = format!(
            "whoever breaks into it may {may}, everywhere, as ServiceAccount `{}`",
            pod.spec.service_account_name()
        );
        let finding = Finding::new(meta, pod.workload.into(), message)
            .at(workloads::account_path(pod.spec))
            .about(&*pod.spec.path)
            .fix("grant its ServiceAccount what it needs, where it needs it");
        findings.push(finding);
    }
}
