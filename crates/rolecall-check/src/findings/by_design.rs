//! Access that the operators of a repository have by design.
//!
//! An operator runs Pods for its custom resources in the namespaces of its users. With the right to create
//! them, it can also run Pods as any ServiceAccount and mount any Secret. No change of the repository's
//! manifests avoids this as long as the operator serves all namespaces, so the finding is informational.
//! Whether to trust the operator is a decision of each cluster: findings about clusters keep their severity,
//! as do the answers of all other commands.

use rolecall_access::Holder;
use rolecall_access::risk::RiskIndex;
use rolecall_rbac::Identity;

use crate::RuleCode;
use crate::context::Context;
use crate::pods::RunsAs;

/// Added to the messages of findings about such access.
pub(super) const NOTE: &str =
    "; a controller of custom resources that serves all namespaces needs this access";

/// Creating and changing Pods and workloads.
const PODS: [RuleCode; 3] = [RuleCode(515), RuleCode(516), RuleCode(517)];

/// Reading and writing Secrets, which anyone can do who creates Pods.
const SECRETS: [RuleCode; 3] = [RuleCode(510), RuleCode(511), RuleCode(512)];

/// Returns whether all holders of a cluster-wide risk are operators of the repository that cannot create the Pods
/// of their custom resources without it.
pub(super) fn is_by_design(context: &Context<'_>, code: RuleCode, holders: &[Holder]) -> bool {
    let is_of_secrets = SECRETS.contains(&code);
    if context.input.complete || holders.is_empty() || !(is_of_secrets || PODS.contains(&code)) {
        return false;
    }
    holders.iter().all(|holder| {
        context.risks().is_controller(holder)
            && runs(context, &holder.identity())
            && (!is_of_secrets || creates_pods(context, &holder.identity()))
    })
}

/// Returns whether a workload of the input runs as an identity.
fn runs(context: &Context<'_>, identity: &Identity) -> bool {
    context
        .pods()
        .iter()
        .any(|pod| matches!(&pod.runs_as, RunsAs::Account(account) if **account == *identity))
}

fn creates_pods(context: &Context<'_>, identity: &Identity) -> bool {
    let mut index = RiskIndex::new(context.risks());
    let held = index.risks_everywhere(identity);
    held.contains(&RuleCode(515)) || held.contains(&RuleCode(516))
}
