//! A ServiceAccount of a workload's own, instead of the `default` one that all Pods share.

use rolecall_rbac::{Identity, Inventory, PodSpec, SubjectKind, Workload};
use serde_json::{Value, json};

use super::workloads::topmost;
use crate::cli::quote;
use crate::error::CommandError;
use crate::load::Session;
use crate::subject::{Subject, WorkloadName};
use crate::ui::Ui;

/// What lets a workload run as its own ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patch {
    /// The workload.
    pub(crate) workload: WorkloadName,
    /// The ServiceAccount.
    pub(crate) account: String,
    /// The JSON patch; `None` where the workload cannot be changed and must be made anew.
    pub(crate) operations: Option<Value>,
}

/// Gives each workload that runs as `default` a ServiceAccount of its own.
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
                "`--dedicated-serviceaccount` goes with a workload, such as `--for deploy/NAME`",
            ));
        };
        if !is_default(&subject.identity) {
            ui.note(format!(
                "{} {}/{} has a ServiceAccount of its own already",
                named.kind, named.namespace, named.name
            ));
            dedicated.push(subject);
            continue;
        }
        let Some(workload) = find(inventory, named).map(|named| topmost(inventory, named)) else {
            dedicated.push(subject);
            continue;
        };
        let account = free_account(inventory, workload);
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

/// Returns the workload's name, or with a number after it, such that no other workload runs as it.
fn free_account(inventory: &Inventory, workload: &Workload) -> String {
    let name = &workload.metadata.name;
    let numbered = (2u64..).map(|number| format!("{name}-{number}"));
    let is_free = |candidate: &String| {
        candidate != "default"
            && inventory.workloads_in(&workload.metadata.namespace).iter().all(|other| {
                topmost(inventory, other) == workload
                    || other.pods.iter().all(|pod| pod.service_account_name() != candidate)
            })
    };
    std::iter::once(name.to_string())
        .chain(numbered)
        .find(is_free)
        .unwrap_or_else(|| name.to_string())
}

/// Says what the workload was granted as `default`, by name, and loses.
fn note_of_lost_grants(ui: &Ui, session: &Session, identity: &Identity, account: &str) {
    let lost: Vec<String> = session
        .authorizer
        .bindings_of(identity)
        .into_iter()
        .filter(|bound| bound.subject.kind != SubjectKind::Group)
        .map(|bound| crate::words::binding(bound.binding))
        .collect();
    if !lost.is_empty() {
        ui.warn(format!(
            "as `{account}` the Pods lose what `default` was granted by {}",
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

/// Returns the JSON pointer to the ServiceAccount of a pod spec, if its path is a plain one.
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
