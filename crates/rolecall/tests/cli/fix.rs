use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use crate::command::{command, rolecall, rolecall_with, run, split};

/// The role and binding that a fix writes, as manifests.
fn written(arguments: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let ran = rolecall(arguments);
    assert_eq!(ran.exit, Some(0), "{ran}");
    fs::write(folder.path().join("fix.yaml"), ran.stdout).unwrap();
    folder
}

#[test]
fn the_minimal_role_and_binding_are_printed_and_proved() {
    assert_snapshot!(
        rolecall("fix list,watch pods services --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1"),
        @r#"
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: rolecall:sa:ns-1:k-sa-1
          namespace: default
          labels:
            app.kubernetes.io/managed-by: rolecall
        rules:
        # list resource "pods" in API group "" in the namespace "default"
        # list resource "services" in API group "" in the namespace "default"
        # watch resource "pods" in API group "" in the namespace "default"
        # watch resource "services" in API group "" in the namespace "default"
        - apiGroups: [""]
          resources: ["pods", "services"]
          verbs: ["list", "watch"]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          name: rolecall:sa:ns-1:k-sa-1
          namespace: default
          labels:
            app.kubernetes.io/managed-by: rolecall
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: Role
          name: rolecall:sa:ns-1:k-sa-1
        subjects:
        - kind: ServiceAccount
          name: k-sa-1
          namespace: ns-1
        --- stderr
        note: allows sa/ns-1:k-sa-1 to list pods in namespace default; list services in namespace default; watch pods in namespace default; watch services in namespace default
        note: no other access is granted
        --- exit 0
        "#
    );
}

