use rolecall_rbac::{Gap, is_template};

use crate::context::Context;
use crate::findings::Rule;
use crate::{Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC408, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.is_unlisted(Gap::may_hide_any_binding) {
        return;
    }
    let files = context.unread_files(Gap::may_hide_any_binding);
    for role in context.roles() {
        let used = role.rules.is_empty()
            || is_template(&role.metadata.name)
            || is_template(&role.metadata.namespace)
            || context.is_aggregated(role)
            || !context.bindings_to(role).is_empty();
        if !used {
            let message = "no binding refers to it".to_owned();
            let finding = Finding::new(RULE.meta, role.into(), message);
            findings.push(finding.fix("bind it, or remove it").unless(files.clone()));
        }
    }
}
