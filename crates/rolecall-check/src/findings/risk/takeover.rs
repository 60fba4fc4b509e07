//! Workloads whose ServiceAccount can take over the cluster.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::context::Context;
use crate::findings::by_design;
use crate::findings::workloads;
use crate::pods::RunsAs;
use crate::{Finding, ObjectRef, RuleMeta};
use rolecall_access::Holder;
use rolecall_access::risk::{self, Risk, RiskIndex};
use rolecall_rbac::{Binding, Identity};
use rustc_hash::FxHashMap;

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
    // Most Pods of a ServiceAccount share its identity.
    let mut known: FxHashMap<*const Identity, Option<Takeover<'_>>> = FxHashMap::default();
    for pod in context.pods() {
        let RunsAs::Account(identity) = &pod.runs_as else { continue };
        if !is_meant(&pod.workload.kind) {
            continue;
        }
        let takeover = known
            .entry(Arc::as_ptr(identity))
            .or_insert_with(|| Takeover::of(context, &mut index, identity));
        let Some(Takeover { may, bindings }) = takeover else { continue };
        let message = format!(
            "anyone who breaks into it can {may}, in every namespace, as ServiceAccount `{}`",
            pod.spec.service_account_name()
        );
        let finding = Finding::new(meta, pod.workload.into(), message)
            .about(&*pod.spec.path)
            .fix("grant its ServiceAccount only the required access, in the required namespaces")
            .all_related(bindings.iter().copied().map(ObjectRef::from), GRANTS_IT);
        findings.push(workloads::at_account(finding, pod.spec));
    }
}

/// The most severe risk through which an identity can take over the cluster.
struct Takeover<'a> {
    may: &'static str,
    bindings: Vec<&'a Binding>,
}

impl<'a> Takeover<'a> {
    fn of(
        context: &Context<'_>,
        index: &mut RiskIndex<'_, 'a>,
        identity: &Identity,
    ) -> Option<Self> {
        let holder = [Holder::of_identity(identity)];
        let is_by_design = |code| by_design::reason(context, code, &holder).is_some();
        let worst = index
            .risks_everywhere(identity)
            .iter()
            .filter(|code| risk::takes_over(**code) && !is_by_design(**code))
            .filter_map(|code| risk::find(*code))
            .min_by_key(|risk| (Reverse(risk.severity), risk.code));
        let Risk { may, code, .. } = worst?;
        Some(Self { may, bindings: index.bindings_with(identity, *code) })
    }
}
