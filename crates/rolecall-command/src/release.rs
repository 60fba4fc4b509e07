//! The requests that Helm 4 makes to manage a release, according to the objects of its chart.
//!
//! Helm applies objects on the server since version 4: `patch` with the name, which also needs `create` if the
//! object is not there. Recorded with Helm 4.3.1 and an audit log of Kubernetes 1.36.

use std::collections::BTreeSet;

use rolecall_rbac::{Catalog, Request, Resolved, ResourceRequest, Text};

/// An object of a release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleasedObject {
    /// The API group; empty for core.
    pub group: Text,
    /// The kind.
    pub kind: Text,
    /// The namespace; that of the release if the object does not set one.
    pub namespace: Text,
    /// The name.
    pub name: Text,
    /// Whether it is a hook, which Helm deletes before it creates it, and then watches.
    pub is_hook: bool,
}

/// The operations on a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operations {
    /// Installing and upgrading it.
    Deploy,
    /// Also rolling it back, waiting for its objects and uninstalling it.
    All,
}

/// Returns the requests for a release whose Secrets are in the namespace `storage`, sorted.
pub fn release_requests(
    objects: &[ReleasedObject],
    storage: &str,
    operations: Operations,
    catalog: &Catalog,
) -> Vec<Request> {
    let mut requests = BTreeSet::new();
    let secrets: &[&str] = match operations {
        Operations::Deploy => &["list", "create", "update"],
        Operations::All => &["list", "get", "create", "update", "delete"],
    };
    for verb in secrets {
        let target = ResourceRequest {
            namespace: storage.into(),
            resource: "secrets".into(),
            ..ResourceRequest::default()
        };
        requests.insert(Request::resource(*verb, target));
    }
    for object in objects {
        let resolved = resolved(object, catalog);
        let mut add = |verb: &str, name: &str| {
            requests.insert(catalog.request(verb, &resolved, &object.namespace, name));
        };
        add("create", "");
        for verb in ["get", "patch"] {
            add(verb, &object.name);
        }
        if object.is_hook || operations == Operations::All {
            add("delete", &object.name);
            add("list", "");
            add("watch", "");
        }
    }
    requests.into_iter().collect()
}

/// Returns the resource of an object, with the plural that Kubernetes would guess for an unknown kind.
fn resolved<'c>(object: &ReleasedObject, catalog: &'c Catalog) -> Resolved<'c> {
    let mut resources = catalog.resources().iter();
    let served =
        resources.find(|it| !it.is_virtual && it.kind == object.kind && it.group == object.group);
    Resolved {
        group: object.group.clone(),
        resource: served.map_or_else(|| plural(&object.kind).into(), |it| it.resource.clone()),
        subresource: "".into(),
        served,
    }
}

/// Returns the plural of a kind, as `UnsafeGuessKindToResource` of apimachinery does.
fn plural(kind: &str) -> String {
    let singular = kind.to_lowercase();
    match singular.strip_suffix('y') {
        Some(start) => format!("{start}ies"),
        None if singular.ends_with('s') => format!("{singular}es"),
        None => format!("{singular}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(group: &str, kind: &str, namespace: &str, name: &str) -> ReleasedObject {
        let (group, kind) = (group.into(), kind.into());
        ReleasedObject {
            group,
            kind,
            namespace: namespace.into(),
            name: name.into(),
            is_hook: false,
        }
    }

    #[test]
    fn a_deployment_writes_secrets_and_objects_and_watches_hooks() {
        let objects = [
            object("", "Policy", "shop", "a"),
            ReleasedObject { is_hook: true, ..object("batch", "Job", "shop", "b") },
        ];
        let requests = |operations| -> Vec<String> {
            let catalog = Catalog::default();
            let requests = release_requests(&objects, "flux", operations, &catalog);
            requests.iter().map(ToString::to_string).collect()
        };
        let deploy = requests(Operations::Deploy).join("\n");
        for (part, expected) in [
            ("list resource \"secrets\" in API group \"\" in the namespace \"flux\"", true),
            ("get resource \"secrets\"", false),
            ("delete resource \"secrets\"", false),
            ("create resource \"policies\" in API group \"\" in the namespace \"shop\"", true),
            ("patch resource \"policies\"", true),
            ("delete resource \"jobs\" in API group \"batch\"", true),
            ("watch resource \"jobs\" in API group \"batch\"", true),
            ("watch resource \"policies\"", false),
        ] {
            assert_eq!(deploy.contains(part), expected, "{part}\n{deploy}");
        }
        let all = requests(Operations::All).join("\n");
        for part in [
            "delete resource \"secrets\"",
            "delete resource \"policies\"",
            "watch resource \"policies\"",
        ] {
            assert!(all.contains(part), "{part}\n{all}");
        }
    }
}
