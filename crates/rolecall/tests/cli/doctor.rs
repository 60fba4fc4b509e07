use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::command::{Ran, rolecall};
use crate::server::{Received, Reply, Server, TOKEN, http, token};

const ACCOUNT: &str = "system:serviceaccount:ns-1:k-sa-1";

/// The claims of a kubelet's token, without the times.
fn claims() -> Value {
    json!({"aud": ["https://kubernetes.default.svc"], "kubernetes.io": {"namespace": "ns-1",
        "serviceaccount": {"name": "k-sa-1", "uid": "u1"}, "pod": {"name": "lister-0", "uid": "u2"}}})
}

/// Writes a token and a namespace next to the server's certificate authority.
fn mount(folder: &Path, claims: &Value) {
    fs::write(folder.join("token"), token(ACCOUNT, claims)).unwrap();
    fs::write(folder.join("namespace"), "ns-1").unwrap();
}

fn with_tls(answer: impl Fn(&Received) -> Option<Reply> + Send + Sync + 'static) -> Server {
    let server = Server::with_tls(&["ns-1"], answer);
    mount(server.folder.path(), &claims());
    server
}

/// Runs `doctor` on the server's directory, and checks that the token is never shown.
fn doctor(server: &Server, arguments: &str) -> Ran {
    let folder = server.folder.path().display();
    let line =
        format!("doctor --serviceaccount-dir {folder} --server {} {arguments}", server.url());
    let ran = server.tidy(rolecall(&line));
    assert!(!ran.to_string().contains(TOKEN), "{ran}");
    ran
}

