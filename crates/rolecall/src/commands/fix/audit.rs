//! Requests in audit logs: those that were refused, or those that were used.

use rolecall_grant::Denied;
use rolecall_rbac::{Glob, Target};
use rolecall_usage::{Limits, Outcome, Used};

use super::Arguments;
use crate::cli::Options;
use crate::error::CommandError;
use crate::subject::label;
use crate::ui::Ui;
use crate::usage::{self, LogFormat, request_words, subject_glob};

/// The names to keep of each kind of request, each of which can become a rule.
const NAMES: usize = 64;

/// Reads the requests to grant.
pub(super) fn read(
    ui: &Ui,
    options: &Options,
    arguments: &Arguments,
) -> Result<Vec<Denied>, CommandError> {
    let namespace = options.namespace.first().unwrap_or("default");
    let subjects = arguments.subjects.iter().map(|text| subject_glob(text, namespace));
    let subjects = subjects.collect::<Result<Vec<Glob>, _>>()?;
    let limits = Limits { names: NAMES, ..Limits::default() };
    let logs = usage::read(ui, &arguments.from_audit, LogFormat::Auto, limits)?;
    logs.report(ui);
    let mut denied = Vec::new();
    for used in logs.tally.uses() {
        let subject = label(&used.kind.identity);
        let is_named = subjects.is_empty() || subjects.iter().any(|glob| glob.matches(&subject));
        if is_named && !used.kind.identity.user.is_empty() && is_wanted(&used, arguments) {
            take(ui, &used, &subject, &mut denied);
        }
    }
    Ok(denied)
}

/// Returns whether to grant a request. No role needs requests that another authorizer allowed.
fn is_wanted(used: &Used, arguments: &Arguments) -> bool {
    match arguments.used {
        true => used.kind.outcome.is_use() && used.kind.via.can_be_rbac(),
        false => used.kind.outcome == Outcome::Refused,
    }
}

fn take(ui: &Ui, used: &Used, subject: &str, denied: &mut Vec<Denied>) {
    let mut push = |name: &str, number: u64| {
        let times = if number == 1 { "once".to_owned() } else { format!("{number} times") };
        let what = if used.kind.outcome.is_use() { "used" } else { "refused" };
        denied.push(Denied {
            identity: used.kind.identity.clone(),
            request: used.kind.request_for(name),
            found: format!("{what} {times}").into(),
        });
    };
    for (name, counts) in &used.names {
        push(name, counts.requests());
    }
    match (&used.many, &used.kind.request.target) {
        (None, _) => {}
        // A rule for so many objects has no names.
        (Some(counts), Target::Resource(_)) => push("", counts.requests()),
        (Some(_), Target::Path(_)) => ui.warn(format!(
            "{subject} requested more than {NAMES} paths (`{}`), which are not granted",
            request_words(&used.kind.request).trim()
        )),
    }
}
