//! The steps of single nodes.

use std::rc::Rc;

use crate::Row;
use crate::node::NodeId;
use crate::step::{Combination, Expanded};

/// A step of a single actor, or a member of an aggregate node.
#[derive(Clone, Debug)]
pub(crate) struct Successor {
    /// The row; `None` for a member.
    pub(crate) row: Option<Row>,
    pub(crate) target: NodeId,
    /// The step, if it consists of several requests.
    pub(crate) combination: Option<Rc<Combination>>,
}

/// The facts that depend on the rights of a node alone.
#[derive(Debug)]
pub(crate) struct Derived {
    pub(crate) expanded: Option<Rc<Expanded>>,
    pub(crate) successors: Option<Rc<[Successor]>>,
    pub(crate) holds: Option<bool>,
}
