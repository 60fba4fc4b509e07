//! Callers who cannot list everything: their answers, and the reports about the rest.

use serde_json::{Value, json};

use crate::command::{Ran, run};
use crate::server::{Received, Reply, Server};

fn refuse(seen: &Received, resource: &str) -> Option<Reply> {
    let message = format!(
        "{resource} is forbidden: User \"admin\" cannot list resource \"{resource}\" in API group \
         \"rbac.authorization.k8s.io\" at the cluster scope"
    );
    let is_list = seen.method == "GET" && seen.path.ends_with(&format!("/{resource}"));
    is_list.then(|| Reply::failure(403, "Forbidden", &message))
}

/// A server whose admin can list neither ClusterRoles nor ClusterRoleBindings nor RoleBindings, but
/// can create access reviews.
fn reviewing() -> Server {
    Server::with(&["ns-1"], |seen| {
        ["clusterroles", "clusterrolebindings", "rolebindings"]
            .into_iter()
            .find_map(|resource| refuse(seen, resource))
    })
}

#[test]
fn who_can_lists_known_subjects_that_the_server_allows() {
    let note = "allowed by the server, through objects that could not be read";
    for (format, row) in [
        ("table", format!("sa/ns-1:k-sa-1   ns-1                         {note}\n")),
        ("csv", format!("sa/ns-1:k-sa-1,ns-1,,,,,,\"{note}\"\n")),
        ("markdown", format!("| sa/ns-1:k-sa-1 | ns-1 |  |  | {note} |\n")),
        ("name", "sa/ns-1:k-sa-1\n".to_owned()),
        (
            "jsonl",
            "\"confirmed\":[{\"subject\":\"sa/ns-1:k-sa-1\",\"namespace\":\"ns-1\"}]".to_owned(),
        ),
    ] {
        let asked = format!("who-can list pods -n ns-1 -o {format}");
        let ran = reviewing().rolecall("admin", &asked);
        assert!(ran.stdout.contains(&row), "{format}: {ran}");
        assert!(!ran.stderr.contains("no subject found"), "{ran}");
        assert_eq!(ran.exit, Some(3));
    }
}

/// The owner of a namespace reads its RoleBindings, but not ClusterRoles.
#[test]
fn bindings_of_unread_roles_are_named_if_the_server_does_not_answer() {
    let server = Server::with(&["ns-1"], |seen| {
        let is_review = seen.path.ends_with("subjectaccessreviews");
        let refused = is_review.then(|| Reply::failure(403, "Forbidden", "no"));
        refused.or_else(|| refuse(seen, "roles"))
    });
    let ran = server.rolecall("admin", "who-can list pods -n ns-1");
    let says = "note: sa/ns-1:k-sa-1 might be able to list pods in namespace ns-1: RoleBinding \
        ns-1/pod-lister refers to a role that could not be read";
    assert!(ran.stderr.lines().any(|line| line == says), "{ran}");
    assert_eq!(ran.exit, Some(3), "{ran}");
}

#[test]
fn a_pattern_names_the_list_that_could_hide_its_matches() {
    let server = Server::with(&["ns-1"], |seen| {
        let all = ["clusterroles", "roles", "serviceaccounts", "namespaces"];
        all.into_iter().find_map(|resource| refuse(seen, resource))
    });
    let ran = server.rolecall("admin", "can-i list pods --for sa/* -A");
    assert!(ran.stderr.contains("but not everything could be read: every ServiceAccount"), "{ran}");
    assert_eq!(ran.exit, Some(2), "{ran}");
}

