//! Random clusters over a few strings, and every request over these strings.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rolecall_rbac::{
    Authorizer, Binding, Identity, Inventory, InventoryBuilder, Metadata, PolicyRule, Request,
    ResourceRequest, Role, RoleKind, RoleRef, Subject, SubjectKind, Texts,
};

const VERBS: [&str; 4] = ["get", "list", "bind", "*"];
const GROUPS: [&str; 4] = ["", "apps", "rbac.authorization.k8s.io", "*"];
const RESOURCES: [&str; 15] = [
    "pods",
    "pods/log",
    "nodes",
    "nodes/status",
    "namespaces",
    "namespaces/status",
    "clusterroles",
    "pods/*",
    "pods/",
    "*/",
    "*/*",
    "deployments/scale",
    "*/scale",
    "*/log",
    "*",
];
const NAMES: [&str; 4] = ["a", "blue", "*", ""];
const URLS: [&str; 9] = ["*", "**", "", "/api*", "/api/*", "/api", "/healthz", "/a**", "/api/v1"];

/// Every request over the strings above and one string per dimension that no rule mentions.
pub fn universe() -> impl Iterator<Item = Request> {
    const RESOURCES: [(&str, &str); 17] = [
        ("nodes", ""),
        ("nodes", "status"),
        ("namespaces", ""),
        ("namespaces", "status"),
        ("clusterroles", ""),
        ("pods", ""),
        ("pods", "log"),
        ("pods", "scale"),
        ("pods", "*"),
        ("pods", "fresh"),
        ("deployments", "scale"),
        ("fresh", ""),
        ("fresh", "scale"),
        ("fresh", "fresh"),
        ("fresh", "*"),
        ("*", ""),
        ("*", "log"),
    ];
    const PATHS: [&str; 12] = [
        "", "/", "/a", "/ax", "/api", "/api/", "/api/v1", "/api/v1/", "/apis", "/healthz", "/x",
        "*",
    ];
    ["get", "list", "bind", "fresh", "*"].into_iter().flat_map(|verb| {
        let resources =
            ["", "apps", "rbac.authorization.k8s.io", "fresh"].into_iter().flat_map(move |group| {
                RESOURCES.into_iter().flat_map(move |(resource, subresource)| {
                    ["", "a", "blue", "red", "*"].into_iter().flat_map(move |name| {
                        ["", "blue", "red", "fresh"].into_iter().map(move |namespace| {
                            let target = ResourceRequest {
                                namespace: namespace.into(),
                                group: group.into(),
                                resource: resource.into(),
                                subresource: subresource.into(),
                                name: name.into(),
                            };
                            Request::resource(verb, target)
                        })
                    })
                })
            });
        resources.chain(PATHS.into_iter().map(move |path| Request::path(verb, path)))
    })
}

/// Returns whether a request is certainly allowed.
pub fn allowed(authorizer: &Authorizer, identity: &Identity, request: &Request) -> bool {
    authorizer.authorize(identity, request).verdict.is_allowed()
}

/// Every identity that random bindings can name, and one that they do not.
pub fn identities() -> Vec<Identity> {
    vec![
        Identity::service_account("blue", "app"),
        Identity::service_account("red", "app"),
        Identity::service_account("red", "fresh"),
        Identity::user("jane"),
        Identity::group("dev"),
        Identity::group("system:serviceaccounts:blue"),
        Identity::group("system:authenticated"),
        Identity::group("system:masters"),
    ]
}

fn some_of(options: &'static [&'static str], least: usize) -> BoxedStrategy<Texts> {
    subsequence(options, least..=options.len().min(3))
        .prop_map(|chosen| chosen.into_iter().map(Into::into).collect())
        .boxed()
}

fn rule() -> impl Strategy<Value = PolicyRule> {
    let names = prop_oneof![3 => Just(Texts::default()), 1 => some_of(&NAMES, 1)];
    let urls = prop_oneof![3 => Just(Texts::default()), 1 => some_of(&URLS, 1)];
    (some_of(&VERBS, 0), some_of(&GROUPS, 0), some_of(&RESOURCES, 0), names, urls).prop_map(
        |(verbs, api_groups, resources, resource_names, non_resource_urls)| PolicyRule {
            verbs,
            api_groups,
            resources,
            resource_names,
            non_resource_urls,
        },
    )
}

/// Generates the rules of a role.
pub fn rules() -> impl Strategy<Value = Vec<PolicyRule>> {
    prop::collection::vec(rule(), 0..4)
}

fn subject() -> impl Strategy<Value = Subject> {
    select(vec![
        (SubjectKind::ServiceAccount, "app", "blue"),
        (SubjectKind::ServiceAccount, "app", ""),
        (SubjectKind::User, "jane", ""),
        (SubjectKind::User, "system:serviceaccount:blue:app", ""),
        (SubjectKind::Group, "dev", ""),
        (SubjectKind::Group, "system:serviceaccounts:blue", ""),
        (SubjectKind::Group, "system:serviceaccounts", ""),
        (SubjectKind::Group, "system:authenticated", ""),
        (SubjectKind::Group, "system:masters", ""),
    ])
    .prop_map(|(kind, name, namespace)| Subject {
        kind,
        name: name.into(),
        namespace: namespace.into(),
        api_group: "".into(),
    })
}

/// A cluster with up to three ClusterRoles and five bindings, some of them dangling.
pub fn inventory() -> impl Strategy<Value = Inventory> {
    let roles = prop::collection::vec(rules(), 1..4);
    let namespace = select(vec!["", "blue", "red"]);
    let binding = (0..4usize, namespace, prop::collection::vec(subject(), 0..3));
    (roles, prop::collection::vec(binding, 0..6)).prop_map(|(roles, bindings)| {
        let mut builder = InventoryBuilder::new();
        for (index, rules) in roles.into_iter().enumerate() {
            let metadata = Metadata::new("", format!("r{index}"));
            builder.role(Role { metadata, rules: rules.into(), aggregation: None });
        }
        for (index, (role, namespace, subjects)) in bindings.into_iter().enumerate() {
            builder.binding(Binding {
                metadata: Metadata::new(namespace, format!("b{index}")),
                role_ref: RoleRef {
                    api_group: "".into(),
                    kind: RoleKind::ClusterRole,
                    name: format!("r{role}").into(),
                },
                subjects: subjects.into(),
            });
        }
        builder.build()
    })
}
