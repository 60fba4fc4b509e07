//! The YAML that nearly everyone writes, read line by line: block style, each scalar on its line.
//!
//! ```text
//! line -> indentation: what ends here -> dashes -> key -> [ scalar ] -> Nodes
//! ```
//!
//! It reads a part of YAML on which no two readers differ, several times as fast as the event
//! parser, and gives up at anything else: anchors, tags, escapes, flow collections in one another,
//! text that goes on on the next line, tabs, whatever is not ASCII. A document that it does return is
//! equal to the event parser's, positions and duplicate keys included; tests hold it to that.

mod build;
mod scalar;

use self::build::Building;
pub use self::build::{Aside, PassOver};
use self::scalar::Inline;
use super::build::Collection;
use super::node::{Document, Position, Value};
use super::resolve;

/// How deep collections may nest; the event parser says what is wrong with deeper ones.
const DEPTH_LIMIT: usize = 100;
/// How long a key may be; YAML itself wants its colon within 1024 characters.
const KEY_LIMIT: usize = 512;

/// Parses `text`, whose first line has the number `first_line`, if it is one document in plain block
/// style. The values of some keys may be passed over: then they are null.
pub(super) fn parse(
    text: &str,
    first_line: u32,
    pass_over: Option<PassOver>,
) -> Option<Document<'_>> {
    Some(read(text, first_line, Building::new(text, pass_over))?.finish())
}

/// Reads one document in plain block style, and hands its nodes over as they come; `None` for any
/// other.
pub(super) fn read<'a, N: Nodes<'a>>(text: &'a str, first_line: u32, nodes: N) -> Option<N> {
    if !scalar::is_plain_ascii(text.as_bytes()) {
        return None;
    }
    let mut reader = Reader {
        lines: Lines::new(text, first_line),
        levels: Vec::with_capacity(16),
        empty: true,
        awaited: None,
        nodes,
    };
    while let Some(line) = reader.lines.next() {
        reader.line(line)?;
        if reader.nodes.are_enough(reader.lines.text) {
            return Some(reader.nodes);
        }
    }
    reader.end()
}

/// Takes the nodes of a document in their order: keys and values in turn, items one after the other.
/// `None` gives the reading up.
pub(super) trait Nodes<'a> {
    /// Takes a scalar, and how long it is as it is written on its line.
    fn scalar(&mut self, position: Position, scalar: Scalar<'a>, length: usize) -> Option<()>;

    /// Takes the start of a mapping or sequence.
    fn start(&mut self, position: Position, collection: Collection) -> Option<()>;

    /// Takes the end of the innermost mapping or sequence, and where its bracket closes if it has one.
    fn end(&mut self, closed: Option<Position>) -> Option<()>;

    /// Learns that the value of the key that came last is on the lines below, or null.
    fn awaits(&mut self, _key: &str) {}

    /// Returns whether nothing that comes in the rest of the text counts, so that it need not be read.
    fn are_enough(&mut self, _rest: &str) -> bool {
        false
    }
}

/// A scalar as it is written.
pub(super) enum Scalar<'a> {
    /// Without quotes, on one line.
    Plain(&'a str),
    /// What stands between quotes.
    Quoted(&'a str),
    /// Text over several lines.
    Literal(String),
    /// Nothing, which is null.
    Unwritten,
}

impl<'a> Scalar<'a> {
    /// Returns what the scalar means.
    pub(super) fn value(self) -> Value<'a> {
        match self {
            Self::Plain(text) => resolve::plain(text.into()),
            Self::Quoted(text) => Value::String(text.into()),
            Self::Literal(text) => Value::String(text.into()),
            Self::Unwritten => Value::Null,
        }
    }
}

struct Reader<'a, N> {
    lines: Lines<'a>,
    /// The collections that are open, outermost first.
    levels: Vec<Level>,
    /// Whether nothing was read yet.
    empty: bool,
    /// What the last line ended with, when its value is not on the line.
    awaited: Option<Awaited>,
    nodes: N,
}

/// An open collection, and the column of its keys or dashes.
#[derive(Clone, Copy)]
struct Level {
    column: usize,
    kind: Kind,
}

