use std::collections::BTreeMap;

use rolecall_access::risk::{self, Engine, Hit, WILDCARD};
use rolecall_rbac::PolicyRule;

use crate::context::Context;
use crate::findings::Rule;
use crate::rule_at::RuleAt;
use crate::words::{joined, listed};
use crate::{Finding, RuleCode, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC504, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let engine = context.risks();
    for role in context.roles().filter(|role| role.aggregation.is_none()) {
        // Several rules of a role are reported in one finding.
        let mut found: BTreeMap<&str, Vec<(RuleAt<'_>, &str)>> = BTreeMap::new();
        for (index, rule) in role.rules.iter().enumerate() {
            if let Some((field, message)) = judge(engine, rule) {
                found.entry(message).or_default().push((RuleAt { role, index, rule }, field));
            }
        }
        let is_everywhere =
            context.bindings_to(role).iter().any(|binding| binding.is_cluster_role_binding());
        for (message, places) in found {
            let Some(((at, field), others)) = places.split_first() else { continue };
            let others: Vec<String> =
                others.iter().map(|(other, _)| format!("rules[{}]", other.index)).collect();
            let also = match &*others {
                [] => String::new(),
                [other] => format!(", as `{other}` does"),
                others => format!(", as {} do", listed(others)),
            };
            // The owner of a group of custom resources decides what it contains.
            let is_custom = places.iter().all(|(at, _)| {
                at.rule.api_groups.iter().all(|group| **group != *"*" && !known::is_built_in(group))
            });
            let severity = match is_everywhere && field != &"apiGroups" && !is_custom {
                true => WILDCARD.severity,
                false => WILDCARD.in_namespace,
            };
            let finding = Finding::new(RULE.meta, role.into(), format!("{message}{also}"))
                .at(at.path().then_key(field))
                .about(format!("{message} {}", joined(&at.rule.api_groups)))
                .severity(severity)
                .fix("list the required verbs or resources");
            findings.push(finding);
        }
    }
}

/// Returns the field with a wildcard and the message about it; `None` if a broader risk is
/// reported.
fn judge(engine: &Engine<'_>, rule: &PolicyRule) -> Option<(&'static str, &'static str)> {
    let broader = |hit: &Hit| matches!(hit.risk.code, RuleCode(501..=503));
    risk::wildcard(rule).filter(|_| !engine.hits(rule).iter().any(broader))
}
