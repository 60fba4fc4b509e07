//! Every command on one delegation from the Kubernetes documentation: binding `view` in a
//! namespace.

use super::command::{rolecall, rolecall_with};

const SOURCE: &str = "-f fixtures/delegated-bind";
const QUESTION: &str = "bind clusterroles --name view -n delegated-bind";
const LEAD: &str = "--for user/delegated-bind-lead";

/// Runs a command, checks that its output contains a text, and returns the exit code.
#[track_caller]
fn says(arguments: &str, text: &str) -> Option<i32> {
    let ran = rolecall(arguments);
    assert!(ran.stdout.contains(text), "{arguments}: {ran}");
    ran.exit
}

#[test]
fn every_command_supports_bind_from_a_role_binding() {
    let by = "by RoleBinding delegated-bind/granter";
    for command in ["can-i", "why"] {
        assert_eq!(says(&format!("{command} {QUESTION} {LEAD} {SOURCE}"), by), Some(0));
    }
    assert_eq!(says(&format!("who-can {QUESTION} {SOURCE}"), "user/delegated-bind-lead "), Some(0));
    let walk = says(
        &format!("walk user/delegated-bind-lead {SOURCE}"),
        "bind clusterroles.rbac.authorization.k8s.io named \"view\"\n",
    );
    assert_eq!(walk, Some(0));
    let diff = says(
        &format!("diff fixtures/node-identity {}", &SOURCE[3..]),
        "bind clusterroles.rbac.authorization.k8s.io named view in namespace delegated-bind ",
    );
    assert_eq!(diff, Some(0));
}

#[test]
fn a_granted_bind_is_a_role_in_the_namespace() {
    let fix = rolecall(&format!("fix {QUESTION} --for user/new --allow-risky {SOURCE}"));
    let kinds: Vec<&str> = fix.stdout.lines().filter(|line| line.starts_with("kind: ")).collect();
    assert_eq!((kinds, fix.exit), (vec!["kind: Role", "kind: RoleBinding"], Some(0)));
    // The applied fix is complete.
    let ran = rolecall_with(&format!("can-i {QUESTION} --for user/new {SOURCE} -f -"), &fix.stdout);
    assert_eq!(ran.exit, Some(0), "{ran}");
}

#[test]
fn a_delegated_bind_is_neither_dead_nor_denied_by_expectations() {
    let check = rolecall("check fixtures/delegated-bind --only RC2* -o json");
    assert!(!check.stdout.contains("delegated-bind-granter"), "{check}");
    assert!(check.stdout.contains("delegated-bind-nothing"), "{check}");
    let expectations = "apiVersion: rolecall.dev/v1\nkind: CheckConfig\nexpectations:\n\
         - subjects: [user/delegated-bind-lead]\n  namespaces: [delegated-bind]\n  cannot: [bind clusterroles]\n";
    let ran =
        rolecall_with("check fixtures/delegated-bind --only RC602 --expectations -", expectations);
    assert_eq!(ran.exit, Some(1), "{ran}");
    assert!(
        ran.stdout.contains("can bind clusterroles.rbac.authorization.k8s.io named view"),
        "{ran}"
    );
}

#[test]
fn reviews_of_bind_depend_on_the_namespace() {
    let review = |namespace: &str| {
        format!(
            r#"{{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{{"user":"delegated-bind-lead","resourceAttributes":{{"verb":"bind","group":"rbac.authorization.k8s.io","resource":"clusterroles","name":"view","namespace":"{namespace}"}}}}}}"#
        )
    };
    for (namespace, allowed) in [("delegated-bind", true), ("default", false), ("", false)] {
        let ran = rolecall_with(&format!("can-i --reviews - {SOURCE}"), &review(namespace));
        assert!(ran.stdout.contains(&format!("\"allowed\":{allowed}")), "{namespace}: {ran}");
    }
}
