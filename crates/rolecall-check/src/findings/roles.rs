//! Missing roles that bindings refer to, for several rules.

use rolecall_rbac::{Binding, Inventory, Role, RoleKind, Text, is_template};

use super::accounts;
use crate::context::Context;
use crate::{ExternalKind, validation};

/// Returns the checked bindings whose role is not in the input, although other software might install it.
pub(super) fn without_role<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Binding> {
    context.bindings().filter(|binding| is_without_role(context, binding))
}

fn is_without_role(context: &Context<'_>, binding: &Binding) -> bool {
    validation::refers_well(binding)
        && !is_template(&binding.role_ref.name)
        && context.role_of(binding).is_none()
        && !may_be_elsewhere(context, binding)
}

/// Returns the kind and the namespace of the role that a binding refers to.
pub(super) fn kind_and_namespace(binding: &Binding) -> (ExternalKind, &str) {
    match binding.role_ref.kind {
        RoleKind::Role => (ExternalKind::Role, &binding.metadata.namespace),
        _ => (ExternalKind::ClusterRole, ""),
    }
}

/// Returns whether a role of the input might become the missing one, because a pending build renames it or
/// moves it to another namespace.
pub(super) fn may_be_renamed(context: &Context<'_>, binding: &Binding) -> bool {
    let name = &*binding.role_ref.name;
    let is_cluster_role = binding.role_ref.kind == RoleKind::ClusterRole;
    let can_become = |role: &Role| {
        let metadata = &role.metadata;
        (metadata.is_renamed() && accounts::is_extended(&metadata.name, name))
            || (metadata.is_unbuilt() && *metadata.name == *name)
    };
    !context.inventory().gaps().is_empty()
        && context
            .inventory()
            .roles()
            .iter()
            .any(|role| role.is_cluster_role() == is_cluster_role && can_become(role))
}

/// Returns the unread files that might contain the role.
pub(super) fn unread_files(context: &Context<'_>, binding: &Binding) -> Vec<Text> {
    context.unread_files(|gap| gap.may_hide_role_of(binding))
}

/// Returns whether the role might be in unread input, or among objects whose namespace is not final.
fn may_be_elsewhere(context: &Context<'_>, binding: &Binding) -> bool {
    let cluster_role = binding.role_ref.kind == RoleKind::ClusterRole;
    let is_guess =
        |role: &Role| context.is_guess(&role.metadata) || context.is_guess(&binding.metadata);
    let assumed = || context.names().roles(&binding.role_ref.name).iter().copied().any(is_guess);
    let is_unlisted = || context.is_unlisted(|gap| gap.may_hide_role_of(binding));
    let is_default = |defaults: &Inventory| defaults.role("", &binding.role_ref.name).is_some();
    context.is_beyond_judgement(|gap| gap.may_hide_role_of(binding))
        || (cluster_role && is_unlisted() && context.input.defaults.iter().any(is_default))
        || (!cluster_role && assumed())
}
