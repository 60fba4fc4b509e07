//! The rules, one file each.

pub(crate) mod accounts;
mod broken;
mod by_design;
pub(crate) mod dead;
pub(crate) mod denied;
pub(crate) mod escalation;
pub(crate) mod expectation;
mod hygiene;
mod ownership;
pub(crate) mod rendering;
pub(crate) mod risk;
mod roles;
pub(crate) mod suppression;
pub(crate) mod workloads;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::context::Context;
use crate::copies::Copies;
use crate::{Finding, RuleMeta};

/// A rule and how it is checked.
pub(crate) struct Rule {
    pub(crate) meta: &'static RuleMeta,
    pub(crate) check: fn(&Context<'_>, &mut Vec<Finding>),
}

/// Runs every rule.
pub(crate) fn check(context: &Context<'_>) -> Vec<Finding> {
    let of_requests: fn(&Context<'_>, &mut Vec<Finding>) = risk::check;
    // Some rules take far longer than others; those about requests take the longest.
    let checks = [of_requests, escalation::check].into_iter();
    let checks: Vec<_> = checks.chain(rules().map(|rule| rule.check)).collect();
    let found = checks.into_par_iter().with_max_len(1).map(|check| {
        let mut findings = Vec::new();
        check(context, &mut findings);
        findings
    });
    let found: Vec<Vec<Finding>> = found.collect();
    let mut findings = Vec::with_capacity(found.iter().map(Vec::len).sum());
    let counts = |finding: &Finding| finding.rule.versions.contain(context.input.version.minor);
    for found in found {
        findings.extend(found.into_iter().filter(counts));
    }
    Copies::of(context).soften(context, &mut findings);
    findings
}

/// Returns the rules that are implemented in code.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    let rules = [
        broken::RULES,
        dead::RULES,
        denied::RULES,
        hygiene::RULES,
        risk::RULES,
        rendering::RULES,
        suppression::RULES,
    ];
    rules.into_iter().flatten().copied()
}
