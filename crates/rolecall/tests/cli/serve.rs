//! The local server of `serve`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::command::{command, rolecall, root};
use crate::server::Server;
use crate::targets::{REPOSITORY, Repository};

/// The type of questions.
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A running server, which ends with the test.
struct Served {
    child: Child,
    host: String,
    path: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let mut command = command();
        command.arg("serve").args(arguments);
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        command.stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let (host, path) = url.trim().strip_prefix("http://").unwrap().split_once('/').unwrap();
        Self { child, host: host.to_owned(), path: format!("/{path}") }
    }

    /// Sends a request, and returns the status and the whole response.
    fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let host = headers.iter().find(|(name, _)| *name == "Host");
        let host = host.map_or(&*self.host, |(_, host)| host);
        let further = headers.iter().filter(|(name, _)| *name != "Host");
        let further: String = further.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{further}Content-Length: {length}\r\n\r\n{body}",
        )
        .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        (response.split(' ').nth(1).unwrap().parse().unwrap(), response)
    }

    fn get(&self, name: &str) -> (u16, String) {
        let (status, response) = self.send("GET", &format!("{}{name}", self.path), &[], "");
        (status, response.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    fn post(&self, name: &str, body: &Value) -> (u16, String) {
        let path = format!("{}{name}", self.path);
        let (status, response) = self.send("POST", &path, &[JSON], &body.to_string());
        (status, response.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    /// Waits until the state of the data satisfies a condition.
    fn wait_for(&self, what: &str, is_reached: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        let mut since = 0;
        while started.elapsed() < Duration::from_secs(60) {
            let (status, body) = self.get(&format!("changes?since={since}"));
            assert_eq!(status, 200, "{body}");
            let state: Value = serde_json::from_str(&body).unwrap();
            if is_reached(&state) {
                return state;
            }
            since = state["change"].as_u64().unwrap();
        }
        panic!("waited too long for {what}");
    }
}

#[test]
fn only_the_page_of_the_server_gets_answers() {
    let served = Served::start(&["-f", "fixtures/ns-1"]);
    let origin = format!("http://{}", served.host);
    let port = served.host.split_once(':').unwrap().1;
    let localhost = format!("localhost:{port}");
    let other_token = format!("/{}/", "0".repeat(served.path.len() - 2));
    for (path, headers, expected) in [
        (&*served.path, &[][..], 200),
        (&*served.path, &[("Origin", &*origin)], 200),
        (&*served.path, &[("Host", &*localhost)], 200),
        (&*served.path, &[("Sec-Fetch-Site", "none")], 200),
        (&*served.path, &[("Sec-Fetch-Site", "same-origin")], 200),
        ("/", &[], 404),
        (&*other_token, &[], 404),
        ("/favicon.ico", &[], 404),
        (&*served.path, &[("Host", "example.com")], 403),
        (&*served.path, &[("Host", "127.0.0.1")], 403),
        (&*served.path, &[("Host", &*localhost), ("Origin", &*origin)], 403),
        (&*served.path, &[("Origin", "http://example.com")], 403),
        (&*served.path, &[("Origin", "null")], 403),
        (&*served.path, &[("Origin", &*origin), ("Origin", "http://example.com")], 403),
        (&*served.path, &[("Sec-Fetch-Site", "cross-site")], 403),
        (&*served.path, &[("Sec-Fetch-Site", "same-site")], 403),
    ] {
        let (status, response) = served.send("GET", path, headers, "");
        assert_eq!(status, expected, "{path} {headers:?}");
        assert_eq!(response.contains("<!doctype html>"), expected == 200, "{path} {headers:?}");
        let response = response.to_lowercase();
        for header in ["cache-control: no-store", "x-frame-options: deny"] {
            assert!(response.contains(header), "{path} {headers:?}: {header}");
        }
        assert!(!response.contains("access-control-allow"), "{path} {headers:?}");
    }
}

#[cfg(unix)]
#[test]
fn the_browser_gets_a_link_without_the_token_that_works_once() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let opened = folder.path().join("opened");
    let browser = folder.path().join("xdg-open");
    fs::write(&browser, format!("#!/bin/sh\nprintf %s \"$1\" > {}\n", opened.display())).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = command();
    command.env("PATH", folder.path()).args(["serve", "fixtures/ns-1", "--open"]);
    let served = Served::of(command);
    let started = Instant::now();
    let link = loop {
        let link = fs::read_to_string(&opened).unwrap_or_default();
        if !link.is_empty() || started.elapsed() > Duration::from_secs(20) {
            break link;
        }
        thread::sleep(Duration::from_millis(20));
    };
    let token = served.path.trim_matches('/');
    assert!(!link.contains(token), "{link}");
    let path = link.strip_prefix(&format!("http://{}", served.host)).unwrap();
    let foreign = served.send("GET", path, &[("Sec-Fetch-Site", "cross-site")], "");
    assert_eq!(foreign.0, 403, "{}", foreign.1);
    let (status, response) = served.send("GET", path, &[("Sec-Fetch-Site", "none")], "");
    assert_eq!(status, 303, "{response}");
    assert!(response.contains(&format!("location: {}\r\n", served.path)), "{response}");
    assert_eq!(served.send("GET", path, &[], "").0, 404);
}

#[test]
fn questions_are_json_of_the_own_page_and_never_long() {
    let served = Served::start(&["-f", "fixtures/ns-1"]);
    let path = format!("{}answer", served.path);
    let question = json!({"command": "who-can", "verb": "list", "resource": "pods"}).to_string();
    let long = format!("{{\"verb\": \"{}\"}}", "x".repeat(1 << 17));
    let origin = format!("http://{}", served.host);
    for (method, headers, body, expected) in [
        ("POST", &[JSON][..], &*question, 200),
        ("POST", &[JSON, ("Origin", &*origin), ("Sec-Fetch-Site", "same-origin")], &question, 200),
        ("POST", &[JSON, ("Sec-Fetch-Site", "none")], &question, 403),
        ("POST", &[JSON, ("Origin", "http://example.com")], &question, 403),
        ("POST", &[("Content-Type", "text/plain")], &question, 415),
        ("POST", &[], &question, 415),
        ("POST", &[JSON], &long, 413),
        ("POST", &[JSON], "{", 400),
        ("GET", &[], "", 405),
        ("OPTIONS", &[("Origin", &*origin)], "", 405),
    ] {
        let (status, response) = served.send(method, &path, headers, body);
        assert_eq!(status, expected, "{method} {headers:?}: {response}");
    }
}

#[test]
fn answers_are_those_of_the_commands() {
    let served = Served::start(&["fixtures/ns-1"]);
    let subject = "sa/ns-1:k-sa-1";
    for (question, line) in [
        (
            json!({"command": "why", "verb": "list", "resource": "pods", "subject": subject, "namespace": "default"}),
            "why list pods --for=sa/ns-1:k-sa-1 --namespace=default -f fixtures/ns-1",
        ),
        (
            json!({"command": "can-i", "verb": "get", "resource": "/metrics", "subject": subject}),
            "can-i get /metrics --for=sa/ns-1:k-sa-1 -A -f fixtures/ns-1",
        ),
        (
            json!({"command": "can-i", "verb": "get", "resource": "podz", "subject": subject}),
            "can-i get podz --for=sa/ns-1:k-sa-1 -A -f fixtures/ns-1",
        ),
        (
            json!({"command": "who-can", "verb": "list", "resource": "pods", "namespace": ""}),
            "who-can list pods -A -f fixtures/ns-1",
        ),
        (
            json!({"command": "fix", "verb": "list", "resource": "pods", "name": "", "subject": subject, "namespace": "default"}),
            "fix list pods --for=sa/ns-1:k-sa-1 --namespace=default -f fixtures/ns-1",
        ),
        (
            json!({"command": "rules", "subject": subject, "namespace": "ns-1"}),
            "rules --for=sa/ns-1:k-sa-1 --namespace=ns-1 -f fixtures/ns-1",
        ),
        (
            json!({"command": "paths", "subject": subject}),
            "paths --from=sa/ns-1:k-sa-1 -f fixtures/ns-1",
        ),
    ] {
        let (status, body) = served.post("answer", &question);
        assert_eq!(status, 200, "{body}");
        let ran = rolecall(line);
        let expected = json!({
            "command": format!("rolecall {line}"),
            "exit": ran.exit,
            "stdout": ran.stdout,
            "stderr": ran.stderr,
        });
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(answer, expected, "{line}");
    }
    for (refused, reason) in [
        (json!({"command": "snapshot"}), "`snapshot` is not a question of the page"),
        (
            json!({"command": "why", "verb": "--kubeconfig=x", "resource": "pods"}),
            "`--kubeconfig=x` starts with a hyphen",
        ),
        (json!({"command": "why", "verb": "get"}), "the question needs a resource"),
        (json!({"command": "fix", "out_dir": "/tmp"}), "unknown field `out_dir`"),
    ] {
        let (status, body) = served.post("answer", &refused);
        assert_eq!(status, 400, "{refused}");
        assert!(body.starts_with(reason), "{refused}: {body}");
    }
}

#[test]
fn a_changed_file_replaces_the_data_and_a_broken_one_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    let account = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: shop}}\n"
        )
    };
    fs::write(&file, account("first")).unwrap();
    let served = Served::start(&["-f", folder.path().to_str().unwrap()]);
    let first = served.wait_for("the first state", |_| true);
    assert_eq!(
        [&first["version"], &first["problem"], &first["isReading"]],
        [&json!(1), &json!(null), &json!(false)]
    );
    fs::write(&file, format!("{}---\n{}", account("first"), account("second"))).unwrap();
    served.wait_for("the second data", |state| state["version"] == 2);
    let count = "<dt><a href=\"#/subjects?kind=sa\">ServiceAccounts</a></dt><dd>2</dd>";
    let page = served.get("").1;
    assert!(page.contains(count) && page.contains("data-served=\"2\""));
    let question = json!({"command": "rules", "subject": "sa/shop:third", "namespace": "shop"});
    let asks = || served.post("answer", &question).1;
    assert!(asks().contains("there is no ServiceAccount `third`"), "{}", asks());
    fs::write(&file, format!("{}---\nkind: [", account("third"))).unwrap();
    let broken = served.wait_for("the problem", |state| !state["problem"].is_null());
    let problem = broken["problem"].as_str().unwrap();
    assert!(problem.contains("a.yaml:5"), "{problem}");
    assert_eq!(broken["version"], 2);
    assert!(served.get("").1.contains(count));
    assert!(asks().contains("there is no ServiceAccount `third`"));
    fs::write(&file, account("third")).unwrap();
    let repaired = served.wait_for("the third data", |state| state["version"] == 3);
    assert_eq!(repaired["problem"], json!(null));
    assert!(!asks().contains("there is no ServiceAccount"));
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn a_changed_base_of_an_overlay_replaces_the_data() {
    let Some(repository) = Repository::of(REPOSITORY) else { return };
    let served = Served::of(repository.command("serve overlays/prod"));
    let question = json!({"command": "who-can", "verb": "get", "resource": "configmaps"});
    let asks = || served.post("answer", &question).1;
    assert!(!asks().contains("sa/prod:web"), "{}", asks());
    let base = repository.path().join("base/rbac.yaml");
    fs::write(&base, fs::read_to_string(&base).unwrap().replace("name: gone", "name: web"))
        .unwrap();
    served.wait_for("the second data", |state| state["version"] == 2);
    assert!(asks().contains("sa/prod:web"), "{}", asks());
}

