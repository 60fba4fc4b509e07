//! The risks that are sets of requests, one table per domain.

mod admission;
mod control;
mod credentials;
mod identities;
mod network;
mod nodes;
mod pods;
mod roles;
mod settings;

use super::Risk;
use crate::RuleCode;

/// The tables, in evaluation order.
const TABLES: [&[Risk]; 9] = [
    control::RISKS,
    credentials::RISKS,
    pods::RISKS,
    nodes::RISKS,
    roles::RISKS,
    identities::RISKS,
    admission::RISKS,
    network::RISKS,
    settings::RISKS,
];

/// Returns every risk, table by table.
pub fn all() -> impl Iterator<Item = &'static Risk> {
    TABLES.into_iter().flatten()
}

/// Returns the risk with a code.
pub fn find(code: RuleCode) -> Option<&'static Risk> {
    all().find(|risk| risk.code == code)
}

/// Returns whether cluster-wide holders of a risk can take over the cluster.
pub fn takes_over(code: RuleCode) -> bool {
    find(code).is_some_and(|risk| risk.takes_over)
}

const ADMISSION: &str = "admissionregistration.k8s.io";
const AUTHENTICATION: &str = "authentication.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const GATEWAY: &str = "gateway.networking.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const STORAGE: &str = "storage.k8s.io";

const WORKLOADS: &[&str] = &["deployments", "daemonsets", "statefulsets", "replicasets"];

const WRITE: &[&str] = &["create", "update", "patch"];
const CHANGE: &[&str] = &["update", "patch"];
const DELETE: &[&str] = &["delete", "deletecollection"];
const CHANGE_OR_DELETE: &[&str] = &["update", "patch", "delete", "deletecollection"];
const WRITE_OR_DELETE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];

#[cfg(test)]
mod tests {
    use super::{all, find};

    #[test]
    fn variants_of_a_risk_differ_only_in_needs_severity_and_texts() {
        for risk in all() {
            let first = find(risk.code).unwrap();
            let shared = |risk: &super::Risk| {
                (risk.name, risk.versions, risk.takes_over, risk.implied_by, risk.controllers)
            };
            assert_eq!(shared(risk), shared(first), "{}", risk.code);
        }
    }
}
