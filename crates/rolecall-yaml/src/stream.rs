//! Splits a stream of bytes into objects with their lines.

use std::io::{self, BufRead};

use crate::json::scanner::{Scanner, Step};
use crate::split::{Marker, is_blank, marker, only_directives};

/// A part of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The one-based line on which it starts.
    pub line: usize,
    /// Its content.
    pub content: Content,
}

/// The content of a [`Piece`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The text of one JSON object.
    Json(Vec<u8>),
    /// The text of one YAML document.
    Yaml(Vec<u8>),
    /// A part that is not an object.
    Malformed(Malformed),
}

/// The reason why a [`Piece`] is not an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Malformed {
    /// It exceeds the size limit of an object.
    LongObject,
    /// It exceeds the size limit of a YAML document.
    LongDocument,
    /// The input ends before it is complete.
    CutOff,
    /// It is a value other than an object.
    NotAnObject,
    /// A list contains a value other than an object, and its rest is not read.
    NotAnItem,
}

impl Piece {
    /// Returns its text; empty for malformed pieces.
    pub fn text(&self) -> &[u8] {
        match &self.content {
            Content::Json(text) | Content::Yaml(text) => text,
            Content::Malformed(_) => &[],
        }
    }
}

/// The size limit of a JSON object, so that endless input cannot exhaust the memory.
const LONGEST: usize = 1 << 20;

/// The size limit of a YAML document, which can be a list.
const LONGEST_DOCUMENT: usize = 16 << 20;

/// Splits an input: JSON lines, JSON objects in any layout, lists of objects, the `items` of a
/// `List`, or YAML documents.
pub struct Stream<R> {
    input: R,
    syntax: Syntax,
    buffer: Vec<u8>,
    /// The offset of the current piece in the buffer.
    start: usize,
    /// The line of that offset.
    line: usize,
    /// The number of bytes of the buffer that have been scanned.
    position: usize,
}

#[derive(Clone, Debug)]
enum Syntax {
    Unknown,
    Json(Scanner),
    Yaml,
}

impl<R: BufRead> Stream<R> {
    /// Creates a stream at the beginning of the input.
    pub fn new(input: R) -> Self {
        Self { input, syntax: Syntax::Unknown, buffer: Vec::new(), start: 0, line: 1, position: 0 }
    }

