//! Decodes the served resource that a CustomResourceDefinition adds.

use rolecall_rbac::{ServedResource, Subresource, Text};
use serde::de::IgnoredAny;

use super::fields::{Empty, Fields, ObjectSeed, fields, list};
use super::seed::{text, texts};
use super::strings::StringCache;

/// The verbs of every custom resource.
const VERBS: [&str; 8] =
    ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// The verbs of the subresources `status` and `scale`.
const SUBRESOURCE_VERBS: [&str; 3] = ["get", "patch", "update"];

/// The `spec` of a CustomResourceDefinition.
pub(super) struct ResourceSpec {
    group: Text,
    names: Names,
    namespaced: bool,
    subresources: Subresources,
}

impl Empty for ResourceSpec {
    fn empty(strings: &StringCache) -> Self {
        let empty = strings.empty();
        Self {
            group: empty.clone(),
            names: Names {
                plural: empty.clone(),
                singular: empty.clone(),
                kind: empty,
                short_names: Vec::new(),
            },
            // `scope` is required; the API server rejects an object without it.
            namespaced: true,
            subresources: Subresources::default(),
        }
    }
}

fields! {
    ResourceSpec: "an object", |spec, map, strings| {
        Group = "group" => spec.group = text(map, strings)?;
        Names = "names" => {
            let value = spec.names.clone();
            spec.names = map.next_value_seed(ObjectSeed { value, strings })?;
        };
        Scope = "scope" => spec.namespaced = *text(map, strings)? != *"Cluster";
        Versions = "versions" => {
            let versions: Vec<Version> = list(map, strings)?;
            versions.iter().for_each(|version| spec.subresources.add(version.0));
        };
        // v1beta1 has one field for all versions.
        Subresources = "subresources" => {
            let value = spec.subresources;
            spec.subresources = map.next_value_seed(ObjectSeed { value, strings })?;
        };
    }
}

impl ResourceSpec {
    /// Returns the served resource; `None` without a plural name.
    pub(super) fn served(self, strings: &mut StringCache) -> Option<ServedResource> {
        if self.names.plural.is_empty() {
            return None;
        }
        let mut verbs = |verbs: &[&str]| verbs.iter().map(|verb| strings.text(verb)).collect();
        let served = [("scale", self.subresources.scale), ("status", self.subresources.status)];
        let subresources = served
            .into_iter()
            .filter(|(_, served)| *served)
            .map(|(name, _)| Subresource { name: name.into(), verbs: verbs(&SUBRESOURCE_VERBS) })
            .collect();
        let singular = if self.names.singular.is_empty() {
            self.names.kind.to_lowercase().into()
        } else {
            self.names.singular
        };
        Some(ServedResource {
            group: self.group,
            resource: self.names.plural,
            singular,
            kind: self.names.kind,
            namespaced: self.namespaced,
            short_names: self.names.short_names,
            verbs: verbs(&VERBS),
            subresources,
            is_virtual: false,
        })
    }
}

#[derive(Clone)]
struct Names {
    plural: Text,
    singular: Text,
    kind: Text,
    short_names: Vec<Text>,
}

fields! {
    Names: "an object", |names, map, strings| {
        Plural = "plural" => names.plural = text(map, strings)?;
        Singular = "singular" => names.singular = text(map, strings)?;
        Kind = "kind" => names.kind = text(map, strings)?;
        ShortNames = "shortNames" => names.short_names = texts(map, strings)?.to_vec();
    }
}

/// The subresources of a version.
struct Version(Subresources);

impl Empty for Version {
    fn empty(_strings: &StringCache) -> Self {
        Self(Subresources::default())
    }
}

fields! {
    Version: "a version" in "versions", |version, map, strings| {
        Subresources = "subresources" => {
            version.0 = map.next_value_seed(ObjectSeed { value: version.0, strings })?;
        };
    }
}

/// The subresources that at least one version has.
#[derive(Clone, Copy, Default)]
struct Subresources {
    status: bool,
    scale: bool,
}

impl Subresources {
    fn add(&mut self, other: Self) {
        self.status |= other.status;
        self.scale |= other.scale;
    }
}

// An empty object enables a subresource; null does not.
fields! {
    Subresources: "an object", |subresources, map, _strings| {
        Status = "status" => subresources.status |= map.next_value::<Option<IgnoredAny>>()?.is_some();
        Scale = "scale" => subresources.scale |= map.next_value::<Option<IgnoredAny>>()?.is_some();
    }
}
