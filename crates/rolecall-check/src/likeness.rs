//! Marks of findings about equal rules, by which copies of a role under another name are recognized.

use std::hash::{BuildHasher, Hash, Hasher};

use rolecall_rbac::PolicyRule;
use rustc_hash::FxBuildHasher;

use crate::context::Context;
use crate::merged_words::rule_of;
use crate::{Finding, ObjectRef, Severity};

/// Marks findings about rules of roles, and about the paths that such rules open.
pub(crate) fn mark(context: &Context<'_>, findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.severity > Severity::Info) {
        if let Some(likeness) = likeness(context, finding) {
            finding.likeness = likeness;
        }
    }
}

fn likeness(context: &Context<'_>, finding: &Finding) -> Option<u64> {
    let mut hasher = FxBuildHasher.build_hasher();
    if let Some(rule) = rule_of(&finding.field.steps) {
        // The rest of the path counts within the rule.
        (rule_at(context, &finding.object, rule)?, finding.field.steps.get(2..)).hash(&mut hasher);
        return Some(hasher.finish().max(1));
    }
    let sink = finding.reaches.as_ref().filter(|_| !finding.changes.is_empty())?;
    let rules = finding.changes.iter().map(|it| rule_at(context, &it.role, it.rule?));
    let mut rules = rules.collect::<Option<Vec<&PolicyRule>>>()?;
    rules.sort_unstable();
    (sink.to_string(), rules).hash(&mut hasher);
    Some(hasher.finish().max(1))
}

fn rule_at<'a>(context: &Context<'a>, role: &ObjectRef, rule: usize) -> Option<&'a PolicyRule> {
    context.inventory().role(&role.namespace, &role.name)?.rules.get(rule)
}
