//! A report about the access in a cluster, as one HTML file that answers questions offline.
//!
//! ```text
//! [ Authorizer, Catalog, findings, paths, usage ] -> [ Document ] -> gzip, base64 -> [ page ]
//!                                                  |                          report.html
//!                                                  +-> [ Summary ] ---------> report.css
//!                                                        |                    js/*.js
//!                                                        +-> Markdown
//! ```
//!
//! The page never evaluates rules. The document contains a decision table: for each verb and
//! resource, the rules that allow it, computed by the evaluator. Everything else is a join of
//! roles, bindings and subjects.
//!
//! Invariants: pure, like `rolecall-rbac`; the same input results in the same bytes; the page
//! contains no Secret and no token, and makes no request.
#![doc = include_str!("../README.md")]

mod data;
mod encode;
mod input;
mod markdown;
mod page;
mod summary;
mod table;
mod text;

pub use data::Document;
pub use input::{
    Choke, FindingObject, FindingRule, FindingSubject, LeftObject, Note, ObjectPlace, OtherFinding,
    Path, PathEvidence, PathStep, Paths, ReportFinding, ReportInput, RightUse, RightsState, Scope,
    SubjectUse, Usage,
};
pub use markdown::write_markdown;
pub use page::{PAGE_PARTS, PageMode, write_page};
pub use summary::Summary;
