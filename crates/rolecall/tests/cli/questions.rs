//! VERB, RESOURCE and --name mean the same in every command.

use crate::command::{Ran, rolecall_with};

/// A ServiceAccount with access to subresources that discovery does not list.
const INPUT: &str = "\
{apiVersion: v1, kind: Namespace, metadata: {name: demo}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: op, namespace: demo}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: op, namespace: demo}, rules: [
{apiGroups: [apps], resources: [deployments/finalizers], verbs: [update]},
{apiGroups: [shop.example.org], resources: [widgets/finalizers], verbs: [update]},
{apiGroups: [shop.example.org], resources: [gateways], verbs: [get]},
{apiGroups: [metrics.k8s.io], resources: [nodes, pods], verbs: [list]},
{apiGroups: [''], resources: [configmaps], resourceNames: [a], verbs: [create, list, watch, get]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: op, namespace: demo},
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: op},
subjects: [{kind: ServiceAccount, name: op, namespace: demo}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: scraper}, rules: [
{apiGroups: [''], resources: [nodes/metrics, nodes/statusz], verbs: [get]},
{apiGroups: [authentication.k8s.io], resources: [users, serviceaccounts],
verbs: ['impersonate:user-info', 'impersonate:serviceaccount']},
{apiGroups: [''], resources: [pods], verbs: ['impersonate-on:user-info:list']}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: scraper},
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: scraper},
subjects: [{kind: User, name: prom}]}
";

/// Asks a question; returns the exit code and the lines of stderr without hints.
fn asked(command: &str, ask: &str, subject: &str) -> (Ran, Vec<String>) {
    let subject = if command == "who-can" { String::new() } else { format!("--for {subject}") };
    let ran =
        rolecall_with(&format!("{command} {ask} {subject} -n demo -f - --defaults none"), INPUT);
    let said = ran.stderr.lines().filter(|line| !line.starts_with("hint: "));
    let said = said.filter(|line| !line.contains("system:masters")).map(str::to_owned).collect();
    (ran, said)
}

#[test]
fn servers_authorize_subresources_that_discovery_does_not_list() {
    for (ask, subject, exit) in [
        ("update deployments/finalizers", "sa/op", 0),
        ("update services/finalizers", "sa/op", 1),
        ("update widgets.shop.example.org/finalizers", "sa/op", 0),
        ("update widgets/finalizers.shop.example.org", "sa/op", 0),
        ("get nodes/metrics", "user/prom", 0),
        ("get nodes/statusz", "user/prom", 0),
        ("get nodes/configz", "user/prom", 1),
        ("get nodes/stats", "sa/op", 1),
        ("list nodes.metrics.k8s.io", "sa/op", 1),
        ("list pods.metrics.k8s.io", "sa/op", 0),
    ] {
        for command in ["can-i", "why", "who-can"] {
            let (ran, _) = asked(command, ask, subject);
            // `who-can` also finds other subjects.
            let exits = if command == "who-can" { [0, 1] } else { [exit, exit] };
            assert!(exits.iter().any(|exit| ran.exit == Some(*exit)), "{command} {ask}: {ran}");
            let is_listed = ran.stdout.contains(subject.split('/').next_back().unwrap_or_default());
            assert!(command != "who-can" || is_listed == (exit == 0), "{command} {ask}: {ran}");
        }
    }
}

#[test]
fn constrained_impersonation_uses_the_group_of_identities() {
    for (ask, resource) in [
        ("impersonate:user-info users", "users.authentication.k8s.io"),
        ("impersonate:serviceaccount serviceaccounts", "serviceaccounts.authentication.k8s.io"),
        ("impersonate:serviceaccount sa", "serviceaccounts.authentication.k8s.io"),
        ("impersonate-on:user-info:list pods", "pods"),
    ] {
        let (ran, said) = asked("can-i", ask, "user/prom");
        let verb = ask.split(' ').next().unwrap_or_default();
        let yes = format!("yes: user/prom can {verb} {resource} ");
        assert!(ran.stdout.starts_with(&yes) && ran.exit == Some(0), "{ask}: {ran}");
        assert!(said.iter().all(|line| !line.starts_with("warning: ")), "{ask}: {ran}");
    }
    let matrix = rolecall_with(
        "can-i impersonate:user-info users,groups --for user/prom -f - --defaults none -o csv",
        INPUT,
    );
    assert!(matrix.stdout.contains("authentication.k8s.io,users,,,,allowed"), "{matrix}");
}

