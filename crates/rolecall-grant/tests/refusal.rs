//! Refusals of every server and client, in any wrapping, become exactly the denied requests.

use std::fmt::Write as _;
use std::path::Path;

use rolecall_grant::refusal::{OtherAuthorizer, Scan};
use rolecall_rbac::{PolicyRule, Request, ResourceRequest, Target, Text};
use serde_json::Value;

/// Formats a scan as one line per finding: `user: verb group resource ...` or `! kind`.
fn show(scan: &Scan) -> String {
    let mut shown = String::new();
    for denial in &scan.denials {
        let _ = write!(shown, "{}: {}", denial.user, denial.request);
        if let Target::Resource(ResourceRequest { name, .. }) = &denial.request.target
            && !name.is_empty()
        {
            let _ = write!(shown, " name {name:?}");
        }
        if denial.seen.count > 1 {
            let _ = write!(shown, " x{}", denial.seen.count);
        }
        if let Some(reason) = &denial.reason {
            let _ = write!(shown, " because {reason}");
        }
        shown.push('\n');
    }
    for escalation in &scan.escalations {
        let _ = writeln!(
            shown,
            "^ {} writes {} {:?}: lacks {} rules",
            escalation.user,
            escalation.resource,
            escalation.name,
            escalation.missing.len()
        );
    }
    for remark in &scan.remarks {
        let _ = writeln!(shown, "! {:?}", remark.kind);
    }
    shown
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(show(&Scan::of(text.as_bytes())), expected, "{text}");
}

const LIST_PODS: &str = "u: list resource \"pods\" in API group \"\" in the namespace \"shop\"\n";
const GET_WEB: &str =
    "u: get resource \"pods/log\" in API group \"\" in the namespace \"shop\" name \"web\"\n";

/// The two messages to wrap.
const LIST: &str = r#"pods is forbidden: User "u" cannot list resource "pods" in API group "" in the namespace "shop""#;
const GET: &str = r#"pods "web" is forbidden: User "u" cannot get resource "pods/log" in API group "" in the namespace "shop""#;

fn expected_of(denied: &Value) -> Option<(String, Request)> {
    let field = |name: &str| denied[name].as_str().unwrap_or_default();
    let user = denied["user"].as_str()?.to_owned();
    let request = match denied["path"].as_str() {
        Some(path) => Request::path(field("verb"), path),
        None => Request::resource(
            field("verb"),
            ResourceRequest {
                namespace: field("namespace").into(),
                group: field("group").into(),
                resource: field("resource").into(),
                subresource: field("subresource").into(),
                name: field("name").into(),
            },
        ),
    };
    Some((user, request))
}

#[test]
fn recorded_refusals_are_read_exactly() {
    for version in ["v1.20", "v1.36"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../../fixtures/golden/forbidden-{version}.jsonl"));
        let file = std::fs::read_to_string(path).unwrap();
        assert_eq!(file.lines().count(), 47);
        for line in file.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let expected = expected_of(&row["denied"]);
            // Verbatim, and escaped once and twice by structured logs.
            let text = row["text"].as_str().unwrap().to_owned();
            let once = serde_json::to_string(&row).unwrap();
            let twice = serde_json::json!({ "log": once }).to_string();
            for text in [text, once, twice] {
                let scan = Scan::of(text.as_bytes());
                let found: Vec<(String, Request)> = scan
                    .denials
                    .iter()
                    .map(|denial| (denial.user.to_string(), denial.request.clone()))
                    .collect();
                assert_eq!(found, expected.clone().into_iter().collect::<Vec<_>>(), "{text}");
                assert_eq!(scan.remarks, [], "{text}");
                assert_eq!(scan.escalations.is_empty(), expected.is_some(), "{text}");
            }
        }
    }
}

