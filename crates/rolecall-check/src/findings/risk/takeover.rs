//! Workloads whose ServiceAccount can take over the cluster.

use std::cmp::Reverse;

use crate::context::Context;
use crate::findings::workloads;
use crate::pods::RunsAs;
use crate::{Finding, RuleMeta};
use rolecall_access::risk::{self, Risk, RiskIndex};

/// The note of the bindings through which a workload can take over the cluster.
const GRANTS_IT: &str = "grants it";

/// Reports the workloads of some kinds that run as a ServiceAccount which can take over the cluster.
pub(super) fn report(
    context: &Context<'_>,
    meta: &'static RuleMeta,
    findings: &mut Vec<Finding>,
    is_meant: impl Fn(&str) -> bool,
) {
    let mut index = RiskIndex::new(context.risks());
    for pod in context.pods() {
        let RunsAs::Account(identity) = &pod.runs_as else { continue };
        if !is_meant(&pod.workload.kind) {
            continue;
        }
        let worst = index
            .risks_everywhere(identity)
            .iter()
            .filter(|code| risk::takes_over(**code))
            .filter_map(|code| risk::find(*code))
            .min_by_key(|risk| (Reverse(risk.severity), risk.code));
        let Some(Risk { may, code, .. }) = worst else { continue };
        let message = format!(
            "anyone who breaks into it can {may}, in every namespace, as ServiceAccount `{}`",
            pod.spec.service_account_name()
        );
        let finding = Finding::new(meta, pod.workload.into(), message)
            .about(&*pod.spec.path)
            .fix("grant its ServiceAccount only the required access, in the required namespaces");
        let mut finding = workloads::at_account(finding, pod.spec);
        for binding in index.bindings_with(identity, *code) {
            finding = finding.related(binding.into(), GRANTS_IT);
        }
        findings.push(finding);
    }
}