/// kubelets ask for tokens of an audience, which is any text.
#[test]
fn the_audience_of_a_token_is_a_resource() {
    const RULE: &str = "\
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}, rules: [
{apiGroups: [''], resources: [registry.example.com, 'https://vault.example.com/a'], resourceNames: [puller],
verbs: [request-serviceaccounts-token-audience]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: r},
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r},
subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: 'system:nodes'}]}
";
    for audience in ["registry.example.com", "https://vault.example.com/a"] {
        for (asked, exit) in [
            ("can-i VERB AUDIENCE --name puller --for group/system:nodes -n ns", 0),
            ("can-i VERB AUDIENCE --name other --for group/system:nodes -n ns", 1),
            ("why VERB AUDIENCE --name puller --for group/system:nodes -n ns", 0),
            ("who-can VERB AUDIENCE --name puller -n ns", 0),
            ("fix VERB AUDIENCE --name other --for group/system:nodes -n ns", 0),
        ] {
            let asked = asked.replace("VERB", "request-serviceaccounts-token-audience");
            let asked = asked.replace("AUDIENCE", audience);
            let ran = rolecall_with(&format!("{asked} -f - --defaults none"), RULE);
            assert_eq!(ran.exit, Some(exit), "{asked}: {ran}");
            assert!(!ran.stderr.contains("warning: unknown"), "{asked}: {ran}");
            assert!(!asked.starts_with("fix") || ran.stdout.contains(audience), "{asked}: {ran}");
        }
    }
}

#[test]
fn evidence_from_stdin_is_named_as_such() {
    for command in [
        "can-i get gateways.shop.example.org --for sa/op -n demo",
        "why get gateways.shop.example.org --for sa/op -n demo",
        "who-can get gateways.shop.example.org -n demo -o wide",
        "walk sa/op -n demo -o wide",
    ] {
        let ran = rolecall_with(&format!("{command} -f - --defaults none"), INPUT);
        assert!(ran.stdout.contains("<stdin>:"), "{command}: {ran}");
        assert!(!ran.stdout.contains("(-:") && !ran.stdout.contains(" -:"), "{command}: {ran}");
    }
    let ran = rolecall_with("can-i get pods --for sa/x -f -", "a: b\n\tc: d\n");
    assert!(ran.stderr.starts_with("error: <stdin>:2:1: "), "{ran}");
}

#[test]
fn a_name_with_create_or_list_applies_to_some_requests_only() {
    let create = "note: `create` with a name only applies to PUT and server-side apply: a plain \
                  create (POST) has no name";
    let list = "note: `list` with a name only applies to requests with the field selector \
                metadata.name=a";
    let watch = list.replace("list", "watch");
    let both = list.replace("`list`", "`list` and `watch`");
    let never =
        "note: `deletecollection` with a name applies to no request: its requests have no name";
    for (command, ask, expected) in [
        ("can-i", "create configmaps --name a", create),
        ("why", "create configmaps --name a", create),
        ("who-can", "create configmaps --name a", create),
        ("can-i", "list configmaps --name a", list),
        ("can-i", "watch cm/a", &watch),
        ("can-i", "list,watch,get configmaps --name a", &both),
        ("who-can", "deletecollection configmaps --name a", never),
    ] {
        let (ran, said) = asked(command, ask, "sa/op");
        assert!(said.iter().any(|line| line == expected), "{command} {ask}: {ran}");
    }
    for ask in ["get configmaps --name a", "create configmaps", "create pods/exec --name a"] {
        let (ran, said) = asked("can-i", ask, "sa/op");
        assert!(said.iter().all(|line| !line.contains("with a name")), "{ask}: {ran}");
    }
}

#[test]
fn the_text_after_a_slash_is_a_subresource_or_a_name() {
    for (ask, exit, expected) in [
        ("get cm/a", 0, "note: assuming the object `a` of `configmaps`"),
        ("get pods/web-0", 1, "note: assuming the object `web-0` of `pods`"),
        ("get pods/web.example.com", 1, "note: assuming the object `web.example.com` of `pods`"),
        ("get nodes/metric", 2, "error: `nodes` has no subresource `metric`"),
        ("get pods/logs", 2, "error: `pods` has no subresource `logs`"),
        ("get deployments/exec", 2, "error: `deployments.apps` has no subresource `exec`"),
        (
            "get pods/web-0 --name x",
            2,
            "error: `pods/web-0` already names an object, so it cannot be combined with `--name x`",
        ),
        ("update deploy/web --subresource finalizers", 0, ""),
        ("get pods/web-0 --subresource log", 1, ""),
        (
            "get pods/web-0 --subresource log --name x",
            2,
            "error: `pods/web-0` already names an object, so it cannot be combined with `--name x`",
        ),
        ("get pods/log --subresource log", 2, "error: `pods/log` already contains a subresource"),
        (
            "get foo.example.com/bar",
            2,
            "error: `foo.example.com/bar` is ambiguous: `foo.example.com` is unknown, so `bar` could \
             be a subresource or a name",
        ),
        ("get /metrics --subresource log", 2, "error: a URL path has no subresources"),
    ] {
        for command in ["can-i", "why", "who-can"] {
            let (ran, said) = asked(command, ask, "sa/op");
            let is_said = expected.is_empty() || said.iter().any(|line| line == expected);
            assert!(is_said, "{command} {ask}: {ran}");
            let is_same = ran.exit == Some(exit) || (command == "who-can" && exit < 2);
            assert!(is_same, "{command} {ask}: {ran}");
        }
    }
    let (ran, _) = asked("can-i", "get foo.example.com/bar", "sa/op");
    assert!(ran.stderr.contains("pass `--name bar`"), "{ran}");
    assert!(ran.stderr.contains("pass `--subresource bar`"), "{ran}");
}

