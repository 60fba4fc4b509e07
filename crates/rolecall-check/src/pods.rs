//! Pods of checked workloads and their identities.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;
use rolecall_command::Invocation;
use rolecall_rbac::{Identity, Inventory, PodSpec, ServiceAccount, SubjectKind, Workload};
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::input::CheckInput;

/// A pod spec of a checked workload.
pub(crate) struct PodOf<'a> {
    pub(crate) workload: &'a Workload,
    pub(crate) spec: &'a PodSpec,
    pub(crate) runs_as: RunsAs,
    /// Its ServiceAccount, if that is in the input.
    pub(crate) account: Option<&'a ServiceAccount>,
    /// Whether admission mounts a token, according to the Pod, its ServiceAccount or the default.
    pub(crate) automounts: bool,
    /// The command lines that its containers run.
    pub(crate) invocations: Vec<Invocation>,
}

/// The ServiceAccount of a Pod.
pub(crate) enum RunsAs {
    /// A ServiceAccount of its namespace.
    Account(Arc<Identity>),
    /// None: a static Pod.
    Nobody,
    /// A ServiceAccount of a namespace that is only known once the workload is applied.
    Undecided,
}

/// Finds the pod specs of checked workloads, without those that another workload created: a Deployment is
/// checked once, and its ReplicaSet and Pods are not checked again.
pub(crate) fn find_pods<'a>(input: &CheckInput<'a>) -> Vec<PodOf<'a>> {
    let inventory = input.inventory();
    let bound = BoundNames::new(inventory);
    let workloads: Vec<&Workload> = inventory
        .workloads()
        .iter()
        .filter(|workload| input.is_judged(&workload.metadata))
        .collect();
    let add_pods = |workload: &'a Workload,
                    accounts: &'a [ServiceAccount],
                    known: &mut Known<'a>,
                    pods: &mut Vec<PodOf<'a>>| {
        let owner = owner(input, workload);
        let is_own = move |spec: &&PodSpec| {
            owner.is_none_or(|owner| owner.pods.iter().all(|other| !is_alike(spec, other)))
        };
        let of_spec = |spec: &'a PodSpec| {
            let name = spec.service_account_name();
            let account = accounts.binary_search_by(|account| (*account.metadata.name).cmp(name));
            let account = account.ok().and_then(|at| accounts.get(at));
            let of_account = account.and_then(|account| account.automount_token);
            PodOf {
                workload,
                spec,
                runs_as: runs_as(input, &bound, workload, spec, known),
                account,
                automounts: spec.automount_token.or(of_account).unwrap_or(true),
                invocations: rolecall_command::invocations(spec),
            }
        };
        pods.extend(workload.pods.iter().filter(is_own).map(of_spec));
    };
    // Workloads are sorted by namespace, so each namespace's ServiceAccounts are looked up once.
    let of_share = |workloads: &[&'a Workload]| {
        let mut pods = Vec::with_capacity(workloads.len());
        let namespace = |workload: &'a Workload| &workload.metadata.namespace;
        for workloads in workloads.chunk_by(|one, other| namespace(one) == namespace(other)) {
            let namespace = workloads.first().map_or("", |workload| namespace(workload));
            let accounts = inventory.service_accounts_in(namespace);
            let mut known = Known::default();
            for workload in workloads {
                add_pods(workload, accounts, &mut known, &mut pods);
            }
        }
        pods
    };
    workloads.par_chunks(WORKLOADS_AT_ONCE).flat_map_iter(of_share).collect()
}

/// The number of workloads that a task checks.
const WORKLOADS_AT_ONCE: usize = 256;

/// Returns the checked workload that created another.
fn owner<'a>(input: &CheckInput<'a>, workload: &Workload) -> Option<&'a Workload> {
    let owner = workload.owner.as_ref()?;
    let namespace = &workload.metadata.namespace;
    let found =
        input.inventory().workload(namespace, &owner.kind, &owner.name, &owner.api_group)?;
    input.is_judged(&found.metadata).then_some(found)
}

/// Returns whether a Pod runs as its template's ServiceAccount and has the same commands. Differences that
/// admission makes, such as mounts, are ignored.
fn is_alike(spec: &PodSpec, template: &PodSpec) -> bool {
    spec.service_account_name() == template.service_account_name()
        && spec.containers.iter().all(|container| {
            let is_image_alone = container.command.is_empty() && container.args.is_empty();
            is_image_alone
                || template
                    .containers
                    .iter()
                    .any(|other| other.command == container.command && other.args == container.args)
        })
}

/// The identities of the ServiceAccounts of a namespace, which Pods share.
type Known<'a> = FxHashMap<&'a str, Arc<Identity>>;

fn runs_as<'a>(
    input: &CheckInput<'_>,
    bound: &BoundNames<'_>,
    workload: &Workload,
    spec: &'a PodSpec,
    known: &mut Known<'a>,
) -> RunsAs {
    if workload.mirror {
        return RunsAs::Nobody;
    }
    let name = spec.service_account_name();
    let namespace = &workload.metadata.namespace;
    if input.is_guess(&workload.metadata) && bound.is_elsewhere(name, namespace) {
        return RunsAs::Undecided;
    }
    let identity = || Arc::new(Identity::service_account(namespace, name));
    RunsAs::Account(known.entry(name).or_insert_with(identity).clone())
}

/// The namespaces that bindings set explicitly for ServiceAccounts, by the name of the account.
struct BoundNames<'a>(HashMap<&'a str, BTreeSet<&'a str>, FxBuildHasher>);

impl<'a> BoundNames<'a> {
    fn new(inventory: &'a Inventory) -> Self {
        let mut names: HashMap<&str, BTreeSet<&str>, FxBuildHasher> = HashMap::default();
        let subjects = inventory.bindings().iter().flat_map(|binding| &binding.subjects);
        for subject in subjects {
            if subject.kind == SubjectKind::ServiceAccount && !subject.namespace.is_empty() {
                names.entry(&subject.name).or_default().insert(&subject.namespace);
            }
        }
        Self(names)
    }

    /// Returns whether a binding names the ServiceAccount in another namespace, which might be its namespace
    /// once it is applied.
    fn is_elsewhere(&self, name: &str, namespace: &str) -> bool {
        self.0.get(name).is_some_and(|found| found.iter().any(|other| *other != namespace))
    }
}
