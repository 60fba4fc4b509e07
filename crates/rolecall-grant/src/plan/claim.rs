//! Finds names for generated objects that are free or already belong to the subject.

use rolecall_rbac::{Authorizer, Binding, PolicyRule, Role, RoleKind, RoleRef, Text};

use super::Note;
use super::need::Need;
use crate::object::{is_managed, managed};
use crate::subject::{RBAC_GROUP, is_same, object_name, reusing_name};

/// A role and binding for a single subject.
pub(super) struct Claim<'a> {
    /// The role, without rules.
    pub(super) role: Role,
    /// The rules that the role already grants to the subject.
    pub(super) kept: &'a [PolicyRule],
    pub(super) binding: Binding,
    pub(super) note: Option<Note>,
}

/// Returns the subject's role and binding in the need's namespace.
///
/// Existing objects of that name that rolecall did not generate, or that grant to other subjects,
/// are not changed; the next free name is used instead.
pub(super) fn own_objects<'a>(authorizer: &'a Authorizer, need: &Need) -> Claim<'a> {
    let base = object_name(&need.subject);
    for name in names(&base) {
        if let Some(mut claim) = claim(authorizer, need, &name) {
            claim.note = (*name != base).then(|| {
                let (namespace, name) = (need.namespace.clone(), Text::from(base.as_str()));
                match is_in_doubt(authorizer, need, &base) {
                    true => Note::NameInDoubt { namespace, name },
                    false => Note::NameTaken { namespace, name },
                }
            });
            return claim;
        }
    }
    // Names are infinite, so this is unreachable; it reuses the first name.
    fresh(need, &base)
}

/// Returns a binding of an existing role to the subject.
pub(super) fn reusing_binding(
    authorizer: &Authorizer,
    need: &Need,
    role: &Role,
) -> (Binding, Option<Note>) {
    let base = reusing_name(&need.subject, role.kind(), &role.metadata.name);
    let wanted = |name: &str| binding(need, name, role.kind(), &role.metadata.name);
    for name in names(&base) {
        let wanted = wanted(&name);
        let is_free = match authorizer.inventory().binding(&need.namespace, &name) {
            None => true,
            Some(existing) => {
                is_managed(&existing.metadata)
                    && existing.role_ref.kind == wanted.role_ref.kind
                    && existing.role_ref.name == wanted.role_ref.name
                    && is_of(existing, need)
            }
        };
        if is_free {
            let note = (*name != base).then(|| Note::NameTaken {
                namespace: need.namespace.clone(),
                name: base.as_str().into(),
            });
            return (wanted, note);
        }
    }
    (wanted(&base), None)
}

/// Returns a name and alternatives. Encoded names never contain `+`, so the alternatives do not
/// collide.
fn names(base: &str) -> impl Iterator<Item = Text> {
    let numbered = (2u64..).map(move |number| Text::from(format!("{base}+{number}")));
    std::iter::once(Text::from(base)).chain(numbered)
}

/// Returns a role and binding with a name, unless the name is taken.
fn claim<'a>(authorizer: &'a Authorizer, need: &Need, name: &str) -> Option<Claim<'a>> {
    let inventory = authorizer.inventory();
    let mut claim = fresh(need, name);
    let existing_binding = inventory.binding(&need.namespace, name);
    if let Some(existing) = existing_binding {
        let ours = is_managed(&existing.metadata)
            && existing.role_ref.kind == claim.binding.role_ref.kind
            && *existing.role_ref.name == *name
            && is_of(existing, need);
        if !ours {
            return None;
        }
        claim.binding.metadata = existing.metadata.clone();
    }
    let bindings = authorizer.bindings_to(&need.namespace, name);
    let in_scope = |binding: &Binding| binding.metadata.namespace == need.namespace;
    if !bindings.iter().all(|binding| in_scope(binding) && is_of(binding, need)) {
        return None;
    }
    if let Some(existing) = inventory.role(&need.namespace, name) {
        if !is_managed(&existing.metadata)
            || existing.aggregation.is_some()
            || is_in_doubt(authorizer, need, name)
        {
            return None;
        }
        claim.role.metadata = existing.metadata.clone();
        if bindings.iter().any(|binding| !binding.subjects.is_empty()) {
            claim.kept = &existing.rules;
        } else if !existing.rules.is_empty() && is_aggregated(authorizer, existing) {
            return None;
        }
        // Otherwise, no binding grants the rules, and they must not be granted to the subject.
    }
    Some(claim)
}

/// Returns whether a role exists that unread bindings might grant to others.
fn is_in_doubt(authorizer: &Authorizer, need: &Need, name: &str) -> bool {
    let inventory = authorizer.inventory();
    inventory.role(&need.namespace, name).is_some_and(|role| {
        inventory.gaps().iter().any(|gap| super::hides_bindings_of(gap, &role.metadata))
    })
}

/// Returns whether a binding grants only to the need's subject.
fn is_of(binding: &Binding, need: &Need) -> bool {
    binding.subjects.iter().all(|subject| is_same(subject, &binding.metadata, &need.subject))
}

/// Returns whether a ClusterRole aggregates a role's rules.
fn is_aggregated(authorizer: &Authorizer, role: &Role) -> bool {
    role.is_cluster_role()
        && authorizer.inventory().roles().iter().any(|other| {
            other.aggregation.as_ref().is_some_and(|aggregation| {
                aggregation.selectors.iter().any(|selector| selector.matches(&role.metadata))
            })
        })
}

fn fresh<'a>(need: &Need, name: &str) -> Claim<'a> {
    let kind = if need.namespace.is_empty() { "ClusterRole" } else { "Role" };
    let role =
        Role { metadata: managed(&need.namespace, name), rules: [].into(), aggregation: None };
    Claim { role, kept: &[], binding: binding(need, name, kind, name), note: None }
}

fn binding(need: &Need, name: &str, kind: &str, role: &str) -> Binding {
    let kind = if kind == "Role" { RoleKind::Role } else { RoleKind::ClusterRole };
    Binding {
        metadata: managed(&need.namespace, name),
        role_ref: RoleRef { api_group: RBAC_GROUP.into(), kind, name: role.into() },
        subjects: [need.subject.clone()].into(),
    }
}
