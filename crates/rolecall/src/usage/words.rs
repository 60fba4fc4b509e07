//! Requests, periods and coverage in words.

use rolecall_rbac::{Glob, Identity, Request, Target};
use rolecall_usage::{Coverage, Micros, Source, write_time};

use crate::error::{CommandError, Hint};
use crate::subject::label;

/// Returns the subject of a request; a client without valid credentials is none.
pub(crate) fn subject_words(identity: &Identity) -> String {
    if identity.user.is_empty() { "-".to_owned() } else { label(identity) }
}

/// Returns a time to the second.
pub(crate) fn time_words(time: Option<Micros>) -> String {
    time.map(|time| write_time(time - time.rem_euclid(1_000_000))).unwrap_or_default()
}

/// Returns the verb and the resource or path, without namespace and name.
pub(crate) fn request_words(request: &Request) -> String {
    match &request.target {
        Target::Path(path) => format!("{} {path}", request.verb),
        Target::Resource(target) => {
            let dot = if target.group.is_empty() { "" } else { "." };
            format!("{} {}{dot}{}", request.verb, target.combined(), target.group)
        }
    }
}

/// Returns the period that logs cover.
fn period(coverage: &Coverage) -> String {
    let (first, last) = (time_words(coverage.first), time_words(coverage.last));
    let number = coverage.events();
    let events = if number == 1 { "1 event".to_owned() } else { format!("{number} events") };
    match first.is_empty() {
        true => format!("{events} without a time"),
        false => format!("{events} from {first} to {last}"),
    }
}

/// Returns what logs cover and what they leave out, one sentence each.
pub(crate) fn coverage_lines(coverage: &Coverage) -> Vec<String> {
    let mut lines = vec![format!("the logs cover {}", period(coverage))];
    let gaps = coverage.gaps();
    if let Some((first, length)) = gaps.iter().max_by_key(|(_, length)| *length) {
        let start = time_words(Some(first * 3_600_000_000));
        let hours = if *length == 1 { "hour" } else { "hours" };
        let more = match gaps.len() {
            1 => String::new(),
            number => format!(", and {} shorter ones", number - 1),
        };
        lines.push(format!("no events for {length} {hours} from {start}{more}"));
    }
    for source in coverage.sources.keys() {
        let text = match source {
            Source::GkeActivity if !coverage.sources.contains_key(&Source::GkeDataAccess) => {
                "GKE: without data access logs, reads (get, list, watch) are not shown, nor is exec \
                 through WebSockets"
            }
            Source::AksKubeAuditAdmin => {
                "AKS: the category kube-audit-admin does not show get and list"
            }
            Source::Eks => "EKS: the audit policy omits some requests of nodes and controllers",
            _ => continue,
        };
        lines.push(text.to_owned());
    }
    lines
}

/// Reads a subject or a pattern of subjects.
pub(crate) fn subject_glob(text: &str, namespace: &str) -> Result<Glob, CommandError> {
    let text = match text.strip_prefix("system:serviceaccount:") {
        Some(account) => format!("sa/{account}"),
        None => text.to_owned(),
    };
    let text = match text.strip_prefix("sa/") {
        Some(name) if !name.contains(':') => format!("sa/{namespace}:{name}"),
        _ => text,
    };
    let is_known = ["sa/", "user/", "group/"].iter().any(|kind| text.starts_with(kind));
    if !is_known {
        return Err(CommandError::usage(format!("`{text}` is not a subject in a log")).with_hint(
            Hint::Write {
                instead_of: text.clone(),
                alternatives: vec![format!("sa/NAMESPACE:{text}"), format!("user/{text}")],
            },
        ));
    }
    Glob::parse(text).map_err(CommandError::usage)
}
