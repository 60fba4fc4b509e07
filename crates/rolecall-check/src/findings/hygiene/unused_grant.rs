use rolecall_rbac::{Binding, Identity, PodSpec, ServiceAccount};
use rustc_hash::FxHashSet;

use super::account_use::Uses;
use crate::context::Context;
use crate::findings::{Rule, workloads};
use crate::{Finding, Severity, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC402, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let names = context.names();
    let bound: Vec<&ServiceAccount> =
        context.service_accounts().filter(|account| names.is_bound(account)).collect();
    if bound.is_empty() || !workloads::are_all_known(context) {
        return;
    }
    let names_bound: FxHashSet<&str> =
        bound.iter().map(|account| &*account.metadata.name).collect();
    let mut used: FxHashSet<(&str, &str)> = FxHashSet::default();
    let mut names_used: FxHashSet<&str> = FxHashSet::default();
    let mut used_somewhere: FxHashSet<&str> = FxHashSet::default();
    for workload in context.inventory().workloads() {
        let accounts = workload.pods.iter().map(PodSpec::service_account_name);
        for name in accounts.filter(|name| names_bound.contains(name)) {
            used.insert((&workload.metadata.namespace, name));
            names_used.insert(name);
            if context.is_guess(&workload.metadata) {
                used_somewhere.insert(name);
            }
        }
    }
    let uses = Uses::of(context);
    for account in bound {
        let metadata = &account.metadata;
        let is_used = used.contains(&(&*metadata.namespace, &*metadata.name))
            || used_somewhere.contains(&*metadata.name)
            || (context.is_guess(metadata) && names_used.contains(&*metadata.name));
        if is_used {
            continue;
        }
        let identity = Identity::service_account(&metadata.namespace, &metadata.name);
        let bindings: Vec<&Binding> = workloads::own_bindings(context, &identity)
            .into_iter()
            .filter(|bound| bound.subject.name == metadata.name)
            .map(|bound| bound.binding)
            .collect();
        if bindings.is_empty() || uses.is_minted(account) || uses.is_renamed(account) {
            continue;
        }
        let message = "has access, but no workload in the input uses it".to_owned();
        // Repositories contain ServiceAccounts for people, pipelines and programs that run
        // elsewhere.
        let is_whole = context.input.complete && !uses.may_be_run(context, &metadata.namespace);
        let severity = if is_whole { RULE.meta.severity } else { Severity::Info };
        let mut finding = Finding::new(RULE.meta, account.into(), message)
            .severity(severity)
            .unless(context.unread_files(workloads::may_hide_any_workload))
            .fix("run the intended workload as this ServiceAccount, or remove its bindings if nothing uses it");
        for binding in bindings {
            finding = finding.related(binding.into(), "grants it access");
        }
        findings.push(finding);
    }
}
