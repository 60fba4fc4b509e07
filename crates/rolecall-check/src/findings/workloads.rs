//! Pods of judged workloads, and whom they run as.

use std::collections::{BTreeSet, HashMap};

use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;
use rolecall_rbac::{
    Binding, BoundRole, Gap, Identity, Inventory, ObjectKind, PodSpec, ServiceAccount, SubjectKind,
    Text, Unread, Workload, masked_line,
};
use rustc_hash::FxBuildHasher;

use super::accounts;
use crate::commands::{self, Invocation};
use crate::context::Context;
use crate::{FieldPath, Finding, needs_annotation, unread};

/// A pod spec of a judged workload.
pub(crate) struct PodOf<'a> {
    pub(super) workload: &'a Workload,
    pub(super) spec: &'a PodSpec,
    pub(super) runs_as: RunsAs,
    /// Its ServiceAccount, if that is in the input.
    pub(super) account: Option<&'a ServiceAccount>,
    /// Whether admission mounts a token: what the Pod says, else its ServiceAccount, else yes.
    pub(super) automounts: bool,
    /// The command lines that its containers run.
    pub(super) invocations: Vec<Invocation>,
}

/// Whom a Pod runs as.
pub(crate) enum RunsAs {
    /// A ServiceAccount of its namespace.
    Account(Identity),
    /// Nobody: a static Pod.
    Nobody,
    /// A ServiceAccount of a namespace that is only known once the workload is applied.
    Undecided,
}

/// Finds the pod specs of judged workloads, but for what others of them are the templates of: a
/// Deployment is judged once, not once more for its ReplicaSet and for each of its Pods.
pub(crate) fn find_pods<'a>(context: &Context<'a>) -> Vec<PodOf<'a>> {
    let inventory = context.inventory();
    let bound = BoundNames::new(inventory);
    let workloads: Vec<&Workload> = context.workloads().collect();
    let pods_of = |workload: &'a Workload, accounts: &'a [ServiceAccount]| {
        let owner = owner(context, workload);
        let is_own = move |spec: &&PodSpec| {
            owner.is_none_or(|owner| owner.pods.iter().all(|other| !is_alike(spec, other)))
        };
        let bound = &bound;
        workload.pods.iter().filter(is_own).map(move |spec| {
            let name = spec.service_account_name();
            let account = accounts.binary_search_by(|account| (*account.metadata.name).cmp(name));
            let account = account.ok().and_then(|at| accounts.get(at));
            let of_account = account.and_then(|account| account.automount_token);
            PodOf {
                workload,
                spec,
                runs_as: runs_as(context, bound, workload, spec),
                account,
                automounts: spec.automount_token.or(of_account).unwrap_or(true),
                invocations: commands::invocations(spec),
            }
        })
    };
    // Workloads are sorted by their namespaces, whose ServiceAccounts are looked up once.
    let of_share = |workloads: &[&'a Workload]| {
        let mut pods = Vec::with_capacity(workloads.len());
        let namespace = |workload: &'a Workload| &workload.metadata.namespace;
        for workloads in workloads.chunk_by(|one, other| namespace(one) == namespace(other)) {
            let namespace = workloads.first().map_or("", |workload| namespace(workload));
            let accounts = inventory.service_accounts_in(namespace);
            pods.extend(workloads.iter().flat_map(|workload| pods_of(workload, accounts)));
        }
        pods
    };
    workloads.par_chunks(WORKLOADS_AT_ONCE).flat_map_iter(of_share).collect()
}

/// How many workloads are looked at in one piece.
const WORKLOADS_AT_ONCE: usize = 256;

/// Returns the judged workload that made another.
fn owner<'a>(context: &Context<'a>, workload: &Workload) -> Option<&'a Workload> {
    let owner = workload.owner.as_ref()?;
    let namespace = &workload.metadata.namespace;
    let found =
        context.inventory().workload(namespace, &owner.kind, &owner.name, &owner.api_group)?;
    context.is_judged(&found.metadata).then_some(found)
}

/// Returns whether a Pod runs as its template's ServiceAccount, and nothing that the template does
/// not; what admission mounts and injects is no difference.
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

fn runs_as(
    context: &Context<'_>,
    bound: &BoundNames<'_>,
    workload: &Workload,
    spec: &PodSpec,
) -> RunsAs {
    if workload.mirror {
        return RunsAs::Nobody;
    }
    let name = spec.service_account_name();
    let namespace = &workload.metadata.namespace;
    if context.is_guess(&workload.metadata) && bound.is_elsewhere(name, namespace) {
        return RunsAs::Undecided;
    }
    RunsAs::Account(Identity::service_account(namespace, name))
}

/// The namespaces that bindings write out for ServiceAccounts, by the accounts' names.
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

    /// Returns whether a binding names the ServiceAccount in another namespace, which may be the one
    /// where it will be.
    fn is_elsewhere(&self, name: &str, namespace: &str) -> bool {
        self.0.get(name).is_some_and(|found| found.iter().any(|other| *other != namespace))
    }
}

