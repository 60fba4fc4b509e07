use rolecall_rbac::{Gap, PolicyRule, Role, covers};

use crate::context::Context;
use crate::findings::Rule;
use crate::words::joined;
use crate::{FieldPath, Finding, Severity, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC211, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for drift in context.input.drifts {
        let Some(role) = context.inventory().role("", &drift.role) else { continue };
        // The server resolved a stored role; a difference can come from unread roles.
        if drift.overwritten.is_empty() || !drift.applied || !context.is_judged(&role.metadata) {
            continue;
        }
        // The default role of another release has different rules that grant the same access.
        let is_default = || {
            context.is_default_role(role) && covers(&role.rules, &drift.overwritten).is_complete()
        };
        if context.is_unlisted(Gap::may_hide_cluster_role) || is_default() {
            continue;
        }
        let finding = finding(role, &drift.overwritten);
        findings
            .extend(finding.map(|it| it.unless(context.unread_files(Gap::may_hide_cluster_role))));
    }
}

/// Reports the rules of a role that the controller overwrites.
fn finding(role: &Role, overwritten: &[PolicyRule]) -> Option<Finding> {
    let first = overwritten.first()?;
    let what = match first.resources.is_empty() {
        true => joined(&first.non_resource_urls),
        false => joined(&first.resources),
    };
    let subject = match overwritten.len() {
        1 => format!("the rule for `{what}` is overwritten"),
        count => format!("{count} rules are overwritten, such as the one for `{what}`"),
    };
    // A role with a server's label is a copy of the result of aggregation.
    let is_copy = role.metadata.label("kubernetes.io/bootstrapping").is_some();
    let (severity, fix) = match is_copy {
        true => (Severity::Info, "omit the rules: the controller sets them"),
        false => (
            RULE.meta.severity,
            "move the required rules to a ClusterRole that the aggregationRule selects",
        ),
    };
    let message = format!(
        "{subject}: a controller replaces the rules of this ClusterRole with those of the ClusterRoles that it selects"
    );
    let finding = Finding::new(RULE.meta, role.into(), message)
        .at(FieldPath::key("rules"))
        .about(format!("{} {what}", joined(&first.verbs)))
        .severity(severity)
        .fix(fix);
    Some(finding)
}
