//! The objects that remove grants.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{
    Authorizer, Binding, LabelSelector, Metadata, PolicyRule, Role, RoleRef, Subject, Text,
    settle_aggregation,
};

use super::Unit;
use super::narrow::Narrowing;
use super::search::can_change;
use crate::world::World;

/// An object to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CutObject {
    /// A Role or ClusterRole.
    Role(Role),
    /// A RoleBinding or ClusterRoleBinding.
    Binding(Binding),
}

/// The objects of a plan, and the roles and rules that they replace.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) objects: Vec<CutObject>,
    origins: BTreeMap<(Text, Text), Vec<(u32, usize)>>,
}

/// A subject of a binding, by position.
type Use = (u32, usize);

impl Changes {
    /// Builds the objects.
    ///
    /// A rule that all subjects of all bindings of a role lose is changed in the role. Otherwise the
    /// subject gets a copy of the role without it, so that nobody else loses anything.
    pub(crate) fn of(world: &World<'_>, units: &[Unit], narrowing: &Narrowing) -> Self {
        let mut by_role: BTreeMap<u32, BTreeMap<Use, BTreeSet<Option<usize>>>> = BTreeMap::new();
        for unit in units {
            let Some(role) = world.role_of(unit.binding) else { continue };
            let uses = by_role.entry(role).or_default();
            uses.entry((unit.binding, unit.subject)).or_default().insert(unit.rule);
        }
        let mut changes = Self::default();
        let mut without: BTreeMap<u32, BTreeSet<usize>> = BTreeMap::new();
        let mut copies: Vec<(Use, Role)> = Vec::new();
        for (role, uses) in by_role {
            let Some(written) = world.role(role) else { continue };
            let shared = shared_rules(world, role, &uses);
            if !shared.is_empty() {
                let changed = reduced(role, written, &shared, narrowing);
                changes.remember(&changed.metadata, role, &shared);
                changes.objects.push(CutObject::Role(changed));
            }
            for (used, rules) in uses {
                let own: BTreeSet<usize> =
                    rules.iter().flatten().copied().filter(|it| !shared.contains(it)).collect();
                let is_whole = rules.contains(&None);
                if own.is_empty() && !is_whole {
                    continue;
                }
                without.entry(used.0).or_default().insert(used.1);
                let lost: BTreeSet<usize> = own.union(&shared).copied().collect();
                let copy = reduced(role, written, &lost, narrowing);
                if !is_whole && !copy.rules.is_empty() {
                    changes.remember(&copy.metadata, role, &lost);
                    copies.push((used, copy));
                }
            }
        }
        for (binding, subjects) in without {
            if let Some(binding) = world.inventory().bindings().get(binding as usize) {
                changes.objects.push(CutObject::Binding(without_subjects(binding, &subjects)));
            }
        }
        changes.add_copies(world, copies);
        changes
    }

    /// Applies the objects.
    pub(crate) fn apply(&self, authorizer: &Authorizer) -> Authorizer {
        let mut builder = authorizer.inventory().clone().into_builder();
        let mut changed: BTreeSet<&str> = BTreeSet::new();
        for object in &self.objects {
            match object {
                CutObject::Role(role) => {
                    if role.is_cluster_role() {
                        changed.insert(&role.metadata.name);
                    }
                    builder.role(role.clone());
                }
                CutObject::Binding(binding) => builder.binding(binding.clone()),
            }
        }
        let mut inventory = builder.build();
        settle_aggregation(&mut inventory, &changed);
        Authorizer::new(inventory)
    }

    /// Returns the rules that a role of the changed inventory replaces.
    pub(crate) fn origin_of(&self, role: &Role) -> Vec<(u32, usize)> {
        let key = (role.metadata.namespace.clone(), role.metadata.name.clone());
        self.origins.get(&key).cloned().unwrap_or_default()
    }

    fn remember(&mut self, metadata: &Metadata, role: u32, rules: &BTreeSet<usize>) {
        let key = (metadata.namespace.clone(), metadata.name.clone());
        self.origins.entry(key).or_default().extend(rules.iter().map(|rule| (role, *rule)));
    }

