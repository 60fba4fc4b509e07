//! Decodes the items of one segment in order.

use super::ItemDecoder;
use super::head::{self, is_cut_short};
use super::source::{Segment, after};
use crate::{ParseError, Position};

/// The separator of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Between {
    /// A list with commas and a closing bracket.
    Commas,
    /// A stream of values.
    Nothing,
}

/// The place where decoding a segment stopped.
#[derive(Debug, PartialEq)]
pub(super) enum End {
    /// At the end of the segment, with more items to follow.
    Complete,
    /// In an item that starts at this offset and is incomplete.
    Within(usize, ParseError),
    /// At this offset, because of malformed JSON.
    Broken(usize, ParseError),
    /// At the closing bracket of the list, or at a list within the stream.
    Stopped(usize),
}

/// Decodes the items from `start`, which is the start of an item.
pub(super) fn decode<D: ItemDecoder>(
    decoder: &mut D,
    segment: &Segment,
    start: usize,
    between: Between,
    list: Option<&D::List>,
) -> End {
    let (text, invalid) = utf8_part(&segment.bytes);
    let mut passed = 0;
    let mut position = segment.position;
    let mut at = start;
    let mut comma_due = false;
    loop {
        at = skip_space(text, at);
        position = after(position, text.as_bytes().get(passed..at).unwrap_or_default());
        passed = at;
        let rest = text.get(at..).unwrap_or_default();
        if rest.is_empty() {
            return match invalid {
                Some(byte) => End::Broken(at, ParseError::not_utf8(position, byte)),
                None if comma_due => End::Within(at, expected_comma(position)),
                None => End::Complete,
            };
        }
        if between == Between::Commas {
            match rest.as_bytes().first() {
                Some(b']') => return End::Stopped(at),
                Some(b',') if comma_due => {
                    comma_due = false;
                    at += 1;
                    continue;
                }
                _ if comma_due => return End::Broken(at, expected_comma(position)),
                _ => {}
            }
        } else if head::starts_list(rest.as_bytes()) {
            return End::Stopped(at);
        }
        match decoder.item(rest, list, position) {
            Ok(length) => {
                at += length;
                comma_due = between == Between::Commas;
            }
            Err(error) => {
                let found = describe(&error, position);
                let is_short = is_cut_short(&error, rest.as_bytes());
                return match invalid {
                    Some(byte) if is_short => {
                        End::Broken(at, ParseError::not_utf8(found.position, byte))
                    }
                    None if is_short => End::Within(at, found),
                    _ => End::Broken(at, found),
                };
            }
        }
    }
}

/// Returns the longest valid UTF-8 prefix, and the first invalid byte.
pub(super) fn utf8_part(bytes: &[u8]) -> (&str, Option<u8>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            (std::str::from_utf8(valid).unwrap_or_default(), bytes.get(valid.len()).copied())
        }
    }
}

pub(super) fn skip_space(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len()
}

/// Converts an error of serde_json for a text that starts at `position`.
pub(super) fn describe(error: &serde_json::Error, position: Position) -> ParseError {
    let (line, column) = (error.line(), error.column());
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let position = match line {
        0 => position,
        1 => Position { column: position.column + narrow(column.max(1) - 1), ..position },
        _ => Position { line: position.line + narrow(line - 1), column: narrow(column.max(1)) },
    };
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    let what = match words {
        "EOF while parsing a list" => "expected `,` or `]`, found the end of the file",
        "EOF while parsing an object" => "expected `,` or `}`, found the end of the file",
        "EOF while parsing a string" => "expected the closing quote, found the end of the file",
        "EOF while parsing a value" => "expected a value, found the end of the file",
        "expected value" => "expected a value",
        "expected ident" => "expected `true`, `false` or `null`",
        "key must be a string" => "expected a key in double quotes",
        "trailing comma" => "expected another item after the comma",
        "recursion limit exceeded" => "nested deeper than 128 levels",
        other => other,
    };
    ParseError { position, what: what.to_owned() }
}

fn expected_comma(position: Position) -> ParseError {
    ParseError { position, what: "expected `,` or `]`".to_owned() }
}
