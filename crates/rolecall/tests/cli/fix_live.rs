//! `fix` for callers with little read access: unknown never means "no".

use insta::assert_snapshot;
use serde_json::json;

use crate::server::{Reply, Server};

fn server() -> Server {
    Server::of(&["few-rights"])
}

#[test]
fn preflight_asks_the_server_if_lists_are_refused() {
    let fix = "fix list configmaps --for sa/team-a:app -n team-a --preflight";
    for user in ["nsuser", "granter"] {
        let ran = server().rolecall(user, fix);
        assert!(ran.stderr.contains("preflight: all objects can be applied"), "{user}: {ran}");
        assert!(!ran.stderr.contains("may not"), "{user}: {ran}");
        assert!(ran.stdout.contains("kind: RoleBinding"), "{user}: {ran}");
    }
    // The server rejects a user with less access than the grant, as does preflight, which prints
    // nothing.
    let ran =
        server().rolecall("granter", "fix list pods --for sa/team-a:app -n team-a --preflight");
    assert_eq!((ran.exit, &*ran.stdout), (Some(1), ""), "{ran}");
    assert!(ran.stderr.contains("missing: list pods"), "{ran}");
}

#[test]
fn preflight_without_reviews_is_unknown() {
    let server = Server::with(&["few-rights"], |seen| {
        let is_review = seen.path.contains("/self") && !seen.path.ends_with("/selfsubjectreviews");
        is_review.then(|| Reply::failure(403, "Forbidden", "no reviews here"))
    });
    let ran = server.rolecall("nsuser", "fix list pods --for sa/team-a:app -n team-a --preflight");
    assert_eq!(ran.exit, Some(3), "{ran}");
    assert!(ran.stderr.contains("preflight: unknown: "), "{ran}");
    assert!(!ran.stderr.contains("preflight: cannot"), "{ran}");
}

#[test]
fn an_unlisted_role_is_never_replaced() {
    let fix = "fix delete pods --for sa/team-a:viewer -n team-a";
    // The role can be read by name, but not its bindings.
    let ran = server().rolecall("granter", fix);
    assert!(ran.stdout.contains("name: rolecall:sa:team-a:viewer+2\n"), "{ran}");
    assert!(ran.stderr.contains("its bindings could not be read"), "{ran}");
    // Here neither the role nor its bindings can be read.
    let ran = server().rolecall("reviewer", fix);
    assert_eq!(ran.exit, Some(3), "{ran}");
    assert!(!ran.stderr.contains("no other access is granted"), "{ran}");
    assert!(ran.stderr.contains("unclear whether these already exist"), "{ran}");
    // Everything is read: the subject's role is bound to others too, and stays unchanged.
    let ran = server().rolecall("admin", fix);
    assert_eq!(ran.exit, Some(0), "{ran}");
    assert!(ran.stdout.contains("name: rolecall:sa:team-a:viewer+2\n"), "{ran}");
}

#[test]
fn a_dry_run_cannot_check_a_binding_of_a_new_role() {
    let server = Server::with(&["few-rights"], |seen| {
        let is_binding = seen.query.contains("dryRun") && seen.path.contains("/rolebindings/");
        let text = "rolebindings.rbac.authorization.k8s.io \"rolecall:sa:team-a:app\" not found";
        is_binding.then(|| Reply::failure(404, "NotFound", text))
    });
    let fix = "fix list configmaps --for sa/team-a:app -n team-a";
    let ran = server.rolecall("granter", &format!("{fix} --preflight --dry-run server"));
    assert!(ran.stderr.contains("the server could not check RoleBinding"), "{ran}");
    assert!(!ran.stderr.contains("the server rejects"), "{ran}");
    assert_ne!(ran.exit, Some(1), "{ran}");
    // An object that the server rejects is not printed, because a pipe would apply it.
    let refusing = Server::with(&["few-rights"], |seen| {
        seen.query
            .contains("dryRun")
            .then(|| Reply::failure(404, "NotFound", "namespaces \"team-a\" not found"))
    });
    let ran = refusing.rolecall("granter", &format!("{fix} --dry-run server"));
    assert_eq!((ran.exit, &*ran.stdout), (Some(1), ""), "{ran}");
}

