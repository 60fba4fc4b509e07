//! Parses any YAML with the event parser, which only this module and `locate` use.

use granit_parser::{
    ErrorKind, Event, Marker, Options, Parser, ScalarStyle, ScanError, Tag, options,
};

use super::ParseError;
use super::build::{Builder, Collection, MergeKey};
use super::node::{Document, Position};
use super::resolve;

/// Parses all documents of `text`, whose first line has the number `first_line`.
pub(super) fn parse(text: &str, first_line: u32) -> Result<Vec<Document<'_>>, ParseError> {
    let place = |marker: &Marker| place(marker, first_line);
    let mut documents = Vec::new();
    let mut builder = Builder::default();
    let mut start = Position { line: first_line, column: 1 };
    for event in Parser::new_from_str_with_options(text, limits()) {
        let (event, span) = event.map_err(|error| {
            let mut error = describe(&error, place(error.marker()));
            if error.what == FOUND_A_TAB {
                error.position = tab_after(text, first_line, error.position);
            }
            error
        })?;
        let position = place(&span.start);
        match event {
            Event::DocumentStart(..) => start = position,
            Event::DocumentEnd => documents.push(std::mem::take(&mut builder).finish(start)),
            Event::Alias(anchor) => builder.alias(position, anchor)?,
            Event::Scalar(text, style, anchor, tag) => {
                let (value, merge) = match core_tag(tag.as_deref()) {
                    Some(tag) => (
                        resolve::tagged(tag, text)
                            .map_err(|what| ParseError::new(position, what))?,
                        MergeKey::No,
                    ),
                    None if style == ScalarStyle::Plain => {
                        let merge = if text == "<<" { MergeKey::Yes } else { MergeKey::No };
                        (resolve::plain(text), merge)
                    }
                    None => (super::node::Value::String(text), MergeKey::No),
                };
                builder.scalar(position, value, anchor, merge)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                builder.start(position, Collection::Sequence, anchor)?;
            }
            Event::MappingStart(_, anchor, _) => {
                builder.start(position, Collection::Mapping, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => builder.end()?,
            _ => {}
        }
    }
    Ok(documents)
}

const FOUND_A_TAB: &str = "expected spaces, found a tab: YAML is not indented with tabs";

/// Returns the first line from `position` that is indented with a tab. The parser reports the line
/// before it, where the scalar starts that the tab cannot continue.
fn tab_after(text: &str, first_line: u32, position: Position) -> Position {
    (first_line..)
        .zip(text.lines())
        .skip((position.line - first_line) as usize)
        .find_map(|(line, text)| {
            let indentation = text.len() - text.trim_start_matches([' ', '\t']).len();
            let tab = text.get(..indentation)?.find('\t')?;
            Some(Position { line, column: u32::try_from(tab + 1).ok()? })
        })
        .unwrap_or(position)
}

/// Returns the position of a marker in a text whose first line has the number `first_line`.
pub(super) fn place(marker: &Marker, first_line: u32) -> Position {
    Position {
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX).max(1) + first_line - 1,
        column: u32::try_from(marker.col()).unwrap_or(u32::MAX - 1) + 1,
    }
}

pub(super) fn limits() -> Options {
    options! { emit_comments: false }
}

/// Returns the tag's name in the core schema. A scalar with any other tag is a string.
fn core_tag(tag: Option<&Tag>) -> Option<&str> {
    tag.map(|tag| tag.core_suffix().unwrap_or("str"))
}

fn describe(error: &ScanError, position: Position) -> ParseError {
    let what = match error.kind() {
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            "a `:` is not allowed here: check the indentation, or quote the string".to_owned()
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            "expected `:` after the key".to_owned()
        }
        ErrorKind::ExpectedBlockMappingKey => {
            "expected a key at the indentation of the keys before".to_owned()
        }
        ErrorKind::ExpectedBlockSequenceEntry => {
            "expected `- ` at the indentation of the items before".to_owned()
        }
        ErrorKind::ExpectedFlowMappingSeparator => "expected `,` or `}`".to_owned(),
        ErrorKind::ExpectedFlowSequenceSeparator => "expected `,` or `]`".to_owned(),
        ErrorKind::ExpectedNodeContent => "expected a value".to_owned(),
        ErrorKind::ExpectedDocumentStart => "expected `---` before another document".to_owned(),
        ErrorKind::InvalidIndentation => "expected the indentation of the lines before".to_owned(),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => FOUND_A_TAB.to_owned(),
        ErrorKind::UnclosedQuotedScalar => "expected the closing quote".to_owned(),
        ErrorKind::InvalidQuotedScalarIndent => {
            "expected the closing quote of the string that starts above".to_owned()
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            format!("expected the bracket that closes `{open}`")
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            format!("expected the bracket that closes `{open}`, found `{close}`")
        }
        ErrorKind::MisplacedFlowCollectionEnd => "found an unmatched closing bracket".to_owned(),
        ErrorKind::UnknownAnchor => "the alias refers to an undefined anchor".to_owned(),
        ErrorKind::MissingAnchorOrAliasName => {
            "expected a name after `&` or `*`: quote the string if the character is meant literally"
                .to_owned()
        }
        ErrorKind::RecursionLimitExceeded => "nested deeper than 255 levels".to_owned(),
        ErrorKind::UnexpectedCharacter { character: '{' | '%' } => {
            "expected a value: if this is a template, render it first".to_owned()
        }
        kind => kind.to_string(),
    };
    ParseError::new(position, what)
}
