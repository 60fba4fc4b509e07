use rolecall_access::risk::AUTHENTICATED;

use super::subjects;
use crate::context::Context;
use crate::findings::Rule;
use crate::{Finding, documents};

/// The groups of all authenticated clients; on OpenShift, all users log in through OAuth.
const EVERYBODY: [&str; 3] =
    ["system:authenticated", "system:authenticated:oauth", "system:serviceaccounts"];

pub(super) const RULE: Rule = Rule { meta: &documents::RC508, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    subjects::report(context, RULE.meta, findings, |subject, _| {
        let everybody = EVERYBODY.iter().any(|name| subjects::is_group(subject, name));
        everybody.then_some(subjects::Report {
            message: "grants access to anyone with credentials",
            scoped: &AUTHENTICATED,
            fix: "bind the role to the subjects that need it",
        })
    });
}
