use rolecall_access::risk::MASTERS;

use super::subjects;
use crate::context::Context;
use crate::findings::Rule;
use crate::{Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC506, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    subjects::report(context, RULE.meta, findings, |subject, _| {
        subjects::is_group(subject, "system:masters").then_some(subjects::Report {
            message: "names `system:masters`, whose members are allowed everything anyway",
            scoped: &MASTERS,
            fix: "name a group of your own",
        })
    });
}