#[test]
fn a_subresource_can_be_an_option() {
    for (command, ask, expected) in [
        ("can-i", "update deployments --subresource finalizers", "can update deployments.apps/fin"),
        ("why", "update deploy --subresource finalizers", "can update deployments.apps/finalizers"),
        ("who-can", "update deployments --subresource finalizers", "sa/demo:op"),
        ("can-i", "get foo.example.com --subresource bar", "foo/bar"),
        ("can-i", "get,update deploy --subresource finalizers", "deployments.apps/finalizers"),
        ("fix", "get pods --subresource log", "pods/log"),
    ] {
        let (ran, _) = asked(command, ask, "sa/op");
        assert!(ran.exit != Some(2) && ran.stdout.contains(expected), "{command} {ask}: {ran}");
    }
}

#[test]
fn an_unknown_api_group_is_reported() {
    for (ask, expected) in [
        (
            "get deployments.app",
            "warning: `app` is not an API group; did you mean `deployments.apps`?",
        ),
        ("get secrets.core", "warning: `core` is not an API group; did you mean `secrets`?"),
        (
            "get foo.bar.io",
            "warning: unknown API group `bar.io`: neither Kubernetes nor a \
             CustomResourceDefinition in the input defines it",
        ),
        (
            "get pods.apps",
            "warning: API group `apps` has no known resource `pods`; did you mean `pods`?",
        ),
        (
            "get ingresses.extensions",
            "warning: `ingresses` of API group `extensions` was removed in Kubernetes 1.22; did you mean `ingresses.networking.k8s.io`?",
        ),
        (
            "use podsecuritypolicies.policy",
            "warning: `podsecuritypolicies` of API group `policy` was removed in Kubernetes 1.25",
        ),
    ] {
        for command in ["can-i", "why", "who-can"] {
            let (ran, said) = asked(command, ask, "sa/op");
            assert!(said.iter().any(|line| line == expected), "{command} {ask}: {ran}");
        }
    }
}

#[test]
fn rules_name_the_api_group_of_a_resource_without_one() {
    for command in ["can-i", "why", "who-can", "fix"] {
        let (ran, _) = asked(command, "get gateways", "sa/op");
        assert_eq!(ran.exit, Some(2), "{command}: {ran}");
        let hint = "hint: use `gateways.shop.example.org` instead of `gateways`";
        assert!(ran.stderr.lines().any(|line| line == hint), "{command}: {ran}");
        let (ran, _) = asked(command, "get gateway", "sa/op");
        let hint = "hint: use `gateways.shop.example.org` instead of `gateway`";
        assert!(ran.stderr.lines().any(|line| line == hint), "{command}: {ran}");
    }
    let matrix = rolecall_with("can-i --resources gateways --for sa/op -f -", INPUT);
    assert!(matrix.stderr.contains("use `gateways.shop.example.org` instead"), "{matrix}");
}

#[test]
fn who_can_rejects_unknown_verbs() {
    for (ask, exit, expected) in [
        ("gett pods", 2, "error: unknown verb `gett`; did you mean `get`?"),
        ("gett deployments.apps", 2, "error: unknown verb `gett`; did you mean `get`?"),
        ("logs pods", 2, "hint: use `get pods/log` instead of `logs pods`"),
        ("gett pods --force", 1, "warning: unknown verb `gett`; did you mean `get`?"),
        ("sync apps.argoproj.io", 1, "warning: unknown verb `sync`"),
        ("post /metrics", 1, "note: no subject found can post /metrics"),
    ] {
        let (ran, _) = asked("who-can", ask, "");
        assert_eq!(ran.exit, Some(exit), "{ask}: {ran}");
        assert!(ran.stderr.lines().any(|line| line == expected), "{ask}: {ran}");
    }
}