#[test]
fn changed_patches_and_values_in_directories_without_objects_replace_the_data() {
    let patch = "- op: add\n  path: /rules/-\n  value: {apiGroups: [''], resources: [secrets], verbs: [get]}\n";
    let base =
        "resources: [rbac.yaml]\npatches:\n- {path: patches/rules.yaml, target: {kind: Role}}\n";
    let Some(repository) = Repository::of(&[
        ("base/kustomization.yaml", base),
        ("base/patches/rules.yaml", patch),
        (
            "base/rbac.yaml",
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: web}\nrules: []\n",
        ),
        ("overlay/kustomization.yaml", "namespace: prod\nresources: [../base]\n"),
    ]) else {
        return;
    };
    let served = Served::of(repository.command("serve overlay"));
    repository.write("base/patches/rules.yaml", &patch.replace("get", "list"));
    served.wait_for("the changed patch", |state| state["version"] == 2);

    let chart: Vec<(&str, &str)> = REPOSITORY
        .iter()
        .filter(|(path, _)| path.starts_with("chart/") && !path.contains("values-admin"))
        .copied()
        .chain([
            ("values/shop.yaml", "admin: false\n"),
            ("rolecall.yaml", "apiVersion: rolecall.dev/v1\nkind: CheckConfig\nrender:\n- {target: chart, values: [values/shop.yaml]}\n"),
        ])
        .collect();
    let Some(repository) = Repository::of(&chart) else { return };
    let served = Served::of(repository.command("serve chart --config rolecall.yaml"));
    let question = json!({"command": "who-can", "verb": "delete", "resource": "nodes"});
    let asks = || served.post("answer", &question).1;
    assert!(!asks().contains("shop-admin"), "{}", asks());
    repository.write("values/shop.yaml", "admin: true\n");
    served.wait_for("the changed values", |state| state["version"] == 2);
    assert!(asks().contains("shop-admin"), "{}", asks());
}