#[test]
fn no_role_overrides_an_authorizer_before_rbac() {
    let reviewing = |status: serde_json::Value| {
        Server::with(&["few-rights"], move |seen| {
            let is_review = seen.path.ends_with("/subjectaccessreviews");
            is_review
                .then(|| Reply::json(&json!({"kind": "SubjectAccessReview", "status": status})))
        })
    };
    let fix = "fix list pods --for user/jane -n team-a";
    let denied =
        reviewing(json!({"allowed": false, "denied": true, "reason": "a policy forbids it"}));
    assert_snapshot!(denied.rolecall("admin", fix), @"
    --- stderr
    error: jane cannot list resource \"pods\" in API group \"\" in the namespace \"team-a\": an authorizer before RBAC denies it explicitly, which no Role can overrule: a policy forbids it
    --- exit 1
    ");
    let allowed = reviewing(json!({"allowed": true, "reason": "a webhook allows it"}));
    assert_snapshot!(allowed.rolecall("admin", fix), @r#"
    --- stderr
    note: user/jane can already list pods in namespace team-a: according to the server: a webhook allows it
    --- exit 0
    "#);
}

#[test]
fn an_object_in_the_cluster_is_corrected_by_a_patch() {
    let ran = Server::of(&["one-wrong-word"]).rolecall(
        "admin",
        "fix list pods --for sa/widget-operator -n widget-system --style repair",
    );
    assert_snapshot!(ran, @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: widget-operator
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: widget-operator
    subjects:
    - kind: ServiceAccount
      name: widget-operator
      namespace: widget-system
    --- stderr
    note: one word is wrong: use `namespace: widget-system` in ClusterRoleBinding widget-operator
    hint: run `kubectl patch clusterrolebinding widget-operator --type json -p '[{"op":"replace","path":"/subjects/0/namespace","value":"widget-system"}]'` to change only that word
    note: allows sa/widget-system:widget-operator to list pods in namespace widget-system
    warning: sa/widget-system:widget-operator also gains access everywhere: get,list,watch pods
    --- exit 0
    "#);
}

#[test]
fn namespaces_that_reject_new_objects_cause_a_warning() {
    for (answer, warning) in [
        (
            Reply::json(&json!({"kind": "Namespace", "status": {"phase": "Terminating"}})),
            "namespace `team-a` is being deleted",
        ),
        (
            Reply::failure(404, "NotFound", "namespaces \"team-a\" not found"),
            "namespace `team-a` does not exist yet",
        ),
    ] {
        let server = Server::with(&["few-rights"], move |seen| {
            (seen.path == "/api/v1/namespaces/team-a").then(|| answer.clone())
        });
        let ran = server.rolecall("admin", "fix list pods --for sa/team-a:app -n team-a");
        assert_eq!(ran.stderr.matches(warning).count(), 1, "{ran}");
    }
}

#[test]
fn unreadable_logs_leave_the_answer_open() {
    let server = |refused: fn(&str) -> bool| {
        Server::with(&["ns-1"], move |seen| {
            let is_refused = seen.path.ends_with("/log") && refused(&seen.query);
            is_refused.then(|| Reply::failure(403, "Forbidden", "pods/log is forbidden"))
        })
    };
    let none = server(|_| true).rolecall("admin", "fix --logs deploy/lister -n ns-1");
    assert_eq!((none.exit, &*none.stdout), (Some(2), ""), "{none}");
    assert!(!none.stderr.contains("hold no refusal"), "{none}");
    let some = server(|query| query.contains("previous"));
    let some = some.rolecall("admin", "fix --logs deploy/lister -n ns-1");
    assert_eq!(some.exit, Some(3), "{some}");
    assert!(some.stdout.contains("kind: Role"), "{some}");
}
