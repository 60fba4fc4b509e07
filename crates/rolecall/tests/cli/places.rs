//! The positions of findings.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{command, run, split};

/// Pods in all formats, each with a finding.
const PODS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: plain, namespace: shop}
spec:
  template:
    spec:
      # Who?
      containers: [{name: a, image: a}]
      serviceAccountName: gone
---
{apiVersion: v1, kind: Pod, metadata: {name: flow, namespace: shop}, spec: {
  serviceAccount: gone, containers: [{name: a, image: a}]}}
---
apiVersion: v1
kind: List
items:
- apiVersion: batch/v1
  kind: CronJob
  metadata: {name: listed, namespace: shop}
  spec:
    jobTemplate:
      spec:
        template:
          spec:

            serviceAccountName: lost
            serviceAccountName: gone
            containers:
            - {name: a, image: a}
- apiVersion: example.com/v1
  kind: Widget
  metadata: {name: custom, namespace: shop}
  spec:
    some.pods:
    - template:
        containers:
        - {name: a, image: a}
        serviceAccountName: gone
    other:
    - [{containers: [{name: a, image: a}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: anchored, namespace: shop}
x: &pod
  serviceAccountName: gone
  automountServiceAccountToken: false
spec:
  <<: *pod
  containers:
  - {name: a, image: a, command: [kubectl, get, pods]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: quiet, namespace: shop}
automountServiceAccountToken: false
---
apiVersion: v1
kind: Pod
metadata: {name: unheard, namespace: shop}
spec:
  containers:
  - {name: a, image: a, command: [kubectl, get, pods]}
  serviceAccountName: quiet
---
apiVersion: v1
kind: Pod
metadata: {name: silent, namespace: shop}
spec:
  containers:
  - {name: a, image: a, command: [kubectl, get, pods]}
  automountServiceAccountToken: false
---
apiVersion: v1
kind: Pod
metadata: {name: merged, namespace: shop}
spec:
  containers: [{name: a, image: a}]
  <<: {serviceAccountName: gone,
    restartPolicy: Never}
---
apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata: {name: job, namespace: shop}
spec:
  pytorchReplicaSpecs:
    '':
      template:
        spec:
          containers: [{name: a, image: a}]
          serviceAccountName: gone
";

#[test]
fn lines_agree_with_regions() {
    for text in [PODS.to_owned(), PODS.replace('\n', "\r\n")] {
        let folder = tempfile::TempDir::new().unwrap();
        fs::write(folder.path().join("pods.yaml"), text).unwrap();
        let report = check(&folder, "", ". -o json");
        let regions = places_in(&report, |finding| finding["region"]["startLine"].as_u64());
        let table = check(&folder, "", ".");
        assert_eq!(rows(&table), regions, "{table}");
        assert_eq!(regions.len(), 14, "{table}");
    }
}

/// Without the file, all formats report the lines of the objects, in the same order.
#[test]
fn unreadable_files_have_the_positions_of_objects() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut file = GzEncoder::new(Vec::new(), Compression::fast());
    file.write_all(PODS.as_bytes()).unwrap();
    fs::write(folder.path().join("pods.yaml"), file.finish().unwrap()).unwrap();
    let report = check(&folder, "", ". -o json");
    let lines = places_in(&report, |finding| finding["line"].as_u64());
    let table = check(&folder, "", ".");
    assert_eq!(rows(&table), lines, "{table}");
    assert!(!report.contains("region"), "{report}");
}

#[test]
fn lines_of_stdin_agree_with_regions() {
    let folder = tempfile::TempDir::new().unwrap();
    let report = check(&folder, PODS, "- -o json");
    let regions = places_in(&report, |finding| finding["region"]["startLine"].as_u64());
    let regions: Vec<String> =
        regions.iter().map(|place| place.replacen('-', "<stdin>", 1)).collect();
    let table = check(&folder, PODS, "-");
    assert_eq!(rows(&table), regions, "{table}");
}

fn check(folder: &TempDir, stdin: &str, arguments: &str) -> String {
    let arguments = split(&format!("check {arguments}"));
    run(command().args(arguments).current_dir(folder.path()), stdin).stdout
}

/// Returns the positions and codes of a report's findings.
fn places_in(report: &str, line: impl Fn(&Value) -> Option<u64>) -> Vec<String> {
    let report: Value = serde_json::from_str(report).unwrap();
    let place = |finding: &Value| {
        let (file, code) = (finding["file"].as_str().unwrap(), finding["code"].as_str().unwrap());
        format!("{file}:{} {code}", line(finding).unwrap())
    };
    report["findings"].as_array().unwrap().iter().map(place).collect()
}

/// Returns the positions and codes of a table's rows.
fn rows(table: &str) -> Vec<String> {
    let rows = table.lines().skip(1).take_while(|line| !line.is_empty());
    let words = rows.map(|row| row.split_whitespace().take(3).collect::<Vec<_>>());
    words.map(|words| format!("{} {}", words[2], words[0])).collect()
}
