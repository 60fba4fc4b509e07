//! Cut plans: grants whose removal stops all paths, and the objects that remove them.

mod greedy;
mod narrow;
mod objects;
mod search;

use std::sync::Arc;

use rolecall_rbac::{Authorizer, Binding, Identity, PolicyRule, Request, Role};

pub(crate) use narrow::Narrowing;
use objects::Changes;
pub use objects::CutObject;

use crate::choke::GrantKey;
use crate::finder::PathFinder;
use crate::{Grants, Start, Subject};

/// A right that must stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRight {
    /// The identity that has it.
    pub identity: Arc<Identity>,
    /// The request that must stay allowed.
    pub request: Request,
}

/// Grants whose removal stops all paths, none of them superfluous.
#[derive(Clone, Debug)]
pub struct CutPlan<'a> {
    /// The grants, those on the most paths first.
    pub grants: Vec<CutGrant<'a>>,
    /// The objects to apply, in order.
    pub objects: Vec<CutObject>,
    /// The inventory with the objects applied, in which no start reaches the sink by a path.
    pub after: Authorizer,
}

/// A grant to remove: a subject of a binding, with one rule of its role or, where the role cannot be
/// changed, with all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutGrant<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// The subject of the binding.
    pub subject: &'a rolecall_rbac::Subject,
    /// The role.
    pub role: &'a Role,
    /// The rule by position; `None` for all rules.
    pub rule: Option<usize>,
    /// The number of starts on whose paths it was found.
    pub paths: usize,
    /// The rules that the subject loses, as far as no other binding grants them.
    pub loses: Vec<PolicyRule>,
}

/// The reason why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoCut {
    /// Paths of this start consist only of grants that must stay, or that are built in.
    Kept(Subject),
    /// These changes would open other paths.
    Unproved(Subject),
}

/// The grants of a step of the plan: one rule, or all rules of a role that cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unit {
    pub(crate) binding: u32,
    pub(crate) subject: usize,
    /// `None` for all rules.
    pub(crate) rule: Option<usize>,
    pub(crate) keys: Vec<GrantKey>,
}

impl<'a> PathFinder<'a> {
    /// Plans the smallest known set of grants without which no start reaches the sink by a path, and
    /// proves it on the changed objects.
    pub fn plan_cut(&mut self, starts: &[Start], kept: &[KeptRight]) -> Result<CutPlan<'a>, NoCut> {
        let chosen = self.search_cut(starts, kept);
        self.restore_all();
        let chosen = chosen?;
        let mut narrowing = Narrowing::new(&chosen, &self.graph.world.needs);
        loop {
            let changes = Changes::of(&self.graph.world, &chosen.units, &narrowing);
            let after = changes.apply(self.graph.world.authorizer);
            let allows = |right: &KeptRight| {
                after.authorize(&right.identity, &right.request).verdict.is_allowed()
            };
            let open = match kept.iter().find(|right| !allows(right)) {
                Some(right) => Some((Subject::of(&right.identity), Vec::new())),
                None => self.still_open(&after, &changes, starts),
            };
            let Some((subject, rules)) = open else {
                let grants = self.describe(&chosen, &narrowing, &after);
                return Ok(CutPlan { grants, objects: changes.objects, after });
            };
            if !narrowing.widen(&rules) {
                return Err(NoCut::Unproved(subject));
            }
        }
    }

    /// Returns a start that still reaches the sink after changes, and the changed rules on its path.
    fn still_open(
        &self,
        after: &Authorizer,
        changes: &Changes,
        starts: &[Start],
    ) -> Option<(Subject, Vec<(u32, usize)>)> {
        let world = &self.graph.world;
        let sink = self.graph.sink.clone();
        let served = world.served.clone();
        let mut finder =
            PathFinder::with_served(after, world.assumptions, sink, Grants::Certain, served);
        let found = finder.find(starts);
        let first = found.paths.first()?;
        let grants = found.paths.iter().flat_map(|path| crate::choke::grants(&path.steps));
        let rules = grants.flat_map(|grant| changes.origin_of(grant.role)).collect();
        Some((first.subject.clone(), rules))
    }

    fn describe(
        &self,
        chosen: &greedy::Chosen,
        narrowing: &Narrowing,
        after: &Authorizer,
    ) -> Vec<CutGrant<'a>> {
        let world = &self.graph.world;
        let mut grants = Vec::new();
        for unit in &chosen.units {
            let Some(binding) = world.inventory().bindings().get(unit.binding as usize) else {
                continue;
            };
            let role = world.role_of(unit.binding);
            let subject = binding.subjects.get(unit.subject);
            let (Some(position), Some(subject)) = (role, subject) else { continue };
            let Some(role) = world.role(position) else { continue };
            let lost = match unit.rule {
                None => role.rules.to_vec(),
                Some(rule) => narrowing.lost(position, rule, role),
            };
            let remaining: Vec<PolicyRule> = match Identity::of_subject(subject, &binding.metadata)
            {
                Some(identity) => {
                    let review = after.rules_for(&identity, &binding.metadata.namespace);
                    review.rules.iter().map(|granted| granted.rule.clone()).collect()
                }
                None => Vec::new(),
            };
            grants.push(CutGrant {
                binding,
                subject,
                role,
                rule: unit.rule,
                paths: chosen.weight(unit),
                loses: narrow::merge(rolecall_rbac::subtract(&lost, &remaining)),
            });
        }
        grants
    }
}
