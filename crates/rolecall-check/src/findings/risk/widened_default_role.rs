use crate::context::Context;
use crate::findings::Rule;
use crate::{Finding, RuleCode, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC564, check };

/// The reason that a rule is excessive for a default role.
const TOO_MUCH: [RuleCode; 6] =
    [RuleCode(501), RuleCode(502), RuleCode(503), RuleCode(528), RuleCode(529), RuleCode(532)];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let engine = context.risks();
    let defaults = ["admin", "edit", "view"];
    let defaults = defaults.map(|default| (default, context.inventory().role("", default)));
    for at in context.rules().filter(|at| at.role.is_cluster_role()) {
        let into = defaults.iter().find(|(_, default)| {
            default.and_then(|role| role.aggregation.as_ref()).is_some_and(|aggregation| {
                aggregation.selectors.iter().any(|selector| selector.matches(&at.role.metadata))
            })
        });
        let Some((into, _)) = into else { continue };
        let hits = engine.hits(at.rule);
        let Some(hit) = hits.iter().find(|hit| TOO_MUCH.contains(&hit.risk.code)) else {
            continue;
        };
        let message = format!("lets every holder of `{into}` {}", hit.risk.may);
        let finding = Finding::new(RULE.meta, at.role.into(), message)
            .at(at.path())
            .about(format!("{into} {}", hit.risk.code))
            .fix("remove the label, and bind the role to the subjects that need it");
        findings.push(finding);
    }
}
