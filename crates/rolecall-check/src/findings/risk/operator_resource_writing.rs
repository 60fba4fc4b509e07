//! A role that allows writing what a powerful operator carries out.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update` or `patch` on Applications of Argo CD, Kustomizations and
//! HelmReleases of Flux, Workflows of Argo, TaskRuns and PipelineRuns of Tekton and ClusterServiceVersions
//! of OLM, without limiting it to names.
//!
//! # Why is this bad
//!
//! The operator makes what the object says with its own rights, which are mostly all rights.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: operator-resource-writing}
//! rules:
//! - {apiGroups: [argoproj.io], resources: [applications], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: operator-resource-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: operator-resource-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Grant it where the operator limits what it makes for whom.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: operator-resource-writing}
//! rules:
//! - {apiGroups: [argoproj.io], resources: [applications], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: operator-resource-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: operator-resource-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC552",
        name: "operator-resource-writing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P52"],
        source: include_str!("operator_resource_writing.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[
        Asks::new(
            &["create", "update", "patch"],
            "argoproj.io",
            &["applications", "applicationsets", "workflows", "workflowtemplates", "cronworkflows"],
        ),
        Asks::new(
            &["create", "update", "patch"],
            "kustomize.toolkit.fluxcd.io",
            &["kustomizations"],
        ),
        Asks::new(&["create", "update", "patch"], "helm.toolkit.fluxcd.io", &["helmreleases"]),
        Asks::new(&["create", "update", "patch"], "tekton.dev", &["taskruns", "pipelineruns"]),
        Asks::new(
            &["create", "update", "patch"],
            "operators.coreos.com",
            &["clusterserviceversions", "subscriptions"],
        ),
    ]],
    may: "have an operator make anything in its own name",
    fix: "grant it where the operator limits what it makes for whom",
};
