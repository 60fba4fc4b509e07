//! The subjects that can become something.

use rolecall_grant::{GrantedRole, Object};
use rolecall_paths::{ChokePoint, CutObject, CutPlan, Escalations, Path, Sink, Start, Subject};

/// The paths and everything that is reported with them.
pub(crate) struct Answer<'a> {
    pub(crate) sink: Sink,
    pub(crate) starts: Vec<Start>,
    pub(crate) found: Escalations<'a>,
    /// Further paths of the same starts, which share no grant.
    pub(crate) further: Vec<Path<'a>>,
    /// Starts that reach the sink only by steps that depend on something outside the input.
    pub(crate) possible: Vec<Subject>,
    /// Starts that reach the sink only by objects that a build can still change.
    pub(crate) unbuilt: Vec<Subject>,
    pub(crate) choke_points: Vec<ChokePoint<'a>>,
    /// Unread parts of the input that might add paths.
    pub(crate) gaps: Vec<String>,
}

/// Returns the objects of a plan.
pub(crate) fn objects(plan: &CutPlan<'_>) -> Vec<Object> {
    let object = |object: &CutObject| match object {
        CutObject::Role(role) => {
            let answers = role.rules.iter().map(|_| Vec::new()).collect();
            Object::Role(GrantedRole { role: role.clone(), answers })
        }
        CutObject::Binding(binding) => Object::Binding(binding.clone()),
    };
    plan.objects.iter().map(object).collect()
}
