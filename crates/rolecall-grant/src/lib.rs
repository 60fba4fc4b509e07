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

mod atom;
mod denied;
mod manifest;
mod plan;
mod preflight;
mod proof;
pub mod refusal;
mod risk;
mod subject;
mod text;

pub use denied::Denied;
pub use manifest::{json_of, json_of_rule, json_of_subject, yaml_of};
pub use plan::{
    Answer, Cause, Config, GrantedRole, MissingAccounts, Note, Object, Outcome, Plan, Refused,
    Risky, Scope, Style, Unmendable, is_managed, plan,
};
pub use preflight::{Escalating, Preflight, preflight, requests_to_apply};
pub use proof::{Gained, overlay};
pub use risk::{Risk, risks};
pub use text::printable;
