//! Rendering with the network, with other tools, and of hostile repositories.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::targets::Repository;
use crate::command::run;

const BINDING: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: far, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: gone}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
";

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";

/// Serves files on the loopback interface until the test process ends, and returns the address.
fn serve(listener: TcpListener, files: Vec<(String, Vec<u8>)>) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut lines =
                BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let request = lines.next().unwrap_or_default();
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
            let path = path.split('?').next().unwrap_or_default();
            let found = files.iter().find(|(name, _)| name == path);
            let (status, body) =
                found.map_or(("404 Not Found", &[][..]), |(_, it)| ("200 OK", &**it));
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        }
    });
}

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (listener, address)
}

fn codes(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().filter_map(|it| it["code"].as_str()).collect()
}

fn gaps(report: &Value) -> usize {
    report["gaps"].as_array().unwrap().len()
}

#[test]
fn remote_bases_and_charts_are_fetched_only_with_allow_network() {
    let (listener, address) = listen();
    let resources = format!("resources: ['{address}/far.yaml']\n");
    let dependency = format!(
        "{CHART}dependencies: [{{name: sub, version: 1.0.0, repository: '{address}/charts'}}]\n"
    );
    let Some(repository) = Repository::of(&[
        ("overlay/kustomization.yaml", resources.as_str()),
        ("chart/Chart.yaml", dependency.as_str()),
        (
            "plain.yaml",
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: shop}\n",
        ),
        (".sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
        (".sub/templates/rbac.yaml", BINDING),
    ]) else {
        return;
    };
    repository.tool("helm", &["package", ".sub", "--destination", ".packed"]);
    let url = format!("{address}/charts");
    repository.tool("helm", &["repo", "index", ".packed", "--url", &url]);
    let packed = |name: &str| fs::read(repository.path().join(".packed").join(name)).unwrap();
    serve(
        listener,
        vec![
            ("far.yaml".to_owned(), BINDING.into()),
            ("charts/index.yaml".to_owned(), packed("index.yaml")),
            ("charts/sub-1.0.0.tgz".to_owned(), packed("sub-1.0.0.tgz")),
        ],
    );
    let denied = repository.json("check . -o json --only RC101");
    assert_eq!((codes(&denied), gaps(&denied)), (vec![], 2), "{denied}");
    let allowed = repository.json("check . -o json --only RC101 --allow-network");
    assert_eq!((codes(&allowed), gaps(&allowed)), (vec!["RC101", "RC101"], 0), "{allowed}");
    for finding in allowed["findings"].as_array().unwrap() {
        let file = finding["file"].as_str().unwrap();
        assert!(repository.path().join(file).is_file(), "{finding}");
    }
    assert!(!repository.path().join("chart/charts").exists(), "rendering wrote into the chart");
}

#[test]
fn helm_3_renders_like_helm_4() {
    let Some(repository) = Repository::of(&[
        ("Chart.yaml", CHART),
        ("templates/rbac.yaml", BINDING),
        (
            "templates/hook.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n  annotations: {helm.sh/hook: test}\n\
             spec: {serviceAccountName: gone, containers: [{name: a, image: a}]}\n",
        ),
    ]) else {
        return;
    };
    let helm = repository.tools().join("helm3");
    if !helm.is_file() {
        assert!(
            std::env::var_os("CI").is_none(),
            "helm3 is missing: Go must be installed to build it"
        );
        return eprintln!("notice: skipped: Helm 3 is not built");
    }
    let with = |helm: &str| {
        let helm = repository.tools().join(helm);
        run(repository.command("check . -o json").env("ROLECALL_HELM", helm), "").stdout
    };
    assert!(with("helm").contains("RC101"), "{}", with("helm"));
    assert_eq!(with("helm3"), with("helm"));
}

#[cfg(unix)]
#[test]
fn hostile_repositories_end_in_time_with_a_gap() {
    const LOOP: &str = "{{- define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}\n";
    const HUGE: &str = "{{- range $i := until 20000 }}\n# {{ repeat 20000 \"a\" }}\n{{- end }}\n";
    for (what, files, expected) in [
        (
            "a base outside",
            &[("kustomization.yaml", "resources: [../../../../etc]\n")][..],
            "outside of the repository",
        ),
        (
            "a cycle",
            &[
                ("kustomization.yaml", "resources: [a]\n"),
                ("a/kustomization.yaml", "resources: [../]\n"),
            ][..],
            "cycle detected",
        ),
        (
            "a template that includes itself",
            &[("Chart.yaml", CHART), ("templates/a.yaml", LOOP)][..],
            "not rendered",
        ),
        (
            "a template with endless output",
            &[("Chart.yaml", CHART), ("templates/a.yaml", HUGE)][..],
            "not rendered",
        ),
        (
            "values that are a directory",
            &[
                ("Chart.yaml", CHART),
                ("templates/a.yaml", "{{ .Values.a }}"),
                ("values/x", "a: b\n"),
                (
                    "rolecall.yaml",
                    "apiVersion: rolecall.dev/v1\nkind: CheckConfig\nrender: [{target: '*', values: [values]}]\n",
                ),
            ][..],
            "is a directory",
        ),
        (
            "a patch outside",
            &[("kustomization.yaml", "patches: [{path: ../../../../etc/passwd}]\n")][..],
            "outside of the repository",
        ),
    ] {
        let Some(repository) = Repository::of(files) else { return };
        let began = Instant::now();
        let ran = run(&mut repository.command("check . -o json"), "");
        assert!(began.elapsed() < Duration::from_secs(200), "{what} took {:?}", began.elapsed());
        assert!(matches!(ran.exit, Some(2 | 3)), "{what}: {ran}");
        assert!(ran.stderr.contains(expected), "{what}: {ran}");
        assert!(!ran.stdout.contains("root:x:"), "{what}: {ran}");
    }
}
