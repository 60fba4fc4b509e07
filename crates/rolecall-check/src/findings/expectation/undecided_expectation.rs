//! An expectation that something unread decides.
//!
//! # What it does
//!
//! Finds expectations in `rolecall.yaml` that hold or do not, depending on something that could not be read: a list that the
//! cluster refused, a document that is broken. Says what that is. The command then exits with 3, unless something else fails.
//!
//! # Why is this bad
//!
//! Nobody knows whether it holds.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: v1
//! kind: List
//! metadata:
//!   annotations:
//!     rolecall.dev/gaps: '[{"kind":"RoleBinding","namespace":"shop","because":"forbidden"}]'
//! items: []
//! ---
//! apiVersion: rolecall.dev/v1
//! kind: CheckConfig
//! expectations:
//! - name: the web and its settings
//!   subjects: [sa/shop:web]
//!   cannot: [get secrets in shop]
//! ```
//!
//! # How to fix
//!
//! Read with the rights that are missing, or fix the document.
//!
//! ```yaml
//! apiVersion: v1
//! kind: List
//! items: []
//! ---
//! apiVersion: rolecall.dev/v1
//! kind: CheckConfig
//! expectations:
//! - name: the web and its settings
//!   subjects: [sa/shop:web]
//!   cannot: [get secrets in shop]
//! ```

use crate::{Category, RuleMeta, Severity, Versions};

pub(crate) const META: RuleMeta = RuleMeta {
    code: "RC604",
    name: "undecided-expectation",
    category: Category::Expectation,
    severity: Severity::High,
    since: "0.1.0",
    versions: Versions::ALL,
    rows: &[],
    source: include_str!("undecided_expectation.rs"),
};
