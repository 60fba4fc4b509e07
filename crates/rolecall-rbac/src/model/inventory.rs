use super::applied::merge_over_aggregated;
use super::keep_last::keep_last;
use super::{
    Binding, Metadata, NamedObject, Namespace, Origin, Role, ServiceAccount, UnknownField, Workload,
};
use crate::{Gap, Text};

/// The objects of the input, sorted by namespace and name, and the gaps in it.
///
/// Built by [`InventoryBuilder`], which keeps one object per name. Cluster-scoped objects have an
/// empty namespace and so come first.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    pub(crate) roles: Vec<Role>,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) service_accounts: Vec<ServiceAccount>,
    pub(crate) namespaces: Vec<Namespace>,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) named: Vec<NamedObject>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) unknown_fields: Vec<UnknownField>,
}

impl Inventory {
    /// Returns ClusterRoles, then Roles.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Returns ClusterRoleBindings, then RoleBindings.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// Returns the ServiceAccounts.
    pub fn service_accounts(&self) -> &[ServiceAccount] {
        &self.service_accounts
    }

    /// Returns the Namespaces.
    pub fn namespaces(&self) -> &[Namespace] {
        &self.namespaces
    }

    /// Returns Pods and the objects that create them, sorted by namespace, kind, name and group.
    pub fn workloads(&self) -> &[Workload] {
        &self.workloads
    }

    /// Returns the objects that only need to exist, sorted by namespace, kind, name and
    /// group; empty unless the reader was asked for them.
    pub fn named_objects(&self) -> &[NamedObject] {
        &self.named
    }

    /// Returns the gaps in the input.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Returns the fields that API servers do not know, sorted by position.
    pub fn unknown_fields(&self) -> &[UnknownField] {
        &self.unknown_fields
    }

    /// Returns the ClusterRole (empty namespace) or Role of that name.
    pub fn role(&self, namespace: &str, name: &str) -> Option<&Role> {
        find(&self.roles, namespace, name, |role| &role.metadata)
    }

    /// Returns the ClusterRoleBinding (empty namespace) or RoleBinding of that name.
    pub fn binding(&self, namespace: &str, name: &str) -> Option<&Binding> {
        find(&self.bindings, namespace, name, |binding| &binding.metadata)
    }

    /// Returns the ServiceAccount with that namespace and name.
    pub fn service_account(&self, namespace: &str, name: &str) -> Option<&ServiceAccount> {
        find(&self.service_accounts, namespace, name, |account| &account.metadata)
    }

    /// Returns the Namespace of that name.
    pub fn namespace(&self, name: &str) -> Option<&Namespace> {
        find(&self.namespaces, "", name, |namespace| &namespace.metadata)
    }

    /// Returns the Roles of one namespace; the ClusterRoles for the empty one.
    pub fn roles_in(&self, namespace: &str) -> &[Role] {
        range_of(&self.roles, |role| (*role.metadata.namespace).cmp(namespace))
    }

    /// Returns the ServiceAccounts of one namespace.
    pub fn service_accounts_in(&self, namespace: &str) -> &[ServiceAccount] {
        range_of(&self.service_accounts, |account| (*account.metadata.namespace).cmp(namespace))
    }

    /// Returns the workloads of one namespace.
    pub fn workloads_in(&self, namespace: &str) -> &[Workload] {
        range_of(&self.workloads, |workload| (*workload.metadata.namespace).cmp(namespace))
    }

    /// Returns the Pod or workload of that namespace, kind, name and API group.
    pub fn workload(
        &self,
        namespace: &str,
        kind: &str,
        name: &str,
        api_group: &str,
    ) -> Option<&Workload> {
        self.workloads.get(self.workload_position(namespace, kind, name, api_group)?)
    }

    /// Returns the position of a workload in [`workloads`](Self::workloads).
    pub fn workload_position(
        &self,
        namespace: &str,
        kind: &str,
        name: &str,
        api_group: &str,
    ) -> Option<usize> {
        self.workloads
            .binary_search_by(|workload| {
                let Metadata { namespace: at, name: named, .. } = &workload.metadata;
                (&**at, &*workload.kind, &**named, &*workload.api_group)
                    .cmp(&(namespace, kind, name, api_group))
            })
            .ok()
    }

