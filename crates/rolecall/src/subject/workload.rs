//! Workloads as subjects, which mean the ServiceAccounts of their Pods.

use std::collections::BTreeSet;

use rolecall_rbac::{Gap, Identity, ObjectKind, PodSpec, ServedResource, Unread, Workload};
use rolecall_source::cluster::Needs as ClusterNeeds;

use super::{Subject, WorkloadName, nearest};
use crate::error::{CommandError, Hint};
use crate::kind::is_kind;
use crate::load::Session;

/// Finds the workload of a kind, namespace and name.
pub(crate) fn find_workload<'a>(
    session: &'a Session,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Result<&'a Workload, CommandError> {
    let inventory = session.authorizer.inventory();
    let of_kind = |workload: &&Workload| is_kind(&session.catalog, workload, kind);
    let mut candidates = inventory.workloads_in(namespace).iter().filter(of_kind);
    if let Some(workload) = candidates.clone().find(|workload| *workload.metadata.name == *name) {
        return Ok(workload);
    }
    if let Some(error) = unknown_kind(session, kind, name) {
        return Err(error);
    }
    if session.live().is_some() && !is_listed(session, kind) {
        let file = format!("{name}.yaml");
        let get = format!("kubectl get {kind} {name} -n {namespace} -o yaml > {file}");
        return Err(CommandError::input(format!(
            "cannot look up `{kind}/{name}`: rolecall only lists workloads of built-in kinds in a cluster"
        ))
        .with_hint(Hint::run(get, "save it to a file"))
        .with_hint(Hint::pass(format!("--overlay -f {file}"), "read it from there")));
    }
    if let Some(gap) = hiding(session, kind, namespace) {
        let text =
            format!("`{kind}/{name}` was not found, but not everything could be read: {gap}");
        return Err(CommandError::cluster(text));
    }
    let elsewhere = inventory
        .workloads()
        .iter()
        .filter(of_kind)
        .find(|workload| *workload.metadata.name == *name);
    let guess = match elsewhere {
        Some(workload) => Some(format!("{kind}/{}:{name}", workload.metadata.namespace)),
        None => {
            let names: Vec<&str> =
                candidates.by_ref().map(|workload| &*workload.metadata.name).collect();
            nearest(&names, name, |name| name).map(|near| format!("{kind}/{near}"))
        }
    };
    Err(CommandError::input(format!("there is no `{kind}/{name}` in namespace `{namespace}`"))
        .with_hint(guess.and_then(|guess| Hint::did_you_mean(format!("{kind}/{name}"), [guess]))))
}

/// Returns whether rolecall lists workloads of a kind in clusters.
fn is_listed(session: &Session, kind: &str) -> bool {
    let listed = ClusterNeeds::everything().collections();
    let mut named = session.catalog.named(kind.split('.').next().unwrap_or(kind));
    named.any(|served| {
        listed.iter().any(|it| *it.kind == *served.kind && *it.group == *served.group)
    })
}

/// Returns the first gap that could hide a workload of a kind.
fn hiding<'a>(session: &'a Session, kind: &str, namespace: &str) -> Option<&'a Gap> {
    let word = kind.split('.').next().unwrap_or(kind);
    let is_meant = |unread: &str| session.catalog.named(word).any(|named| *named.kind == *unread);
    session.authorizer.inventory().gaps().iter().find(|gap| {
        gap.may_hide_workload(namespace)
            && match &gap.unread {
                Unread::Kind { kind: ObjectKind::Other(unread), .. }
                | Unread::KindOutside { kind: ObjectKind::Other(unread), .. }
                | Unread::Object { kind: ObjectKind::Other(unread), .. } => is_meant(unread),
                _ => true,
            }
    })
}

/// Returns the error for a word that is not a kind of workload in the catalog or the input.
pub(crate) fn unknown_kind(session: &Session, kind: &str, name: &str) -> Option<CommandError> {
    if matches!(&*kind.to_lowercase(), "ns" | "namespace" | "namespaces") {
        let error = format!("`{kind}/{name}` is not a subject: a namespace has no access itself");
        return Some(
            CommandError::usage(error)
                .with_hint(Hint::did_you_mean(
                    format!("{kind}/{name}"),
                    [format!("sa/{name}:NAME")],
                ))
                .with_hint(Hint::pass(
                    format!("--for group/system:serviceaccounts:{name}"),
                    "ask about all its ServiceAccounts at once",
                )),
        );
    }
    let workloads = session.authorizer.inventory().workloads();
    let may_make_pods = |served: &ServedResource| {
        // Custom kinds can create Pods; of the built-in ones, only the listed do.
        let is_custom = served.group.contains('.') && !served.group.ends_with(".k8s.io");
        is_custom || is_listed(session, kind)
    };
    let word = kind.split('.').next().unwrap_or(kind);
    let is_known = session.catalog.named(word).any(may_make_pods)
        || workloads.iter().any(|workload| is_kind(&session.catalog, workload, kind));
    if is_known {
        return None;
    }
    let known = ["sa", "user", "group", "pod", "deploy", "sts", "ds", "job", "cronjob", "rs"];
    let guess = nearest(&known, kind, |known| known);
    let account = format!("sa/{kind}:{name}");
    let is_account = session.authorizer.inventory().service_account(kind, name).is_some();
    let error = CommandError::usage(format!("`{kind}` is not a kind of subject"))
        .with_hint(
            is_account.then(|| Hint::did_you_mean(format!("{kind}/{name}"), [account])).flatten(),
        )
        .with_hint(guess.and_then(|guess| {
            Hint::did_you_mean(format!("{kind}/{name}"), [format!("{guess}/{name}")])
        }))
        .with_hint(Hint::run("rolecall help can-i", "see the notation of subjects"));
    Some(error)
}

/// Returns the ServiceAccounts of a workload's Pods, without duplicates, in order.
pub(super) fn service_accounts_of(workload: &Workload) -> Result<Vec<Subject>, CommandError> {
    let metadata = &workload.metadata;
    if workload.mirror {
        return Err(CommandError::input(format!(
            "Pod `{}/{}` is static: the kubelet runs it without a ServiceAccount",
            metadata.namespace, metadata.name
        )));
    }
    let mut names: Vec<&str> = workload.pods.iter().map(PodSpec::service_account_name).collect();
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    if names.is_empty() {
        return Err(CommandError::input(format!(
            "{} `{}/{}` has no Pod template",
            workload.kind, metadata.namespace, metadata.name
        )));
    }
    let subject = |name| Subject {
        identity: Identity::service_account(&metadata.namespace, name),
        workload: Some(WorkloadName {
            kind: workload.kind.to_string(),
            namespace: metadata.namespace.to_string(),
            name: metadata.name.to_string(),
        }),
    };
    Ok(names.into_iter().map(subject).collect())
}
