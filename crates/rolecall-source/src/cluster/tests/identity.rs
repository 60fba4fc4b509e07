use rolecall_rbac::Identity;
use serde_json::json;

use super::connect::{TOKEN, kubeconfig};
use super::double::{Double, Reply};
use crate::cluster::{Cluster, ClusterOptions, Credential, IdentitySource};

fn not_found() -> Reply {
    Reply::failure(404, "NotFound", "the server could not find the requested resource")
}

fn version() -> Reply {
    Reply::json(200, &json!({"major": "1", "minor": "20", "gitVersion": "v1.20.2"}))
}

#[tokio::test]
async fn a_self_subject_review_contains_the_whole_identity() {
    let double = Double::start(|count, seen| match count {
        0 => not_found(),
        _ => {
            assert_eq!(seen.path, "/apis/authentication.k8s.io/v1beta1/selfsubjectreviews");
            Reply::json(
                201,
                &json!({"kind": "SelfSubjectReview", "status": {"userInfo": {
                "username": "jane", "uid": "7", "groups": ["devs"], "extra": {"k": ["v"]}}}}),
            )
        }
    })
    .await;
    let cluster = double.cluster().await;
    let who = cluster.who_am_i().await.unwrap().unwrap();
    assert_eq!(who.source, IdentitySource::Server);
    assert_eq!(
        who.identity,
        Identity {
            user: "jane".into(),
            uid: "7".into(),
            groups: vec!["devs".into()],
            extra: [("k".into(), vec!["v".into()])].into(),
        }
    );
    assert_eq!(cluster.credential(), Credential::Token(None));
    assert!(!format!("{:?}", cluster.credential()).contains(TOKEN));
}

#[tokio::test]
async fn an_old_server_names_the_user_in_a_refusal() {
    let double = Double::start(|_, seen| match &*seen.path {
        "/rolecall-whoami" => Reply::failure(
            403,
            "Forbidden",
            r#"forbidden: User "oidc:\"jane\"" cannot get path "/rolecall-whoami""#,
        ),
        "/version" => version(),
        _ => not_found(),
    })
    .await;
    let who = double.cluster().await.who_am_i().await.unwrap().unwrap();
    assert_eq!((&*who.identity.user, who.source), (r#"oidc:"jane""#, IdentitySource::Refusal));
}

#[tokio::test]
async fn a_refused_self_subject_review_names_the_user() {
    let double = Double::start(|_, _| {
        let message = r#"selfsubjectreviews.authentication.k8s.io is forbidden: User "system:anonymous" cannot create resource"#;
        Reply::failure(403, "Forbidden", message)
    })
    .await;
    let who = double.cluster().await.who_am_i().await.unwrap().unwrap();
    assert_eq!(
        (who.identity, who.source),
        (Identity::user("system:anonymous"), IdentitySource::Refusal)
    );
}

#[tokio::test]
async fn the_identity_can_be_unknown() {
    let double = Double::start(|_, seen| match &*seen.path {
        "/version" => version(),
        _ => not_found(),
    })
    .await;
    assert_eq!(double.cluster().await.who_am_i().await.unwrap(), None);
}

/// Other servers are recognized before an identity is derived from their responses.
#[tokio::test]
async fn other_servers_do_not_yield_an_identity() {
    let page = || Reply::text(404, "text/plain", "404 page not found\n");
    let html = || Reply::text(200, "text/html", "<html>Please log in</html>");
    let redirect = || Reply::text(302, "text/html", "").header("location", "/login");
    let etcd = || Reply::text(200, "application/json", r#"{"etcdserver":"3.6.0"}"#);
    for reply in [page(), html(), redirect(), etcd()] {
        let double = Double::start(move |_, _| reply.clone()).await;
        let cluster = double.cluster().await;
        let expected = format!("`{}` is not a Kubernetes API server", double.url());
        let error = cluster.who_am_i().await.unwrap_err();
        assert_eq!((error.to_string(), error.is_fatal()), (expected.clone(), true));
        let error = cluster.discover().await.unwrap_err();
        assert_eq!((error.to_string(), error.is_fatal()), (expected, true));
    }
}

#[tokio::test]
async fn a_caller_is_anonymous_only_if_the_server_confirms_it() {
    let message = r#"forbidden: User "system:anonymous" cannot get path "/rolecall-whoami""#;
    for (refused, expected) in [(false, None), (true, Some(IdentitySource::Credential))] {
        let double = Double::start(move |_, seen| match &*seen.path {
            "/rolecall-whoami" if refused => Reply::failure(403, "Forbidden", message),
            "/version" => version(),
            _ => not_found(),
        })
        .await;
        let path = double.folder().join("config");
        let server = format!("server: {}", double.url());
        std::fs::write(&path, kubeconfig(&server, "{}")).unwrap();
        let options = ClusterOptions { kubeconfig: Some(path), ..ClusterOptions::default() };
        let cluster = Cluster::connect(&options).await.unwrap();
        assert_eq!(cluster.credential(), Credential::Nothing);
        let who = cluster.who_am_i().await.unwrap();
        assert_eq!(who.map(|who| who.source), expected, "refused: {refused}");
    }
}
