use rolecall_access::known::{
    group_has_subresource, has_resource, has_subresource, is_built_in, is_not_always_served,
    is_resource_verb, is_verb, subresources_of,
};
use rolecall_rbac::{Catalog, CatalogBuilder, ServedResource, Subresource};

fn catalog() -> Catalog {
    let mut builder = CatalogBuilder::new();
    for (group, resource, subresources, is_virtual) in [
        ("", "pods", &["log", "exec"][..], false),
        ("", "virtuals", &[], true),
        ("apps", "deployments", &["scale"], false),
    ] {
        builder.add(ServedResource {
            group: group.into(),
            resource: resource.into(),
            singular: "".into(),
            kind: resource.into(),
            namespaced: true,
            short_names: vec![],
            verbs: vec!["get".into()],
            subresources: subresources
                .iter()
                .map(|name| Subresource { name: (*name).into(), verbs: vec![] })
                .collect(),
            is_virtual,
        });
    }
    builder.build()
}

#[test]
fn groups_of_kubernetes_are_known() {
    for (group, expected) in [("", true), ("apps", true), ("example.com", false), ("app", false)] {
        assert_eq!(is_built_in(group), expected, "{group}");
    }
}

#[test]
fn resources_are_known_if_this_or_another_version_serves_them() {
    let catalog = catalog();
    for (group, resource, not_always, known) in [
        ("", "pods", false, true),
        ("", "pod", false, false),
        ("apps", "pods", false, false),
        ("extensions", "deployments", true, true),
        ("extensions", "pods", false, false),
        ("apps", "deployments", false, true),
        ("batch", "scheduledjobs", true, true),
        ("batch", "jobs", false, false),
    ] {
        assert_eq!(is_not_always_served(group, resource), not_always, "{resource}.{group}");
        assert_eq!(has_resource(&catalog, group, resource), known, "{resource}.{group}");
    }
}

#[test]
fn subresources_are_known_by_catalog_check_or_version() {
    let catalog = catalog();
    for (group, resource, subresource, expected) in [
        ("", "pods", "log", true),
        ("", "pods", "logs", false),
        ("", "pods", "resize", true),
        ("", "pods", "finalizers", true),
        ("", "virtuals", "anything", true),
        ("apps", "deployments", "scale", true),
        ("apps", "deployments", "log", false),
        ("extensions", "deployments", "anything", true),
        ("apps", "widgets", "scale", false),
        ("apps", "widgets", "finalizers", true),
    ] {
        let found = has_subresource(&catalog, group, resource, subresource);
        assert_eq!(found, expected, "{resource}/{subresource}.{group}");
    }
    for (group, subresource, expected) in [
        ("", "log", true),
        ("", "resize", true),
        ("", "scale", false),
        ("", "token", false),
        ("apps", "scale", true),
        ("apps", "log", false),
        ("apps", "finalizers", true),
        ("extensions", "anything", true),
        ("example.com", "log", false),
        ("certificates.k8s.io", "status", true),
        ("certificates.k8s.io", "log", false),
    ] {
        let found = group_has_subresource(&catalog, group, subresource);
        assert_eq!(found, expected, "{subresource}.{group}");
    }
    let pods = catalog.get("", "pods").unwrap();
    assert_eq!(subresources_of(pods), ["ephemeralcontainers", "exec", "log", "resize"]);
}

#[test]
fn verbs_are_those_of_requests_and_of_other_checks() {
    for (verb, of_requests, known) in [
        ("get", true, true),
        ("deletecollection", true, true),
        ("*", false, true),
        ("bind", false, true),
        ("use", false, true),
        ("impersonate:user-info", false, true),
        ("impersonate-on:serviceaccount:get", false, true),
        ("impersonates", false, false),
        ("gett", false, false),
        ("", false, false),
    ] {
        assert_eq!(is_resource_verb(verb), of_requests, "{verb}");
        assert_eq!(is_verb(verb), known, "{verb}");
    }
}
