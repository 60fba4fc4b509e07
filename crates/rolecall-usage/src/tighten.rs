//! The roles and bindings that remain: the rights that logs show in use, and those that logs cannot show.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rolecall_rbac::{
    Authorizer, Binding, Inventory, Metadata, Origin, PolicyRule, Request, Role, RoleKind, RoleRef,
    Target, Text, rule_allows,
};

use crate::atom::{Atom, rules_of};
use crate::claim::withheld;
use crate::coverage::Coverage;
use crate::credit::{Credit, Credits, GrantKey};
use crate::edit::{Edit, Tightened};
use crate::unused::{is_default, role_of};

/// The bindings to tighten, and the limits.
pub struct TightenConfig<'c> {
    /// Whether a binding is tightened.
    pub selects: &'c dyn Fn(&Binding) -> bool,
    /// Requests that stay allowed for the subjects of a binding.
    pub keep: &'c dyn Fn(&Binding) -> Vec<Request>,
    /// The most names to restrict a rule to; 0 for none.
    pub names: usize,
    /// The most namespaces into which a cluster-wide permission is divided.
    pub namespaces: usize,
}

/// Plans the changes.
pub fn tighten(
    authorizer: &Authorizer,
    credits: &Credits,
    coverage: &Coverage,
    config: &TightenConfig<'_>,
) -> Tightened {
    let inventory = authorizer.inventory();
    let selected = |binding: &&Binding| !is_default(binding) && (config.selects)(binding);
    let mut plan = Plan {
        inventory,
        most_namespaces: config.namespaces,
        edits: BTreeMap::new(),
        copied: Vec::new(),
    };
    // The needs of each role that can be edited, by all of its bindings.
    let mut roles: BTreeMap<(&Text, &Text), (&Role, Vec<Needs<'_>>)> = BTreeMap::new();
    for binding in inventory.bindings().iter().filter(selected) {
        let Some(role) = role_of(authorizer, binding) else { continue };
        let needs = Needs::new(binding, role, credits, coverage, config);
        match plan.is_editable(role, &selected) {
            true => {
                let key = (&role.metadata.namespace, &role.metadata.name);
                roles.entry(key).or_insert((role, Vec::new())).1.push(needs);
            }
            false => plan.copy(role, &needs),
        }
    }
    for (role, needs) in roles.into_values() {
        plan.edit(role, &needs);
    }
    let mut edits: Vec<Edit> = plan.edits.into_values().collect();
    edits.sort_by_key(Edit::order);
    Tightened { edits, copied: plan.copied }
}

/// The parts of a role that a binding needs: atoms of each rule, in the whole cluster or in namespaces.
struct Needs<'a> {
    binding: &'a Binding,
    /// For a RoleBinding, everything.
    everywhere: BTreeMap<usize, BTreeSet<Atom>>,
    /// For a ClusterRoleBinding, the rights that are needed in a namespace and not everywhere.
    by_namespace: BTreeMap<Text, BTreeMap<usize, BTreeSet<Atom>>>,
}

impl<'a> Needs<'a> {
    fn new(
        binding: &'a Binding,
        role: &Role,
        credits: &Credits,
        coverage: &Coverage,
        config: &TightenConfig<'_>,
    ) -> Self {
        let mut needs =
            Self { binding, everywhere: BTreeMap::new(), by_namespace: BTreeMap::new() };
        let kept = (config.keep)(binding);
        for (index, rule) in role.rules.iter().enumerate() {
            let key = GrantKey {
                namespace: binding.metadata.namespace.clone(),
                binding: binding.metadata.name.clone(),
                rule: index,
            };
            let credited = credits.by_grant.get(&key).map_or(&[][..], Vec::as_slice);
            let credited: Vec<&Credit> =
                credited.iter().filter(|credit| credit.via.can_be_rbac()).collect();
            for credit in &credited {
                let few = few_names(&credited, &credit.request, config.names);
                needs.add(index, rule, credit, few);
            }
            let all = Atom::of_rule(rule);
            let everywhere = needs.everywhere.entry(index).or_default();
            // Rights whose use the logs cannot show stay as they are.
            let is_used = |atom: &Atom| {
                let rule = atom.rule();
                credited.iter().any(|credit| rule_allows(&rule, &credit.request))
            };
            let hidden = all.iter().filter(|atom| {
                withheld(coverage, credits, binding, atom).is_some() && !is_used(atom)
            });
            everywhere.extend(hidden.cloned());
            for request in kept.iter().filter(|request| allows_some(rule, request)) {
                let names = rule.resource_names.iter().cloned().map(Some);
                let names = names.chain(rule.resource_names.is_empty().then_some(None));
                everywhere.extend(names.map(|name| Atom::of_request(request, name)));
            }
        }
        needs.settle();
        needs
    }

