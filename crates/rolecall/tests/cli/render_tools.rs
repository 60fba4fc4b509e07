//! Rendering with the network, with other tools, and of hostile repositories.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

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
    // Both have the same binding.
    assert_eq!((codes(&allowed), gaps(&allowed)), (vec!["RC101"], 0), "{allowed}");
    let finding = &allowed["findings"][0];
    let related = finding["related"].as_array().unwrap().last().unwrap();
    let files: Vec<&str> =
        [finding, related].iter().map(|place| place["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["chart/Chart.yaml", "overlay/kustomization.yaml"], "{finding}");
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

#[test]
fn charts_of_the_repository_are_dependencies() {
    let dependency = |name: &str, path: &str| {
        format!("dependencies: [{{name: {name}, version: 1.0.0, repository: 'file://{path}'}}]\n")
    };
    let web = format!("{CHART}{}", dependency("common", "../common"));
    let common = "apiVersion: v2\nname: common\nversion: 1.0.0\n";
    let common = format!("{common}{}", dependency("deep", "../lib/deep"));
    let Some(repository) = Repository::of(&[
        ("charts/web/Chart.yaml", &web),
        ("charts/common/Chart.yaml", &common),
        ("charts/common/templates/rbac.yaml", BINDING),
        ("charts/lib/deep/Chart.yaml", "apiVersion: v2\nname: deep\nversion: 1.0.0\n"),
        ("charts/lib/deep/templates/rbac.yaml", &BINDING.replace("name: far", "name: deep")),
        (
            "charts/itself/Chart.yaml",
            &format!("apiVersion: v2\nname: itself\nversion: 1.0.0\n{}", dependency("itself", ".")),
        ),
    ]) else {
        return;
    };
    let report = repository.json("check . --target charts/web --only RC101 -o json");
    let places: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{}:{}", it["file"].as_str().unwrap(), it["region"]["startLine"]))
        .collect();
    let expected = ["charts/common/templates/rbac.yaml:4", "charts/lib/deep/templates/rbac.yaml:4"];
    assert_eq!(places, expected, "{report}");
    assert!(!repository.path().join("charts/web/charts").exists());
    let ran = repository.rolecall("check . --target charts/itself");
    assert!(ran.stderr.contains("fetch it with `helm dependency build charts/itself`"), "{ran}");
}
