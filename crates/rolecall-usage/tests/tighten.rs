//! Properties of proposals, in random universes with logs that are generated from them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use rolecall_rbac::{
    Authorizer, Binding, Identity, Inventory, InventoryBuilder, Metadata, PolicyRule, Request,
    ResourceRequest, Role, RoleKind, RoleRef, Subject, SubjectKind, Target, Text,
};
use rolecall_usage::{
    Coverage, Credits, Edit, Limits, PartUse, Reader, Tally, TightenConfig, Withheld, credit,
    tighten, use_of_bindings,
};

const NAMESPACES: [&str; 3] = ["a", "b", "c"];
const VERBS: [&str; 4] = ["get", "list", "create", "bind"];
const RESOURCES: [&str; 4] = ["pods", "secrets", "pods/exec", "nodes"];
const NAMES: [&str; 3] = ["", "x", "y"];
const PATHS: [&str; 3] = ["/healthz", "/apis/apps", "/metrics"];
const USERS: [&str; 4] =
    ["jane", "joe", "system:serviceaccount:a:web", "system:serviceaccount:b:web"];

fn texts(list: &[&str]) -> Vec<Text> {
    list.iter().map(|text| Text::from(*text)).collect()
}

fn some(list: &'static [&'static str]) -> impl Strategy<Value = Vec<Text>> {
    let count = 1..=list.len();
    proptest::sample::subsequence(texts(list), count)
}

fn any_rule() -> impl Strategy<Value = PolicyRule> {
    const ANY_VERBS: [&str; 5] = ["get", "list", "create", "bind", "*"];
    const ANY_RESOURCES: [&str; 6] = ["pods", "secrets", "pods/exec", "nodes", "*", "*/exec"];
    const ANY_URLS: [&str; 4] = ["/healthz", "/apis/*", "*", "/metrics"];
    let named = proptest::option::weighted(0.3, some(&["x", "y"]));
    prop_oneof![
        5 => (some(&ANY_VERBS), some(&ANY_RESOURCES), named).prop_map(|(verbs, resources, names)| {
            PolicyRule {
                verbs: verbs.into(),
                api_groups: texts(&[""]).into(),
                resources: resources.into(),
                resource_names: names.unwrap_or_default().into(),
                ..PolicyRule::default()
            }
        }),
        1 => (some(&ANY_VERBS), some(&ANY_URLS)).prop_map(|(verbs, urls)| PolicyRule {
            verbs: verbs.into(),
            non_resource_urls: urls.into(),
            ..PolicyRule::default()
        }),
    ]
}

fn any_subject() -> impl Strategy<Value = Subject> {
    let subject = |kind, name: &str, namespace: &str| Subject {
        kind,
        name: name.into(),
        namespace: namespace.into(),
        api_group: "".into(),
    };
    proptest::sample::select(vec![
        subject(SubjectKind::User, "jane", ""),
        subject(SubjectKind::User, "joe", ""),
        subject(SubjectKind::ServiceAccount, "web", "a"),
        subject(SubjectKind::ServiceAccount, "web", "b"),
        subject(SubjectKind::Group, "system:serviceaccounts", ""),
    ])
}

prop_compose! {
    fn any_universe()(
        roles in proptest::collection::vec(
            (proptest::sample::select(vec!["", "a", "b"]), 0..3usize, proptest::collection::vec(any_rule(), 0..3)), 1..5),
        bindings in proptest::collection::vec(
            (proptest::sample::select(vec!["", "", "a", "b"]), 0..4usize, any::<bool>(), 0..3usize,
             proptest::collection::vec(any_subject(), 1..3)), 1..6),
        aggregated in any::<bool>(),
    ) -> Inventory {
        let mut builder = InventoryBuilder::new();
        for (namespace, number, rules) in roles {
            let mut metadata = Metadata::new(namespace, format!("r{number}"));
            if aggregated && number == 0 && namespace.is_empty() {
                metadata.labels =
                    [("rbac.authorization.k8s.io/aggregate-to-view".into(), "true".into())].into();
            }
            builder.role(Role { metadata, rules: rules.into(), aggregation: None });
        }
        for (namespace, number, of_cluster, role, subjects) in bindings {
            let is_cluster = of_cluster || namespace.is_empty();
            let kind = if is_cluster { RoleKind::ClusterRole } else { RoleKind::Role };
            builder.binding(Binding {
                metadata: Metadata::new(namespace, format!("b{number}")),
                role_ref: RoleRef {
                    api_group: "rbac.authorization.k8s.io".into(),
                    kind,
                    name: format!("r{role}").into(),
                },
                subjects: subjects.into(),
            });
        }
        builder.build()
    }
}

fn all_requests() -> Vec<Request> {
    let mut requests = Vec::new();
    for verb in VERBS {
        for resource in RESOURCES {
            let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            for namespace in NAMESPACES.iter().chain(&[""]) {
                if (resource == "nodes") != namespace.is_empty() && resource == "nodes" {
                    continue;
                }
                for name in NAMES {
                    requests.push(Request::resource(
                        verb,
                        ResourceRequest {
                            namespace: (*namespace).into(),
                            group: "".into(),
                            resource: resource.into(),
                            subresource: subresource.into(),
                            name: name.into(),
                        },
                    ));
                }
            }
        }
        requests.extend(PATHS.map(|path| Request::path(verb, path)));
    }
    requests
}

