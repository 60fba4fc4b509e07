use rolecall_rbac::{
    Authorizer, Binding, BoundRole, Gap, Identity, ObjectKind, RoleKind, Text, Unread,
};

use crate::access::{AccessSet, AccessTerm, Extent, ResourceTerm};

/// Returns what an identity might be allowed by objects that could not be read.
///
/// What it is allowed by those that were read is part of that, and decided all the same.
pub(crate) fn hidden(authorizer: &Authorizer, identity: &Identity) -> AccessSet {
    let gaps = authorizer.inventory().gaps();
    if gaps.is_empty() {
        return AccessSet::nothing();
    }
    let mut hidden = AccessSet::nothing();
    for gap in gaps {
        hidden = hidden.union(&behind_bindings(gap));
    }
    for bound in authorizer.bindings_of(identity) {
        if gaps.iter().any(|gap| may_hide_rules(gap, &bound)) {
            hidden = hidden.union(&reach(bound.binding));
        }
    }
    hidden
}

/// Returns what bindings that a gap hides might allow.
fn behind_bindings(gap: &Gap) -> AccessSet {
    if gap.may_hide_binding("") {
        return AccessSet::everything();
    }
    match &gap.unread {
        Unread::Kind { kind: ObjectKind::RoleBinding, namespace: None } => {
            everything_in(Extent { except: vec![Text::from("")], ..Extent::everything() })
        }
        Unread::Kind { kind: ObjectKind::RoleBinding, namespace: Some(namespace) }
        | Unread::Object { kind: ObjectKind::RoleBinding, namespace, .. } => {
            everything_in(Extent::of_list([namespace.clone()]))
        }
        _ => AccessSet::nothing(),
    }
}

/// Returns whether a gap may hide rules that a binding grants.
fn may_hide_rules(gap: &Gap, bound: &BoundRole<'_>) -> bool {
    let metadata = &bound.binding.metadata;
    let role_ref = &bound.binding.role_ref;
    match bound.role {
        Ok(role) => {
            role.aggregation.is_some() && !role.metadata.stored && gap.may_hide_cluster_role()
        }
        Err(_) => match role_ref.kind {
            RoleKind::ClusterRole => gap.may_hide_role("", &role_ref.name),
            RoleKind::Role if bound.binding.is_cluster_role_binding() => false,
            RoleKind::Role => gap.may_hide_role(&metadata.namespace, &role_ref.name),
            RoleKind::Other(_) => false,
        },
    }
}

/// Returns every request that a binding counts for.
fn reach(binding: &Binding) -> AccessSet {
    match binding.is_cluster_role_binding() {
        true => AccessSet::everything(),
        false => everything_in(Extent::of_list([binding.metadata.namespace.clone()])),
    }
}

fn everything_in(namespaces: Extent) -> AccessSet {
    let everything = Extent::everything;
    AccessTerm::Resources(ResourceTerm {
        namespaces,
        groups: everything(),
        resources: everything(),
        names: everything(),
        verbs: everything(),
    })
    .to_set()
}
