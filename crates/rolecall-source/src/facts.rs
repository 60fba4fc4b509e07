//! Facts recorded from real servers: the served resources and the default roles and bindings.

use rolecall_rbac::{Catalog, CatalogBuilder, ServedResource, Subresource, Text};
use serde::Deserialize;

/// A Kubernetes release whose facts are embedded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// v1.20.
    V1_20,
    /// v1.36.
    #[default]
    V1_36,
}

impl Version {
    /// Every embedded release, oldest first.
    pub const ALL: [Self; 2] = [Self::V1_20, Self::V1_36];

    /// Returns `v1.20` or `v1.36`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_20 => "v1.20",
            Self::V1_36 => "v1.36",
        }
    }

    /// Returns the release of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.as_str() == text)
    }
}

/// Returns the default roles and bindings of a release as a JSON `List`.
///
/// Aggregated ClusterRoles contain the rules that the controller has aggregated.
pub fn default_objects(version: Version) -> &'static str {
    match version {
        Version::V1_20 => include_str!("../facts/bootstrap-rbac-v1.20.json"),
        Version::V1_36 => include_str!("../facts/bootstrap-rbac-v1.36.json"),
    }
}

/// Returns the resources that a release serves, and the virtual resources.
pub fn catalog(version: Version) -> Catalog {
    let mut builder = CatalogBuilder::new();
    for resource in served_resources(version) {
        builder.add(resource);
    }
    builder.build()
}

fn served_resources(version: Version) -> Vec<ServedResource> {
    let json = match version {
        Version::V1_20 => include_str!("../facts/resources-v1.20.json"),
        Version::V1_36 => include_str!("../facts/resources-v1.36.json"),
    };
    // Tests read every embedded file, so this cannot fail.
    let recorded: Vec<Recorded<'_>> = serde_json::from_str(json).unwrap_or_default();
    recorded.into_iter().map(Recorded::into_resource).collect()
}

/// An entry of an embedded file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded<'a> {
    group: &'a str,
    resource: &'a str,
    singular: &'a str,
    kind: &'a str,
    namespaced: bool,
    short_names: Vec<&'a str>,
    verbs: Vec<&'a str>,
    #[serde(borrow)]
    subresources: Vec<RecordedSubresource<'a>>,
}

#[derive(Deserialize)]
struct RecordedSubresource<'a> {
    name: &'a str,
    verbs: Vec<&'a str>,
}

impl Recorded<'_> {
    fn into_resource(self) -> ServedResource {
        let texts = |texts: Vec<&str>| texts.into_iter().map(Text::from).collect::<Vec<_>>();
        let subresource = |recorded: RecordedSubresource<'_>| Subresource {
            name: recorded.name.into(),
            verbs: texts(recorded.verbs),
        };
        ServedResource {
            group: self.group.into(),
            resource: self.resource.into(),
            singular: self.singular.into(),
            kind: self.kind.into(),
            namespaced: self.namespaced,
            short_names: texts(self.short_names),
            verbs: texts(self.verbs),
            subresources: self.subresources.into_iter().map(subresource).collect(),
            is_virtual: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use rolecall_rbac::ResolveError;

    use super::*;

    #[test]
    fn every_embedded_file_is_read_completely() {
        for (version, count, objects) in [(Version::V1_20, 56, 115), (Version::V1_36, 67, 133)] {
            assert_eq!(served_resources(version).len(), count);
            let list: serde_json::Value = serde_json::from_str(default_objects(version)).unwrap();
            assert_eq!(list["items"].as_array().unwrap().len(), objects);
            assert_eq!(Version::parse(version.as_str()), Some(version));
        }
    }

    #[test]
    fn resources_resolve_from_plurals_singulars_and_short_names() {
        let rows = [
            ("po", "pods"),
            ("Pod", "pods"),
            ("pods/log", "pods/log"),
            ("deploy", "deployments.apps"),
            ("deployments.v1.apps", "deployments.apps"),
            ("deploy/scale", "deployments.apps/scale"),
            ("events", "events"),
            ("events.events.k8s.io", "events.events.k8s.io"),
            ("ing", "ingresses.networking.k8s.io"),
            ("users", "users"),
            ("signers", "signers.certificates.k8s.io"),
            ("userextras/scopes", "userextras.authentication.k8s.io/scopes"),
            ("*", "*.*"),
            ("*.apps", "*.apps"),
            ("*/scale", "*.*/scale"),
            ("widgets.example.com", "widgets.example.com"),
        ];
        for version in Version::ALL {
            let catalog = catalog(version);
            for (argument, expected) in rows {
                let resolved = catalog.resolve(argument).unwrap();
                assert_eq!(resolved.display(), expected, "{version:?}");
            }
        }
    }

    #[test]
    fn errors_for_unserved_resources_suggest_served_ones() {
        let catalog = catalog(Version::V1_36);
        let ResolveError::UnknownSubresource { served, .. } =
            catalog.resolve("pods/web-0").unwrap_err()
        else {
            panic!("a subresource");
        };
        assert!(served.contains(&"log".to_owned()));
        let rows = [
            ("podz", vec!["pods"]),
            ("deplyoments", vec!["deployments.apps"]),
            ("foos", vec![]),
            ("zzzzzzz", vec![]),
        ];
        for (argument, expected) in rows {
            let error = catalog.resolve(argument).unwrap_err();
            let ResolveError::UnknownResource { similar, .. } = error else {
                panic!("{argument} {error:?}");
            };
            assert_eq!(similar, expected, "{argument}");
        }
        for malformed in ["", "/", "/log", "pods/", "po ds", "pods,services", ".apps"] {
            let error = catalog.resolve(malformed).unwrap_err();
            assert!(matches!(error, ResolveError::Malformed { .. }), "{malformed:?}");
        }
    }
}
