//! Dedicated ServiceAccounts for workloads, instead of the `default` one that all Pods share.

use std::collections::BTreeMap;

use rolecall_grant::is_managed;
use rolecall_rbac::{Binding, Identity, Inventory, PodSpec, SubjectKind, Workload};
use serde_json::{Value, json};

use super::workloads::topmost;
use crate::answer::fix::{Gathered, Patch};
use crate::cli::quote;
use crate::error::{CommandError, Hint};
use crate::load::Session;
use crate::subject::{Subject, WorkloadName};
use crate::ui::Ui;

/// Assigns a dedicated ServiceAccount to each workload that runs as `default`.
pub(super) fn accounts(
    ui: &Ui,
    session: &Session,
    subjects: Vec<Subject>,
) -> Result<(Vec<Subject>, Vec<Patch>), CommandError> {
    let inventory = session.authorizer.inventory();
    let mut patches = Vec::new();
    let mut dedicated = Vec::new();
    for subject in subjects {
        let Some(named) = &subject.workload else {
            return Err(CommandError::usage(
                "`--dedicated-serviceaccount` needs a workload, such as `--for deploy/NAME`",
            ));
        };
        if !is_default(&subject.identity) {
            ui.note(format!(
                "{} {}/{} already has a dedicated ServiceAccount",
                named.kind, named.namespace, named.name
            ));
            dedicated.push(subject);
            continue;
        }
        let Some(workload) = find(inventory, named).map(|named| topmost(inventory, named)) else {
            dedicated.push(subject);
            continue;
        };
        let account = free_account(session, workload);
        note_of_gained_grants(ui, session, workload, &account);
        note_of_lost_grants(ui, session, &subject.identity, &account);
        let identity = Identity::service_account(&workload.metadata.namespace, &account);
        patches.push(patch(workload, account));
        dedicated.push(Subject { identity, workload: subject.workload });
    }
    patches.dedup();
    Ok((dedicated, patches))
}

fn is_default(identity: &Identity) -> bool {
    identity.as_service_account().is_some_and(|account| account.name == "default")
}

fn find<'a>(inventory: &'a Inventory, named: &WorkloadName) -> Option<&'a Workload> {
    inventory
        .workloads_in(&named.namespace)
        .iter()
        .find(|workload| *workload.kind == *named.kind && *workload.metadata.name == *named.name)
}

/// Grants the requests that were denied to `default` to the dedicated accounts of its workloads instead.
/// Returns the patches of workloads with such requests.
pub(super) fn take_over(
    ui: &Ui,
    gathered: &mut Gathered,
    patches: Vec<Patch>,
) -> Result<Vec<Patch>, CommandError> {
    let mut by_namespace: BTreeMap<&str, &WorkloadName> = BTreeMap::new();
    for Patch { workload, .. } in &patches {
        if let Some(other) = by_namespace.insert(&workload.namespace, workload) {
            return Err(CommandError::usage(format!(
                "unclear whether {} `{}` or {} `{}` was denied: both run as `default`",
                other.kind, other.name, workload.kind, workload.name
            ))
            .with_hint(Hint::pass("--for deploy/NAME", "select the workload")));
        }
    }
    let mut taken = Vec::new();
    for patch in patches {
        let namespace = &patch.workload.namespace;
        let own = Identity::service_account(namespace, &patch.account);
        let shared = Identity::service_account(namespace, "default");
        let mut is_used = false;
        for denied in gathered.denied.iter_mut().filter(|found| found.identity.user == shared.user)
        {
            denied.identity = own.clone();
            is_used = true;
        }
        gathered.reasons = std::mem::take(&mut gathered.reasons)
            .into_iter()
            .map(|((who, request), reason)| {
                let who = if who.user == shared.user { own.clone() } else { who };
                ((who, request), reason)
            })
            .collect();
        if is_used {
            taken.push(patch);
        } else {
            ui.warn(format!("no request of `default` in namespace `{namespace}` was denied"));
        }
    }
    Ok(taken)
}

