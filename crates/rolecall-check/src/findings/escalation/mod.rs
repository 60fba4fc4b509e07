//! Subjects that can become cluster-admin, gain every right in another namespace, or take over a
//! node.

mod cut;
mod guess;
mod start;

use std::collections::BTreeSet;

use rolecall_access::Holder;
use rolecall_paths::{
    Assumptions, Gain, Grants, Nodes, PathFinder, Reached, Row, Sink, Start, Step, Subject,
};
use rolecall_rbac::{Binding, Inventory, Origin};

use self::cut::Planner;
use self::start::Candidates;
use crate::context::Context;
use crate::findings::by_design;
use crate::path_words;
use crate::{Finding, RuleCode, RuleMeta, Severity, documents};

/// The risks that only matter because of the paths that they open.
pub(crate) const OF_PATHS: [RuleCode; 3] = [RuleCode(513), RuleCode(515), RuleCode(516)];

/// The number of bindings up to which `check` searches for paths.
const MOST_BINDINGS: usize = 10_000;

/// Returns whether paths are searched in an inventory: in manifests and small clusters, because the
/// search can take far longer than all other rules.
pub fn searches_paths(inventory: &Inventory) -> bool {
    let written = |binding: &&Binding| binding.metadata.origin != Origin::Default;
    inventory.bindings().iter().filter(written).count() <= MOST_BINDINGS
}

/// Reports the most severe target that each subject of the input reaches.
pub(crate) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !searches_paths(context.inventory()) {
        return;
    }
    let candidates = Candidates::of(context);
    let starts = candidates.starts();
    if starts.is_empty() {
        return;
    }
    let assumptions = Assumptions {
        version: context.input.version,
        nodes: Nodes::Labelled,
        ..Assumptions::default()
    };
    let sink = Sink::ClusterAdmin;
    let mut finder = PathFinder::new(context.authorizer(), assumptions, sink, Grants::Certain);
    let certain = finder.survey(&starts);
    let mut done: BTreeSet<Subject> = certain.admins.into_iter().collect();
    let mut planner = Planner::new(context, assumptions, &starts, certain.reached.len());
    let reached = certain.reached;
    report(context, &candidates, reached, &mut done, Grading::Certain(&mut planner), findings);
    let rest: Vec<Start> =
        starts.into_iter().filter(|start| !done.contains(&start.subject)).collect();
    if rest.is_empty() {
        return;
    }
    // Whether privileged Pods can take over a node depends on the cluster.
    finder.assume_nodes(Nodes::Reachable);
    for sink in [Sink::ClusterAdmin, Sink::Node] {
        let (_, possible) = finder.ends(&rest, sink);
        report(context, &candidates, possible, &mut done, Grading::Possible, findings);
    }
}

/// Whether paths exist in every cluster with these objects.
enum Grading<'p, 'c, 'a> {
    /// They do, and changes against them are planned.
    Certain(&'p mut Planner<'c, 'a>),
    /// That depends on the cluster.
    Possible,
}

/// Adds a finding for the most severe target of each subject that has none yet.
fn report(
    context: &Context<'_>,
    candidates: &Candidates<'_, '_>,
    reached: Vec<Reached<'_>>,
    done: &mut BTreeSet<Subject>,
    mut grading: Grading<'_, '_, '_>,
    findings: &mut Vec<Finding>,
) {
    for found in reached {
        // The targets of a subject are sorted, the most severe one first.
        if done.contains(&found.subject) || candidates.is_of_group(&found) {
            continue;
        }
        findings.extend(about(context, candidates, &found, &mut grading));
        done.insert(found.subject);
    }
}

fn about(
    context: &Context<'_>,
    candidates: &Candidates<'_, '_>,
    found: &Reached<'_>,
    grading: &mut Grading<'_, '_, '_>,
) -> Option<Finding> {
    let meta = rule_of(&found.sink);
    let subject = found.subject.to_string();
    let guessed = guess::assumptions(context, found);
    let mut assumed: Vec<String> = found
        .steps
        .iter()
        .flat_map(|step| step.assumes.iter().map(ToString::to_string))
        .chain(guessed.clone())
        .collect();
    if !context.input.complete && path_words::uses_defaults(&found.steps) {
        assumed.push("the cluster has the default roles of Kubernetes".to_owned());
    }
    assumed.dedup();
    let by_design = begins_by_design(context, found);
    let (severity, cut) = match (guessed, grading) {
        (Some(_), _) | (None, Grading::Possible) => (Severity::Info, None),
        (None, Grading::Certain(_)) if by_design.is_some() => (Severity::Info, None),
        (None, Grading::Certain(planner)) => (meta.severity, planner.plan(found)),
    };
    let mut message = path_words::message(&subject, &found.sink, &found.steps, &assumed);
    message.push_str(by_design.unwrap_or_default());
    let finding = Finding::new(meta, candidates.object_of(found)?, message).severity(severity);
    let finding = candidates.locate(finding, found);
    let finding = finding.about(format!("{subject} {}", found.sink)).subjects(vec![subject]);
    let mut finding = path_words::add_evidence(finding, &found.steps);
    finding.reaches = Some(found.sink.clone());
    let gained = |step: &Step<'_>| match &step.gains {
        Gain::Identity(identity) => Some(Holder::of_identity(identity)),
        _ => None,
    };
    finding.gains = found.steps.iter().filter_map(gained).collect();
    finding.fix = "narrow or remove the grants on its paths".into();
    if let Some(cut) = cut {
        if let Some(advice) = cut.advice {
            finding.fix = advice.into();
        }
        finding.changes = cut.changes;
    }
    Some(finding)
}

/// Returns why the first step of a path is access that a program of the repository has by design.
fn begins_by_design(context: &Context<'_>, found: &Reached<'_>) -> Option<&'static str> {
    let grant = first_grant(&found.steps)?;
    let holder = [Holder::of_subject(grant.subject, &grant.binding.metadata)?];
    if holder.iter().any(|holder| Subject::of(&holder.identity()) != found.subject) {
        return None;
    }
    // A program that applies any object can do everything anyway.
    if let Some(reason) = by_design::purpose(context, RuleCode(501), &holder) {
        return Some(reason);
    }
    let code = match found.steps.first().map(|step| step.row) {
        Some(Row::X02) => RuleCode(515),
        Some(Row::X03) => RuleCode(516),
        Some(Row::X07) => RuleCode(512),
        _ => return None,
    };
    let is_everywhere = grant.binding.is_cluster_role_binding();
    is_everywhere.then(|| by_design::reason(context, code, &holder)).flatten()
}

/// Returns the rule for subjects that reach a target.
pub fn rule_of(sink: &Sink) -> &'static RuleMeta {
    match sink {
        Sink::Namespace(_) => &documents::RC573,
        Sink::Node => &documents::RC574,
        _ => &documents::RC572,
    }
}

/// Returns the grant of the first request of a path.
fn first_grant<'s, 'a>(steps: &'s [Step<'a>]) -> Option<&'s rolecall_rbac::RuleGrant<'a>> {
    path_words::grants(steps).next().map(|(.., grant)| grant)
}
