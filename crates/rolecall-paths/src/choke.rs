use std::collections::BTreeMap;

use rolecall_rbac::{Identity, RuleGrant, SubjectKind, Text};
use rustc_hash::FxHashMap;

use crate::finder::PathFinder;
use crate::graph::Graph;
use crate::node::{Node, NodeId};
use crate::path::{Evidence, Step};
use crate::trace::Traces;
use crate::world::Cut;
use crate::{Escalations, Start};

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

/// The starts with the same identity.
#[derive(Clone, Debug)]
pub(crate) struct Weighted {
    pub(crate) node: NodeId,
    /// The number of starts.
    pub(crate) weight: usize,
}

impl<'a> PathFinder<'a> {
    /// Returns the grants on the paths that were found, by the number of starts that no longer
    /// reach the sink without each of them; those without such starts are left out.
    pub fn choke_points(
        &mut self,
        starts: &[Start],
        found: &Escalations<'a>,
    ) -> Vec<ChokePoint<'a>> {
        let mut weights: FxHashMap<&Identity, usize> = FxHashMap::default();
        let mut identities: FxHashMap<&crate::Subject, &Identity> = FxHashMap::default();
        for start in starts {
            identities.insert(&start.subject, &start.identity);
        }
        let mut users: BTreeMap<GrantKey, (RuleGrant<'a>, Vec<&Identity>)> = BTreeMap::new();
        for path in &found.paths {
            let Some(identity) = identities.get(&path.subject).copied() else { continue };
            let weight = weights.entry(identity).or_default();
            *weight += 1;
            if *weight > 1 {
                continue;
            }
            for grant in grants(&path.steps) {
                let Some(key) = self.graph.key(&grant) else { continue };
                users.entry(key).or_insert((grant, Vec::new())).1.push(identity);
            }
        }
        let mut points: Vec<(GrantKey, ChokePoint<'a>)> = Vec::new();
        for (key, (grant, identities)) in users {
            let mut affected: Vec<Weighted> = Vec::new();
            for identity in identities {
                let weight = weights.get(identity).copied().unwrap_or_default();
                let node = self.graph.nodes.agent(identity.clone());
                if !affected.iter().any(|known| known.node == node) {
                    affected.push(Weighted { node, weight });
                }
            }
            let nodes: Vec<NodeId> = affected.iter().map(|it| it.node).collect();
            let open = self.reaching(&nodes, &[key]);
            let cut = affected.iter().filter(|it| !open.contains(&it.node));
            let cuts = cut.map(|it| it.weight).sum();
            if cuts > 0 {
                points.push((key, ChokePoint { grant, cuts }));
            }
        }
        self.cut(&[]);
        points.sort_by_key(|(key, point)| (std::cmp::Reverse(point.cuts), *key));
        points.into_iter().map(|(_, point)| point).collect()
    }

    /// Returns the nodes that reach the sink without some grants.
    pub(crate) fn reaching(&mut self, nodes: &[NodeId], cuts: &[GrantKey]) -> Vec<NodeId> {
        self.cut(cuts);
        self.search(nodes);
        nodes.iter().copied().filter(|node| self.graph.distance(*node).is_some()).collect()
    }

    /// Leaves some grants out of the next searches, instead of those before.
    pub(crate) fn cut(&mut self, cuts: &[GrantKey]) {
        self.graph.cut(cuts);
        self.traces = Traces::default();
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

    /// Replaces the grants that do not count, and forgets what depends on them.
    fn cut(&mut self, cuts: &[GrantKey]) {
        let mut changed: FxHashMap<u32, Vec<Cut>> = std::mem::take(&mut self.world.cut);
        for key in cuts {
            self.world.cut.entry(key.binding).or_default().push(key.cut);
            changed.entry(key.binding).or_default().push(key.cut);
        }
        let mut nodes: Vec<NodeId> = Vec::new();
        for (binding, cuts) in changed {
            let Some(binding) = self.world.inventory().bindings().get(binding as usize) else {
                continue;
            };
            for cut in cuts {
                let Some(subject) = binding.subjects.get(cut.subject) else { continue };
                let user = match subject.kind {
                    SubjectKind::Group => None,
                    SubjectKind::User => Some(subject.name.clone()),
                    _ => subject
                        .effective_namespace(&binding.metadata)
                        .map(|namespace| Identity::service_account(namespace, &subject.name).user),
                };
                match user {
                    Some(user) => nodes.extend(self.nodes.of_user(&user)),
                    None => nodes.extend(self.nodes.of_group(&subject.name)),
                }
            }
        }
        self.forget(&nodes);
    }
}

impl crate::node::Nodes {
    /// Returns the identities with a user name, and the requests as them.
    fn of_user(&self, user: &Text) -> Vec<NodeId> {
        self.that_are(|identity| identity.user == *user)
    }

    /// Returns the identities in a group, and the requests as them.
    fn of_group(&self, group: &str) -> Vec<NodeId> {
        self.that_are(|identity| identity.is_in(group))
    }

    fn that_are(&self, matches: impl Fn(&Identity) -> bool) -> Vec<NodeId> {
        let mut found: Vec<NodeId> = Vec::new();
        for (id, node) in self.all() {
            let is_affected = match node {
                Node::Agent(identity) => matches(identity),
                Node::Borrowed(actor, target, _) => [actor, target]
                    .into_iter()
                    .any(|id| self.identity(*id).is_some_and(|identity| matches(identity))),
                _ => false,
            };
            if is_affected {
                found.push(id);
            }
        }
        found
    }
}
