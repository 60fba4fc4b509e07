//! The resources that a server serves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Source, lines};
use rolecall_task::failure::{Failure, Result};

/// One entry of a discovery document.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Discovered {
    name: String,
    #[serde(default)]
    singular_name: String,
    namespaced: bool,
    kind: String,
    verbs: Vec<String>,
    #[serde(default)]
    short_names: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
}

/// One recorded resource; the fields are in the order of the stored file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    categories: Vec<String>,
    group: String,
    kind: String,
    namespaced: bool,
    resource: String,
    short_names: Vec<String>,
    singular: String,
    subresources: Vec<Subresource>,
    verbs: Vec<String>,
    versions: Vec<String>,
}

#[derive(Serialize)]
struct Subresource {
    name: String,
    verbs: Vec<String>,
}

/// Returns the resources as a JSON list with one line for each, sorted by group and name.
///
/// A resource in several versions has the fields of the first one that serves it, in the order of
/// the server.
pub(super) fn recorded(source: &Source<'_>) -> Result<String> {
    let mut resources: BTreeMap<(String, String), Resource> = BTreeMap::new();
    for (group, version, path) in versions(source)? {
        let answer = source.get(&path)?;
        let listed = answer.get("resources").cloned().unwrap_or_default();
        let listed: Vec<Discovered> = serde_json::from_value(listed)
            .map_err(|error| Failure::new(format!("{path} is not a list of resources: {error}")))?;
        let (below, above): (Vec<_>, Vec<_>) =
            listed.into_iter().partition(|found| found.name.contains('/'));
        let mut served = BTreeMap::new();
        for found in above {
            let key = (group.clone(), found.name.clone());
            resources
                .entry(key)
                .and_modify(|known| known.versions.push(version.clone()))
                .or_insert_with(|| {
                    served.insert(found.name.clone(), ());
                    new(&group, &version, found)
                });
        }
        for found in below {
            let Some((resource, name)) = found.name.split_once('/') else { continue };
            let key = (group.clone(), resource.to_owned());
            if let (true, Some(known)) = (served.contains_key(resource), resources.get_mut(&key)) {
                let subresource = Subresource { name: name.to_owned(), verbs: sorted(found.verbs) };
                known.subresources.push(subresource);
            }
        }
    }
    let mut values = Vec::new();
    for mut resource in resources.into_values() {
        resource.subresources.sort_by(|left, right| left.name.cmp(&right.name));
        values.push(json!(resource));
    }
    Ok(format!("[\n{}\n]\n", lines(&values)))
}

fn new(group: &str, version: &str, found: Discovered) -> Resource {
    let singular = match found.singular_name.is_empty() {
        true => found.kind.to_lowercase(),
        false => found.singular_name,
    };
    Resource {
        categories: found.categories,
        group: group.to_owned(),
        kind: found.kind,
        namespaced: found.namespaced,
        resource: found.name,
        short_names: found.short_names,
        singular,
        subresources: Vec::new(),
        verbs: sorted(found.verbs),
        versions: vec![version.to_owned()],
    }
}

/// Returns group, version and path of every group version, preferred versions first.
fn versions(source: &Source<'_>) -> Result<Vec<(String, String, String)>> {
    let mut all = vec![(String::new(), "v1".to_owned(), "/api/v1".to_owned())];
    let groups = source.get("/apis")?;
    for group in groups.get("groups").and_then(Value::as_array).into_iter().flatten() {
        let name = group.get("name").and_then(Value::as_str).unwrap_or_default();
        let versions = group.get("versions").and_then(Value::as_array).into_iter().flatten();
        for version in versions.filter_map(|version| version.get("version")?.as_str()) {
            all.push((name.to_owned(), version.to_owned(), format!("/apis/{name}/{version}")));
        }
    }
    Ok(all)
}

fn sorted(mut verbs: Vec<String>) -> Vec<String> {
    verbs.sort_unstable();
    verbs
}
