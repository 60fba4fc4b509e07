//! The commands in findings about plain files work beside targets that are alternatives.

use crate::targets::Repository;

const PLAIN: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: job-runner}
rules: [{apiGroups: [batch], resources: [jobs], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: job-runner}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: job-runner}
subjects: [{kind: ServiceAccount, name: runner, namespace: ci}]
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: runner, namespace: ci}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: lister, namespace: ci}
spec:
  template:
    spec:
      serviceAccountName: runner
      containers: [{name: lister, image: example.com/kubectl, command: [kubectl, get, services, -n, ci]}]
";

#[test]
fn commands_about_plain_files_read_them_without_targets() {
    let overlay = "resources: [../base]\n";
    let base = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop}}\n";
    let files = [
        ("plain/ci.yaml", PLAIN),
        ("base/kustomization.yaml", "resources: [account.yaml]\n"),
        ("base/account.yaml", base),
        ("dev/kustomization.yaml", overlay),
        ("prod/kustomization.yaml", overlay),
    ];
    let Some(repository) = Repository::of(&files) else { return };
    let report = repository.json("check . -o json");
    let fixes: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["fix"].as_str())
        .filter(|fix| fix.contains("`rolecall "))
        .collect();
    let commands: Vec<&str> = fixes
        .iter()
        .filter_map(|fix| fix.split('`').find(|word| word.starts_with("rolecall ")))
        .collect();
    assert_eq!(
        commands,
        [
            "rolecall paths --from sa/ci:runner --cut -f plain/ci.yaml",
            "rolecall fix list services -n ci --for sa/ci:runner -f plain/ci.yaml --out-dir rbac",
        ]
    );
    for command in commands {
        let ran = repository.rolecall(command.strip_prefix("rolecall ").unwrap());
        assert_eq!(ran.exit, Some(0), "{command}\n{ran}");
    }
}
