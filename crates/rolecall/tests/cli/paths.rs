//! Escalation paths, and the forms in which they are printed.

use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_in_columns, rolecall_with};

#[test]
fn paths_are_printed_with_the_grant_of_each_request() {
    assert_snapshot!(rolecall("paths -f fixtures/ci-to-admin"), @r#"
    2 of 7 subjects and 1 of 1 Pods and workloads can reach cluster-admin

    Choke points: grants whose removal stops the most paths
      3 paths: sa/ci:release in ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[0]
      3 paths: sa/ci:release in ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[1]
      1 path: group/developers in RoleBinding ci/job-runners (fixtures/ci-to-admin/manifests.yaml:60) of Role ci/job-runner (fixtures/ci-to-admin/manifests.yaml:47), rules[0]

    sa/ci:release reaches cluster-admin in 1 step (also deployment/ci:release)
      1. X15 create a ClusterRoleBinding: gains the rules of ClusterRole cluster-admin cluster-wide
         create clusterrolebindings.rbac.authorization.k8s.io at the cluster scope
           by ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[0]
         bind clusterroles.rbac.authorization.k8s.io "cluster-admin" at the cluster scope
           by ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[1]

    group/developers reaches cluster-admin in 2 steps
      1. X03 create or change a workload: gains sa/ci:release
         create jobs.batch in namespace ci
           by RoleBinding ci/job-runners (fixtures/ci-to-admin/manifests.yaml:60) of Role ci/job-runner (fixtures/ci-to-admin/manifests.yaml:47), rules[0]
      2. X15 create a ClusterRoleBinding: gains the rules of ClusterRole cluster-admin cluster-wide
         as sa/ci:release: create clusterrolebindings.rbac.authorization.k8s.io at the cluster scope
           by ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[0]
         as sa/ci:release: bind clusterroles.rbac.authorization.k8s.io "cluster-admin" at the cluster scope
           by ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[1]
    --- exit 1
    "#);
}

#[test]
fn paths_fit_narrow_terminals() {
    let ran = rolecall_in_columns(60, "paths -f fixtures/ci-to-admin");
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 60), "{ran}");
}

