//! Paths of the subjects of expectations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rolecall_access::Holder;
use rolecall_paths::{
    Assumptions, Escalations, Grants, Nodes, PathFinder, Sink, Start, Step, Subject,
};
use rolecall_rbac::{Authorizer, Gap, Unread};

use crate::KubernetesVersion;

/// Whether a subject reaches a target.
pub(super) enum End<'a> {
    /// It does not.
    Unreached,
    /// It does, with these steps; without steps if its own bindings are sufficient.
    Reached(Arc<[Step<'a>]>),
    /// The answer depends on these gaps.
    Unknown(Vec<Gap>),
}

/// Finds the holders that reach a target, in order. Privileged Pods count only in namespaces that are labeled
/// for them, as in findings.
pub(super) fn find<'a>(
    authorizer: &'a Authorizer,
    version: KubernetesVersion,
    sink: &Sink,
    holders: &BTreeSet<Holder>,
) -> Vec<End<'a>> {
    let assumptions = Assumptions { version, nodes: Nodes::Labelled, ..Assumptions::default() };
    let start = |holder: &Holder| {
        let identity = Arc::new(holder.identity());
        Start { subject: Subject::of(&identity), identity }
    };
    let starts: Vec<Start> = holders.iter().map(start).collect();
    let mut finder = PathFinder::new(authorizer, assumptions, sink.clone(), Grants::Certain);
    let Escalations { admins, paths, .. } = finder.find(&starts);
    let admins = admins.into_iter().map(|subject| (subject, [].into()));
    let reached: BTreeMap<Subject, Arc<[Step<'a>]>> =
        admins.chain(paths.into_iter().map(|path| (path.subject, path.steps))).collect();
    let gaps: Vec<Gap> = authorizer
        .inventory()
        .gaps()
        .iter()
        .filter(|gap| !matches!(gap.unread, Unread::Authorizer { .. }))
        .cloned()
        .collect();
    let ends = starts.iter().map(|start| match reached.get(&start.subject) {
        Some(steps) => End::Reached(steps.clone()),
        None if gaps.is_empty() => End::Unreached,
        None => End::Unknown(gaps.clone()),
    });
    ends.collect()
}
