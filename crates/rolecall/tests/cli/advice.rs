//! The `rolecall fix` commands that other commands suggest work as printed.

use insta::assert_snapshot;

use crate::command::{Ran, rolecall_with};

/// A namespace with a ServiceAccount that has no access.
const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: tool, namespace: shop}
";

/// Returns the commands in backticks.
fn commands(text: &str) -> Vec<String> {
    let parts = text.split('`').skip(1).step_by(2);
    let commands = parts.filter_map(|part| part.strip_prefix("rolecall fix "));
    let complete = commands.filter(|command| !command.starts_with("--allow-risky"));
    complete.map(|command| format!("fix {}", command.replace('\n', " "))).collect()
}

fn why(question: &str) -> Ran {
    rolecall_with(&format!("why {question} --for sa/shop:tool -f -"), SHOP)
}

#[test]
fn suggested_commands_grant_what_was_asked_or_meant() {
    let verbs = ["get", "watch", "create", "deletecollection", "bind", "use", "scale", "logs", "*"];
    let resources = [
        "pods",
        "pods/log",
        "pods/exec",
        "deployments.app",
        "secrets",
        "tokenreviews",
        "clusterroles",
        "nodes/proxy",
        "namespaces/shop",
        "certificates.cert-manager.io",
        "widgets.example.com/status",
        "ingresses.extensions",
        "podsecuritypolicies.policy",
        "users",
        "*",
        "'*.apps'",
        "/metrics",
        "/api/v1/pods",
        "'/x*'",
    ];
    let mut ran = 0;
    for verb in verbs {
        for resource in resources {
            let question = match resource.starts_with("pods") {
                true => format!("'{verb}' {resource} --name web -n shop"),
                false => format!("'{verb}' {resource} -n shop"),
            };
            let answer = why(&question);
            assert_eq!(answer.exit, Some(1), "{question}: {answer}");
            let suggested = commands(&answer.stdout);
            let is_explained = answer.stdout.contains("would have no effect");
            assert!(!suggested.is_empty() || is_explained, "{question}: {answer}");
            for command in suggested {
                let fixed = rolecall_with(&command, SHOP);
                assert_eq!(fixed.exit, Some(0), "{question}: {command}: {fixed}");
                assert!(fixed.stdout.contains("kind: "), "{question}: {command}: {fixed}");
                ran += 1;
            }
        }
    }
    assert!(ran > 100, "{ran}");
}

#[test]
fn why_corrects_requests_that_no_rule_can_grant() {
    assert_snapshot!(why("scale deployments -n shop"), @"");
    assert_snapshot!(why("get deployments.app -n shop"), @"");
    assert_snapshot!(why("bind pods -n shop"), @"");
    assert_snapshot!(why("use podsecuritypolicies.policy -n shop"), @"");
}

#[test]
fn why_names_the_risks_of_its_commands() {
    assert_snapshot!(why("exec pods --name web -n shop"), @"");
    assert_snapshot!(why("impersonate users/bob"), @"");
}

#[test]
fn changes_to_roles_name_the_risk_of_the_request() {
    let role = format!(
        "{SHOP}---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: tool, namespace: shop}}
rules:
- apiGroups: ['']
  resources: [pods/exec]
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: tool, namespace: shop}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: tool}}
subjects:
- kind: ServiceAccount
  name: tool
"
    );
    let answer = rolecall_with("why create pods/exec --for sa/shop:tool -f -", &role);
    assert_snapshot!(answer, @"");
}

#[test]
fn refusals_are_advised_like_questions() {
    let refused = "User \"system:serviceaccount:shop:tool\" cannot get resource \"deployments\" in API group \"app\" in the namespace \"shop\"
User \"system:serviceaccount:shop:tool\" cannot watch resource \"pods/log\" in API group \"\" in the namespace \"shop\"
User \"system:serviceaccount:shop:tool\" cannot create resource \"pods/exec\" in API group \"\" in the namespace \"shop\"
";
    assert_snapshot!(rolecall_with("why - -f fixtures/tokens", refused), @"");
}

#[test]
fn findings_suggest_commands_that_fix_accepts() {
    let workload = format!(
        "{SHOP}---
apiVersion: batch/v1
kind: CronJob
metadata: {{name: job, namespace: shop}}
spec:
  schedule: '* * * * *'
  jobTemplate:
    spec:
      template:
        spec:
          serviceAccountName: tool
          restartPolicy: Never
          containers:
          - name: job
            image: kubectl
            command:
            - sh
            - -c
            - |
              kubectl get secrets -A
              kubectl exec web-0 -- ls
              kubectl get widgets.example.com
              kubectl scale deploy/web --replicas=2
              kubectl create rolebinding a --clusterrole=admin --user=b
"
    );
    let report = rolecall_with("check --only RC301 -o json -", &workload);
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let mut ran = 0;
    for finding in report["findings"].as_array().unwrap() {
        for command in commands(finding["fix"].as_str().unwrap()) {
            let folder = tempfile::tempdir().unwrap();
            let command = command
                .replace("--out-dir rbac", &format!("--out-dir {}", folder.path().display()));
            let fixed = rolecall_with(&command, &workload);
            assert_eq!(fixed.exit, Some(0), "{command}: {fixed}");
            assert!(folder.path().read_dir().unwrap().count() > 0, "{command}");
            ran += 1;
        }
    }
    assert!(ran > 5, "{ran}");
}
