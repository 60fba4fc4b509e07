use rolecall_rbac::{
    Catalog, CatalogBuilder, NamespaceSelection, Request, RequestScope, ResourceRequest,
    ServedResource, Text, verbs_asked_where_used,
};

fn catalog() -> Catalog {
    let mut builder = CatalogBuilder::new();
    for (group, resource, namespaced) in [
        ("", "pods", true),
        ("", "nodes", false),
        ("", "namespaces", false),
        ("example.com", "namespaces", false),
        ("rbac.authorization.k8s.io", "clusterroles", false),
        ("rbac.authorization.k8s.io", "roles", true),
    ] {
        builder.add(ServedResource {
            group: group.into(),
            resource: resource.into(),
            singular: "".into(),
            kind: resource.into(),
            namespaced,
            short_names: vec![],
            verbs: vec!["get".into()],
            subresources: vec![],
            is_virtual: false,
        });
    }
    builder.build()
}

const RBAC: &str = "rbac.authorization.k8s.io";

const ROWS: [(&str, &str, &str, Option<RequestScope>); 15] = [
    ("", "pods", "get", Some(RequestScope::Namespaced)),
    ("", "nodes", "get", Some(RequestScope::Cluster)),
    ("", "namespaces", "get", Some(RequestScope::Itself)),
    ("", "namespaces", "delete", Some(RequestScope::Itself)),
    ("", "namespaces", "create", Some(RequestScope::Cluster)),
    ("", "namespaces", "list", Some(RequestScope::Cluster)),
    ("", "namespaces", "watch", Some(RequestScope::Cluster)),
    ("", "namespaces", "deletecollection", Some(RequestScope::Cluster)),
    ("example.com", "namespaces", "get", Some(RequestScope::Cluster)),
    (RBAC, "clusterroles", "bind", Some(RequestScope::WhereUsed)),
    (RBAC, "clusterroles", "escalate", Some(RequestScope::Cluster)),
    (RBAC, "roles", "bind", Some(RequestScope::Namespaced)),
    ("policy", "podsecuritypolicies", "use", Some(RequestScope::WhereUsed)),
    ("policy", "podsecuritypolicies", "get", None),
    ("example.com", "widgets", "get", None),
];

#[test]
fn the_scope_depends_on_the_resource_and_sometimes_on_the_verb() {
    let catalog = catalog();
    for (group, resource, verb, expected) in ROWS {
        assert_eq!(catalog.scope(group, resource, verb), expected, "{verb} {resource}.{group}");
        let target = ResourceRequest {
            group: group.into(),
            resource: resource.into(),
            ..ResourceRequest::default()
        };
        let request = Request::resource(verb, target);
        assert_eq!(catalog.scope_of_request(&request), expected, "{verb} {resource}.{group}");
        let each = !matches!(expected, Some(RequestScope::Cluster | RequestScope::Itself));
        let is_each = catalog.everywhere(&request) == NamespaceSelection::Each;
        assert_eq!(is_each, each, "{verb} {resource}.{group}");
    }
    assert_eq!(catalog.scope_of_request(&Request::path("get", "/a")), None);
}

#[test]
fn role_bindings_count_unless_every_verb_is_checked_in_the_cluster_scope() {
    let catalog = catalog();
    for (group, resource, verbs, expected) in [
        ("", "pods", &["get"][..], true),
        ("", "nodes", &["get", "*"], false),
        ("", "namespaces", &["list"], false),
        ("", "namespaces", &["list", "get"], true),
        (RBAC, "clusterroles", &["get"], false),
        (RBAC, "clusterroles", &["get", "bind"], true),
        (RBAC, "clusterroles", &["*"], true),
        ("example.com", "widgets", &["get"], true),
        ("", "nodes", &[], false),
    ] {
        let verbs: Vec<Text> = verbs.iter().map(|verb| (*verb).into()).collect();
        let counts = catalog.counts_in_role_binding(group, resource, &verbs);
        assert_eq!(counts, expected, "{verbs:?} {resource}.{group}");
    }
    for scope in [RequestScope::Namespaced, RequestScope::Itself, RequestScope::WhereUsed] {
        assert!(scope.counts_role_bindings());
    }
    assert!(!RequestScope::Cluster.counts_role_bindings());
}

#[test]
fn a_request_is_authorized_in_the_namespace_of_its_scope() {
    let catalog = catalog();
    for (resource, verb, expected) in [
        ("pods", "get", "shop"),
        ("nodes", "get", ""),
        ("namespaces", "get", "web"),
        ("namespaces", "list", ""),
        ("clusterroles", "bind", "shop"),
        ("clusterroles", "get", ""),
    ] {
        let resolved = catalog.resolve(resource).unwrap();
        let request = catalog.request(verb, &resolved, "shop", "web");
        assert_eq!(request.namespace(), expected, "{verb} {resource}");
    }
}

#[test]
fn verbs_are_asked_where_used_for_the_exact_resource() {
    let asked = |group: &str, resource: &str| -> Vec<&str> {
        verbs_asked_where_used(group, resource).collect()
    };
    assert_eq!(asked("security.openshift.io", "securitycontextconstraints"), ["use"]);
    assert_eq!(asked("extensions", "podsecuritypolicies"), ["use"]);
    assert_eq!(asked(RBAC, "clusterroles"), ["bind"]);
    assert_eq!(asked(RBAC, "roles"), [""; 0]);
    assert_eq!(asked("", "clusterroles"), [""; 0]);
}
