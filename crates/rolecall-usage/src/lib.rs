//! Audit logs as the requests that the server authorized.
//!
//! ```text
//! text of any format -> [ read ] -> event -> [ uses ] -> requests -> [ tally ] -> [ summary ]
//!                                                                        ^            |
//!                                                                        +------------+
//! ```
//!
//! Each event counts by itself, so a log can be read in any order and in any number of parts, and memory
//! depends on the number of distinct requests only.
//!
//! Invariants: no I/O except through `Read` and `Write` arguments; no text of a log is ever an error; a
//! request is never invented.
#![doc = include_str!("../README.md")]

mod atom;
mod claim;
mod counts;
mod coverage;
mod credit;
mod edit;
mod event;
mod facts;
mod impersonation;
mod key;
mod outcome;
mod read;
mod sentence;
mod sql;
mod summary;
mod tally;
mod tighten;
mod time;
mod unused;
mod uses;

pub use atom::{Atom, rules_of};
pub use claim::Withheld;
pub use counts::Counts;
pub use coverage::{Coverage, Source};
pub use credit::{Credit, Credits, GrantKey, credit};
pub use edit::{Edit, Tightened};
pub use key::Kind;
pub use outcome::{Basis, Effect, Outcome, Via};
pub use read::{Format, Layout, Reader};
pub use sql::{Dialect, query};
pub use summary::{CoverageRow, Row, rows, write_summary};
pub use tally::{Limits, Tally, Used};
pub use tighten::{TightenConfig, tighten};
pub use time::{Micros, parse_time, write_time};
pub use unused::{BindingUse, PartUse, RuleUse, use_of_bindings};
