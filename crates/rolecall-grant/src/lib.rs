//! Generates the least Role and RoleBinding that turn denials into yes.
//!
//! ```text
//! any text -> [ refusal ] -> denied requests -> [ plan ] -> objects -> [ yaml ]
//!                                                  |  ^
//!                                          [ risk ]  [ proof ] re-asks, and finds what else changed
//! ```
//!
//! Invariants: no I/O; what is granted is what was asked, or the difference is said; text from logs
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
pub use manifest::{json_of, json_of_rule, json_of_subject, yaml_of, yaml_scalar};
pub use object::{GrantedRole, Object, is_managed};
pub use outcome::Outcome;
pub use plan::{
    Answer, Config, GeneratedNames, MissingAccounts, Note, Plan, Risky, Scope, Style, plan,
};
pub use preflight::{
    Escalating, HeldRules, May, Preflight, ReadRights, Rights, Undecided, preflight,
    requests_of_preflight, requests_to_apply,
};
pub use proof::{Gained, overlay};
pub use refused::{Cause, Refused, Unfixable};
pub use repair::{Effort, Repair, Repairs, Step, Word, repair};
pub use risk::{Risk, risks};
pub use text::printable;