#[test]
fn a_cluster_is_read_again_on_request_and_no_token_is_shown() {
    let cluster = Server::of(&["ns-1"]);
    let served = Served::of(cluster.command("admin", "serve"));
    let lists = || cluster.seen().iter().filter(|line| line.contains("/pods")).count();
    let before = lists();
    assert!(before > 0);
    let question = json!({"command": "who-can", "verb": "list", "resource": "pods"});
    let (status, answer) = served.post("answer", &question);
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("sa/ns-1:k-sa-1"), "{answer}");
    assert_eq!(lists(), before, "a question reads nothing again");
    let question = json!({"command": "can-i", "verb": "list", "resource": "pods"});
    let (_, of_caller) = served.post("answer", &question);
    assert!(of_caller.contains("yes: user/admin can list pods"), "{of_caller}");
    assert_eq!(served.post("refresh", &json!({})).0, 204);
    served.wait_for("the second data", |state| state["version"] == 2);
    assert_eq!(lists(), 2 * before);
    let page = served.get("").1;
    for text in [page, answer, of_caller] {
        assert!(!text.contains(crate::server::TOKEN));
    }
}

#[test]
fn logs_are_read_again_on_request_and_not_whenever_they_grow() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.log");
    let events =
        fs::read_to_string(root().join("docs/examples/least-privilege/audit.log")).unwrap();
    let (first, _) = events.split_once('\n').unwrap();
    fs::write(&log, first).unwrap();
    let input = ["docs/examples/least-privilege/rbac.yaml", "--usage", log.to_str().unwrap()];
    let served = Served::start(&input);
    assert!(served.get("").1.contains("<li>The logs cover 1 event from "));
    fs::write(&log, &events).unwrap();
    thread::sleep(Duration::from_secs(3));
    served.wait_for("the first data", |state| state["version"] == 1);
    assert_eq!(served.post("refresh", &json!({})).0, 204);
    served.wait_for("the second data", |state| state["version"] == 2);
    assert!(served.get("").1.contains("<li>The logs cover 7 events from "));
}