/// An extension server that does not respond only matters to questions about its resources.
#[test]
fn an_unavailable_api_group_only_matters_to_its_questions() {
    let server = || {
        Server::with(&["ns-1"], |seen| {
            let versions = json!([{"version": "v1beta1", "freshness": "Stale", "resources": []}]);
            let group = json!({"metadata": {"name": "metrics.example.net"}, "versions": versions});
            let list = json!({"kind": "APIGroupDiscoveryList", "items": [group]});
            (seen.path.split('?').next() == Some("/apis")).then(|| Reply::json(&list))
        })
    };
    for (asked, warns) in [
        ("can-i list pods -n ns-1", false),
        ("why get /metrics", false),
        ("who-can get secrets -n ns-1", false),
        ("fix list pods --for sa/k-sa-1 -n ns-1", false),
        ("can-i list nodes.metrics.example.net", true),
        ("can-i list '*'", true),
        ("can-i --verbs list --resources pods -n ns-1", true),
        ("rules -n ns-1", true),
    ] {
        let ran = server().rolecall("admin", asked);
        let warning = "cannot discover the resources of `metrics.example.net/v1beta1`";
        assert_eq!(ran.stderr.contains(warning), warns, "{asked}: {ran}");
    }
}

/// Roles that could not be read can hide rights, so nothing is known about their use.
#[test]
fn commands_about_use_name_what_could_hide_rights() {
    let log = "crates/rolecall-usage/tests/data/native-1.36.jsonl.gz";
    for command in ["unused", "tighten"] {
        let ran = reviewing().rolecall("admin", &format!("{command} --usage {log}"));
        let says = "warning: there might be more rights; could not read: every ClusterRole, \
            ClusterRoleBinding and RoleBinding: User \"admin\" cannot list them";
        assert!(ran.stderr.lines().any(|line| line == says), "{command}: {ran}");
        assert_eq!(ran.exit, Some(3), "{command}: {ran}");
    }
}

/// Lists of Pods are large, and a program seldom needs them. A refused one never becomes a gap.
#[test]
fn who_can_lists_workloads_only_for_wide_tables() {
    const MADE_OF_PODS: [&str; 8] = [
        "pods",
        "deployments",
        "daemonsets",
        "cronjobs",
        "jobs",
        "replicasets",
        "statefulsets",
        "replicationcontrollers",
    ];
    for (format, lists, says) in [
        ("json", false, "\"workloads\": null"),
        ("yaml", false, "workloads: null"),
        ("csv", false, ",not read,"),
        ("table", false, "sa/ns-1:k-sa-1"),
        ("wide", true, "  not read"),
    ] {
        let server = Server::with(&["ns-1"], |seen| {
            MADE_OF_PODS.into_iter().find_map(|resource| refuse(seen, resource))
        });
        let ran = server.rolecall("admin", &format!("who-can list pods -n ns-1 -o {format}"));
        assert!(ran.stdout.contains(says), "{format}: {ran}");
        assert_eq!((ran.exit, ran.stderr.contains("could not be read")), (Some(0), false), "{ran}");
        let is_workload = |seen: &String| MADE_OF_PODS.iter().any(|it| seen.ends_with(it));
        assert_eq!(server.seen().iter().any(is_workload), lists, "{format}");
    }
}

#[test]
fn unlisted_service_accounts_are_not_reported_as_missing() {
    let server = Server::with(&["ns-1"], |seen| refuse(seen, "serviceaccounts"));
    let ran = server.rolecall("admin", "can-i --for sa/* -n ns-1 --resources pods");
    assert_eq!(ran.exit, Some(2), "{ran}");
    assert!(ran.stderr.contains("but not everything could be read: every ServiceAccount"), "{ran}");
    assert!(ran.stderr.contains("hint: have an administrator run `rolecall fix list "), "{ran}");
}

/// Sends reviews and returns their statuses.
fn review(server: &Server, reviews: &[Value], options: &str) -> (Vec<Value>, Ran) {
    let lines: Vec<String> = reviews.iter().map(Value::to_string).collect();
    let mut command = server.command("admin", &format!("can-i --reviews - {options}"));
    let ran = run(&mut command, &lines.join("\n"));
    let status = |line: &str| serde_json::from_str::<Value>(line).unwrap()["status"].clone();
    (ran.stdout.lines().map(status).collect(), ran)
}

