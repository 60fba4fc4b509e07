//! Steps of a path before their evidence is found.

use std::rc::Rc;

use crate::Row;
use crate::node::NodeId;
use crate::step::Combination;

/// A step of a path, before its evidence is looked up.
#[derive(Clone, Debug)]
pub(crate) struct RawStep {
    pub(crate) row: Row,
    /// The actor, and the rights that the position granted itself before.
    pub(crate) actors: Rc<[NodeId]>,
    pub(crate) candidates: Rc<[u32]>,
    pub(crate) target: NodeId,
    /// The member of the target that the path uses, or the target.
    pub(crate) gained: NodeId,
    pub(crate) combination: Option<Rc<Combination>>,
}

/// The facts that distinguish the steps of single actors.
pub(crate) type StepKey = (Row, Rc<[NodeId]>, NodeId, NodeId, Option<*const Combination>);

impl RawStep {
    /// Returns the actor.
    pub(crate) fn actor(&self) -> NodeId {
        self.actors.first().copied().unwrap_or(NodeId::MAX)
    }

    /// Returns the facts that distinguish it from others, as long as it exists.
    pub(crate) fn key(&self) -> StepKey {
        let combination = self.combination.as_ref().map(Rc::as_ptr);
        (self.row, self.actors.clone(), self.target, self.gained, combination)
    }
}