#[test]
fn graphs_contain_each_node_once() {
    assert_snapshot!(rolecall("paths -f fixtures/ci-to-admin -o mermaid"), @r#"
    graph LR
      n3["cluster-admin"]
      n4["deployment/ci:release"]
      n0["group/developers"]
      n1["sa/ci:release"]
      n2["the rules of ClusterRole cluster-admin cluster-wide"]
      n0 -->|X03| n1
      n1 -->|X15| n2
      n2 --> n3
      n4 --> n1
    --- exit 1
    "#);
    assert_snapshot!(rolecall("paths -f fixtures/ci-to-admin -o dot"), @r#"
    digraph paths {
      rankdir=LR;
      node [shape=box];
      n3 [label="cluster-admin"];
      n4 [label="deployment/ci:release"];
      n0 [label="group/developers"];
      n1 [label="sa/ci:release"];
      n2 [label="the rules of ClusterRole cluster-admin cluster-wide"];
      n0 -> n1 [label="X03"];
      n1 -> n2 [label="X15"];
      n2 -> n3 [label=""];
      n4 -> n1 [label=""];
    }
    --- exit 1
    "#);
}

#[test]
fn a_pod_starts_as_its_serviceaccount() {
    assert_snapshot!(rolecall("paths --from deploy/release -n ci -f fixtures/ci-to-admin"), @r#"
    0 of 0 subjects and 1 of 1 Pods and workloads can reach cluster-admin

    Choke points: grants whose removal stops the most paths
      1 path: sa/ci:release in ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[0]
      1 path: sa/ci:release in ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[1]

    deployment/ci:release reaches cluster-admin in 1 step
      1. X15 create a ClusterRoleBinding: gains the rules of ClusterRole cluster-admin cluster-wide
         create clusterrolebindings.rbac.authorization.k8s.io at the cluster scope
           by ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[0]
         bind clusterroles.rbac.authorization.k8s.io "cluster-admin" at the cluster scope
           by ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[1]
    --- exit 1
    "#);
}

#[test]
fn default_roles_and_bindings_yield_no_path() {
    const ACCOUNT: &str = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}";
    for version in ["v1.20", "v1.36", "v1.37"] {
        let ran = rolecall_with(&format!("paths -f - --defaults {version}"), ACCOUNT);
        assert_eq!((ran.exit, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    }
    // Controllers are steps, and starts only on request.
    assert_snapshot!(rolecall_with("paths -f - --show-system", ACCOUNT), @r#"
    1 of 10 subjects can reach cluster-admin
    already at the target through their own bindings: group/system:masters

    user/system:kube-controller-manager reaches cluster-admin in 2 steps
      1. X01 request a token: gains sa/kube-system:clusterrole-aggregation-controller
         create serviceaccounts/token "clusterrole-aggregation-controller" in namespace kube-system
           by ClusterRoleBinding system:kube-controller-manager (default) of ClusterRole system:kube-controller-manager (default), rules[10]
      2. X17 change its own role: gains cluster-admin
         as sa/kube-system:clusterrole-aggregation-controller: update clusterroles.rbac.authorization.k8s.io "system:basic-user" at the cluster scope
           by ClusterRoleBinding system:controller:clusterrole-aggregation-controller (default) of ClusterRole system:controller:clusterrole-aggregation-controller (default), rules[0]
         as sa/kube-system:clusterrole-aggregation-controller: escalate clusterroles.rbac.authorization.k8s.io "system:basic-user" at the cluster scope
           by ClusterRoleBinding system:controller:clusterrole-aggregation-controller (default) of ClusterRole system:controller:clusterrole-aggregation-controller (default), rules[0]
    --- exit 1
    "#);
}

#[test]
fn unread_parts_make_the_absence_of_paths_inconclusive() {
    assert_snapshot!(rolecall("paths -f fixtures/unread-document --defaults none"), @r#"
    0 of 2 subjects can reach cluster-admin
    --- stderr
    error: fixtures/unread-document/invalid.yaml:7:9: expected `,` or `}`
    warning: there might be more paths; could not read: a document at fixtures/unread-document/invalid.yaml:7: expected `,` or `}`
    --- exit 2
    "#);
}

#[test]
fn steps_outside_the_input_are_only_followed_on_request() {
    const WRITER: &str = "
kind: ClusterRole
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: apis}
rules: [{apiGroups: [apiregistration.k8s.io], resources: [apiservices], verbs: [create]}]
---
kind: ClusterRoleBinding
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: apis}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: apis}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
";
    assert_snapshot!(rolecall_with("paths -f - --defaults none", WRITER), @r#"
    0 of 2 subjects can reach cluster-admin
    --- stderr
    note: 1 more subject might reach cluster-admin by steps that depend on something outside the input: --possible follows them
    --- exit 0
    "#);
    assert_snapshot!(rolecall_with("paths -f - --defaults none --possible", WRITER), @r#"
    1 of 2 subjects can reach cluster-admin

    Choke points: grants whose removal stops the most paths
      1 path: user/jane in ClusterRoleBinding apis (<stdin>:7) of ClusterRole apis (<stdin>:2), rules[0]

    user/jane reaches cluster-admin in 1 step
      1. X26 depend on something that the input does not show: gains cluster-admin
         create apiservices.apiregistration.k8s.io at the cluster scope
           by ClusterRoleBinding apis (<stdin>:7) of ClusterRole apis (<stdin>:2), rules[0]
         assumes that a client with more rights uses the API group of the APIService
    --- exit 3
    "#);
}

#[test]
fn with_complete_input_only_its_serviceaccounts_exist() {
    const DEFAULT: &str = "
kind: ClusterRoleBinding
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: default, namespace: app}]
---
kind: ClusterRole
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: cluster-admin}
rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]
---
kind: Role
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: pods, namespace: app}
rules: [{apiGroups: [''], resources: [pods], verbs: [create]}]
---
kind: RoleBinding
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: pods, namespace: app}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pods}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
";
    let reaches = |defaults: &str| {
        rolecall_with(&format!("paths -f - --from user/jane --defaults {defaults}"), DEFAULT).exit
    };
    assert_eq!([reaches("v1.37"), reaches("none")], [Some(1), Some(0)]);
}

