use rolecall_rbac::Catalog;
use serde_json::json;

use super::double::{Double, Reply};

/// Formats the served resources of a catalog, one per line.
fn shown(catalog: &Catalog) -> Vec<String> {
    catalog
        .resources()
        .iter()
        .filter(|resource| !resource.is_virtual)
        .map(|resource| {
            let subresources: Vec<&str> =
                resource.subresources.iter().map(|subresource| &*subresource.name).collect();
            format!(
                "{}.{} {} {} {} {:?} {:?} {subresources:?}",
                resource.resource,
                resource.group,
                resource.singular,
                resource.kind,
                if resource.namespaced { "namespaced" } else { "cluster" },
                resource.short_names,
                resource.verbs,
            )
        })
        .collect()
}

#[tokio::test]
async fn aggregated_discovery_takes_two_requests() {
    let double = Double::start(|_, seen| match &*seen.path {
        "/api" => Reply::json(200, &json!({"kind": "APIGroupDiscoveryList", "items": [
            {"metadata": {}, "versions": [{"version": "v1", "freshness": "Current", "resources": [
                {"resource": "pods", "responseKind": {"kind": "Pod"}, "scope": "Namespaced",
                 "singularResource": "pod", "verbs": ["list", "get"], "shortNames": ["po"],
                 "subresources": [{"subresource": "log", "verbs": ["get"]},
                    {"subresource": "exec", "verbs": ["create", "get"]}]},
                {"resource": "nodes", "responseKind": {"kind": "Node"}, "scope": "Cluster",
                 "singularResource": "node", "verbs": ["get"]},
            ]}]},
        ]})),
        _ => Reply::json(200, &json!({"kind": "APIGroupDiscoveryList", "items": [
            {"metadata": {"name": "apps"}, "versions": [
                {"version": "v1", "resources": [{"resource": "deployments", "scope": "Namespaced",
                    "responseKind": {"kind": "Deployment"}, "verbs": ["get"],
                    "subresources": [{"subresource": "scale", "verbs": ["get"]}]}]},
                // An older version can serve resources that the preferred one has dropped.
                {"version": "v1beta1", "resources": [
                    {"resource": "deployments", "scope": "Namespaced", "verbs": ["list"],
                     "subresources": [{"subresource": "rollback", "verbs": ["create"]}]},
                    {"resource": "old", "scope": "Namespaced", "verbs": ["get"]}]},
            ]},
            {"metadata": {"name": "metrics.k8s.io"}, "versions": [
                {"version": "v1beta1", "freshness": "Stale", "resources": []}]},
        ]})),
    })
    .await;
    let discovery = double.cluster().await.discover().await.unwrap();
    assert_eq!(
        shown(&discovery.catalog),
        [
            r#"nodes. node Node cluster [] ["get"] []"#,
            r#"pods. pod Pod namespaced ["po"] ["get", "list"] ["exec", "log"]"#,
            r#"deployments.apps deployment Deployment namespaced [] ["get"] ["rollback", "scale"]"#,
            r#"old.apps   namespaced [] ["get"] []"#,
        ]
    );
    assert_eq!(discovery.unavailable.len(), 1);
    assert_eq!(discovery.unavailable[0].group_version, "metrics.k8s.io/v1beta1");
    assert_eq!(double.paths().len(), 2);
}

#[tokio::test]
async fn legacy_discovery_reports_unavailable_versions() {
    let double = Double::start(|_, seen| match &*seen.path {
        "/api" => Reply::json(200, &json!({"kind": "APIVersions", "versions": ["v1"]})),
        "/apis" => Reply::json(200, &json!({"kind": "APIGroupList", "groups": [
            {"name": "apps", "preferredVersion": {"groupVersion": "apps/v1"}, "versions": [
                {"groupVersion": "apps/v1beta1"}, {"groupVersion": "apps/v1"}]},
            {"name": "metrics.k8s.io", "versions": [{"groupVersion": "metrics.k8s.io/v1beta1"}]},
        ]})),
        "/api/v1" => Reply::json(200, &json!({"kind": "APIResourceList", "resources": [
            {"name": "pods", "singularName": "", "namespaced": true, "kind": "Pod",
             "verbs": ["get"], "shortNames": ["po"]},
            {"name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod",
             "verbs": ["get"]},
        ]})),
        "/apis/apps/v1" => Reply::json(200, &json!({"kind": "APIResourceList", "resources": [
            {"name": "deployments", "singularName": "", "namespaced": true, "kind": "Deployment",
             "verbs": ["get", "create"]},
        ]})),
        "/apis/apps/v1beta1" => Reply::json(200, &json!({"kind": "APIResourceList", "resources": [
            {"name": "deployments", "namespaced": true, "kind": "OldDeployment", "verbs": []},
        ]})),
        _ => Reply::failure(503, "ServiceUnavailable", "the server is unable to handle it"),
    })
    .await;
    let discovery = double.cluster().await.discover().await.unwrap();
    assert_eq!(
        shown(&discovery.catalog),
        [
            r#"pods. pod Pod namespaced ["po"] ["get"] ["log"]"#,
            r#"deployments.apps deployment Deployment namespaced [] ["create", "get"] []"#,
        ]
    );
    let unavailable = &discovery.unavailable;
    assert_eq!(
        (unavailable.len(), &*unavailable[0].group_version, &*unavailable[0].because),
        (1, "metrics.k8s.io/v1beta1", "the server is unable to handle it")
    );
}

#[tokio::test]
async fn forbidden_discovery_is_an_error() {
    let double = Double::start(|_, _| Reply::failure(403, "Forbidden", "no discovery")).await;
    let error = double.cluster().await.discover().await.unwrap_err();
    assert_eq!((error.to_string(), error.is_fatal()), ("no discovery".to_owned(), false));
}
