//! A fast line reader for the most common YAML: block style with each scalar on one line.
//!
//! ```text
//! line -> indentation: close levels -> dashes -> key -> [ scalar ] -> Nodes
//! ```
//!
//! It reads a subset of YAML on which all parsers agree, several times as fast as the event parser,
//! and rejects everything else: anchors, tags, escapes, nested flow collections, multi-line
//! scalars, tabs and non-ASCII characters. Tests check that its documents equal those of the event
//! parser, including positions and duplicate keys.

mod build;
mod scalar;
mod skip;

use self::build::Building;
use self::scalar::Inline;
use self::skip::Discard;
pub use self::skip::{Skip, SkipRule};
use super::build::Collection;
use super::node::{Document, Position, Value};
use super::resolve;

/// The maximum nesting depth. The event parser reports errors beyond it.
const DEPTH_LIMIT: usize = 100;
/// The maximum length of a key; YAML allows 1024 characters before the colon.
const KEY_LIMIT: usize = 512;

/// Parses `text`, whose first line has the number `first_line`, if it is one document in plain
/// block style. Skipped values become null.
pub(super) fn parse(
    text: &str,
    first_line: u32,
    skip_rule: Option<SkipRule>,
) -> Option<Document<'_>> {
    Some(read(text, first_line, Building::new(text, skip_rule))?.finish())
}

/// Reads one document in plain block style and passes on its nodes in order; `None` for any other
/// document.
pub(super) fn read<'a, N: Nodes<'a>>(text: &'a str, first_line: u32, nodes: N) -> Option<N> {
    if !scalar::is_plain_ascii(text.as_bytes()) {
        return None;
    }
    let mut reader = Reader {
        lines: Lines { text, start: 0, number: first_line },
        levels: Vec::with_capacity(16),
        outermost: 0,
        empty: true,
        awaited: None,
        nodes,
    };
    while reader.lines.start < text.len() {
        reader.line(reader.lines.content(reader.lines.start))?;
        if reader.nodes.is_complete(text.get(reader.lines.start..).unwrap_or_default()) {
            return Some(reader.nodes);
        }
    }
    reader.end()
}

/// Receives the nodes of a document in order: keys and values alternately, or items. Returning
/// `None` stops reading.
pub(super) trait Nodes<'a> {
    /// Receives a scalar and its written length.
    fn scalar(&mut self, position: Position, scalar: Scalar<'a>, length: usize) -> Option<()>;

    /// Receives the start of a mapping or sequence.
    fn start(&mut self, position: Position, collection: Collection) -> Option<()>;

    /// Receives the end of the innermost mapping or sequence, and the position of its closing
    /// bracket if it has one.
    fn end(&mut self, closed: Option<Position>) -> Option<()>;

    /// Returns how to skip the value of the last key if it is on the following lines or null. A
    /// skipped value becomes null.
    fn skip_rule(&self, _key: &str) -> Option<Skip> {
        None
    }

    /// Returns whether the rest of the text is irrelevant, so that reading can stop.
    fn is_complete(&mut self, _rest: &str) -> bool {
        false
    }
}

/// A scalar as written.
pub(super) enum Scalar<'a> {
    /// A plain scalar on one line.
    Plain(&'a str),
    /// The text between quotes.
    Quoted(&'a str),
    /// A literal block scalar.
    Literal(String),
    /// An empty value, which is null.
    Empty,
}

impl<'a> Scalar<'a> {
    /// Returns the value of the scalar.
    pub(super) fn value(self) -> Value<'a> {
        match self {
            Self::Plain(text) => resolve::plain(text.into()),
            Self::Quoted(text) => Value::String(text.into()),
            Self::Literal(text) => Value::String(text.into()),
            Self::Empty => Value::Null,
        }
    }
}

struct Reader<'a, N> {
    lines: Lines<'a>,
    /// The open collections, outermost first.
    levels: Vec<Level>,
    /// The number of levels that belong to the enclosing reader.
    outermost: usize,
    /// Whether no node has been read yet.
    empty: bool,
    /// The end of the last line, if its value is not on that line.
    awaited: Option<Awaited>,
    nodes: N,
}

/// An open collection with the column of its keys or dashes.
#[derive(Clone, Copy)]
struct Level {
    column: usize,
    kind: Kind,
}

/// The indicator before a value that is on the following lines, or null.
#[derive(Clone, Copy)]
enum Awaited {
    /// The colon of a key.
    Key(Position),
    Dash,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Mapping,
    Sequence,
    /// A sequence whose dashes are at the indentation of its key.
    Unindented,
}

