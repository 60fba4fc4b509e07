//! Access that the programs of a repository have by design.
//!
//! An operator runs Pods for its custom resources in the namespaces of its users. With the right to create
//! them, it can also run Pods as any ServiceAccount and mount any Secret. No change of the repository's
//! manifests avoids this as long as the operator serves all namespaces, so the finding is informational. The
//! same is true for the access that some well-known programs cannot work without: an ingress controller reads
//! the certificates in Secrets, and Argo CD applies any object.
//!
//! Whether to trust the program is a decision of each cluster: findings about clusters keep their severity,
//! as do the answers of all other commands.

use rolecall_access::Holder;
use rolecall_access::risk::{Program, RiskIndex};
use rolecall_rbac::Identity;

use crate::RuleCode;
use crate::context::Context;
use crate::pods::RunsAs;

/// Creating and changing Pods and workloads.
const PODS: [RuleCode; 3] = [RuleCode(515), RuleCode(516), RuleCode(517)];

/// Reading and writing Secrets, which anyone can do who creates Pods.
const SECRETS: [RuleCode; 3] = [RuleCode(510), RuleCode(511), RuleCode(512)];

/// Adding subjects to bindings, as anyone can do who writes bindings.
const BINDINGS: RuleCode = RuleCode(531);

/// The access that well-known programs cannot work without.
const PURPOSES: [Purpose; 3] = [
    Purpose {
        programs: &[Program::ArgoCd, Program::Flux, Program::Olm, Program::Applier],
        codes: &[501, 503, 505, 510, 511, 512, 513, 552],
        note: "; a program that applies any object for its users needs this access",
    },
    Purpose {
        programs: &[Program::Secrets],
        codes: &[510, 511, 512],
        note: "; a program that keeps Secrets for other workloads needs this access",
    },
    Purpose {
        programs: &[Program::Tls],
        codes: &[510, 511],
        note: "; a program that serves TLS with the certificates of all namespaces needs this access",
    },
];

/// Access that the function of some programs requires.
struct Purpose {
    programs: &'static [Program],
    codes: &'static [u16],
    note: &'static str,
}

/// Returns the reason why all holders of a cluster-wide risk need it: they are programs of the repository. It is
/// added to the message of the finding.
pub(super) fn reason(
    context: &Context<'_>,
    code: RuleCode,
    holders: &[Holder],
) -> Option<&'static str> {
    if context.input.complete || holders.is_empty() {
        return None;
    }
    let all = |needs: &dyn Fn(&Holder) -> bool| holders.iter().all(needs);
    if all(&|holder| is_of_operator(context, code, holder)) {
        return Some(
            "; a controller of custom resources that serves all namespaces needs this access",
        );
    }
    purpose(context, code, holders)
}

/// Returns the reason why the programs of all holders need a risk in every scope.
pub(super) fn purpose(
    context: &Context<'_>,
    code: RuleCode,
    holders: &[Holder],
) -> Option<&'static str> {
    if context.input.complete || holders.is_empty() {
        return None;
    }
    let is_meant = |purpose: &&Purpose| {
        let is_run = |holder: &Holder| context.risks().runs(holder, purpose.programs);
        purpose.codes.contains(&code.0) && holders.iter().all(is_run)
    };
    PURPOSES.iter().find(is_meant).map(|purpose| purpose.note)
}

/// Returns whether a holder is an operator of the repository that cannot create the Pods of its custom resources
/// without a risk.
fn is_of_operator(context: &Context<'_>, code: RuleCode, holder: &Holder) -> bool {
    let is_of_secrets = SECRETS.contains(&code);
    (is_of_secrets || PODS.contains(&code) || code == BINDINGS)
        && context.risks().is_controller(holder)
        && runs(context, &holder.identity())
        && (!is_of_secrets || creates_pods(context, &holder.identity()))
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
