use rolecall_access::risk::MASTERS;

use super::subjects;
use crate::context::Context;
use crate::findings::Rule;
use crate::{Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC506, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    subjects::report(context, RULE.meta, findings, |subject, _| {
        subjects::is_group(subject, "system:masters").then_some(subjects::Report {
            message: "binds `system:masters`, whose members can already do anything",
            scoped: &MASTERS,
            fix: "use a different group",
        })
    });
}
