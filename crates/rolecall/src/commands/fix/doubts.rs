//! What is uncertain about objects, as comments that stay with their YAML.

use std::collections::BTreeSet;

use rolecall_grant::{Outcome, Plan};
use rolecall_rbac::Gap;

use crate::render::plain;
use crate::words;

/// How many things are named that were not read.
const NAMED: usize = 5;

/// Returns lines of comments that say what is uncertain about the objects of a plan; nothing where all is
/// certain.
///
/// Notes on stderr do not go with a file, and `-q` silences them.
pub(super) fn comments(plan: &Plan) -> String {
    let unread: BTreeSet<&Gap> = plan
        .answers
        .iter()
        .filter_map(|answer| match &answer.before {
            Outcome::Unknown { gaps } => Some(gaps),
            Outcome::Allowed { .. } | Outcome::Denied => None,
        })
        .flatten()
        .collect();
    if plan.objects.is_empty() {
        return String::new();
    }
    let mut lines = Vec::new();
    if !unread.is_empty() {
        lines.push("It may be allowed already, because rolecall could not read:".to_owned());
        let texts = words::gaps(unread);
        lines.extend(texts.iter().take(NAMED).map(|text| format!("- {text}")));
        if texts.len() > NAMED {
            lines.push(format!("- {} more", texts.len() - NAMED));
        }
    }
    if !plan.in_doubt.is_empty() {
        lines.push(
            "Objects of these names may exist already: `kubectl apply` would replace their rules and \
             subjects."
                .to_owned(),
        );
    }
    lines.iter().map(|line| format!("# {}\n", plain(line))).collect()
}