    /// Adds the copies of roles, each with a binding to the subjects that had the original.
    fn add_copies(&mut self, world: &World<'_>, copies: Vec<(Use, Role)>) {
        let inventory = world.inventory();
        let mut roles: Vec<Role> = Vec::new();
        let mut bindings: BTreeMap<(u32, Text), Vec<usize>> = BTreeMap::new();
        for ((binding, subject), copy) in copies {
            let is_same = |known: &&Role| {
                known.metadata.namespace == copy.metadata.namespace
                    && known.rules == copy.rules
                    && known.metadata.name.starts_with(&*copy.metadata.name)
            };
            let name = match roles.iter().find(is_same) {
                Some(known) => known.metadata.name.clone(),
                None => {
                    let namespace = copy.metadata.namespace.clone();
                    let is_free = |name: &str| {
                        inventory.role(&namespace, name).is_none()
                            && !roles.iter().any(|known| {
                                known.metadata.namespace == namespace
                                    && *known.metadata.name == *name
                            })
                    };
                    let name = free_name(&copy.metadata.name, is_free);
                    let metadata = Metadata::new(namespace, name.clone());
                    let origins = self.origin_of(&copy);
                    self.origins.insert((metadata.namespace.clone(), name.clone()), origins);
                    roles.push(Role { metadata, ..copy });
                    name
                }
            };
            bindings.entry((binding, name)).or_default().push(subject);
        }
        self.objects.extend(roles.into_iter().map(CutObject::Role));
        let mut taken: BTreeSet<(Text, Text)> = BTreeSet::new();
        for ((binding, role), subjects) in bindings {
            let Some(binding) = inventory.bindings().get(binding as usize) else { continue };
            let namespace = binding.metadata.namespace.clone();
            let is_free = |name: &str| {
                inventory.binding(&namespace, name).is_none()
                    && !taken.contains(&(namespace.clone(), name.into()))
            };
            let name = free_name(&binding.metadata.name, is_free);
            taken.insert((namespace.clone(), name.clone()));
            let subjects = subjects.iter().filter_map(|at| binding.subjects.get(*at)).cloned();
            self.objects.push(CutObject::Binding(Binding {
                metadata: Metadata::new(namespace, name),
                role_ref: RoleRef { name: role, ..binding.role_ref.clone() },
                subjects: subjects.collect(),
            }));
        }
    }
}

/// Returns the rules that every subject of every binding of a role loses, if the role can be changed
/// and nothing else contains its rules.
fn shared_rules(
    world: &World<'_>,
    role: u32,
    uses: &BTreeMap<Use, BTreeSet<Option<usize>>>,
) -> BTreeSet<usize> {
    if !can_change(world, role) || is_aggregated_elsewhere(world, role) {
        return BTreeSet::new();
    }
    let bindings = world.inventory().bindings().iter().zip(0..);
    let of_role = bindings.filter(|(_, position)| world.role_of(*position) == Some(role));
    let all: Vec<Use> = of_role
        .flat_map(|(binding, at)| {
            // Subjects that are equal are the same grant.
            let subjects = binding.subjects.iter().enumerate();
            let first = subjects.filter(|(position, subject)| {
                binding.subjects.iter().position(|other| other == *subject) == Some(*position)
            });
            first.map(move |(subject, _)| (at, subject))
        })
        .collect();
    let rules: BTreeSet<usize> = uses.values().flatten().flatten().copied().collect();
    let loses =
        |used: &Use, rule: usize| uses.get(used).is_some_and(|rules| rules.contains(&Some(rule)));
    rules.into_iter().filter(|rule| all.iter().all(|used| loses(used, *rule))).collect()
}

/// Returns whether an aggregated ClusterRole includes the rules of a role.
fn is_aggregated_elsewhere(world: &World<'_>, role: u32) -> bool {
    let Some(role) = world.role(role).filter(|role| role.is_cluster_role()) else { return false };
    let selects = |selector: &LabelSelector| selector.matches(&role.metadata);
    let aggregations = world.inventory().roles().iter().filter_map(|it| it.aggregation.as_ref());
    !role.metadata.labels.is_empty()
        && aggregations.into_iter().any(|it| it.selectors.iter().any(selects))
}

fn reduced(position: u32, role: &Role, lost: &BTreeSet<usize>, narrowing: &Narrowing) -> Role {
    let rules = role.rules.iter().enumerate().flat_map(|(at, rule)| match lost.contains(&at) {
        true => narrowing.rest(position, at, rule),
        false => vec![rule.clone()],
    });
    let rules: Vec<PolicyRule> = rules.collect();
    Role { rules: rules.into(), ..role.clone() }
}

fn without_subjects(binding: &Binding, subjects: &BTreeSet<usize>) -> Binding {
    let lost: Vec<&Subject> = subjects.iter().filter_map(|at| binding.subjects.get(*at)).collect();
    let left = binding.subjects.iter().filter(|subject| !lost.contains(subject));
    Binding { subjects: left.cloned().collect(), ..binding.clone() }
}

/// Returns a name for a copy that no object has.
fn free_name(name: &str, is_free: impl Fn(&str) -> bool) -> Text {
    let reduced = format!("{name}-reduced");
    let numbered = (2..).map(|number| format!("{reduced}-{number}"));
    let mut names = std::iter::once(reduced.clone()).chain(numbered);
    names.find(|name| is_free(name)).unwrap_or(reduced).into()
}
