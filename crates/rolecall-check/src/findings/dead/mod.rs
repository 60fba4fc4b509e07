//! RC2: rules and subjects that can never match.

mod cluster_scoped_in_role_binding;
mod covered_rule;
mod empty_grant;
mod glob_resource_name;
mod grant;
mod literal_url;
mod misspelt_resource;
mod names_without_named_verb;
mod namespaced_subject;
mod overwritten_rule;
mod subresource_wildcard;
mod unknown_resource;
mod unknown_subresource;
mod unknown_verb;
mod unmatchable_subject;
mod url_in_role_binding;
mod wrong_api_group;

pub use grant::{DeadGrant, dead_grant, dead_subject};
pub(super) use unmatchable_subject::unmatchable;

use super::Rule;
use crate::context::Context;
use crate::dead_entry::DeadEntry;
use crate::fate;

pub(super) const RULES: &[&Rule] = &[
    &subresource_wildcard::RULE,
    &misspelt_resource::RULE,
    &wrong_api_group::RULE,
    &unknown_resource::RULE,
    &unknown_subresource::RULE,
    &unknown_verb::RULE,
    &names_without_named_verb::RULE,
    &cluster_scoped_in_role_binding::RULE,
    &url_in_role_binding::RULE,
    &empty_grant::RULE,
    &overwritten_rule::RULE,
    &covered_rule::RULE,
    &glob_resource_name::RULE,
    &literal_url::RULE,
    &unmatchable_subject::RULE,
    &namespaced_subject::RULE,
];

/// Returns the entries of `resources` in checked roles that match nothing.
fn dead_entries<'c, 'a>(context: &'c Context<'a>) -> &'c [DeadEntry<'a>] {
    context.dead_entries.get_or_init(|| {
        let catalog = context.catalog();
        let dead = context.rules().flat_map(|at| {
            let entries = at.rule.resources.iter().enumerate();
            entries.filter_map(move |(index, entry)| {
                let why = fate::of_resource(at.rule, entry, catalog)?;
                Some(DeadEntry { at, index, entry, why })
            })
        });
        dead.collect()
    })
}
