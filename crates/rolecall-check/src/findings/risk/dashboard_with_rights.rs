//! A dashboard whose ServiceAccount can take over the cluster.
//!
//! # What it does
//!
//! Finds ServiceAccounts whose name says that they are a dashboard's and that hold a risk with which a
//! namespace or the cluster can be taken over, everywhere.
//!
//! # Why is this bad
//!
//! A dashboard is made to be reached by browsers. One that acts with its own rights instead of its user's
//! gives them to whoever reaches it.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: kubernetes-dashboard, namespace: kubernetes-dashboard}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: dashboard}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
//! subjects:
//! - {kind: ServiceAccount, name: kubernetes-dashboard, namespace: kubernetes-dashboard}
//! ```
//!
//! # How to fix
//!
//! Let the dashboard act with the token of its user, and leave its own ServiceAccount without such rights.
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: kubernetes-dashboard, namespace: kubernetes-dashboard}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: dashboard}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: kubernetes-dashboard, namespace: kubernetes-dashboard}
//! ```

use rolecall_rbac::Identity;

use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions};
use rolecall_access::risk::{self, RiskIndex};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC556",
        name: "dashboard-with-rights",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P56"],
        source: include_str!("dashboard_with_rights.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut index = RiskIndex::new(context.risks());
    for account in context.service_accounts() {
        let metadata = &account.metadata;
        if !metadata.name.contains("dashboard") {
            continue;
        }
        let identity = Identity::service_account(&metadata.namespace, &metadata.name);
        let worst = index
            .risks_of(&identity)
            .into_iter()
            .find(|risk| risk.namespace.is_none() && risk::takes_over(risk.code));
        let Some(may) = worst.map(|risk| risk.may()) else { continue };
        let message = format!("whoever reaches this dashboard may {may}, everywhere");
        let finding = Finding::new(RULE.meta, account.into(), message)
            .fix("let the dashboard act with the token of its user");
        findings.push(finding);
    }
}
