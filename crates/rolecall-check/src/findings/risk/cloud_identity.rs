//! A ServiceAccount with an identity in the cloud.
//!
//! # What it does
//!
//! Finds ServiceAccounts with the annotations that tie them to an IAM role of AWS, a service account of
//! Google Cloud or a managed identity of Azure.
//!
//! # Why is this bad
//!
//! Whoever gets at a token of the ServiceAccount, or may create Pods in its namespace, acts in the cloud
//! account too.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata:
//!   name: backup
//!   namespace: shop
//!   annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/backup"}
//! ```
//!
//! # How to fix
//!
//! It is only for information: keep the namespace to those who may act so.
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: backup, namespace: shop}
//! ```

use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, FieldPath, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC554",
        name: "cloud-identity",
        category: Category::Risk,
        severity: Severity::Info,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P54"],
        source: include_str!("cloud_identity.rs"),
    },
    check,
};

/// The annotations and what they stand for.
const ANNOTATIONS: [(&str, &str); 3] = [
    ("azure.workload.identity/client-id", "a managed identity of Azure"),
    ("eks.amazonaws.com/role-arn", "an IAM role of AWS"),
    ("iam.gke.io/gcp-service-account", "a service account of Google Cloud"),
];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for account in context.service_accounts() {
        for (key, what) in ANNOTATIONS {
            let Some(value) = account.metadata.annotation(key) else { continue };
            let field = FieldPath::key("metadata").then_key("annotations").then_key(key);
            let finding =
                Finding::new(RULE.meta, account.into(), format!("acts as {what}: `{value}`"))
                    .at(field)
                    .about(format!("{key}={value}"))
                    .fix("keep its namespace to those who may act so");
            findings.push(finding);
        }
    }
}
