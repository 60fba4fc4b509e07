//! Generates the smallest Roles and RoleBindings that allow denied requests.
//!
//! ```text
//! any text -> [ refusal ] -> denied requests -> [ plan ] -> objects -> [ yaml ]
//!                                                  |  ^
//!                                          [ risk ]  [ proof ] re-evaluates, and finds other changes
//! ```
//!
//! Invariants: no I/O; grants exactly the denied requests or reports the difference; text from logs
//! never reaches YAML or a terminal unescaped.
#![doc = include_str!("../README.md")]

mod atom;
mod complete;
mod denied;
mod generated;
mod manifest;
mod object;
mod outcome;
mod plan;
mod preflight;
mod proof;
pub mod refusal;
mod refused;
mod repair;
mod risk;
mod subject;
mod text;

pub use complete::follow_ups;
pub use denied::Denied;
pub use generated::Generated;
pub use manifest::{json_of, json_of_rule, yaml_of, yaml_without_comments};
pub use object::{GrantedRole, Object, is_managed};
pub use outcome::Outcome;
pub use plan::{
    Answer, Config, GeneratedNames, MissingAccounts, Note, Plan, Risky, Scope, Style, plan,
};
pub use preflight::{
    Escalating, HeldRules, Permission, Preflight, ReadRights, Rights, Undecided, preflight,
    requests_of_preflight, requests_to_apply,
};
pub use proof::{Gained, overlay};
pub use refused::{Cause, Refused, Unfixable, unfixable};
pub use repair::{Correction, Effort, Repair, Repairs, Step, repair};
pub use risk::{Risk, is_risky, may_add_up, risks};
pub use subject::subject_of;
pub use text::printable;