/// Writes the event of a request, as a server with RBAC alone does.
fn event(identity: &Identity, request: &Request, code: u16) -> String {
    let object = match &request.target {
        Target::Path(_) => serde_json::Value::Null,
        Target::Resource(target) => serde_json::json!({
            "resource": &*target.resource, "subresource": &*target.subresource,
            "namespace": &*target.namespace, "name": &*target.name, "apiGroup": &*target.group,
        }),
    };
    let uri = match &request.target {
        Target::Path(path) => path.to_string(),
        Target::Resource(_) => String::new(),
    };
    let groups: Vec<&str> = identity.groups.iter().map(|group| &**group).collect();
    serde_json::json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata",
        "stage": "ResponseComplete", "requestURI": uri, "verb": &*request.verb,
        "user": {"username": &*identity.user, "groups": groups}, "objectRef": object,
        "responseStatus": {"code": code},
        "requestReceivedTimestamp": "2026-01-01T00:00:00.000000Z",
        "annotations": {"authorization.k8s.io/decision": if code == 403 { "forbid" } else { "allow" },
            "authorization.k8s.io/reason": if code == 403 { "" } else { "RBAC: allowed by ClusterRoleBinding \"x\" of ClusterRole \"x\" to User \"x\"" }},
    })
    .to_string()
}

fn read(lines: &[String], names: usize) -> Tally {
    let mut reader = Reader::new(Limits { names, pods: 4 }, None);
    reader.lines(lines.join("\n").as_bytes());
    reader.finish()
}

fn propose(authorizer: &Authorizer, tally: &Tally, names: usize) -> rolecall_usage::Tightened {
    let credits = credit(authorizer, tally.uses());
    let config = TightenConfig { selects: &|_| true, keep: &|_| Vec::new(), names, namespaces: 2 };
    tighten(authorizer, &credits, tally.coverage(), &config)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn a_proposal_allows_the_log_and_nothing_new_and_is_final(
        inventory in any_universe(),
        picks in proptest::collection::vec(any::<proptest::sample::Index>(), 0..25),
        names in 0..4usize,
        limit in 1..4usize,
    ) {
        let old = Authorizer::new(inventory);
        let requests = all_requests();
        let identities: Vec<Identity> = USERS.map(Identity::user).into();
        let mut lines = Vec::new();
        let mut logged = Vec::new();
        for (at, pick) in picks.iter().enumerate() {
            let identity = &identities[at % identities.len()];
            let request = &requests[pick.index(requests.len())];
            let allowed = old.authorize(identity, request).verdict.is_allowed();
            lines.push(event(identity, request, if allowed { 200 } else { 403 }));
            if allowed {
                // The server authorizes a new object before it knows the name.
                let mut request = request.clone();
                if let Target::Resource(target) = &mut request.target
                    && &*request.verb == "create" && target.subresource.is_empty()
                {
                    target.name = "".into();
                }
                if old.authorize(identity, &request).verdict.is_allowed() {
                    logged.push((identity.clone(), request));
                }
            }
        }
        let tally = read(&lines, limit);
        let tightened = propose(&old, &tally, names);
        let new = Authorizer::new(tightened.applied(old.inventory()));
        for (identity, request) in &logged {
            let is_allowed = new.authorize(identity, request).verdict.is_allowed();
            prop_assert!(is_allowed, "{identity:?} {request:?} {tightened:#?}");
        }
        for identity in &identities {
            for request in &requests {
                if new.authorize(identity, request).verdict.is_allowed() {
                    let was_allowed = old.authorize(identity, request).verdict.is_allowed();
                    prop_assert!(was_allowed, "{identity:?} {request:?} {tightened:#?}");
                }
            }
        }
        if !tally.is_empty() {
            let again = propose(&new, &tally, names);
            prop_assert!(again.edits.is_empty(), "{tightened:#?} {:#?}", again.edits);
        }
    }
}

fn rule(verbs: &[&str], resources: &[&str]) -> PolicyRule {
    PolicyRule {
        verbs: texts(verbs).into(),
        api_groups: texts(&[""]).into(),
        resources: texts(resources).into(),
        ..PolicyRule::default()
    }
}

fn shop(binding: &str, rules: Vec<PolicyRule>) -> Authorizer {
    let mut builder = InventoryBuilder::new();
    builder.role(Role {
        metadata: Metadata::new("", "web"),
        rules: rules.into(),
        aggregation: None,
    });
    builder.binding(Binding {
        metadata: Metadata::new(binding, "web"),
        role_ref: RoleRef {
            api_group: "rbac.authorization.k8s.io".into(),
            kind: RoleKind::ClusterRole,
            name: "web".into(),
        },
        subjects: [Subject {
            kind: SubjectKind::ServiceAccount,
            name: "web".into(),
            namespace: "a".into(),
            api_group: "".into(),
        }]
        .into(),
    });
    Authorizer::new(builder.build())
}

