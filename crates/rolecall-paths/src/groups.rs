//! Starts with the same identity, which have the same paths.

use rolecall_rbac::Identity;
use rustc_hash::FxHashMap;

use crate::finder::PathFinder;
use crate::node::NodeId;
use crate::{Start, Subject};

/// The starts with the same identity.
pub(crate) struct StartGroup {
    /// The identity.
    pub(crate) node: NodeId,
    /// The first of the starts.
    pub(crate) subject: Subject,
    /// The number of starts.
    pub(crate) weight: usize,
}

impl PathFinder<'_> {
    /// Returns the starts, one for each identity, in the order of the first of each.
    pub(crate) fn groups_of(&mut self, starts: &[Start]) -> Vec<StartGroup> {
        let mut positions: FxHashMap<&Identity, usize> = FxHashMap::default();
        let mut groups: Vec<StartGroup> = Vec::new();
        for start in starts {
            let position = *positions.entry(&*start.identity).or_insert(groups.len());
            match groups.get_mut(position) {
                Some(group) => group.weight += 1,
                None => {
                    let node = self.graph.nodes.agent((*start.identity).clone());
                    groups.push(StartGroup { node, subject: start.subject.clone(), weight: 1 });
                }
            }
        }
        groups
    }
}
