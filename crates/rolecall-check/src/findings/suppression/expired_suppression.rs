//! A suppression whose date has passed.
//!
//! # What it does
//!
//! Finds entries of the annotation `rolecall.dev/ignore` with an `until=` date before today, and `suppressions` of
//! `rolecall.yaml` with such an `expires`. Their findings are reported again.
//!
//! # Why is this bad
//!
//! Somebody meant to look at it again by then.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: secret-reader
//!   namespace: shop
//!   annotations: {rolecall.dev/ignore: "RC510 until the sidecar is gone, until=2020-01-31"}
//! rules:
//! - {apiGroups: [""], resources: [secrets], verbs: [get]}
//! ```
//!
//! ```yaml
//! apiVersion: rolecall.dev/v1
//! kind: CheckConfig
//! suppressions:
//! - {codes: [RC510], object: Role shop/*, reason: until the sidecar is gone, expires: 2020-01-31}
//! ```
//!
//! # How to fix
//!
//! Fix what it excuses, or set a later date.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: secret-reader
//!   namespace: shop
//!   annotations: {rolecall.dev/ignore: "RC510 until the sidecar is gone, until=2099-01-31"}
//! rules:
//! - {apiGroups: [""], resources: [secrets], verbs: [get]}
//! ```

use crate::{Category, RuleMeta, Severity, Versions};

pub(crate) const META: RuleMeta = RuleMeta {
    code: "RC902",
    name: "expired-suppression",
    category: Category::Suppression,
    severity: Severity::Medium,
    since: "0.1.0",
    versions: Versions::ALL,
    rows: &[],
    source: include_str!("expired_suppression.rs"),
};
