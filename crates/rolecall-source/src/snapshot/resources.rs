//! The served resources in the annotation of a snapshot.

use rolecall_rbac::{Catalog, ServedResource, Subresource, Text};
use serde::{Deserialize, Serialize};

/// Formats the served resources of a catalog as the value of the annotation, one per line so that
/// snapshots can be diffed.
pub(super) fn to_json(catalog: &Catalog) -> serde_json::Result<String> {
    let served = catalog.resources().iter().filter(|resource| !resource.is_virtual);
    let lines = served.map(|resource| serde_json::to_string(&ResourceRecord::of(resource)));
    let lines: Vec<String> = lines.collect::<serde_json::Result<_>>()?;
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

/// Parses the value of the annotation.
pub(super) fn from_json(text: &str) -> serde_json::Result<Vec<ServedResource>> {
    let records: Vec<ResourceRecord> = serde_json::from_str(text)?;
    Ok(records.into_iter().map(ResourceRecord::into_resource).collect())
}

/// A served resource in the annotation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceRecord {
    group: String,
    resource: String,
    singular: String,
    kind: String,
    namespaced: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    short_names: Vec<String>,
    verbs: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    subresources: Vec<SubresourceRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SubresourceRecord {
    name: String,
    verbs: Vec<String>,
}

impl ResourceRecord {
    fn of(resource: &ServedResource) -> Self {
        let subresource = |subresource: &Subresource| SubresourceRecord {
            name: subresource.name.to_string(),
            verbs: strings(&subresource.verbs),
        };
        Self {
            group: resource.group.to_string(),
            resource: resource.resource.to_string(),
            singular: resource.singular.to_string(),
            kind: resource.kind.to_string(),
            namespaced: resource.namespaced,
            short_names: strings(&resource.short_names),
            verbs: strings(&resource.verbs),
            subresources: resource.subresources.iter().map(subresource).collect(),
        }
    }

    fn into_resource(self) -> ServedResource {
        let subresource = |record: SubresourceRecord| Subresource {
            name: record.name.into(),
            verbs: texts(record.verbs),
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

fn strings(texts: &[Text]) -> Vec<String> {
    texts.iter().map(Text::to_string).collect()
}

fn texts(strings: Vec<String>) -> Vec<Text> {
    strings.into_iter().map(Text::from).collect()
}
