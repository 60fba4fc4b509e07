//! Walks from Pods to rules.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

use rolecall_rbac::{Authorizer, Gap, Identity, Inventory, ObjectKind, PodSpec, Unread, Workload};
use rustc_hash::FxBuildHasher;

use crate::account::{Account, WalkedIdentity};
use crate::owner_index::{OwnerIndex, OwnerLink, owners};
use crate::token::{TokenMount, token_mount};

/// The start of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A Pod, or the existing Pods of a workload, or its pod templates if there are none.
    Workload(&'a Workload),
    /// An identity and, if it is a ServiceAccount, its Pods.
    Identity(Box<Identity>),
}

/// Pods and identities, without duplicates.
#[derive(Clone, Debug, Default)]
pub struct Walk<'a> {
    /// Pods and pod templates, sorted by namespace, kind and name.
    pub pods: Vec<WalkedPod<'a>>,
    /// The identities of the Pods and of the targets, sorted by user name and groups.
    pub identities: Vec<WalkedIdentity<'a>>,
    /// The gaps that can hide more Pods, owners, ServiceAccounts, bindings or rules.
    pub gaps: Vec<Gap>,
}

/// A Pod or a workload's pod template. A walk can contain very many, so details are computed on
/// demand.
#[derive(Clone, Debug)]
pub struct WalkedPod<'a> {
    /// The Pod, or the object with the pod template.
    pub workload: &'a Workload,
    /// Its pod spec.
    pub spec: &'a PodSpec,
    /// The position of its identity in the walk; `None` for a mirror Pod, which has none.
    pub identity: Option<usize>,
    account: Account<'a>,
    inventory: &'a Inventory,
}

impl<'a> WalkedPod<'a> {
    /// Returns its owners, nearest first.
    pub fn owners(&self) -> Vec<OwnerLink<'a>> {
        owners(self.inventory, self.workload)
    }

    /// Returns whether its containers have a token.
    pub fn token(&self) -> TokenMount<'a> {
        token_mount(self.workload, self.spec, &self.account)
    }

    /// Returns whether it is a Pod and not a pod template.
    pub fn is_pod(&self) -> bool {
        is_pod(self.workload)
    }
}

/// Walks from targets to Pods, identities, bindings, roles and rules.
pub fn walk<'a>(authorizer: &'a Authorizer, targets: &[Target<'a>]) -> Walk<'a> {
    let index = WalkIndex::new(authorizer);
    let mut specs: Vec<SpecKey> = Vec::with_capacity(targets.len());
    let mut identities: BTreeSet<Identity> = BTreeSet::new();
    for target in targets {
        match target {
            Target::Workload(workload) => specs.extend(index.pods_of(workload)),
            Target::Identity(identity) => {
                if let Some(account) = identity.as_service_account() {
                    specs.extend(index.run_as(account.namespace, account.name));
                }
                identities.insert((**identity).clone());
            }
        }
    }
    index.walk(specs, identities)
}

/// Returns the Pods of a namespace, or of all namespaces, and the workloads without owner and
/// without Pods.
pub fn everything_in<'a>(inventory: &'a Inventory, namespace: Option<&str>) -> Vec<Target<'a>> {
    let workloads = match namespace {
        Some(namespace) => inventory.workloads_in(namespace),
        None => inventory.workloads(),
    };
    workloads
        .iter()
        .filter(|workload| is_pod(workload) || workload.owner.is_none())
        .map(Target::Workload)
        .collect()
}

/// The positions of a workload and of a pod spec in it.
pub(crate) type SpecKey = (usize, usize);

type ByName<'a, T> = HashMap<&'a str, T, FxBuildHasher>;

/// Lookup tables that all walks over an inventory share.
#[derive(Debug)]
pub(crate) struct WalkIndex<'a> {
    authorizer: &'a Authorizer,
    owner_index: OnceCell<OwnerIndex>,
    /// Pods and pod templates by namespace and ServiceAccount.
    by_account: OnceCell<ByName<'a, ByName<'a, Vec<SpecKey>>>>,
}