    /// Returns the namespaces of all objects, sorted; the assumed default objects do not count.
    pub fn namespace_names(&self) -> Vec<Text> {
        let mut names: Vec<Text> =
            self.namespaces.iter().map(|namespace| namespace.metadata.name.clone()).collect();
        let mut add = |metadata: &Metadata| {
            let is_read = metadata.origin != Origin::Default && !metadata.namespace.is_empty();
            if is_read && names.last() != Some(&metadata.namespace) {
                names.push(metadata.namespace.clone());
            }
        };
        self.roles.iter().for_each(|role| add(&role.metadata));
        self.bindings.iter().for_each(|binding| add(&binding.metadata));
        self.service_accounts.iter().for_each(|account| add(&account.metadata));
        self.workloads.iter().for_each(|workload| add(&workload.metadata));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Changes the origins of all objects; nothing is sorted by origin.
    pub fn change_origins(&mut self, mut change: impl FnMut(&mut Origin)) {
        self.roles.iter_mut().for_each(|role| change(&mut role.metadata.origin));
        self.bindings.iter_mut().for_each(|binding| change(&mut binding.metadata.origin));
        self.service_accounts.iter_mut().for_each(|account| change(&mut account.metadata.origin));
        self.namespaces.iter_mut().for_each(|namespace| change(&mut namespace.metadata.origin));
        self.workloads.iter_mut().for_each(|workload| change(&mut workload.metadata.origin));
        self.named.iter_mut().for_each(|object| change(&mut object.metadata.origin));
        self.gaps.iter_mut().for_each(|gap| change(&mut gap.origin));
        self.unknown_fields.iter_mut().for_each(|field| change(&mut field.origin));
    }

    /// Removes Helm's annotations from all objects, for those that another program applies: only Helm and
    /// Argo CD know hooks.
    pub fn forget_hooks(&mut self) {
        let roles = self.roles.iter_mut().map(|it| &mut it.metadata);
        let bindings = self.bindings.iter_mut().map(|it| &mut it.metadata);
        let accounts = self.service_accounts.iter_mut().map(|it| &mut it.metadata);
        let workloads = self.workloads.iter_mut().map(|it| &mut it.metadata);
        for metadata in roles.chain(bindings).chain(accounts).chain(workloads) {
            if metadata.annotation("helm.sh/hook").is_some() {
                let all = std::mem::take(&mut metadata.annotations).into_vec().into_iter();
                metadata.annotations =
                    all.filter(|(key, _)| !key.starts_with("helm.sh/")).collect();
            }
        }
    }

    /// Turns the inventory back into a builder, to add more objects.
    pub fn into_builder(self) -> InventoryBuilder {
        InventoryBuilder { inventory: self, ..InventoryBuilder::default() }
    }
}

fn find<'a, T>(
    objects: &'a [T],
    namespace: &str,
    name: &str,
    metadata: impl Fn(&T) -> &Metadata,
) -> Option<&'a T> {
    let index = objects
        .binary_search_by(|object| {
            let metadata = metadata(object);
            (&*metadata.namespace, &*metadata.name).cmp(&(namespace, name))
        })
        .ok()?;
    objects.get(index)
}

fn range_of<T>(objects: &[T], order: impl Fn(&T) -> std::cmp::Ordering) -> &[T] {
    let start = objects.partition_point(|object| order(object).is_lt());
    let rest = objects.get(start..).unwrap_or_default();
    let end = rest.partition_point(|object| order(object).is_eq());
    rest.get(..end).unwrap_or_default()
}

/// Collects objects into an [`Inventory`]; of two objects with the same name the later one wins.
#[derive(Debug, Default)]
pub struct InventoryBuilder {
    pub(crate) inventory: Inventory,
    pub(crate) implied_service_accounts: Vec<ServiceAccount>,
    replaced: Vec<Replaced>,
}

/// An object that a later one of the same kind, namespace and name replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Replaced {
    /// The kind.
    pub kind: Text,
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: Text,
    /// The name.
    pub name: Text,
    /// Where the replaced object was read.
    pub earlier: Origin,
    /// Where the remaining object was read.
    pub later: Origin,
}

impl InventoryBuilder {
    /// Creates an empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a Role or ClusterRole.
    pub fn role(&mut self, role: Role) {
        self.inventory.roles.push(role);
    }

    /// Adds a RoleBinding or ClusterRoleBinding.
    pub fn binding(&mut self, binding: Binding) {
        self.inventory.bindings.push(binding);
    }

    /// Adds a ServiceAccount.
    pub fn service_account(&mut self, account: ServiceAccount) {
        self.inventory.service_accounts.push(account);
    }

    /// Adds a ServiceAccount that another object implies, unless one of that name is added
    /// explicitly.
    pub fn implied_service_account(&mut self, account: ServiceAccount) {
        self.implied_service_accounts.push(account);
    }

    /// Adds a Namespace.
    pub fn namespace(&mut self, namespace: Namespace) {
        self.inventory.namespaces.push(namespace);
    }

    /// Adds a Pod or an object that creates Pods.
    pub fn workload(&mut self, workload: Workload) {
        self.inventory.workloads.push(workload);
    }

    /// Adds an object that only needs to exist.
    pub fn named_object(&mut self, object: NamedObject) {
        self.inventory.named.push(object);
    }

