//! The risks of grants, in words.

use rolecall_grant::{Risk, risks};
use rolecall_rbac::{Identity, Request};

/// Returns the risks of granting a request; `None` if there are none.
pub(crate) fn risk_of(identity: &Identity, request: &Request) -> Option<String> {
    let risks = risks(identity, request);
    (!risks.is_empty()).then(|| said(&risks))
}

fn said(risks: &[Risk]) -> String {
    let said: Vec<String> = risks.iter().map(ToString::to_string).collect();
    said.join("; ")
}

/// Returns risks and the alternatives to a request in one line.
pub(crate) fn in_words(risks: &[Risk], request: &Request) -> String {
    let mut narrower: Vec<&str> = risks.iter().filter_map(|risk| risk.narrower(request)).collect();
    narrower.dedup();
    let alternative = match &*narrower {
        [] => String::new(),
        narrower => format!("; alternative: {}", narrower.join("; ")),
    };
    format!("risk: {}{alternative}", said(risks))
}
