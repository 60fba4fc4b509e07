//! The volumes of a pod spec with a token, their audiences, and the containers that mount them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use rolecall_source::manifests::{Defaults, LoadConfig, Selection, load};

/// Reads a Pod whose containers `a` and `b` both mount the volume `v`, `b` at the default token
/// path.
fn tokens(volume: &str) -> String {
    let pod = format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{
            volumes: [{{name: other, emptyDir: {{}}}}, {{name: v, {volume}}}],
            containers: [
              {{name: a, image: i, volumeMounts: [{{name: v, mountPath: /v}}]}},
              {{name: b, image: i, volumeMounts: [
                {{name: v, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}}]}},
              {{name: c, image: i, volumeMounts: [{{name: other, mountPath: /tmp}}]}}]}}}}"
    );
    let config = LoadConfig {
        paths: vec!["-".into()],
        default_namespace: "default".into(),
        defaults: Defaults::None,
        selection: Selection::Everything,
        exclude: Vec::new(),
    };
    let loaded = load(&config, pod.as_bytes());
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let spec = &loaded.inventory.workloads()[0].pods[0];
    let covered: Vec<bool> = spec.containers.iter().map(|c| c.covers_token_path).collect();
    assert_eq!(covered, [false, true, false]);
    spec.token_volumes
        .iter()
        .map(|volume| {
            format!("{}:{}@{}", volume.name, volume.audience, volume.mounted_by.join(","))
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn every_token_of_a_volume_is_read() {
    for (volume, expected) in [
        ("emptyDir: {}", ""),
        ("projected: {sources: [{serviceAccountToken: {path: token}}]}", "v:@a,b"),
        (
            "projected: {sources: [{serviceAccountToken: {path: t, audience: vault}}]}",
            "v:vault@a,b",
        ),
        (
            "projected: {sources: [{configMap: {name: x}}, {serviceAccountToken: {path: t, audience: \
             vault}}, {serviceAccountToken: {path: u}}]}",
            "v:vault@a,b v:@a,b",
        ),
        ("projected: {sources: [{secret: {name: x}}]}", ""),
        ("projected: null", ""),
        ("secret: {secretName: web-token-x7f2k}", "v:@a,b"),
        ("secret: {secretName: web-token}", ""),
        ("secret: {secretName: api-token-staging}", ""),
        ("secret: {secretName: tls}", ""),
    ] {
        assert_eq!(tokens(volume), expected, "{volume}");
    }
}
