use rolecall_rbac::{PolicyRule, Role, covers};

use crate::context::Context;
use crate::findings::Rule;
use crate::words::joined;
use crate::{FieldPath, Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC212, check };

/// Roles with more rules are not compared rule by rule: that grows with the square.
const MOST_RULES: usize = 500;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for role in context.roles().filter(|role| role.aggregation.is_none()) {
        if role.rules.len() <= MOST_RULES {
            check_role(role, findings);
        }
    }
}

/// A rule that others cover.
struct Covered<'a> {
    index: usize,
    rule: &'a PolicyRule,
    /// The one rule that covers it, if one does.
    by: Option<usize>,
}

fn check_role(role: &Role, findings: &mut Vec<Finding>) {
    let mut kept: Vec<bool> = vec![true; role.rules.len()];
    let mut covered: Vec<Covered<'_>> = Vec::new();
    // Of rules that say the same, the first one stays.
    for (index, rule) in role.rules.iter().enumerate().rev() {
        let others: Vec<(usize, &PolicyRule)> = role
            .rules
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index && kept.get(*other).copied().unwrap_or_default())
            .filter(|(_, other)| overlaps(other, rule))
            .collect();
        let rules: Vec<PolicyRule> = others.iter().map(|(_, other)| (*other).clone()).collect();
        if rules.is_empty()
            || is_vacuous(rule)
            || !covers(&rules, std::slice::from_ref(rule)).is_complete()
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
    let Some(first) = covered.first() else { return };
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
    let finding = Finding::new(RULE.meta, role.into(), message)
        .at(FieldPath::key("rules").then_index(first.index))
        .about(format!("{} {what} {}", joined(&rule.verbs), joined(&rule.resource_names)))
        .fix(fix);
    findings.push(finding);
}

/// Returns whether two rules have a verb in common, without which neither covers any of the other.
fn overlaps(left: &PolicyRule, right: &PolicyRule) -> bool {
    left.verbs.iter().any(|verb| &**verb == "*" || right.verbs.contains(verb))
}

/// Returns whether a rule grants nothing by itself, which other findings say.
fn is_vacuous(rule: &PolicyRule) -> bool {
    rolecall_rbac::break_down(rule).is_empty()
}