#[test]
fn the_server_answers_reviews_that_refused_lists_leave_open() {
    let asked = |user: &str, verb: &str| {
        let target = json!({"verb": verb, "resource": "pods", "namespace": "ns-1"});
        json!({"spec": {"user": user, "resourceAttributes": target}})
    };
    let account = "system:serviceaccount:ns-1:k-sa-1";
    let reviews = [asked(account, "list"), asked(account, "get"), asked("jane", "list")];
    for options in ["", "--mode live"] {
        let (statuses, ran) = review(&reviewing(), &reviews, options);
        let allowed: Vec<&Value> = statuses.iter().map(|status| &status["allowed"]).collect();
        assert_eq!(allowed, [true, false, false], "{options}: {ran}");
        assert!(statuses.iter().all(|status| status["evaluationError"].is_null()), "{ran}");
        assert_eq!(ran.exit, Some(0), "{options}: {ran}");
    }
    let (statuses, ran) = review(&reviewing(), &reviews, "--mode local");
    assert!(statuses.iter().all(|status| status["evaluationError"].is_string()), "{ran}");
    assert_eq!(ran.exit, Some(3));
    let denying = Server::with(&["ns-1"], |seen| {
        let status = json!({"allowed": false, "denied": true, "reason": "locked"});
        seen.path
            .ends_with("accessreviews")
            .then(|| Reply::json(&json!({"kind": "SubjectAccessReview", "status": status})))
    });
    let (statuses, _) = review(&denying, &reviews[..1], "--mode live");
    assert_eq!(statuses, [json!({"allowed": false, "denied": true, "reason": "locked"})]);
}

/// The server reports that a namespace is missing or being deleted.
#[test]
fn missing_and_terminating_namespaces_are_reported() {
    let missing = "there is no namespace `nowhere` in this cluster";
    for (arguments, exit, label) in [
        ("can-i list pods --for sa/web -n nowhere", 1, "warning"),
        ("walk -n nowhere", 2, "error"),
        ("snapshot -n nowhere", 2, "error"),
        ("can-i --resources pods --for sa/k-sa-1 -n ns-1 --diff-with nowhere", 2, "error"),
    ] {
        let ran = Server::of(&["ns-1"]).rolecall("admin", arguments);
        assert!(ran.stderr.contains(&format!("{label}: {missing}")), "{arguments}: {ran}");
        assert_eq!(ran.exit, Some(exit), "{arguments}: {ran}");
    }
    let ending = Server::with(&["ns-1"], |seen| {
        let metadata = json!({"name": "ns-1", "deletionTimestamp": "2026-01-01T00:00:00Z"});
        (seen.path == "/api/v1/namespaces/ns-1")
            .then(|| Reply::json(&json!({"kind": "Namespace", "metadata": metadata})))
    });
    let ran = ending.rolecall("admin", "fix get pods --for user/jane -n ns-1");
    assert!(ran.stderr.contains("warning: namespace `ns-1` is being deleted"), "{ran}");
    let silent = Server::with(&["ns-1"], |seen| {
        (seen.path == "/api/v1/namespaces/ns-1")
            .then(|| Reply::failure(403, "Forbidden", "forbidden"))
    });
    assert!(!silent.rolecall("admin", "walk -n ns-1").stderr.contains("namespace `ns-1`"));
}

