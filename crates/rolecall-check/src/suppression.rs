//! Findings that an annotation or the configuration suppresses.

use rayon::slice::ParallelSliceMut;
use rolecall_rbac::{Inventory, Metadata, edit_distance};

use crate::{Date, DateError, FieldPath, Finding, ObjectRef, RuleMeta, Suppression, documents};

/// The annotation that suppresses findings about its object.
const KEY: &str = "rolecall.dev/ignore";

/// A suppressed finding, and the reason.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// The reason for the suppression.
    pub reason: String,
}

/// A source of suppressions.
struct Entry<'a> {
    /// The location.
    by: Source<'a>,
    reason: &'a str,
    until: Option<Date>,
    used: bool,
}

/// The source of the suppression.
enum Source<'a> {
    /// The annotation of an object, for the findings of one rule about it.
    Annotation { object: ObjectRef, code: &'a str },
    /// The configuration.
    Config(&'a Suppression),
}

/// Removes the findings that annotations of their objects or the configuration suppress, and adds
/// findings about invalid annotations and configurations.
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
    if entries.is_empty() && kept.is_empty() {
        return (findings, suppressed);
    }
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
    kept.par_sort_by(Finding::in_order);
    (kept, suppressed)
}

impl Source<'_> {
    fn matches(&self, finding: &Finding) -> bool {
        match self {
            Self::Annotation { object, code } => {
                *object == finding.object && finding.rule.is_called(code)
            }
            Self::Config(suppression) => suppression.matches(finding),
        }
    }
}

/// Reports the problem of an entry.
fn complaint(entry: &Entry<'_>, today: Date) -> Option<Finding> {
    let what = match &entry.by {
        Source::Annotation { code, .. } => (*code).to_owned(),
        Source::Config(suppression) => suppression.in_words(),
    };
    let expired = entry.until.filter(|until| *until < today);
    let (meta, message): (&'static RuleMeta, String) = match (expired, entry.used) {
        (Some(until), _) => {
            (&documents::RC902, format!("the suppression of {what} ended on {until}"))
        }
        (None, false) => {
            (&documents::RC901, format!("the suppression of {what} matches no finding"))
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

/// Returns the entries of all annotations, and reports malformed ones.
fn entries<'a>(inventory: &'a Inventory, findings: &mut Vec<Finding>) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    add_entries(inventory.roles(), |role| &role.metadata, &mut entries, findings);
    add_entries(inventory.bindings(), |binding| &binding.metadata, &mut entries, findings);
    add_entries(inventory.service_accounts(), |account| &account.metadata, &mut entries, findings);
    add_entries(inventory.workloads(), |workload| &workload.metadata, &mut entries, findings);
    entries
}

fn add_entries<'a, T>(
    objects: &'a [T],
    metadata: impl Fn(&'a T) -> &'a Metadata,
    entries: &mut Vec<Entry<'a>>,
    findings: &mut Vec<Finding>,
) where
    ObjectRef: From<&'a T>,
{
    for object in objects {
        for text in texts(metadata(object)) {
            let object = ObjectRef::from(object);
            match parse(text, &object) {
                Ok(of_codes) => entries.extend(of_codes),
                Err(error) => {
                    let message = format!("`{text}` suppresses nothing: {error}");
                    let finding = about(&documents::RC903, object, message)
                        .about(text)
                        .fix("use `CODE,.. REASON`, and add `, until=YYYY-MM-DD` to limit it");
                    findings.push(finding);
                }
            }
        }
    }
}

fn texts(metadata: &Metadata) -> impl Iterator<Item = &str> {
    let value = metadata.annotation(KEY).map(|value| &**value).unwrap_or_default();
    value.split([';', '\n']).map(str::trim).filter(|text| !text.is_empty())
}

/// The reason why an entry of an annotation suppresses nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum EntryError {
    #[error("it does not begin with a code")]
    NoCode,
    #[error("no finding has the code or name `{code}`{}", similar.as_ref().map_or_else(String::new, |similar| format!("; did you mean `{similar}`?")))]
    UnknownCode { code: String, similar: Option<String> },
    #[error("it has no reason")]
    NoReason,
    #[error("{0}")]
    Until(#[from] DateError),
}

/// Reads `CODE REASON` or `CODE, CODE REASON`, each with `, until=YYYY-MM-DD` or without.
fn parse<'a>(text: &'a str, object: &ObjectRef) -> Result<Vec<Entry<'a>>, EntryError> {
    let (codes, rest) = codes(text)?;
    let (reason, until) = match rest.rsplit_once("until=") {
        Some((reason, until)) => (reason, Some(until.trim().parse()?)),
        None => (rest, None),
    };
    let reason = reason.trim().trim_end_matches(',').trim();
    if reason.is_empty() {
        return Err(EntryError::NoReason);
    }
    let entry = |code| Entry {
        by: Source::Annotation { object: object.clone(), code },
        reason,
        until,
        used: false,
    };
    Ok(codes.into_iter().map(entry).collect())
}