#[test]
fn allowed_requests_need_no_fix() {
    assert_snapshot!(rolecall("fix list pods --for deploy/lister -n ns-1 -f fixtures/ns-1"), @r#"
    --- stderr
    note: sa/ns-1:k-sa-1 can already list pods in namespace ns-1: RBAC: allowed by RoleBinding "pod-lister/ns-1" of Role "pod-lister" to ServiceAccount "k-sa-1/ns-1"
    --- exit 0
    "#);
}

#[test]
fn an_applied_fix_is_complete_and_the_next_one_extends_it() {
    let folder = written("fix list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1");
    let path = folder.path().to_str().unwrap();
    let again = rolecall(&format!(
        "fix list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1 -f {path}"
    ));
    assert_eq!((again.exit, &*again.stdout), (Some(0), ""));
    let more = rolecall(&format!(
        "fix get secrets --name db --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1 -f {path} --diff -q"
    ));
    let shown = more.to_string().replace(path, "FOLDER");
    assert_snapshot!(shown, @r#"
    --- Role default/rolecall:sa:ns-1:k-sa-1 (FOLDER/fix.yaml:1)
    +++ Role default/rolecall:sa:ns-1:k-sa-1
    @@ -9,3 +9,7 @@
     - apiGroups: [""]
       resources: ["pods"]
       verbs: ["list"]
    +- apiGroups: [""]
    +  resources: ["secrets"]
    +  resourceNames: ["db"]
    +  verbs: ["get"]
    --- exit 0
    "#);
}

#[test]
fn a_review_is_fixed_exactly() {
    for attributes in [
        r#""verb":"get","resource":"namespaces","name":"db""#,
        r#""verb":"get","resource":"namespaces","name":"db","namespace":"other""#,
        r#""verb":"list","resource":"nodes","namespace":"db""#,
    ] {
        let review = format!(
            r#"{{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{{"user":"alice","resourceAttributes":{{{attributes}}}}}}}"#
        );
        let ran = rolecall_with("fix --reviews - -f fixtures/ns-1", &review);
        assert_eq!(ran.exit, Some(0), "{ran}");
        let folder = tempfile::tempdir().unwrap();
        let fix = folder.path().join("fix.yaml");
        std::fs::write(&fix, &ran.stdout).unwrap();
        let again = format!("--reviews - -f fixtures/ns-1 -f {}", fix.display());
        let answered = rolecall_with(&format!("can-i {again}"), &review);
        assert!(answered.stdout.contains(r#""allowed":true"#), "{attributes}: {answered}");
        assert_eq!(rolecall_with(&format!("fix {again}"), &review).stdout, "");
    }
}

#[test]
fn granting_control_of_the_cluster_is_refused() {
    assert_snapshot!(
        rolecall("fix create,get pods/exec --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"),
        @r#"
        --- stderr
        error: not granted: create pods/exec in namespace ns-1 to sa/ns-1:k-sa-1: its holders can run commands in any Pod (RC518)
        note: alternative: request `pods/log` or `pods/portforward`
        error: not granted: get pods/exec in namespace ns-1 to sa/ns-1:k-sa-1: its holders can run commands in any Pod (RC518)
        note: alternative: request `pods/log` or `pods/portforward`
        hint: pass `--allow-risky` to grant it anyway
        --- exit 1
        "#
    );
    let allowed = "fix create pods/exec --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 --allow-risky -q";
    assert_snapshot!(rolecall(allowed), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:sa:ns-1:k-sa-1
      namespace: ns-1
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # create resource "pods/exec" in API group "" in the namespace "ns-1"
    - apiGroups: [""]
      resources: ["pods/exec"]
      verbs: ["create"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:sa:ns-1:k-sa-1
      namespace: ns-1
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:sa:ns-1:k-sa-1
    subjects:
    - kind: ServiceAccount
      name: k-sa-1
      namespace: ns-1
    --- exit 0
    "#);
}

#[test]
fn a_role_applies_to_a_node_too() {
    let ran = rolecall("fix get secrets --for user/system:node:n1 -n ns-1 -f fixtures/ns-1");
    assert_eq!(
        (ran.exit, &*ran.stderr),
        (
            Some(0),
            "note: `user/system:node:n1` is not in group system:nodes, so the Node authorizer does not apply\n\
             hint: pass `--as-group system:nodes` to ask about the node\n\
             note: allows user/system:node:n1 to get secrets in namespace ns-1\n\
             note: for kubelets, this adds to the rules of the Node authorizer, which allows access to their own \
             Node and Pods, and to objects that those Pods use; NodeRestriction also limits writes\n\
             note: no other access is granted\n\
             warning: this grant has a risk of medium severity in namespace `ns-1`: its holders can read any Secret whose name they know (RC510)\n"
        )
    );
}

#[test]
fn unread_input_leaves_open_whether_a_fix_is_needed() {
    let ran = rolecall(
        "fix delete pods --for sa/app -n unread-document -f fixtures/unread-document --keep-going",
    );
    assert_eq!(ran.exit, Some(3), "{ran}");
    let comment = "# The requests might already be allowed, because rolecall could not read:\n# - ";
    assert!(ran.stdout.starts_with(comment), "{ran}");
}

#[test]
fn reviews_and_matrices_are_fixed_too() {
    let reviews = r#"
{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"user":"jane","groups":["system:authenticated"],"resourceAttributes":{"verb":"list","resource":"nodes","namespace":"ns-1"}},"status":{"allowed":false}}
{"spec":{"user":"jane","nonResourceAttributes":{"verb":"get","path":"/metrics"}}}
{"spec":{"user":"joe","nonResourceAttributes":{"verb":"get","path":"/metrics"}},"status":{"allowed":true}}
"#;
    assert_snapshot!(rolecall_with("fix --reviews - -f fixtures/ns-1", reviews), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: rolecall:user:jane
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "nodes" in API group "" at the cluster scope (stdin:2)
    - apiGroups: [""]
      resources: ["nodes"]
      verbs: ["list"]
    # get path "/metrics" (stdin:3)
    - nonResourceURLs: ["/metrics"]
      verbs: ["get"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: rolecall:user:jane
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: rolecall:user:jane
    subjects:
    - kind: User
      apiGroup: rbac.authorization.k8s.io
      name: jane
    --- stderr
    note: `nodes` is cluster-scoped: ignoring namespace `ns-1`
    note: allows user/jane to get /metrics; list nodes at the cluster scope
    note: no other access is granted
    --- exit 0
    "#);
    let matrix = rolecall(
        "can-i --for sa/k-sa-1 --verbs get,list --resources pods,services -n ns-1 -f fixtures/ns-1 -o json",
    );
    let ran = rolecall_with("fix --matrix - -f fixtures/ns-1 -q -o json", &matrix.stdout);
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(ran.exit, Some(0));
    assert_snapshot!(plan["objects"][0]["rules"], @r#"[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]},{"apiGroups":[""],"resources":["services"],"verbs":["get","list"]}]"#);
}

#[test]
fn an_existing_role_is_bound_and_its_excess_shown() {
    assert_snapshot!(
        rolecall("fix list pods --for user/jane -n ns-1 -f fixtures/ns-1 --style reuse"),
        @r#"
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          name: rolecall:user:jane+Role:pod-lister
          namespace: ns-1
          labels:
            app.kubernetes.io/managed-by: rolecall
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: Role
          name: pod-lister
        subjects:
        - kind: User
          apiGroup: rbac.authorization.k8s.io
          name: jane
        --- stderr
        note: allows user/jane to list pods in namespace ns-1
        note: no other access is granted
        --- exit 0
        "#
    );
    let ran = rolecall(
        "fix list services --for user/jane -n ns-1 -f fixtures/ns-1 --style reuse --max-excess 3 -q",
    );
    assert!(ran.stdout.contains("name: rolecall:user:jane\n"), "{ran}");
}

#[test]
fn preflight_reports_whether_the_fix_can_be_applied() {
    let ran = rolecall(
        "fix list services --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 --preflight --as jane -o json",
    );
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    let preflight = &plan["preflight"];
    assert_eq!(preflight["clear"], false);
    assert_eq!(preflight["denied"].as_array().unwrap().len(), 4);
    assert_snapshot!(preflight["escalations"][1], @r#"{"missing":[{"apiGroups":[""],"resources":["services"],"verbs":["list"]}],"object":{"kind":"RoleBinding","name":"rolecall:sa:ns-1:k-sa-1","namespace":"ns-1"},"pass":{"group":"rbac.authorization.k8s.io","name":"rolecall:sa:ns-1:k-sa-1","namespace":"ns-1","path":"","resource":"roles","subresource":"","verb":"bind"}}"#);
    assert_snapshot!(ran.stderr, @r#"
    note: allows sa/ns-1:k-sa-1 to list services in namespace ns-1
    note: no other access is granted
    error: preflight: cannot create rolebindings.rbac.authorization.k8s.io in namespace ns-1
    error: preflight: cannot create roles.rbac.authorization.k8s.io in namespace ns-1
    error: preflight: cannot get rolebindings.rbac.authorization.k8s.io "rolecall:sa:ns-1:k-sa-1" in namespace ns-1
    error: preflight: cannot get roles.rbac.authorization.k8s.io "rolecall:sa:ns-1:k-sa-1" in namespace ns-1
    error: preflight: Role ns-1/rolecall:sa:ns-1:k-sa-1 grants more than the applying user has, who cannot escalate roles.rbac.authorization.k8s.io in namespace ns-1
    note: missing: list services
    error: preflight: RoleBinding ns-1/rolecall:sa:ns-1:k-sa-1 grants more than the applying user has, who cannot bind roles.rbac.authorization.k8s.io "rolecall:sa:ns-1:k-sa-1" in namespace ns-1
    note: missing: list services
    hint: run `rolecall who-can bind roles -n ns-1 -f fixtures/ns-1 --as jane` to see which subjects can apply such objects
    "#);
    let ran = rolecall(
        "fix list services --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 --preflight --as root --as-group system:masters",
    );
    assert_eq!(ran.exit, Some(0), "{ran}");
}

#[test]
fn hostile_names_stay_inside_strings() {
    let mut command = command();
    command.args(split("fix list pods -n ns-1 -f fixtures/ns-1 --for"));
    command.arg("user/x\n---\nkind: Evil \u{1b}[31m");
    assert_snapshot!(run(&mut command, ""), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:user:x~0A---~0Akind:~20Evil~20~1B~5B31m
      namespace: ns-1
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" in the namespace "ns-1"
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:user:x~0A---~0Akind:~20Evil~20~1B~5B31m
      namespace: ns-1
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:user:x~0A---~0Akind:~20Evil~20~1B~5B31m
    subjects:
    - kind: User
      apiGroup: rbac.authorization.k8s.io
      name: "x\n---\nkind: Evil \x1b[31m"
    --- stderr
    note: allows user/x\n---\nkind: Evil \u{1b}[31m to list pods in namespace ns-1
    note: no other access is granted
    --- exit 0
    "#);
}

#[test]
fn conflicting_options_are_reported() {
    let first_line = |arguments: &str| {
        let ran = rolecall(arguments);
        let is_object = arguments.contains("-o json");
        assert_eq!((ran.exit, ran.stdout.is_empty()), (Some(2), !is_object), "{arguments}: {ran}");
        ran.stderr.lines().next().unwrap_or_default().to_owned()
    };
    let lines: Vec<String> = [
        "fix",
        "fix get",
        "fix get pods --from-errors x",
        "fix --from-errors - -f -",
        "fix --from-errors no-such-file -f fixtures/ns-1",
        "fix --matrix README.md -f fixtures/ns-1",
        "fix get pods --for sa/k-sa-1 --max-excess 1 -f fixtures/ns-1",
        "fix get pods --for sa/k-sa-1 --diff -o json -f fixtures/ns-1",
        "fix get pods --for sa/k-sa-1 --dedicated-serviceaccount -n ns-1 -f fixtures/ns-1",
        "fix get pods --for me -f fixtures/ns-1",
        "fix get pods --for sa/k-sa-1 --since 1h -f fixtures/ns-1",
        "fix get pods --for sa/k-sa-1 --preflight -n ns-1 -f fixtures/ns-1",
        "fix get, pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1",
    ]
    .iter()
    .map(|arguments| first_line(arguments))
    .collect();
    assert_snapshot!(lines.join("\n"), @r#"
    error: the following required arguments were not provided:
    error: the following required arguments were not provided:
    error: the argument '[VERB]' cannot be used with '--from-errors <FILE>'
    error: `-f -` and the denials cannot both be stdin
    error: no-such-file: no such file or directory
    error: `README.md` is not a matrix in the format of `rolecall can-i -o json`
    error: `--max-excess` needs `--style reuse`
    error: `--diff` does not support `-o json`
    error: `--dedicated-serviceaccount` needs a workload, such as `--for deploy/NAME`
    error: manifests do not define `me`
    error: `--since` needs `--logs`
    error: manifests do not show who applies the objects
    error: the verb is empty
    "#);
}

#[test]
fn a_role_that_is_extended_can_be_patched_instead() {
    let ran = rolecall("fix list services --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 --style extend");
    assert_eq!(ran.exit, Some(0), "{ran}");
    let patch = r#"kubectl patch role pod-lister -n ns-1 --type json -p '[{"op":"add","path":"/rules/-","value":{"apiGroups":[""],"resources":["services"],"verbs":["list"]}}]'"#;
    assert!(ran.stderr.contains(patch), "{ran}");
}

#[test]
fn paths_have_no_query_and_http_verbs() {
    let ran = rolecall("fix get '/metrics?x=1' --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1");
    assert!(ran.stdout.contains("nonResourceURLs: [\"/metrics\"]"), "{ran}");
    assert!(ran.stderr.contains("checking `/metrics`"), "{ran}");
    let ran = rolecall("fix list /metrics --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1");
    assert!(ran.exit == Some(2) && ran.stderr.contains("use `get /metrics` instead"), "{ran}");
    let ran = rolecall("fix list /metrics --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 --force");
    assert!(ran.stderr.contains("`list` is not a verb of URL paths"), "{ran}");
    let ran = rolecall("fix 'get, list' pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1");
    assert!(ran.stdout.contains("verbs: [\"get\", \"list\"]"), "{ran}");
}

#[test]
fn a_review_with_an_empty_path_is_not_granted() {
    let review = r#"{"spec":{"user":"jane","nonResourceAttributes":{"verb":"get","path":""}},"status":{"allowed":false}}"#;
    let ran = rolecall_with("fix --reviews - -f fixtures/ns-1", review);
    assert_eq!((ran.exit, &*ran.stdout), (Some(1), ""), "{ran}");
    assert!(ran.stderr.contains("the path is empty"), "{ran}");
}