impl<'a> WalkIndex<'a> {
    pub(crate) fn new(authorizer: &'a Authorizer) -> Self {
        Self { authorizer, owner_index: OnceCell::new(), by_account: OnceCell::new() }
    }

    /// Returns the owner index; walks from Pods do not need it.
    fn owner_index(&self) -> &OwnerIndex {
        self.owner_index.get_or_init(|| OwnerIndex::new(self.authorizer.inventory()))
    }

    /// Returns the Pods by ServiceAccount; only walks from accounts need them.
    fn by_account(&self) -> &ByName<'a, ByName<'a, Vec<SpecKey>>> {
        self.by_account.get_or_init(|| {
            let mut by_account: ByName<'a, ByName<'a, Vec<SpecKey>>> = HashMap::default();
            for (position, workload) in self.authorizer.inventory().workloads().iter().enumerate() {
                let counts =
                    is_pod(workload) || (workload.owner.is_none() && !self.has_pods(position));
                if !counts || workload.mirror {
                    continue;
                }
                for (template, spec) in workload.pods.iter().enumerate() {
                    let of_namespace = by_account.entry(&*workload.metadata.namespace).or_default();
                    let of_account = of_namespace.entry(spec.service_account_name()).or_default();
                    of_account.push((position, template));
                }
            }
            by_account
        })
    }

    /// Returns the Pods and pod templates of a ServiceAccount.
    pub(crate) fn run_as(&self, namespace: &str, name: &str) -> &[SpecKey] {
        self.by_account()
            .get(namespace)
            .and_then(|of_namespace| of_namespace.get(name))
            .map_or(&[], |specs| specs)
    }

    /// Counts the Pods and pod templates whose ServiceAccount belongs to a ServiceAccount group.
    pub(crate) fn count_run_as_member_of(&self, group: &str) -> usize {
        let namespace = match group {
            "system:serviceaccounts" | "system:authenticated" => None,
            _ => match group.strip_prefix("system:serviceaccounts:") {
                Some(namespace) => Some(namespace),
                None => return 0,
            },
        };
        self.by_account()
            .iter()
            .filter(|(at, _)| namespace.is_none_or(|namespace| namespace == **at))
            .flat_map(|(_, of_namespace)| of_namespace.values().map(Vec::len))
            .sum()
    }

