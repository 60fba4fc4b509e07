use std::collections::BTreeMap;

use rolecall_rbac::RuleGrant;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::finder::PathFinder;
use crate::graph::Graph;
use crate::groups::StartGroup;
use crate::node::NodeId;
use crate::path::{Evidence, Step};
use crate::world::Cut;
use crate::{Escalations, Start, Subject};

/// A grant on some path, and the starts that depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChokePoint<'a> {
    /// The grant: a subject of a binding, and a rule of its role.
    pub grant: RuleGrant<'a>,
    /// The number of starts that no longer reach the sink without it.
    pub cuts: usize,
}

/// A grant by position: binding, subject and rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GrantKey {
    pub(crate) binding: u32,
    pub(crate) cut: Cut,
}

impl<'a> PathFinder<'a> {
    /// Returns the grants on the paths that were found, by the number of starts that no longer
    /// reach the sink without each of them; those without such starts are left out.
    pub fn choke_points(
        &mut self,
        starts: &[Start],
        found: &Escalations<'a>,
    ) -> Vec<ChokePoint<'a>> {
        let taken = found.paths.iter().filter(|path| !path.steps.is_empty());
        let paths: FxHashMap<&Subject, &[Step<'a>]> =
            taken.map(|path| (&path.subject, &*path.steps)).collect();
        let mut groups: Vec<(StartGroup, &[Step<'a>])> = Vec::new();
        for group in self.groups_of(starts) {
            if let Some(steps) = paths.get(&group.subject) {
                groups.push((group, steps));
            }
        }
        let nodes: Vec<NodeId> = groups.iter().map(|(group, _)| group.node).collect();
        self.search(&nodes);
        let mut users: BTreeMap<GrantKey, (RuleGrant<'a>, Vec<usize>)> = BTreeMap::new();
        for (position, (_, steps)) in groups.iter().enumerate() {
            for grant in grants(steps) {
                let Some(key) = self.graph.key(&grant) else { continue };
                let (_, users) = users.entry(key).or_insert((grant, Vec::new()));
                if users.last() != Some(&position) {
                    users.push(position);
                }
            }
        }
        let mut points: Vec<(GrantKey, ChokePoint<'a>)> = Vec::new();
        for (key, (grant, users)) in users {
            let users = || {
                let groups = users.iter().filter_map(|position| groups.get(*position));
                groups.map(|(group, _)| group)
            };
            let nodes: Vec<NodeId> = users().map(|group| group.node).collect();
            let open: FxHashSet<NodeId> = self.reaching(&nodes, &[key]).into_iter().collect();
            let cut = users().filter(|group| !open.contains(&group.node));
            let cuts = cut.map(|group| group.weight).sum();
            if cuts > 0 {
                points.push((key, ChokePoint { grant, cuts }));
            }
        }
        points.sort_by_key(|(key, point)| (std::cmp::Reverse(point.cuts), *key));
        points.into_iter().map(|(_, point)| point).collect()
    }
}

/// Returns the grants that the steps of a path use.
pub(crate) fn grants<'s, 'a>(steps: &'s [Step<'a>]) -> impl Iterator<Item = RuleGrant<'a>> + 's {
    let requests = steps.iter().flat_map(|step| &step.requests);
    requests.filter_map(|request| match request.by {
        Evidence::Grant(grant) => Some(grant),
        _ => None,
    })
}

impl<'w> Graph<'w> {
    /// Returns the positions of a grant.
    pub(crate) fn key(&self, grant: &RuleGrant<'w>) -> Option<GrantKey> {
        let subjects = &grant.binding.subjects;
        let subject = subjects.iter().position(|subject| subject == grant.subject)?;
        let binding = self.world.binding_position(grant.binding)?;
        Some(GrantKey { binding, cut: Cut { subject, rule: grant.rule_index } })
    }
}
