//! The `rolecall fix` commands that other commands suggest work as printed.

use insta::assert_snapshot;

use crate::command::{Ran, rolecall, rolecall_with};

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
    assert_snapshot!(why("scale deployments -n shop"), @r#"
    no: User "system:serviceaccount:shop:tool" cannot scale resource "deployments" in API group "apps" in the namespace "shop"
      a rule for `scale deployments.apps` would have no effect: no request uses the verb `scale`; use `update` and `patch` on the subresource `scale`
      to allow what was probably meant, run `rolecall fix patch,update deployments.apps/scale --for sa/shop:tool -n shop -f -`
      only Kubernetes' default bindings apply here
    --- stderr
    warning: unknown verb `scale`; the requests have `update` and `patch` on `deployments.apps/scale`
    --- exit 1
    "#);
    assert_snapshot!(why("get deployments.app -n shop"), @r#"
    no: User "system:serviceaccount:shop:tool" cannot get resource "deployments" in API group "app" in the namespace "shop"
      a rule for `get deployments.app` would have no effect: `app` is not an API group; use `apps`
      to allow what was probably meant, run `rolecall fix get deployments.apps --for sa/shop:tool -n shop -f -`
      only Kubernetes' default bindings apply here
    --- stderr
    warning: `app` is not an API group; did you mean `deployments.apps`?
    --- exit 1
    "#);
    assert_snapshot!(why("bind pods -n shop"), @r#"
    no: User "system:serviceaccount:shop:tool" cannot bind resource "pods" in API group "" in the namespace "shop"
      a rule for `bind pods` would have no effect: no request uses the verb `bind` on `pods`; grant `bind` only on `roles` and `clusterroles`; use `bind roles.rbac.authorization.k8s.io` or `bind clusterroles.rbac.authorization.k8s.io` instead of `bind pods`
      only Kubernetes' default bindings apply here
    --- stderr
    warning: no server checks `bind` for `pods`, only for `roles` and `clusterroles`; answering anyway
    --- exit 1
    "#);
    assert_snapshot!(why("use podsecuritypolicies.policy -n shop"), @r#"
    no: User "system:serviceaccount:shop:tool" cannot use resource "podsecuritypolicies" in API group "policy" in the namespace "shop"
      a rule for `use podsecuritypolicies.policy` would have no effect: `podsecuritypolicies` of API group `policy` was removed in Kubernetes 1.25
      only Kubernetes' default bindings apply here
    --- stderr
    warning: `podsecuritypolicies` of API group `policy` was removed in Kubernetes 1.25
    note: checking `use` for Pods in namespace `shop`
    --- exit 1
    "#);
}

#[test]
fn why_names_the_risks_of_its_commands() {
    assert_snapshot!(why("exec pods --name web -n shop"), @r#"
    no: User "system:serviceaccount:shop:tool" cannot exec resource "pods" in API group "" in the namespace "shop"
      a rule for `exec pods` would have no effect: no request uses the verb `exec`; use `create` on `pods/exec`
      risk: its holders can run commands in any Pod (RC518); alternative: request `pods/log` or `pods/portforward`
      to allow what was probably meant, run `rolecall fix create pods/exec --name web --for sa/shop:tool --allow-risky -n shop -f -`
      only Kubernetes' default bindings apply here
    --- stderr
    warning: unknown verb `exec`; the requests have `create` on `pods/exec`
    --- exit 1
    "#);
    assert_snapshot!(why("impersonate users/bob"), @r#"
    no: User "system:serviceaccount:shop:tool" cannot impersonate resource "users" in API group "" at the cluster scope
      to allow exactly this, run `rolecall fix impersonate users/bob --for sa/shop:tool --allow-risky -f -`
      risk: its holders can act as others (RC532); alternative: grant it the required permissions directly
      a role that would allow it is not bound to sa/shop:tool: ClusterRole cluster-admin (default)
        to change that, grant only this request: binding ClusterRole cluster-admin would also allow far more: * *.*
      only Kubernetes' default bindings apply here
    --- stderr
    note: assuming the object `bob` of `users`
    --- exit 1
    "#);
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
    assert_snapshot!(answer, @r#"
    no: User "system:serviceaccount:shop:tool" cannot create resource "pods/exec" in API group "" in the namespace "shop"
      to allow exactly this, run `rolecall fix create pods/exec --for sa/shop:tool --allow-risky -f -`
      risk: its holders can run commands in any Pod (RC518); alternative: request `pods/log` or `pods/portforward`
      near miss: RoleBinding shop/tool (<stdin>:17), Role shop/tool, rules[0]: get pods/exec
        but the rule has the verb get, not create
        to change that, add `create` to its verbs in Role shop/tool (<stdin>:9); risk: its holders can run commands in any Pod (RC518)
      roles that would allow it are not bound to sa/shop:tool: ClusterRole edit (default), ClusterRole admin (default), ClusterRole cluster-admin (default)
        to change that, grant only this request: binding ClusterRole edit would also allow 408 other things, such as `get pods/attach`
    --- stderr
    note: no `-n` given: assuming namespace `shop`, the only one in the input
    --- exit 1
    "#);
}

#[test]
fn refusals_are_advised_like_questions() {
    let refused = [
        ("deployments.app", "get", "deployments", "app"),
        ("pods \"web\"", "watch", "pods/log", ""),
        ("pods \"web\"", "create", "pods/exec", ""),
    ];
    let lines = refused.map(|(what, verb, resource, group)| {
        format!(
            "Error from server (Forbidden): {what} is forbidden: User \"system:serviceaccount:shop:tool\" cannot \
             {verb} resource \"{resource}\" in API group \"{group}\" in the namespace \"shop\"\n"
        )
    });
    let answer = rolecall_with("why - -o json -f fixtures/tokens", &lines.concat());
    let answer: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let of_causes = |key: &str| -> Vec<String> {
        let causes = answer["causes"].as_array().unwrap().iter();
        let texts = causes.flat_map(|cause| cause[key].as_array().unwrap());
        texts.map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        of_causes("fix"),
        [
            "rolecall fix get deployments.apps --for sa/shop:tool -n shop -f fixtures/tokens",
            "rolecall fix get pods/log --name web --for sa/shop:tool -n shop -f fixtures/tokens",
            "rolecall fix create pods/exec --name web --for sa/shop:tool --allow-risky -n shop -f fixtures/tokens",
        ]
    );
    assert_eq!(
        of_causes("remarks"),
        [
            "a rule for `get deployments.app` would have no effect: `app` is not an API group; use `apps`",
            "a rule for `watch pods/log` would have no effect: `pods/log` serves only `get`, not `watch`; use `get`",
            "risk: its holders can run commands in any Pod (RC518); alternative: request `pods/log` or `pods/portforward`",
        ]
    );
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

#[test]
fn notations_of_groups_and_resources_in_rules_are_corrected() {
    for (group, resource, question, corrected) in [
        ("core", "pods", "get pods", "apiGroups: ['']"),
        ("v1", "pods", "get pods", "apiGroups: ['']"),
        ("apps/v1", "deployments", "get deployments", "apiGroups: [\"apps\"]"),
        ("batch/v1beta1", "cronjobs", "get cronjobs", "apiGroups: [\"batch\"]"),
        ("networking", "ingresses", "get ingresses", "apiGroups: [\"networking.k8s.io\"]"),
        ("apps", "deploy", "get deployments", "resources: [\"deployments\"]"),
        ("", "po", "get pods", "resources: [\"pods\"]"),
        ("", "svc", "get services", "resources: [\"services\"]"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("role.yaml");
        let manifest = format!(
            "{SHOP}---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: tool, namespace: shop}}
rules:
- apiGroups: [\"{group}\"]
  resources: [\"{resource}\"]
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
        std::fs::write(&file, manifest).unwrap();
        let path = file.display();
        let fixed =
            rolecall(&format!("fix {question} --for sa/shop:tool -f {path} --style repair"));
        assert_eq!(fixed.exit, Some(0), "{group} {resource}: {fixed}");
        let added = |line: &str| line.starts_with('+') && line.contains(corrected);
        assert!(fixed.stdout.lines().any(added), "{group} {resource}: {fixed}");
    }
}
