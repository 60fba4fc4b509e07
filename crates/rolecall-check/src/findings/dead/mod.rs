//! RC2: rules and subjects that can never match.

mod cluster_scoped_in_role_binding;
mod covered_rule;
mod empty_grant;
mod fate;
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

use fate::Dead;
pub use grant::{DeadGrant, dead_grant, dead_subject};
pub(super) use unmatchable_subject::unmatchable;

use super::Rule;
use crate::context::{Context, RuleAt};

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

/// An entry of `resources` that matches nothing.
pub(crate) struct DeadEntry<'a> {
    at: RuleAt<'a>,
    /// Its index among the rule's resources.
    index: usize,
    entry: &'a str,
    why: Dead<'a>,
}

impl DeadEntry<'_> {
    /// Returns whether another entry is in the same rule.
    fn is_beside(&self, other: &Self) -> bool {
        std::ptr::eq(self.at.rule, other.at.rule) && std::ptr::eq(self.at.role, other.at.role)
    }
}

/// Returns the entries of `resources` in judged roles that match nothing.
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
