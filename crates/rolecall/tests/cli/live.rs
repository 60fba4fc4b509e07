//! The commands on a cluster, from the perspective of a user.

use insta::assert_snapshot;
use serde_json::json;

use crate::command::{Ran, run};
use crate::server::{Received, Reply, Server, TOKEN};

const ACCOUNT: &str = "system:serviceaccount:ns-1:k-sa-1";

fn server() -> Server {
    Server::of(&["ns-1"])
}

/// A server that answers reviews of other subjects with a fixed status.
fn reviewing(status: serde_json::Value) -> Server {
    Server::with(&["ns-1"], move |seen| {
        is_review(seen)
            .then(|| Reply::json(&json!({"kind": "SubjectAccessReview", "status": status})))
    })
}

fn is_review(seen: &Received) -> bool {
    seen.path.ends_with("/subjectaccessreviews")
}

#[test]
fn the_server_answers_one_question() {
    let server = server();
    let ask = |question: &str| server.rolecall("admin", &format!("can-i {question} --mode live"));
    assert_snapshot!(ask("list pods --for sa/k-sa-1 -n ns-1"), @r#"
    yes: according to the server, sa/ns-1:k-sa-1 can list pods in namespace ns-1
      RBAC: allowed by RoleBinding "pod-lister/ns-1" of Role "pod-lister" to ServiceAccount "k-sa-1/ns-1"
    --- exit 0
    "#);
    assert_snapshot!(ask("get secrets --for deploy/lister -n ns-1"), @r#"
    no: according to the server, sa/ns-1:k-sa-1 cannot get secrets in namespace ns-1
    --- exit 1
    "#);
}

#[test]
fn a_denial_and_a_failure_are_distinguished() {
    let question = "can-i get secrets --for user/jane -n ns-1 --mode live";
    let denied =
        reviewing(json!({"allowed": false, "denied": true, "reason": "a policy forbids it"}));
    assert_snapshot!(denied.rolecall("admin", question), @r#"
    denied: according to the server, user/jane cannot get secrets in namespace ns-1 (explicit denial)
      a policy forbids it
    --- exit 1
    "#);
    let failed = reviewing(json!({"allowed": false, "evaluationError": "a webhook failed"}));
    assert_snapshot!(failed.rolecall("admin", question), @r#"
    unknown: the server does not say whether user/jane can get secrets in namespace ns-1
      a webhook failed
    --- exit 3
    "#);
}

#[test]
fn both_agree() {
    let question = "can-i --for 'sa/*' --for user/jane -n ns-1 -n default --mode both";
    let ran = server().rolecall("admin", &format!("{question} --resources pods,nodes,/metrics"));
    assert_snapshot!(ran, @"
    --- stderr
    note: 64 answers compared; none disagrees
    --- exit 0
    ");
}

#[test]
fn both_answer_one_question() {
    let ask = |line: &str| server().rolecall("admin", &format!("can-i {line} --mode both"));
    assert_snapshot!(ask("list pods --for sa/k-sa-1 -n ns-1"), @r#"
    yes: according to the server, sa/ns-1:k-sa-1 can list pods in namespace ns-1
      RBAC: allowed by RoleBinding "pod-lister/ns-1" of Role "pod-lister" to ServiceAccount "k-sa-1/ns-1"
    --- stderr
    note: 1 answer compared; none disagrees
    --- exit 0
    "#);
    assert_snapshot!(ask("get pods --for sa/k-sa-1 -n ns-1"), @r#"
    no: according to the server, sa/ns-1:k-sa-1 cannot get pods in namespace ns-1
    --- stderr
    note: 1 answer compared; none disagrees
    --- exit 1
    "#);
}

#[test]
fn both_disagree_when_a_webhook_allows() {
    let server = reviewing(json!({"allowed": true, "reason": "a webhook allows it"}));
    let question = "can-i --for sa/k-sa-1 --verbs list,get --resources pods -n ns-1 --mode both";
    assert_snapshot!(server.rolecall("admin", question), @"
    SUBJECT          REQUEST                      LOCAL   LIVE   BECAUSE
    sa/ns-1:k-sa-1   get pods in namespace ns-1   no      yes    an authorizer other than RBAC, such as a webhook, allows it
    --- stderr
    note: 2 answers compared; 1 disagrees
    --- exit 1
    ");
}

#[test]
fn both_disagree_about_what_the_node_authorizer_allows() {
    let server = reviewing(json!({"allowed": true}));
    let who = "--for user/system:node:n1 --as-group system:nodes";
    let question = format!("can-i get pods {who} -n ns-1 --mode both");
    assert_snapshot!(server.rolecall("admin", &question), @r#"
    yes: according to the server, user/system:node:n1 can get pods in namespace ns-1
    SUBJECT               REQUEST                      LOCAL   LIVE   BECAUSE
    user/system:node:n1   get pods in namespace ns-1   no      yes    the Node authorizer allows it
    --- stderr
    note: 1 answer compared; 1 disagrees
    --- exit 1
    "#);
}

#[test]
fn a_matrix_of_the_server() {
    let question = "can-i --for sa/k-sa-1 --resources pods,nodes -n ns-1 -n default --mode live";
    assert_snapshot!(server().rolecall("admin", question), @r#"
    NAMESPACE  RESOURCE  GET  LIST  WATCH  CREATE  UPDATE  PATCH  DELETE  DELETE
                                                                          COLLECTION
    -          nodes     no   no    no     no      no      no     no      no
    ns-1       pods      no   yes   no     no      no      no     no      no
    default    pods      no   no    no     no      no      no     no      no
    24 answers: 1 yes, 23 no
    --- exit 0
    "#);
}

#[test]
fn callers_without_reviews_impersonate() {
    let server = Server::with(&["ns-1"], |seen| {
        let message = "subjectaccessreviews.authorization.k8s.io is forbidden";
        let is_refused = seen.path.ends_with("/subjectaccessreviews")
            || seen.path.ends_with("/localsubjectaccessreviews");
        is_refused.then(|| Reply::failure(403, "Forbidden", message))
    });
    let question = "can-i --for sa/k-sa-1 --verbs list,get --resources pods -n ns-1 --mode live";
    assert_snapshot!(server.rolecall("admin", question), @"
    RESOURCE  LIST  GET
    pods      yes   no
    --- exit 0
    ");
    assert_eq!(
        server.seen().iter().filter(|seen| seen.contains("/selfsubjectaccessreviews")).count(),
        2
    );
}

#[test]
fn callers_without_reviews_and_impersonation_get_unknown() {
    let question = "can-i list pods --for user/jane -n ns-1 --mode live";
    assert_snapshot!(server().rolecall(ACCOUNT, question), @r#"
    unknown: the server does not say whether user/jane can list pods in namespace ns-1
      subjectaccessreviews is forbidden: User "system:serviceaccount:ns-1:k-sa-1" cannot create resource "subjectaccessreviews" in API group "authorization.k8s.io" at the cluster scope; localsubjectaccessreviews is forbidden: User "system:serviceaccount:ns-1:k-sa-1" cannot create resource "localsubjectaccessreviews" in API group "authorization.k8s.io" in the namespace "ns-1"; users is forbidden: User "system:serviceaccount:ns-1:k-sa-1" cannot impersonate resource "users" in API group "" at the cluster scope
    --- exit 3
    "#);
}

#[test]
fn many_questions_about_the_caller_are_one_rules_review() {
    let server = server();
    let ran = server.rolecall(ACCOUNT, "can-i --resources pods,secrets -n ns-1 --mode live");
    assert_snapshot!(ran, @r#"
    RESOURCE  GET  LIST  WATCH  CREATE  UPDATE  PATCH  DELETE  DELETE
                                                               COLLECTION
    pods      no   yes   no     no      no      no     no      no
    secrets   no   no    no     no      no      no     no      no
    16 answers: 1 yes, 15 no
    --- exit 0
    "#);
    let reviews: Vec<String> =
        server.seen().into_iter().filter(|seen| seen.contains("subject")).collect();
    assert_eq!(
        reviews,
        [
            "POST /apis/authentication.k8s.io/v1/selfsubjectreviews",
            "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        ]
    );
}

#[test]
fn an_incomplete_rules_review_is_not_relied_on() {
    let server = Server::with(&["ns-1"], |seen| {
        let status = json!({"resourceRules": [], "nonResourceRules": [], "incomplete": true});
        seen.path
            .ends_with("rulesreviews")
            .then(|| Reply::json(&json!({"kind": "SelfSubjectRulesReview", "status": status})))
    });
    let question = "can-i --verbs get,list --resources pods,secrets -n ns-1 --mode live";
    assert_snapshot!(server.rolecall(ACCOUNT, question), @r#"
    RESOURCE  GET  LIST
    pods      no   yes
    secrets   no   no
    4 answers: 1 yes, 3 no
    --- exit 0
    "#);
    let own = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    assert_eq!(server.seen().iter().filter(|seen| *seen == own).count(), 4);
}

#[test]
fn who_the_caller_is() {
    assert_snapshot!(server().rolecall(ACCOUNT, "whoami"), @"
    ATTRIBUTE       VALUE
    user            system:serviceaccount:ns-1:k-sa-1
    groups          system:serviceaccounts, system:serviceaccounts:ns-1, system:authenticated
    server          SERVER
    context         test
    namespace       default
    credential      token
    token issuer    https://kubernetes.default.svc
    token subject   system:serviceaccount:ns-1:k-sa-1
    token expires   never
    --- exit 0
    ");
}

#[test]
fn an_old_server_does_not_report_the_caller() {
    let server = Server::with(&["ns-1"], |seen| {
        seen.path.ends_with("selfsubjectreviews").then(Reply::not_found)
    });
    assert_snapshot!(server.rolecall("jane", "whoami"), @r#"
    ATTRIBUTE       VALUE
    user            jane
    groups          system:authenticated
    server          SERVER
    context         test
    namespace       default
    credential      token
    token issuer    https://kubernetes.default.svc
    token subject   jane
    token expires   never
    --- stderr
    warning: this server does not report identities: the user is from an error message, and groups other than the usual ones are unknown
    --- exit 0
    "#);
}

#[test]
fn a_rejected_token() {
    let server =
        Server::with(&["ns-1"], |_| Some(Reply::failure(401, "Unauthorized", "Unauthorized")));
    assert_snapshot!(server.rolecall("jane", "can-i get pods"), @r#"
    --- stderr
    error: `SERVER` does not accept the credentials
    caused by: Unauthorized
    hint: run `kubectl config view --minify` to check the credentials
    --- exit 2
    "#);
}

#[test]
fn pods_are_walked_to_their_workload() {
    assert_snapshot!(server().rolecall("admin", "walk -n ns-1"), @r#"
    2 Pods of Deployment ns-1/lister
    |   lister-6c9d7f8b54-4xkqp, lister-6c9d7f8b54-zn2vd
    |   through ReplicaSet lister-6c9d7f8b54
    |   token mounted: by default
    `-- ServiceAccount ns-1/k-sa-1
        |-- in ns-1: RoleBinding pod-lister of Role pod-lister
        |   `-- list pods
        `-- everywhere: the default rules of every ServiceAccount (4 bindings; see -o wide)
    --- exit 0
    "#);
    assert_snapshot!(server().rolecall("admin", "walk deploy/lister -n ns-1"), @r#"
    2 Pods of Deployment ns-1/lister
    |   lister-6c9d7f8b54-4xkqp, lister-6c9d7f8b54-zn2vd
    |   through ReplicaSet lister-6c9d7f8b54
    |   token mounted: by default
    `-- ServiceAccount ns-1/k-sa-1
        |-- in ns-1: RoleBinding pod-lister of Role pod-lister
        |   `-- list pods
        `-- everywhere: the default rules of every ServiceAccount (4 bindings; see -o wide)
    --- exit 0
    "#);
}

#[test]
fn denials_in_logs_are_fixed() {
    assert_snapshot!(server().rolecall("admin", "fix --logs deploy/lister -n ns-1"), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:sa:ns-1:k-sa-1
      namespace: default
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" in the namespace "default" (pod/ns-1:lister-6c9d7f8b54-4xkqp/lister (previous):1)
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
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
    note: allows sa/ns-1:k-sa-1 to list pods in namespace default
    note: no other access is granted
    --- exit 0
    "#);
}

#[test]
fn preflight_checks_the_user_who_applies_the_fix() {
    let fix = "fix get pods --for user/jane -n ns-1 -o json";
    let preflight = server().rolecall("admin", &format!("{fix} --preflight"));
    assert_eq!(preflight.exit, Some(0), "{preflight}");
    assert_snapshot!(preflight.stderr, @r#"
    note: allows user/jane to get pods in namespace ns-1
    note: no other access is granted
    note: preflight: all objects can be applied
    "#);
}

#[test]
fn the_server_checks_a_fix_without_storing_it() {
    let fix = "fix get pods --for user/jane -n ns-1 --dry-run server";
    let accepting = server();
    assert_eq!(accepting.rolecall("admin", fix).exit, Some(0));
    let patches = accepting.seen().into_iter().filter(|seen| seen.starts_with("PATCH")).count();
    assert_eq!(patches, 2);
    let refusing = Server::with(&["ns-1"], |seen| {
        let message = "user \"jane\" is attempting to grant RBAC permissions not currently held";
        (seen.method == "PATCH").then(|| Reply::failure(403, "Forbidden", message))
    });
    let ran = refusing.rolecall("admin", fix);
    assert_snapshot!(Ran { stdout: String::new(), ..ran }, @r#"
    --- stderr
    note: allows user/jane to get pods in namespace ns-1
    note: no other access is granted
    error: the server rejects Role ns-1/rolecall:user:jane: user "jane" is attempting to grant RBAC permissions not currently held
    error: the server rejects RoleBinding ns-1/rolecall:user:jane: user "jane" is attempting to grant RBAC permissions not currently held
    --- exit 1
    "#);
}

#[test]
fn a_cluster_is_compared_with_manifests_and_snapshots() {
    let server = server();
    let snapshot = server.rolecall("admin", "snapshot").stdout;
    let mut command = server.command("admin", "diff - cluster --fail-on any");
    assert_snapshot!(server.tidy(run(&mut command, &snapshot)), @r#"
    --- stderr
    note: escalation paths were not compared, because Pods were not read; `--paths` compares them
    note: no subject gains or loses access
    --- exit 0
    "#);
    let overlay = "diff cluster overlay:fixtures/project-swan/after";
    assert_snapshot!(server.rolecall("admin", overlay), @r#"
    CHANGE   SUBJECT                         ACCESS                                            THROUGH
    gained   sa/project-swan:secret-reader   get,list pods,secrets in namespace project-swan   RoleBinding project-swan/secret-reader of Role project-swan/secret-reader (fixtures/project-swan/after/manifests.yaml:12)

    RISK    SEVERITY   SUBJECT                         WHERE          CAN NOW
    RC511   medium     sa/project-swan:secret-reader   project-swan   read all Secrets at once

    1 gained, 1 risk (1 medium)
    --- stderr
    note: escalation paths were not compared, because Pods were not read; `--paths` compares them
    --- exit 0
    "#);
}

#[test]
fn an_overlay_predicts_the_effect_of_manifests() {
    let question = "can-i get secrets --for sa/project-swan:secret-reader -n project-swan";
    let server = server();
    assert_eq!(server.rolecall("admin", question).exit, Some(1));
    let overlay = "-f fixtures/project-swan/after --overlay";
    assert_snapshot!(server.rolecall("admin", &format!("{question} {overlay}")), @r#"
    yes: sa/project-swan:secret-reader can get secrets in namespace project-swan
      by RoleBinding project-swan/secret-reader (fixtures/project-swan/after/manifests.yaml:25), Role project-swan/secret-reader, rules[0]: get,list secrets
    --- exit 0
    "#);
    let check = server.rolecall("admin", "check fixtures/v09-dangling-role-ref --overlay");
    assert_snapshot!(check, @r#"
    CODE    SEVERITY   WHERE                                              OBJECT                               FINDING
    RC101   high       fixtures/v09-dangling-role-ref/manifests.yaml:20   ClusterRoleBinding v09-app-metrics   roleRef.name: ClusterRole `v09-metrics-reader` does not exist: nothing is granted; create it, or correct the roleRef
    RC101   high       fixtures/v09-dangling-role-ref/manifests.yaml:35   RoleBinding v09-app/app-view         roleRef.name: Role `view` does not exist in namespace `v09-app`: nothing is granted; refer to `ClusterRole view` if you meant that one
    RC402   low        fixtures/v09-dangling-role-ref/manifests.yaml:6    ServiceAccount v09-app/app           has access, but no workload in the input uses it; run the intended workload as this ServiceAccount, or remove its bindings if nothing uses it

    3 findings: 2 high, 1 low
    checked 7 objects in 2 files
    --- stderr
    hint: run `rolecall explain RC101` to read what this means and how to fix it
    --- exit 1
    "#);
}

#[test]
fn a_custom_workload_can_be_in_an_overlay() {
    let discovery = json!({"kind": "APIGroupDiscoveryList", "items": [
        {"metadata": {"name": "argoproj.io"}, "versions": [{"version": "v1alpha1", "resources": [
            {"resource": "rollouts", "singularResource": "rollout", "scope": "Namespaced",
             "responseKind": {"kind": "Rollout"}, "verbs": ["get"]}]}]}]});
    let server = Server::with(&["ns-1"], move |seen| {
        (seen.path == "/apis").then(|| Reply::json(&discovery))
    });
    let question = "can-i list pods --for rollout/web -n ns-1";
    assert_snapshot!(server.rolecall("admin", question), @r#"
    --- stderr
    error: cannot look up `rollout/web`: rolecall only lists workloads of built-in kinds in a cluster
    hint: run `kubectl get rollout web -n ns-1 -o yaml > web.yaml` to save it to a file
    hint: pass `--overlay -f web.yaml` to read it from there
    --- exit 2
    "#);
    let rollout =
        "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: web, namespace: ns-1},
        spec: {template: {spec: {serviceAccountName: k-sa-1, containers: [{name: c, image: i}]}}}}";
    let mut command = server.command("admin", &format!("{question} --overlay -f -"));
    assert_snapshot!(server.tidy(run(&mut command, rollout)), @r#"
    yes: sa/ns-1:k-sa-1 (Rollout ns-1/web) can list pods in namespace ns-1
      by RoleBinding ns-1/pod-lister, Role ns-1/pod-lister, rules[0]: list pods
    --- exit 0
    "#);
}

/// Logs of any level never contain a credential.
/// Libraries log the URLs of requests.
#[test]
fn debug_logs_contain_no_password_of_the_server() {
    let server = server();
    let mut command = server.command("admin", "can-i list pods --for sa/k-sa-1 -n ns-1 -vvv");
    command.args(["--server", &server.url().replace("://", "://me:hunter2@")]);
    let ran = run(&mut command, "");
    assert_eq!(ran.exit, Some(0), "{ran}");
    assert!(ran.stderr.contains("TRACE") && !ran.stderr.contains("hunter2"), "{ran}");
}

#[test]
fn debug_logs_contain_no_token() {
    let server = server();
    for arguments in [
        "can-i list pods --for sa/k-sa-1 -n ns-1 --mode both -vvv",
        "whoami -vvv -o json",
        "snapshot -vvv",
        "fix --logs deploy/lister -n ns-1 -vvv",
        "can-i list pods --as jane -vvv",
    ] {
        let ran = server.rolecall("admin", arguments);
        assert!(ran.stderr.contains("DEBUG"), "{ran}");
        assert!(!ran.to_string().contains(TOKEN), "{arguments}");
        assert!(
            !ran.to_string().to_lowercase().contains("authorization: bearer ey"),
            "{arguments}"
        );
    }
}
