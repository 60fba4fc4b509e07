use std::fs;

use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_with};

#[test]
fn a_workload_with_the_default_account_can_get_a_dedicated_one() {
    let ask = "fix list pods --for deploy/tmp-api-contact -n project-swan -f fixtures/project-swan/before";
    let ran = rolecall(ask);
    assert!(ran.stderr.contains("--dedicated-serviceaccount"), "{ran}");
    assert_snapshot!(rolecall(&format!("{ask} --dedicated-serviceaccount")), @r#"
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: tmp-api-contact
      namespace: project-swan
      labels:
        app.kubernetes.io/managed-by: rolecall
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:sa:project-swan:tmp-api-contact
      namespace: project-swan
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" in the namespace "project-swan"
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:sa:project-swan:tmp-api-contact
      namespace: project-swan
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:sa:project-swan:tmp-api-contact
    subjects:
    - kind: ServiceAccount
      name: tmp-api-contact
      namespace: project-swan
    --- stderr
    note: allows sa/project-swan:tmp-api-contact to list pods in namespace project-swan
    note: no other access is granted
    hint: run `kubectl patch deployment tmp-api-contact -n project-swan --type json -p '[{"op":"add","path":"/spec/template/spec/serviceAccountName","value":"tmp-api-contact"}]'` to let Deployment project-swan/tmp-api-contact run as `tmp-api-contact`
    --- exit 0
    "#);
}

#[test]
fn refusals_of_the_default_account_are_fixed_for_a_given_workload() {
    let refused = "Error from server (Forbidden): pods is forbidden: User \"system:serviceaccount:project-swan:default\" cannot list resource \"pods\" in API group \"\" in the namespace \"project-swan\"\n";
    let fix = |options: &str| {
        let arguments = format!("fix --from-errors - -f fixtures/project-swan/before {options}");
        rolecall_with(&arguments, refused)
    };
    let shared = fix("");
    assert!(
        shared.stderr.contains("pass `--dedicated-serviceaccount --for deploy/NAME`"),
        "{shared}"
    );
    let own = fix("--dedicated-serviceaccount --for deploy/project-swan:tmp-api-contact");
    assert_eq!(own.exit, Some(0), "{own}");
    assert!(own.stdout.contains("name: rolecall:sa:project-swan:tmp-api-contact\n"), "{own}");
    assert!(!own.stdout.contains("name: default\n"), "{own}");
    assert!(own.stderr.contains("kubectl patch deployment tmp-api-contact"), "{own}");
    let nobody = fix("--dedicated-serviceaccount");
    assert_eq!(nobody.exit, Some(2), "{nobody}");
}

#[test]
fn a_dedicated_account_has_no_other_grants() {
    let folder = tempfile::tempdir().unwrap();
    let granted = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: tmp-api-contact, namespace: project-swan}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: powerful}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {kind: ServiceAccount, name: tmp-api-contact, namespace: project-swan}
";
    fs::write(folder.path().join("granted.yaml"), granted).unwrap();
    let ran = rolecall(&format!(
        "fix list pods --for deploy/tmp-api-contact -n project-swan --dedicated-serviceaccount \
         -f fixtures/project-swan/before -f {}",
        folder.path().display()
    ));
    assert_eq!(ran.exit, Some(0), "{ran}");
    assert!(ran.stdout.contains("name: rolecall:sa:project-swan:tmp-api-contact-2\n"), "{ran}");
    assert!(ran.stderr.contains("using `tmp-api-contact-2`, because `tmp-api-contact`"), "{ran}");
}

#[test]
fn a_new_serviceaccount_is_not_reported_as_missing() {
    let fix = |more: &str| {
        let ran = rolecall(&format!("fix list pods --for sa/new -n ns-1 -f fixtures/ns-1{more}"));
        let first = ran.stderr.lines().next().unwrap_or_default().to_owned();
        (ran.stdout.contains("kind: ServiceAccount\nmetadata:\n  name: new\n"), first)
    };
    let missed = "warning: there is no ServiceAccount `new` in namespace `ns-1`";
    let made = "note: allows sa/ns-1:new to list pods in namespace ns-1";
    assert_eq!(fix(""), (false, missed.to_owned()));
    assert_eq!(fix(" --create-serviceaccount"), (true, made.to_owned()));
}