#[test]
fn steps_are_explained() {
    assert_snapshot!(rolecall("paths --explain x15"), @r#"
    X15: create a ClusterRoleBinding
    needs: create clusterrolebindings, and bind the ClusterRole cluster-wide or hold all its rules
    gains: the rules of the ClusterRole everywhere
    As for a RoleBinding, but bind is checked at the cluster scope.
    --- exit 0
    "#);
    assert_snapshot!(rolecall("paths --explain X99"), @r#"
    --- stderr
    error: invalid value 'X99' for '--explain <ROW>': `X99` is not a step; steps are X01 to X26

    For more information, try '--help'.
    --- exit 2
    "#);
}

#[test]
fn unknown_sinks_are_usage_errors() {
    assert_snapshot!(rolecall("paths --to admin -f fixtures/ns-1"), @r#"
    --- stderr
    error: invalid value 'admin' for '--to <SINK>': `admin` is not a target of paths; write cluster-admin, namespace/NAME, secrets, secrets/NAMESPACE, node, sa/NAMESPACE:NAME, user/NAME or group/NAME

    For more information, try '--help'.
    --- exit 2
    "#);
}

#[test]
fn a_cut_removes_only_what_the_paths_use() {
    assert_snapshot!(rolecall("paths --cut -f fixtures/ci-to-admin"), @r#"
    # Removing 1 grant stops all paths to cluster-admin:
    # 1. sa/ci:release in ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[0]: on 3 paths
    #    loses create,patch clusterrolebindings.rbac.authorization.k8s.io
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: release-installer
    rules:
    - apiGroups: ["rbac.authorization.k8s.io"]
      resources: ["clusterrolebindings"]
      verbs: ["get", "list"]
    - apiGroups: ["rbac.authorization.k8s.io"]
      resources: ["clusterroles"]
      verbs: ["get", "list", "bind"]
    --- exit 0
    "#);
}

#[test]
fn a_cut_is_a_diff_or_files_or_a_document() {
    assert_snapshot!(rolecall("paths --cut --diff -f fixtures/ci-to-admin"), @r#"
    --- ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22)
    +++ ClusterRole release-installer
    @@ -5,7 +5,7 @@
     rules:
     - apiGroups: ["rbac.authorization.k8s.io"]
       resources: ["clusterrolebindings"]
    -  verbs: ["get", "list", "create", "patch"]
    +  verbs: ["get", "list"]
     - apiGroups: ["rbac.authorization.k8s.io"]
       resources: ["clusterroles"]
       verbs: ["get", "list", "bind"]
    --- stderr
    note: Removing 1 grant stops all paths to cluster-admin:
    note: 1. sa/ci:release in ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[0]: on 3 paths
    note:    loses create,patch clusterrolebindings.rbac.authorization.k8s.io
    --- exit 0
    "#);
    let folder = tempfile::tempdir().expect("a temporary directory");
    let folder = folder.path().display();
    let ran = rolecall(&format!("paths --cut --out-dir {folder} -f fixtures/ci-to-admin"));
    assert_eq!(ran.exit, Some(0), "{ran}");
    // The files stop the paths.
    let after = rolecall(&format!("paths -f fixtures/ci-to-admin -f {folder}"));
    assert!(after.stdout.starts_with("0 of "), "{after}");
    assert_snapshot!(rolecall("paths --cut -o dot -f fixtures/ci-to-admin"), @r#"
    --- stderr
    error: `--cut` has no graph
    hint: pass `-o json` to print the changes as JSON
    --- exit 2
    "#);
}

#[test]
fn further_paths_share_no_grant() {
    const TWO_WAYS: &str = "
kind: ClusterRole
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: two-ways}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [create]}
- {apiGroups: [''], resources: [users, groups], verbs: [impersonate]}
---
kind: ClusterRoleBinding
apiVersion: rbac.authorization.k8s.io/v1
metadata: {name: two-ways}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: two-ways}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
";
    assert_snapshot!(rolecall_with("paths -f - --defaults none --all", TWO_WAYS), @r#"
    1 of 2 subjects can reach cluster-admin

    user/jane reaches cluster-admin in 1 step
      1. X11 impersonate a member of groups: gains cluster-admin
         impersonate users "rolecall-anybody" at the cluster scope
           by ClusterRoleBinding two-ways (<stdin>:9) of ClusterRole two-ways (<stdin>:2), rules[1]
         impersonate groups "system:masters" at the cluster scope
           by ClusterRoleBinding two-ways (<stdin>:9) of ClusterRole two-ways (<stdin>:2), rules[1]
      or, without these grants, in 1 step:
      1. X22 change objects at admission: gains cluster-admin
         create mutatingwebhookconfigurations.admissionregistration.k8s.io at the cluster scope
           by ClusterRoleBinding two-ways (<stdin>:9) of ClusterRole two-ways (<stdin>:2), rules[0]
    --- exit 1
    "#);
}

#[test]
fn a_cut_keeps_the_rights_that_must_stay() {
    assert_snapshot!(
        rolecall("paths --cut -f fixtures/ci-to-admin --keep 'sa/ci:release create clusterrolebindings'"),
        @r#"
        # Removing 1 grant stops all paths to cluster-admin:
        # 1. sa/ci:release in ClusterRoleBinding release-installer (fixtures/ci-to-admin/manifests.yaml:34) of ClusterRole release-installer (fixtures/ci-to-admin/manifests.yaml:22), rules[1]: on 3 paths
        #    loses bind clusterroles.rbac.authorization.k8s.io
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: release-installer
        rules:
        - apiGroups: ["rbac.authorization.k8s.io"]
          resources: ["clusterrolebindings"]
          verbs: ["get", "list", "create", "patch"]
        - apiGroups: ["rbac.authorization.k8s.io"]
          resources: ["clusterroles"]
          verbs: ["get", "list"]
        --- exit 0
        "#
    );
    let ran = rolecall(
        "paths --cut -f fixtures/ci-to-admin --keep 'sa/ci:release create clusterrolebindings' --keep 'sa/ci:release bind clusterroles/cluster-admin'",
    );
    assert_eq!((ran.exit, ran.stdout.as_str()), (Some(1), ""), "{ran}");
}

/// Manifests without namespaces, for a user who passes `-n tools`.
const UNPLACED: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: controller}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: controller}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {kind: ServiceAccount, name: controller, namespace: tools}
";

#[test]
fn service_accounts_that_only_bindings_name_are_noted() {
    let unplaced = rolecall_with("paths -f -", UNPLACED);
    let note = "1 ServiceAccount that bindings name is not in the input, such as sa/tools:controller: no path";
    assert!(unplaced.stderr.contains(note), "{unplaced}");
    let placed = rolecall_with("paths -f - -n tools", UNPLACED);
    assert!(placed.stdout.contains("through their own bindings: sa/tools:controller"), "{placed}");
    assert!(!placed.stderr.contains("is not in the input"), "{placed}");
}

const HOOK: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: injector, namespace: tools}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: injector}
webhooks: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: injector}
rules:
- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: injector}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: injector}
subjects:
- {kind: ServiceAccount, name: injector, namespace: tools}
";

#[test]
fn steps_that_change_any_object_name_one_that_exists() {
    let change = "update mutatingwebhookconfigurations.admissionregistration.k8s.io";
    let with = rolecall_with("paths -f -", HOOK);
    assert!(with.stdout.contains(&format!("{change} \"injector\" at")), "{with}");
    let hook = HOOK.split("---\n").filter(|it| !it.contains("webhooks: []"));
    let without = rolecall_with("paths -f -", &hook.collect::<Vec<_>>().join("---\n"));
    assert!(without.stdout.contains(&format!("{change} at")), "{without}");
}

#[test]
fn check_follows_paths_through_the_users_of_an_eks_cluster() {
    let manifests = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: mapper, namespace: tools}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: mapper, namespace: kube-system}
rules:
- {apiGroups: [''], resources: [configmaps], resourceNames: [aws-auth], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: mapper, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: mapper}
subjects:
- {kind: ServiceAccount, name: mapper, namespace: tools}
";
    let checked = rolecall_with("check -f -", manifests);
    assert!(checked.stdout.contains("RC572"), "{checked}");
    let other =
        rolecall_with("check -f -", &manifests.replace("name: aws-auth, ", "name: other, "));
    assert!(!other.stdout.contains("RC572"), "{other}");
}
