use rolecall_rbac::{Catalog, PolicyRule, Text, VerbAlias, edit_distance, is_template};

use crate::context::Context;
use crate::fate;
use crate::findings::Rule;
use crate::rule_at::RuleAt;
use crate::words::{group_names, joined, listed, quote};
use crate::{Finding, Severity, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC206, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        let mut dead = 0;
        // The server restores its own roles, which contained the verb `proxy` for a long time.
        let is_servers = at.role.metadata.label("kubernetes.io/bootstrapping").is_some();
        for (index, verb) in at.rule.verbs.iter().enumerate() {
            if is_servers && **verb == *"proxy" {
                continue;
            }
            let Some((mut fix, severity)) = dead_verb(context.catalog(), at.rule, verb) else {
                if let Some(misplaced) = misplaced(context.catalog(), at, index, verb) {
                    dead += 1;
                    findings.push(misplaced);
                }
                continue;
            };
            dead += 1;
            let is_there = |meant: &str| at.rule.verbs.iter().any(|verb| **verb == *meant);
            if fix.strip_prefix("use `").and_then(|it| it.strip_suffix('`')).is_some_and(is_there) {
                fix = "remove it: the rule already has the corresponding verb".to_owned();
            }
            let asked = match at.rule.resources.is_empty() {
                true => "no request for a URL has the verb",
                false => "no request uses the verb",
            };
            let finding =
                Finding::new(RULE.meta, at.role.into(), format!("{asked} {}", quote(verb)))
                    .at(at.value("verbs", index))
                    .about(format!("{verb} on {}", joined(&at.rule.resources)))
                    .severity(severity)
                    .fix(fix);
            findings.push(finding);
        }
        if dead == 0 {
            findings.extend(unserved(at, context.catalog()));
        }
    }
}

/// Returns the correction of a verb that no request uses, and the severity.
pub(super) fn dead_verb(
    catalog: &Catalog,
    rule: &PolicyRule,
    verb: &str,
) -> Option<(String, Severity)> {
    if is_template(verb) {
        return None;
    }
    let severity = RULE.meta.severity;
    if rule.resources.is_empty() && !rule.non_resource_urls.is_empty() {
        let is_of_proxy = known::PROXY_VERBS.contains(&verb)
            && rule.non_resource_urls.iter().any(|url| known::is_of_other_server(url));
        if verb == "*" || known::URL_VERBS.contains(&verb) || is_of_proxy {
            return None;
        }
        let fix = match known::url_verb_for(verb) {
            Some(method) => format!("use `{method}`"),
            None => "use an HTTP method in lower case, such as `get`".to_owned(),
        };
        return Some((fix, severity));
    }
    if known::is_verb(verb) {
        return None;
    }
    if verb.starts_with("impersonate:") || verb.starts_with("impersonate-on:") {
        let modes = listed(&known::IMPERSONATION_MODES);
        let form = match verb.starts_with("impersonate:") {
            true => "`impersonate:MODE`",
            false => "`impersonate-on:MODE:VERB`",
        };
        return Some((format!("use {form} with one of the modes {modes}"), severity));
    }
    let lower = verb.to_ascii_lowercase();
    if lower != verb && known::is_verb(&lower) {
        return Some((format!("use `{lower}`"), severity));
    }
    let nearest = known::RESOURCE_VERBS
        .iter()
        .map(|candidate| (edit_distance(candidate, &lower), *candidate))
        .filter(|(distance, candidate)| *distance == 1 && candidate.len() > 3)
        .min();
    let meant = VerbAlias::of(&lower).map(|meant| {
        let verbs = meant.verbs_in_words();
        match (meant.resource, meant.subresource) {
            ("", "") => verbs,
            ("", subresource) => format!("{verbs} on the subresource `{subresource}`"),
            (resource, _) => format!("{verbs} on `{}`", meant.on(resource)),
        }
    });
    // Servers of custom resources can check additional verbs, and webhooks can for `*`.
    let groups = || rule.api_groups.iter();
    let ours = groups().all(|group| known::is_built_in(group)) || is_built_in(catalog, rule);
    let any = groups().any(|group| **group == *"*");
    let is_capital = lower != verb;
    match (meant, nearest) {
        (Some(meant), _) if ours || (any && is_capital) => Some((format!("use {meant}"), severity)),
        (_, Some((_, nearest))) => Some((format!("use `{nearest}`"), severity)),
        _ if ours || any => {
            let severity = if ours && !may_be_asked(verb) { severity } else { Severity::Low };
            let verbs = listed(&known::RESOURCE_VERBS);
            let programs = match may_be_asked(verb) {
                true => ", unless a program asks for this verb in access reviews",
                false => "",
            };
            Some((format!("use one of {verbs}{programs}"), severity))
        }
        _ => None,
    }
}

