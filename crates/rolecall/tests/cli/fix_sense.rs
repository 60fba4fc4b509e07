//! `fix` writes only rules that requests match, now and later.

use insta::assert_snapshot;

use crate::command::{Ran, rolecall, rolecall_with};

fn fix(what: &str) -> Ran {
    rolecall(&format!("fix {what} --for sa/ns-1:k-sa-1 -n ns-1 -f fixtures/ns-1"))
}

#[test]
fn rules_that_no_request_matches_are_not_written() {
    for (what, meant) in [
        ("scale deployments", "use `update,patch deployments.apps/scale` instead"),
        ("exec pods", "use `create pods/exec` instead"),
        ("logs pods", "use `get pods/log` instead"),
        ("port-forward pods", "use `create pods/portforward` instead"),
        ("logs deploy", "use `get pods/log` instead"),
        ("taint nodes", "use `get,patch nodes` instead"),
        ("gett pods", "did you mean `get`?"),
        ("list pods/log", "`pods/log` serves only `get`"),
        ("get deployments.app", "use `apps`"),
        ("get secrets.core", "omit it: the core group has no name"),
        ("get foos.apps", "API group `apps` has no resource `foos`"),
        ("get widgets.example.org", "pass `--force` to write the rule anyway"),
        ("proxy pods", "use `get,create pods/proxy` instead"),
        ("redirect services", "use `get,create services/proxy` instead"),
        ("get users", "it exists only in checks of `impersonate`"),
        ("update groups", "it exists only in checks of `impersonate`"),
        ("list signers", "it exists only in checks of `approve`, `attest` and `sign`"),
        ("get userextras/scopes", "it exists only in checks of"),
        ("get deployments.extensions", "use `deployments.apps` instead"),
        ("get ingresses.extensions", "use `ingresses.networking.k8s.io` instead"),
        ("use podsecuritypolicies.policy", "was removed in Kubernetes 1.25"),
        ("deletecollection pods --name a", "use `delete pods --name a` or"),
    ] {
        let ran = fix(what);
        assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""), "{what}: {ran}");
        assert!(ran.stderr.contains(meant), "{what}: {ran}");
    }
    // Not every verb has to apply to every resource.
    let some = fix("get,list pods pods/log");
    assert_eq!(some.exit, Some(0), "{some}");
    assert!(some.stderr.contains("ignoring `list pods/log`"), "{some}");
    let forced = fix("get widgets.example.org --force");
    assert_eq!(forced.exit, Some(0), "{forced}");
    assert!(forced.stdout.contains("apiGroups: [\"example.org\"]"), "{forced}");
}

#[test]
fn certainly_generated_names_are_left_out() {
    for (what, limited) in [
        ("get pods --name web-7887448d46-4hjjv", false),
        ("get pods --name node-exporter-x7k2p", true),
        ("get pods --name web-20240131-4hjjv", false),
        ("delete pods --name web-7887448d46-4hjjv", false),
        ("create pods/exec --name web-7887448d46-4hjjv --allow-risky", true),
        ("patch replicasets.apps --name web-7887448d46", true),
        ("get replicasets.apps --name web-20240131", true),
        ("get jobs --name migrate-20240131", true),
        ("get configmaps --name web-grpc2", true),
        ("get configmaps --name app-env-5k9b7f8gm2", true),
        ("get secrets --name backend-http2", true),
        ("get secrets --name wildcard-tls24", true),
        ("get secrets --name web-grpc2 --allow-risky", true),
        ("get secrets --name app-env-5k9b7f8gm2", true),
        ("get secrets --name sh.helm.release.v1.rel.v7", false),
        ("patch events --name web.17a8f0c9d2b1e3f4", false),
        ("get replicasets.apps --name web-7887448d46", false),
        ("get pods --name web-0", true),
        ("get secrets --name db", true),
        ("get pods --name web-7887448d46-4hjjv --keep-names", true),
    ] {
        let ran = fix(what);
        assert_eq!(ran.exit, Some(0), "{what}: {ran}");
        assert_eq!(ran.stdout.contains("resourceNames"), limited, "{what}: {ran}");
        let warns = ran.stderr.contains("for all names in the namespace");
        assert_eq!(warns, !limited, "{what}: {ran}");
    }
    for name in ["backend-http2", "app-env-5k9b7f8gm2"] {
        let ran = fix(&format!("get secrets --name {name}"));
        assert!(ran.stderr.contains("which looks generated"), "{ran}");
    }
}

