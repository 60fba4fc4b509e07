use insta::assert_snapshot;
use rolecall_rbac::{Catalog, CatalogBuilder, ResolveError, ServedResource, Subresource, Text};

/// Reads `GROUP RESOURCE SINGULAR KIND [SHORT NAME]...`, where `-` is the empty string.
fn served(text: &str) -> ServedResource {
    let words: Vec<Text> =
        text.split(' ').map(|word| if word == "-" { "" } else { word }.into()).collect();
    ServedResource {
        group: words[0].clone(),
        resource: words[1].clone(),
        singular: words[2].clone(),
        kind: words[3].clone(),
        namespaced: &*words[1] != "nodes",
        short_names: words[4..].to_vec(),
        verbs: vec!["get".into()],
        subresources: vec![Subresource { name: "scale".into(), verbs: vec!["get".into()] }],
        is_virtual: false,
    }
}

fn catalog_of(resources: &[&str]) -> Catalog {
    let mut builder = CatalogBuilder::new();
    resources.iter().for_each(|text| builder.add(served(text)));
    builder.build()
}

fn catalog() -> Catalog {
    catalog_of(&[
        "- pods pod Pod po",
        "- nodes node Node no",
        "- serviceaccounts serviceaccount ServiceAccount sa",
        "apps deployments deployment Deployment deploy",
        "extensions deployments deployment Deployment deploy",
        "extensions ingresses ingress Ingress ing",
        "networking.k8s.io ingresses ingress Ingress ing",
    ])
}

#[test]
fn an_argument_resolves_to_the_resource_that_it_names() {
    let catalog = catalog();
    for (argument, expected) in [
        ("pods", "pods"),
        ("pod", "pods"),
        ("po", "pods"),
        ("Pod", "pods"),
        ("PODS", "pods"),
        ("pods.", "pods"),
        ("pods.v1", "pods"),
        ("pods/scale", "pods/scale"),
        ("pods/resize", "pods/resize"),
        ("pods/finalizers", "pods/finalizers"),
        ("deploy", "deployments.apps"),
        ("deployments.apps", "deployments.apps"),
        ("deployments.extensions", "deployments.extensions"),
        ("deployments.v1.apps", "deployments.apps"),
        ("deploy.v2beta1.extensions/scale", "deployments.extensions/scale"),
        // Another cluster can serve these.
        ("deployments.x1.apps", "deployments.x1.apps"),
        ("deployments.vx.apps", "deployments.vx.apps"),
        ("deployments.v.apps", "deployments.v.apps"),
        ("deployments.v1", "deployments.v1"),
        ("widgets.example.org", "widgets.example.org"),
        ("widgets.example.org/anything", "widgets.example.org/anything"),
        ("*", "*.*"),
        ("*.apps", "*.apps"),
        ("*/scale", "*.*/scale"),
        ("*./scale", "*/scale"),
        // Servers write the group last.
        ("widgets/status.example.org", "widgets.example.org/status"),
        ("pods/scale.apps", "pods.apps/scale"),
        // The key of an extra attribute is not a subresource with a group.
        ("userextras/status.example.org", "userextras.authentication.k8s.io/status.example.org"),
        ("userextras.authentication.k8s.io/scopes", "userextras.authentication.k8s.io/scopes"),
        ("users", "users"),
        ("signers", "signers.certificates.k8s.io"),
        ("signer", "signers.certificates.k8s.io"),
    ] {
        let resolved = catalog.resolve(argument);
        let shown = resolved.as_ref().map(|resolved| resolved.display());
        assert_eq!(shown.as_deref(), Ok(expected), "{argument}");
        let resolved = resolved.unwrap();
        let known = catalog.get(&resolved.group, &resolved.resource);
        assert_eq!(resolved.served, known, "{argument}");
    }
}

