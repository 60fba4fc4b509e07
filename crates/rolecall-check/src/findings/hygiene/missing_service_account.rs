use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::path::Path;

use rolecall_rbac::{Metadata, Origin, is_template};

use crate::context::Context;
use crate::findings::broken::placeholder;
use crate::findings::ownership::Owner;
use crate::findings::workloads;
use crate::findings::{Rule, accounts, roles};
use crate::pods::{PodOf, RunsAs};
use crate::words::{listed, quote};
use crate::{ExternalKind, Finding, Severity, documents, validation};

pub(super) const RULE: Rule = Rule { meta: &documents::RC405, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let foreign = LazyCell::new(|| foreign_directories(context));
    for pod in context.pods() {
        if matches!(pod.runs_as, RunsAs::Nobody) || workloads::account_exists(context, pod) {
            continue;
        }
        let namespace = &pod.workload.metadata.namespace;
        let name = pod.spec.service_account_name();
        if is_template(name) || context.is_external(ExternalKind::ServiceAccount, namespace, name) {
            continue;
        }
        if !validation::is_dns_subdomain(name) {
            findings.push(impossible(pod));
            continue;
        }
        let similar: Vec<String> = accounts::lookalikes(context, namespace, name)
            .iter()
            .map(|account| format!("{}/{}", account.metadata.namespace, account.metadata.name))
            .collect();
        let fix = match &*similar {
            [] => "create the ServiceAccount".to_owned(),
            similar => format!("create it, or use one that exists: {}", listed(similar)),
        };
        let mut is_example = false;
        let owner = match Owner::of_account(context, namespace, name) {
            // The software that installs the missing roles can also create the ServiceAccount. Files without
            // a namespace in other directories say nothing about this one.
            Owner::Input
                if similar.is_empty()
                    && context.is_guess(&pod.workload.metadata)
                    && directory(&pod.workload.metadata).is_some_and(|directory| {
                        is_example = !has_accounts(context, namespace, directory);
                        is_example || foreign.contains(directory)
                    }) =>
            {
                Owner::Unknown
            }
            owner => owner,
        };
        let is_renamed = accounts::may_be_renamed(context, name);
        let severity = match owner {
            Owner::Input => RULE.meta.severity,
            // Nothing near it is about the namespace that it is applied to.
            Owner::Unknown if is_example => Severity::Info,
            Owner::Unknown if is_renamed => Severity::Low,
            Owner::Unknown | Owner::Others => Severity::Medium,
        };
        let severity = placeholder(namespace).map_or(severity, |(severity, _)| severity);
        let message = format!("ServiceAccount `{namespace}/{name}` {}", owner.absence());
        let finding = Finding::new(RULE.meta, pod.workload.into(), message)
            .about(format!("{} {name}", pod.spec.path))
            .severity(severity)
            .unless(accounts::unread_files(context, namespace, name))
            .fix(owner.fix(&fix, ExternalKind::ServiceAccount, namespace, name));
        findings.push(workloads::at_account(finding, pod.spec));
    }
}

/// Reports a name that no ServiceAccount can have.
fn impossible(pod: &PodOf<'_>) -> Finding {
    let name = pod.spec.service_account_name();
    let (severity, fix) = placeholder(name).unwrap_or_else(|| {
        (RULE.meta.severity, "use lower case letters, digits, `-` and `.`".to_owned())
    });
    let message =
        format!("no ServiceAccount can be named {}: a server rejects the Pods", quote(name));
    let finding = Finding::new(RULE.meta, pod.workload.into(), message)
        .about(format!("{} {name}", pod.spec.path))
        .severity(severity)
        .fix(fix);
    workloads::at_account(finding, pod.spec)
}

/// Returns the directories with bindings to roles that other software can install.
fn foreign_directories<'a>(context: &'a Context<'_>) -> BTreeSet<&'a Path> {
    roles::without_role(context)
        .filter(|binding| Owner::of_role(context, binding) == Owner::Unknown)
        .filter_map(|binding| directory(&binding.metadata))
        .collect()
}

/// Returns whether a directory, or one above or below it, contains ServiceAccounts of a namespace.
fn has_accounts(context: &Context<'_>, namespace: &str, of: &Path) -> bool {
    let mut accounts = context.inventory().service_accounts_in(namespace).iter();
    accounts.any(|account| {
        directory(&account.metadata).is_some_and(|directory| {
            directory.starts_with(of) || (of.starts_with(directory) && directory != Path::new(""))
        })
    })
}

/// Returns the directory of the file that an object was read from.
fn directory(metadata: &Metadata) -> Option<&Path> {
    match &metadata.origin {
        Origin::File { path, .. } => Path::new(&**path).parent(),
        Origin::Cluster | Origin::Default => None,
    }
}