/// Returns the bindings that grant an identity anything beyond what everybody has.
pub(super) fn own_bindings<'a>(context: &Context<'a>, identity: &Identity) -> Vec<BoundRole<'a>> {
    let mut bindings = context.authorizer().bindings_of(identity);
    bindings.retain(|bound| {
        !is_everybodys(context, bound.binding)
            && bound.role.is_ok_and(|role| !role.rules.is_empty())
    });
    bindings
}

/// Returns whether a binding is one of those that every server starts with.
fn is_everybodys(context: &Context<'_>, binding: &Binding) -> bool {
    context.is_default_binding(binding)
}

/// Returns whether a Pod may hold rights that could not be read.
pub(super) fn may_hold_more(context: &Context<'_>, identity: &Identity) -> bool {
    let is_list = |gap: &Gap| unread::file_of(gap).is_none();
    context.authorizer().rules_for(identity, "").gaps.iter().any(is_list)
        || context.is_unlisted(Gap::may_hide_cluster_role)
}

/// Returns the files that were not read and can grant an identity more.
pub(super) fn unread_grants(context: &Context<'_>, identity: &Identity) -> Vec<Text> {
    let gaps = context.authorizer().gaps_of(identity);
    context.unread_files(|gap| gap.may_hide_cluster_role() || gaps.contains(gap))
}

/// Returns whether a token for the API server is mounted into some container of a Pod.
pub(super) fn mounts_token(pod: &PodOf<'_>) -> bool {
    pod.automounts || mounts_explicitly(pod.spec)
}

fn mounts_explicitly(spec: &PodSpec) -> bool {
    spec.token_volumes
        .iter()
        .any(|volume| volume.audience.is_empty() && !volume.mounted_by.is_empty())
}

/// Returns a command line of a Pod that asks the API server for something, or its declared needs.
pub(super) fn evidence_of_need(context: &Context<'_>, pod: &PodOf<'_>) -> Option<String> {
    let catalog = context.catalog();
    let invocation = pod.invocations.iter().find(|invocation| {
        !commands::needs_of(invocation, catalog, context.input.version).is_empty()
            || commands::proxy_address(invocation).is_some()
    });
    match invocation {
        Some(invocation) => {
            let line = masked_line(&invocation.text);
            let words = line.split_whitespace().take(3);
            Some(format!("it runs `{}`", words.collect::<Vec<_>>().join(" ")))
        }
        None => needs_annotation::of(pod.workload, pod.spec)
            .map(|_| format!("it declares `{}`", needs_annotation::KEY)),
    }
}

/// Says of a finding that it is about the field that names a Pod's ServiceAccount.
pub(super) fn at_account(finding: Finding, spec: &PodSpec) -> Finding {
    let path = FieldPath::default().then_dotted(&spec.path);
    match &*spec.service_account {
        "" => finding.at_line(path, spec.lines.spec),
        _ => finding.at_line(path.then_key("serviceAccountName"), spec.lines.service_account),
    }
}

/// Says of a finding that it is about whether a token is mounted into a Pod.
pub(super) fn at_token(finding: Finding, spec: &PodSpec) -> Finding {
    let path = FieldPath::default().then_dotted(&spec.path);
    match spec.automount_token {
        None => finding.at_line(path, spec.lines.spec),
        Some(_) => finding
            .at_line(path.then_key("automountServiceAccountToken"), spec.lines.automount_token),
    }
}

/// Returns the path of a command line that a container runs: the script that has it, else the list of
/// its words.
pub(super) fn invocation_path(spec: &PodSpec, invocation: &Invocation) -> FieldPath {
    let path = FieldPath::default().then_dotted(&spec.path);
    let Some(container) = spec.containers.get(invocation.container) else { return path };
    let before = spec.containers.iter().take(invocation.container);
    let index = before.filter(|other| other.init == container.init).count();
    let list = if container.init { "initContainers" } else { "containers" };
    let path = path.then_key(list).then_index(index).then_key(invocation.place.list);
    invocation.place.item.into_iter().fold(path, FieldPath::then_index)
}

/// Returns whether all workloads were listed, so that one that is not there is not, or is in a file
/// that was not read.
pub(super) fn are_all_known(context: &Context<'_>) -> bool {
    !context.inventory().workloads().is_empty() && !context.is_unlisted(may_hide_any_workload)
}

/// Returns whether a workload of some namespace can be hidden behind a gap.
pub(super) fn may_hide_any_workload(gap: &Gap) -> bool {
    match &gap.unread {
        Unread::Anything => true,
        Unread::Kind { kind, .. }
        | Unread::KindOutside { kind, .. }
        | Unread::Object { kind, .. } => {
            matches!(kind, ObjectKind::Other(_))
        }
        Unread::Authorizer { .. } => false,
    }
}

/// Returns whether a Pod's ServiceAccount exists, or may.
pub(super) fn account_exists(context: &Context<'_>, pod: &PodOf<'_>) -> bool {
    let namespace = &pod.workload.metadata.namespace;
    let name = pod.spec.service_account_name();
    pod.account.is_some()
        || pod.spec.account_is_derived
        || accounts::exists(context, namespace, name)
        || (context.is_guess(&pod.workload.metadata) && !context.names().accounts(name).is_empty())
}
