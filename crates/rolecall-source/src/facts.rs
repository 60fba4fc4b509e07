//! Facts recorded from real servers: the served resources and the default roles and bindings.

use rolecall_rbac::{Catalog, CatalogBuilder, ServedResource};

/// A Kubernetes release whose facts are embedded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// v1.20.
    V1_20,
    /// v1.36, which is assumed unless another release is chosen.
    #[default]
    V1_36,
    /// v1.37.
    V1_37,
}

impl Version {
    /// Every embedded release, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_20, Self::V1_36, Self::V1_37];

    /// Returns the name, such as `v1.36`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_20 => "v1.20",
            Self::V1_36 => "v1.36",
            Self::V1_37 => "v1.37",
        }
    }

    /// Returns the release with a name.
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
        Version::V1_37 => include_str!("../facts/bootstrap-rbac-v1.37.json"),
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
        Version::V1_37 => include_str!("../facts/resources-v1.37.json"),
    };
    // Tests read every embedded file, so this cannot fail.
    crate::snapshot::served_resources(json).unwrap_or_default()
}
