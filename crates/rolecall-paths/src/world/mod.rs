//! The objects on which rows depend, indexed once.

mod reader;
mod role_facts;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use rolecall_rbac::{
    Authorizer, Binding, Identity, Inventory, Role, Subject, Text, Texts, subject_matches,
};
use rustc_hash::{FxHashMap, FxHashSet};

pub(crate) use role_facts::RoleFacts;

use crate::Nodes;
use crate::assumptions::{Assumptions, Reach};
use crate::need::{NeedIndex, Resource};
use crate::scope::Held;
pub(crate) use crate::scope::NamespaceId;

/// The facts of an inventory.
#[derive(Debug)]
pub(crate) struct World<'a> {
    pub(crate) authorizer: &'a Authorizer,
    pub(crate) assumptions: Assumptions,
    /// The grants that do not count: a binding, one of its subjects, and a rule of its role.
    pub(crate) cut: FxHashMap<u32, FxHashSet<Cut>>,
    /// Whether to use grants that a build can still change.
    pub(crate) unbuilt: bool,
    /// The custom resources that the cluster serves and from which Pods are created.
    pub(crate) served: Vec<Resource>,
    /// The needs that rows ask about.
    pub(crate) needs: NeedIndex,
    /// All namespaces, sorted, and last `kube-system` if only possible steps need it.
    namespaces: Vec<Text>,
    /// The number of namespaces that certainly exist.
    certain_namespaces: u32,
    namespace_ids: FxHashMap<Text, NamespaceId>,
    /// The facts about each role, in the inventory's order.
    pub(crate) roles: Vec<RoleFacts>,
    role_of_binding: Vec<Option<u32>>,
    /// The positions of the RoleBindings of each namespace.
    role_bindings: FxHashMap<NamespaceId, Range<u32>>,
    /// The namespaces of objects whose names some rule lists, sorted.
    placed: FxHashMap<(Resource, Text), Vec<NamespaceId>>,
    /// The namespaces with workloads of a kind, sorted.
    having: FxHashMap<Resource, Vec<NamespaceId>>,
    /// The ServiceAccounts of each namespace that can differ in their rights.
    accounts: BTreeMap<NamespaceId, Vec<Text>>,
    /// The ServiceAccounts of running Pods with a mounted token by namespace, each with its first Pod
    /// by position in the inventory.
    mounted: BTreeMap<NamespaceId, BTreeMap<Text, usize>>,
    /// The same by node.
    nodes: BTreeMap<Text, BTreeSet<(NamespaceId, Text)>>,
    /// The Pods and workloads with a token, by position in the inventory.
    pub(crate) running: Vec<Running>,
    /// The ServiceAccounts that list Secrets.
    pub(crate) secret_holders: Vec<(NamespaceId, Text, Texts)>,
    /// The names of users that bindings name, without ServiceAccounts.
    pub(crate) users: BTreeSet<Text>,
    /// The user names of all users that bindings name, as written.
    pub(crate) written_users: BTreeSet<Text>,
    /// The groups that bindings name.
    pub(crate) groups: BTreeSet<Text>,
    /// The ServiceAccounts that bindings name.
    pub(crate) bound_accounts: BTreeSet<(Text, Text)>,
    /// The cluster-scoped objects.
    existing: BTreeSet<(Resource, Text)>,
    /// The ServiceAccounts that exist although they are not in the input.
    implied: BTreeSet<(NamespaceId, Text)>,
    /// The identity that is never left out.
    pub(crate) kept: Kept,
}

/// An identity that is never left out, even without rights.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// The namespace and name of a ServiceAccount.
    pub(crate) account: Option<(Text, Text)>,
    /// The name of a user.
    pub(crate) user: Option<Text>,
}

/// A grant of a binding that does not count: one of its subjects with one rule of its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cut {
    pub(crate) subject: usize,
    pub(crate) rule: usize,
}

/// A Pod or a workload with a token.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) workload: usize,
    pub(crate) account: Text,
}

