//! A role that allows changing the cluster's DNS.
//!
//! # What it does
//!
//! Finds rules that allow `update` or `patch` on the ConfigMap `coredns` of `kube-system`.
//!
//! # Why is this bad
//!
//! Names of Services and of the outside world can be pointed anywhere.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: dns-writing}
//! rules:
//! - {apiGroups: [""], resources: [configmaps], verbs: [get, patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: dns-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dns-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Grant it outside of `kube-system`, or limit it to other names.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: dns-writing}
//! rules:
//! - {apiGroups: [""], resources: [configmaps], resourceNames: [leader], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: dns-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: dns-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC546",
        name: "dns-writing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P46"],
        source: include_str!("dns_writing.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[Asks::new(&["update", "patch"], "", &["configmaps"])
        .only(&["coredns"])
        .in_system()]],
    may: "redirect names through the settings of CoreDNS",
    fix: "grant it outside of `kube-system`, or limit it to other names",
};
