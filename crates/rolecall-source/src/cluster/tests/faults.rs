use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::connect::TOKEN;
use super::double::{Double, Reply, Seen};
use crate::cluster::list::Sink;
use crate::cluster::{Cluster, ConnectProblem, RequestError};

/// Keeps the names of the objects of complete pages.
#[derive(Default)]
struct Names {
    kept: Vec<String>,
    page: Vec<String>,
}

impl Sink for Names {
    fn takes(&self, list_kind: &str) -> bool {
        list_kind == "PodList"
    }

    fn object(&mut self, json: &[u8]) {
        let object: Value = serde_json::from_slice(json).unwrap();
        self.page.push(object["metadata"]["name"].as_str().unwrap().to_owned());
    }

    fn keep_page(&mut self) {
        self.kept.append(&mut self.page);
    }

    fn forget_page(&mut self) {
        self.page.clear();
    }

    fn forget_all(&mut self) {
        self.kept.clear();
        self.page.clear();
    }
}

const PODS: &str = "/api/v1/pods";

async fn pods(cluster: &Cluster) -> Result<Vec<String>, RequestError> {
    let mut names = Names::default();
    cluster.list(PODS, "application/json", &mut names).await?;
    assert!(names.page.is_empty());
    Ok(names.kept)
}

fn page(names: &[&str], token: &str) -> Reply {
    let items: Vec<Value> = names.iter().map(|name| json!({"metadata": {"name": name}})).collect();
    Reply::json(
        200,
        &json!({"kind": "PodList", "apiVersion": "v1",
            "metadata": {"resourceVersion": "7", "continue": token}, "items": items}),
    )
}

/// Returns one of three pages with one Pod each.
fn three_pages(seen: &Seen) -> Reply {
    match seen.path.split_once("continue=").map(|(_, token)| token) {
        None => page(&["a"], "two/2="),
        Some("two%2F2%3D") => page(&["b"], "three"),
        _ => page(&["c"], ""),
    }
}

fn gone() -> Reply {
    Reply::failure(410, "Expired", "The provided continue parameter is too old")
}

#[tokio::test]
async fn a_list_is_fetched_page_by_page() {
    let double = Double::start(|_, seen| three_pages(seen)).await;
    assert_eq!(pods(&double.cluster().await).await.unwrap(), ["a", "b", "c"]);
    assert_eq!(
        double.paths(),
        [
            "/api/v1/pods?limit=500",
            "/api/v1/pods?limit=500&continue=two%2F2%3D",
            "/api/v1/pods?limit=500&continue=three",
        ]
    );
    let sent = double.seen();
    assert!(sent[0].headers.contains(&("authorization".to_owned(), format!("Bearer {TOKEN}"))));
}

#[tokio::test]
async fn a_list_restarts_when_its_token_expires() {
    let double = Double::start(|count, seen| match count {
        2 => gone(),
        _ => three_pages(seen),
    })
    .await;
    assert_eq!(pods(&double.cluster().await).await.unwrap(), ["a", "b", "c"]);
    assert_eq!(double.paths().len(), 6);
}

#[tokio::test]
async fn a_list_whose_tokens_always_expire_is_fetched_without_pages() {
    let double = Double::start(|_, seen| match &*seen.path {
        PODS => page(&["a", "b", "c"], ""),
        path if path.contains("continue") => gone(),
        _ => page(&["a"], "two"),
    })
    .await;
    assert_eq!(pods(&double.cluster().await).await.unwrap(), ["a", "b", "c"]);
    assert_eq!(double.paths().len(), 7);
}

#[tokio::test]
async fn retries_respect_the_retry_after_header() {
    let double = Double::start(|count, seen| match count {
        0 => Reply::failure(429, "TooManyRequests", "slow down").header("retry-after", "1"),
        1 => Reply::text(503, "text/plain", "starting"),
        _ => three_pages(seen),
    })
    .await;
    assert_eq!(pods(&double.cluster().await).await.unwrap(), ["a", "b", "c"]);
    assert_eq!(double.paths().len(), 5);
}

#[tokio::test]
async fn retries_of_server_errors_are_limited() {
    let double =
        Double::start(|_, _| Reply::failure(500, "InternalError", "etcdserver: no leader")).await;
    let error = pods(&double.cluster().await).await.unwrap_err();
    assert_eq!(error.to_string(), "etcdserver: no leader");
    assert_eq!((error.is_fatal(), double.paths().len()), (false, 3));
}

