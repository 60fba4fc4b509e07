//! The data that rules need.

use std::sync::OnceLock;

use rolecall_access::risk::Engine;
use rolecall_rbac::{
    Authorizer, Binding, Catalog, Inventory, Metadata, Origin, PolicyRule, Role, RoleKind,
    ServiceAccount, covers,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::dead_entry::DeadEntry;
use crate::input::CheckInput;
use crate::missing_subject::MissingSubject;
use crate::names::Names;
use crate::pods::{PodOf, find_pods};
use crate::rule_at::RuleAt;
use crate::{ExternalKind, FieldPath};

/// The input of a check, with data that several rules need.
pub(crate) struct Context<'a> {
    pub(crate) input: CheckInput<'a>,
    roles: Vec<&'a Role>,
    bindings: Vec<&'a Binding>,
    /// The built-in bindings without other subjects, by namespace and name.
    default_bindings: FxHashSet<(&'a str, &'a str)>,
    pods: Vec<PodOf<'a>>,
    names: Names<'a>,
    /// The ClusterRoles with aggregation rules.
    aggregated: Vec<&'a Role>,
    /// The roles of bindings, by the address of the binding.
    roles_of: FxHashMap<usize, &'a Role>,
    risks: OnceLock<Engine<'a>>,
    /// Filled when a rule first needs it.
    pub(crate) unknown_subjects: OnceLock<Vec<MissingSubject<'a>>>,
    /// Filled when a rule first needs it.
    pub(crate) dead_entries: OnceLock<Vec<DeadEntry<'a>>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(input: CheckInput<'a>) -> Self {
        let inventory = input.inventory();
        let (default_bindings, mut bindings): (Vec<&Binding>, Vec<&Binding>) =
            inventory.bindings().iter().partition(|binding| input.has_by_default(binding));
        bindings.retain(|binding| input.is_judged(&binding.metadata));
        let (pods, names) = rayon::join(|| find_pods(&input), || Names::of(&input));
        let mut context = Self {
            input,
            roles: Vec::new(),
            bindings,
            default_bindings: default_bindings
                .into_iter()
                .map(|binding| place(&binding.metadata))
                .collect(),
            pods,
            names,
            aggregated: inventory.roles().iter().filter(|it| it.aggregation.is_some()).collect(),
            roles_of: roles_of(inventory),
            risks: OnceLock::new(),
            unknown_subjects: OnceLock::new(),
            dead_entries: OnceLock::new(),
        };
        let is_own_role =
            |role: &&Role| context.is_judged(&role.metadata) && !context.is_default_role(role);
        context.roles = inventory.roles().iter().filter(is_own_role).collect();
        context
    }

    pub(crate) fn authorizer(&self) -> &'a Authorizer {
        self.input.authorizer
    }

    pub(crate) fn inventory(&self) -> &'a Inventory {
        self.input.inventory()
    }

    /// Returns the catalogue of risks, compiled for the input.
    pub(crate) fn risks(&self) -> &Engine<'a> {
        self.risks.get_or_init(|| {
            let engine = Engine::new(self.authorizer(), self.input.version);
            engine.assess(&self.roles);
            engine
        })
    }

    /// Returns the index of objects by name.
    pub(crate) fn names(&self) -> &Names<'a> {
        &self.names
    }

    pub(crate) fn catalog(&self) -> &'a Catalog {
        self.input.catalog
    }

    /// Returns the checked roles, without Kubernetes' default roles.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &'a Role> {
        self.roles.iter().copied()
    }

    /// Returns the rules of the checked roles, without those of aggregated roles, which a controller
    /// writes.
    pub(crate) fn rules(&self) -> impl Iterator<Item = RuleAt<'a>> {
        self.roles().filter(|role| role.aggregation.is_none()).flat_map(|role| {
            role.rules.iter().enumerate().map(move |(index, rule)| RuleAt { role, index, rule })
        })
    }

    /// Returns the checked bindings, without Kubernetes' default bindings.
    pub(crate) fn bindings(&self) -> impl Iterator<Item = &'a Binding> {
        self.bindings.iter().copied()
    }

    pub(crate) fn service_accounts(&self) -> impl Iterator<Item = &'a ServiceAccount> {
        let accounts = self.inventory().service_accounts().iter();
        accounts.filter(|account| self.is_judged(&account.metadata))
    }

    /// Returns the pod specs of the checked workloads, each once.
    pub(crate) fn pods(&self) -> &[PodOf<'a>] {
        &self.pods
    }

    pub(crate) fn is_judged(&self, metadata: &Metadata) -> bool {
        self.input.is_judged(metadata)
    }

    /// Returns whether objects from an origin are checked.
    pub(crate) fn is_judged_origin(&self, origin: &Origin) -> bool {
        self.input.is_judged_origin(origin)
    }

    /// Returns whether an object might belong to a namespace other than the assumed one.
    pub(crate) fn is_guess(&self, metadata: &Metadata) -> bool {
        self.input.is_guess(metadata)
    }

    /// Returns whether other software installs an object, according to the configuration.
    pub(crate) fn is_external(&self, kind: ExternalKind, namespace: &str, name: &str) -> bool {
        !self.input.complete
            && self.input.external.iter().any(|entry| entry.matches(kind, namespace, name))
    }

    /// Returns whether a role is a default role of servers that grants no more than the original.
    pub(crate) fn is_default_role(&self, role: &Role) -> bool {
        let Metadata { namespace, name, .. } = &role.metadata;
        let defaults = || self.input.defaults.iter().filter_map(|all| all.role(namespace, name));
        if defaults().any(|default| default.rules == role.rules) {
            return true;
        }
        let rules: Vec<PolicyRule> =
            defaults().flat_map(|default| default.rules.iter().cloned()).collect();
        !rules.is_empty() && covers(&rules, &role.rules).is_complete()
    }

    /// Returns whether a binding of the inventory is a default binding of servers without other subjects.
    pub(crate) fn is_default_binding(&self, binding: &Binding) -> bool {
        self.default_bindings.contains(&place(&binding.metadata))
    }

    /// Returns the role that the roleRef of a binding of the inventory refers to.
    pub(crate) fn role_of(&self, binding: &Binding) -> Option<&'a Role> {
        self.roles_of.get(&address(binding)).copied()
    }

    /// Returns whether an aggregated ClusterRole copies the rules of this one.
    pub(crate) fn is_aggregated(&self, role: &Role) -> bool {
        self.aggregated_into(role).next().is_some()
    }

    /// Returns the aggregated ClusterRoles that copy the rules of a ClusterRole.
    pub(crate) fn aggregated_into(&self, role: &Role) -> impl Iterator<Item = &'a Role> {
        let roles = if role.is_cluster_role() { &*self.aggregated } else { &[] };
        roles.iter().copied().filter(move |other| {
            let aggregation = other.aggregation.as_ref();
            !std::ptr::eq(*other, role)
                && aggregation.is_some_and(|aggregation| {
                    let mut selectors = aggregation.selectors.iter();
                    selectors.any(|selector| selector.matches(&role.metadata))
                })
        })
    }

    /// Returns the bindings that refer to a role, including Kubernetes' default bindings.
    pub(crate) fn bindings_to(&self, role: &Role) -> Vec<&'a Binding> {
        self.authorizer().bindings_to(&role.metadata.namespace, &role.metadata.name)
    }
}

/// Returns the role of each binding whose role exists.
fn roles_of(inventory: &Inventory) -> FxHashMap<usize, &Role> {
    let role_of = |binding: &Binding| {
        let namespace = match binding.role_ref.kind {
            RoleKind::ClusterRole => "",
            RoleKind::Role if !binding.is_cluster_role_binding() => &binding.metadata.namespace,
            _ => return None,
        };
        inventory.role(namespace, &binding.role_ref.name)
    };
    let bindings = inventory.bindings().iter();
    bindings.filter_map(|binding| Some((address(binding), role_of(binding)?))).collect()
}

fn address(binding: &Binding) -> usize {
    std::ptr::from_ref(binding).addr()
}

fn place(metadata: &Metadata) -> (&str, &str) {
    (&metadata.namespace, &metadata.name)
}

impl RuleAt<'_> {
    /// Returns the path of the rule.
    pub(crate) fn path(&self) -> FieldPath {
        FieldPath::key("rules").then_index(self.index)
    }

    /// Returns the path of one value of one of the rule's fields.
    pub(crate) fn value(&self, field: &str, index: usize) -> FieldPath {
        self.path().then_key(field).then_index(index)
    }
}
