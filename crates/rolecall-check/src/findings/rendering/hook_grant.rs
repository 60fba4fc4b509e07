use rolecall_rbac::HookLifetime;

use crate::AppliedBy;
use crate::context::Context;
use crate::findings::Rule;
use crate::words::listed;
use crate::{FieldPath, Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC709, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // Argo CD does not create test hooks, and deletes other hooks with the Application.
    if context.input.applied_by == AppliedBy::ArgoCd {
        return;
    }
    for binding in context.bindings() {
        let (events, stays) = match binding.metadata.hook_lifetime() {
            Some(HookLifetime::AfterRun(events)) => {
                (events, "exists only once the hook has run, and then stays")
            }
            Some(HookLifetime::Lasting(events)) if !events.is_empty() => (events, "stays"),
            _ => continue,
        };
        let message = format!(
            "is a Helm hook ({}): the grant {stays}, even after `helm uninstall`",
            listed(&events)
        );
        let finding = Finding::new(RULE.meta, binding.into(), message)
            .at(FieldPath::key("metadata").then_key("annotations").then_key("helm.sh/hook"))
            .about(events.join(","))
            .fix("add the annotation `helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded`");
        findings.push(finding);
    }
}