    /// Returns the next piece; `None` at the end.
    pub fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        if matches!(self.syntax, Syntax::Unknown) && !self.guess_syntax()? {
            return Ok(None);
        }
        match &self.syntax {
            Syntax::Unknown => Ok(None),
            Syntax::Yaml => self.next_yaml(),
            Syntax::Json(_) => self.next_json(),
        }
    }

    /// Returns whether the buffer is used up, so that the next piece has to wait for input.
    pub fn is_drained(&self) -> bool {
        self.pending().iter().all(u8::is_ascii_whitespace)
    }

    /// Finds the first line that is not blank; returns whether there is one.
    fn guess_syntax(&mut self) -> io::Result<bool> {
        self.find_newline()?;
        if self.buffer.starts_with("\u{FEFF}".as_bytes()) {
            self.begin_at('\u{FEFF}'.len_utf8());
        }
        loop {
            let Some(newline) = self.find_newline()? else {
                let rest = self.pending();
                let blank = rest.iter().all(u8::is_ascii_whitespace);
                self.syntax = syntax_of(rest);
                return Ok(!blank);
            };
            let line = self.buffer.get(self.start..newline).unwrap_or_default();
            if !line.iter().all(u8::is_ascii_whitespace) {
                self.syntax = syntax_of(line);
                self.position = self.start;
                return Ok(true);
            }
            self.begin_at(newline + 1);
        }
    }

    fn next_json(&mut self) -> io::Result<Option<Piece>> {
        loop {
            let Syntax::Json(scanner) = &mut self.syntax else { return Ok(None) };
            self.position += scanner.skips(self.buffer.get(self.position..).unwrap_or_default());
            if self.position - self.start > LONGEST {
                return self.skip_malformed(Malformed::LongObject);
            }
            let Some(byte) = self.buffer.get(self.position).copied() else {
                if self.fill()? {
                    continue;
                }
                let Syntax::Json(scanner) = &self.syntax else { return Ok(None) };
                let is_whole = scanner.is_at_top();
                let line = self.line;
                self.begin_at(self.buffer.len());
                self.syntax = Syntax::Json(Scanner::new());
                let content = Content::Malformed(Malformed::CutOff);
                return Ok((!is_whole).then_some(Piece { line, content }));
            };
            match scanner.step(byte) {
                Step::Within => {
                    self.position += 1;
                    if scanner.is_at_top() {
                        self.begin_at(self.position);
                    }
                }
                Step::Begins => {
                    self.begin_at(self.position);
                    self.position += 1;
                }
                Step::Ends => {
                    let end = self.position + 1;
                    let text = self.buffer.get(self.start..end).unwrap_or_default().to_vec();
                    let line = self.line;
                    self.begin_at(end);
                    return Ok(Some(Piece { line, content: Content::Json(text) }));
                }
                Step::Violation => {
                    let (at_top, in_list) = (scanner.is_at_top(), scanner.is_in_list());
                    if at_top && self.skip_separator()? {
                        continue;
                    }
                    return self.skip_malformed(match in_list {
                        true => Malformed::NotAnItem,
                        false => Malformed::NotAnObject,
                    });
                }
            }
        }
    }

    /// Continues at the next line, or after an object at the next line that starts with another
    /// one. An incomplete line might have swallowed the lines after it, so these are tried again.
    fn skip_malformed(&mut self, why: Malformed) -> io::Result<Option<Piece>> {
        let piece = Piece { line: self.line, content: Content::Malformed(why) };
        let any_line = matches!(&self.syntax, Syntax::Json(scanner) if scanner.is_at_top());
        self.syntax = Syntax::Json(Scanner::new());
        self.position = self.start;
        while self.pass_line()? && !any_line {
            if self.buffer.get(self.start).is_none() {
                self.fill()?;
            }
            if matches!(self.buffer.get(self.start), Some(b'{' | b'[')) {
                break;
            }
        }
        self.position = self.start;
        Ok(Some(piece))
    }

    /// Skips the rest of a line of any length; returns whether another one follows.
    fn pass_line(&mut self) -> io::Result<bool> {
        loop {
            if let Some(newline) = memchr::memchr(b'\n', self.pending()) {
                self.begin_at(self.start + newline + 1);
                return Ok(true);
            }
            self.begin_at(self.buffer.len());
            if !self.fill()? {
                return Ok(false);
            }
        }
    }

    /// Skips a separator of YAML documents, which tools also print between JSON objects.
    fn skip_separator(&mut self) -> io::Result<bool> {
        let newline = self.find_newline()?.unwrap_or(self.buffer.len());
        let found = marker(self.buffer.get(self.start..newline).unwrap_or_default());
        match found {
            Some(Marker::Bare) => self.begin_at(newline),
            Some(Marker::WithContent) => self.begin_at(self.start + DASHES.len()),
            None => {}
        }
        Ok(found.is_some())
    }

    fn next_yaml(&mut self) -> io::Result<Option<Piece>> {
        let mut end = self.start;
        loop {
            self.position = end;
            let newline = self.find_newline()?;
            // Reading more can move the content of the buffer.
            end = self.position;
            let line_end = newline.unwrap_or(self.buffer.len());
            if line_end - self.start > LONGEST_DOCUMENT {
                return self.skip_document().map(Some);
            }
            let line = self.buffer.get(end..line_end).unwrap_or_default();
            let before = self.buffer.get(self.start..end).unwrap_or_default();
            let found = marker(line).filter(|_| !only_directives(before));
            // Content after the dashes starts a document, even at the beginning of the input.
            let found = found.filter(|found| *found == Marker::Bare || end > self.start);
            let (document_end, next) = match (found, newline) {
                (Some(Marker::WithContent), _) => (end, end),
                (Some(Marker::Bare), _) => (end, newline.map_or(line_end, |newline| newline + 1)),
                (None, None) => (line_end, line_end),
                (None, Some(_)) => {
                    end = line_end + 1;
                    continue;
                }
            };
            let text = self.buffer.get(self.start..document_end).unwrap_or_default();
            let piece = (!is_blank(text) && !only_directives(text))
                .then(|| Piece { line: self.line, content: Content::Yaml(text.to_vec()) });
            self.begin_at(next);
            end = self.start;
            if piece.is_some() || next == self.buffer.len() && newline.is_none() {
                return Ok(piece);
            }
        }
    }

    /// Continues at the next document, regardless of the length of this one.
    fn skip_document(&mut self) -> io::Result<Piece> {
        let content = Content::Malformed(Malformed::LongDocument);
        let piece = Piece { line: self.line, content };
        while self.pass_line()? {
            while self.pending().len() < SEPARATOR && self.fill()? {}
            if marker(self.pending().get(..SEPARATOR).unwrap_or(self.pending())).is_some() {
                break;
            }
        }
        self.position = self.start;
        Ok(piece)
    }

    /// Moves the start of the current piece forward.
    fn begin_at(&mut self, start: usize) {
        let passed = self.buffer.get(self.start..start).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count();
        self.start = start;
        self.position = self.position.max(start);
    }

    fn pending(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Returns the next line break after the scanned bytes; `None` if there is none before the end
    /// of the input or within the size limit of a document.
    fn find_newline(&mut self) -> io::Result<Option<usize>> {
        let mut from = self.position.max(self.start);
        loop {
            let rest = self.buffer.get(from..).unwrap_or_default();
            if let Some(found) = memchr::memchr(b'\n', rest) {
                return Ok(Some(from + found));
            }
            let looked_at = self.buffer.len() - self.start;
            if looked_at > LONGEST_DOCUMENT || !self.fill()? {
                return Ok(None);
            }
            from = self.start + looked_at;
        }
    }

    /// Reads more and discards the bytes before the current piece; returns whether there was more.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.drain(..self.start);
        self.position -= self.start;
        self.start = 0;
        loop {
            match self.input.fill_buf() {
                Ok(bytes) => {
                    let length = bytes.len();
                    self.buffer.extend_from_slice(bytes);
                    self.input.consume(length);
                    return Ok(length > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The separator before a YAML document.
const DASHES: &str = "---";

/// The number of bytes that distinguish a separator from other lines: `---` and white space.
const SEPARATOR: usize = DASHES.len() + 1;

/// Detects YAML by its first line: a separator, comment, directive, list item or `key:`.
fn syntax_of(line: &[u8]) -> Syntax {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_start_matches('\u{FEFF}').trim();
    let key = line.split_once(':').is_some_and(|(key, rest)| {
        let key = key.trim_matches(['"', '\'']);
        let is_word = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        !key.is_empty()
            && key.chars().all(is_word)
            && (rest.is_empty() || rest.starts_with([' ', '\t']))
    });
    let is_yaml = key
        || line == "-"
        || ["---", "#", "%", "- "].iter().any(|beginning| line.starts_with(beginning));
    if is_yaml { Syntax::Yaml } else { Syntax::Json(Scanner::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits `input`, once as a whole and once byte by byte, and formats the pieces.
    #[track_caller]
    fn check(input: &str, expected: &str) {
        for capacity in [1, 1 << 16] {
            let reader = io::BufReader::with_capacity(capacity, input.as_bytes());
            let mut stream = Stream::new(reader);
            let mut lines = Vec::new();
            while let Some(piece) = stream.next_piece().unwrap() {
                let text = match piece.content {
                    Content::Json(text) => format!("json {}", String::from_utf8(text).unwrap()),
                    Content::Yaml(text) => format!("yaml {}", String::from_utf8(text).unwrap()),
                    Content::Malformed(why) => format!("! {why:?}"),
                };
                lines.push(format!("{}: {text}", piece.line).replace('\n', "~"));
            }
            assert_eq!(lines.join("\n"), expected.trim(), "by {capacity} bytes");
        }
    }

    #[test]
    fn json_lines_are_objects() {
        check(
            "{\"a\":1}\n\n{\"b\":\"}\\\"{\"}\r\n{}",
            "1: json {\"a\":1}\n3: json {\"b\":\"}\\\"{\"}\n4: json {}",
        );
    }

    #[test]
    fn objects_can_have_any_layout() {
        check(
            "{\n  \"a\": {}\n}{\"b\": []} {}\n",
            "1: json {~  \"a\": {}~}\n3: json {\"b\": []}\n3: json {}",
        );
    }

    #[test]
    fn separators_between_objects_are_skipped() {
        check("{\"a\":1}\n---\n{}\n--- # x\n", "1: json {\"a\":1}\n3: json {}");
        check("\u{FEFF}{\"a\":1}\n", "1: json {\"a\":1}");
        check(
            "{\"a\":1}\n--- {\"b\":2}\n...\n{}",
            "1: json {\"a\":1}\n2: json {\"b\":2}\n4: json {}",
        );
        check("{}\n----\n", "1: json {}\n2: ! NotAnObject");
    }

    #[test]
    fn lists_are_split_into_objects() {
        check(
            "[\n {\"a\":1},\n {\"b\":[{}]}\n]\n{}",
            "2: json {\"a\":1}\n3: json {\"b\":[{}]}\n5: json {}",
        );
        check("[]", "");
        check(
            "{\"kind\":\"List\",\"metadata\":{},\"items\":[{\"a\":1},\n{\"items\":[{}]}],\"x\":{\"y\":[{}]}}\n{}",
            "1: json {\"a\":1}\n2: json {\"items\":[{}]}\n3: json {}",
        );
    }

    #[test]
    fn a_malformed_line_does_not_affect_others() {
        check(
            "{\"a\":1}\noops\n{\"b\":2}\n",
            "1: json {\"a\":1}\n2: ! NotAnObject\n3: json {\"b\":2}",
        );
        check("{\"a\":{\n{\"b\":2}\n", "1: ! NotAnObject\n2: json {\"b\":2}");
        check(
            "{\"a\":[1,\n{\"b\":2}\n{\"c\":3}",
            "1: ! NotAnObject\n2: json {\"b\":2}\n3: json {\"c\":3}",
        );
        check("{\"a\":\"cut\n{\"b\":2}\n", "1: ! NotAnObject\n2: json {\"b\":2}");
        let open = "{\"a\":[1,\n".repeat(1000);
        let malformed = |line| format!("{line}: ! NotAnObject");
        let expected: Vec<String> = (1..=936).map(malformed).collect();
        let cut = "937: ! CutOff".to_owned();
        check(&open, &[expected, vec![cut]].concat().join("\n"));
        let long = format!("{{\"a\":\"{}\"}}\n{{}}", "x".repeat(LONGEST + 9));
        let reader = io::BufReader::new(long.as_bytes());
        let mut stream = Stream::new(reader);
        let why = Content::Malformed(Malformed::LongObject);
        assert_eq!(stream.next_piece().unwrap(), Some(Piece { line: 1, content: why }));
        let next = Content::Json(b"{}".to_vec());
        assert_eq!(stream.next_piece().unwrap(), Some(Piece { line: 2, content: next }));
        check("{} x\n{}", "1: json {}\n1: ! NotAnObject\n2: json {}");
        check("{}\n{\"a\":", "1: json {}\n2: ! CutOff");
        check("42\n\"x\"\n{}", "1: ! NotAnObject\n2: ! NotAnObject\n3: json {}");
    }

    #[test]
    fn a_malformed_item_ends_its_list() {
        check("[{},\n1,{}]\n{\"b\":2}", "1: json {}\n1: ! NotAnItem\n3: json {\"b\":2}");
    }

    #[test]
    fn yaml_is_split_at_separators() {
        check("# x\n---\na: 1\n---\n\n--- # y\nb:\n  c: 2\n", "3: yaml a: 1~\n7: yaml b:~  c: 2~");
        check("kind: List\nitems:\n- a", "1: yaml kind: List~items:~- a");
        check("", "");
        check("\n \n", "");
        check(
            "--- {a: 1}\n--- {b: 2}\n...\nc: 3\n",
            "1: yaml --- {a: 1}~\n2: yaml --- {b: 2}~\n4: yaml c: 3~",
        );
        check("%YAML 1.1\n---\na: 1\n", "1: yaml %YAML 1.1~---~a: 1~");
    }
}