/// Returns whether a verb is a word that a program might use in its own access reviews, such as
/// `subscribe`, and not a misspelling.
fn may_be_asked(verb: &str) -> bool {
    let is_word = |verb: &str| verb.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_similar = |known: &str| edit_distance(known, verb) <= 2;
    verb.len() > 4
        && is_word(verb)
        && !known::RESOURCE_VERBS.into_iter().chain(known::asked_verbs()).any(is_similar)
}

/// Returns whether all resources of a rule are built in, regardless of its API groups.
fn is_built_in(catalog: &Catalog, rule: &PolicyRule) -> bool {
    let is_ours = |entry: &Text| {
        let name = entry.split('/').next().unwrap_or_default();
        known::built_in_groups().any(|group| known::has_resource(catalog, group, name))
    };
    let is_any = |group: &Text| **group == *"*" || known::is_built_in(group);
    rule.api_groups.iter().all(is_any) && rule.resources.iter().all(is_ours)
}

/// Reports a verb of authorization checks that are not made for any of the rule's resources.
fn misplaced(catalog: &Catalog, at: RuleAt<'_>, index: usize, verb: &str) -> Option<Finding> {
    let rule = at.rule;
    let (message, fix) = asked_elsewhere(catalog, rule, verb)?;
    // If the rule has other verbs, these are valid.
    let severity = match rule.verbs.len() {
        1 => RULE.meta.severity,
        _ => Severity::Medium,
    };
    let finding = Finding::new(RULE.meta, at.role.into(), message)
        .at(at.value("verbs", index))
        .about(format!("{verb} on {}", joined(&rule.resources)))
        .severity(severity)
        .fix(fix);
    Some(finding)
}

/// Returns the problem and the correction for a verb that is only checked for resources that the rule does
/// not contain.
pub(super) fn asked_elsewhere(
    catalog: &Catalog,
    rule: &PolicyRule,
    verb: &str,
) -> Option<(String, String)> {
    let asked = known::asked_about(verb)?;
    if rule.resources.is_empty() || !is_built_in(catalog, rule) {
        return None;
    }
    let names = |list: &[Text], value: &str| list.iter().any(|it| **it == *value || **it == *"*");
    let is_dead = |entry: &Text| fate::of_resource(rule, entry, catalog).is_some();
    // A resource in the wrong group has its own finding, with the right group.
    let is_asked = asked.iter().any(|(group, resource)| {
        let in_group = names(&rule.api_groups, group);
        let parent = |entry: &Text| entry.split('/').next() == Some(resource);
        rule.resources.iter().any(|entry| parent(entry) && (in_group || is_dead(entry)))
    });
    let live: Vec<&Text> = rule.resources.iter().filter(|entry| !is_dead(entry)).collect();
    if is_asked || live.is_empty() {
        return None;
    }
    let message = format!("no request uses the verb `{verb}` on {}", listed(&live));
    if let Some(group) = other_group(asked, &live) {
        let message = format!("{message} in {}", group_names(&rule.api_groups));
        return Some((message, format!("use the API group {}", quote(group))));
    }
    let mut resources: Vec<&str> = asked.iter().map(|(_, resource)| *resource).collect();
    resources.dedup();
    let only = if resources.len() == 1 { "" } else { "only " };
    Some((message, format!("grant `{verb}` {only}on {}", listed(&resources))))
}

