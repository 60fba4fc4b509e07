//! Describes the part of a risk that a rule grants, for risks about several kinds.

use rolecall_access::risk::{ANYTHING, Engine, Risk};
use rolecall_rbac::{PolicyRule, Request, Target};

use crate::words::listed;

/// The maximum number of kinds in a message.
const NAMED: usize = 3;

/// Names the verbs and kinds of a risk that a rule grants in a namespace, or everywhere; empty if it
/// grants them all, or the risk is about one kind.
pub(super) fn in_words(
    engine: &Engine<'_>,
    risk: &Risk,
    rule: &PolicyRule,
    namespace: Option<&str>,
) -> String {
    let (granted, others) = engine.split(risk, rule, namespace);
    let kinds = kinds(&granted);
    let is_whole = kinds.len() == self::kinds(&[granted.clone(), others].concat()).len();
    if is_whole {
        return String::new();
    }
    let named: Vec<&str> = kinds.iter().take(NAMED).map(|(kind, _)| &**kind).collect();
    let named = match kinds.len().saturating_sub(NAMED) {
        0 => listed(&named),
        more => format!("`{}` and {more} more", named.join("`, `")),
    };
    let mut verbs: Vec<&str> = Vec::new();
    for verb in kinds.iter().flat_map(|(_, verbs)| verbs) {
        if !verbs.contains(verb) {
            verbs.push(verb);
        }
    }
    let verbs = match verbs.contains(&ANYTHING) {
        true => "any verb".to_owned(),
        false => listed(&verbs),
    };
    format!(": {verbs} on {named}")
}

/// Returns the verbs of a risk that a rule grants in a namespace, or everywhere.
pub(super) fn verbs<'e>(
    engine: &'e Engine<'_>,
    risk: &Risk,
    rule: &PolicyRule,
    namespace: Option<&str>,
) -> Vec<&'e str> {
    let (granted, _) = engine.split(risk, rule, namespace);
    let mut verbs: Vec<&str> = Vec::new();
    for request in granted {
        if !verbs.contains(&&*request.verb) {
            verbs.push(&request.verb);
        }
    }
    verbs
}

/// Returns the fix for a rule: names cannot limit verbs whose requests have no name.
pub(super) fn fix(
    engine: &Engine<'_>,
    risk: &Risk,
    rule: &PolicyRule,
    namespace: Option<&str>,
) -> String {
    let advice = risk.fix_in(namespace);
    let (granted, _) = engine.split(risk, rule, namespace);
    let mut verbs: Vec<&str> = granted.iter().map(|request| &*request.verb).collect();
    verbs.sort_unstable();
    verbs.dedup();
    let is_nameless = !granted.is_empty()
        && granted.iter().all(|request| {
            let subresource = match &request.target {
                Target::Resource(resource) => &*resource.subresource,
                Target::Path(_) => "",
            };
            subresource.is_empty()
                && matches!(&*request.verb, "create" | "list" | "watch" | "deletecollection")
        });
    match is_nameless && advice.contains("with `resourceNames`") {
        true => format!("remove {}, unless the subject needs it", listed(&verbs)),
        false => advice.to_owned(),
    }
}

/// Returns the kinds of requests, in order, each with its verbs.
fn kinds<'r>(requests: &[&'r Request]) -> Vec<(String, Vec<&'r str>)> {
    let mut kinds: Vec<(String, Vec<&str>)> = Vec::new();
    for request in requests {
        let Target::Resource(resource) = &request.target else { continue };
        let kind = match &*resource.subresource {
            "" => resource.resource.to_string(),
            subresource => format!("{}/{subresource}", resource.resource),
        };
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, verbs)) => verbs.push(&request.verb),
            None => kinds.push((kind, vec![&request.verb])),
        }
    }
    kinds
}
