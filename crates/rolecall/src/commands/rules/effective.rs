//! Rules of all bindings, merged by resource or URL.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{PolicyRule, RuleOf, SubjectKind, Text, break_down};

use crate::load::Session;
use crate::words;

/// One resource or URL with the verbs of all rules, and their bindings.
pub(super) struct EffectiveRule {
    /// One API group and resource with at most one name, or one URL; a rule with a huge number of
    /// combinations is whole.
    pub(super) rule: PolicyRule,
    /// The descriptions of the bindings.
    pub(super) through: Vec<String>,
    /// Whether all verbs are from default bindings for all users.
    pub(super) is_everybodys: bool,
    /// Whether Kustomize, which was not run, can remove or change a verb.
    pub(super) is_unbuilt: bool,
    /// Whether a role other than a built-in one grants it.
    pub(super) is_written: bool,
    /// Whether only RoleBindings give it, which grant nothing cluster-scoped and no URLs.
    pub(super) is_of_role_bindings: bool,
}

/// A rule from a binding or a server.
pub(super) struct Given<'a> {
    rule: &'a PolicyRule,
    /// The binding; `None` for a rule from a server.
    of: Option<RuleOf<'a>>,
    is_unbuilt: bool,
}

impl<'a> Given<'a> {
    /// Creates a rule from a binding.
    pub(super) fn by_binding(session: &Session, of: &RuleOf<'a>) -> Self {
        let is_unbuilt = session.authorizer.is_unbuilt(of.binding, of.role);
        Self { rule: of.rule, of: Some(*of), is_unbuilt }
    }

    /// Creates a rule from a server's list.
    pub(super) fn by_server(rule: &'a PolicyRule) -> Self {
        Self { rule, of: None, is_unbuilt: false }
    }

    fn is_everybodys(&self) -> bool {
        const EVERYBODY: [&str; 3] =
            ["system:authenticated", "system:unauthenticated", "system:serviceaccounts"];
        self.of.is_some_and(|of| {
            words::is_built_in(of.binding)
                && of.subject.kind == SubjectKind::Group
                && EVERYBODY.contains(&&*of.subject.name)
        })
    }
}

/// The collected rules for one resource or URL.
#[derive(Default)]
struct Gathered {
    /// Every verb, and whether it has a source that Kustomize cannot change.
    verbs: BTreeMap<Text, bool>,
    through: BTreeSet<String>,
    /// Whether it has a source other than the default bindings.
    is_special: bool,
    is_written: bool,
    /// Whether a ClusterRoleBinding or the server itself gives it.
    is_clusterwide: bool,
}

/// Splits rules and merges them by resource or URL, with resources first, and with their bindings, if
/// known.
pub(super) fn effective<'a>(rules: impl Iterator<Item = Given<'a>>) -> Vec<EffectiveRule> {
    let mut gathered: BTreeMap<PolicyRule, Gathered> = BTreeMap::new();
    let mut left = MAX_PIECES;
    for given in rules {
        let through = given.of.map(|of| words::binding(of.binding));
        let is_special = !given.is_everybodys();
        let is_written = given.of.is_none_or(|of| !words::is_default_role(of.role));
        let is_clusterwide = given.of.is_none_or(|of| of.binding.is_cluster_role_binding());
        for mut piece in pieces(given.rule, &mut left) {
            let verbs = std::mem::take(&mut piece.verbs);
            let all = gathered.entry(piece).or_default();
            for verb in verbs.iter() {
                *all.verbs.entry(verb.clone()).or_default() |= !given.is_unbuilt;
            }
            all.through.extend(through.clone());
            all.is_special |= is_special;
            all.is_written |= is_written;
            all.is_clusterwide |= is_clusterwide;
        }
    }
    let (urls, resources): (Vec<_>, Vec<_>) =
        gathered.into_iter().partition(|(about, _)| about.resources.is_empty());
    resources
        .into_iter()
        .chain(urls)
        .map(|(about, gathered)| EffectiveRule {
            is_unbuilt: gathered.verbs.values().any(|is_built| !is_built),
            rule: PolicyRule { verbs: gathered.verbs.into_keys().collect(), ..about },
            through: gathered.through.into_iter().collect(),
            is_everybodys: !gathered.is_special,
            is_written: gathered.is_written,
            is_of_role_bindings: !gathered.is_clusterwide,
        })
        .collect()
}

/// The number of combinations of a resource, a name and a verb that a list splits rules into.
const MAX_PIECES: usize = 500_000;

/// Splits a rule, unless the combinations exceed the number that is left: rules can have billions.
fn pieces(rule: &PolicyRule, left: &mut usize) -> Vec<PolicyRule> {
    let names = rule.resource_names.len().max(1);
    let targets = [rule.api_groups.len(), rule.resources.len(), names]
        .into_iter()
        .fold(1, usize::saturating_mul)
        .saturating_add(rule.non_resource_urls.len());
    let count = targets.saturating_mul(rule.verbs.len());
    match left.checked_sub(count) {
        Some(rest) => {
            *left = rest;
            break_down(rule)
        }
        None => halves(rule),
    }
}

/// Separates the URLs of a rule from its resources.
fn halves(rule: &PolicyRule) -> Vec<PolicyRule> {
    let resources = PolicyRule { non_resource_urls: [].into(), ..rule.clone() };
    let urls = PolicyRule {
        verbs: rule.verbs.clone(),
        non_resource_urls: rule.non_resource_urls.clone(),
        ..PolicyRule::default()
    };
    let has_resources = !rule.resources.is_empty() && !rule.api_groups.is_empty();
    let halves = [(has_resources, resources), (!rule.non_resource_urls.is_empty(), urls)];
    halves.into_iter().filter_map(|(exists, half)| exists.then_some(half)).collect()
}

/// Returns the difference between rules: additional verbs for common resources and URLs, and all verbs
/// for others.
pub(super) fn beyond(rules: Vec<EffectiveRule>, others: &[EffectiveRule]) -> Vec<EffectiveRule> {
    let about = |rule: &PolicyRule| PolicyRule { verbs: [].into(), ..rule.clone() };
    let known: BTreeMap<PolicyRule, &PolicyRule> =
        others.iter().map(|other| (about(&other.rule), &other.rule)).collect();
    let further = |effective: EffectiveRule| {
        let Some(other) = known.get(&about(&effective.rule)) else { return Some(effective) };
        let is_known =
            |verb: &&Text| other.verbs.contains(verb) || other.verbs.iter().any(|v| **v == *"*");
        let verbs: Vec<Text> =
            effective.rule.verbs.iter().filter(|verb| !is_known(verb)).cloned().collect();
        (!verbs.is_empty()).then(|| EffectiveRule {
            rule: PolicyRule { verbs: verbs.into_iter().collect(), ..effective.rule },
            ..effective
        })
    };
    rules.into_iter().filter_map(further).collect()
}
