use crate::commands::Tool;
use crate::context::Context;
use crate::findings::Rule;
use crate::{Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC303, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    super::check_tool(context, &[Tool::Http], RULE.meta, findings);
}