impl<'a> World<'a> {
    /// Indexes an inventory.
    pub(crate) fn new(
        authorizer: &'a Authorizer,
        assumptions: Assumptions,
        kept: Kept,
        unbuilt: bool,
        served: Vec<Resource>,
    ) -> Self {
        let inventory = authorizer.inventory();
        let custom = reader::custom_resources(inventory, &served);
        let counts = |resource: Resource| !resource.is_custom() || custom.contains(&resource);
        let needs = NeedIndex::new(counts);
        let mut world = Self {
            authorizer,
            assumptions,
            cut: FxHashMap::default(),
            unbuilt,
            served,
            namespaces: Vec::new(),
            certain_namespaces: 0,
            namespace_ids: FxHashMap::default(),
            roles: role_facts::role_facts(inventory, &needs, assumptions),
            needs,
            role_of_binding: Vec::new(),
            role_bindings: FxHashMap::default(),
            placed: FxHashMap::default(),
            having: FxHashMap::default(),
            accounts: BTreeMap::new(),
            mounted: BTreeMap::new(),
            nodes: BTreeMap::new(),
            running: Vec::new(),
            secret_holders: Vec::new(),
            users: BTreeSet::new(),
            written_users: BTreeSet::new(),
            groups: BTreeSet::new(),
            bound_accounts: BTreeSet::new(),
            existing: BTreeSet::new(),
            implied: BTreeSet::new(),
            kept,
        };
        world.read_subjects();
        world.resolve_bindings();
        world.namespaces = reader::namespaces(inventory, &world);
        world.certain_namespaces = world.namespaces.len() as u32;
        if world.namespaces.binary_search_by(|it| (**it).cmp("kube-system")).is_err() {
            world.namespaces.push("kube-system".into());
        }
        world.namespace_ids = world.namespaces.iter().cloned().zip(0..).collect();
        world.place_role_bindings();
        let names = world.restricted_names();
        world.place_objects(&names);
        world.read_workloads(&names);
        world.read_accounts();
        world
    }