/// What stands before a value that is on the lines below, or null.
#[derive(Clone, Copy)]
enum Awaited {
    /// A key with its colon here.
    Key(Position),
    Dash,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Mapping,
    Sequence,
    /// A sequence whose dashes stand right below the key that it is the value of.
    Unindented,
}

impl<'a, N: Nodes<'a>> Reader<'a, N> {
    fn line(&mut self, line: Line<'a>) -> Option<()> {
        let mut at = line.content(0);
        let Some(first) = line.text.as_bytes().get(at) else { return Some(()) };
        if *first == b'#' {
            return Some(());
        }
        let first_dash = is_dash(line.bytes(at));
        self.arrive(line, at, first_dash)?;
        let mut dash = first_dash;
        while dash {
            at = line.content(at + 1);
            if is_blank(line.bytes(at)) {
                self.awaited = Some(Awaited::Dash);
                return Some(());
            }
            dash = is_dash(line.bytes(at));
            if dash {
                self.open(Kind::Sequence, at, line.position(at))?;
            }
        }
        match scalar::key(line.bytes(at)) {
            Some(length) => {
                if first_dash {
                    self.open(Kind::Mapping, at, line.position(at))?;
                }
                self.pair(line, at, length)
            }
            None if first_dash => self.value(line, at),
            None => None,
        }
    }

    /// Ends what is not indented as far as a column, and opens what begins there.
    fn arrive(&mut self, line: Line<'a>, column: usize, dash: bool) -> Option<()> {
        let begun = if dash { Kind::Sequence } else { Kind::Mapping };
        let Some(innermost) = self.levels.last() else {
            // Only the first line finds nothing open.
            let first = std::mem::take(&mut self.empty);
            return if first { self.open(begun, column, line.position(column)) } else { None };
        };
        let below_key = innermost.kind == Kind::Mapping && innermost.column == column && dash;
        match self.awaited.take() {
            Some(_) if column > innermost.column => {
                return self.open(begun, column, line.position(column));
            }
            Some(_) if below_key => {
                // The event parser says that such a sequence starts with its first item.
                let item = line.content(column + 1);
                let position = (!is_blank(line.bytes(item))).then(|| line.position(item))?;
                return self.open(Kind::Unindented, column, position);
            }
            awaited => self.null(awaited)?,
        }
        while let Some(level) = self.levels.last() {
            let ends = level.column > column
                || (level.column == column && level.kind == Kind::Unindented && !dash);
            if !ends {
                let goes_on = level.column == column && dash != (level.kind == Kind::Mapping);
                return goes_on.then_some(());
            }
            self.levels.pop();
            self.nodes.end(None)?;
        }
        None
    }

    /// Reads a key of some length and what follows it.
    fn pair(&mut self, line: Line<'a>, at: usize, length: usize) -> Option<()> {
        if length > KEY_LIMIT {
            return None;
        }
        let key = line.text.get(at..at + length)?;
        self.nodes.scalar(line.position(at), Scalar::Plain(key), length)?;
        let colon = at + length;
        let value = line.content(colon + 1);
        if is_blank(line.bytes(value)) {
            self.awaited = Some(Awaited::Key(line.position(colon)));
            self.nodes.awaits(key);
            return Some(());
        }
        self.value(line, value)
    }

    /// Reads a value that begins at `at` of its line.
    fn value(&mut self, line: Line<'a>, at: usize) -> Option<()> {
        let position = line.position(at);
        match scalar::inline(line.from(at))? {
            Inline::Scalar(value, length) => self.nodes.scalar(position, value, length),
            Inline::EmptyMapping => {
                self.nodes.start(position, Collection::Mapping)?;
                self.nodes.end(Some(line.position(at + 2)))
            }
            Inline::Sequence(items) => {
                let closed = line.position(at + items.length());
                self.nodes.start(position, Collection::Sequence)?;
                for item in items {
                    let (offset, value, length) = item?;
                    self.nodes.scalar(line.position(at + offset), value, length)?;
                }
                self.nodes.end(Some(closed))
            }
            Inline::Literal(last_break) => {
                let parent = self.levels.last()?.column;
                let (position, text) = self.lines.literal(parent, last_break)?;
                self.nodes.scalar(position, Scalar::Literal(text), 0)
            }
        }
    }

    /// Adds the null that a key without a value has.
    fn null(&mut self, awaited: Option<Awaited>) -> Option<()> {
        match awaited {
            None => Some(()),
            Some(Awaited::Key(colon)) => self.nodes.scalar(colon, Scalar::Unwritten, 0),
            // Where the null of an empty item stands, only the event parser knows.
            Some(Awaited::Dash) => None,
        }
    }

    fn open(&mut self, kind: Kind, column: usize, position: Position) -> Option<()> {
        let collection =
            if kind == Kind::Mapping { Collection::Mapping } else { Collection::Sequence };
        self.levels.push(Level { column, kind });
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

/// Returns whether a text starts with a dash that makes it an item.
fn is_dash(text: &[u8]) -> bool {
    matches!(text, [b'-'] | [b'-', b' ', ..])
}

/// Returns whether a text that follows a space, or is all of its line, holds nothing but a comment.
fn is_blank(text: &[u8]) -> bool {
    matches!(text, [] | [b'#', ..])
}

/// What is left of a text, line by line.
struct Lines<'a> {
    text: &'a str,
    number: u32,
}