impl<'a, N: Nodes<'a>> Reader<'a, N> {
    /// Reads a line whose content starts at `at`.
    fn line(&mut self, mut at: usize) -> Option<()> {
        if self.lines.is_blank(at) {
            self.lines.skip(at);
            return Some(());
        }
        let first_dash = self.lines.is_dash(at);
        self.arrive(at, first_dash)?;
        let mut dash = first_dash;
        while dash {
            at = self.lines.after(at);
            if self.lines.is_blank(at) {
                self.awaited = Some(Awaited::Dash);
                self.lines.skip(at);
                return Some(());
            }
            dash = self.lines.is_dash(at);
            if dash {
                self.open(Kind::Sequence, at, self.lines.position(at))?;
            }
        }
        match scalar::key(self.lines.text, at) {
            Some(key) => {
                if first_dash {
                    self.open(Kind::Mapping, at, self.lines.position(at))?;
                }
                self.pair(at, key)
            }
            None if first_dash => self.value(at),
            None => None,
        }
    }

    /// Closes the levels that are indented deeper than `at`, and opens a new one there if
    /// necessary.
    fn arrive(&mut self, at: usize, dash: bool) -> Option<()> {
        let column = self.lines.column(at);
        let begun = if dash { Kind::Sequence } else { Kind::Mapping };
        let Some(innermost) = self.innermost() else {
            // Nothing is open only before the first line.
            let first = std::mem::take(&mut self.empty);
            return if first { self.open(begun, at, self.lines.position(at)) } else { None };
        };
        let below_key = innermost.kind == Kind::Mapping && innermost.column == column && dash;
        match self.awaited.take() {
            Some(_) if column > innermost.column => {
                return self.open(begun, at, self.lines.position(at));
            }
            Some(_) if below_key => {
                // The event parser reports the position of the first item for such a sequence.
                let item = self.lines.after(at);
                let position = (!self.lines.is_blank(item)).then(|| self.lines.position(item))?;
                return self.open(Kind::Unindented, at, position);
            }
            awaited => self.null(awaited)?,
        }
        while let Some(level) = self.innermost() {
            let ends = level.column > column
                || (level.column == column && level.kind == Kind::Unindented && !dash);
            if !ends {
                let matches = level.column == column && dash != (level.kind == Kind::Mapping);
                return matches.then_some(());
            }
            self.levels.pop();
            self.nodes.end(None)?;
        }
        None
    }

    /// Reads a key and its value.
    fn pair(&mut self, at: usize, key: &'a str) -> Option<()> {
        if key.len() > KEY_LIMIT {
            return None;
        }
        self.nodes.scalar(self.lines.position(at), Scalar::Plain(key), key.len())?;
        let colon = at + key.len();
        let value = self.lines.after(colon);
        if self.lines.is_blank(value) {
            self.awaited = Some(Awaited::Key(self.lines.position(colon)));
            self.lines.skip(value);
            return match self.nodes.skip_rule(key) {
                Some(skip) => self.discard(skip),
                None => Some(()),
            };
        }
        self.value(value)
    }

    /// Reads a value on the following lines and replaces it by null.
    fn discard(&mut self, skip: Skip) -> Option<()> {
        let parent = self.levels.last()?.column;
        let mut reader = Reader {
            lines: self.lines,
            outermost: self.levels.len(),
            levels: std::mem::take(&mut self.levels),
            empty: true,
            awaited: None,
            nodes: Discard::new(skip),
        };
        while reader.lines.start < reader.lines.text.len() {
            let at = reader.lines.content(reader.lines.start);
            if !reader.lines.continues(at, parent) {
                break;
            }
            reader.line(at)?;
        }
        reader.null(reader.awaited)?;
        self.lines = reader.lines;
        self.levels = reader.levels;
        self.levels.truncate(reader.outermost);
        Some(())
    }

    /// Reads a value that starts at `at`, and the rest of its line.
    fn value(&mut self, at: usize) -> Option<()> {
        let position = self.lines.position(at);
        match scalar::inline(self.lines.text, at)? {
            Inline::Scalar(value, length) => {
                self.lines.end(at + length)?;
                self.nodes.scalar(position, value, length)
            }
            Inline::EmptyMapping => {
                let closed = self.lines.position(at + 2);
                self.lines.end(at + 2)?;
                self.nodes.start(position, Collection::Mapping)?;
                self.nodes.end(Some(closed))
            }
            Inline::Sequence(items) => {
                let end = at + items.length();
                let closed = self.lines.position(end);
                self.nodes.start(position, Collection::Sequence)?;
                for item in items {
                    let (offset, value, length) = item?;
                    self.nodes.scalar(self.lines.position(at + offset), value, length)?;
                }
                self.lines.end(end)?;
                self.nodes.end(Some(closed))
            }
            Inline::Literal(last_break, length) => {
                let end = self.lines.content(at + length);
                self.lines.is_break(end).then(|| self.lines.skip(end))?;
                let parent = self.levels.last()?.column;
                let (position, text) = self.lines.literal(parent, last_break)?;
                self.nodes.scalar(position, Scalar::Literal(text), 0)
            }
        }
    }

    /// Adds the null value of a key without a value.
    fn null(&mut self, awaited: Option<Awaited>) -> Option<()> {
        match awaited {
            None => Some(()),
            Some(Awaited::Key(colon)) => self.nodes.scalar(colon, Scalar::Empty, 0),
            // Only the event parser knows the position of the null in an empty item.
            Some(Awaited::Dash) => None,
        }
    }

    fn innermost(&self) -> Option<Level> {
        self.levels.get(self.outermost..)?.last().copied()
    }

    fn open(&mut self, kind: Kind, at: usize, position: Position) -> Option<()> {
        let collection =
            if kind == Kind::Mapping { Collection::Mapping } else { Collection::Sequence };
        self.levels.push(Level { column: self.lines.column(at), kind });
        if self.levels.len() > DEPTH_LIMIT {
            return None;
        }
        self.nodes.start(position, collection)
    }

    fn end(mut self) -> Option<N> {
        let awaited = self.awaited.take();
        self.null(awaited)?;
        for _ in &self.levels {
            self.nodes.end(None)?;
        }
        (!self.empty).then_some(self.nodes)
    }
}