/// Returns the steps that are not ok, with their status.
fn failing_steps(ran: &Ran) -> Vec<String> {
    let lines = ran.stdout.lines().filter(|line| !line.starts_with([' ', 'o']));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_healthy_pod_passes_every_step() {
    let ran = doctor(&with_tls(|_| None), "");
    assert_snapshot!(ran, @"
    ok       token file: FOLDER/token can be read
    ok       CA file: FOLDER/ca.crt can be read
    ok       namespace file: the Pod's namespace is ns-1
    ok       token: of sa/ns-1:k-sa-1, issued by https://kubernetes.default.svc; it never expires, for https://kubernetes.default.svc
    ok       connection: SERVER answers, with a certificate that ca.crt verifies
    ok       version: v1.36.0
    ok       identity: sa/ns-1:k-sa-1
    ok       rights: in namespace ns-1: list pods
    ok       bound objects: Pod lister-0 and ServiceAccount k-sa-1: the objects of the token exist
    --- exit 0
    ");
}

#[test]
fn long_lists_of_rules_are_shortened() {
    let rights = |seen: &Received| {
        let rule = |verbs: &[&str], resources: &[&str]| json!({"verbs": verbs, "apiGroups": [""], "resources": resources});
        let rules =
            [rule(&["get", "list"], &["pods", "services"]), rule(&["list", "get"], &["secrets"])];
        let paths = json!([{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}]);
        let status =
            json!({"resourceRules": rules, "nonResourceRules": paths, "incomplete": false});
        seen.path
            .ends_with("rulesreviews")
            .then(|| Reply::json(&json!({"kind": "SelfSubjectRulesReview", "status": status})))
    };
    let ran = doctor(&with_tls(rights), "");
    let rights = ran.stdout.lines().find(|line| line.contains(" rights: "));
    assert_snapshot!(rights.unwrap_or_default(), @"ok       rights: in namespace ns-1: get /metrics; get,list pods,secrets,services");
}

#[test]
fn a_missing_mount_fails() {
    let folder = tempfile::tempdir().unwrap();
    let line = format!(
        "doctor --server https://127.0.0.1:1 --serviceaccount-dir {}",
        folder.path().display()
    );
    let ran = rolecall(&line);
    let stdout = ran.stdout.replace(&*folder.path().to_string_lossy(), "FOLDER");
    assert_snapshot!(Ran { stdout, ..ran }, @"
    failed   token file: FOLDER/token does not exist
             in the Pod's spec and its ServiceAccount, remove `automountServiceAccountToken: false`, which prevents mounting a token
    failed   CA file: FOLDER/ca.crt does not exist
             run `kubectl get configmap kube-root-ca.crt -n default -o yaml` to see the certificate that ca.crt should contain
    failed   namespace file: FOLDER/namespace does not exist
             in the Pod's spec, add `metadata.namespace` of the downward API to the custom volume
    unknown  connection: not checked without a ca.crt
    unknown  version: not checked without a ca.crt
    unknown  identity: not checked without a ca.crt
    unknown  rights: not checked without a ca.crt
    --- exit 1
    ");
}

#[test]
fn invalid_files_fail() {
    let server = with_tls(|_| None);
    fs::write(server.folder.path().join("ca.crt"), "no certificate").unwrap();
    fs::write(server.folder.path().join("token"), " \n").unwrap();
    fs::remove_file(server.folder.path().join("namespace")).unwrap();
    assert_snapshot!(failing_steps(&doctor(&server, "")).join("\n"), @"
    failed   token file: FOLDER/token is empty
    failed   CA file: FOLDER/ca.crt contains no certificate
    failed   namespace file: FOLDER/namespace does not exist
    unknown  connection: not checked without a ca.crt
    unknown  version: not checked without a ca.crt
    unknown  identity: not checked without a ca.crt
    unknown  rights: not checked without a ca.crt
    ");
}

#[test]
fn a_server_of_another_authority_fails() {
    let server = with_tls(|_| None);
    let other = with_tls(|_| None);
    fs::copy(other.folder.path().join("ca.crt"), server.folder.path().join("ca.crt")).unwrap();
    assert_snapshot!(doctor(&server, ""), @"
    ok       token file: FOLDER/token can be read
    ok       CA file: FOLDER/ca.crt can be read
    ok       namespace file: the Pod's namespace is ns-1
    ok       token: of sa/ns-1:k-sa-1, issued by https://kubernetes.default.svc; it never expires, for https://kubernetes.default.svc
    failed   connection: cannot connect to `SERVER`: the server's certificate is not signed by a known authority
             run `kubectl get configmap kube-root-ca.crt -n ns-1 -o yaml` to see the certificate that ca.crt should contain
    unknown  version: not checked: no connection
    unknown  identity: not checked: no API server answers
    unknown  rights: not checked: no API server answers
    unknown  bound objects: Pod lister-0 and ServiceAccount k-sa-1: the server did not check them
    --- exit 1
    ");
}

#[test]
fn an_unreachable_server_fails() {
    let server = with_tls(|_| None);
    let folder = server.folder.path().display();
    let port = http::unused_port();
    let ran = rolecall(&format!(
        "doctor --serviceaccount-dir {folder} --server https://127.0.0.1:{port}"
    ));
    assert_snapshot!(failing_steps(&ran).join("\n").replace(&port.to_string(), "PORT"), @"
    failed   connection: cannot connect to `https://127.0.0.1:PORT`: the connection was refused
    unknown  version: not checked: no connection
    unknown  identity: not checked: no API server answers
    unknown  rights: not checked: no API server answers
    unknown  bound objects: Pod lister-0 and ServiceAccount k-sa-1: the server did not check them
    ");
}

#[test]
fn a_rejected_token_fails() {
    let server = with_tls(|_| Some(Reply::failure(401, "Unauthorized", "Unauthorized")));
    assert_snapshot!(doctor(&server, ""), @"
    ok       token file: FOLDER/token can be read
    ok       CA file: FOLDER/ca.crt can be read
    ok       namespace file: the Pod's namespace is ns-1
    ok       token: of sa/ns-1:k-sa-1, issued by https://kubernetes.default.svc; it never expires, for https://kubernetes.default.svc
    ok       connection: SERVER answers, with a certificate that ca.crt verifies
    unknown  version: not available without valid credentials
    failed   identity: 401: the server rejects the token: it belongs to another cluster, or is bound to a deleted object
             run `kubectl get pod lister-0 -n ns-1 -o jsonpath={.metadata.uid}` to compare it with the UID in the token, u2
             run `kubectl get serviceaccount k-sa-1 -n ns-1 -o jsonpath={.metadata.uid}` to compare it with the UID in the token, u1
    unknown  rights: not checked: the request is anonymous
    unknown  bound objects: Pod lister-0 and ServiceAccount k-sa-1: the server did not check them
    --- exit 1
    ");
}

#[test]
fn a_rejected_opaque_token_fails() {
    let server = with_tls(|_| Some(Reply::failure(401, "Unauthorized", "Unauthorized")));
    fs::write(server.folder.path().join("token"), "garbage").unwrap();
    assert_snapshot!(doctor(&server, ""), @"
    ok       token file: FOLDER/token can be read
    ok       CA file: FOLDER/ca.crt can be read
    ok       namespace file: the Pod's namespace is ns-1
    unknown  token: it is not a JSON Web Token: only the server can read it
    ok       connection: SERVER answers, with a certificate that ca.crt verifies
    unknown  version: not available without valid credentials
    failed   identity: 401: the server rejects the token
             run `kubectl create token SERVICEACCOUNT -n ns-1` to create a valid token
    unknown  rights: not checked: the request is anonymous
    --- exit 1
    ");
}

#[test]
fn without_a_token_requests_are_anonymous() {
    let server = with_tls(|_| None);
    fs::remove_file(server.folder.path().join("token")).unwrap();
    assert_snapshot!(doctor(&server, ""), @"
    failed   token file: FOLDER/token does not exist
             in the Pod's spec and its ServiceAccount, remove `automountServiceAccountToken: false`, which prevents mounting a token
    ok       CA file: FOLDER/ca.crt can be read
    ok       namespace file: the Pod's namespace is ns-1
    ok       connection: SERVER answers, with a certificate that ca.crt verifies
    ok       version: v1.36.0
    failed   identity: system:anonymous: there is no token to send
             run `kubectl get pod POD -n ns-1 -o jsonpath={.spec.automountServiceAccountToken}` to check whether the Pod disables the token
    unknown  rights: not checked: the request is anonymous
    --- exit 1
    ");
    let closed = with_tls(|_| Some(Reply::failure(401, "Unauthorized", "Unauthorized")));
    fs::remove_file(closed.folder.path().join("token")).unwrap();
    assert_snapshot!(failing_steps(&doctor(&closed, "")).join("\n"), @r#"
    failed   token file: FOLDER/token does not exist
    unknown  version: not available without valid credentials
    failed   identity: 401: the server rejects requests without a token
    unknown  rights: not checked: the request is anonymous
    "#);
}

#[test]
fn incomplete_rules_are_marked() {
    let rights = |rules: Value, error: &'static str| {
        with_tls(move |seen| {
            let status = json!({"resourceRules": rules, "nonResourceRules": [],
                "incomplete": error.is_empty(), "evaluationError": error});
            seen.path
                .ends_with("rulesreviews")
                .then(|| Reply::json(&json!({"kind": "SelfSubjectRulesReview", "status": status})))
        })
    };
    let rules_step = |server: Server| {
        let ran = doctor(&server, "");
        let line = ran.stdout.lines().find(|line| line.contains(" rights: "));
        format!("{}\n--- exit {:?}", line.unwrap_or_default(), ran.exit)
    };
    let pods = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]);
    assert_snapshot!(rules_step(rights(pods, "RBAC: role \"x\" not found")), @r#"
    ok       rights: in namespace ns-1: get pods; possibly more, because the server does not list all rules: RBAC: role "x" not found
    --- exit Some(0)
    "#);
    assert_snapshot!(rules_step(rights(json!([]), "")), @"
    unknown  rights: in namespace ns-1 only the default rules of every user, but the server does not list all rules
    --- exit Some(3)
    ");
}

#[test]
fn an_expired_token_fails() {
    let server = with_tls(|_| Some(Reply::failure(401, "Unauthorized", "Unauthorized")));
    let mut claims = claims();
    claims["exp"] = json!(1_000_000_000);
    mount(server.folder.path(), &claims);
    let ran = doctor(&server, "-o json");
    let diagnosis: Value = serde_json::from_str(&ran.stdout).unwrap();
    let steps = diagnosis["steps"].as_array().unwrap().iter();
    let failed: Vec<&str> = steps
        .filter(|step| step["status"] == "failed")
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["token", "identity"]);
    assert_eq!(diagnosis["credential"]["claims"]["expires"], "2001-09-09T01:46:40Z");
    assert_eq!(ran.exit, Some(1));
}

#[test]
fn a_proxy_that_drops_the_token_is_detected() {
    let anonymous =
        r#"{"kind":"SelfSubjectReview","status":{"userInfo":{"username":"system:anonymous"}}}"#;
    let server = with_tls(move |seen| {
        let body = anonymous.to_owned();
        seen.path.ends_with("selfsubjectreviews").then_some(Reply { status: 200, body })
    });
    assert_snapshot!(failing_steps(&doctor(&server, "")).join("\n"), @"
    failed   identity: system:anonymous: the token did not arrive
    unknown  rights: not checked: the request is anonymous
    ");
}

#[test]
fn an_identity_without_access_is_distinguished() {
    let server = with_tls(|seen| {
        let message = format!("forbidden: User \"{ACCOUNT}\" cannot get path \"{}\"", seen.path);
        Some(Reply::failure(403, "Forbidden", &message))
    });
    assert_snapshot!(doctor(&server, ""), @r#"
    ok       token file: FOLDER/token can be read
    ok       CA file: FOLDER/ca.crt can be read
    ok       namespace file: the Pod's namespace is ns-1
    ok       token: of sa/ns-1:k-sa-1, issued by https://kubernetes.default.svc; it never expires, for https://kubernetes.default.svc
    ok       connection: SERVER answers, with a certificate that ca.crt verifies
    unknown  version: 403, authenticated but not authorized: forbidden: User "system:serviceaccount:ns-1:k-sa-1" cannot get path "/version"
             run `kubectl get clusterrolebinding system:public-info-viewer -o yaml` to check the default binding that allows everyone to ask
    ok       identity: sa/ns-1:k-sa-1 (according to the token: this server does not report identities)
    unknown  rights: the server does not list all rules of namespace ns-1
             run `kubectl auth can-i --list -n ns-1` to see the listed rules
    ok       bound objects: Pod lister-0 and ServiceAccount k-sa-1: the objects of the token exist
    --- exit 3
    "#);
}

#[test]
fn an_old_server_does_not_report_the_identity() {
    let server = with_tls(|seen| seen.path.ends_with("selfsubjectreviews").then(Reply::not_found));
    let ran = doctor(&server, "");
    let identity = ran.stdout.lines().find(|line| line.contains(" identity: "));
    assert_snapshot!(identity.unwrap_or_default(), @"ok       identity: sa/ns-1:k-sa-1 (according to the token: this server does not report identities)");
    assert_eq!(ran.exit, Some(0));
}

#[test]
fn a_server_that_is_not_kubernetes_fails() {
    let server = with_tls(|_| Some(Reply { status: 200, body: "<html>".to_owned() }));
    assert_snapshot!(failing_steps(&doctor(&server, "")).join("\n"), @"
    failed   version: `SERVER` answered `/version` with something other than Kubernetes JSON
    unknown  identity: not checked: no API server answers
    unknown  rights: not checked: no API server answers
    unknown  bound objects: Pod lister-0 and ServiceAccount k-sa-1: the server did not check them
    ");
}

#[test]
fn a_proxy_uses_its_own_identity_and_gets_no_token() {
    let server = Server::with(&["ns-1"], |seen| {
        assert_eq!(seen.headers("authorization").count(), 0);
        let body = r#"{"kind":"SelfSubjectReview","status":{"userInfo":{"username":"ops","groups":["system:masters"]}}}"#;
        let body = body.to_owned();
        seen.path.ends_with("selfsubjectreviews").then_some(Reply { status: 200, body })
    });
    assert_snapshot!(server.tidy(rolecall(&format!("doctor --server {}", server.url()))), @"
    ok       connection: SERVER answers
    ok       version: v1.36.0
    ok       identity: user/ops: the identity of the proxy
    ok       rights: everything, as a member of system:masters
    --- exit 0
    ");
    mount(server.folder.path(), &claims());
    fs::write(server.folder.path().join("ca.crt"), "-----BEGIN CERTIFICATE-----").unwrap();
    let ran = doctor(&server, "");
    let identity = ran.stdout.lines().find(|line| line.contains(" identity: "));
    assert_snapshot!(identity.unwrap_or_default(), @"ok       identity: user/ops: the identity of the proxy; that of the Pod is system:serviceaccount:ns-1:k-sa-1");
}

#[test]
fn a_proxy_to_an_old_server_has_an_unknown_identity() {
    let server = Server::with(&["ns-1"], |seen| {
        let status = json!({"resourceRules": [{"verbs": ["*"], "apiGroups": ["*"],
            "resources": ["*"]}], "nonResourceRules": [], "incomplete": false});
        match &*seen.path {
            path if path.ends_with("rulesreviews") => {
                Some(Reply::json(&json!({"kind": "SelfSubjectRulesReview", "status": status})))
            }
            path if path.ends_with("selfsubjectreviews") => Some(Reply::not_found()),
            "/version" => None,
            _ => Some(Reply { status: 200, body: "{}".to_owned() }),
        }
    });
    let ran = server.tidy(rolecall(&format!("doctor --server {}", server.url())));
    assert_snapshot!(ran, @"
    ok       connection: SERVER answers
    ok       version: v1.36.0
    unknown  identity: the server does not report identities
    ok       rights: in namespace default: * *.*
    --- exit 3
    ");
}

#[test]
fn a_proxy_without_credentials_is_anonymous() {
    let server = Server::of(&["ns-1"]);
    let ran = server.tidy(rolecall(&format!("doctor --server {}", server.url())));
    assert_snapshot!(ran, @"
    ok       connection: SERVER answers
    ok       version: v1.36.0
    failed   identity: system:anonymous: the proxy sends no credentials
             run `kubectl auth whoami` to check the credentials of the proxy
    unknown  rights: not checked: the request is anonymous
    --- exit 1
    ");
}

#[test]
fn kubeconfig_options_do_not_apply() {
    assert_snapshot!(rolecall("doctor --context other"), @"
    --- stderr
    error: `doctor` only checks the mounted files and environment of a Pod
    hint: run `rolecall whoami` to check the credentials of a kubeconfig
    --- exit 2
    ");
}
