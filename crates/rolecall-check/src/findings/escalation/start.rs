//! The subjects from which paths are searched, and the locations of findings about them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rolecall_access::Holder;
use rolecall_paths::{EscalationRights, Reached, Start, Subject};
use rolecall_rbac::{Binding, Origin, Role, SubjectKind, is_template};
use rustc_hash::FxBuildHasher;

use super::first_grant;
use crate::context::Context;
use crate::findings::workloads;
use crate::pods::{PodOf, RunsAs};
use crate::{FieldPath, Finding, ObjectRef};

/// The subjects of checked bindings and workloads that have a right on which paths depend.
pub(super) struct Candidates<'c, 'a> {
    of: BTreeMap<Subject, Candidate<'c, 'a>>,
}

struct Candidate<'c, 'a> {
    start: Start,
    /// The checked bindings that grant such rights, with the position of the subject.
    bindings: Vec<(&'a Binding, usize)>,
    /// A checked workload that runs as the subject.
    workload: Option<&'c PodOf<'a>>,
}

impl<'c, 'a> Candidates<'c, 'a> {
    /// Finds the candidates without a search.
    pub(super) fn of(context: &'c Context<'a>) -> Self {
        let rights = EscalationRights::index();
        let mut known: HashMap<*const Role, bool, FxBuildHasher> = HashMap::default();
        let mut matters =
            |role: &Role| *known.entry(role).or_insert_with(|| rights.find_in(role).is_some());
        let mut of: BTreeMap<Subject, Candidate<'c, 'a>> = BTreeMap::new();
        for binding in context.bindings() {
            if !context.role_of(binding).is_some_and(&mut matters) {
                continue;
            }
            for (position, subject) in binding.subjects.iter().enumerate() {
                if is_template(&subject.name) || is_template(&subject.namespace) {
                    continue;
                }
                let Some(holder) = Holder::of_subject(subject, &binding.metadata) else { continue };
                of.entry(subject_of(&holder))
                    .or_insert_with(|| Candidate::new(&holder))
                    .bindings
                    .push((binding, position));
            }
        }
        let has_others = context.inventory().bindings().iter().any(|binding| {
            let metadata = &binding.metadata;
            metadata.origin != Origin::Default && !context.is_judged(metadata)
        });
        for pod in context.pods().iter().filter(|pod| workloads::mounts_token(pod)) {
            let RunsAs::Account(identity) = &pod.runs_as else { continue };
            let subject = Subject::of(identity);
            if let Some(known) = of.get_mut(&subject) {
                known.workload.get_or_insert(pod);
                continue;
            }
            // Only unchecked bindings can grant it anything else.
            if !has_others {
                continue;
            }
            let bound = context.authorizer().bindings_of(identity);
            let unjudged = bound.iter().filter(|it| !context.is_judged(&it.binding.metadata));
            let mut roles = unjudged.filter(|it| !context.is_default_binding(it.binding));
            if roles.any(|bound| bound.role.is_ok_and(&mut matters)) {
                let mut candidate = Candidate::new(&Holder::of_identity(identity));
                candidate.workload = Some(pod);
                of.insert(subject, candidate);
            }
        }
        Self { of }
    }

    /// Returns the starts, sorted.
    pub(super) fn starts(&self) -> Vec<Start> {
        self.of.values().map(|candidate| candidate.start.clone()).collect()
    }

    /// Returns whether a path uses only the grants of a group that is a candidate itself.
    pub(super) fn is_of_group(&self, found: &Reached<'_>) -> bool {
        let Some(grant) = first_grant(&found.steps) else { return false };
        let is_group = grant.subject.kind == SubjectKind::Group;
        is_group
            && !matches!(found.subject, Subject::Group(_))
            && self.of.contains_key(&Subject::Group(grant.subject.name.clone()))
    }

    /// Returns the object that has to change: the binding that the path starts with, or else a workload.
    pub(super) fn object_of(&self, found: &Reached<'_>) -> Option<ObjectRef> {
        let candidate = self.of.get(&found.subject)?;
        let binding = candidate.binding(found).map(|(binding, _)| ObjectRef::from(binding));
        binding.or_else(|| candidate.workload.map(|pod| ObjectRef::from(pod.workload)))
    }

    /// Adds the field of the subject.
    pub(super) fn locate(&self, finding: Finding, found: &Reached<'_>) -> Finding {
        let Some(candidate) = self.of.get(&found.subject) else { return finding };
        let finding = match (candidate.binding(found), candidate.workload) {
            (Some((_, position)), _) => finding.at(FieldPath::key("subjects").then_index(position)),
            (None, Some(pod)) => workloads::at_account(finding, pod.spec),
            (None, None) => finding,
        };
        match candidate.workload {
            Some(pod) if finding.object != ObjectRef::from(pod.workload) => {
                finding.related(pod.workload.into(), "runs with this access")
            }
            _ => finding,
        }
    }
}

impl<'a> Candidate<'_, 'a> {
    fn new(holder: &Holder) -> Self {
        let identity = Arc::new(holder.identity());
        let start = Start { subject: Subject::of(&identity), identity };
        Self { start, bindings: Vec::new(), workload: None }
    }

    /// Returns the checked binding of the first request, or else another one of the subject.
    fn binding(&self, found: &Reached<'_>) -> Option<(&'a Binding, usize)> {
        let first = first_grant(&found.steps).map(|grant| grant.binding);
        let is_first = |(binding, _): &&(&'a Binding, usize)| {
            first.is_some_and(|first| std::ptr::eq(first, *binding))
        };
        self.bindings.iter().find(is_first).or(self.bindings.first()).copied()
    }
}

fn subject_of(holder: &Holder) -> Subject {
    match holder {
        Holder::Group(name) => Subject::Group(name.clone()),
        Holder::ServiceAccount { namespace, name } => {
            Subject::ServiceAccount { namespace: namespace.clone(), name: name.clone() }
        }
        Holder::User(name) => Subject::User(name.clone()),
    }
}