    pub(crate) fn inventory(&self) -> &'a Inventory {
        self.authorizer.inventory()
    }

    /// Returns the role at a position.
    pub(crate) fn role(&self, position: u32) -> Option<&'a Role> {
        self.inventory().roles().get(position as usize)
    }

    pub(crate) fn role_facts(&self, position: u32) -> Option<&RoleFacts> {
        self.roles.get(position as usize)
    }

    pub(crate) fn role_position(&self, role: &Role) -> Option<u32> {
        position_in(self.inventory().roles(), role)
    }

    /// Returns the position of a ClusterRole (empty namespace) or Role.
    pub(crate) fn role_named(&self, namespace: &str, name: &str) -> Option<u32> {
        self.role_position(self.inventory().role(namespace, name)?)
    }

    /// Returns the positions of the roles of a namespace; of the ClusterRoles for the empty one.
    pub(crate) fn roles_in(&self, namespace: &str) -> impl Iterator<Item = u32> + use<'_> {
        let roles = self.inventory().roles_in(namespace);
        let first = roles.first().and_then(|role| self.role_position(role)).unwrap_or_default();
        (first..).take(roles.len())
    }

    pub(crate) fn namespace(&self, id: NamespaceId) -> &Text {
        static EMPTY: Text = rolecall_rbac::Text::new();
        self.namespaces.get(id as usize).unwrap_or(&EMPTY)
    }

    pub(crate) fn namespace_id(&self, name: &str) -> Option<NamespaceId> {
        self.namespace_ids.get(name).copied()
    }

    /// Returns the identifiers of all namespaces.
    pub(crate) fn all_namespaces(&self) -> impl Iterator<Item = NamespaceId> + use<> {
        match self.assumptions.reach {
            Reach::Certain => 0..self.certain_namespaces,
            Reach::Possible => 0..self.namespaces.len() as u32,
        }
    }

    /// Returns the namespaces with an object whose name some rule lists.
    pub(crate) fn placed(&self, resource: Resource, name: &Text) -> &[NamespaceId] {
        self.placed.get(&(resource, name.clone())).map_or(&[], |found| found)
    }

    /// Returns whether a cluster-scoped object exists.
    pub(crate) fn exists(&self, resource: Resource, name: &Text) -> bool {
        match resource {
            Resource::ClusterRoles => self.inventory().role("", name).is_some(),
            Resource::ClusterRoleBindings => self.inventory().binding("", name).is_some(),
            _ => self.existing.contains(&(resource, name.clone())),
        }
    }

    /// Returns the name of the first cluster-scoped object of a resource.
    pub(crate) fn first(&self, resource: Resource) -> Option<&Text> {
        let (found, name) = self.existing.range((resource, Text::new())..).next()?;
        (*found == resource).then_some(name)
    }

    /// Returns the namespaces with a workload of a kind.
    pub(crate) fn having(&self, resource: Resource) -> &[NamespaceId] {
        self.having.get(&resource).map_or(&[], |found| found)
    }

    /// Returns the ServiceAccounts of a namespace that can differ in their rights.
    pub(crate) fn accounts_in(&self, namespace: NamespaceId) -> &[Text] {
        self.accounts.get(&namespace).map_or(&[], |found| found)
    }

    /// Returns whether a ServiceAccount exists.
    pub(crate) fn has_account(&self, namespace: NamespaceId, name: &str) -> bool {
        self.inventory().service_account(self.namespace(namespace), name).is_some()
            || self.implied.contains(&(namespace, name.into()))
    }

    /// Returns the ServiceAccounts of the Pods with a mounted token.
    pub(crate) fn mounted_in(&self, namespace: NamespaceId) -> impl Iterator<Item = &Text> {
        self.mounted.get(&namespace).into_iter().flat_map(BTreeMap::keys)
    }

    /// Returns the ServiceAccounts of the Pods on a node.
    pub(crate) fn on_node(&self, node: &str) -> impl Iterator<Item = &(NamespaceId, Text)> {
        self.nodes.get(node).into_iter().flatten()
    }

    /// Returns the ServiceAccount of a Pod with a mounted token.
    pub(crate) fn account_of_pod(&self, namespace: NamespaceId, pod: &str) -> Option<&Text> {
        let inventory = self.inventory();
        let position = inventory.workload_position(self.namespace(namespace), "Pod", pod, "")?;
        let found = self.running.binary_search_by_key(&position, |it| it.workload).ok()?;
        self.running.get(found).map(|it| &it.account)
    }

    /// Returns the name of a Pod with a mounted token, if given of this ServiceAccount.
    pub(crate) fn pod_of(&self, namespace: NamespaceId, account: Option<&str>) -> Option<Text> {
        let mounted = self.mounted.get(&namespace)?;
        let pod = match account {
            Some(account) => mounted.get(account),
            None => mounted.values().min(),
        };
        Some(self.inventory().workloads().get(*pod?)?.metadata.name.clone())
    }

    /// Returns the node of a Pod of a ServiceAccount.
    pub(crate) fn node_of(&self, namespace: NamespaceId, account: &str) -> Option<Text> {
        let account = (namespace, Text::from(account));
        let found = self.nodes.iter().find(|(_, running)| running.contains(&account))?;
        Some(found.0.clone())
    }

    /// Returns whether Pod Security is enforced in a namespace; `None` if the Namespace was not
    /// read.
    pub(crate) fn enforces(&self, namespace: NamespaceId) -> Option<bool> {
        let level = self.pod_security(namespace)?;
        Some(level.is_some_and(|level| matches!(&**level, "baseline" | "restricted")))
    }

    /// Returns the level of Pod Security in the labels of a Namespace, if it was read.
    fn pod_security(&self, namespace: NamespaceId) -> Option<Option<&Text>> {
        let found = self.inventory().namespace(self.namespace(namespace))?;
        Some(found.metadata.label("pod-security.kubernetes.io/enforce"))
    }

    /// Returns whether a privileged Pod can run in a namespace, as far as that is assumed.
    pub(crate) fn is_open(&self, namespace: NamespaceId) -> bool {
        match self.assumptions.nodes {
            Nodes::Labelled => {
                self.pod_security(namespace).flatten().is_some_and(|it| **it == *"privileged")
            }
            Nodes::Reachable | Nodes::Hardened => self.enforces(namespace) != Some(true),
        }
    }

    /// Returns the positions of the RoleBindings of a namespace, or of all.
    pub(crate) fn role_bindings(&self, place: Option<NamespaceId>) -> Range<u32> {
        match place {
            Some(namespace) => self.role_bindings.get(&namespace).cloned().unwrap_or_default(),
            None => 0..self.role_of_binding.len() as u32,
        }
    }

    /// Returns the position of a binding.
    pub(crate) fn binding_position(&self, binding: &Binding) -> Option<u32> {
        position_in(self.inventory().bindings(), binding)
    }

    /// Returns the position of a binding's role, if it exists and its grants count.
    pub(crate) fn role_of(&self, binding: u32) -> Option<u32> {
        self.role_of_binding.get(binding as usize).copied().flatten()
    }

    /// Returns whether a grant through a binding does not count.
    pub(crate) fn is_cut(&self, held: &Held, rule: usize, identity: Option<&Rc<Identity>>) -> bool {
        if self.cut.is_empty() {
            return false;
        }
        let Some(identity) = identity else { return false };
        let Some(binding) = self.inventory().bindings().get(held.binding as usize) else {
            return false;
        };
        self.cut.contains_key(&held.binding)
            && self.granting_subject(held.binding, binding, rule, identity).is_none()
    }

    /// Returns the first subject of a binding through which an identity has a rule. Several can match
    /// the identity, of which some can be cut.
    pub(crate) fn granting_subject(
        &self,
        position: u32,
        binding: &'a Binding,
        rule: usize,
        identity: &Identity,
    ) -> Option<&'a Subject> {
        let cuts = self.cut.get(&position);
        binding.subjects.iter().find(|subject| {
            let is_cut = || {
                // Subjects that are equal are the same grant.
                let subject = binding.subjects.iter().position(|other| other == *subject);
                cuts.is_some_and(|cuts| {
                    subject.is_some_and(|subject| cuts.contains(&Cut { subject, rule }))
                })
            };
            subject_matches(subject, &binding.metadata, identity) && !is_cut()
        })
    }

    /// Returns the ServiceAccounts that bindings name but that do not exist.
    pub(crate) fn ghosts(&self) -> impl Iterator<Item = &(Text, Text)> {
        self.bound_accounts.iter().filter(|(namespace, name)| {
            let id = self.namespace_id(namespace);
            !id.is_some_and(|id| self.has_account(id, name))
        })
    }

    /// Returns whether a binding names the group of a namespace's ServiceAccounts.
    pub(crate) fn binds_group_of(&self, namespace: NamespaceId) -> bool {
        let group = format!("system:serviceaccounts:{}", self.namespace(namespace));
        self.groups.contains(group.as_str())
    }

    /// Returns whether a grant counts.
    pub(crate) fn counts(&self, binding: &rolecall_rbac::Binding, role: &Role) -> bool {
        self.unbuilt || !self.authorizer.is_unbuilt(binding, role)
    }

    /// Returns the identity of a ServiceAccount.
    pub(crate) fn account(&self, namespace: NamespaceId, name: &str) -> Identity {
        Identity::service_account(self.namespace(namespace), name)
    }
}

/// Returns the position of an element of a list.
fn position_in<T>(list: &[T], element: &T) -> Option<u32> {
    let offset = std::ptr::from_ref(element).addr().checked_sub(list.as_ptr().addr())?;
    let position = offset.checked_div(size_of::<T>())?;
    list.get(position).filter(|found| std::ptr::eq(*found, element))?;
    u32::try_from(position).ok()
}
