//! Refusals of risky requests, escaping, and the preflight check.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use rolecall_grant::{
    Config, Denied, Note, ReadRights, Risk, Risky, Scope, Style, json_of, json_of_rule, plan,
    preflight, risks, yaml_of,
};
use rolecall_rbac::{Identity, Request, ResourceRequest};
use serde::Deserialize as _;
use serde_json::{Value, json};
use support::{api, authorizer, binding, denied, fix, pods, request, role};

#[test]
fn requests_that_give_away_the_cluster_are_refused_with_reasons() {
    let rows: [(&str, &str); 41] = [
        ("get pods in shop", ""),
        ("get secrets in shop", ""),
        ("create pods in shop", ""),
        ("create pods/portforward in shop", ""),
        ("get pods/ephemeralcontainers in shop", ""),
        ("get roles.rbac.authorization.k8s.io in shop", ""),
        ("get nodes/metrics", ""),
        ("get signers.certificates.k8s.io", ""),
        ("create daemonsets.apps in shop", ""),
        ("update deployments.apps in shop", ""),
        ("create daemonsets.apps in kube-system", "RC516"),
        ("create deployments.apps", "RC516"),
        ("create pods", "RC515"),
        ("get secrets in kube-system", "RC510"),
        ("get secrets in kube-system name db", ""),
        ("create persistentvolumes", "RC540"),
        ("patch nodes", "RC526"),
        ("get nodes", ""),
        ("* pods in shop", "Wildcard"),
        ("get * in shop", "Wildcard"),
        ("get pods.* in shop", "Wildcard"),
        ("get */log in shop", "Wildcard"),
        ("get pods/* in shop", "Wildcard"),
        ("get /metrics/*", "Wildcard"),
        ("escalate roles.rbac.authorization.k8s.io in shop", "RC528"),
        ("bind clusterroles.rbac.authorization.k8s.io name view", "RC529"),
        ("impersonate users name jane", "RC532"),
        ("impersonate userextras.authentication.k8s.io/scopes", "RC532"),
        ("impersonate:serviceaccount serviceaccounts.authentication.k8s.io in a", "RC533"),
        ("impersonate-on:user-info:list pods in shop", "RC533"),
        ("list secrets", "RC510 RC511"),
        ("create pods/exec in shop", "RC518"),
        ("get pods/attach in shop name web", "RC519"),
        ("patch pods/ephemeralcontainers in shop", "RC520"),
        ("get nodes/proxy", "RC525"),
        ("create serviceaccounts/token in shop", "RC514"),
        ("create rolebindings.rbac.authorization.k8s.io in shop", "RC530"),
        ("delete clusterroles.rbac.authorization.k8s.io", "RC527"),
        ("patch mutatingwebhookconfigurations.admissionregistration.k8s.io", "RC536"),
        ("update certificatesigningrequests.certificates.k8s.io/approval", "RC534"),
        ("approve signers.certificates.k8s.io", "RC534"),
    ];
    for (text, expected) in rows {
        let request = request(text);
        let found: Vec<String> = risks(&api(), &request)
            .iter()
            .map(|risk| match risk {
                Risk::Catalogued(held) => held.code.to_string(),
                other => format!("{other:?}").split([' ', '{']).next().unwrap().to_owned(),
            })
            .collect();
        assert_eq!(found.join(" "), expected, "{text}");
        let plan = fix(&authorizer(&[]), &[text], &Config::default());
        assert_eq!(plan.objects.is_empty(), !expected.is_empty(), "{text}");
        assert_eq!(plan.refused.is_empty(), expected.is_empty(), "{text}");
        let config = Config { risky: Risky::Granted, ..Config::default() };
        assert!(fix(&authorizer(&[]), &[text], &config).answers[0].after.is_allowed(), "{text}");
    }
}

#[test]
fn harmless_requests_can_be_risky_cluster_wide() {
    let config = Config { scope: Scope::ClusterWide, ..Config::default() };
    for text in ["list secrets in shop", "get secrets in shop name token"] {
        let plan = fix(&authorizer(&[]), &[text], &config);
        assert_eq!((plan.objects.len(), plan.refused.len()), (0, 1), "{text}");
    }
    assert_eq!(fix(&authorizer(&[]), &["list pods in shop"], &config).refused, []);
}

#[test]
fn allowing_a_risky_request_does_not_add_others() {
    let everything = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    let cluster = authorizer(&[role("", "everything", everything)]);
    let config = Config {
        risky: Risky::Granted,
        style: Style::Reuse { max_excess: None },
        ..Config::default()
    };
    for text in ["list pods in shop", "create pods/exec in shop", "get nodes"] {
        let plan = fix(&cluster, &[text], &config);
        assert!(plan.answers[0].after.is_allowed(), "{text}");
        assert_eq!(plan.gained, [], "{text}");
    }
}

#[test]
fn the_other_half_of_impersonation_is_noted() {
    let config = Config { risky: Risky::Granted, ..Config::default() };
    let plan = fix(&authorizer(&[]), &["impersonate-on:user-info:list pods in shop"], &config);
    let half = Note::HalfOfImpersonation { verb: "impersonate:user-info".into() };
    assert!(plan.notes.contains(&half), "{:?}", plan.notes);
}

