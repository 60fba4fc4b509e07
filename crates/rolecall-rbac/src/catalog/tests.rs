use super::*;

#[test]
fn a_request_is_namespaced_only_if_its_url_names_a_namespace() {
    let mut builder = CatalogBuilder::new();
    for (resource, namespaced) in [("namespaces", false), ("nodes", false), ("pods", true)] {
        builder.add(ServedResource {
            group: "".into(),
            resource: resource.into(),
            singular: "".into(),
            kind: "".into(),
            namespaced,
            short_names: Vec::new(),
            verbs: Vec::new(),
            subresources: Vec::new(),
            is_virtual: false,
        });
    }
    let catalog = builder.build();
    for (verb, resource, name, expected) in [
        ("get", "pods", "x", "a"),
        ("get", "nodes", "x", ""),
        ("get", "namespaces", "x", "x"),
        ("patch", "namespaces", "x", "x"),
        ("get", "namespaces", "", ""),
        ("list", "namespaces", "x", ""),
        ("create", "namespaces", "x", ""),
    ] {
        let resolved = catalog.resolve(resource).unwrap();
        let request = catalog.request(verb, &resolved, "a", name);
        assert_eq!(request.namespace(), expected, "{verb} {resource} {name}");
    }
}
