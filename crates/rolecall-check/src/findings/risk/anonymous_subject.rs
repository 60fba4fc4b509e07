use rolecall_access::risk::ANONYMOUS;

use super::subjects;
use crate::context::Context;
use crate::findings::Rule;
use crate::{Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC507, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    subjects::report(context, RULE.meta, findings, |subject, _| {
        let anonymous = subjects::is_group(subject, "system:unauthenticated")
            || subjects::is_user(subject, "system:anonymous");
        anonymous.then_some(subjects::Report {
            message: "grants access to anyone who can reach the API server, without credentials",
            scoped: &ANONYMOUS,
            fix: "bind the role to the subjects that need it",
        })
    });
}
