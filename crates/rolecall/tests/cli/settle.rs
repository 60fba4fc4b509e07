//! Questions that roles and bindings leave open, and that the server answers.

use insta::assert_snapshot;
use serde_json::json;

use crate::server::{Reply, Server};

const ACCOUNT: &str = "system:serviceaccount:ns-1:k-sa-1";

fn server() -> Server {
    Server::of(&["ns-1"])
}

/// A server whose admin cannot list RoleBindings, but can review other subjects.
fn without_role_bindings() -> Server {
    Server::with(&["ns-1"], |seen| {
        let message = "rolebindings is forbidden: User \"admin\" cannot list resource \
            \"rolebindings\" in API group \"rbac.authorization.k8s.io\" at the cluster scope";
        let is_refused = seen.path.ends_with("/rolebindings");
        is_refused.then(|| Reply::failure(403, "Forbidden", message))
    })
}

#[test]
fn the_server_answers_what_refused_lists_leave_open() {
    let server = server();
    assert_snapshot!(server.rolecall(ACCOUNT, "can-i list pods -n ns-1"), @r#"
    yes: according to the server, sa/ns-1:k-sa-1 can list pods in namespace ns-1
      RBAC: allowed by RoleBinding "pod-lister/ns-1" of Role "pod-lister" to ServiceAccount "k-sa-1/ns-1"
    --- stderr
    note: this is the server's answer, because rolecall could not read: every ClusterRoleBinding; every RoleBinding in namespace `ns-1`
    --- exit 0
    "#);
    assert_snapshot!(server.rolecall(ACCOUNT, "can-i get pods -n ns-1"), @r#"
    no: according to the server, sa/ns-1:k-sa-1 cannot get pods in namespace ns-1
    --- stderr
    note: this is the server's answer, because rolecall could not read: every ClusterRoleBinding; every RoleBinding in namespace `ns-1`
    hint: run `rolecall fix get pods --for me -n ns-1` to print the minimal YAML that allows it
    --- exit 1
    "#);
    assert_snapshot!(server.rolecall(ACCOUNT, "why list pods -n ns-1"), @r#"
    yes: according to the server, sa/ns-1:k-sa-1 can list pods in namespace ns-1
      RBAC: allowed by RoleBinding "pod-lister/ns-1" of Role "pod-lister" to ServiceAccount "k-sa-1/ns-1"
    --- stderr
    note: this is the server's answer, because rolecall could not read: every ClusterRoleBinding; every RoleBinding
    --- exit 0
    "#);
}

#[test]
fn the_server_answers_about_others_to_callers_with_reviews() {
    let ask = |question: &str| without_role_bindings().rolecall("admin", question);
    assert_snapshot!(ask("can-i list pods --for sa/k-sa-1 -n ns-1"), @r#"
    yes: according to the server, sa/ns-1:k-sa-1 can list pods in namespace ns-1
      RBAC: allowed by RoleBinding "pod-lister/ns-1" of Role "pod-lister" to ServiceAccount "k-sa-1/ns-1"
    --- stderr
    note: this is the server's answer, because rolecall could not read: every RoleBinding in namespace `ns-1`
    --- exit 0
    "#);
    assert_snapshot!(ask("can-i list pods --for sa/k-sa-1 -n ns-1 --mode local"), @r#"
    unknown: as far as can be determined, User "system:serviceaccount:ns-1:k-sa-1" cannot list resource "pods" in API group "" in the namespace "ns-1"
      could not read: every RoleBinding in namespace `ns-1`: User "admin" cannot list them
      roles that would allow it are not bound to sa/ns-1:k-sa-1 as far as can be determined: Role ns-1/pod-lister, ClusterRole view, ClusterRole edit
    --- stderr
    hint: have an administrator run `rolecall fix list rolebindings.rbac.authorization.k8s.io --for user/admin -n ns-1 | kubectl apply -f -` to let rolecall read the forbidden lists
    --- exit 3
    "#);
}

#[test]
fn the_server_answers_the_open_cells_of_a_matrix() {
    let server = without_role_bindings();
    let question = "can-i --for sa/k-sa-1 --for user/system:kube-scheduler --verbs list,create \
        --resources pods,bindings,nodes -n ns-1";
    assert_snapshot!(server.rolecall("admin", question), @r#"
    SUBJECT                     RESOURCE  LIST  CREATE
    sa/ns-1:k-sa-1              pods      yes   no
    sa/ns-1:k-sa-1              bindings  no    no
    sa/ns-1:k-sa-1              nodes     no    no
    user/system:kube-scheduler  pods      yes   no
    user/system:kube-scheduler  bindings  no    yes
    user/system:kube-scheduler  nodes     yes   no
    12 answers: 4 yes, 8 no
    --- stderr
    note: 6 of 12 answers are from the server, because rolecall could not read: every RoleBinding in namespace `ns-1`
    --- exit 0
    "#);
    let reviews = server.seen().iter().filter(|seen| seen.ends_with("accessreviews")).count();
    assert_eq!(reviews, 6, "what roles and bindings allow is not asked");
}

#[test]
fn rules_reviews_settle_a_matrix_about_the_caller() {
    let server = server();
    let question = "can-i --verbs get,list,watch,create --resources pods,nodes -n ns-1";
    assert_snapshot!(server.rolecall(ACCOUNT, question), @r#"
    RESOURCE  GET  LIST  WATCH  CREATE
    pods      no   yes   no     no
    nodes     no   no    no     no
    8 answers: 1 yes, 7 no
    --- stderr
    note: 8 of 8 answers are from the server, because rolecall could not read: every ClusterRoleBinding; every RoleBinding in namespace `ns-1`
    --- exit 0
    "#);
    let reviews: Vec<String> = server
        .seen()
        .into_iter()
        .filter(|seen| seen.contains("authorization.k8s.io/v1/self"))
        .collect();
    // One for the namespace, and one for cluster-scoped resources.
    assert_eq!(reviews, ["POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews"; 2]);
}

#[test]
fn the_server_lists_the_callers_rules_if_roles_cannot_be_read() {
    assert_snapshot!(server().rolecall(ACCOUNT, "rules -n ns-1"), @r#"
    RESOURCE OR URL                                 VERBS
    pods                                            list
    selfsubjectreviews.authentication.k8s.io        create
    selfsubjectaccessreviews.authorization.k8s.io   create
    selfsubjectrulesreviews.authorization.k8s.io    create
    /.well-known/openid-configuration               get
    /.well-known/openid-configuration/              get
    /api                                            get
    /api/*                                          get
    /apis                                           get
    /apis/*                                         get
    /healthz                                        get
    /livez                                          get
    /openapi                                        get
    /openapi/*                                      get
    /openid/v1/jwks                                 get
    /openid/v1/jwks/                                get
    /readyz                                         get
    /version                                        get
    /version/                                       get
    19 rules, 1 subject, 1 namespace
    --- stderr
    note: these are the server's rules, because rolecall could not read: every ClusterRoleBinding; every RoleBinding in namespace `ns-1`
    --- exit 0
    "#);
    let partial = Server::with(&["ns-1"], |seen| {
        let pods = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]);
        let status = json!({"resourceRules": pods, "nonResourceRules": [], "incomplete": true,
            "evaluationError": "a webhook does not answer"});
        seen.path
            .ends_with("rulesreviews")
            .then(|| Reply::json(&json!({"kind": "SelfSubjectRulesReview", "status": status})))
    });
    assert_snapshot!(partial.rolecall(ACCOUNT, "rules -n ns-1 -o yaml"), @r#"
    apiVersion: authorization.k8s.io/v1
    kind: SelfSubjectRulesReview
    metadata:
      annotations:
        rolecall.dev/subject: sa/ns-1:k-sa-1
    spec:
      namespace: ns-1
    status:
      resourceRules:
      - verbs:
        - get
        apiGroups:
        - ''
        resources:
        - pods
      nonResourceRules: []
      incomplete: true
      evaluationError: a webhook does not answer
    --- stderr
    note: these are the server's rules, because rolecall could not read: every ClusterRoleBinding; every RoleBinding in namespace `ns-1`
    warning: more rules might apply, because the server does not list all of them: a webhook does not answer
    hint: have an administrator run `rolecall fix list clusterrolebindings.rbac.authorization.k8s.io,clusterroles.rbac.authorization.k8s.io --for sa/ns-1:k-sa-1 -A | kubectl apply -f -` to let rolecall read the forbidden lists
    hint: have an administrator run `rolecall fix list rolebindings.rbac.authorization.k8s.io,roles.rbac.authorization.k8s.io,serviceaccounts --for sa/ns-1:k-sa-1 -n ns-1 | kubectl apply -f -` to let rolecall read the forbidden lists
    --- exit 3
    "#);
}

#[test]
fn unanswered_questions_stay_unknown_with_a_hint() {
    let question = "can-i get pods --for user/jane -n ns-1";
    assert_snapshot!(server().rolecall(ACCOUNT, question), @r#"
    unknown: as far as can be determined, User "jane" cannot get resource "pods" in API group "" in the namespace "ns-1"
      could not read: every ClusterRoleBinding: User "system:serviceaccount:ns-1:k-sa-1" cannot list them
      could not read: every RoleBinding in namespace `ns-1`: User "system:serviceaccount:ns-1:k-sa-1" cannot list them
    --- stderr
    note: the server could not answer either: User "system:serviceaccount:ns-1:k-sa-1" cannot create resource "subjectaccessreviews" in API group "authorization.k8s.io" at the cluster scope; User "system:serviceaccount:ns-1:k-sa-1" cannot create resource "localsubjectaccessreviews" in API group "authorization.k8s.io" in the namespace "ns-1"
    hint: have an administrator run `rolecall fix create localsubjectaccessreviews.authorization.k8s.io --for sa/ns-1:k-sa-1 -n ns-1 | kubectl apply -f -` to let the server answer questions about others
    hint: run `rolecall can-i get pods --for user/jane --mode live -n ns-1` to ask the server by impersonation, if you can impersonate the subject
    hint: have an administrator run `rolecall fix list clusterrolebindings.rbac.authorization.k8s.io,clusterroles.rbac.authorization.k8s.io --for sa/ns-1:k-sa-1 -A | kubectl apply -f -` to let rolecall read the forbidden lists
    hint: have an administrator run `rolecall fix list rolebindings.rbac.authorization.k8s.io,roles.rbac.authorization.k8s.io,serviceaccounts --for sa/ns-1:k-sa-1 -n ns-1 | kubectl apply -f -` to let rolecall read the forbidden lists
    --- exit 3
    "#);
    let question = "can-i --verbs get --resources pods --for user/jane -n ns-1 -q";
    assert_snapshot!(server().rolecall(ACCOUNT, question), @"
    RESOURCE  GET
    pods      unknown
    --- exit 3
    ");
}

#[test]
fn the_server_is_not_asked_about_an_overlay() {
    let server = without_role_bindings();
    let question = "can-i get pods --for user/jane -n ns-1 -f fixtures/ns-1 --overlay -o json";
    let ran = server.rolecall("admin", question);
    let verdict =
        serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap()["cell"]["verdict"].clone();
    assert_eq!((verdict, ran.exit), (json!("unknown"), Some(3)));
    assert!(!server.seen().iter().any(|seen| seen.ends_with("reviews")));
}

#[test]
fn reviews_of_others_do_not_look_up_the_caller() {
    let server = server();
    let ask = |review: serde_json::Value| {
        let path = server.folder.path().join("reviews");
        std::fs::write(&path, review.to_string()).unwrap();
        let ran = server.rolecall("admin", &format!("can-i --reviews {}", path.display()));
        let status: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let asked = server.seen().iter().any(|seen| seen.ends_with("/selfsubjectreviews"));
        (status["status"]["allowed"].clone(), asked)
    };
    let target = json!({"verb": "list", "resource": "pods", "namespace": "ns-1"});
    let of_other = json!({"spec": {"user": ACCOUNT, "resourceAttributes": target}});
    assert_eq!(ask(of_other), (json!(true), false));
    let of_sender = json!({"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
        "spec": {"resourceAttributes": target}});
    assert_eq!(ask(of_sender), (json!(true), true));
}
