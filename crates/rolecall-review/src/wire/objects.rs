//! The objects of one piece of the input, and of the YAML documents that hold lists.

use rolecall_yaml::stream::{Content, Piece};
use rolecall_yaml::to_json_values;
use serde_json::Value;

use super::ReviewError;

/// Calls `on_object` with the JSON text of each object in a piece of the input, or with what is wrong
/// with the piece, and with its line.
pub(super) fn each(piece: &Piece, mut on_object: impl FnMut(usize, Result<&[u8], ReviewError>)) {
    match &piece.content {
        Content::Malformed(malformed) => {
            on_object(piece.line, Err(ReviewError::Malformed(*malformed)));
        }
        Content::Json(text) => on_object(piece.line, Ok(text)),
        Content::Yaml(text) => match objects(text) {
            Ok(objects) => objects.iter().for_each(|object| {
                on_object(piece.line, Ok(object.to_string().as_bytes()));
            }),
            Err((line, error)) => on_object(piece.line + line, Err(error)),
        },
    }
}

/// Returns the objects of documents: themselves, their elements or the `items` of a `List`. An error
/// comes with the number of lines before it.
fn objects(text: &[u8]) -> Result<Vec<Value>, (usize, ReviewError)> {
    let text = std::str::from_utf8(text).map_err(|_| (0, ReviewError::NotUtf8))?;
    let values = to_json_values(text).map_err(|error| {
        let before = usize::try_from(error.position.line.saturating_sub(1)).unwrap_or_default();
        (before, ReviewError::NotYaml(error))
    })?;
    let mut objects = Vec::new();
    for value in values {
        match value {
            Value::Null => {}
            Value::Array(items) => objects.extend(items),
            Value::Object(mut fields) => match fields.get_mut("items") {
                Some(Value::Array(items)) => objects.append(items),
                _ => objects.push(Value::Object(fields)),
            },
            other => objects.push(other),
        }
    }
    Ok(objects)
}
