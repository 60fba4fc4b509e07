//! The escalation paths of a report: from each subject to cluster-admin.

use rolecall_paths::{
    Assumptions, CutGrant, Evidence, Grants, PathFinder, Sink, Start, Step, StepRequest, Subject,
};
use rolecall_rbac::{Binding, Role, RuleGrant};
use rolecall_report::{Choke, Path, PathEvidence, PathStep, Paths};

use crate::load::Session;
use crate::starts;
use crate::words;

/// The number of grants to list.
const MOST_CHOKES: usize = 50;

/// The number of bindings up to which cuts are planned.
const MOST_BINDINGS: usize = 10_000;

/// Finds the paths, and the grants that close them. Pods and workloads are left out, because the report lists
/// them with their ServiceAccounts.
pub(super) fn of(session: &Session, assumptions: Assumptions) -> Paths<'_> {
    let mut starts: Vec<Start> = starts::all(session, false);
    starts.retain(|start| !start.subject.is_running());
    let (authorizer, sink) = (&session.authorizer, Sink::ClusterAdmin);
    let mut finder = PathFinder::new(authorizer, assumptions, sink.clone(), Grants::Certain);
    let found = finder.find(&starts);
    let points = finder.choke_points(&starts, &found);
    let cuts = match authorizer.inventory().bindings().len() <= MOST_BINDINGS {
        true => finder.plan_cut(&starts, &[]).map(|plan| plan.grants).unwrap_or_default(),
        false => Vec::new(),
    };
    let paths = found.paths.iter().map(|path| Path {
        subject: path.subject.to_string(),
        steps: path.steps.iter().map(step).collect(),
    });
    Paths {
        sink: sink.to_string(),
        starts: found.starts,
        admins: found.admins.iter().map(Subject::to_string).collect(),
        paths: paths.collect(),
        chokes: points
            .iter()
            .take(MOST_CHOKES)
            .map(|point| choke(&point.grant, point.cuts))
            .collect(),
        cuts: cuts.iter().map(cut).collect(),
    }
}

fn step<'a>(step: &Step<'a>) -> PathStep<'a> {
    PathStep {
        technique: format!("{} ({})", step.row.text().title, step.row),
        requests: step.requests.iter().map(request).collect(),
        gains: step.gains.to_string(),
        assumes: step.assumes.iter().map(ToString::to_string).collect(),
        evidence: step.requests.iter().map(|made| evidence(&made.by)).collect(),
    }
}

fn request(made: &StepRequest<'_>) -> String {
    format!("{}: {}", Subject::of(&made.actor), words::request(&made.request))
}

fn evidence<'a>(by: &Evidence<'a>) -> PathEvidence<'a> {
    let other = |text: String| PathEvidence::Other(text.into());
    match by {
        Evidence::Privileged => other("it is in system:masters".to_owned()),
        Evidence::Grant(grant) => {
            PathEvidence::Grant { binding: grant.binding, role: grant.role, rule: grant.rule_index }
        }
        Evidence::Step(earlier) => other(format!("step {} granted it", earlier + 1)),
        Evidence::Covered(role) => {
            other(format!("not necessary: it holds all rules of {}", words::role(role)))
        }
    }
}

fn choke<'a>(grant: &RuleGrant<'a>, ends: usize) -> Choke<'a> {
    Choke {
        binding: grant.binding,
        subject: grant.subject.notation(&grant.binding.metadata),
        grant: text(grant.binding, grant.role, Some(grant.rule_index)),
        ends,
    }
}

fn cut<'a>(grant: &CutGrant<'a>) -> Choke<'a> {
    Choke {
        binding: grant.binding,
        subject: grant.subject.notation(&grant.binding.metadata),
        grant: text(grant.binding, grant.role, grant.rule),
        ends: grant.paths,
    }
}

/// Describes a grant: the rule, or all rules, of a role through a binding.
fn text(binding: &Binding, role: &Role, rule: Option<usize>) -> String {
    let rules = match rule.and_then(|index| Some((index, role.rules.get(index)?))) {
        Some((index, rule)) => format!("rules[{index}] ({})", words::rule(rule)),
        None => "all rules".to_owned(),
    };
    format!("{rules} of {}, through {}", words::role(role), words::binding(binding))
}
