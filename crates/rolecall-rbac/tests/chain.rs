//! The authorizers next to RBAC: the result of the server's chain.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use rolecall_rbac::{Axes, Column, Identity, Request, VerdictKind};
use rolecall_testing::api::request;
use serde_json::json;

#[test]
fn what_rbac_does_not_grant_to_a_node_is_unknown() {
    let user = || Identity::user("system:node:n1");
    let node = || user().with_group("system:nodes");
    let masters = || node().with_group("system:masters");
    let authorizer = rolecall_testing::api::authorizer(&[
        json!({
            "kind": "ClusterRole",
            "metadata": {"name": "reader"},
            "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"]}],
        }),
        json!({
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "n1"},
            "roleRef": {"kind": "ClusterRole", "name": "reader"},
            "subjects": [{"kind": "User", "name": "system:node:n1"}],
        }),
    ]);
    let rows = [
        (user(), "configmaps", VerdictKind::Allowed, VerdictKind::Allowed),
        (user(), "secrets", VerdictKind::NoOpinion, VerdictKind::NoOpinion),
        (node(), "configmaps", VerdictKind::Allowed, VerdictKind::Allowed),
        (node(), "secrets", VerdictKind::Unknown, VerdictKind::NoOpinion),
        (
            Identity::group("system:nodes"),
            "secrets",
            VerdictKind::NoOpinion,
            VerdictKind::NoOpinion,
        ),
        (masters(), "secrets", VerdictKind::Allowed, VerdictKind::Allowed),
    ];
    for (identity, resource, by_chain, by_rbac) in rows {
        let asked = request(&json!({
            "resourceAttributes": {"verb": "get", "resource": resource, "namespace": "shop"}
        }));
        let of = |request: &Request| {
            (
                authorizer.authorize(&identity, request).verdict.kind(),
                authorizer.authorize_by_rbac(&identity, request).verdict.kind(),
            )
        };
        assert_eq!(of(&asked), (by_chain, by_rbac), "{identity:?} {resource}");
        let column = Column {
            group: "".into(),
            resource: resource.into(),
            subresource: "".into(),
            name: "".into(),
            namespaced: true,
        };
        let axes: Axes = authorizer.axes(vec!["get".into()], vec![column]);
        let grid = authorizer.grid(&axes, &identity, &["shop".into()]);
        let cell = grid.rows.first().map(|row| match (row.is_allowed(0, 0), row.open) {
            (true, _) => VerdictKind::Allowed,
            (false, true) => VerdictKind::Unknown,
            (false, false) => VerdictKind::NoOpinion,
        });
        assert_eq!(cell, Some(by_chain), "grid: {identity:?} {resource}");
    }
}
