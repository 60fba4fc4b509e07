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

pub mod refusal;
mod text;

pub use text::printable;
