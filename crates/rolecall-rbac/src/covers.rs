//! Compares sets of rules: break down, subtract, compact.
//!
//! Mirrors `component-helpers/auth/rbac/validation` (`policy_comparator.go`, `policy_compact.go`),
//! which the server's escalation check runs (docs/semantics.md#escalation-prevention).

use std::collections::BTreeMap;

use crate::{PolicyRule, Text, Texts};

/// The result of [`covers`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The atoms that no single owner rule covers, in the servant's order.
    pub uncovered: Vec<PolicyRule>,
}

impl Coverage {
    /// Returns whether everything is covered.
    pub fn is_complete(&self) -> bool {
        self.uncovered.is_empty()
    }
}

/// Returns the atoms of the servant rules that the owner rules do not cover (`Covers`).
///
/// A single owner rule must cover the whole atom, and only `*` covers `*`. A servant rule with an
/// empty dimension has no atoms and is trivially covered.
pub fn covers(owner: &[PolicyRule], servant: &[PolicyRule]) -> Coverage {
    let atoms = servant.iter().flat_map(break_down);
    let uncovered =
        atoms.filter(|atom| !owner.iter().any(|rule| rule_covers(rule, atom))).collect();
    Coverage { uncovered }
}

/// Returns the servant rules without the atoms that the owner rules cover, compacted.
pub fn subtract(servant: &[PolicyRule], owner: &[PolicyRule]) -> Vec<PolicyRule> {
    compact(covers(owner, servant).uncovered)
}

/// Splits a rule into atoms: one group, resource, verb and at most one name each, or one URL and
/// verb each (`BreakdownRule`).
pub fn break_down(rule: &PolicyRule) -> Vec<PolicyRule> {
    let mut atoms = Vec::new();
    let one = |text: &Text| -> Texts { Texts::from([text.clone()]) };
    for group in &*rule.api_groups {
        for resource in &*rule.resources {
            for verb in &*rule.verbs {
                let atom = PolicyRule {
                    verbs: one(verb),
                    api_groups: one(group),
                    resources: one(resource),
                    ..PolicyRule::default()
                };
                if rule.resource_names.is_empty() {
                    atoms.push(atom);
                    continue;
                }
                atoms.extend(
                    rule.resource_names
                        .iter()
                        .map(|name| PolicyRule { resource_names: one(name), ..atom.clone() }),
                );
            }
        }
    }
    for url in &*rule.non_resource_urls {
        for verb in &*rule.verbs {
            atoms.push(PolicyRule {
                verbs: one(verb),
                non_resource_urls: one(url),
                ..PolicyRule::default()
            });
        }
    }
    atoms
}

/// Merges the verbs of rules with one group, one resource and at most one name, in the order of
/// first appearance; other rules stay unchanged (`CompactRules`, without its random order).
pub fn compact(rules: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut merged: Vec<PolicyRule> = Vec::with_capacity(rules.len());
    let mut position_of: BTreeMap<(Text, Text, Option<Text>), usize> = BTreeMap::new();
    for rule in rules {
        let Some(key) = simple_key(&rule) else {
            merged.push(rule);
            continue;
        };
        match position_of.get(&key).and_then(|position| merged.get_mut(*position)) {
            Some(target) => {
                target.verbs = target.verbs.iter().chain(rule.verbs.iter()).cloned().collect();
            }
            None => {
                position_of.insert(key, merged.len());
                merged.push(rule);
            }
        }
    }
    merged
}

/// Returns group, resource and name of a rule that can be merged (`isSimpleResourceRule`).
fn simple_key(rule: &PolicyRule) -> Option<(Text, Text, Option<Text>)> {
    let ([group], [resource], true) =
        (&*rule.api_groups, &*rule.resources, rule.non_resource_urls.is_empty())
    else {
        return None;
    };
    match &*rule.resource_names {
        [] => Some((group.clone(), resource.clone(), None)),
        [name] => Some((group.clone(), resource.clone(), Some(name.clone()))),
        _ => None,
    }
}

/// Returns whether one owner rule covers one atom (`ruleCovers`).
fn rule_covers(owner: &PolicyRule, atom: &PolicyRule) -> bool {
    let verbs = has_all(&owner.verbs, &atom.verbs);
    let groups = has_all(&owner.api_groups, &atom.api_groups);
    let resources = resources_cover(&owner.resources, &atom.resources);
    let urls = atom
        .non_resource_urls
        .iter()
        .all(|url| owner.non_resource_urls.iter().any(|owner| covers_url(owner, url)));
    let names = match (&*owner.resource_names, &*atom.resource_names) {
        ([], _) => true,
        (_, []) => false,
        (owner, atom) => atom.iter().all(|name| owner.contains(name)),
    };
    verbs && groups && resources && urls && names
}

fn has_all(owner: &[Text], wanted: &[Text]) -> bool {
    owner.iter().any(|text| &**text == "*") || wanted.iter().all(|text| owner.contains(text))
}

fn resources_cover(owner: &[Text], wanted: &[Text]) -> bool {
    has_all(owner, wanted)
        || wanted.iter().all(|resource| {
            owner.contains(resource)
                || resource.split_once('/').is_some_and(|(_, subresource)| {
                    owner.iter().any(|owner| owner.strip_prefix("*/") == Some(subresource))
                })
        })
}

/// Returns whether an owner URL covers a wanted one: it is equal or has a prefix before a trailing
/// `*`.
pub fn covers_url(owner: &str, wanted: &str) -> bool {
    owner == wanted || (owner.ends_with('*') && wanted.starts_with(owner.trim_end_matches('*')))
}
