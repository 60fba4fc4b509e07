//! Reads and writes YAML and JSON. No other crate depends on a YAML library.
//!
//! ```text
//! bytes -> [ split ] -> chunk -> [ block | events ] -> Document -> [ de ] -> wire struct
//! ```
//!
//! A [`Document`] keeps the line and column of every node and follows kubectl: YAML 1.1 scalars,
//! merge keys, and the last of duplicate keys wins. The memory of a document is bounded by a
//! multiple of its text, even with aliases.
#![doc = include_str!("../README.md")]

mod block;
mod build;
mod de;
mod events;
pub mod json;
mod locate;
mod node;
mod printable;
mod resolve;
mod split;
pub mod stream;
mod write;

use serde::Deserialize as _;

pub use block::{Skip, SkipRule};
pub use de::DecodeError;
pub use locate::{Field, FieldStep, Region, TextLines, locate};
pub use node::{Document, DuplicateKey, Node, Position};
pub use printable::is_harmful;
pub use split::{Chunk, Outline, split, split_outlined};
pub use write::{LineBreaks, WriteError, double_quoted, scalar, to_string};

/// A syntax error and its position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ParseError {
    /// The position.
    pub position: Position,
    /// The expectation or the error.
    pub what: String,
}

impl ParseError {
    fn new(position: Position, what: impl Into<String>) -> Self {
        Self { position, what: what.into() }
    }

    /// Creates the error for a `byte` that is not UTF-8.
    pub fn not_utf8(position: Position, byte: u8) -> Self {
        Self::new(position, format!("expected UTF-8 text, found the byte 0x{byte:02x}"))
    }
}

/// Parses the documents of `text`, whose first line has the number `first_line`.
pub fn parse(text: &str, first_line: u32) -> Result<Vec<Document<'_>>, ParseError> {
    parse_skipping(text, first_line, None)
}

/// Returns the documents of `text` as JSON values.
pub fn to_json_values(text: &str) -> Result<Vec<serde_json::Value>, ParseError> {
    let documents = parse(text, 1)?;
    let values = documents.iter().map(|document| {
        serde_json::Value::deserialize(document.root())
            .map_err(|error| ParseError::new(error.position, error.to_string()))
    });
    values.collect()
}

/// Parses a [`Chunk`], which might not be text. `skip_rule` selects the values to skip.
pub fn parse_chunk<'a>(
    chunk: &Chunk<'a>,
    skip_rule: Option<SkipRule>,
) -> Result<Vec<Document<'a>>, ParseError> {
    parse_skipping(chunk_text(chunk)?, chunk.first_line, skip_rule)
}

fn parse_skipping(
    text: &str,
    first_line: u32,
    skip_rule: Option<SkipRule>,
) -> Result<Vec<Document<'_>>, ParseError> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    // The line reader stops at a skipped value that is relevant; retry without skipping.
    let again = || skip_rule.and_then(|_| block::parse(text, first_line, None));
    match block::parse(text, first_line, skip_rule).or_else(again) {
        Some(document) => Ok(vec![document]),
        None => events::parse(text, first_line),
    }
}

/// Returns the text of a chunk, or the error for the first byte that is not UTF-8.
pub fn chunk_text<'a>(chunk: &Chunk<'a>) -> Result<&'a str, ParseError> {
    std::str::from_utf8(chunk.bytes).map_err(|error| {
        let valid = chunk.bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line_start = memchr::memrchr(b'\n', valid).map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(valid.get(line_start..).unwrap_or_default());
        let position = Position {
            line: chunk.first_line
                + u32::try_from(memchr::memchr_iter(b'\n', valid).count()).unwrap_or(u32::MAX),
            column: u32::try_from(column.chars().count()).unwrap_or(u32::MAX - 1) + 1,
        };
        let byte = chunk.bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        ParseError::not_utf8(position, byte)
    })
}

#[cfg(test)]
mod tests;
