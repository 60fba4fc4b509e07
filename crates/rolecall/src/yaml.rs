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
