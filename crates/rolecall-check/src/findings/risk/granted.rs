//! The part of a risk that a rule grants, for risks with several kinds of objects.

use std::borrow::Cow;
use std::rc::Rc;

use rolecall_access::risk::{ANYTHING, Engine, Risk};
use rolecall_rbac::{PolicyRule, Request, Target};
use rustc_hash::FxHashMap;

use crate::RuleCode;
use crate::words::listed;

/// The maximum number of kinds in a message.
const NAMED: usize = 3;

/// The words of findings about a risk of a rule.
pub(super) struct RiskWords {
    /// The effect for its holders, after `can`.
    pub(super) may: String,
    /// The verbs and kinds of the risk that the rule grants; empty if it grants them all.
    pub(super) granted: String,
    /// The fix.
    pub(super) advice: Cow<'static, str>,
}

/// The words of each risk, which are the same for all rules that grant the same part of it.
pub(super) struct Words<'e> {
    engine: &'e Engine<'e>,
    known: FxHashMap<Part, Rc<RiskWords>>,
}

/// A part of a risk: its code, whether it is held everywhere, and the addresses of its requests.
type Part = (RuleCode, bool, Vec<*const Request>);

impl<'e> Words<'e> {
    pub(super) fn new(engine: &'e Engine<'e>) -> Self {
        Self { engine, known: FxHashMap::default() }
    }

    /// Returns the words about a risk that a rule grants in a namespace, or everywhere.
    pub(super) fn of(
        &mut self,
        risk: &'static Risk,
        rule: &PolicyRule,
        namespace: Option<&str>,
    ) -> Rc<RiskWords> {
        let (granted, others) = self.engine.split(risk, rule, namespace);
        let addresses = granted.iter().map(|request| std::ptr::from_ref(*request)).collect();
        let part = (risk.code, namespace.is_none(), addresses);
        let words = || {
            Rc::new(RiskWords {
                may: risk.may_with(&verbs(&granted)),
                granted: in_words(&granted, &others),
                advice: fix(&granted, risk.fix_in(namespace)),
            })
        };
        self.known.entry(part).or_insert_with(words).clone()
    }
}

/// Lists the granted verbs and kinds of a risk; empty if no kind is missing, or the risk has only one
/// kind.
fn in_words(granted: &[&Request], others: &[&Request]) -> String {
    let kinds = kinds(granted);
    let is_whole = kinds.len() == self::kinds(&[granted, others].concat()).len();
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

/// Returns the verbs of requests, each once.
fn verbs<'r>(granted: &[&'r Request]) -> Vec<&'r str> {
    let mut verbs: Vec<&str> = Vec::new();
    for request in granted {
        if !verbs.contains(&&*request.verb) {
            verbs.push(&request.verb);
        }
    }
    verbs
}

/// Returns the fix for a rule: names cannot limit verbs whose requests have no name.
fn fix(granted: &[&Request], advice: &'static str) -> Cow<'static, str> {
    let mut verbs = verbs(granted);
    verbs.sort_unstable();
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
        true => format!("remove {}, unless the subject needs it", listed(&verbs)).into(),
        false => advice.into(),
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
