//! Proves a plan: every denied request is allowed with the objects, and other new access is
//! reported.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{
    Authorizer, Binding, Identity, Inventory, PolicyRule, Role, Subject, Text, covers,
    settle_aggregation,
};

use crate::atom::{Atom, into_rules};
use crate::denied::Denied;
use crate::object::{GrantedRole, Object};
use crate::outcome::Outcome;
use crate::refused::Refused;
use crate::subject::{Holder, holder, subject_of};

/// Rules that a subject gains beyond the denied requests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gained {
    /// The namespace; empty for the cluster scope and all namespaces.
    pub namespace: Text,
    /// The subject.
    pub subject: Subject,
    /// The rules, merged.
    pub rules: Vec<PolicyRule>,
}

/// Returns whether no known object has that kind and name.
pub(crate) fn is_new(inventory: &Inventory, object: &Object) -> bool {
    let metadata = object.metadata();
    let (namespace, name) = (&*metadata.namespace, &*metadata.name);
    match object {
        Object::ServiceAccount(_) => inventory.service_account(namespace, name).is_none(),
        Object::Role(_) => inventory.role(namespace, name).is_none(),
        Object::Binding(_) => inventory.binding(namespace, name).is_none(),
    }
}

/// Adds objects to an inventory, like applying them would.
pub fn overlay(authorizer: &Authorizer, objects: &[Object]) -> Authorizer {
    let mut builder = authorizer.inventory().clone().into_builder();
    for object in objects {
        match object {
            Object::ServiceAccount(account) => builder.service_account(account.clone()),
            Object::Role(granted) => builder.role(granted.role.clone()),
            Object::Binding(binding) => builder.binding(binding.clone()),
        }
    }
    let changed = objects.iter().filter_map(|object| match object {
        Object::Role(GrantedRole { role, .. }) if role.is_cluster_role() => {
            Some(&*role.metadata.name)
        }
        _ => None,
    });
    let changed: BTreeSet<&str> = changed.collect();
    let mut inventory = builder.build();
    settle_aggregation(&mut inventory, &changed);
    Authorizer::new(inventory)
}

/// Returns exactly the access that was added beyond the denied requests: through bindings that are
/// new or changed, or whose role is, without the previous access of their subjects.
pub(crate) fn gained(
    before: &Authorizer,
    after: &Authorizer,
    denied: &[(Denied, Outcome)],
    refused: &[Refused],
) -> Vec<Gained> {
    let refused: BTreeSet<&Denied> = refused.iter().map(|refused| &refused.denied).collect();
    let mut asked: BTreeMap<(Holder, &str), BTreeSet<Atom>> = BTreeMap::new();
    for (denied, outcome) in denied {
        if outcome.is_allowed() || refused.contains(denied) {
            continue;
        }
        let holder = subject_of(&denied.identity).and_then(|subject| holder(&subject, None));
        if let Some(holder) = holder {
            let of_holder = asked.entry((holder, denied.request.namespace())).or_default();
            of_holder.insert(Atom::asked_by(&denied.request));
        }
    }
    let mut gained = Vec::new();
    for binding in after.inventory().bindings() {
        let Some(role) = role_of(after.inventory(), binding) else { continue };
        let namespace = &binding.metadata.namespace;
        let old = before.inventory().binding(namespace, &binding.metadata.name);
        let same_binding = old.is_some_and(|old| {
            old.role_ref.kind == binding.role_ref.kind
                && old.role_ref.name == binding.role_ref.name
                && old.subjects == binding.subjects
        });
        let same_role = before
            .inventory()
            .role(&role.metadata.namespace, &role.metadata.name)
            .is_some_and(|old| old.rules == role.rules);
        if same_binding && same_role {
            continue;
        }
        for subject in &*binding.subjects {
            let Some(identity) = Identity::of_subject(subject, &binding.metadata) else { continue };
            let held: Vec<PolicyRule> = before
                .rules_for(&identity, namespace)
                .rules
                .into_iter()
                .map(|held| held.rule.clone())
                .collect();
            let asked = holder(subject, Some(&binding.metadata))
                .and_then(|holder| asked.get(&(holder, &**namespace)));
            let atoms: BTreeSet<Atom> = covers(&held, &role.rules)
                .uncovered
                .iter()
                .flat_map(Atom::of_rule)
                .filter(|atom| matters(atom, namespace))
                .filter(|atom| asked.is_none_or(|asked| !asked.contains(atom)))
                .collect();
            if !atoms.is_empty() {
                gained.push(Gained {
                    namespace: namespace.clone(),
                    subject: subject_of(&identity).unwrap_or_else(|| subject.clone()),
                    rules: into_rules(atoms),
                });
            }
        }
    }
    gained.sort();
    gained.dedup();
    gained
}

/// RoleBindings do not grant URLs.
fn matters(atom: &Atom, namespace: &str) -> bool {
    namespace.is_empty() || matches!(atom, Atom::Resource { .. })
}

fn role_of<'a>(inventory: &'a Inventory, binding: &Binding) -> Option<&'a Role> {
    let role_ref = &binding.role_ref;
    match role_ref.kind {
        rolecall_rbac::RoleKind::ClusterRole => inventory.role("", &role_ref.name),
        rolecall_rbac::RoleKind::Role if !binding.is_cluster_role_binding() => {
            inventory.role(&binding.metadata.namespace, &role_ref.name)
        }
        rolecall_rbac::RoleKind::Role | rolecall_rbac::RoleKind::Other(_) => None,
    }
}