/// Splits the codes from the start of a text: all words up to the first one without a comma.
fn codes(text: &str) -> Result<(Vec<&str>, &str), EntryError> {
    let mut codes = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(rest.len());
        let (code, after) = rest.split_at(end);
        if code.is_empty() {
            return Err(EntryError::NoCode);
        }
        if !crate::rules().iter().any(|rule| rule.is_called(code)) {
            return Err(EntryError::UnknownCode { code: code.to_owned(), similar: similar(code) });
        }
        codes.push(code);
        match after.trim_start().strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => return Ok((codes, after)),
        }
    }
}

/// Returns the code or name of a finding with a similar spelling.
fn similar(word: &str) -> Option<String> {
    let lower = word.to_lowercase();
    // All codes look similar.
    let tolerated = if lower.len() < 8 { 0 } else { 2 };
    let names =
        crate::rules().iter().flat_map(|rule| [rule.code.to_string(), rule.name.to_owned()]);
    let distances = names.map(|name| (edit_distance(&lower, &name.to_lowercase()), name));
    distances.filter(|(distance, _)| *distance <= tolerated).min().map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use rolecall_rbac::Origin;

    use super::*;

    #[test]
    fn entries_are_codes_a_reason_and_maybe_a_date() {
        let object = ObjectRef {
            origin: Origin::Default,
            kind: "Role".into(),
            namespace: "shop".into(),
            name: "r".into(),
        };
        let rows = [
            ("RC510 why", "RC510: why"),
            ("RC510,RC511 why", "RC510 RC511: why"),
            ("RC510 , secret-listing  why, and so on", "RC510 secret-listing: why, and so on"),
            ("RC510 why, until=2027-06-30", "RC510: why until 2027-06-30"),
            ("RC510 why until=2027-06-30", "RC510: why until 2027-06-30"),
            ("RC510", "it has no reason"),
            ("RC510, until=2027-06-30", "no finding has the code or name `until=2027-06-30`"),
            ("RC510,", "it does not begin with a code"),
            (", why", "it does not begin with a code"),
            ("RC999 why", "no finding has the code or name `RC999`"),
            (
                "secret-reeding why",
                "no finding has the code or name `secret-reeding`; did you mean `secret-reading`?",
            ),
            ("RC510 why, until=soon", "`soon` is not a date: use `YYYY-MM-DD`"),
        ];
        for (text, expected) in rows {
            let said = match parse(text, &object) {
                Err(error) => error.to_string(),
                Ok(entries) => {
                    let codes = entries.iter().map(|entry| match &entry.by {
                        Source::Annotation { code, .. } => *code,
                        Source::Config(_) => "",
                    });
                    let codes: Vec<&str> = codes.collect();
                    let entry = entries.first().expect("an entry has a code");
                    let until = entry.until.map_or_else(String::new, |day| format!(" until {day}"));
                    format!("{}: {}{until}", codes.join(" "), entry.reason)
                }
            };
            assert_eq!(said, expected, "{text}");
        }
    }
}
