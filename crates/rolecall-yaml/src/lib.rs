//! YAML and JSON in and out; the only crate that knows a YAML library.
//!
//! ```text
//! bytes -> [ split ] -> chunk -> [ block | events ] -> Document -> [ de ] -> wire struct
//! ```
//!
//! A [`Document`] keeps the line and column of every node, and reads as kubectl reads: YAML 1.1
//! scalars, merge keys, the last of duplicate keys. A document never costs more than a bounded
//! multiple of its text, whatever its aliases say.

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
mod write;

pub use block::{Aside, PassOver};
pub use de::DecodeError;
pub use locate::{Field, FieldStep, Region, TextLines, locate};
pub use node::{Document, DuplicateKey, Node, Position};
pub use printable::is_harmful;
pub use split::{Chunk, Outline, split, split_outlined};
pub use write::{LineBreaks, WriteError, to_string};

/// A document that is not YAML, and where it stops being it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ParseError {
    /// Where.
    pub position: Position,
    /// What was expected, or what is wrong.
    pub what: String,
}

impl ParseError {
    fn new(position: Position, what: impl Into<String>) -> Self {
        Self { position, what: what.into() }
    }

    /// Says that text stops being UTF-8 at `byte`.
    pub fn not_utf8(position: Position, byte: u8) -> Self {
        Self::new(position, format!("expected UTF-8 text, found the byte 0x{byte:02x}"))
    }
}

/// Parses the documents of `text`, whose first line has the number `first_line`.
pub fn parse(text: &str, first_line: u32) -> Result<Vec<Document<'_>>, ParseError> {
    parse_passing_over(text, first_line, None)
}

/// Parses a [`Chunk`], which may be no text at all. The values of some keys may be passed over.
pub fn parse_chunk<'a>(
    chunk: &Chunk<'a>,
    pass_over: Option<PassOver>,
) -> Result<Vec<Document<'a>>, ParseError> {
    parse_passing_over(chunk_text(chunk)?, chunk.first_line, pass_over)
}

fn parse_passing_over(
    text: &str,
    first_line: u32,
    pass_over: Option<PassOver>,
) -> Result<Vec<Document<'_>>, ParseError> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    // What must not be passed over gives the first reading up.
    let again = || pass_over.and_then(|_| block::parse(text, first_line, None));
    match block::parse(text, first_line, pass_over).or_else(again) {
        Some(document) => Ok(vec![document]),
        None => events::parse(text, first_line),
    }
}

/// Returns the text of a chunk, or says where it stops being UTF-8.
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
