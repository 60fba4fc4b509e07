//! Finds existing roles that meet a need or can be extended.

use rolecall_rbac::{Authorizer, Binding, Metadata, Origin, PolicyRule, Role, covers};

use super::Draft;
use super::need::Need;
use crate::object::is_managed;
use crate::risk::is_risky;
use crate::subject::is_same;

/// Returns the role whose binding would grant the least beyond the need: exact matches first, then
/// by number of excess rules, Roles before ClusterRoles, by name.
pub(super) fn to_reuse<'a>(
    draft: &Draft<'a>,
    need: &Need,
    max_excess: Option<usize>,
) -> Option<&'a Role> {
    let authorizer = draft.authorizer;
    let candidates = authorizer.inventory().roles().iter().filter(|role| {
        // Generated roles belong to one subject.
        !is_managed(&role.metadata)
            && (role.is_cluster_role()
                || (!need.namespace.is_empty() && role.metadata.namespace == need.namespace))
    });
    let identity = need.denied.first().map(|denied| denied.identity.clone())?;
    let mut known: Vec<PolicyRule> = need.rules();
    known.extend(
        authorizer
            .rules_for(&identity, &need.namespace)
            .rules
            .into_iter()
            .map(|held| held.rule.clone()),
    );
    candidates
        .filter(|role| need.is_met_by(&role.rules))
        .filter_map(|role| {
            let mut excess = covers(&known, &role.rules).uncovered;
            // A RoleBinding does not grant URLs.
            excess.retain(|atom| need.namespace.is_empty() || atom.non_resource_urls.is_empty());
            // System roles are for system components and change with the server version.
            let foreign = is_system_role(&role.metadata) && !excess.is_empty();
            let acceptable = !foreign
                && max_excess.is_none_or(|most| excess.len() <= most)
                // Accepting a risky need does not include other risks.
                && excess.iter().all(|atom| !is_risky(atom, &identity, &need.namespace));
            acceptable.then_some((excess.len(), role))
        })
        .min_by_key(|(excess, role)| {
            let system = is_system_role(&role.metadata);
            (*excess, system, role.is_cluster_role(), &role.metadata.name)
        })
        .map(|(_, role)| role)
}

/// Returns whether a role is for a system component.
fn is_system_role(metadata: &Metadata) -> bool {
    metadata.name.starts_with("system:")
}

/// Returns the first role, by name, that grants only to the need's subject and only in its
/// namespace.
pub(super) fn to_extend<'a>(authorizer: &'a Authorizer, need: &Need) -> Option<&'a Role> {
    let is_alone = |binding: &Binding| {
        binding.metadata.namespace == need.namespace
            && binding
                .subjects
                .iter()
                .all(|subject| is_same(subject, &binding.metadata, &need.subject))
    };
    let identity = &need.denied.first()?.identity;
    let gaps = authorizer.inventory().gaps();
    authorizer
        .bindings_in(identity, &need.namespace)
        .into_iter()
        .filter(|bound| is_alone(bound.binding))
        .filter_map(|bound| bound.role.ok())
        .filter(|role| {
            role.metadata.namespace == need.namespace
                && role.aggregation.is_none()
                && !is_system_role(&role.metadata)
                && role.metadata.origin != Origin::Default
                && !gaps.iter().any(|gap| super::hides_bindings_of(gap, &role.metadata))
                && authorizer
                    .bindings_to(&role.metadata.namespace, &role.metadata.name)
                    .into_iter()
                    .all(is_alone)
        })
        .min_by_key(|role| &role.metadata.name)
}