    /// Builds the walk over the given pod specs and identities.
    pub(crate) fn walk(
        &self,
        mut specs: Vec<SpecKey>,
        mut identities: BTreeSet<Identity>,
    ) -> Walk<'a> {
        specs.sort_unstable();
        specs.dedup();
        let chosen = || {
            specs.iter().filter_map(|(position, template)| {
                let workload = self.workload(*position)?;
                Some((workload, workload.pods.get(*template)?))
            })
        };
        // Consecutive Pods often have the same ServiceAccount.
        let mut last = None;
        for (workload, spec) in chosen() {
            let account = account_of(workload, spec);
            if account.is_some() && account != last {
                identities.extend(account.map(|(at, name)| Identity::service_account(at, name)));
            }
            last = account;
        }
        let identities: Vec<WalkedIdentity<'a>> = identities
            .into_iter()
            .map(|identity| WalkedIdentity::new(self.authorizer, identity))
            .collect();
        let positions: HashMap<(&str, &str), usize, FxBuildHasher> = identities
            .iter()
            .enumerate()
            .filter_map(|(position, walked)| {
                let account = walked.identity.as_service_account()?;
                let complete = walked.identity.missing_groups().is_empty();
                complete.then_some(((account.namespace, account.name), position))
            })
            .collect();
        let mut pods: Vec<WalkedPod<'a>> = Vec::with_capacity(specs.len());
        pods.extend(chosen().map(|(workload, spec)| {
            let identity =
                account_of(workload, spec).and_then(|account| positions.get(&account).copied());
            let account = identity
                .and_then(|identity| identities.get(identity))
                .and_then(|walked| walked.account)
                .unwrap_or(Account::Missing);
            WalkedPod { workload, spec, identity, account, inventory: self.authorizer.inventory() }
        }));
        let gaps = self.gaps(&pods, &identities);
        Walk { pods, identities, gaps }
    }

    fn workload(&self, position: usize) -> Option<&'a Workload> {
        self.authorizer.inventory().workloads().get(position)
    }

    /// Returns the Pods of a workload: itself, else its dependent Pods, else its pod templates and
    /// those of its dependents.
    fn pods_of(&self, workload: &Workload) -> Vec<SpecKey> {
        let metadata = &workload.metadata;
        let Some(position) = self.authorizer.inventory().workload_position(
            &metadata.namespace,
            &workload.kind,
            &metadata.name,
            &workload.api_group,
        ) else {
            return Vec::new();
        };
        if is_pod(workload) {
            return self.specs_of(position).collect();
        }
        let descendants = self.owner_index().descendants(position);
        let pods: Vec<SpecKey> = descendants
            .iter()
            .filter(|position| self.workload(**position).is_some_and(is_pod))
            .flat_map(|position| self.specs_of(*position))
            .collect();
        if !pods.is_empty() {
            return pods;
        }
        if !workload.pods.is_empty() {
            return self.specs_of(position).collect();
        }
        descendants.into_iter().flat_map(|position| self.specs_of(position)).collect()
    }

    fn specs_of(&self, position: usize) -> impl Iterator<Item = SpecKey> + use<> {
        let specs = self.workload(position).map_or(0, |workload| workload.pods.len());
        (0..specs).map(move |template| (position, template))
    }

    fn has_pods(&self, position: usize) -> bool {
        let descendants = self.owner_index().descendants(position);
        descendants.into_iter().any(|position| self.workload(position).is_some_and(is_pod))
    }

    /// Returns the gaps that affect the walk.
    fn gaps(&self, pods: &[WalkedPod<'_>], identities: &[WalkedIdentity<'_>]) -> Vec<Gap> {
        let all = self.authorizer.inventory().gaps();
        if all.is_empty() {
            return Vec::new();
        }
        let namespaces: BTreeSet<&str> = pods
            .iter()
            .map(|pod| &*pod.workload.metadata.namespace)
            .chain(
                identities
                    .iter()
                    .filter_map(|walked| Some(walked.identity.as_service_account()?.namespace)),
            )
            .collect();
        let hides_bindings: BTreeSet<&Gap> =
            identities.iter().flat_map(|walked| &walked.gaps).collect();
        all.iter()
            .filter(|gap| {
                hides_bindings.contains(gap)
                    || may_hide_pod(gap, &namespaces)
                    || namespaces.iter().any(|namespace| gap.may_hide_service_account(namespace))
            })
            .cloned()
            .collect()
    }
}

/// Returns whether a gap can hide a Pod or an owner in one of the namespaces, or anywhere if there
/// are none.
fn may_hide_pod(gap: &Gap, namespaces: &BTreeSet<&str>) -> bool {
    let (kind, namespace) = match &gap.unread {
        Unread::Anything => return true,
        Unread::Kind { kind, namespace } => (kind, namespace.as_deref()),
        Unread::KindOutside { kind, read } => {
            let all_read = !namespaces.is_empty()
                && namespaces.iter().all(|namespace| read.iter().any(|read| **read == **namespace));
            return matches!(kind, ObjectKind::Other(_)) && !all_read;
        }
        Unread::Object { kind, namespace, .. } => (kind, Some(&**namespace)),
        Unread::Authorizer { .. } => return false,
    };
    matches!(kind, ObjectKind::Other(_))
        && (namespaces.is_empty() || namespace.is_none_or(|unread| namespaces.contains(unread)))
}

fn account_of<'a>(workload: &'a Workload, spec: &'a PodSpec) -> Option<(&'a str, &'a str)> {
    (!workload.mirror).then(|| (&*workload.metadata.namespace, spec.service_account_name()))
}

/// Returns whether a workload is a Pod itself.
pub(crate) fn is_pod(workload: &Workload) -> bool {
    &*workload.kind == "Pod" && workload.api_group.is_empty()
}
