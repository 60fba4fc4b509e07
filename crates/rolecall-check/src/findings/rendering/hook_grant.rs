use super::hooks::HelmHook;
use crate::context::Context;
use crate::findings::Rule;
use crate::words::listed;
use crate::{FieldPath, Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC709, check };

/// The events before which an ordinary release has no such object.
const LATE: [&str; 6] =
    ["test", "test-success", "pre-delete", "post-delete", "pre-rollback", "post-rollback"];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for binding in context.bindings() {
        let Some(hook) = HelmHook::of(&binding.metadata) else { continue };
        if hook.policies.contains(&"hook-succeeded") || hook.events.is_empty() {
            continue;
        }
        let events = listed(&hook.events);
        let stays = match hook.events.iter().all(|event| LATE.contains(event)) {
            true => "exists only once the hook has run, and then stays",
            false => "stays",
        };
        let message =
            format!("is a Helm hook ({events}): the grant {stays}, even after `helm uninstall`");
        let finding = Finding::new(RULE.meta, binding.into(), message)
            .at(FieldPath::key("metadata").then_key("annotations").then_key("helm.sh/hook"))
            .about(hook.events.join(","))
            .fix("add the annotation `helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded`");
        findings.push(finding);
    }
}