    fn add(&mut self, index: usize, rule: &PolicyRule, credit: &Credit, few: bool) {
        let atoms: Vec<Atom> = match &credit.request.target {
            // The URLs of the rule stand for the paths that were not kept.
            Target::Path(_) if credit.many => Atom::of_rule(rule)
                .into_iter()
                .filter(|atom| rule_allows(&atom.rule(), &credit.request))
                .map(|atom| Atom { verb: credit.request.verb.clone(), ..atom })
                .collect(),
            Target::Path(_) => vec![Atom::of_request(&credit.request, None)],
            Target::Resource(target) => {
                let is_named = !rule.resource_names.is_empty() || few;
                let name = (is_named && !target.name.is_empty()).then(|| target.name.clone());
                vec![Atom::of_request(&credit.request, name)]
            }
        };
        let namespace = credit.request.namespace();
        let is_everywhere = namespace.is_empty() || !self.binding.is_cluster_role_binding();
        let needs = match is_everywhere {
            true => &mut self.everywhere,
            false => self.by_namespace.entry(namespace.into()).or_default(),
        };
        needs.entry(index).or_default().extend(atoms);
    }

    /// Removes the rights that are needed everywhere from the namespaces, and empty sets.
    fn settle(&mut self) {
        let everywhere = &mut self.everywhere;
        everywhere.retain(|_, atoms| !atoms.is_empty());
        let all = rules_of(&everywhere.values().flatten().cloned().collect());
        for needs in self.by_namespace.values_mut() {
            for atoms in needs.values_mut() {
                atoms.retain(|atom| !is_covered(&all, atom));
            }
            needs.retain(|_, atoms| !atoms.is_empty());
        }
        self.by_namespace.retain(|_, needs| !needs.is_empty());
    }

    /// Returns the rights that are needed in any namespace.
    fn in_namespaces(&self) -> BTreeMap<usize, BTreeSet<Atom>> {
        let mut all: BTreeMap<usize, BTreeSet<Atom>> = BTreeMap::new();
        for (index, atoms) in self.by_namespace.values().flatten() {
            all.entry(*index).or_default().extend(atoms.iter().cloned());
        }
        all
    }
}

/// Returns whether the names in requests of one kind are few, and each was used more than once.
fn few_names(credited: &[&Credit], request: &Request, most: usize) -> bool {
    if most == 0 {
        return false;
    }
    let kind = request.clone().without_name();
    let same = credited.iter().filter(|credit| {
        let other = credit.request.clone().without_name();
        other.verb == kind.verb && same_resource(&other, &kind)
    });
    let mut counts: BTreeMap<Text, u64> = BTreeMap::new();
    for credit in same {
        let Target::Resource(target) = &credit.request.target else { return false };
        if credit.many || target.name.is_empty() {
            return false;
        }
        *counts.entry(target.name.clone()).or_default() += credit.counts.requests();
    }
    !counts.is_empty() && counts.len() <= most && counts.values().all(|count| *count > 1)
}

fn same_resource(one: &Request, other: &Request) -> bool {
    one.clone().in_namespace("").target == other.clone().in_namespace("").target
}

fn is_covered(rules: &[PolicyRule], atom: &Atom) -> bool {
    rolecall_rbac::covers(rules, &[atom.rule()]).is_complete()
}

/// Returns whether a rule allows a request for at least one object.
fn allows_some(rule: &PolicyRule, request: &Request) -> bool {
    let any_name = PolicyRule { resource_names: Arc::from([]), ..rule.clone() };
    rule_allows(&any_name, request)
}

/// The changes so far.
struct Plan<'a> {
    inventory: &'a Inventory,
    /// The most namespaces into which a cluster-wide permission is divided.
    most_namespaces: usize,
    edits: BTreeMap<(&'static str, Text, Text), Edit>,
    copied: Vec<(Metadata, Text)>,
}

