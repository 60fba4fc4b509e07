use rolecall_rbac::{
    Catalog, CatalogBuilder, ServedResource, Subresource, checked_subresources,
    is_checked_subresource,
};

fn catalog() -> Catalog {
    let mut builder = CatalogBuilder::new();
    builder.add(ServedResource {
        group: "".into(),
        resource: "pods".into(),
        singular: "pod".into(),
        kind: "Pod".into(),
        namespaced: true,
        short_names: vec![],
        verbs: vec!["get".into()],
        subresources: vec![Subresource { name: "log".into(), verbs: vec!["get".into()] }],
        is_virtual: false,
    });
    builder.build()
}

#[test]
fn checked_subresources_belong_to_one_resource() {
    let checked = |group, resource| checked_subresources(group, resource).collect::<Vec<_>>();
    assert_eq!(checked("", "pods"), ["ephemeralcontainers", "resize"]);
    assert_eq!(checked("", "serviceaccounts"), ["token"]);
    assert_eq!(checked("apps", "serviceaccounts"), [""; 0]);
    assert_eq!(checked("", "configmaps"), [""; 0]);
    for (group, resource, subresource, expected) in [
        ("", "serviceaccounts", "token", true),
        ("", "serviceaccounts", "status", false),
        ("", "pods", "token", false),
        ("apps", "pods", "resize", false),
        ("example.com", "widgets", "finalizers", true),
    ] {
        let found = is_checked_subresource(group, resource, subresource);
        assert_eq!(found, expected, "{resource}/{subresource}");
    }
}

#[test]
fn a_word_that_names_a_subresource_somewhere_is_recognized() {
    let catalog = catalog();
    for (word, expected) in [
        ("log", true),
        ("status", true),
        ("scale", true),
        ("finalizers", true),
        ("token", true),
        ("web", false),
        ("logs", false),
    ] {
        assert_eq!(catalog.has_subresource(word), expected, "{word}");
    }
}

#[test]
fn unserved_resources_have_only_the_subresources_of_every_resource() {
    let catalog = catalog();
    for (argument, expected) in [
        ("pods/log", true),
        ("*/anything", true),
        ("widgets.example.com", true),
        ("widgets.example.com/status", true),
        ("widgets.example.com/finalizers", true),
        ("widgets.example.com/token", false),
    ] {
        let resolved = catalog.resolve(argument);
        let found = resolved.as_ref().map(|resolved| resolved.has_known_subresource());
        assert_eq!(found, Ok(expected), "{argument}");
    }
}