#[test]
fn can_i_takes_several_resources_with_commas() {
    let (ran, _) = asked("can-i", "get configmaps,pods", "sa/op");
    assert!(ran.exit == Some(0) && ran.stdout.contains("configmaps"), "{ran}");
    let (ran, _) = asked("why", "get configmaps,pods", "sa/op");
    assert_eq!(ran.exit, Some(2), "{ran}");
    let hint = "hint: use `configmaps` or `pods` instead of `configmaps,pods`";
    assert!(ran.stderr.lines().any(|line| line == hint), "{ran}");
}

#[test]
fn several_verbs_are_only_possible_in_a_matrix_and_a_fix() {
    let (ran, _) = asked("can-i", "get,list pods", "sa/op");
    assert_eq!(ran.exit, Some(0), "{ran}");
    for command in ["why", "who-can"] {
        let subject = if command == "why" { "--for sa/demo:op" } else { "" };
        let ran = rolecall_with(&format!("{command} get,list pods {subject} -n demo -f -"), INPUT);
        assert_eq!(ran.exit, Some(2), "{ran}");
        let hint = "hint: use `get` or `list` instead of `get,list`";
        assert!(ran.stderr.lines().any(|line| line == hint), "{ran}");
    }
}

#[test]
fn who_can_marks_serviceaccounts_that_do_not_exist() {
    let input = INPUT.replace(
        "subjects: [{kind: ServiceAccount, name: op, namespace: demo}]",
        "\
         subjects: [{kind: ServiceAccount, name: op, namespace: demo},\n\
         {kind: ServiceAccount, name: po, namespace: demo}]",
    );
    let ask = "who-can list pods.metrics.k8s.io -n demo -f - --defaults none";
    let ran = rolecall_with(ask, &input);
    assert!(ran.stderr.contains("warning: sa/demo:po is not in the input\n"), "{ran}");
    let json = rolecall_with(&format!("{ask} -o json"), &input);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let missing: Vec<(&str, bool)> = value["holders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|holder| (holder["subject"]["name"].as_str().unwrap(), holder["missing"] == true))
        .collect();
    assert_eq!(missing, [("op", false), ("po", true)]);
}

#[test]
fn json_shows_where_stored_and_aggregated_rules_differ() {
    let role = |name: &str, more: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: {name}, \
             uid: u-{name}, resourceVersion: '1', labels: {{part: {name}}}}}, {more}}}\n---\n"
        )
    };
    let stored = role(
        "whole",
        "aggregationRule: {clusterRoleSelectors: [{matchLabels: {part: part}}]}, \
         rules: []",
    ) + &role("part", "rules: [{apiGroups: [''], resources: [pods], verbs: [list]}]");
    let ran = rolecall_with("who-can list pods -f - --defaults none -o json", &stored);
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["aggregationDrifts"][0]["role"], "whole", "{ran}");
    assert_eq!(value["aggregationDrifts"][0]["resolved"], false, "{ran}");
    assert_eq!(value["aggregationDrifts"][0]["added"][0]["resources"][0], "pods", "{ran}");
}

#[test]
fn invalid_names_of_namespaces_are_errors() {
    for name in ["Shop_1", "''", "-a", "a.b", "shop-"] {
        for command in ["can-i get pods --for user/a", "who-can get pods", "rules --for user/a"] {
            let ran = rolecall_with(&format!("{command} -n={name} -f - --defaults none"), INPUT);
            assert_eq!(ran.exit, Some(2), "{command} {name}: {ran}");
            assert!(ran.stderr.contains("namespace names consist of"), "{command}: {ran}");
        }
    }
}

#[test]
fn rules_in_all_namespaces_list_cluster_wide_rules_once() {
    let more = "---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: pods}, rules: [
{apiGroups: [''], resources: [pods], verbs: [get, list]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: more}, rules: [
{apiGroups: [''], resources: [pods], verbs: [get, delete]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: everywhere},
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pods},
subjects: [{kind: User, name: jane}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a, namespace: a},
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pods},
subjects: [{kind: User, name: jane}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: b},
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: more},
subjects: [{kind: User, name: jane}]}
";
    let ran =
        rolecall_with("rules --for user/jane -A -f - --defaults none", &format!("{INPUT}{more}"));
    let expected = "\
NAMESPACE   RESOURCE OR URL   VERBS
*           pods              get list
b           pods              delete
2 rules, 1 subject, 1 namespace
";
    assert_eq!((&*ran.stdout, ran.exit), (expected, Some(0)), "{ran}");
    let prom = rolecall_with("rules --for user/prom -A -f - --defaults none", INPUT);
    let mut rows = prom.stdout.lines().skip(1).filter(|line| !line.contains(" rules, "));
    assert!(rows.all(|line| line.starts_with("* ")), "{prom}");
}
