use rolecall_rbac::PolicyRule;

use crate::context::Context;
use crate::findings::Rule;
use crate::words::{joined, listed};
use crate::{Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC571, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        let Some(index) = at.rule.verbs.iter().position(|verb| **verb == *"deletecollection")
        else {
            continue;
        };
        let message = format!("one request deletes all {}", what(at.rule));
        let finding = Finding::new(RULE.meta, at.role.into(), message)
            .at(at.value("verbs", index))
            .about(joined(&at.rule.resources))
            .fix("grant `delete` by `resourceNames` instead");
        findings.push(finding);
    }
}

/// Names the first kinds whose collections a rule can delete.
fn what(rule: &PolicyRule) -> String {
    let kinds: Vec<&str> = rule
        .resources
        .iter()
        .map(|resource| &**resource)
        .filter(|resource| !resource.contains('/'))
        .collect();
    match &*kinds {
        [] => listed(&rule.resources),
        kinds if kinds.contains(&"*") => "objects of a kind".to_owned(),
        [first, second, _, rest @ ..] if !rest.is_empty() => {
            format!("`{first}`, or `{second}`, or of {} other kinds", kinds.len() - 2)
        }
        kinds => listed(kinds),
    }
}
