//! Findings about the commands of containers.

use std::fs;

use insta::assert_snapshot;

use crate::command::{command, rolecall_with, run, split};

#[test]
fn secrets_on_command_lines_are_masked() {
    let secrets = ["eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln", "hunter2"];
    let [token, password] = secrets;
    let manifests = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: b}}\nspec:\n  containers:\n  - name: c\n    command:\n\
         \x20   - sh\n    - -c\n    - |\n\
         \x20     curl -k -H 'Authorization: Bearer {token}' https://kubernetes.default.svc/api/v1/nodes\n\
         \x20     helm install x . --set password={password}\n\
         \x20     kubectl create secret generic s --from-literal=pw={password}\n"
    );
    for format in ["table", "json", "sarif", "junit", "github", "markdown"] {
        let ran = rolecall_with(&format!("check - -o {format} -v"), &manifests);
        assert!(ran.stdout.contains("REDACTED"), "{format}: {ran}");
        let said = ran.to_string();
        assert!(secrets.iter().all(|secret| !said.contains(secret)), "{format}: {ran}");
    }
}

/// A CronJob with two lines in its script that are denied.
const CRON_JOB: &str = "apiVersion: batch/v1
kind: CronJob
metadata: {name: tidy, namespace: shop}
spec:
  schedule: '0 3 * * *'
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: tidy
            image: registry.example.com/tools/kubectl:1.36
            command: [sh, -c]
            args:
            - |
              # Once a night.
              kubectl get jobs

              for job in $OLD; do
                kubectl delete job \"$job\"
              done
";

#[test]
fn a_finding_points_to_the_line_of_a_script() {
    let folder = tempfile::TempDir::new().unwrap();
    fs::write(folder.path().join("tidy.yaml"), CRON_JOB).unwrap();
    let arguments = split("check tidy.yaml -o github --severity high");
    let ran = run(command().args(arguments).current_dir(folder.path()), "");
    assert_snapshot!(ran, @r#"
    ::error file=tidy.yaml,line=18,endLine=18,col=15,endColumn=31,title=RC301 kubectl-denied::CronJob shop/tidy: spec.jobTemplate.spec.template.spec.containers[0].args[0]: `kubectl get jobs` will be refused: ServiceAccount `shop/default` cannot list resource "jobs" in API group "batch" in the namespace "shop"; grant it: `rolecall fix list jobs.batch -n shop --for sa/shop:default -f tidy.yaml --out-dir rbac`
    ::error file=tidy.yaml,line=21,endLine=21,col=17,endColumn=42,title=RC301 kubectl-denied::CronJob shop/tidy: spec.jobTemplate.spec.template.spec.containers[0].args[0]: `kubectl delete job $(..)` will be refused: ServiceAccount `shop/default` cannot delete resource "jobs" in API group "batch" in the namespace "shop"; grant it: `rolecall fix delete jobs.batch -n shop --for sa/shop:default -f tidy.yaml --out-dir rbac`
    --- exit 1
    "#);
}

#[test]
fn hints_about_stdin_ask_for_the_same_input() {
    assert_snapshot!(rolecall_with("check - --severity high -o markdown", CRON_JOB), @r#"
    | code | severity | where | object | finding |
    |---|---|---|---|---|
    | RC301 | high | \<stdin\>:18 | CronJob shop/tidy | spec.jobTemplate.spec.template.spec.containers\[0\].args\[0\]: \`kubectl get jobs\` will be refused: ServiceAccount \`shop/default\` cannot list resource "jobs" in API group "batch" in the namespace "shop"; grant it, with the same input on stdin: \`rolecall fix list jobs.batch -n shop --for sa/shop:default -f - --out-dir rbac\` |
    | RC301 | high | \<stdin\>:21 | CronJob shop/tidy | spec.jobTemplate.spec.template.spec.containers\[0\].args\[0\]: \`kubectl delete job \$(..)\` will be refused: ServiceAccount \`shop/default\` cannot delete resource "jobs" in API group "batch" in the namespace "shop"; grant it, with the same input on stdin: \`rolecall fix delete jobs.batch -n shop --for sa/shop:default -f - --out-dir rbac\` |

    2 findings: 2 high

    checked 1 object in 1 file
    --- exit 1
    "#);
}
