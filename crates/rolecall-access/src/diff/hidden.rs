use rolecall_rbac::{Authorizer, Binding, BoundRole, Gap, Identity, Text, Unread};

use crate::algebra::{AccessSet, AccessTerm, Extent, ResourceTerm};

/// Returns the access that unread objects might grant to an identity.
///
/// This includes requests that known objects already allow.
pub fn hidden(authorizer: &Authorizer, identity: &Identity) -> AccessSet {
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

/// Returns the access that bindings behind a gap might grant.
fn behind_bindings(gap: &Gap) -> AccessSet {
    if gap.may_hide_binding("") {
        return AccessSet::everything();
    }
    // A gap does not distinguish between namespaces that it does not name.
    let named: &[Text] = match &gap.unread {
        Unread::KindOutside { read, .. } => read,
        Unread::Kind { namespace: Some(namespace), .. } | Unread::Object { namespace, .. } => {
            std::slice::from_ref(namespace)
        }
        Unread::Anything | Unread::Kind { .. } | Unread::Authorizer { .. } => &[],
    };
    let hides = |namespace: &Text| gap.may_hide_binding(namespace);
    let (listed, except): (Vec<Text>, Vec<Text>) = named.iter().cloned().partition(hides);
    match gap.may_hide_binding(NO_NAMESPACE) {
        true => everything_in(Extent::except(except.into_iter().chain(["".into()]))),
        false => everything_in(Extent::of_list(listed)),
    }
}

/// A text that is not a valid namespace name.
const NO_NAMESPACE: &str = "/";

/// Returns whether a gap can hide rules that a binding grants.
fn may_hide_rules(gap: &Gap, bound: &BoundRole<'_>) -> bool {
    match bound.role {
        Ok(role) => gap.may_hide_rules_of(role),
        Err(_) => gap.may_hide_role_of(bound.binding),
    }
}

/// Returns every request that a binding applies to.
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
