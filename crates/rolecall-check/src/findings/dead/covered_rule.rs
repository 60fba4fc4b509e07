use rayon::prelude::*;
use rolecall_rbac::{PolicyRule, Role, covers};
use rustc_hash::FxHashMap;

use crate::context::Context;
use crate::findings::Rule;
use crate::words::joined;
use crate::{FieldPath, Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC212, check };

/// The number of rules up to which the rules of a role are compared with each other: the cost is quadratic.
const MOST_RULES: usize = 500;

fn check<'a>(context: &Context<'a>, findings: &mut Vec<Finding>) {
    let is_meant = |role: &&'a Role| {
        role.aggregation.is_none() && (2..=MOST_RULES).contains(&role.rules.len())
    };
    let roles: Vec<&'a Role> = context.roles().filter(is_meant).collect();
    // Many roles have the same rules.
    let known = FxHashMap::<&'a [PolicyRule], Option<Dead>>::default;
    let found = roles.par_chunks(ROLES_PER_TASK).map_init(known, |known, roles| {
        let about = |role: &&'a Role| {
            let rules: &'a [PolicyRule] = &role.rules;
            let dead = known.entry(rules).or_insert_with(|| Dead::of(rules));
            dead.as_ref().map(|dead| dead.about(role))
        };
        roles.iter().filter_map(about).collect::<Vec<_>>()
    });
    found.collect::<Vec<_>>().into_iter().for_each(|found| findings.extend(found));
}

/// The number of roles that a task checks in a row, so that it can reuse results.
const ROLES_PER_TASK: usize = 512;

/// A rule that others cover.
struct Covered<'a> {
    index: usize,
    rule: &'a PolicyRule,
    /// The single rule that covers it, if there is one.
    by: Option<usize>,
}

/// The rules of a list that others cover, in words.
struct Dead {
    message: String,
    fix: &'static str,
    /// The first of them.
    index: usize,
    about: String,
}

impl Dead {
    fn of(rules: &[PolicyRule]) -> Option<Self> {
        let mut kept: Vec<bool> = vec![true; rules.len()];
        let mut covered: Vec<Covered<'_>> = Vec::new();
        // Of equivalent rules, the first one stays.
        for (index, rule) in rules.iter().enumerate().rev() {
            let others: Vec<(usize, &PolicyRule)> = rules
                .iter()
                .enumerate()
                .filter(|(other, _)| {
                    *other != index && kept.get(*other).copied().unwrap_or_default()
                })
                .filter(|(_, other)| overlaps(other, rule))
                .collect();
            let other_rules: Vec<PolicyRule> =
                others.iter().map(|(_, other)| (*other).clone()).collect();
            if other_rules.is_empty()
                || is_vacuous(rule)
                || !covers(&other_rules, std::slice::from_ref(rule)).is_complete()
            {
                continue;
            }
            if let Some(flag) = kept.get_mut(index) {
                *flag = false;
            }
            let by = others.iter().find(|(_, other)| {
                covers(std::slice::from_ref(*other), std::slice::from_ref(rule)).is_complete()
            });
            covered.push(Covered { index, rule, by: by.map(|(other, _)| *other) });
        }
        covered.reverse();
        let first = covered.first()?;
        let what = match first.rule.resources.is_empty() {
            true => joined(&first.rule.non_resource_urls),
            false => joined(&first.rule.resources),
        };
        let (message, fix) = match (&*covered, first.by) {
            ([_], Some(other)) => (
                format!("adds nothing: `rules[{other}]` already grants all of it"),
                "remove it, or narrow the rule that covers it",
            ),
            ([_], None) => (
                "adds nothing: other rules already grant all of it".to_owned(),
                "remove it, or narrow the rules that cover it",
            ),
            (several, _) => {
                const SHOWN: usize = 5;
                let shown = several.iter().take(SHOWN).map(|it| format!("`rules[{}]`", it.index));
                let mut names = shown.collect::<Vec<_>>().join(", ");
                if several.len() > SHOWN {
                    names.push_str(&format!(" and {} more", several.len() - SHOWN));
                }
                (
                    format!(
                        "{} rules add nothing, as others already grant all of it: {names}",
                        several.len()
                    ),
                    "remove them, or narrow the rules that cover them",
                )
            }
        };
        let rule = first.rule;
        let about = format!("{} {what} {}", joined(&rule.verbs), joined(&rule.resource_names));
        Some(Self { message, fix, index: first.index, about })
    }

    fn about(&self, role: &Role) -> Finding {
        Finding::new(RULE.meta, role.into(), self.message.clone())
            .at(FieldPath::key("rules").then_index(self.index))
            .about(self.about.clone())
            .fix(self.fix)
    }
}

/// Returns whether two rules have a verb in common; otherwise, neither covers any part of the other.
fn overlaps(left: &PolicyRule, right: &PolicyRule) -> bool {
    left.verbs.iter().any(|verb| &**verb == "*" || right.verbs.contains(verb))
}

/// Returns whether a rule grants nothing, which has its own findings.
fn is_vacuous(rule: &PolicyRule) -> bool {
    rolecall_rbac::break_down(rule).is_empty()
}