#[tokio::test]
async fn refusals_are_not_retried() {
    let forbidden = r#"pods is forbidden: User "dev" cannot list resource "pods""#;
    for (code, reason, message, is_fatal) in [
        (401, "Unauthorized", "Unauthorized", true),
        (403, "Forbidden", forbidden, false),
        (403, "Forbidden", r#"users "a" is forbidden: User "b" cannot impersonate resource"#, true),
        (
            403,
            "Forbidden",
            r#"users is forbidden: User "b" cannot impersonate:user-info resource "users""#,
            true,
        ),
        (
            403,
            "Forbidden",
            r#"roles is forbidden: User "b" cannot impersonate-on:serviceaccount:list resource "roles""#,
            false,
        ),
        (404, "NotFound", "the server could not find the requested resource", false),
        (501, "NotImplemented", "no", false),
    ] {
        let double = Double::start(move |_, _| Reply::failure(code, reason, message)).await;
        let error = pods(&double.cluster().await).await.unwrap_err();
        let refusal = error.refusal().unwrap().clone();
        assert_eq!((refusal.code, &*refusal.reason, &*refusal.message), (code, reason, message));
        assert_eq!((error.is_fatal(), double.paths().len()), (is_fatal, 1), "{code}");
    }
}

#[tokio::test]
async fn a_silent_server_times_out() {
    for reply in [Reply::silence(), page(&["a"], "").stall_after(20)] {
        let double = Double::start(move |_, _| reply.clone()).await;
        let mut cluster = double.cluster().await;
        cluster.timeout = Some(Duration::from_millis(300));
        let error = pods(&cluster).await.unwrap_err();
        let expected = format!("`{}` did not respond within 300 ms", double.url());
        assert_eq!(error.to_string(), expected);
        assert_eq!(double.paths().len(), 1);
    }
}

#[tokio::test]
async fn a_page_is_fetched_again_when_the_connection_breaks() {
    let double = Double::start(|count, seen| match count {
        // In the middle of the second item, and before any response.
        1 => page(&["b", "not-b"], "three").cut_after(130),
        3 => page(&["c"], "").cut_after(0),
        _ => three_pages(seen),
    })
    .await;
    assert_eq!(pods(&double.cluster().await).await.unwrap(), ["a", "b", "c"]);
    assert_eq!(double.paths().len(), 5);
}

#[tokio::test]
async fn retries_of_broken_connections_are_limited() {
    let double = Double::start(|_, _| page(&["a"], "").cut_after(10)).await;
    let error = pods(&double.cluster().await).await.unwrap_err();
    let expected =
        format!("the connection to `{}` broke before the response was complete", double.url());
    assert_eq!((error.to_string(), double.paths().len()), (expected, 3));
}

#[tokio::test]
async fn a_server_that_never_responds_is_a_fatal_error() {
    for reply in [Reply::silence(), Reply::hang_up()] {
        let double = Double::start(move |_, _| reply.clone()).await;
        let mut cluster = double.cluster().await;
        cluster.timeout = Some(Duration::from_millis(500));
        assert!(pods(&cluster).await.unwrap_err().is_fatal());

        let served = Double::start(|count, seen| match count {
            0 => three_pages(seen),
            _ => Reply::silence(),
        })
        .await;
        let mut cluster = served.cluster().await;
        cluster.timeout = Some(Duration::from_millis(500));
        assert!(!pods(&cluster).await.unwrap_err().is_fatal(), "it has responded before");
    }
}

#[tokio::test]
async fn the_timeout_covers_all_attempts() {
    let busy =
        || Reply::failure(429, "TooManyRequests", "slow down").header("retry-after", "99999999");
    for reply in [busy(), Reply::hang_up(), Reply::failure(503, "ServiceUnavailable", "starting")] {
        let double = Double::start(move |_, _| reply.clone()).await;
        let mut cluster = double.cluster().await;
        cluster.timeout = Some(Duration::from_millis(300));
        cluster.retry_policy.attempts = 50;
        cluster.retry_policy.longest_wait = Duration::from_millis(100);
        let started = Instant::now();
        pods(&cluster).await.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn endless_lists_are_errors() {
    type Script = fn(usize, &Seen) -> Reply;
    let rows: [(&str, Script, usize); 5] = [
        ("the same token again", |_, _| page(&["a"], "two"), 2),
        ("new tokens of the same page", |count, _| page(&["a"], &format!("t{count}")), 2),
        ("new tokens of empty pages", |count, _| page(&[], &format!("t{count}")), 16),
        (
            "every token expires, and the list without pages continues",
            |_, seen| if seen.path.contains("continue") { gone() } else { page(&["a"], "two") },
            7,
        ),
        (
            "every token expires, and so does the list without pages",
            |_, seen| {
                if seen.path.contains("limit") && !seen.path.contains("continue") {
                    page(&["a"], "two")
                } else {
                    gone()
                }
            },
            7,
        ),
    ];
    for (name, script, requests) in rows {
        let double = Double::start(script).await;
        let error = pods(&double.cluster().await).await.unwrap_err();
        assert_eq!((error.is_fatal(), double.paths().len()), (false, requests), "{name}: {error}");
    }
}

#[tokio::test]
async fn requests_have_a_user_agent_and_no_compression_over_loopback() {
    let double = Double::start(|_, seen| three_pages(seen)).await;
    pods(&double.cluster().await).await.unwrap();
    let sent = double.seen();
    let header = |name: &str| {
        sent[0].headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    let agent = header("user-agent").unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert!(agent.starts_with(&format!("rolecall/{version} (")), "{agent}");
    assert_eq!(header("accept-encoding").as_deref(), Some("identity"));
}

#[tokio::test]
async fn unrequested_compression_is_decoded() {
    use std::io::Write;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(br#"{"kind":"PodList","items":[{"metadata":{"name":"a"}}]}"#).unwrap();
    let body = encoder.finish().unwrap();
    let double = Double::start(move |_, _| Reply::gzip(&body)).await;
    assert_eq!(pods(&double.cluster().await).await.unwrap(), ["a"]);
}

#[tokio::test]
async fn responses_that_are_not_kubernetes_are_reported_as_such() {
    for body in [
        "<html>Please log in</html>",
        "",
        "{}",
        "[]",
        r#"{"kind":"Pod","metadata":{"name":"a"}}"#,
        r#"{"kind":"PodList","items":["#,
        r#"{"kind":"PodList","items":[1]}"#,
        r#"{"kind":"PodList","items":[}}"#,
        r#"{"kind":"PodList","items":{}}"#,
        r#"{"kind":"PodList","items":"none"}"#,
        r#"{"kind":"PodList","metadata":{}}"#,
        r#"{"kind":"RoleList","items":[]}"#,
        r#"{"kind":"List","items":[]}"#,
    ] {
        let double = Double::start(move |_, _| Reply::text(200, "text/html", body)).await;
        let error = pods(&double.cluster().await).await.unwrap_err();
        let url = double.url();
        let expected = format!(
            "`{url}` answered `/api/v1/pods?limit=500` with something other than Kubernetes JSON"
        );
        assert_eq!((error.to_string(), error.is_fatal()), (expected, false), "{body}");
    }
}

#[tokio::test]
async fn a_certificate_is_checked_against_the_kubeconfigs_authority() {
    let with_authority =
        |double: &Double| format!("server: {}\ncertificate-authority: ca.crt", double.url());
    let good = Double::start_tls("127.0.0.1", |_, seen| three_pages(seen)).await;
    let cluster = good.connect(&with_authority(&good)).await.unwrap();
    assert_eq!(pods(&cluster).await.unwrap(), ["a", "b", "c"]);

    let skipped = format!("server: {}\ninsecure-skip-tls-verify: true", good.url());
    assert!(pods(&good.connect(&skipped).await.unwrap()).await.is_ok());

    let other = Double::start_tls("127.0.0.1", |_, seen| three_pages(seen)).await;
    let stranger = format!("server: {}\ncertificate-authority: ca.crt", good.url());
    let wrong_name = Double::start_tls("kubernetes", |_, seen| three_pages(seen)).await;
    let named = with_authority(&wrong_name);
    let renamed = format!("{named}\ntls-server-name: kubernetes");
    assert!(pods(&wrong_name.connect(&renamed).await.unwrap()).await.is_ok());
    let plain = Double::start(|_, seen| three_pages(seen)).await;
    let not_tls = format!(
        "server: {}\ninsecure-skip-tls-verify: true",
        plain.url().replace("http:", "https:")
    );
    for (double, cluster, expected) in [
        (&other, stranger, ConnectProblem::UnknownAuthority),
        (&wrong_name, named, ConnectProblem::WrongName),
        (&plain, not_tls, ConnectProblem::NoTls),
    ] {
        let cluster = double.connect(&cluster).await.unwrap();
        let error = pods(&cluster).await.unwrap_err();
        let RequestError::Unreachable { server, source } = &error else { panic!("{error:?}") };
        assert_eq!((source, &**server, error.is_fatal()), (&expected, cluster.server(), true));
    }
}

#[tokio::test]
async fn a_missing_server_refuses_the_connection() {
    let double = Double::start(|_, seen| three_pages(seen)).await;
    // Nothing listens on the port of a closed socket.
    let port = {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap().port()
    };
    let server = format!("http://127.0.0.1:{port}");
    let cluster = double.connect(&format!("server: {server}")).await.unwrap();
    let error = pods(&cluster).await.unwrap_err();
    let RequestError::Unreachable { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(
        (source, error.to_string()),
        (&ConnectProblem::Refused, format!("cannot connect to `{server}`"))
    );
}
