//! `fix` and `check` agree about rules without an effect and about risks.

use crate::command::{Ran, command, rolecall, rolecall_with, run};

const VERBS: [&str; 20] = [
    "get",
    "list",
    "create",
    "update",
    "deletecollection",
    "bind",
    "escalate",
    "impersonate",
    "approve",
    "sign",
    "attest",
    "use",
    "post",
    "head",
    "GET",
    "frobnicate",
    "scale",
    "exec",
    "impersonate:user-info",
    "*",
];

const TARGETS: [&str; 19] = [
    "pods",
    "pods/log",
    "pods/exec",
    "deployments.apps/scale",
    "deployments.apps/finalizers",
    "nodes",
    "configmaps",
    "certificatesigningrequests",
    "certificatesigningrequests/approval",
    "signers",
    "users",
    "serviceaccounts",
    "clusterroles",
    "podsecuritypolicies.policy",
    "widgets.example.org",
    "*/scale",
    "/debug",
    "/debug/*",
    "/api/v1/pods",
];

fn fix(words: &[&str], subject: &str) -> Ran {
    let mut command = command();
    command.arg("fix").args(words).args(["--for", subject, "-n", "ns-1", "--allow-risky"]);
    run(command.args(["-f", "fixtures/ns-1"]), "")
}

#[test]
fn check_reports_no_rule_that_fix_wrote_as_dead() {
    let mut written = Vec::new();
    let mut refused = 0;
    for (row, verb) in VERBS.iter().enumerate() {
        for (column, target) in TARGETS.iter().enumerate() {
            let ran = fix(&[verb, target], &format!("user/u-{row}-{column}"));
            match ran.exit {
                Some(0) => written.push(ran.stdout),
                _ => {
                    let has_reason = ran.stderr.contains("would have no effect")
                        || ran.stderr.contains("no served resource")
                        || ran.stderr.contains("has no subresource");
                    assert!(ran.exit == Some(2) && has_reason, "{verb} {target}: {ran}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 150 && written.len() > 60, "{refused} refused, {} written", written.len());
    let report = rolecall_with(
        "check - --only RC2* --severity low --fail-level low",
        &written.join("---\n"),
    );
    assert_eq!(report.exit, Some(0), "{report}");
}

#[test]
fn a_rule_without_effect_is_refused_with_the_right_request() {
    for (what, meant) in [
        ("create /debug", "use `post /debug` instead of `create /debug`"),
        ("LIST /debug", "use `get /debug` instead of `LIST /debug`"),
        ("bind /debug", "use an HTTP method in lower case, such as `get`"),
        ("approve certificatesigningrequests", "use `approve signers.certificates.k8s.io` instead"),
        ("attest nodes", "use `attest signers.certificates.k8s.io` instead"),
        (
            "bind rolebindings",
            "use `bind roles.rbac.authorization.k8s.io` or \
             `bind clusterroles.rbac.authorization.k8s.io` instead",
        ),
        ("impersonate pods", "use `impersonate users`, `impersonate groups`"),
        ("use configmaps", "use `use podsecuritypolicies.policy` or"),
    ] {
        let ran = rolecall(&format!("fix {what} --for user/a -n ns-1 -f fixtures/ns-1"));
        assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""), "{what}: {ran}");
        assert!(ran.stderr.contains("would have no effect"), "{what}: {ran}");
        assert!(ran.stderr.contains(meant), "{what}: {ran}");
    }
    // Servers check the resource for such a path, so `fix` grants that.
    let of_resource = "get /api/v1/pods";
    for what in ["get /debug", of_resource, "approve signers", "impersonate users", "bind roles"] {
        let ran = fix(&what.split(' ').collect::<Vec<_>>(), "user/a");
        assert_eq!(ran.exit, Some(0), "{what}: {ran}");
    }
}

#[test]
fn fix_warns_of_the_risks_that_check_reports() {
    for (what, code) in [
        ("list secrets", Some("RC511")),
        ("get secrets", Some("RC510")),
        ("get secrets --name db", None),
        ("list pods", None),
        ("create pods/portforward", None),
    ] {
        let line = format!("fix {what} --for user/a -n ns-1 -f fixtures/ns-1");
        let ran = rolecall(&line);
        assert_eq!(ran.exit, Some(0), "{what}: {ran}");
        let warnings: Vec<&str> =
            ran.stderr.lines().filter(|line| line.contains("this grant has a risk of")).collect();
        assert_eq!(warnings.len(), usize::from(code.is_some()), "{what}: {ran}");
        let is_named = code.is_none_or(|code| warnings.iter().any(|line| line.contains(code)));
        assert!(is_named, "{what}: {ran}");
        let report = rolecall_with("check - --severity medium --fail-level none", &ran.stdout);
        assert_eq!(report.stdout.contains("RC5"), code.is_some(), "{what}: {report}");
    }
}
