//! Findings that an annotation excuses.

use rolecall_rbac::{Inventory, Metadata};

use crate::findings::suppression::{
    expired_suppression, malformed_suppression, unused_suppression,
};
use crate::{FieldPath, Finding, ObjectRef, RuleMeta};

/// The annotation that excuses findings of its object.
const KEY: &str = "rolecall.dev/ignore";

/// A finding that an annotation excuses, and why.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// The reason given.
    pub reason: String,
}

/// One entry of an annotation.
struct Entry {
    object: ObjectRef,
    code: String,
    reason: String,
    until: Option<String>,
    used: bool,
}

/// Takes out the findings that annotations of their objects excuse, and adds what is wrong with those
/// annotations. `today` is written `YYYY-MM-DD`.
pub fn suppress(
    findings: Vec<Finding>,
    inventory: &Inventory,
    today: &str,
) -> (Vec<Finding>, Vec<Suppressed>) {
    let mut kept = Vec::new();
    let mut suppressed = Vec::new();
    let mut entries = entries(inventory, &mut kept);
    for finding in findings {
        let matching = entries.iter_mut().find(|entry| {
            entry.object == finding.object
                && (entry.code == finding.rule.code || entry.code == finding.rule.name)
        });
        match matching {
            None => kept.push(finding),
            Some(entry) => {
                entry.used = true;
                if entry.until.as_deref().is_some_and(|until| until < today) {
                    kept.push(finding);
                } else {
                    suppressed.push(Suppressed { finding, reason: entry.reason.clone() });
                }
            }
        }
    }
    for entry in entries {
        let expired = entry.until.filter(|until| &**until < today);
        let (meta, message): (&'static RuleMeta, String) = match (expired, entry.used) {
            (Some(until), _) => (
                &expired_suppression::META,
                format!("the suppression of {} ended on {until}", entry.code),
            ),
            (None, true) => continue,
            (None, false) => (
                &unused_suppression::META,
                format!("the suppression of {} suppresses nothing", entry.code),
            ),
        };
        kept.push(about(meta, entry.object, message).about(entry.code));
    }
    kept.sort_by_cached_key(Finding::sort_key);
    (kept, suppressed)
}

fn about(meta: &'static RuleMeta, object: ObjectRef, message: String) -> Finding {
    let field = FieldPath::key("metadata").then_key("annotations").then_key(KEY);
    Finding::new(meta, object, message).at(field)
}

/// Returns the entries of all annotations, and reports those that cannot be read.
fn entries(inventory: &Inventory, findings: &mut Vec<Finding>) -> Vec<Entry> {
    let roles = inventory.roles().iter().map(|role| (&role.metadata, ObjectRef::from(role)));
    let bindings =
        inventory.bindings().iter().map(|binding| (&binding.metadata, ObjectRef::from(binding)));
    let accounts = inventory
        .service_accounts()
        .iter()
        .map(|account| (&account.metadata, ObjectRef::from(account)));
    let workloads = inventory
        .workloads()
        .iter()
        .map(|workload| (&workload.metadata, ObjectRef::from(workload)));
    let mut entries = Vec::new();
    for (metadata, object) in roles.chain(bindings).chain(accounts).chain(workloads) {
        for text in texts(metadata) {
            match parse(text, &object) {
                Some(entry) => entries.push(entry),
                None => {
                    let message = format!("`{text}` is not `CODE REASON[, until=YYYY-MM-DD]`");
                    let finding = about(&malformed_suppression::META, object.clone(), message)
                        .about(text)
                        .fix("say which code is suppressed and why");
                    findings.push(finding);
                }
            }
        }
    }
    entries
}

fn texts(metadata: &Metadata) -> impl Iterator<Item = &str> {
    let value = metadata.annotation(KEY).map(|value| &**value).unwrap_or_default();
    value.split([';', '\n']).map(str::trim).filter(|text| !text.is_empty())
}

fn parse(text: &str, object: &ObjectRef) -> Option<Entry> {
    let (code, rest) = text.split_once(char::is_whitespace)?;
    let (reason, until) = match rest.rsplit_once("until=") {
        Some((reason, until)) => (reason, Some(until.trim())),
        None => (rest, None),
    };
    let reason = reason.trim().trim_end_matches(',').trim();
    let known = crate::rules().iter().any(|rule| rule.code == code || rule.name == code);
    let dated = until.is_none_or(is_date);
    (known && dated && !reason.is_empty()).then(|| Entry {
        object: object.clone(),
        code: code.to_owned(),
        reason: reason.to_owned(),
        until: until.map(str::to_owned),
        used: false,
    })
}

fn is_date(text: &str) -> bool {
    let digits = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split('-').collect();
    matches!(&*parts, [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
}
