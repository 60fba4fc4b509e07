use crate::context::Context;
use crate::findings::Rule;
use crate::{Finding, documents};
use rolecall_command::Tool;

pub(super) const RULE: Rule = Rule { meta: &documents::RC303, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    super::check_tool(context, &[Tool::Http], RULE.meta, findings);
}