impl Plan<'_> {
    /// Returns whether only selected bindings use a role, and nobody else maintains it.
    fn is_editable(&self, role: &Role, selected: &impl Fn(&&Binding) -> bool) -> bool {
        let metadata = &role.metadata;
        let aggregates = "rbac.authorization.k8s.io/aggregate-to-";
        let is_own = metadata.origin != Origin::Default
            && role.aggregation.is_none()
            && metadata.label("kubernetes.io/bootstrapping").is_none()
            && !metadata.labels.iter().any(|(key, _)| key.starts_with(aggregates));
        is_own
            && self
                .inventory
                .bindings()
                .iter()
                .filter(|it| refers_to(it, role))
                .all(|it| selected(&it))
    }

    /// Edits a role and its bindings.
    fn edit(&mut self, role: &Role, all: &[Needs<'_>]) {
        if all.len() > 1 && all.iter().any(|needs| self.divides(needs)) {
            return self.separate(role, all);
        }
        let mut remaining: BTreeMap<usize, BTreeSet<Atom>> = BTreeMap::new();
        let mut is_bound = false;
        for needs in all {
            let of_role = self.bind(role, needs, &role_ref_of(role));
            is_bound |= of_role.is_some();
            for (index, atoms) in of_role.into_iter().flatten() {
                remaining.entry(index).or_default().extend(atoms);
            }
        }
        match is_bound {
            true => self.set_rules(role, &remaining),
            false => {
                let of = role.metadata.clone();
                self.put(role.kind(), &of.clone(), Edit::DeleteRole(of));
            }
        }
    }

    /// Returns whether a cluster-wide binding is divided into namespaces.
    fn divides(&self, needs: &Needs<'_>) -> bool {
        (1..=self.most_namespaces).contains(&needs.by_namespace.len())
    }

    /// Gives each binding its own role: one might need a right everywhere, and another only in some namespaces.
    fn separate(&mut self, role: &Role, all: &[Needs<'_>]) {
        for needs in all {
            self.copy(role, needs);
        }
        let keeps = |needs: &Needs<'_>| {
            let binding = needs.binding;
            !self.edits.contains_key(&key_of(binding.kind(), &binding.metadata))
        };
        if !all.iter().any(keeps) {
            let of = role.metadata.clone();
            self.put(role.kind(), &of.clone(), Edit::DeleteRole(of));
        }
    }

    /// Gives a binding a copy of its role with the rights that it needs.
    fn copy(&mut self, role: &Role, needs: &Needs<'_>) {
        let binding = needs.binding;
        let mut all = needs.in_namespaces();
        for (index, atoms) in &needs.everywhere {
            all.entry(*index).or_default().extend(atoms.iter().cloned());
        }
        if all.is_empty() {
            return self.delete_binding(binding);
        }
        let is_whole = role.rules.iter().enumerate().all(|(index, rule)| {
            let needed = all.get(&index).cloned().unwrap_or_default();
            needed.is_superset(&Atom::of_rule(rule))
        });
        if is_whole && needs.by_namespace.is_empty() {
            return;
        }
        let kind = if binding.is_cluster_role_binding() { "ClusterRole" } else { "Role" };
        let name = format!("{}-{}", role.metadata.name.replace(':', "-"), binding.metadata.name);
        let name = self.fresh(kind, &binding.metadata.namespace, &name);
        let copy = Role {
            metadata: Metadata::new(binding.metadata.namespace.clone(), name.clone()),
            rules: role.rules.clone(),
            aggregation: None,
        };
        self.copied.push((binding.metadata.clone(), role.metadata.name.clone()));
        let Some(remaining) = self.bind(&copy, needs, &role_ref_of(&copy)) else { return };
        self.put_role(&copy, rules(&copy, &remaining));
        let is_there = self.edits.contains_key(&key_of(binding.kind(), &binding.metadata));
        if !is_there {
            let rebound = Binding { role_ref: role_ref_of(&copy), ..binding.clone() };
            self.put(binding.kind(), &binding.metadata, Edit::Binding(rebound));
        }
    }

    /// Keeps, narrows or deletes a binding, and returns what it needs of its role; `None` if it no longer
    /// refers to the role.
    fn bind(
        &mut self,
        role: &Role,
        needs: &Needs<'_>,
        role_ref: &RoleRef,
    ) -> Option<BTreeMap<usize, BTreeSet<Atom>>> {
        let binding = needs.binding;
        if needs.by_namespace.is_empty() {
            if needs.everywhere.is_empty() {
                self.delete_binding(binding);
                return None;
            }
            return Some(needs.everywhere.clone());
        }
        let namespaced = needs.in_namespaces();
        if !self.divides(needs) {
            let mut all = needs.everywhere.clone();
            for (index, atoms) in namespaced {
                all.entry(index).or_default().extend(atoms);
            }
            return Some(all);
        }
        if needs.everywhere.is_empty() {
            self.delete_binding(binding);
            for namespace in needs.by_namespace.keys() {
                self.bind_in(namespace, binding, role_ref.clone());
            }
            return Some(namespaced);
        }
        let name = self.fresh("ClusterRole", "", &format!("{}-namespaced", role.metadata.name));
        let part = Role {
            metadata: Metadata::new("", name),
            rules: role.rules.clone(),
            aggregation: None,
        };
        self.put_role(&part, rules(&part, &namespaced));
        for namespace in needs.by_namespace.keys() {
            self.bind_in(namespace, binding, role_ref_of(&part));
        }
        Some(needs.everywhere.clone())
    }

    /// Adds a RoleBinding in a namespace for a ClusterRoleBinding.
    fn bind_in(&mut self, namespace: &Text, binding: &Binding, role_ref: RoleRef) {
        let name = self.fresh("RoleBinding", namespace, &binding.metadata.name);
        let metadata = Metadata::new(namespace.clone(), name);
        let narrowed = Binding { metadata, role_ref, subjects: binding.subjects.clone() };
        self.put("RoleBinding", &narrowed.metadata.clone(), Edit::Binding(narrowed));
    }

    fn set_rules(&mut self, role: &Role, remaining: &BTreeMap<usize, BTreeSet<Atom>>) {
        let rules = rules(role, remaining);
        if *rules != *role.rules {
            self.put_role(role, rules);
        }
    }

    fn put_role(&mut self, role: &Role, rules: Vec<PolicyRule>) {
        let role = Role { rules: rules.into(), ..role.clone() };
        self.put(role.kind(), &role.metadata.clone(), Edit::Role(role));
    }

    fn delete_binding(&mut self, binding: &Binding) {
        let of = binding.metadata.clone();
        self.put(binding.kind(), &of.clone(), Edit::DeleteBinding(of));
    }

    fn put(&mut self, kind: &'static str, metadata: &Metadata, edit: Edit) {
        self.edits.insert(key_of(kind, metadata), edit);
    }

    /// Returns a name that no object has.
    fn fresh(&self, kind: &'static str, namespace: &str, name: &str) -> Text {
        let is_taken = |name: &str| {
            let exists = match kind {
                "RoleBinding" => self.inventory.binding(namespace, name).is_some(),
                _ => self.inventory.role(namespace, name).is_some(),
            };
            exists || self.edits.contains_key(&(kind, namespace.into(), name.into()))
        };
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|name| !is_taken(name)).unwrap_or_default().into()
    }
}

