//! Where findings are said to be.

use std::fs;

use crate::command::{command, run, split};

/// Pods written in all ways, each with something to be told of it.
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
";

#[test]
fn lines_are_those_of_the_regions() {
    for text in [PODS.to_owned(), PODS.replace('\n', "\r\n")] {
        let folder = tempfile::TempDir::new().unwrap();
        fs::write(folder.path().join("pods.yaml"), text).unwrap();
        let check = |format: &str| {
            let arguments = split(&format!("check pods.yaml -o {format}"));
            run(command().args(arguments).current_dir(folder.path()), "").stdout
        };
        let report: serde_json::Value = serde_json::from_str(&check("json")).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let place = |finding: &serde_json::Value| {
            let line = finding["region"]["startLine"].as_u64().unwrap();
            format!("pods.yaml:{line} {}", finding["code"].as_str().unwrap())
        };
        let table = check("table");
        let lines = table.lines().skip(1).take_while(|line| !line.is_empty());
        let places =
            lines.map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" "));
        let regions: Vec<String> = findings.iter().map(place).collect();
        assert_eq!(places.collect::<Vec<_>>(), regions, "{table}");
        assert_eq!(regions.len(), 12, "{table}");
    }
}
