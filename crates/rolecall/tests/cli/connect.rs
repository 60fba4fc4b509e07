//! Kubeconfigs that do not work, and the hints to fix them.

use std::path::Path;

use insta::assert_snapshot;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use crate::command::{Ran, rolecall};
use crate::server::{Reply, Server, http, token};

/// Runs `whoami` with a kubeconfig that contains one cluster and one user.
fn whoami(folder: &Path, cluster: &Value, user: &Value) -> Ran {
    let path = folder.join("config");
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": user}],
    });
    std::fs::write(&path, kubeconfig.to_string()).unwrap();
    let ran = rolecall(&format!("whoami --kubeconfig {}", path.display()));
    let tidy = |text: String| text.replace(&*folder.to_string_lossy(), "FOLDER");
    Ran { exit: ran.exit, stdout: tidy(ran.stdout), stderr: tidy(ran.stderr) }
}

#[test]
fn unavailable_credentials_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let of = |user: Value| whoami(folder.path(), &json!({"server": "https://127.0.0.1:1"}), &user);
    let plugin = json!({"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
        "command": "/nowhere/plugin", "installHint": "get it from example.com"});
    assert_snapshot!(of(json!({"exec": plugin})), @r#"
    --- stderr
    error: the credential plugin `/nowhere/plugin` cannot be run
    caused by: no such file or directory
    hint: run `command -v /nowhere/plugin` to check whether it is installed
    hint: get it from example.com
    --- exit 2
    "#);
    assert_snapshot!(of(json!({"auth-provider": {"name": "gcp"}})), @r#"
    --- stderr
    error: the auth provider `gcp` is not supported
    hint: in the kubeconfig, use a credential plugin (`exec`), as kubectl requires since v1.26
    --- exit 2
    "#);
    assert_snapshot!(of(json!({"tokenFile": "/nowhere/token"})), @r#"
    --- stderr
    error: cannot read the token file `/nowhere/token`
    caused by: no such file or directory
    hint: run `kubectl config view --minify --kubeconfig FOLDER/config` to check the user's `tokenFile`
    --- exit 2
    "#);
}

#[test]
fn a_key_must_match_the_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let [key, other] = [(); 2].map(|()| KeyPair::generate().unwrap());
    let certificate = CertificateParams::new([]).unwrap().self_signed(&key).unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("crt"), certificate.pem()).unwrap();
    std::fs::write(path("key"), other.serialize_pem()).unwrap();
    let user = json!({"client-certificate": path("crt"), "client-key": path("key")});
    let ran = whoami(folder.path(), &json!({"server": "https://127.0.0.1:1"}), &user);
    assert_snapshot!(ran, @r#"
    --- stderr
    error: cannot use the client key
    caused by: it does not match the client certificate
    hint: run `kubectl config view --minify --kubeconfig FOLDER/config` to check the context
    --- exit 2
    "#);
}

#[test]
fn an_unreachable_proxy_is_reported_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let port = http::unused_port().to_string();
    let proxy = format!("http://joe:SECRET@127.0.0.1:{port}");
    let cluster = json!({"server": "http://cluster.example", "proxy-url": proxy});
    let ran = whoami(folder.path(), &cluster, &json!({}));
    assert_snapshot!(ran.to_string().replace(&port, "PORT"), @r#"
    --- stderr
    error: cannot connect to `http://cluster.example`
    caused by: the connection was refused
    hint: in the kubeconfig's `proxy-url`, or HTTPS_PROXY, check the proxy `http://127.0.0.1:PORT`
    --- exit 2
    "#);
}

#[test]
fn responses_of_a_gateway_are_not_the_servers() {
    let answering = |status, body: &'static str| {
        let server =
            Server::with(&["ns-1"], move |_| Some(Reply { status, body: body.to_owned() }));
        let ran = whoami(server.folder.path(), &json!({"server": server.url()}), &json!({}));
        server.tidy(ran)
    };
    assert_snapshot!(answering(302, ""), @r#"
    --- stderr
    error: `SERVER` is not a Kubernetes API server
    caused by: the server responded with HTTP status 302
    hint: run `kubectl config view --minify --kubeconfig FOLDER/config` to check that this is the right server
    --- exit 2
    "#);
    assert_snapshot!(answering(501, "not here"), @"
    --- stderr
    error: `SERVER` does not answer as an API server should
    caused by: not here
    hint: run `kubectl get --raw '/readyz?verbose' --kubeconfig FOLDER/config` to see what is not ready
    --- exit 2
    ");
}

#[test]
fn expired_credentials_are_reported() {
    let server = Server::of(&["ns-1"]);
    let expired = token("jane", &json!({"exp": 0})).replace("SECRET", "WRONG");
    let folder = server.folder.path();
    let ran = whoami(folder, &json!({"server": server.url()}), &json!({"token": expired}));
    let text = server.tidy(ran).to_string();
    let age = text.split_once("00Z (").and_then(|(_, rest)| rest.split_once(" ago")).unwrap().0;
    assert_snapshot!(text.replace(age, "DAYS"), @r#"
    --- stderr
    error: `SERVER` does not accept the credentials: the token expired 1970-01-01T00:00:00Z (DAYS ago)
    caused by: Unauthorized
    hint: run `kubectl config view --minify --kubeconfig FOLDER/config` to check the credentials
    --- exit 2
    "#);
}