fn key_of(kind: &'static str, metadata: &Metadata) -> (&'static str, Text, Text) {
    (kind, metadata.namespace.clone(), metadata.name.clone())
}

fn role_ref_of(role: &Role) -> RoleRef {
    let kind = if role.is_cluster_role() { RoleKind::ClusterRole } else { RoleKind::Role };
    RoleRef {
        api_group: "rbac.authorization.k8s.io".into(),
        kind,
        name: role.metadata.name.clone(),
    }
}

fn refers_to(binding: &Binding, role: &Role) -> bool {
    let namespace = match binding.role_ref.kind {
        RoleKind::ClusterRole => "",
        RoleKind::Role => &binding.metadata.namespace,
        RoleKind::Other(_) => return false,
    };
    binding.role_ref.name == role.metadata.name && *namespace == *role.metadata.namespace
}

/// Removes the atoms that wider ones include: those for every object, and wildcards that stay because logs
/// cannot show their use.
fn without_covered(atoms: &BTreeSet<Atom>) -> BTreeSet<Atom> {
    let is_wide = |atom: &&Atom| {
        [&atom.verb, &atom.group, &atom.resource, &atom.url].iter().any(|text| text.contains('*'))
    };
    let wide: Vec<(&Atom, PolicyRule)> =
        atoms.iter().filter(is_wide).map(|atom| (atom, atom.rule())).collect();
    let is_needed = |atom: &&Atom| {
        let unnamed = Atom { name: None, ..(*atom).clone() };
        let is_unnamed_there = atom.name.is_some() && atoms.contains(&unnamed);
        let mut others = wide.iter().filter(|(other, _)| *other != *atom);
        !is_unnamed_there && !others.any(|(_, rule)| is_covered(std::slice::from_ref(rule), atom))
    };
    atoms.iter().filter(is_needed).cloned().collect()
}

/// Returns the rules that remain: a rule that is needed completely stays as it is written.
fn rules(role: &Role, remaining: &BTreeMap<usize, BTreeSet<Atom>>) -> Vec<PolicyRule> {
    let mut rules = Vec::new();
    for (index, rule) in role.rules.iter().enumerate() {
        let Some(atoms) = remaining.get(&index) else { continue };
        match atoms.is_superset(&Atom::of_rule(rule)) {
            true => rules.push(rule.clone()),
            false => rules.extend(rules_of(&without_covered(atoms))),
        }
    }
    rules
}
