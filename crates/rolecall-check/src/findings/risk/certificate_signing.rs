//! Holders who can publish certificates of the cluster's signers.
//!
//! # What it does
//!
//! Finds subjects that may `sign` for one of Kubernetes' signers and write the status of
//! CertificateSigningRequests.
//!
//! # Why is this bad
//!
//! Whoever has the signer's key can issue certificates without anybody's approval.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: certificate-signing}
//! rules:
//! - {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [sign]}
//! - {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/status], verbs: [update]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: certificate-signing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: certificate-signing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Limit the signers with `resourceNames` to those whose key the holder keeps.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: certificate-signing}
//! rules:
//! - {apiGroups: [certificates.k8s.io], resources: [signers], resourceNames: [example.com/internal], verbs: [sign]}
//! - {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/status], verbs: [update]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: certificate-signing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: certificate-signing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC535",
        name: "certificate-signing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P35"],
        source: include_str!("certificate_signing.rs"),
    },
    in_namespace: Severity::High,
    needs: &[
        &[Asks::cluster(&["sign"], "certificates.k8s.io", &["signers"])
            .only(&["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"])],
        &[Asks::cluster(
            &["update", "patch"],
            "certificates.k8s.io",
            &["certificatesigningrequests/status"],
        )],
    ],
    may: "issue certificates without approval",
    fix: "limit the signers with `resourceNames` to those whose key the holder keeps",
};