    /// Records a gap.
    pub fn gap(&mut self, gap: Gap) {
        self.inventory.gaps.push(gap);
    }

    /// Appends the contents of another builder.
    pub fn append(&mut self, other: Self) {
        let inventory = &mut self.inventory;
        append(&mut inventory.roles, other.inventory.roles);
        append(&mut inventory.bindings, other.inventory.bindings);
        append(&mut inventory.service_accounts, other.inventory.service_accounts);
        append(&mut inventory.namespaces, other.inventory.namespaces);
        append(&mut inventory.workloads, other.inventory.workloads);
        append(&mut inventory.named, other.inventory.named);
        append(&mut inventory.gaps, other.inventory.gaps);
        append(&mut inventory.unknown_fields, other.inventory.unknown_fields);
        append(&mut self.implied_service_accounts, other.implied_service_accounts);
        append(&mut self.replaced, other.replaced);
    }

    /// Prepends the contents of another builder.
    pub fn prepend(&mut self, other: Self) {
        let own = std::mem::replace(self, other);
        self.append(own);
    }

    /// Returns the roles added so far, in insertion order.
    pub fn roles(&self) -> &[Role] {
        &self.inventory.roles
    }

    /// Changes the origins of all objects.
    pub fn change_origins(&mut self, mut change: impl FnMut(&mut Origin)) {
        self.inventory.change_origins(&mut change);
        let implied = self.implied_service_accounts.iter_mut();
        implied.for_each(|account| change(&mut account.metadata.origin));
    }

    /// Removes Helm's annotations from all objects so far.
    pub fn forget_hooks(&mut self) {
        self.inventory.forget_hooks();
    }

    /// Returns the bindings so far.
    pub fn bindings(&self) -> &[Binding] {
        &self.inventory.bindings
    }

    /// Returns the ServiceAccounts so far, without those of custom resources.
    pub fn service_accounts(&self) -> &[ServiceAccount] {
        &self.inventory.service_accounts
    }

    /// Returns the namespaces so far.
    pub fn namespaces(&self) -> &[Namespace] {
        &self.inventory.namespaces
    }

    /// Returns the workloads so far.
    pub fn workloads(&self) -> &[Workload] {
        &self.inventory.workloads
    }

    /// Returns the workloads added so far, in insertion order.
    pub fn workloads_mut(&mut self) -> &mut [Workload] {
        &mut self.inventory.workloads
    }

    /// Removes roles.
    pub fn retain_roles(&mut self, keep: impl FnMut(&Role) -> bool) {
        self.inventory.roles.retain(keep);
    }

    /// Removes bindings.
    pub fn retain_bindings(&mut self, keep: impl FnMut(&Binding) -> bool) {
        self.inventory.bindings.retain(keep);
    }

    /// Sorts all objects and keeps the last one of each name.
    pub fn build(self) -> Inventory {
        self.build_with_replaced().0
    }

    /// Does the same as [`build`](Self::build) and returns the replaced objects, sorted.
    pub fn build_with_replaced(self) -> (Inventory, Vec<Replaced>) {
        let Self { mut inventory, mut implied_service_accounts, mut replaced } = self;
        let Inventory { roles, bindings, service_accounts, namespaces, workloads, .. } =
            &mut inventory;
        merge_over_aggregated(roles);
        let ((of_roles, of_bindings), ((of_accounts, of_namespaces), of_workloads)) = rayon::join(
            || rayon::join(|| keep_last(roles), || keep_last(bindings)),
            || {
                rayon::join(
                    || (keep_last(service_accounts), keep_last(namespaces)),
                    || keep_last(workloads),
                )
            },
        );
        for found in [of_roles, of_bindings, of_accounts, of_namespaces, of_workloads] {
            replaced.extend(found);
        }
        keep_last(&mut implied_service_accounts);
        implied_service_accounts.retain(|implied| {
            let metadata = &implied.metadata;
            inventory.service_account(&metadata.namespace, &metadata.name).is_none()
        });
        if !implied_service_accounts.is_empty() {
            inventory.service_accounts.append(&mut implied_service_accounts);
            keep_last(&mut inventory.service_accounts);
        }
        let key = |object: &NamedObject| {
            let NamedObject { metadata, kind, api_group } = object;
            (metadata.namespace.clone(), kind.clone(), metadata.name.clone(), api_group.clone())
        };
        inventory.named.sort_by_key(key);
        inventory.named.dedup_by_key(|object| key(object));
        inventory.gaps.sort();
        inventory.gaps.dedup();
        inventory.unknown_fields.sort();
        replaced.sort();
        (inventory, replaced)
    }
}

/// Appends without a copy if the target is empty.
fn append<T>(all: &mut Vec<T>, mut more: Vec<T>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.append(&mut more);
    }
}
