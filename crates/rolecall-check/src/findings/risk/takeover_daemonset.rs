use crate::context::Context;
use crate::findings::Rule;
use crate::{Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC558, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    super::takeover::report(context, RULE.meta, findings, |kind| kind == "DaemonSet");
}
