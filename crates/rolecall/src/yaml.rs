//! YAML of files that `fix` edits, and of answers.

use std::io::{self, Write};
use std::ops::Range;

use rolecall_yaml::{LineBreaks, split, to_json_values, to_string};
use serde::Serialize;
use serde_json::{Map, Value};

/// Writes a value as YAML.
pub(crate) fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let text = to_string(value, LineBreaks::Escaped).map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

/// Returns the one value of a file.
fn value(text: &str) -> Result<Value, String> {
    let values = to_json_values(text)
        .map_err(|error| format!("line {}: this is not YAML: {error}", error.position.line))?;
    Ok(values.into_iter().next().unwrap_or_default())
}

/// The identity of an object in a file of manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectKey {
    /// The kind.
    pub(crate) kind: String,
    /// The namespace; empty for none.
    pub(crate) namespace: String,
    /// The name.
    pub(crate) name: String,
}

/// A document of a file.
pub(crate) struct Located {
    /// The object, if it is named.
    pub(crate) key: Option<ObjectKey>,
    /// The place in the file.
    pub(crate) place: Range<usize>,
}

/// Returns the documents of a file without a byte order mark.
pub(crate) fn documents(text: &str) -> Result<Vec<Located>, String> {
    let mut lines = text.split_inclusive('\n');
    let (mut line, mut start) = (1, 0);
    let documents = split(text.as_bytes()).into_iter().map(|chunk| {
        while line < chunk.first_line {
            start += lines.next().map_or(0, str::len);
            line += 1;
        }
        let place = start..start + chunk.bytes.len();
        let key = key_of(text.get(place.clone()).unwrap_or_default())?;
        Ok(Located { key, place })
    });
    documents.collect()
}

/// Returns the key of the object in a document; `None` without a named object.
fn key_of(document: &str) -> Result<Option<ObjectKey>, String> {
    let value = value(document)?;
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
    let value = value(text)?;
    let resources = value.get("resources").and_then(Value::as_array);
    let names = resources.into_iter().flatten().filter_map(Value::as_str);
    Ok(names.map(str::to_owned).collect())
}

/// Returns whether two kustomizations differ only by some added resources, regardless of the order.
pub(crate) fn differs_by_resources(old: &str, new: &str, added: &[&str]) -> bool {
    let parsed = |text: &str| match value(text) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    };
    let (Some(mut old_map), Some(mut new_map)) = (parsed(old), parsed(new)) else { return false };
    let taken = |map: &mut Map<String, Value>| match map.remove("resources") {
        Some(Value::Array(items)) => Some(items),
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