/// A line without its break.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    number: u32,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str, first_line: u32) -> Self {
        Self { text, number: first_line }
    }

    fn next(&mut self) -> Option<Line<'a>> {
        if self.text.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.text.as_bytes()).unwrap_or(self.text.len());
        let text = self.text.get(..end)?;
        let text = if text.as_bytes().last() == Some(&b'\r') { text.get(..end - 1)? } else { text };
        let line = Line { text, number: self.number };
        self.text = self.text.get(end + 1..).unwrap_or_default();
        self.number += 1;
        Some(line)
    }

    /// Reads the lines below a `|`, which are indented more than `parent`; their text starts where
    /// the first of them does.
    fn literal(&mut self, parent: usize, last_break: LastBreak) -> Option<(Position, String)> {
        let mut ahead = Lines { ..*self };
        let first = ahead.next()?;
        let indentation = first.content(0);
        if indentation <= parent {
            return None;
        }
        let mut content = String::new();
        let mut breaks = 0;
        while !self.text.is_empty() {
            let mut ahead = Lines { ..*self };
            let line = ahead.next()?;
            let content_start = line.content(0);
            if content_start < indentation && content_start < line.text.len() {
                break;
            }
            let text = line.from(indentation);
            if !text.is_empty() {
                content.extend(std::iter::repeat_n('\n', std::mem::take(&mut breaks)));
                content.push_str(text);
            } else if content.is_empty() {
                return None;
            }
            breaks += 1;
            // Whether text that ends with the file ends with a line break is left to the event parser.
            if ahead.text.is_empty() && !self.text.ends_with('\n') {
                return None;
            }
            *self = ahead;
        }
        if last_break == LastBreak::Kept {
            content.push('\n');
        }
        Some((first.position(indentation), content))
    }
}

/// What becomes of the line break that ends a literal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastBreak {
    Kept,
    /// `|-`
    Stripped,
}

impl<'a> Line<'a> {
    /// Returns the column of the first character from a column on that is no space.
    fn content(self, column: usize) -> usize {
        /// Eight spaces, looked at in one go.
        const SPACES: u64 = u64::from_le_bytes([b' '; 8]);
        let bytes = self.bytes(column);
        let (eights, rest) = bytes.as_chunks::<8>();
        let others = eights.iter().map(|eight| u64::from_le_bytes(*eight) ^ SPACES);
        for (index, other) in others.enumerate() {
            if other != 0 {
                return column + index * 8 + other.trailing_zeros() as usize / 8;
            }
        }
        let last = rest.iter().position(|byte| *byte != b' ').unwrap_or(rest.len());
        column + eights.len() * 8 + last
    }

    /// Returns the text from a column on; nothing where there is none.
    fn from(self, column: usize) -> &'a str {
        self.text.get(column..).unwrap_or_default()
    }

    /// Returns the bytes from a column on; none where there is nothing.
    fn bytes(self, column: usize) -> &'a [u8] {
        self.text.as_bytes().get(column..).unwrap_or_default()
    }

    fn position(self, column: usize) -> Position {
        Position { line: self.number, column: u32::try_from(column + 1).unwrap_or(u32::MAX) }
    }
}

#[cfg(test)]
pub(super) mod tests;