#[test]
fn an_argument_that_names_no_resource_is_an_error() {
    let catalog = catalog();
    for argument in ["", "/scale", "pods/", "a b", "pods\t", "a,b", "a\u{7}", ".apps", "pods/a b"] {
        let error = catalog.resolve(argument).unwrap_err();
        assert_eq!(error, ResolveError::Malformed { resource: argument.into() });
        assert_eq!(error.to_string(), format!("`{argument}` is not a resource name"));
    }
    for (argument, resource, similar) in [
        ("podz", "podz", vec!["pods"]),
        ("podz/log", "podz", vec!["pods"]),
        ("widgets", "widgets", vec![]),
        ("widgets/status.example", "widgets", vec![]),
        ("widgets/web.example.org", "widgets", vec![]),
    ] {
        let similar = similar.into_iter().map(str::to_owned).collect();
        let error = catalog.resolve(argument).unwrap_err();
        assert_eq!(error.to_string(), format!("no served resource is named `{resource}`"));
        assert_eq!(error, ResolveError::UnknownResource { resource: resource.into(), similar });
    }
    for (argument, resource, subresource, served) in [
        ("pods/logs", "pods", "logs", vec!["ephemeralcontainers", "resize", "scale"]),
        ("deploy/log", "deployments.apps", "log", vec!["rollback", "scale"]),
        (
            "pods.v1/scale.apps",
            "pods",
            "scale.apps",
            vec!["ephemeralcontainers", "resize", "scale"],
        ),
        ("users/scopes", "users", "scopes", vec![]),
    ] {
        let error = catalog.resolve(argument).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{resource}` has no subresource `{subresource}`"),
            "{argument}"
        );
        let (resource, subresource) = (resource.to_owned(), subresource.to_owned());
        let served = served.into_iter().map(str::to_owned).collect();
        assert_eq!(error, ResolveError::UnknownSubresource { resource, subresource, served });
    }
}

#[test]
fn only_the_virtual_resource_for_extra_attributes_has_any_subresource() {
    let catalog = catalog_of(&["example.org userextras userextra Extra"]);
    assert!(catalog.resolve("userextras.example.org/scale").is_ok());
    assert!(catalog.resolve("userextras.example.org/scopes").is_err());
    assert!(catalog.resolve("userextras.authentication.k8s.io/scopes").is_ok());
    assert!(catalog.resolve("uids.authentication.k8s.io/scopes").is_err());
}

#[test]
fn the_preferred_meaning_of_a_name_comes_first() {
    for (resources, name, expected) in [
        // Clients expand a short name only if it is not the name of a resource.
        (vec!["- foos foo Foo bars", "a.io bars bar Bar"], "bars", "bars.a.io foos"),
        // Plurals come before kinds.
        (vec!["a.io x y Gadgets", "b.io gadgets z Z"], "gadgets", "gadgets.b.io x.a.io"),
        // The retired group comes last.
        (
            vec!["extensions ingresses i I", "networking.k8s.io ingresses i I"],
            "ingresses",
            "ingresses.networking.k8s.io ingresses.extensions",
        ),
        // Served resources come before virtual ones.
        (vec!["z.io signers s S"], "signers", "signers.z.io signers.certificates.k8s.io"),
        (vec!["z.io users s S"], "users", "users.z.io users users.authentication.k8s.io"),
        // A resource with several equal names is listed once.
        (vec!["- pods pod Pod pod"], "pod", "pods pods.metrics.k8s.io"),
        (vec!["- pods pod Pod"], "pods", "pods pods.metrics.k8s.io"),
        (vec![], "pods", "pods.metrics.k8s.io"),
        (vec![], "po", ""),
    ] {
        let catalog = catalog_of(&resources);
        let found: Vec<String> = catalog
            .named(name)
            .map(|served| match &*served.group {
                "" => served.resource.to_string(),
                group => format!("{}.{group}", served.resource),
            })
            .collect();
        assert_eq!(found.join(" "), expected, "{name} among {resources:?}");
    }
}

#[test]
fn the_virtual_resources_are_those_of_authorization_checks() {
    let catalog = catalog_of(&[]);
    let shown: Vec<String> = catalog
        .resources()
        .iter()
        .map(|served| {
            assert!(served.is_virtual);
            let scope = if served.namespaced { "namespaced" } else { "cluster" };
            let group = if served.group.is_empty() { "core" } else { &served.group };
            let verbs = served.verbs.join(",");
            let names = format!("{} {} {}", served.resource, served.singular, served.kind);
            format!("{group} {names} {scope} {verbs}")
        })
        .collect();
    assert_snapshot!(shown.join("\n"), @"
    core groups group Group cluster impersonate
    core users user User cluster impersonate
    authentication.k8s.io groups group Group cluster impersonate:user-info
    authentication.k8s.io nodes node Node cluster impersonate:arbitrary-node,impersonate:associated-node
    authentication.k8s.io serviceaccounts serviceaccount ServiceAccount namespaced impersonate:serviceaccount
    authentication.k8s.io uids uid UID cluster impersonate,impersonate:user-info
    authentication.k8s.io userextras userextra UserExtra cluster impersonate,impersonate:user-info
    authentication.k8s.io users user User cluster impersonate:user-info
    certificates.k8s.io signers signer Signer cluster approve,attest,sign
    metrics.k8s.io nodes node NodeMetrics cluster get,list
    metrics.k8s.io pods pod PodMetrics namespaced get,list
    ");
}

#[test]
fn constrained_impersonation_is_checked_against_its_group() {
    let catalog = catalog();
    for (verb, argument, expected) in [
        ("impersonate", "users", "users"),
        ("impersonate:user-info", "users", "users.authentication.k8s.io"),
        ("impersonate:user-info", "user", "users.authentication.k8s.io"),
        ("impersonate:user-info", "userextras/scopes", "userextras.authentication.k8s.io/scopes"),
        ("impersonate:serviceaccount", "sa", "serviceaccounts.authentication.k8s.io"),
        ("impersonate:associated-node", "nodes", "nodes.authentication.k8s.io"),
        ("impersonate:user-info", "pods", "pods"),
        ("get", "nodes", "nodes"),
        ("impersonate", "serviceaccounts", "serviceaccounts"),
    ] {
        let resolved = catalog.resolve_for(verb, argument).unwrap();
        assert_eq!(resolved.display(), expected, "{verb} {argument}");
    }
}

#[test]
fn similar_names_are_the_nearest_within_a_quarter_of_the_length() {
    let catalog = catalog();
    for (name, expected) in [
        ("podz", &["pods"][..]),
        ("pdo", &["pods"]),
        ("PODZ", &["pods"]),
        ("podzz", &[]),
        ("deploymnts", &["deployments.apps", "deployments.extensions"]),
        ("deplymnts", &["deployments.apps", "deployments.extensions"]),
        ("deplymnt", &["deployments.apps", "deployments.extensions"]),
        ("eplymnts", &[]),
        ("usr", &["users", "users.authentication.k8s.io"]),
        ("nodez", &["nodes", "nodes.authentication.k8s.io"]),
        ("serviceaccuont", &["serviceaccounts", "serviceaccounts.authentication.k8s.io"]),
        ("po", &["pods"]),
        ("p", &[]),
    ] {
        assert_eq!(catalog.similar(name), expected, "{name}");
    }
    let many = catalog_of(&["a.io cats x X", "b.io cats x X", "c.io cats x X", "d.io cats x X"]);
    assert_eq!(many.similar("catz"), ["cats.a.io", "cats.b.io", "cats.c.io"]);
}

#[test]
fn a_later_resource_replaces_an_earlier_one_of_its_group_and_name() {
    let mut builder = catalog_of(&["- pods a A", "apps pods b B"]).to_builder();
    builder.add(served("- pods c C"));
    let catalog = builder.build();
    let kind = |group, resource| catalog.get(group, resource).map(|served| &*served.kind);
    assert_eq!(kind("", "pods"), Some("C"));
    assert_eq!(kind("apps", "pods"), Some("B"));
    assert_eq!(kind("apps", "nodes"), None);
    assert_eq!(catalog.is_namespaced("", "pods"), Some(true));
    assert_eq!(catalog.is_namespaced("", "users"), Some(false));
    assert_eq!(catalog.is_namespaced("", "nodes"), None);
    assert_eq!(catalog.named("a").count(), 0);
}
