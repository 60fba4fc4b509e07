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

mod aside;
mod build;
mod scalar;

use self::aside::Passing;
pub use self::aside::{Aside, PassOver};
use self::build::Building;
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
        lines: Lines { text, start: 0, number: first_line },
        levels: Vec::with_capacity(16),
        outermost: 0,
        empty: true,
        awaited: None,
        nodes,
    };
    while reader.lines.start < text.len() {
        reader.line(reader.lines.content(reader.lines.start))?;
        if reader.nodes.are_enough(text.get(reader.lines.start..).unwrap_or_default()) {
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

    /// Tells whether the value of the key that came last, which is on the lines below or null, makes no
    /// difference: then it comes as null.
    fn passes_over(&self, _key: &str) -> Option<Aside> {
        None
    }

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
    /// How many of them are not of what is read here.
    outermost: usize,
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
    /// Reads a line whose text begins at `at`.
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

    /// Ends what is not indented as far as what begins at `at`, and opens that.
    fn arrive(&mut self, at: usize, dash: bool) -> Option<()> {
        let column = self.lines.column(at);
        let begun = if dash { Kind::Sequence } else { Kind::Mapping };
        let Some(innermost) = self.innermost() else {
            // Only the first line finds nothing open.
            let first = std::mem::take(&mut self.empty);
            return if first { self.open(begun, at, self.lines.position(at)) } else { None };
        };
        let below_key = innermost.kind == Kind::Mapping && innermost.column == column && dash;
        match self.awaited.take() {
            Some(_) if column > innermost.column => {
                return self.open(begun, at, self.lines.position(at));
            }
            Some(_) if below_key => {
                // The event parser says that such a sequence starts with its first item.
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
                let goes_on = level.column == column && dash != (level.kind == Kind::Mapping);
                return goes_on.then_some(());
            }
            self.levels.pop();
            self.nodes.end(None)?;
        }
        None
    }

    /// Reads a key and what follows it.
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
            return match self.nodes.passes_over(key) {
                Some(aside) => self.pass_over(aside),
                None => Some(()),
            };
        }
        self.value(value)
    }

    /// Reads a value on the lines below that comes as null whatever it is.
    fn pass_over(&mut self, aside: Aside) -> Option<()> {
        let parent = self.levels.last()?.column;
        let mut reader = Reader {
            lines: self.lines,
            outermost: self.levels.len(),
            levels: std::mem::take(&mut self.levels),
            empty: true,
            awaited: None,
            nodes: Passing::new(aside),
        };
        while reader.lines.start < reader.lines.text.len() {
            let at = reader.lines.content(reader.lines.start);
            if !reader.lines.goes_on(at, parent) {
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

    /// Reads a value that begins at `at`, and whatever follows it on its line.
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

    /// Adds the null that a key without a value has.
    fn null(&mut self, awaited: Option<Awaited>) -> Option<()> {
        match awaited {
            None => Some(()),
            Some(Awaited::Key(colon)) => self.nodes.scalar(colon, Scalar::Unwritten, 0),
            // Where the null of an empty item stands, only the event parser knows.
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

/// A text of printable ASCII, and the line of it that is being read.
#[derive(Clone, Copy)]
struct Lines<'a> {
    text: &'a str,
    /// Where the line starts.
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

    /// Returns whether there is nothing but a comment from an offset on, which is that of the line or
    /// follows a space.
    fn is_blank(&self, at: usize) -> bool {
        self.is_break(at) || self.byte(at) == Some(b'#')
    }

    /// Returns whether a dash stands at an offset that makes what follows an item.
    fn is_dash(&self, at: usize) -> bool {
        self.byte(at) == Some(b'-') && (self.byte(at + 1) == Some(b' ') || self.is_break(at + 1))
    }

    /// Returns whether a line whose text begins at `at` is part of a value below a key in some column.
    fn goes_on(&self, at: usize, column: usize) -> bool {
        self.column(at) > column
            || self.is_blank(at)
            || (self.column(at) == column && self.is_dash(at))
    }

    /// Goes on with the next line, of which there is one unless `at` is where the text ends.
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

    /// Goes on with the next line if only a comment follows a value that ends at an offset.
    fn end(&mut self, at: usize) -> Option<()> {
        let content = self.content(at);
        let ends = self.is_break(content) || (self.byte(content)? == b'#' && content > at);
        ends.then(|| self.skip(content))
    }

    /// Returns the offset of the first character from an offset on that is no space.
    fn content(&self, from: usize) -> usize {
        /// Eight spaces, looked at in one go.
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

    /// Returns the offset of what follows a dash or colon and its spaces, of which there mostly is one.
    fn after(&self, sign: usize) -> usize {
        match self.text.as_bytes().get(sign + 1..) {
            Some([b' ', b'!'..=b'~', ..]) => sign + 2,
            _ => self.content(sign + 1),
        }
    }

    /// Returns the column of an offset, the line's first being 0.
    fn column(&self, at: usize) -> usize {
        at - self.start
    }

    fn position(&self, at: usize) -> Position {
        let column = u32::try_from(self.column(at) + 1).unwrap_or(u32::MAX);
        Position { line: self.number, column }
    }

    /// Reads the lines below a `|`, which are indented more than `parent`; their text starts where
    /// the first of them does.
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
            // Whether text that ends with the file ends with a line break is left to the event parser.
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

/// What becomes of the line break that ends a literal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastBreak {
    Kept,
    /// `|-`
    Stripped,
}

#[cfg(test)]
pub(super) mod tests;
