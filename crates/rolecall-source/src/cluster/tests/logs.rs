use std::time::Duration;

use super::double::{Double, Reply};
use crate::cluster::{ContainerLog, LogRun, ObjectPath, RequestError};

const LOG: ContainerLog<'static> = ContainerLog {
    namespace: "shop",
    pod: "web-0",
    container: "app",
    run: LogRun::Latest,
    since: None,
};

#[tokio::test]
async fn a_log_is_read_in_chunks() {
    let text = "line\n".repeat(100_000);
    let body = text.clone();
    let double = Double::start(move |_, seen| {
        assert_eq!(seen.path, "/api/v1/namespaces/shop/pods/web-0/log?container=app");
        Reply::text(200, "text/plain", &body)
    })
    .await;
    let mut read = Vec::new();
    let cluster = double.cluster().await;
    cluster.read_log(&LOG, |piece| read.extend_from_slice(piece)).await.unwrap();
    assert_eq!(String::from_utf8(read).unwrap(), text);
}

#[tokio::test]
async fn previous_and_since_become_query_parameters() {
    let double = Double::start(|_, seen| {
        let expected =
            "/api/v1/namespaces/shop/pods/web-0/log?container=app&previous=true&sinceSeconds=90";
        assert_eq!(seen.path, expected);
        Reply::failure(400, "BadRequest", "previous terminated container \"app\" not found")
    })
    .await;
    let log = ContainerLog { run: LogRun::Previous, since: Some(Duration::from_secs(90)), ..LOG };
    let error = double.cluster().await.read_log(&log, |_| panic!("no log")).await.unwrap_err();
    let RequestError::Refused(refusal) = error else { panic!("{error}") };
    assert_eq!(refusal.code, 400);
}

#[tokio::test]
async fn chunks_before_a_broken_connection_are_kept() {
    let double =
        Double::start(|_, _| Reply::text(200, "text/plain", "kept lost").cut_after(4)).await;
    let mut read = Vec::new();
    let cluster = double.cluster().await;
    let outcome = cluster.read_log(&LOG, |piece| read.extend_from_slice(piece)).await;
    assert!(matches!(outcome, Err(RequestError::Broken { .. })), "{outcome:?}");
    assert_eq!(read, b"kept");
}

#[tokio::test]
async fn a_dry_run_stores_nothing() {
    let double = Double::start(|_, seen| {
        let header = |name: &str| {
            seen.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        assert_eq!((&*seen.method, header("content-type")), ("PATCH", Some("application/apply-patch+yaml")));
        assert_eq!(
            seen.path,
            "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/rolecall%3Asa%3Ashop%3Aapi?dryRun=All&fieldManager=rolecall&force=true"
        );
        assert_eq!(seen.body, "{}");
        Reply::failure(403, "Forbidden", "no")
    })
    .await;
    let path = ObjectPath {
        group: "rbac.authorization.k8s.io",
        version: "v1",
        resource: "roles",
        namespace: "shop",
        name: "rolecall:sa:shop:api",
    };
    let error = double.cluster().await.dry_run(&path, "{}".into()).await.unwrap_err();
    assert!(error.refusal().is_some_and(|refusal| refusal.is_forbidden()), "{error}");
    assert_eq!(path.to_string().matches('/').count(), 7);
}