fn web(verb: &str, resource: &str, namespace: &str) -> String {
    let target = ResourceRequest {
        namespace: namespace.into(),
        resource: resource.into(),
        ..ResourceRequest::default()
    };
    event(&Identity::service_account("a", "web"), &Request::resource(verb, target), 200)
}

fn shown(edits: &[Edit]) -> Vec<String> {
    let rules = |role: &Role| {
        let rule =
            |rule: &PolicyRule| format!("{} {}", rule.verbs.join(","), rule.resources.join(","));
        role.rules.iter().map(rule).collect::<Vec<_>>().join("; ")
    };
    edits
        .iter()
        .map(|edit| match edit {
            Edit::Role(role) => format!("role {}: {}", role.metadata.name, rules(role)),
            Edit::Binding(binding) => format!(
                "binding {}/{} to {}",
                binding.metadata.namespace, binding.metadata.name, binding.role_ref.name
            ),
            Edit::DeleteRole(of) => format!("delete role {}", of.name),
            Edit::DeleteBinding(of) => format!("delete binding {}/{}", of.namespace, of.name),
        })
        .collect()
}

#[test]
fn rights_are_narrowed_to_what_was_used() {
    let everything = || shop("", vec![rule(&["*"], &["*"])]);
    let informer = read(&[web("list", "pods", ""), web("get", "secrets", "b")], 8);
    assert_eq!(
        shown(&propose(&everything(), &informer, 0).edits),
        [
            "role web: list pods",
            "role web-namespaced: get secrets",
            "binding b/web to web-namespaced"
        ]
    );
    let namespaced = read(&[web("list", "pods", "a"), web("list", "pods", "b")], 8);
    assert_eq!(
        shown(&propose(&everything(), &namespaced, 0).edits),
        [
            "role web: list pods",
            "binding a/web to web",
            "binding b/web to web",
            "delete binding /web"
        ]
    );
    let many = read(&["a", "b", "c"].map(|namespace| web("list", "pods", namespace)), 8);
    assert_eq!(shown(&propose(&everything(), &many, 0).edits), ["role web: list pods"]);
    let other = read(&[event(&Identity::user("joe"), &Request::path("get", "/"), 200)], 8);
    let pods = shop("a", vec![rule(&["get"], &["pods"])]);
    assert_eq!(
        shown(&propose(&pods, &other, 0).edits),
        ["delete binding a/web", "delete role web"]
    );
    // Rights that are checked inside other requests stay.
    let bind = shop("a", vec![rule(&["bind", "get"], &["pods"])]);
    assert_eq!(shown(&propose(&bind, &other, 0).edits), ["role web: bind pods"]);
}

/// Returns the use of `list pods` in a RoleBinding of namespace `a`.
fn use_of_list(log: &[String], format: Option<rolecall_usage::Format>) -> PartUse {
    let authorizer = shop("a", vec![rule(&["list"], &["pods"])]);
    let mut reader = Reader::new(Limits::default(), format);
    reader.lines(log.join("\n").as_bytes());
    let tally = reader.finish();
    let credits: Credits = credit(&authorizer, tally.uses());
    let coverage: &Coverage = tally.coverage();
    let uses = use_of_bindings(&authorizer, &credits, coverage);
    uses[0].rules[0].parts.values().next().unwrap().clone()
}

#[test]
fn a_right_is_called_unused_only_where_the_log_would_show_its_use() {
    let other = event(&Identity::user("joe"), &Request::path("get", "/version"), 200);
    let aks = |line: &str| {
        serde_json::json!({"category": "kube-audit-admin", "properties": {"log": line}}).to_string()
    };
    assert_eq!(use_of_list(std::slice::from_ref(&other), None), PartUse::NotSeen);
    assert_eq!(use_of_list(&[aks(&other)], None), PartUse::Withheld(Withheld::VerbNotLogged));
    assert_eq!(use_of_list(&[], None), PartUse::Withheld(Withheld::NoEvents));
    // A list in all namespaces needs more than the RoleBinding.
    assert_eq!(use_of_list(&[web("list", "pods", "")], None), PartUse::NotSeen);
    assert!(matches!(use_of_list(&[web("list", "pods", "a")], None), PartUse::Used { .. }));
    let by_policy =
        web("list", "pods", "a").replace("RBAC: allowed by", "EKS Access Policy: allowed by");
    assert!(matches!(use_of_list(&[by_policy], None), PartUse::Hidden { .. }));
    let writes = event(
        &Identity::service_account("a", "web"),
        &Request::resource(
            "create",
            ResourceRequest {
                namespace: "a".into(),
                group: "rbac.authorization.k8s.io".into(),
                resource: "roles".into(),
                ..ResourceRequest::default()
            },
        ),
        200,
    );
    assert_eq!(use_of_list(&[writes], None), PartUse::Withheld(Withheld::NeededToGrant));
}
