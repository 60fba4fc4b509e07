//! The escalation paths that only one of two sources has.

use std::collections::BTreeSet;

use rolecall_check::KubernetesVersion;
use rolecall_paths::{
    Assumptions, Evidence, Grants, Nodes, PathFinder, Reached, Sink, Start, Subject, Survey,
};
use rolecall_rbac::SubjectKind;

use crate::answer::comparison::PathChanges;
use crate::load::Session;
use crate::starts;

/// Compares the paths of all subjects, without those of Pods, which are those of their ServiceAccounts.
/// Privileged Pods count only in namespaces that are labelled for them, as in `check`.
pub(crate) fn compare<'a>(
    old: &'a Session,
    new: &'a Session,
    version: KubernetesVersion,
) -> PathChanges<'a> {
    let (from_old, from_new) = (starts_of(old), starts_of(new));
    let old = survey(old, version, &from_old);
    let new = survey(new, version, &from_new);
    PathChanges { opened: beyond(&new, &old), closed: beyond(&old, &new) }
}

fn starts_of(session: &Session) -> Vec<Start> {
    let mut starts = starts::all(session, false);
    starts.retain(|start| !start.subject.is_running());
    starts
}

fn survey<'a>(session: &'a Session, version: KubernetesVersion, starts: &[Start]) -> Survey<'a> {
    let assumptions = Assumptions { version, nodes: Nodes::Labelled, ..Assumptions::default() };
    let sink = Sink::ClusterAdmin;
    let mut finder = PathFinder::new(&session.authorizer, assumptions, sink, Grants::Certain);
    finder.survey(starts)
}

/// Returns the paths of one side whose ends the subjects do not have on the other, without those that members
/// of a group have because of it.
fn beyond<'a>(side: &Survey<'a>, other: &Survey<'_>) -> Vec<Reached<'a>> {
    let known: BTreeSet<(&Subject, &Sink)> =
        other.reached.iter().map(|it| (&it.subject, &it.sink)).collect();
    let admins: BTreeSet<&Subject> = other.admins.iter().collect();
    let every = Sink::Namespace("*".into());
    let is_known = |found: &Reached<'_>| {
        let subject = &found.subject;
        admins.contains(subject)
            || known.contains(&(subject, &found.sink))
            || known.contains(&(subject, &Sink::ClusterAdmin))
            || (matches!(found.sink, Sink::Namespace(_)) && known.contains(&(subject, &every)))
    };
    let changed: Vec<&Reached<'a>> = side.reached.iter().filter(|it| !is_known(it)).collect();
    let groups: BTreeSet<&Subject> = changed
        .iter()
        .map(|it| &it.subject)
        .filter(|subject| matches!(subject, Subject::Group(_)))
        .collect();
    let of_group = |found: &Reached<'_>| {
        let mut requests = found.steps.iter().flat_map(|step| &step.requests);
        let first = requests.find_map(|made| match &made.by {
            Evidence::Grant(grant) => Some(grant.subject),
            _ => None,
        });
        first.is_some_and(|subject| {
            let group = Subject::Group(subject.name.clone());
            subject.kind == SubjectKind::Group && found.subject != group && groups.contains(&group)
        })
    };
    changed.into_iter().filter(|found| !of_group(found)).cloned().collect()
}