#[test]
fn groups_of_all_users_get_no_grants() {
    for (identity, is_risky) in [
        (Identity::user("system:anonymous"), true),
        (Identity::group("system:unauthenticated"), true),
        (Identity::group("system:authenticated"), true),
        (Identity::group("system:authenticated:oauth"), true),
        (Identity::group("system:serviceaccounts"), true),
        (Identity::group("system:serviceaccounts:shop"), true),
        (Identity::group("dev"), false),
        (Identity::user("system:serviceaccounts"), false),
    ] {
        let plan =
            plan(&authorizer(&[]), &denied(&identity, &["list pods in shop"]), &Config::default());
        assert_eq!(plan.objects.is_empty(), is_risky, "{identity:?}");
        assert_eq!(plan.refused.len(), usize::from(is_risky));
    }
}

#[test]
fn denials_that_rbac_cannot_fix_are_reported() {
    let rows = [
        (Identity::default(), "get pods in shop", "Nobody"),
        (api(), "get pods in ../etc", "Namespace"),
        (api(), "get pods in Shop", "Namespace"),
    ];
    let config = Config { risky: Risky::Granted, ..Config::default() };
    for (identity, text, expected) in rows {
        let plan = plan(&authorizer(&[]), &denied(&identity, &[text]), &config);
        assert_eq!(plan.objects, []);
        assert_eq!(format!("{:?}", plan.refused[0].cause), format!("Unfixable({expected})"));
    }
    let slash = Request::resource(
        "get",
        ResourceRequest { resource: "pods/log".into(), ..ResourceRequest::default() },
    );
    let plan = plan(&authorizer(&[]), &[Denied::new(api(), slash)], &config);
    assert_eq!(format!("{:?}", plan.refused[0].cause), "Unfixable(SlashInResource)");
}

#[test]
fn hostile_names_stay_inside_their_strings_and_comments() {
    for hostile in [
        "a\n---\nkind: ClusterRoleBinding",
        "a\r- b",
        "\u{1b}[2J\u{7}",
        "\"]}, [",
        "*anchor &x !!tag | > %",
        "true",
        "\u{2028}\u{202e}\u{85}",
        "é 😀 {{ .Values }}",
        "'",
        "# no",
    ] {
        let denied = [
            Denied {
                identity: Identity::user(hostile),
                request: Request::resource(
                    hostile,
                    ResourceRequest {
                        namespace: "shop".into(),
                        group: hostile.into(),
                        resource: "r".into(),
                        subresource: hostile.into(),
                        name: hostile.into(),
                    },
                ),
                found: hostile.into(),
            },
            Denied::new(Identity::user(hostile), Request::path("get", format!("/{hostile}"))),
        ];
        let config = Config { risky: Risky::Granted, ..Config::default() };
        let plan = plan(&authorizer(&[]), &denied, &config);
        let yaml = yaml_of(&plan.objects);
        let read: Vec<Value> = serde_yaml::Deserializer::from_str(&yaml)
            .map(|document| Value::deserialize(document).unwrap())
            .collect();
        let written: Vec<Value> = plan.objects.iter().map(json_of).collect();
        assert_eq!(read, written, "{yaml}");
        assert_eq!(read.len(), 4, "{yaml}");
        assert!(
            yaml.chars()
                .all(|c| c == '\n' || rolecall_grant::printable(&c.to_string()).chars().eq([c])),
            "{yaml}"
        );
        for line in yaml.lines() {
            let known = line.starts_with([' ', '-', '#'])
                || ["apiVersion: ", "kind: ", "metadata:", "rules:", "roleRef:", "subjects:"]
                    .iter()
                    .any(|key| line.starts_with(key));
            assert!(known, "{line}");
        }
    }
}

#[test]
fn preflight_reports_missing_permissions() {
    let admin = |rules: Value| {
        let user = json!([{"kind": "User", "name": "jane"}]);
        let mut bound = binding("shop", "jane", ("Role", "jane"), &[]);
        bound["subjects"] = user;
        vec![role("shop", "jane", rules), bound]
    };
    let rbac = "rbac.authorization.k8s.io";
    let write = json!({"apiGroups": [rbac], "resources": ["roles", "rolebindings"], "verbs": ["get", "create", "patch"]});
    let special =
        |verb: &str| json!({"apiGroups": [rbac], "resources": ["roles"], "verbs": [verb]});
    let list_pods = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]});
    let rows = [
        (json!([]), 4, 2),
        (json!([write]), 0, 2),
        (json!([write, list_pods]), 0, 0),
        (json!([write, special("escalate")]), 0, 1),
        (json!([write, special("bind")]), 0, 1),
        (json!([write, special("bind"), special("escalate")]), 0, 0),
        (json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]), 0, 0),
    ];
    for (rules, denied, escalations) in rows {
        let before = authorizer(&admin(rules.clone()));
        let objects = fix(&before, &["list pods in shop"], &Config::default()).objects;
        let jane = Identity::user("jane");
        let rights = |applier| ReadRights { authorizer: &before, applier };
        let found = preflight(&before, &objects, &[], &rights(&jane));
        assert_eq!((found.denied.len(), found.escalations.len()), (denied, escalations), "{rules}");
        assert_eq!(found.is_clear(), denied + escalations == 0);
        for escalating in &found.escalations {
            let missing: Vec<Value> = escalating.missing.iter().map(json_of_rule).collect();
            assert_eq!(Value::from(missing), pods());
        }
        let masters = Identity::user("root").with_group("system:masters");
        assert!(preflight(&before, &objects, &[], &rights(&masters)).is_clear());
    }
}
