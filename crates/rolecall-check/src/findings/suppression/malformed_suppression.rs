//! A suppression without a known code, a reason or a date that is one.
//!
//! # What it does
//!
//! Finds entries of the annotation `rolecall.dev/ignore` that are not `CODE,.. REASON` or
//! `CODE,.. REASON, until=YYYY-MM-DD`, several separated by `;`. They suppress nothing.
//!
//! # Why is this bad
//!
//! A finding that was silenced without a reason cannot be judged again.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: secret-reader
//!   namespace: shop
//!   annotations: {rolecall.dev/ignore: "RC510"}
//! rules:
//! - {apiGroups: [""], resources: [secrets], verbs: [get]}
//! ```
//!
//! # How to fix
//!
//! Say why.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: secret-reader
//!   namespace: shop
//!   annotations: {rolecall.dev/ignore: "RC510 reads its own certificate"}
//! rules:
//! - {apiGroups: [""], resources: [secrets], verbs: [get]}
//! ```

use crate::{Category, RuleMeta, Severity, Versions};

pub(crate) const META: RuleMeta = RuleMeta {
    code: "RC903",
    name: "malformed-suppression",
    category: Category::Suppression,
    severity: Severity::Medium,
    since: "0.1.0",
    versions: Versions::ALL,
    rows: &[],
    source: include_str!("malformed_suppression.rs"),
};