/// The lines of a printable ASCII text, and the current one.
#[derive(Clone, Copy)]
struct Lines<'a> {
    text: &'a str,
    /// The start of the current line.
    start: usize,
    number: u32,
}

impl<'a> Lines<'a> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Returns whether the line ends at an offset.
    fn is_break(&self, at: usize) -> bool {
        matches!(self.byte(at), None | Some(b'\n' | b'\r'))
    }

    /// Returns whether the rest of the line from an offset is blank or a comment. The offset must
    /// be at the start of the line or after a space.
    fn is_blank(&self, at: usize) -> bool {
        self.is_break(at) || self.byte(at) == Some(b'#')
    }

    /// Returns whether the character at an offset is the dash of an item.
    fn is_dash(&self, at: usize) -> bool {
        self.byte(at) == Some(b'-') && (self.byte(at + 1) == Some(b' ') || self.is_break(at + 1))
    }

    /// Returns whether a line whose content starts at `at` continues the value of a key in a
    /// column.
    fn continues(&self, at: usize, column: usize) -> bool {
        self.column(at) > column
            || self.is_blank(at)
            || (self.column(at) == column && self.is_dash(at))
    }

    /// Advances to the next line. There must be one unless `at` is the end of the text.
    fn skip(&mut self, at: usize) {
        let next = match self.byte(at) {
            None => at,
            Some(b'\n') => at + 1,
            Some(_) => {
                let rest = self.text.as_bytes().get(at..).unwrap_or_default();
                at + memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1)
            }
        };
        self.start = next;
        self.number += 1;
    }

    /// Advances to the next line if only a comment follows the value that ends at an offset.
    fn end(&mut self, at: usize) -> Option<()> {
        let content = self.content(at);
        let ends = self.is_break(content) || (self.byte(content)? == b'#' && content > at);
        ends.then(|| self.skip(content))
    }

    /// Returns the offset of the next character that is not a space.
    fn content(&self, from: usize) -> usize {
        /// Compares eight spaces at once.
        const SPACES: u64 = u64::from_le_bytes([b' '; 8]);
        let mut rest = self.text.as_bytes().get(from..).unwrap_or_default();
        let mut at = from;
        while let Some((eight, more)) = rest.split_first_chunk::<8>() {
            let others = u64::from_le_bytes(*eight) ^ SPACES;
            if others != 0 {
                return at + others.trailing_zeros() as usize / 8;
            }
            at += 8;
            rest = more;
        }
        at + rest.iter().take_while(|byte| **byte == b' ').count()
    }

    /// Returns the offset after a dash or colon and the spaces behind it, usually one.
    fn after(&self, sign: usize) -> usize {
        match self.text.as_bytes().get(sign + 1..) {
            Some([b' ', b'!'..=b'~', ..]) => sign + 2,
            _ => self.content(sign + 1),
        }
    }

    /// Returns the zero-based column of an offset.
    fn column(&self, at: usize) -> usize {
        at - self.start
    }

    fn position(&self, at: usize) -> Position {
        let column = u32::try_from(self.column(at) + 1).unwrap_or(u32::MAX);
        Position { line: self.number, column }
    }

    /// Reads the lines below a `|`, which are indented deeper than `parent`. The first line
    /// determines the indentation of the text.
    fn literal(&mut self, parent: usize, last_break: LastBreak) -> Option<(Position, String)> {
        let indentation = self.column(self.content(self.start));
        if indentation <= parent {
            return None;
        }
        let position = self.position(self.start + indentation);
        let mut content = String::new();
        let mut breaks = 0;
        while self.start < self.text.len() {
            let first = self.content(self.start);
            if self.column(first) < indentation && !self.is_break(first) {
                break;
            }
            let rest = self.text.get(self.start..)?;
            // The event parser handles text that ends with the file, with or without a line break.
            let (line, _) = rest.split_once('\n')?;
            let line = line.strip_suffix('\r').unwrap_or(line);
            let text = line.get(indentation..).unwrap_or_default();
            if !text.is_empty() {
                content.extend(std::iter::repeat_n('\n', std::mem::take(&mut breaks)));
                content.push_str(text);
            } else if content.is_empty() {
                return None;
            }
            breaks += 1;
            self.skip(first);
        }
        if last_break == LastBreak::Kept {
            content.push('\n');
        }
        Some((position, content))
    }
}

/// The handling of the final line break of a literal block scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastBreak {
    Kept,
    /// `|-`
    Stripped,
}

#[cfg(test)]
pub(super) mod tests;
