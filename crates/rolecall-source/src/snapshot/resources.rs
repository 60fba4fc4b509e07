//! The served resources in the annotation of a snapshot.

use rolecall_rbac::{Catalog, ServedResource, Subresource, Text};
use serde::{Deserialize, Serialize};

/// Formats the served resources of a catalog as the value of the annotation, one per line so that
/// snapshots can be diffed, in the server's order of groups.
pub(super) fn to_json(catalog: &Catalog) -> serde_json::Result<String> {
    let served = catalog.in_order_of_groups().into_iter().filter(|resource| !resource.is_virtual);
    let lines = served.map(|resource| serde_json::to_string(&ResourceRecord::of(resource)));
    let lines: Vec<String> = lines.collect::<serde_json::Result<_>>()?;
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

/// Parses the value of the annotation, or a list of embedded facts.
pub(crate) fn from_json(text: &str) -> serde_json::Result<Vec<ServedResource>> {
    let records: Vec<ResourceRecord> = serde_json::from_str(text)?;
    Ok(records.into_iter().map(ResourceRecord::into_resource).collect())
}

/// A served resource in the annotation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceRecord {
    group: Text,
    resource: Text,
    singular: Text,
    kind: Text,
    namespaced: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    short_names: Vec<Text>,
    verbs: Vec<Text>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    subresources: Vec<SubresourceRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SubresourceRecord {
    name: Text,
    verbs: Vec<Text>,
}

impl ResourceRecord {
    fn of(resource: &ServedResource) -> Self {
        let subresource = |subresource: &Subresource| SubresourceRecord {
            name: subresource.name.clone(),
            verbs: subresource.verbs.clone(),
        };
        Self {
            group: resource.group.clone(),
            resource: resource.resource.clone(),
            singular: resource.singular.clone(),
            kind: resource.kind.clone(),
            namespaced: resource.namespaced,
            short_names: resource.short_names.clone(),
            verbs: resource.verbs.clone(),
            subresources: resource.subresources.iter().map(subresource).collect(),
        }
    }

    fn into_resource(self) -> ServedResource {
        let subresource =
            |record: SubresourceRecord| Subresource { name: record.name, verbs: record.verbs };
        ServedResource {
            group: self.group,
            resource: self.resource,
            singular: self.singular,
            kind: self.kind,
            namespaced: self.namespaced,
            short_names: self.short_names,
            verbs: self.verbs,
            subresources: self.subresources.into_iter().map(subresource).collect(),
            is_virtual: false,
        }
    }
}