/// Returns the workload's name, with a number if necessary, so that no other workload uses the account, and
/// it has no bindings by name except those of rolecall.
fn free_account(session: &Session, workload: &Workload) -> String {
    let inventory = session.authorizer.inventory();
    let (namespace, name) = (&workload.metadata.namespace, &workload.metadata.name);
    let numbered = (2u64..).map(|number| format!("{name}-{number}"));
    let is_free = |candidate: &String| {
        candidate != "default"
            && inventory.workloads_in(namespace).iter().all(|other| {
                topmost(inventory, other) == workload
                    || other.pods.iter().all(|pod| pod.service_account_name() != candidate)
            })
            && bindings_by_name(session, &Identity::service_account(namespace, candidate))
                .all(|binding| is_managed(&binding.metadata))
    };
    std::iter::once(name.to_string())
        .chain(numbered)
        .find(is_free)
        .unwrap_or_else(|| name.to_string())
}

/// Returns the bindings for an account by name, without those for its groups.
fn bindings_by_name<'a>(
    session: &'a Session,
    identity: &Identity,
) -> impl Iterator<Item = &'a Binding> {
    session
        .authorizer
        .bindings_of(identity)
        .into_iter()
        .filter(|bound| bound.subject.kind != SubjectKind::Group)
        .map(|bound| bound.binding)
}

/// Notes the existing grants of the account, which the workload gains.
fn note_of_gained_grants(ui: &Ui, session: &Session, workload: &Workload, account: &str) {
    let name = &workload.metadata.name;
    if **name != *account {
        ui.note(format!(
            "using `{account}`, because `{name}` already has other workloads or grants"
        ));
    }
    let identity = Identity::service_account(&workload.metadata.namespace, account);
    let gained: Vec<String> =
        bindings_by_name(session, &identity).map(crate::words::binding).collect();
    if !gained.is_empty() {
        ui.warn(format!(
            "as `{account}`, the Pods also have the existing grants of {}",
            gained.join(", ")
        ));
    }
}

/// Notes the grants of `default` by name, which the workload loses.
fn note_of_lost_grants(ui: &Ui, session: &Session, identity: &Identity, account: &str) {
    let lost: Vec<String> =
        bindings_by_name(session, identity).map(crate::words::binding).collect();
    if !lost.is_empty() {
        ui.warn(format!(
            "as `{account}`, the Pods lose the grants of `default` from {}",
            lost.join(", ")
        ));
    }
}

fn patch(workload: &Workload, account: String) -> Patch {
    let metadata = &workload.metadata;
    let is_fixed =
        matches!((&*workload.api_group, &*workload.kind), ("", "Pod") | ("batch", "Job"));
    let operations: Vec<Value> = workload
        .pods
        .iter()
        .filter(|pod| pod.service_account_name() == "default")
        .filter_map(pointer)
        .map(|path| json!({"op": "add", "path": path, "value": account}))
        .collect();
    Patch {
        workload: WorkloadName {
            kind: workload.kind.to_string(),
            namespace: metadata.namespace.to_string(),
            name: metadata.name.to_string(),
        },
        account,
        operations: (!is_fixed && !operations.is_empty()).then(|| operations.into()),
    }
}

/// Returns the JSON pointer to the ServiceAccount of a pod spec, if its path is simple.
fn pointer(pod: &PodSpec) -> Option<String> {
    let path = pod.path.strip_prefix('.')?;
    let plain = path
        .split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let is_pod_spec = path.ends_with(".template.spec");
    (plain && is_pod_spec).then(|| format!("/{}/serviceAccountName", path.replace('.', "/")))
}

impl Patch {
    /// Returns the command that applies the patch.
    pub(crate) fn command(&self) -> Option<String> {
        let operations = self.operations.as_ref()?;
        let WorkloadName { kind, namespace, name } = &self.workload;
        let words = ["kubectl", "patch", &kind.to_lowercase(), name, "-n", namespace];
        let patch = ["--type", "json", "-p", &operations.to_string()];
        let words: Vec<String> = words.into_iter().chain(patch).map(quote).collect();
        Some(words.join(" "))
    }
}
