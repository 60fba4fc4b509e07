//! Uncertainties about objects, as comments in their YAML.

use rolecall_grant::Plan;

use crate::output::gaps_of;
use crate::render::plain;
use crate::words;

/// The maximum number of gaps to list.
const NAMED: usize = 5;

/// Returns comments about the uncertainties of a plan; empty if everything is certain.
///
/// Notes on stderr are not in the file, and `-q` silences them.
pub(super) fn comments(plan: &Plan) -> String {
    let unread = gaps_of(plan);
    if plan.objects.is_empty() {
        return String::new();
    }
    let mut lines = Vec::new();
    if !unread.is_empty() {
        lines.push(
            "The requests might already be allowed, because rolecall could not read:".to_owned(),
        );
        let texts = words::gaps(unread);
        lines.extend(texts.iter().take(NAMED).map(|text| format!("- {text}")));
        if texts.len() > NAMED {
            lines.push(format!("- {} more", texts.len() - NAMED));
        }
    }
    if !plan.in_doubt.is_empty() {
        lines.push(
            "Objects with these names might already exist: `kubectl apply` would replace their rules and \
             subjects."
                .to_owned(),
        );
    }
    lines.iter().map(|line| format!("# {}\n", plain(line))).collect()
}
