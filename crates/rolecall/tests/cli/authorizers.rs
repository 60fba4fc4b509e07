//! Servers with authorizers other than RBAC, and answers from RBAC alone.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::server::{Received, Reply, Server};

/// A server whose reviews return a fixed status, regardless of roles and bindings.
fn deciding(status: Value) -> Server {
    Server::with(&["ns-1"], move |seen| review(seen).then(|| answer(&status)))
}

fn review(seen: &Received) -> bool {
    seen.path.ends_with("accessreviews")
}

fn answer(status: &Value) -> Reply {
    Reply::json(&json!({"kind": "SubjectAccessReview", "status": status}))
}

const LIST: &str = "list pods --for sa/k-sa-1 -n ns-1";
const GET: &str = "get pods --for sa/k-sa-1 -n ns-1";

#[test]
fn a_webhook_overrides_a_role_that_allows() {
    let server =
        deciding(json!({"allowed": false, "denied": true, "reason": "the namespace is locked"}));
    assert_snapshot!(server.rolecall("admin", &format!("can-i {LIST}")), @r#"
    denied: according to the server, sa/ns-1:k-sa-1 cannot list pods in namespace ns-1 (explicit denial)
      the namespace is locked
    --- stderr
    note: based on roles and bindings only, the answer is yes: an authorizer other than RBAC, such as a webhook, denies it
    --- exit 1
    "#);
    assert_snapshot!(server.rolecall("admin", &format!("why {LIST}")), @r#"
    denied: according to the server, sa/ns-1:k-sa-1 cannot list pods in namespace ns-1 (explicit denial)
      the namespace is locked
    --- stderr
    note: based on roles and bindings only, the answer is yes: an authorizer other than RBAC, such as a webhook, denies it
    --- exit 1
    "#);
}

#[test]
fn an_authorizer_can_allow_what_no_role_allows() {
    let webhook = deciding(json!({"allowed": true, "reason": "the webhook likes it"}));
    assert_snapshot!(webhook.rolecall("admin", &format!("can-i {GET}")), @r#"
    yes: according to the server, sa/ns-1:k-sa-1 can get pods in namespace ns-1
      the webhook likes it
    --- stderr
    note: based on roles and bindings only, the answer is no: an authorizer other than RBAC, such as a webhook, allows it
    --- exit 0
    "#);
    let abac = deciding(json!({"allowed": true}));
    assert_snapshot!(abac.rolecall("admin", &format!("can-i {GET}")), @r#"
    yes: according to the server, sa/ns-1:k-sa-1 can get pods in namespace ns-1
    --- stderr
    note: based on roles and bindings only, the answer is no: an authorizer that gives no reason allows it: ABAC, AlwaysAllow, a webhook, or membership of `system:masters` that rolecall does not know
    --- exit 0
    "#);
}

#[test]
fn an_unconfirmed_answer_is_marked_as_rbac_only() {
    let failing = deciding(json!({"allowed": false, "evaluationError": "webhook: timeout"}));
    assert_snapshot!(failing.rolecall("admin", &format!("can-i {GET}")), @r#"
    no: User "system:serviceaccount:ns-1:k-sa-1" cannot get resource "pods" in API group "" in the namespace "ns-1"
      near miss: RoleBinding ns-1/pod-lister, Role ns-1/pod-lister, rules[0]: list pods
        but the rule has the verb list, not get
    --- stderr
    note: this is based on roles and bindings only: another authorizer, such as a webhook, could decide otherwise
    hint: run `rolecall why get pods --for sa/k-sa-1 -n ns-1` to see what would change the answer
    --- exit 1
    "#);
    let refusing = Server::with(&["ns-1"], |seen| {
        let message = "User \"admin\" cannot create resource \"subjectaccessreviews\"";
        review(seen).then(|| Reply::failure(403, "Forbidden", message))
    });
    assert_snapshot!(refusing.rolecall("admin", &format!("can-i {GET}")), @r#"
    no: User "system:serviceaccount:ns-1:k-sa-1" cannot get resource "pods" in API group "" in the namespace "ns-1"
      near miss: RoleBinding ns-1/pod-lister, Role ns-1/pod-lister, rules[0]: list pods
        but the rule has the verb list, not get
    --- stderr
    note: this is based on roles and bindings only: another authorizer, such as a webhook, could decide otherwise
    hint: run `rolecall why get pods --for sa/k-sa-1 -n ns-1` to see what would change the answer
    --- exit 1
    "#);
}

#[test]
fn impersonation_requires_an_option() {
    let refusing = || {
        Server::with(&["ns-1"], |seen| {
            let is_refused = review(seen) && !seen.path.ends_with("selfsubjectaccessreviews");
            is_refused.then(|| Reply::failure(403, "Forbidden", "User \"admin\" cannot create it"))
        })
    };
    for (arguments, expected) in [
        (format!("can-i {GET}"), 0),
        (format!("why {GET}"), 0),
        (format!("can-i {GET} --mode live"), 1),
    ] {
        let server = refusing();
        server.rolecall("admin", &arguments);
        let impersonated = server
            .received()
            .iter()
            .filter(|seen| seen.headers("impersonate-user").next().is_some())
            .count();
        assert_eq!(impersonated, expected, "{arguments}");
    }
}

/// A missing `allowed`, another kind and other responses never mean "no".
#[test]
fn responses_that_are_not_reviews_are_never_no() {
    let bodies = [
        json!({"kind": "SubjectAccessReview", "status": {}}),
        json!({"kind": "SubjectAccessReview"}),
        json!({"kind": "Status", "status": "Success"}),
        json!({"kind": "Pod", "status": {"allowed": false}}),
        json!({"status": {"allowed": false}}),
        json!({}),
        json!(null),
    ];
    for body in bodies {
        let text = body.to_string();
        let server = Server::with(&["ns-1"], move |seen| review(seen).then(|| Reply::json(&body)));
        let ran = server.rolecall("admin", &format!("can-i {GET} --mode live -o json"));
        let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(
            (answer["cell"]["verdict"].clone(), ran.exit),
            (json!("unknown"), Some(3)),
            "{text}"
        );
    }
}
