//! Holders who can issue client certificates to themselves.
//!
//! # What it does
//!
//! Finds subjects that may create CertificateSigningRequests, approve them, and approve for the signer of
//! client certificates.
//!
//! # Why is this bad
//!
//! A client certificate names its user and groups as its requester pleases, and cannot be revoked.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: certificate-approval}
//! rules:
//! - {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [create]}
//! - {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}
//! - {apiGroups: [certificates.k8s.io], resources: [signers], resourceNames: ["kubernetes.io/*"], verbs: [approve]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: certificate-approval}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: certificate-approval}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Split creating and approving between holders, and limit the signers with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: certificate-approval}
//! rules:
//! - {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}
//! - {apiGroups: [certificates.k8s.io], resources: [signers], resourceNames: ["example.com/*"], verbs: [approve]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: certificate-approval}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: certificate-approval}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC534",
        name: "certificate-approval",
        category: Category::Risk,
        severity: Severity::Critical,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P34"],
        source: include_str!("certificate_approval.rs"),
    },
    in_namespace: Severity::Critical,
    needs: &[
        &[Asks::cluster(&["create"], "certificates.k8s.io", &["certificatesigningrequests"])],
        &[Asks::cluster(
            &["update", "patch"],
            "certificates.k8s.io",
            &["certificatesigningrequests/approval"],
        )],
        &[Asks::cluster(&["approve"], "certificates.k8s.io", &["signers"])
            .only(&["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"])],
    ],
    may: "issue client certificates for any user",
    fix: "split creating and approving between holders, and limit the signers with `resourceNames`",
};
