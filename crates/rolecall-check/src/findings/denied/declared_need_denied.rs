use crate::context::Context;
use crate::findings::Rule;
use crate::pods::RunsAs;
use crate::{Finding, documents};
use rolecall_command::annotation;

pub(super) const RULE: Rule = Rule { meta: &documents::RC304, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for pod in context.pods() {
        let RunsAs::Account(identity) = &pod.runs_as else { continue };
        let Some(declared) = annotation::of(pod.workload, pod.spec) else { continue };
        let needs = annotation::parse(declared, context.catalog()).needs;
        let refused = super::refused(context, &needs, identity, pod.workload);
        if refused.is_empty() {
            continue;
        }
        let said = super::describe(pod.workload, pod.spec, &refused);
        let message = format!("declared needs are not met: {said}");
        let about = format!("{} {declared}", pod.spec.path);
        let finding = super::denied(context, RULE.meta, pod.workload, message, identity, refused)
            .at(super::malformed_needs::path(pod.spec))
            .about(about);
        findings.push(finding);
    }
}
