//! Findings that an annotation or the configuration excuses.

use rolecall_rbac::{Inventory, Metadata};

use crate::findings::suppression::{
    expired_suppression, malformed_suppression, unused_suppression,
};
use crate::{Date, FieldPath, Finding, ObjectRef, RuleMeta, Suppression};

/// The annotation that excuses findings of its object.
const KEY: &str = "rolecall.dev/ignore";

/// A finding that is excused, and why.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// The reason given.
    pub reason: String,
}

/// Something that excuses findings.
struct Entry<'a> {
    /// Where it is said.
    by: Source<'a>,
    reason: &'a str,
    until: Option<Date>,
    used: bool,
}

/// Who excuses.
enum Source<'a> {
    /// The annotation of an object, of findings of one rule about that object.
    Annotation { object: ObjectRef, code: &'a str },
    /// The configuration.
    Config(&'a Suppression),
}

/// Takes out the findings that annotations of their objects or the configuration excuse, and adds
/// what is wrong with those annotations and that configuration.
pub fn suppress(
    findings: Vec<Finding>,
    inventory: &Inventory,
    config: &[Suppression],
    today: Date,
) -> (Vec<Finding>, Vec<Suppressed>) {
    let mut kept = Vec::new();
    let mut suppressed = Vec::new();
    let mut entries = entries(inventory, &mut kept);
    entries.extend(config.iter().map(|suppression| Entry {
        by: Source::Config(suppression),
        reason: &suppression.reason,
        until: suppression.expires,
        used: false,
    }));
    for finding in findings {
        let mut reason = None;
        for entry in entries.iter_mut().filter(|entry| entry.by.matches(&finding)) {
            entry.used = true;
            if entry.until.is_none_or(|until| today <= until) {
                reason = reason.or(Some(entry.reason));
            }
        }
        match reason {
            Some(reason) => suppressed.push(Suppressed { finding, reason: reason.to_owned() }),
            None => kept.push(finding),
        }
    }
    kept.extend(entries.iter().filter_map(|entry| complaint(entry, today)));
    kept.sort_by_cached_key(Finding::sort_key);
    (kept, suppressed)
}

impl Source<'_> {
    fn matches(&self, finding: &Finding) -> bool {
        match self {
            Self::Annotation { object, code } => {
                *object == finding.object
                    && (*code == finding.rule.code || *code == finding.rule.name)
            }
            Self::Config(suppression) => suppression.matches(finding),
        }
    }
}

/// Says what is wrong with an entry.
fn complaint(entry: &Entry<'_>, today: Date) -> Option<Finding> {
    let what = match &entry.by {
        Source::Annotation { code, .. } => (*code).to_owned(),
        Source::Config(suppression) => suppression.in_words(),
    };
    let expired = entry.until.filter(|until| *until < today);
    let (meta, message): (&'static RuleMeta, String) = match (expired, entry.used) {
        (Some(until), _) => {
            (&expired_suppression::META, format!("the suppression of {what} ended on {until}"))
        }
        (None, false) => {
            (&unused_suppression::META, format!("the suppression of {what} suppresses nothing"))
        }
        (None, true) => return None,
    };
    let finding = match &entry.by {
        Source::Annotation { object, .. } => about(meta, object.clone(), message),
        Source::Config(suppression) => {
            let object = ObjectRef {
                origin: suppression.origin.clone(),
                kind: "Suppression".into(),
                namespace: "".into(),
                name: what.as_str().into(),
            };
            Finding::new(meta, object, message)
        }
    };
    Some(finding.about(what))
}

fn about(meta: &'static RuleMeta, object: ObjectRef, message: String) -> Finding {
    let field = FieldPath::key("metadata").then_key("annotations").then_key(KEY);
    Finding::new(meta, object, message).at(field)
}

/// Returns the entries of all annotations, and reports those that cannot be read.
fn entries<'a>(inventory: &'a Inventory, findings: &mut Vec<Finding>) -> Vec<Entry<'a>> {
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

fn parse<'a>(text: &'a str, object: &ObjectRef) -> Option<Entry<'a>> {
    let (code, rest) = text.split_once(char::is_whitespace)?;
    let (reason, until) = match rest.rsplit_once("until=") {
        Some((reason, until)) => (reason, Some(until.trim().parse().ok()?)),
        None => (rest, None),
    };
    let reason = reason.trim().trim_end_matches(',').trim();
    let known = crate::rules().iter().any(|rule| rule.code == code || rule.name == code);
    (known && !reason.is_empty()).then(|| Entry {
        by: Source::Annotation { object: object.clone(), code },
        reason,
        until,
        used: false,
    })
}
