//! YAML in and out, for what is no manifest; the only module of the binary that knows the library.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_yaml::Value;

/// Writes a value as YAML.
pub(crate) fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_yaml::to_writer(out, value).map_err(io::Error::other)
}

/// Returns one document as the JSON text of the objects in it: itself, its elements or the `items`
/// of a `List`. An error comes with the number of lines before it.
pub(crate) fn to_json_objects(text: &[u8]) -> Result<Vec<String>, (usize, String)> {
    let error_at = |error: &serde_yaml::Error| {
        let line = error.location().map_or(0, |location| location.line().saturating_sub(1));
        (line, format!("this is not YAML: {error}"))
    };
    let document = serde_yaml::Deserializer::from_slice(text).next();
    let Some(document) = document else { return Ok(Vec::new()) };
    let mut value = Value::deserialize(document).map_err(|error| error_at(&error))?;
    value.apply_merge().map_err(|error| error_at(&error))?;
    let objects = match value {
        Value::Sequence(objects) => objects,
        Value::Mapping(mut mapping) => match mapping.get_mut("items") {
            Some(Value::Sequence(items)) => std::mem::take(items),
            _ => vec![Value::Mapping(mapping)],
        },
        other => vec![other],
    };
    objects
        .iter()
        .map(|object| serde_json::to_string(object).map_err(|error| (0, error.to_string())))
        .collect()
}

/// What an object is called in a file of manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectKey {
    /// The kind.
    pub(crate) kind: String,
    /// The namespace; empty for none.
    pub(crate) namespace: String,
    /// The name.
    pub(crate) name: String,
}

/// Cuts a file at its separators into documents that end in line breaks, without those that hold
/// nothing.
pub(crate) fn documents(text: &str) -> Vec<String> {
    let is_separator =
        |line: &str| line.strip_prefix("---").is_some_and(|rest| rest.trim_start().is_empty());
    let mut documents = vec![String::new()];
    for line in text.lines() {
        if is_separator(line) {
            documents.push(String::new());
        } else if let Some(document) = documents.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    documents.retain(|document| !document.trim().is_empty());
    documents
}

/// Returns what the object of a document is called; `None` for a document that holds no named one.
pub(crate) fn key_of(document: &str) -> Result<Option<ObjectKey>, String> {
    let value: Value = serde_yaml::from_str(document).map_err(|error| error.to_string())?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let metadata = value.get("metadata");
    let field = |name: &str| text(metadata.and_then(|metadata| metadata.get(name)));
    let key = ObjectKey {
        kind: text(value.get("kind")),
        namespace: field("namespace"),
        name: field("name"),
    };
    Ok((!key.name.is_empty()).then_some(key))
}

/// Returns the resources that a kustomization lists.
pub(crate) fn kustomization_resources(text: &str) -> Result<Vec<String>, String> {
    let value: Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let resources = value.get("resources").and_then(Value::as_sequence);
    let names = resources.into_iter().flatten().filter_map(Value::as_str);
    Ok(names.map(str::to_owned).collect())
}

/// Returns whether a kustomization is another one with some resources more, in whatever order.
pub(crate) fn differs_by_resources(old: &str, new: &str, added: &[&str]) -> bool {
    let parsed = |text: &str| serde_yaml::from_str::<serde_yaml::Mapping>(text).ok();
    let (Some(mut old_map), Some(mut new_map)) = (parsed(old), parsed(new)) else { return false };
    let taken = |map: &mut serde_yaml::Mapping| match map.remove("resources") {
        Some(Value::Sequence(items)) => Some(items),
        Some(Value::Null) | None => Some(Vec::new()),
        Some(_) => None,
    };
    let (Some(old), Some(new)) = (taken(&mut old_map), taken(&mut new_map)) else { return false };
    let is_known = |item: &Value| {
        old.contains(item) || item.as_str().is_some_and(|name| added.contains(&name))
    };
    old_map == new_map
        && new.len() == old.len() + added.len()
        && new.iter().all(is_known)
        && old.iter().all(|item| new.contains(item))
}
