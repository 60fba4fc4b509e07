use std::fs;

use insta::assert_snapshot;

use crate::command::{command, rolecall, rolecall_with, run, split};

const ASK: &str = "can-i list pods --for sa/k-sa-1 -n ns-1";

#[test]
fn a_missing_file() {
    assert_snapshot!(rolecall(&format!("{ASK} -f no/such/file.yaml")), @r#"
    --- stderr
    error: no/such/file.yaml: no such file or directory
    --- exit 2
    "#);
}

#[test]
fn a_missing_file_next_to_another() {
    assert_snapshot!(rolecall(&format!("{ASK} -f no/such/file.yaml -f fixtures/ns-1")), @r#"
    yes: sa/ns-1:k-sa-1 can list pods in namespace ns-1
      by RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
    --- stderr
    error: no/such/file.yaml: no such file or directory
    --- exit 2
    "#);
}

#[test]
fn an_empty_directory() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let mut command = command();
    command.args(split(&format!("{ASK} -f empty"))).current_dir(folder.path());
    assert_snapshot!(run(&mut command, ""), @r#"
    --- stderr
    error: empty: no `*.yaml`, `*.yml` or `*.json` file in this directory
    hint: run `rolecall snapshot > cluster.yaml` to get manifests from a live cluster
    --- exit 2
    "#);
}

#[test]
fn a_broken_document_next_to_others() {
    let manifests = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: k-sa-1, namespace: ns-1}
---
kind: RoleBinding
 apiVersion: v1
";
    assert_snapshot!(rolecall_with(&format!("{ASK} -f -"), manifests), @r#"
    unknown: as far as can be determined, User "system:serviceaccount:ns-1:k-sa-1" cannot list resource "pods" in API group "" in the namespace "ns-1"
      could not read: a RoleBinding at <stdin>:6: a `:` is not allowed here: check the indentation, or quote the string
      roles that would allow it are not bound to sa/ns-1:k-sa-1 as far as can be determined: ClusterRole view (default), ClusterRole edit (default), ClusterRole admin (default)
    --- stderr
    error: <stdin>:6:12: a `:` is not allowed here: check the indentation, or quote the string
    --- exit 2
    "#);
}

#[test]
fn nothing_at_all() {
    assert_snapshot!(rolecall_with(&format!("{ASK} -f -"), ""), @r#"
    --- stderr
    error: <stdin>: it contains no Kubernetes objects
    --- exit 2
    "#);
}

#[test]
fn hostile_names_stay_on_one_line() {
    let manifests = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "a\e[2Jb\nerror: forged"}
rules: [{verbs: [get], apiGroups: [""], resources: ["pods\u202e"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "c\a\rd"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "a\e[2Jb\nerror: forged"}
subjects: [{kind: User, name: eve}]
"#;
    for output in ["table", "wide"] {
        let ran = rolecall_with(
            &format!("rules --for user/eve -f - --defaults none -o {output}"),
            manifests,
        );
        assert!(
            !ran.stdout.contains(['\u{1b}', '\r', '\u{7}', '\u{202e}'])
                && ran.stdout.lines().count() == 2,
            "{ran}"
        );
    }
}

#[test]
fn a_url_is_not_a_file() {
    for arguments in ["check https://example.com/a.yaml", "walk -f https://example.com/a.yaml"] {
        let ran = rolecall(arguments);
        let expected = "error: https://example.com/a.yaml: URLs are not read: download it, and pass `-` \
             to read it from stdin";
        assert_eq!((ran.stderr.lines().next(), ran.exit), (Some(expected), Some(2)), "{ran}");
    }
}
