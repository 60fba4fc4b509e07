//! Subjects that can become cluster-admin, gain every right in another namespace, or take over a
//! node.

mod guess;
mod start;

use std::collections::BTreeSet;

use rolecall_paths::{
    Assumptions, Depth, Grants, Nodes, PathFinder, Reached, Sink, Start, Step, Subject,
};
use rolecall_rbac::{Binding, Inventory, Origin};

use self::start::Candidates;
use crate::context::Context;
use crate::path_words;
use crate::{Finding, RuleCode, RuleMeta, Severity, documents};

/// The risks that only matter because of the paths that they open.
pub(crate) const OF_PATHS: [RuleCode; 3] = [RuleCode(513), RuleCode(515), RuleCode(516)];

/// The number of bindings up to which paths are searched without a request.
const MOST_BINDINGS: usize = 10_000;

/// Returns whether paths are searched in an inventory: in manifests and small clusters, because the
/// search can take far longer than all other rules.
pub fn searches_paths(inventory: &Inventory) -> bool {
    let written = |binding: &&Binding| binding.metadata.origin != Origin::Default;
    inventory.bindings().iter().filter(written).count() <= MOST_BINDINGS
}

/// Reports the worst end that each subject of the input reaches.
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
    let certain = finder.survey(&starts, Depth::of(&starts));
    let mut done: BTreeSet<Subject> = certain.admins.into_iter().collect();
    report(context, &candidates, certain.reached, &mut done, |it| it, findings);
    let rest: Vec<Start> =
        starts.into_iter().filter(|start| !done.contains(&start.subject)).collect();
    if rest.is_empty() {
        return;
    }
    // Whether privileged Pods can take over a node depends on the cluster.
    finder.assume_nodes(Nodes::Reachable);
    for sink in [Sink::ClusterAdmin, Sink::Node] {
        let (_, possible) = finder.ends(&rest, sink);
        report(context, &candidates, possible, &mut done, |_| Severity::Info, findings);
    }
}

/// Adds a finding for the worst end of each subject that has none yet.
fn report(
    context: &Context<'_>,
    candidates: &Candidates<'_, '_>,
    reached: Vec<Reached<'_>>,
    done: &mut BTreeSet<Subject>,
    grade: impl Fn(Severity) -> Severity,
    findings: &mut Vec<Finding>,
) {
    for found in reached {
        // The ends of a subject are sorted, the worst one first.
        if done.contains(&found.subject) || candidates.is_of_group(&found) {
            continue;
        }
        findings.extend(about(context, candidates, &found, &grade));
        done.insert(found.subject);
    }
}

fn about(
    context: &Context<'_>,
    candidates: &Candidates<'_, '_>,
    found: &Reached<'_>,
    grade: &impl Fn(Severity) -> Severity,
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
    let severity = match guessed {
        Some(_) => Severity::Info,
        None => grade(meta.severity),
    };
    let message = path_words::message(&subject, &found.sink, &found.steps, &assumed);
    let finding = Finding::new(meta, candidates.object_of(found)?, message).severity(severity);
    let finding = candidates.locate(finding, found);
    let finding = finding
        .about(format!("{subject} {}", found.sink))
        .fix("narrow or remove one of the grants on the path")
        .subjects(vec![subject]);
    let mut finding = path_words::add_evidence(finding, &found.steps);
    finding.reaches = Some(found.sink.clone());
    Some(finding)
}

/// Returns the rule about subjects that reach an end.
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