#[test]
fn the_interval_reads_the_input_again() {
    let served = Served::start(&["fixtures/ns-1", "--refresh", "1s"]);
    served.wait_for("the second data", |state| state["version"] == 2);
}

#[cfg(unix)]
#[test]
fn a_client_that_leaves_does_not_stop_the_server_and_ctrl_c_does() {
    let mut served = Served::start(&["fixtures/ns-1"]);
    for request in [
        "GET ",
        &format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", served.path, served.host),
        &format!("GET {}changes?since=1 HTTP/1.1\r\nHost: {}\r\n\r\n", served.path, served.host),
    ] {
        let mut stream = TcpStream::connect(&served.host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
    }
    assert_eq!(served.get("").0, 200);
    // A browser still waits for a change.
    let mut waiting = TcpStream::connect(&served.host).unwrap();
    let request =
        format!("GET {}changes?since=1 HTTP/1.1\r\nHost: {}\r\n\r\n", served.path, served.host);
    waiting.write_all(request.as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    let killed = Command::new("kill").args(["-INT", &served.child.id().to_string()]).status();
    assert!(killed.unwrap().success());
    assert_eq!(served.child.wait().unwrap().code(), Some(130));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_taken_port_and_stdin_are_clear_errors() {
    let served = Served::start(&["fixtures/ns-1"]);
    let port = served.host.split_once(':').unwrap().1;
    for (line, expected) in [
        (
            format!("serve fixtures/ns-1 --port {port}"),
            format!(
                "error: cannot listen on 127.0.0.1:{port}: Address already in use (os error 98)\n\
                 hint: pass `--port 0` to let the system choose a free port\n"
            ),
        ),
        (
            "serve -f -".to_owned(),
            "error: `serve` reads its input again when it changes, so it cannot read stdin\n\
             hint: pass `-f FILE` to read a file instead\n"
                .to_owned(),
        ),
        (
            "serve no-such-folder".to_owned(),
            rolecall("report no-such-folder --out target/none.html").stderr,
        ),
    ] {
        let ran = rolecall(&line);
        assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""), "{line}");
        assert_eq!(ran.stderr, expected, "{line}");
    }
}
