//! Escalation paths: the identities and rights that a subject can gain, step by step.
//!
//! ```text
//! [ Inventory ] -> [ World ] -> [ Graph ] of identities, self-granted rights and aggregates
//!                                  |  steps of single actors, backward from the sink
//!                                  v
//!                              [ Closure ] of what remains: steps that several actors take
//!                                  v
//!                               [ Path ]   steps with requests and grants
//! ```
//!
//! A position is a set of identities and of rights that they granted themselves. It only grows: the
//! [`Row`]s define the rights that a step needs and what it gains (docs/escalation.md).
//!
//! Invariants: pure, like `rolecall-rbac`; a step is allowed by the evaluator; the result does not
//! depend on the order of the objects.
#![doc = include_str!("../README.md")]

mod assumptions;
mod by_node;
mod caps;
mod choke;
mod closure;
mod cut;
mod ends;
mod explain;
mod finder;
mod further;
mod graph;
mod groups;
mod names;
mod need;
mod node;
mod path;
mod pool;
mod positions;
mod raw_step;
mod rights;
mod row;
mod scope;
mod settle;
mod sink;
mod step;
mod subject;
mod successor;
mod survey;
mod trace;
mod trial;
mod ways;
mod world;

pub use assumptions::{Accounts, Assumptions, Nodes, Platform, Reach};
pub use choke::ChokePoint;
pub use cut::{CutGrant, CutObject, CutPlan, KeptRight, NoCut};
pub use finder::{Escalations, Grants, PathFinder, Start, all_starts};
pub use path::{Assumption, Evidence, Extent, Gain, Outside, Path, Step, StepRequest};
pub use rights::EscalationRights;
pub use row::{Row, RowText};
pub use sink::{Sink, SinkError};
pub use subject::Subject;
pub use survey::{Reached, Survey};