#[test]
fn follow_up_requests_are_offered_and_granted_with_an_option() {
    let log = "W1130 01:02:03.4 reflector.go:535] failed to list *v1.Pod: pods is forbidden: User \"system:serviceaccount:ns-1:k-sa-1\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\"\n\
        E1130 01:02:03.5 leaderelection.go:332] error retrieving resource lock default/op: leases.coordination.k8s.io \"op\" is forbidden: User \"system:serviceaccount:ns-1:k-sa-1\" cannot get resource \"leases\" in API group \"coordination.k8s.io\" in the namespace \"default\"\n";
    let ran = rolecall_with("fix --from-errors - -f fixtures/ns-1", log);
    assert_snapshot!(ran.stderr, @r#"
    note: allows sa/ns-1:k-sa-1 to get leases.coordination.k8s.io "op" in namespace default; list pods in namespace default
    note: no other access is granted
    note: such clients usually also need to: create events in namespace default; create events.events.k8s.io in namespace default; create leases.coordination.k8s.io in namespace default; patch events in namespace default; patch events.events.k8s.io in namespace default; update leases.coordination.k8s.io "op" in namespace default; watch pods in namespace default
    hint: pass `--complete` to also grant these requests
    "#);
    assert!(!ran.stdout.contains("watch"), "{ran}");
    let ran = rolecall_with("fix --from-errors - -f fixtures/ns-1 --complete", log);
    assert_snapshot!(ran.stdout.lines().take_while(|line| *line != "---").collect::<Vec<_>>().join("\n"), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:sa:ns-1:k-sa-1
      namespace: default
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" in the namespace "default" (stdin:1)
    # watch resource "pods" in API group "" in the namespace "default" (follows list)
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list", "watch"]
    # create resource "events" in API group "" in the namespace "default" (follows get)
    # create resource "events" in API group "events.k8s.io" in the namespace "default" (follows get)
    # patch resource "events" in API group "" in the namespace "default" (follows get)
    # patch resource "events" in API group "events.k8s.io" in the namespace "default" (follows get)
    - apiGroups: ["", "events.k8s.io"]
      resources: ["events"]
      verbs: ["create", "patch"]
    # create resource "leases" in API group "coordination.k8s.io" in the namespace "default" (follows get)
    - apiGroups: ["coordination.k8s.io"]
      resources: ["leases"]
      verbs: ["create"]
    # get resource "leases" in API group "coordination.k8s.io" in the namespace "default", name "op" (stdin:2)
    # update resource "leases" in API group "coordination.k8s.io" in the namespace "default", name "op" (follows get)
    - apiGroups: ["coordination.k8s.io"]
      resources: ["leases"]
      resourceNames: ["op"]
      verbs: ["get", "update"]
    "#);
    // A command that lists once has no follow-up requests.
    let once = "pods is forbidden: User \"system:serviceaccount:ns-1:k-sa-1\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\"\n";
    let ran = rolecall_with("fix --from-errors - -f fixtures/ns-1", once);
    assert!(!ran.stderr.contains("--complete"), "{ran}");
}

#[test]
fn subjects_that_no_request_comes_from_get_nothing() {
    for (subject, meant) in [
        ("user/system:masters", "use `group/system:masters` instead"),
        ("user/system:serviceaccounts:ns-1", "use `group/system:serviceaccounts:ns-1` instead"),
        ("group/system:kube-scheduler", "use `user/system:kube-scheduler` instead"),
    ] {
        let ran = rolecall(&format!("fix list pods --for {subject} -n ns-1 -f fixtures/ns-1"));
        assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""), "{subject}: {ran}");
        assert!(ran.stderr.contains(meant), "{subject}: {ran}");
    }
}