/// The hint is a command that an administrator can run as printed.
#[test]
fn the_rights_hint_prints_just_the_yaml() {
    let ran = Server::of(&["ns-1"])
        .rolecall("system:serviceaccount:ns-1:k-sa-1", "can-i get pods --for user/jane -n ns-1");
    let commands: Vec<&str> = ran
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("hint: have an administrator run `rolecall "))
        .filter_map(|rest| rest.split_once(" | kubectl apply -f -`").map(|(command, _)| command))
        .collect();
    assert_eq!(commands.len(), 3, "{ran}");
    for command in commands {
        let printed = Server::of(&["ns-1"]).rolecall("admin", command);
        assert_eq!(printed.exit, Some(0), "{command}: {printed}");
        let kinds: Vec<String> = serde_yaml::Deserializer::from_str(&printed.stdout)
            .map(|document| <Value as serde::Deserialize>::deserialize(document).unwrap())
            .map(|object| object["kind"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(kinds.len(), 2, "{command}: {printed}");
    }
}

#[test]
fn explicitly_denied_requests_get_no_role() {
    let server = Server::with(&["ns-1"], |seen| {
        let status = json!({"allowed": false, "denied": true, "reason": "the namespace is locked"});
        seen.path
            .ends_with("accessreviews")
            .then(|| Reply::json(&json!({"kind": "SubjectAccessReview", "status": status})))
    });
    let ran = server.rolecall("admin", "fix get pods --for user/jane -n ns-1");
    assert_eq!((ran.exit, &*ran.stdout), (Some(1), ""), "{ran}");
    assert!(ran.stderr.contains("no Role can overrule: the namespace is locked"), "{ran}");
}

/// Objects that cannot be listed cluster-wide are listed in the namespaces of the manifests.
#[test]
fn an_overlay_reads_only_its_namespaces() {
    let server = Server::with(&["ns-1"], |seen| {
        let is_of_all = seen.path.starts_with("/apis/rbac.authorization.k8s.io/v1/role");
        refuse(seen, if is_of_all { "rolebindings" } else { "clusterroles" })
    });
    let ran = server.rolecall("admin", "check fixtures/ns-1 --overlay");
    let seen = server.seen();
    let there = "GET /apis/rbac.authorization.k8s.io/v1/namespaces/ns-1/rolebindings";
    assert!(seen.iter().any(|line| line == there), "{ran}\n{seen:#?}");
}

/// A caller who cannot list anything gets no clean report: the findings stay, and the unread lists
/// are reported.
#[test]
fn an_overlay_on_a_cluster_that_cannot_be_read_is_not_clean() {
    let server = Server::with(&["ns-1"], |seen| {
        let is_list = seen.method == "GET"
            && [
                "/api/v1/",
                "/apis/rbac.authorization.k8s.io/v1/",
                "/apis/apps/v1/",
                "/apis/batch/",
            ]
            .iter()
            .any(|prefix| seen.path.starts_with(prefix));
        is_list.then(|| Reply::failure(403, "Forbidden", "User \"nobody\" cannot list this"))
    });
    let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n\
        metadata: {name: b, namespace: ns-1}\n\
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: nope}\n\
        subjects: [{kind: ServiceAccount, name: ghost}]\n";
    for output in ["table", "json"] {
        let mut command = server.command("admin", &format!("check - --overlay -o {output}"));
        let ran = run(&mut command, binding);
        assert_eq!(ran.exit, Some(3), "{ran}");
        for said in ["RC101", "Role `ns-1/nope` is not in the input", "RC102", "cannot list this"] {
            assert!(ran.stdout.contains(said), "{said}: {ran}");
        }
    }
}

/// With constrained impersonation a caller can review a user without being able to list as that
/// user.
#[test]
fn users_whose_lists_cannot_be_impersonated_are_still_reviewed() {
    let server = Server::with(&["ns-1"], |seen| {
        let resource = seen.path.rsplit('/').next().unwrap_or_default();
        let is_list_as_somebody = seen.method == "GET"
            && seen.path.starts_with("/apis/rbac.authorization.k8s.io/v1/")
            && seen.headers("impersonate-user").next().is_some();
        let message = format!(
            "{resource} is forbidden: User \"cimp\" cannot impersonate-on:serviceaccount:list resource \
             \"{resource}\" in API group \"rbac.authorization.k8s.io\" at the cluster scope"
        );
        is_list_as_somebody.then(|| Reply::failure(403, "Forbidden", &message))
    });
    let ran =
        server.rolecall("admin", "can-i list pods --as system:serviceaccount:ns-1:k-sa-1 -n ns-1");
    assert_eq!(ran.exit, Some(0), "{ran}");
    assert!(ran.stdout.starts_with("yes: "), "{ran}");
}
