//! Measures loading of manifests, with `serde_json::IgnoredAny` on the same bytes as the baseline.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to say")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use divan::Bencher;
use divan::counter::BytesCount;
use rolecall_source::manifests::{Defaults, LoadConfig, Selection, load};

fn main() {
    divan::main();
}

const OBJECTS: usize = 20_000;

/// Returns the object with an index: a role, binding or ServiceAccount as printed by kubectl.
fn object(index: usize) -> String {
    let namespace = index % 500;
    let metadata = format!(
        "\"metadata\":{{\"creationTimestamp\":\"2024-01-01T00:00:00Z\",\"labels\":{{\"app\":\"app-{namespace}\"}},\"name\":\"n{index}\",\"namespace\":\"ns-{namespace}\",\"resourceVersion\":\"{index}\",\"uid\":\"00000000-0000-0000-0000-{index:012}\"}}"
    );
    let rbac = "\"apiVersion\":\"rbac.authorization.k8s.io/v1\"";
    match index % 3 {
        0 => format!(
            "{{{rbac},\"kind\":\"Role\",{metadata},\"rules\":[{{\"apiGroups\":[\"\"],\"resources\":[\"pods\",\"pods/log\"],\"verbs\":[\"get\",\"list\",\"watch\"]}},{{\"apiGroups\":[\"apps\"],\"resources\":[\"deployments\"],\"resourceNames\":[\"n{index}\"],\"verbs\":[\"patch\"]}}]}}"
        ),
        1 => format!(
            "{{{rbac},\"kind\":\"RoleBinding\",{metadata},\"roleRef\":{{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"Role\",\"name\":\"n{index}\"}},\"subjects\":[{{\"kind\":\"ServiceAccount\",\"name\":\"n{index}\",\"namespace\":\"ns-{namespace}\"}}]}}"
        ),
        _ => format!("{{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",{metadata}}}"),
    }
}

fn json_list() -> String {
    let items: Vec<String> = (0..OBJECTS).map(object).collect();
    format!("{{\"apiVersion\":\"v1\",\"items\":[{}],\"kind\":\"List\"}}", items.join(","))
}

fn yaml_documents() -> String {
    (0..OBJECTS / 10).fold(String::new(), |mut text, index| {
        let _ = write!(
            text,
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: n{index}\n  namespace: x\nrules:\n- apiGroups: [\"\"]\n  resources: [pods]\n  verbs:\n  - get\n  - list\n---\n"
        );
        for number in 0..9 {
            let _ = write!(
                text,
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c{index}-{number}\ndata:\n  text: |\n    some text\n    and more of it\n---\n"
            );
        }
        text
    })
}

fn bench_file(bencher: Bencher<'_, '_>, name: &str, text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path: PathBuf = directory.path().join(name);
    fs::write(&path, text).unwrap();
    let config = LoadConfig {
        paths: vec![path],
        default_namespace: "default".to_owned(),
        defaults: Defaults::None,
        selection: Selection::Everything,
        exclude: Vec::new(),
    };
    bencher.counter(BytesCount::of_str(text)).bench(|| load(&config, std::io::empty()));
}

#[divan::bench]
fn json_list_ignored_any(bencher: Bencher<'_, '_>) {
    let text = json_list();
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        serde_json::from_str::<serde::de::IgnoredAny>(&text).unwrap();
    });
}

#[divan::bench]
fn json_list_loaded(bencher: Bencher<'_, '_>) {
    bench_file(bencher, "list.json", &json_list());
}

#[divan::bench]
fn yaml_documents_one_in_ten_rbac(bencher: Bencher<'_, '_>) {
    bench_file(bencher, "all.yaml", &yaml_documents());
}
