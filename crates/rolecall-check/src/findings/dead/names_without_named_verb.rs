use rolecall_rbac::{PolicyRule, Text, covers};

use crate::context::Context;
use crate::findings::Rule;
use crate::rule_at::RuleAt;
use crate::words::{joined, listed};
use crate::{Finding, Severity, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC207, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        let rule = at.rule;
        // Only plain resources: requests for most subresources contain a name, regardless of the
        // verb.
        let plain = !rule.resources.is_empty()
            && rule.resources.iter().all(|entry| !entry.contains('/') && **entry != *"*");
        let named = !rule.resource_names.is_empty()
            && rule.resource_names.iter().all(|name| !name.is_empty());
        if !plain || !named || is_checked_by_name(rule) {
            continue;
        }
        let is_one_of = |verbs: [&str; 2]| -> Vec<Text> {
            rule.verbs.iter().filter(|verb| verbs.contains(&&***verb)).cloned().collect()
        };
        let nameless = is_one_of(["create", "deletecollection"]);
        let selecting = is_one_of(["list", "watch"]);
        let is_all = nameless.len() + selecting.len() == rule.verbs.len();
        let is_uncovered = |verbs: &[Text]| !verbs.is_empty() && !is_covered(at, verbs);
        // A rule that matches almost nothing is reported as a whole.
        if is_all && !nameless.is_empty() && is_uncovered(&rule.verbs) {
            findings.push(hedged(context, at, nameless_verbs(at, &rule.verbs, true)));
            continue;
        }
        if is_uncovered(&nameless) {
            findings.push(hedged(context, at, nameless_verbs(at, &nameless, false)));
        }
        if is_uncovered(&selecting) {
            findings.push(selecting_verbs(at, &selecting));
        }
    }
}

/// Returns whether a rule is for the checks of an API group's own server, such as Calico's check
/// for the creation of `tier.networkpolicies`: these contain a name, regardless of the verb.
fn is_checked_by_name(rule: &PolicyRule) -> bool {
    rule.resources.iter().all(|entry| entry.contains('.'))
        && rule.api_groups.iter().all(|group| !known::is_built_in(group))
}

/// Returns whether the resources are known to be objects. Programs can check any verb on other
/// names: for example, a gateway checks whether a user can `create` the traces of a tenant.
fn are_objects(context: &Context<'_>, rule: &PolicyRule) -> bool {
    rule.api_groups.iter().any(|group| {
        known::is_built_in(group)
            || rule.resources.iter().any(|entry| context.catalog().get(group, entry).is_some())
    })
}

/// Adds that a program can check names, if that is possible.
fn hedged(context: &Context<'_>, at: RuleAt<'_>, mut finding: Finding) -> Finding {
    if are_objects(context, at.rule) {
        return finding;
    }
    finding.message.push_str(", unless a program of the API group checks names");
    finding.severity(Severity::Info)
}

/// Reports verbs whose requests have no name.
fn nameless_verbs(at: RuleAt<'_>, verbs: &[Text], is_all: bool) -> Finding {
    let (names, kinds) = (listed(verbs), listed(&at.rule.resources));
    let have = if verbs.len() == 1 { "has" } else { "have" };
    let creates = verbs.iter().any(|verb| **verb == *"create");
    let except = if creates { "; only a server-side apply or a PUT contains the name" } else { "" };
    let message = format!(
        "{names} on {kinds} {have} no object name, so `resourceNames` prevents a match{except}"
    );
    let fix = match is_all {
        true => {
            "remove `resourceNames`, or grant verbs for named objects, such as `get`".to_owned()
        }
        false => format!("grant {names} in a rule without `resourceNames`"),
    };
    let selects = verbs.iter().any(|verb| matches!(&**verb, "list" | "watch"));
    let severity = if is_all && !selects { RULE.meta.severity } else { Severity::Medium };
    finding(at, verbs, message).severity(severity).fix(fix)
}

/// Reports verbs whose requests only have a name if a field selector contains it.
fn selecting_verbs(at: RuleAt<'_>, verbs: &[Text]) -> Finding {
    let is = if verbs.len() == 1 { "matches" } else { "match" };
    let message = format!(
        "{} on {} only {is} requests that select `metadata.name=NAME`, which few clients send",
        listed(verbs),
        listed(&at.rule.resources)
    );
    let fix = match verbs.len() == at.rule.verbs.len() {
        true => "remove `resourceNames`, unless the rule is for such requests".to_owned(),
        false => format!(
            "grant {} in a rule without `resourceNames`, unless the rule is for such requests",
            listed(verbs)
        ),
    };
    finding(at, verbs, message).severity(Severity::Info).fix(fix)
}

fn finding(at: RuleAt<'_>, verbs: &[Text], message: String) -> Finding {
    Finding::new(RULE.meta, at.role.into(), message)
        .at(at.path().then_key("resourceNames"))
        .about(format!("{} {}", joined(verbs), joined(&at.rule.resources)))
}

/// Returns whether another rule of the role grants some of the rule's verbs, which is reported
/// separately.
fn is_covered(at: RuleAt<'_>, verbs: &[Text]) -> bool {
    let others = at.role.rules.iter().enumerate().filter(|(index, _)| *index != at.index);
    let others: Vec<PolicyRule> = others.map(|(_, rule)| rule.clone()).collect();
    let these = PolicyRule { verbs: verbs.into(), ..at.rule.clone() };
    covers(&others, &[these]).is_complete()
}
