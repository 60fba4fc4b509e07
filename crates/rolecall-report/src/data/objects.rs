//! Roles, bindings and namespaces.

use std::collections::HashMap;

use rolecall_rbac::{Authorizer, Binding, Metadata, Origin, RoleKind};
use rustc_hash::FxBuildHasher;
use serde::Serialize;

use super::subjects::Builder;
use super::{Places, Tables};

/// The object exists in every cluster of its Kubernetes version.
const BUILT_IN: u32 = 1;
/// A build that was not run can change the object, or the rules of its role.
const UNBUILT: u32 = 2;
/// The role is filled from others.
const AGGREGATED: u32 = 4;
/// The object was assumed, not read.
const ASSUMED: u32 = 8;

/// The role of a binding that refers to none.
const NO_ROLE: i64 = -1;

/// The roles, in the order of the inventory: ClusterRoles first.
#[derive(Debug, Default, Serialize)]
pub(super) struct Roles {
    namespace: Vec<u32>,
    name: Vec<u32>,
    rule_set: Vec<u32>,
    flags: Vec<u32>,
    #[serde(flatten)]
    places: Places,
}

/// The bindings, in the order of the inventory: ClusterRoleBindings first.
#[derive(Debug, Default, Serialize)]
pub(super) struct Bindings {
    namespace: Vec<u32>,
    name: Vec<u32>,
    /// The position of the role, or -1 if it does not exist.
    role: Vec<i64>,
    /// The number of a list of subjects.
    subjects: Vec<u32>,
    flags: Vec<u32>,
    /// The roleRefs of bindings whose role does not exist: position, kind and name.
    dangling: Vec<(u32, u32, u32)>,
    #[serde(flatten)]
    places: Places,
}

/// The namespaces of all objects.
#[derive(Debug, Default, Serialize)]
pub(super) struct Namespaces {
    name: Vec<u32>,
    /// The number of a list of gaps that can hide holders of a request in this namespace.
    gaps: Vec<u32>,
    /// Whether the Namespace object was read.
    exists: Vec<u32>,
}

impl Roles {
    pub(super) fn new(authorizer: &Authorizer, set_of_role: &[u32], tables: &mut Tables) -> Self {
        let mut roles = Self { rule_set: set_of_role.to_vec(), ..Self::default() };
        for role in authorizer.inventory().roles() {
            roles.namespace.push(tables.texts.add(&role.metadata.namespace));
            roles.name.push(tables.texts.add(&role.metadata.name));
            let unbuilt = if role.metadata.is_unbuilt() { UNBUILT } else { 0 };
            let aggregated = if role.aggregation.is_some() { AGGREGATED } else { 0 };
            roles.flags.push(flags(&role.metadata) | unbuilt | aggregated);
            roles.places.push(&role.metadata.origin, &mut tables.texts);
        }
        roles
    }
}

impl Bindings {
    pub(super) fn new(
        authorizer: &Authorizer,
        subjects: &mut Builder<'_>,
        tables: &mut Tables,
    ) -> Self {
        let inventory = authorizer.inventory();
        let positions: HashMap<(&str, &str), usize, FxBuildHasher> = inventory
            .roles()
            .iter()
            .enumerate()
            .map(|(position, role)| ((&*role.metadata.namespace, &*role.metadata.name), position))
            .collect();
        let mut bindings = Self::default();
        // Whether a build can change the rules of a role, which is expensive for aggregated ones.
        let mut unbuilt_roles: HashMap<usize, bool, FxBuildHasher> = HashMap::default();
        for (binding, position) in inventory.bindings().iter().zip(0..) {
            let metadata = &binding.metadata;
            bindings.namespace.push(tables.texts.add(&metadata.namespace));
            bindings.name.push(tables.texts.add(&metadata.name));
            let role = role_key(binding).and_then(|key| positions.get(&key).copied());
            bindings.role.push(role.map_or(NO_ROLE, |role| role as i64));
            if role.is_none() {
                let kind = tables.texts.add(binding.role_ref.kind.as_str());
                let name = tables.texts.add(&binding.role_ref.name);
                bindings.dangling.push((position, kind, name));
            }
            let listed = subjects.of_binding(binding);
            bindings.subjects.push(tables.subject_lists.add(listed));
            let is_unbuilt = metadata.is_unbuilt()
                || role.is_some_and(|position| {
                    *unbuilt_roles.entry(position).or_insert_with(|| {
                        let role = inventory.roles().get(position);
                        role.is_some_and(|role| authorizer.is_unbuilt(binding, role))
                    })
                });
            bindings.flags.push(flags(metadata) | if is_unbuilt { UNBUILT } else { 0 });
            bindings.places.push(&metadata.origin, &mut tables.texts);
        }
        bindings
    }
}

impl Namespaces {
    pub(super) fn new(authorizer: &Authorizer, tables: &mut Tables) -> Self {
        let inventory = authorizer.inventory();
        let has_gaps = !inventory.gaps().is_empty();
        let mut namespaces = Self::default();
        for name in inventory.namespace_names() {
            namespaces.name.push(tables.texts.add(&name));
            namespaces.exists.push(u32::from(inventory.namespace(&name).is_some()));
            let gaps = match has_gaps {
                true => tables.gaps(inventory.gaps(), &authorizer.gaps_of_holders(Some(&name))),
                false => 0,
            };
            namespaces.gaps.push(gaps);
        }
        namespaces
    }
}

/// Returns whether API servers create an object at startup.
pub(crate) fn is_built_in(metadata: &Metadata) -> bool {
    let label = metadata.label("kubernetes.io/bootstrapping");
    metadata.origin == Origin::Default || label.is_some_and(|value| **value == *"rbac-defaults")
}

/// Returns the namespace and name of the role that a binding refers to.
fn role_key(binding: &Binding) -> Option<(&str, &str)> {
    let name = &*binding.role_ref.name;
    match binding.role_ref.kind {
        RoleKind::ClusterRole => Some(("", name)),
        RoleKind::Role if binding.is_cluster_role_binding() => None,
        RoleKind::Role => Some((&binding.metadata.namespace, name)),
        RoleKind::Other(_) => None,
    }
}

fn flags(metadata: &Metadata) -> u32 {
    let built_in = if is_built_in(metadata) { BUILT_IN } else { 0 };
    let assumed = if metadata.origin == Origin::Default { ASSUMED } else { 0 };
    built_in | assumed
}