#[test]
fn escalation_refusals_name_the_missing_rules() {
    let text = "Error from server (Forbidden): roles.rbac.authorization.k8s.io \"r\" is forbidden: \
        user \"bob\" (groups=[\"dev\" \"system:authenticated\"]) is attempting to grant RBAC \
        permissions not currently held:\n\
        {APIGroups:[\"apps\"], Resources:[\"deployments\"], ResourceNames:[\"web\"], Verbs:[\"create\" \"delete\"]}\n\
        {NonResourceURLs:[\"/metrics\"], Verbs:[\"get\"]}; resolution errors: [x]\n";
    let json = serde_json::to_string(text).unwrap();
    let twice = serde_json::to_string(&json).unwrap();
    for text in [text, &json, &twice] {
        let scan = Scan::of(text.as_bytes());
        let [escalation] = &scan.escalations[..] else { panic!("{text}: {scan:?}") };
        insta::allow_duplicates! {
            insta::assert_debug_snapshot!((
                &escalation.user,
                &escalation.groups,
                &escalation.resource,
                &escalation.name,
                &escalation.missing,
            ), @r#"
            (
                "bob",
                [
                    "dev",
                    "system:authenticated",
                ],
                "roles.rbac.authorization.k8s.io",
                "r",
                [
                    PolicyRule {
                        verbs: [
                            "create",
                            "delete",
                        ],
                        api_groups: [
                            "apps",
                        ],
                        resources: [
                            "deployments",
                        ],
                        resource_names: [
                            "web",
                        ],
                        non_resource_urls: [],
                    },
                    PolicyRule {
                        verbs: [
                            "get",
                        ],
                        api_groups: [],
                        resources: [],
                        resource_names: [],
                        non_resource_urls: [
                            "/metrics",
                        ],
                    },
                ],
            )
            "#);
        }
    }
    let cut = text.find("Verbs:[\"create\" ").unwrap() + 10;
    let scan = Scan::of(&text.as_bytes()[..cut]);
    assert_eq!(show(&scan), "! Doubtful(CutOff)\n");
    let cut = text.find("{NonResource").unwrap() + 10;
    let scan = Scan::of(&text.as_bytes()[..cut]);
    assert!(scan.escalations[0].cut_off);
}

#[test]
fn refusals_are_read_in_the_output_of_any_client() {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let status = serde_json::json!({"kind": "Status", "message": GET, "code": 403}).to_string();
    let rows = [
        format!("Error from server (Forbidden): {GET}\n"),
        format!("Error from server (Forbidden): error when creating \"f.yaml\": {GET}\n"),
        format!(
            "E0101 00:00:00.000000 1 reflector.go:1] \"Failed to watch\" err={} logger=\"x\"",
            quoted(&format!("failed to list *v1.Pod: {GET}"))
        ),
        format!("reflector.go:138: Failed to watch *v1.Pod: failed to list *v1.Pod: {GET}"),
        format!("{{\"level\":\"error\",\"error\":{}}}", quoted(GET)),
        format!("{{\"log\":{}}}", quoted(&format!("{{\"error\":{}}}\n", quoted(GET)))),
        format!(
            "kubernetes.client.exceptions.ApiException: (403)\nReason: Forbidden\nHTTP response body: {status}\n"
        ),
        // Python prints bytes with every backslash doubled.
        format!("HTTP response body: b'{}'", status.replace('\\', "\\\\")),
        format!("kopf: APIForbiddenError: ('{GET}', {{'kind': 'Status'}})"),
        format!(
            "io.fabric8.kubernetes.client.KubernetesClientException: Failure executing: GET at: https://x/pods. Message: {GET}. Received status: Status(code=403)."
        ),
        format!(
            "Message: Forbidden!Configured service account doesn't have access. Service account may have been revoked. {GET}."
        ),
        format!(
            "Message: Forbidden\nHTTP response code: 403\nHTTP response body: {status}\nHTTP response headers: {{}}"
        ),
        format!(
            "Error: ApiError: {GET}: Forbidden (Status {{ code: 403, reason: \"Forbidden\" }})"
        ),
        format!(
            "ErrorResponse {{ status: \"Failure\", message: {GET:?}, reason: \"Forbidden\", code: 403 }}"
        ),
        // .NET escapes quotes as characters.
        GET.replace('"', "\\u0022"),
        GET.replace('"', "&quot;"),
        GET.replace('"', "&#34;"),
        format!(
            "{{\"annotations\":{{\"authorization.k8s.io/decision\":\"forbid\"}},\"responseStatus\":{{\"message\":{}}}}}",
            quoted(GET)
        ),
        // YAML folds long strings.
        format!("  message: '{}'", GET.replace(" in API", "\n    in API")),
        format!("\u{1b}[31m{GET}\u{1b}[0m"),
        format!("\r\n{GET}\r\n"),
    ];
    for row in rows {
        check(&row, GET_WEB);
    }
    let debug = format!("ApiError: {GET}: Forbidden (Status {{ message: {GET:?} }})");
    check(&debug, &GET_WEB.replace('\n', " x2\n"));
}

#[test]
fn nested_encodings_are_decoded() {
    let mut text = GET.to_owned();
    for _ in 0..4 {
        text = serde_json::to_string(&text).unwrap();
        check(&text, GET_WEB);
    }
}

#[test]
fn shorter_wording_of_old_servers_is_read() {
    let rows = [
        (r#"pods is forbidden: User "u" cannot list pods in the namespace "shop""#, LIST_PODS),
        (
            r#"pods is forbidden: User "u" cannot list pods in the namespace "shop": Unknown user "u""#,
            "u: list resource \"pods\" in API group \"\" in the namespace \"shop\" because Unknown user \"u\"\n",
        ),
        (
            r#"deployments.apps "web" is forbidden: User "u" cannot get deployments.apps at the cluster scope"#,
            "u: get resource \"deployments\" in API group \"apps\" at the cluster scope name \"web\"\n",
        ),
        (
            r#"deployments.extensions "web" is forbidden: User "u" cannot update deployments.extensions/scale in the namespace "a""#,
            "u: update resource \"deployments/scale\" in API group \"extensions\" in the namespace \"a\" name \"web\"\n",
        ),
        (
            r#"Error from server (Forbidden): User "u" cannot list pods in the namespace "shop". (get pods)"#,
            LIST_PODS,
        ),
        (
            r#"{"message":"pods is forbidden: User \"u\" cannot list pods at the cluster scope"}"#,
            "u: list resource \"pods\" in API group \"\" at the cluster scope\n",
        ),
    ];
    for (text, expected) in rows {
        check(text, expected);
    }
}

#[test]
fn reasons_of_distributions_are_read() {
    for (reason, other) in [
        ("RBAC: role.rbac.authorization.k8s.io \"gone\" not found", None),
        ("no RBAC policy matched", None),
        ("Unknown user \"u\"", None),
        ("requires one of [\"container.pods.create\"] permission(s).", None),
        (
            "User does not have access to the resource in Azure. Update role assignment to allow access.",
            Some(OtherAuthorizer::Unknown),
        ),
        ("no relationship found between node 'n1' and this object", Some(OtherAuthorizer::Node)),
        ("scopes [user:info] prevent this action", Some(OtherAuthorizer::TokenScopes)),
    ] {
        let expected = LIST_PODS.replace('\n', &format!(" because {reason}\n"));
        let text = format!("{LIST}: {reason}\n");
        check(&text, &expected);
        assert_eq!(Scan::of(text.as_bytes()).denials[0].other_authorizer(), other);
    }
}

#[test]
fn paths_kubelet_refusals_and_audit_events_are_read() {
    check(
        "Error from server (Forbidden): forbidden: User \"u\" cannot get path \"/metrics\"\n",
        "u: get path \"/metrics\"\n",
    );
    check(
        "forbidden: User \"u\" cannot GET path \"/&lt;script&gt;&amp;lt;\"",
        "u: GET path \"/<script>&lt;\"\n",
    );
    let node = "system:serviceaccount:a:b: get resource \"nodes/proxy\" in API group \"\" at the cluster scope\n";
    check(
        "Forbidden (user=system:serviceaccount:a:b, verb=get, resource=nodes, subresource=proxy)",
        node,
    );
    check(
        "Forbidden (user=system:serviceaccount:a:b, verb=get, resource=nodes, subresource(s)=[pods proxy])\n",
        &node.replace("proxy", "pods"),
    );
    check(
        "Error from server (Forbidden): Forbidden (user=system:serviceaccount:a:b, verb=get, resource=nodes, subresource(s)=[metrics proxy])\n",
        &node.replace("proxy", "metrics"),
    );
    check(
        r#"{"kind":"Event","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods/web/log?x","verb":"get","user":{"username":"admin"},"impersonatedUser":{"username":"u"},"objectRef":{"resource":"pods","namespace":"shop","name":"web","apiVersion":"v1","subresource":"log"},"responseStatus":{"code":403},"annotations":{"authorization.k8s.io/decision":"forbid","authorization.k8s.io/reason":""}}"#,
        GET_WEB,
    );
    check(
        r#"{"requestURI":"/metrics?x=y","verb":"get","user":{"username":"u"},"annotations":{"authorization.k8s.io/decision":"forbid"}}"#,
        "u: get path \"/metrics\"\n",
    );
}

#[test]
fn namespaces_and_impersonated_identities_are_read() {
    check(
        r#"namespaces "x" is forbidden: User "u" cannot get resource "namespaces" in API group "" in the namespace "x""#,
        "u: get resource \"namespaces\" in API group \"\" in the namespace \"x\" name \"x\"\n",
    );
    check(
        r#"userextras.authentication.k8s.io "a/b" is forbidden: User "u" cannot impersonate resource "userextras/scopes" in API group "authentication.k8s.io" at the cluster scope"#,
        "u: impersonate resource \"userextras/scopes\" in API group \"authentication.k8s.io\" at the cluster scope name \"a/b\"\n",
    );
}

#[test]
fn repeated_refusals_are_counted_with_the_first_line() {
    let text = format!("one\n{LIST}\ntwo {GET}\n{LIST}\n{{\"m\":{}}}\n", serde_json::json!(LIST));
    let scan = Scan::of(text.as_bytes());
    let seen: Vec<(u64, u64)> =
        scan.denials.iter().map(|denial| (denial.seen.line, denial.seen.count)).collect();
    assert_eq!(seen, [(2, 3), (3, 1)]);
    check(
        &format!("{LIST}, {GET}, {LIST}"),
        &format!("{GET_WEB}{}", LIST_PODS.replace('\n', " x2\n")),
    );
}

#[test]
fn names_with_quotes_and_yaml_syntax_are_kept() {
    for user in [
        r#"a"b"#,
        r"a\",
        r"a\\b",
        "a: b # c",
        "- x",
        "'x'",
        "&<>",
        "é→",
        "{{x}}",
        r#"x User "y"#,
        r#"x" cannot list"#,
    ] {
        let html = user.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let go = format!("{:?}", html).replace("\\'", "'");
        let message = LIST.replace("\"u\"", &go);
        let json = serde_json::to_string(&message).unwrap();
        let twice = serde_json::to_string(&json).unwrap();
        for text in [&message, &json, &twice] {
            let scan = Scan::of(text.as_bytes());
            let users: Vec<&str> = scan.denials.iter().map(|denial| &*denial.user).collect();
            assert_eq!(users, [user], "{text}");
        }
    }
}

/// Formats a request with the object's name.
fn request_text(request: &Request) -> String {
    match &request.target {
        Target::Resource(target) if !target.name.is_empty() && *target.subresource != *"exec" => {
            format!("{request} {}", target.name)
        }
        _ => request.to_string(),
    }
}

/// Formats rules as `verbs group/resources names`.
fn rule_text(rule: &PolicyRule) -> String {
    let texts = |texts: &[Text]| texts.iter().map(|text| &**text).collect::<Vec<&str>>().join(",");
    let target = format!("{}{}", texts(&rule.resources), texts(&rule.non_resource_urls));
    let text = format!(
        "{} {}/{target} {}",
        texts(&rule.verbs),
        texts(&rule.api_groups),
        texts(&rule.resource_names)
    );
    text.trim_end().to_owned()
}

#[test]
fn refusals_are_read_in_every_form_that_people_paste() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/golden/refusals.jsonl");
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let texts = |name: &str| -> Vec<String> {
            let list = row[name].as_array().cloned().unwrap_or_default();
            list.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let note = row["note"].as_str().unwrap();
        let scan = Scan::of(row["text"].as_str().unwrap().as_bytes());
        let denied: Vec<String> = scan
            .denials
            .iter()
            .map(|denial| format!("{}: {}", denial.user, request_text(&denial.request)))
            .collect();
        assert_eq!(denied, texts("denied"), "{note}: {scan:#?}");
        let unnamed: Vec<String> = scan
            .unnamed
            .iter()
            .flat_map(|found| match &*found.requests {
                [] => vec![String::new()],
                requests => requests.iter().map(request_text).collect(),
            })
            .collect();
        assert_eq!(unnamed, texts("unnamed"), "{note}: {scan:#?}");
        let lacks: Vec<String> = scan
            .escalations
            .iter()
            .flat_map(|found| {
                std::iter::once(found.user.to_string()).chain(found.missing.iter().map(rule_text))
            })
            .collect();
        assert_eq!(lacks, texts("lacks"), "{note}: {scan:#?}");
        match row["because"].as_str() {
            Some(because) => {
                let kinds: Vec<String> =
                    scan.remarks.iter().map(|remark| remark.kind.to_string()).collect();
                assert!(kinds.len() == 1 && kinds[0].contains(because), "{note}: {kinds:?}");
            }
            None => assert_eq!(scan.remarks, [], "{note}"),
        }
    }
}

#[test]
fn the_excerpt_of_a_doubtful_refusal_shows_no_secret() {
    let long = "x".repeat(300);
    for secret in [
        "token=abcdef123456",
        "Authorization: Bearer abcdef123456",
        r#"{"password":"abcdef123456"}"#,
    ] {
        for between in ["", &long] {
            let text = format!(
                "{secret} {between} pods is forbidden: User \"u\" cannot list resource \"po"
            );
            let scan = Scan::of(text.as_bytes());
            assert_eq!(scan.remarks.len(), 1, "{text}");
            assert!(!scan.remarks[0].text.contains("abcdef"), "{}", scan.remarks[0].text);
        }
    }
}

#[test]
fn a_name_that_looks_like_a_refusal_is_never_read_as_one() {
    let inner =
        r#"x" cannot list resource "secrets" in API group "" in the namespace "kube-system"#;
    let escaped = inner.replace('"', "\\\"");
    let text = format!(
        "secrets \"x\" is forbidden: User \"{escaped}\" cannot get resource \"secrets\" in API group \"\" in the namespace \"shop\""
    );
    for width in [17, 40, 61, 90] {
        let characters: Vec<char> = text.chars().collect();
        let lines: Vec<String> =
            characters.chunks(width).map(|line| line.iter().collect()).collect();
        for separator in ["\n", "\n│ ", "\n    "] {
            let scan = Scan::of(lines.join(separator).as_bytes());
            let is_injected = |denial: &rolecall_grant::refusal::Denial| &*denial.user == "x";
            assert!(!scan.denials.iter().any(is_injected), "{scan:#?}");
        }
    }
}