#[test]
fn a_probably_misspelled_service_account_gets_nothing() {
    let ran = rolecall("fix list pods --for sa/ns-1:k-sa-2 -n ns-1 -f fixtures/ns-1");
    assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""), "{ran}");
    assert!(ran.stderr.contains("use `sa/ns-1:k-sa-1` instead of `sa/ns-1:k-sa-2`"), "{ran}");
    for option in ["--force", "--create-serviceaccount"] {
        let ran = rolecall(&format!(
            "fix list pods --for sa/ns-1:k-sa-2 -n ns-1 -f fixtures/ns-1 {option}"
        ));
        assert_eq!(ran.exit, Some(0), "{ran}");
    }
}

#[test]
fn an_existing_role_is_reused_only_with_little_excess() {
    let ran = fix("list services --style reuse");
    assert_eq!(ran.exit, Some(0), "{ran}");
    assert!(ran.stdout.contains("kind: Role\n"), "{ran}");
    assert!(ran.stderr.contains("no existing role is suitable"), "{ran}");
    let ran = fix("list services --style reuse --max-excess 500");
    assert!(ran.stdout.contains("name: view"), "{ran}");
    assert!(ran.stderr.lines().all(|line| line.chars().count() < 400), "{ran}");
}

#[test]
fn a_wrong_field_is_reported_and_repaired_with_an_option() {
    let fix = |question: &str, options: &str| {
        rolecall(&format!(
            "fix {question} --for sa/widget-operator -n widget-system -f fixtures/one-wrong-word {options}"
        ))
    };
    let shown = fix("list pods", "");
    assert_eq!(
        shown.stderr.lines().next(),
        Some(
            "note: smaller change: use `namespace: widget-system` at fixtures/one-wrong-word/manifests.yaml:31 (use `--style repair`)"
        ),
        "{shown}"
    );
    assert_snapshot!(fix("list pods", "--style repair"), @r#"
    --- a/fixtures/one-wrong-word/manifests.yaml
    +++ b/fixtures/one-wrong-word/manifests.yaml
    @@ -28,7 +28,7 @@
     subjects:
     - kind: ServiceAccount
       name: widget-operator
    -  namespace: widget-sytem # misspelt
    +  namespace: widget-system # misspelt
     ---
     apiVersion: rbac.authorization.k8s.io/v1
     kind: Role
    --- stderr
    note: one word is wrong: use `namespace: widget-system` at fixtures/one-wrong-word/manifests.yaml:31
    hint: run `rolecall fix list pods --for sa/widget-operator --style repair -n widget-system -f fixtures/one-wrong-word | patch -p1` to correct the files
    note: allows sa/widget-system:widget-operator to list pods in namespace widget-system
    warning: sa/widget-system:widget-operator also gains access everywhere: get,list,watch pods
    --- exit 0
    "#);
    assert_snapshot!(fix("get configmaps", "--style repair -q"), @r#"
    --- a/fixtures/one-wrong-word/manifests.yaml
    +++ b/fixtures/one-wrong-word/manifests.yaml
    @@ -38,7 +38,7 @@
     - apiGroups:
       - ""
       resources:
    -  - "configmap"
    +  - "configmaps"
       verbs:
       - get
     ---
    --- exit 0
    "#);
    assert_snapshot!(fix("list nodes", "--style repair -q"), @"
    --- a/fixtures/one-wrong-word/invalid.yaml
    +++ b/fixtures/one-wrong-word/invalid.yaml
    @@ -12,3 +12,4 @@
     subjects:
     - kind: ServiceAccount
       name: widget-operator
    +  namespace: widget-system
    --- exit 0
    ");
    // Nothing is wrong, so a role is written as without the style.
    let none = fix("list secrets", "--style repair -q");
    assert!(none.stdout.starts_with("apiVersion: "), "{none}");
}
