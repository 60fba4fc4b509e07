//! A suppression that suppresses nothing.
//!
//! # What it does
//!
//! Finds entries of the annotation `rolecall.dev/ignore` that match no finding of their object, and `suppressions` of
//! `rolecall.yaml` that match no finding at all.
//!
//! # Why is this bad
//!
//! What it excused is gone, and it will hide the next one of its kind.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: secret-reader
//!   namespace: shop
//!   annotations: {rolecall.dev/ignore: "RC510 reads its own certificate"}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get]}
//! ```
//!
//! ```yaml
//! apiVersion: rolecall.dev/v1
//! kind: CheckConfig
//! suppressions:
//! - {codes: [RC510], object: Role shop/*, reason: reads its own certificate}
//! ```
//!
//! # How to fix
//!
//! Remove the entry.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: secret-reader, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get]}
//! ```

use crate::{Category, RuleMeta, Severity, Versions};

pub(crate) const META: RuleMeta = RuleMeta {
    code: "RC901",
    name: "unused-suppression",
    category: Category::Suppression,
    severity: Severity::Low,
    since: "0.1.0",
    versions: Versions::ALL,
    rows: &[],
    source: include_str!("unused_suppression.rs"),
};
