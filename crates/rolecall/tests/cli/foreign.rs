//! Servers that are not Kubernetes, that respond strangely or not at all.

use insta::assert_snapshot;
use serde_json::json;

use crate::command::{Ran, run};
use crate::server::{Reply, Server};

const COMMANDS: [&str; 12] = [
    "whoami",
    "can-i list pods",
    "can-i list pods --for sa/web",
    "can-i list pods --mode live",
    "can-i --resources pods",
    "who-can get secrets -A",
    "why list pods --for sa/web",
    "rules --for sa/web",
    "walk -A",
    "fix list pods --for sa/web",
    "snapshot",
    "diff cluster fixtures/ns-1",
];

#[test]
fn every_command_reports_once_that_a_server_is_not_kubernetes() {
    let bodies = [
        (404, "404 page not found\n"),
        (200, "<html>Please log in</html>"),
        (200, "{\"etcdserver\":\"3.6.0\",\"etcdcluster\":\"3.6.0\"}"),
        (302, ""),
        (405, "method not allowed"),
    ];
    for (status, body) in bodies {
        for arguments in COMMANDS {
            let server =
                Server::with(&["ns-1"], move |_| Some(Reply { status, body: body.to_owned() }));
            let Ran { exit, stdout, stderr } = server.rolecall("admin", arguments);
            let errors: Vec<&str> =
                stderr.lines().filter(|line| !line.starts_with("caused by:")).collect();
            let hint = "hint: run `kubectl config view --minify` to check that this is the right \
                server";
            assert_eq!(
                (exit, &*stdout, &*errors),
                (Some(2), "", &["error: `SERVER` is not a Kubernetes API server", hint][..]),
                "{status} {body}: {arguments}"
            );
        }
    }
}

#[test]
fn a_certificate_has_no_identity_on_another_kind_of_server() {
    let server = Server::with(&["ns-1"], |_| {
        Some(Reply { status: 404, body: "default backend - 404".to_owned() })
    });
    let key = rcgen::KeyPair::generate().unwrap();
    let mut certificate = rcgen::CertificateParams::new([]).unwrap();
    certificate.distinguished_name.push(rcgen::DnType::CommonName, "admin");
    certificate.distinguished_name.push(rcgen::DnType::OrganizationName, "system:masters");
    let path = |name: &str| server.folder.path().join(name);
    std::fs::write(path("crt"), certificate.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(path("key"), key.serialize_pem()).unwrap();
    let mut command = server.command_with(
        &json!({"client-certificate": path("crt"), "client-key": path("key")}),
        "can-i list pods",
    );
    assert_snapshot!(server.tidy(run(&mut command, "")), @r#"
    --- stderr
    error: `SERVER` is not a Kubernetes API server
    caused by: default backend - 404
    hint: run `kubectl config view --minify` to check that this is the right server
    --- exit 2
    "#);
}

/// Lists with an invalid structure are not read, so they cannot deny anything.
#[test]
fn malformed_lists_are_never_no() {
    let bodies = [
        json!({"kind": "RoleBindingList", "items": {}}),
        json!({"kind": "RoleBindingList", "metadata": {}}),
        json!({"kind": "RoleBindingList", "items": [{"kind": "Role", "metadata": {"name": "a"}}]}),
        json!({"kind": "PodList", "items": []}),
        json!({"kind": "List", "items": []}),
        json!({"kind": "Table", "rows": []}),
    ];
    for body in bodies {
        let text = body.to_string();
        let server = Server::with(&["ns-1"], move |seen| {
            seen.path.ends_with("/rolebindings").then(|| Reply::json(&body))
        });
        let ran =
            server.rolecall("admin", "can-i get pods --for user/jane -n ns-1 --mode local -q");
        assert_eq!(ran.exit, Some(3), "{text}: {ran}");
    }
}

#[test]
fn a_context_whose_user_is_missing_is_an_error() {
    let server = Server::of(&["ns-1"]);
    let config = server.folder.path().join("broken");
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "janet"}}],
        "clusters": [{"name": "lab", "cluster": {"server": server.url()}}],
        "users": [{"name": "jane", "user": {}}],
    });
    std::fs::write(&config, kubeconfig.to_string()).unwrap();
    let arguments = format!("whoami --kubeconfig {}", config.display());
    assert_snapshot!(server.rolecall("admin", &arguments), @r#"
    --- stderr
    error: context `lab` refers to a user that the kubeconfig does not contain, `janet`
    hint: use `jane` instead of `janet`
    hint: run `kubectl config get-users --kubeconfig FOLDER/broken` to list the users
    --- exit 2
    "#);
}

#[test]
fn kubectls_connection_options_override_the_kubeconfig() {
    let server = Server::of(&["ns-1"]);
    let token = crate::server::token("jane", &json!({}));
    for arguments in [
        format!("whoami -o json --kubeconfig /dev/null --server {} --token {token}", server.url()),
        format!("whoami -o json -s {} --token={token}", server.url()),
        format!("--token {token} whoami -o json --cache-dir /tmp --disable-compression"),
    ] {
        let ran = server.rolecall("admin", &arguments);
        let who: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        assert_eq!((who["user"].as_str(), ran.exit), (Some("jane"), Some(0)), "{ran}");
        assert!(!ran.to_string().contains(crate::server::TOKEN), "{ran}");
    }
    assert_snapshot!(server.rolecall("admin", "whoami --cluster nope"), @r#"
    --- stderr
    error: context `test` refers to a cluster without a server, `nope`
    hint: run `kubectl config set-cluster nope --server=https://HOST:PORT` to set its server
    --- exit 2
    "#);
    assert_snapshot!(server.rolecall("admin", "whoami --as-user-extra scopes"), @"
    --- stderr
    error: invalid value 'scopes' for '--as-user-extra <KEY=VALUE>': use the format KEY=VALUE

    For more information, try '--help'.
    --- exit 2
    ");
    let ran = server.rolecall("admin", "whoami --as jane --as-uid 7 --as-user-extra Scopes=a");
    assert_eq!(ran.exit, Some(0), "{ran}");
    let impersonated = server.received();
    let last = impersonated.last().unwrap();
    let header = |name: &str| last.headers(name).next().map(str::to_owned);
    assert_eq!(
        (header("impersonate-uid"), header("impersonate-extra-scopes")),
        (Some("7".to_owned()), Some("a".to_owned()))
    );
}
