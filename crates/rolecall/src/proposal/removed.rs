//! The rights that are removed, in words, with the codes of their risks.

use std::collections::BTreeMap;

use rolecall_access::diff::{HolderDiff, gained_risks};
use rolecall_access::risk::Engine;

/// Describes a comparison from the proposal to what exists, one line for each subject and term.
pub(super) fn lines<'a>(
    diffs: &[HolderDiff<'a>],
    new: &Engine<'a>,
    old: &Engine<'a>,
) -> Vec<String> {
    let mut codes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for risk in gained_risks(diffs, new, old) {
        let place = match &risk.risk.namespace {
            Some(namespace) => format!(" in {namespace}"),
            None => String::new(),
        };
        let text = format!("{}{place}: {}", risk.risk.code, risk.may);
        codes.entry(risk.holder.to_string()).or_default().push(text);
    }
    let mut lines = Vec::new();
    for diff in diffs {
        let holder = diff.holder.to_string();
        let changes = diff.gained.changes.iter();
        lines.extend(changes.map(|change| format!("{holder}: {}", change.term)));
        let risks = codes.remove(&holder).unwrap_or_default();
        lines.extend(risks.into_iter().map(|risk| format!("{holder}: risk {risk}")));
    }
    lines
}
