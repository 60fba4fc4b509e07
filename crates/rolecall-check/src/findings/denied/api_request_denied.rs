//! A container asks the API server for a URL that its ServiceAccount may not.
//!
//! # What it does
//!
//! Reads the curl and wget command lines in `command` and `args` of containers that send a token to the API
//! server's address (`https://kubernetes.default.svc/...` or `$KUBERNETES_SERVICE_HOST`), turns their URLs into
//! requests as the server does, and asks whether the Pod's ServiceAccount may make them.
//!
//! # Why is this bad
//!
//! The request is answered with 403 once the container is deployed.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: probe, namespace: shop}
//! spec:
//!   containers:
//!   - name: curl
//!     image: registry.example.com/tools/curl:8
//!     command:
//!     - sh
//!     - -c
//!     - |
//!       TOKEN=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)
//!       curl -H "Authorization: Bearer $TOKEN" https://kubernetes.default.svc/api/v1/namespaces/shop/pods
//! ```
//!
//! # How to fix
//!
//! Grant the ServiceAccount what the URL asks for.
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: probe, namespace: shop}
//! spec:
//!   containers:
//!   - name: curl
//!     image: registry.example.com/tools/curl:8
//!     command:
//!     - sh
//!     - -c
//!     - |
//!       TOKEN=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)
//!       curl -H "Authorization: Bearer $TOKEN" https://kubernetes.default.svc/api/v1/namespaces/shop/pods
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: probe, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: default, namespace: shop}
//! ```

use crate::commands::Tool;
use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC303",
        name: "api-request-denied",
        category: Category::Denied,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("api_request_denied.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    super::check_tool(context, &[Tool::Http], RULE.meta, findings);
}