/// Returns the API group in which a verb applies to all of these resources, if that is a single one.
fn other_group(
    asked: &[(&'static str, &'static str)],
    resources: &[&Text],
) -> Option<&'static str> {
    let groups_of = |entry: &str| {
        let name = entry.split('/').next().unwrap_or_default().to_owned();
        asked.iter().filter(move |(_, resource)| *resource == name).map(|(group, _)| *group)
    };
    let mut groups = groups_of(resources.first()?);
    groups.find(|group| resources.iter().all(|entry| groups_of(entry).any(|it| it == *group)))
}

/// Reports a rule with valid verbs and resources if none of the resources supports any of the
/// verbs.
fn unserved(at: RuleAt<'_>, catalog: &Catalog) -> Option<Finding> {
    let rule = at.rule;
    let (message, fix) = unserved_verbs(rule, catalog)?;
    let finding = Finding::new(RULE.meta, at.role.into(), message)
        .at(at.path().then_key("verbs"))
        .about(format!("{} on {}", joined(&rule.verbs), joined(&rule.resources)))
        .fix(fix);
    Some(finding)
}

/// Returns the problem and the correction of a rule whose resources serve none of its verbs.
pub(super) fn unserved_verbs(rule: &PolicyRule, catalog: &Catalog) -> Option<(String, String)> {
    let served = served_instead(rule, catalog)?;
    let (resources, verbs) = (listed(&rule.resources), listed(&rule.verbs));
    if !served.iter().any(|verb| known::is_resource_verb(verb)) {
        // Suggesting `impersonate` instead of `get` would grant far more.
        let exist = if rule.resources.len() == 1 { "it exists" } else { "they exist" };
        return Some((
            format!("no request uses {verbs} on {resources}"),
            format!("remove the rule: {exist} only in checks of {}", listed(&served)),
        ));
    }
    let what = if rule.resources.len() == 1 { "serves" } else { "serve" };
    let message = format!("{resources} {what} only {}, not {verbs}", listed(&served));
    Some((message, format!("use {}", listed(&served))))
}

/// Returns the verbs that a rule's resources support, if they are known and the rule has none of
/// them.
fn served_instead<'a>(rule: &PolicyRule, catalog: &'a Catalog) -> Option<Vec<&'a str>> {
    let proper = !rule.verbs.is_empty()
        && rule.verbs.iter().all(|verb| known::is_resource_verb(verb))
        && !rule.resources.is_empty()
        && rule.non_resource_urls.is_empty();
    if !proper || !rule.api_groups.iter().all(|group| known::is_built_in(group)) {
        return None;
    }
    let mut served = Vec::new();
    for group in &*rule.api_groups {
        for entry in &*rule.resources {
            match served_verbs(catalog, group, entry) {
                Served::Unknown => return None,
                Served::Not => {}
                Served::These(verbs) => served.extend(verbs),
            }
        }
    }
    served.sort_unstable();
    served.dedup();
    let has_any = served.iter().any(|verb| rule.verbs.iter().any(|v| **v == **verb));
    (!served.is_empty() && !has_any).then_some(served)
}

enum Served<'a> {
    /// Not all verbs are known.
    Unknown,
    /// The resource does not exist.
    Not,
    /// Only these verbs.
    These(Vec<&'a str>),
}

fn served_verbs<'a>(catalog: &'a Catalog, group: &str, entry: &str) -> Served<'a> {
    let (name, subresource) = entry.split_once('/').unwrap_or((entry, ""));
    if name == "*" || known::is_not_always_served(group, name) {
        return Served::Unknown;
    }
    let Some(resource) = catalog.get(group, name) else { return Served::Not };
    if resource.is_virtual {
        return match known::is_only_checked(resource) {
            true => Served::These(resource.verbs.iter().map(|verb| &**verb).collect()),
            false => Served::Unknown,
        };
    }
    let verbs = match subresource {
        "" => &resource.verbs,
        _ => match resource.subresources.iter().find(|known| *known.name == *subresource) {
            Some(known) => &known.verbs,
            // Programs check such resources with arbitrary verbs.
            None if known::has_subresource(catalog, group, name, subresource) => {
                return Served::Unknown;
            }
            None => return Served::Not,
        },
    };
    Served::These(verbs.iter().map(|verb| &**verb).collect())
}
