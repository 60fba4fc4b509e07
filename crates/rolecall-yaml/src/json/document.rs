//! Parses JSON into a [`Document`], for objects that are not decoded in one pass.

use std::borrow::Cow;

use crate::ParseError;
use crate::build::{Builder, Collection, MergeKey};
use crate::node::{Document, Position, Value};

impl<'a> Document<'a> {
    /// Parses one JSON value that starts at `position`.
    pub fn from_json(text: &'a str, position: Position) -> Result<Self, ParseError> {
        let mut reader = Reader { text, at: 0, position };
        let mut builder = Builder::default();
        reader.value(&mut builder)?;
        reader.space();
        match reader.peek() {
            None => Ok(builder.finish(position)),
            Some(_) => Err(reader.expected("the end of the value")),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    position: Position,
}

impl<'a> Reader<'a> {
    /// Reads a value and its content without recursion.
    fn value(&mut self, builder: &mut Builder<'a>) -> Result<(), ParseError> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.space();
            let position = self.position;
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.step(1);
                    let object = bracket == b'{';
                    let kind = if object { Collection::Mapping } else { Collection::Sequence };
                    builder.start(position, kind, 0)?;
                    open.push(if object { b'}' } else { b']' });
                    self.space();
                    if self.peek() != open.last().copied() {
                        if object {
                            self.key(builder)?;
                        }
                        continue;
                    }
                }
                Some(b'"') => {
                    let text = self.string()?;
                    builder.scalar(position, Value::String(text), 0, MergeKey::No)?;
                }
                _ => {
                    let value = self.word()?;
                    builder.scalar(position, value, 0, MergeKey::No)?;
                }
            }
            if self.close(&mut open, builder)? {
                return Ok(());
            }
        }
    }

    /// Continues after a value: closes collections or advances to the next item. True at the end.
    fn close(&mut self, open: &mut Vec<u8>, builder: &mut Builder<'a>) -> Result<bool, ParseError> {
        loop {
            let Some(&bracket) = open.last() else { return Ok(true) };
            self.space();
            match self.peek() {
                Some(found) if found == bracket => {
                    self.step(1);
                    open.pop();
                    builder.end()?;
                }
                Some(b',') => {
                    self.step(1);
                    if bracket == b'}' {
                        self.key(builder)?;
                    }
                    return Ok(false);
                }
                _ => return Err(self.expected(&format!("`,` or `{}`", char::from(bracket)))),
            }
        }
    }

    fn key(&mut self, builder: &mut Builder<'a>) -> Result<(), ParseError> {
        self.space();
        let position = self.position;
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in double quotes"));
        }
        let key = self.string()?;
        builder.scalar(position, Value::String(key), 0, MergeKey::No)?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.expected("`:` after the key"));
        }
        self.step(1);
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, ParseError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut end = 1;
        loop {
            match rest.get(end..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest.as_bytes())) {
                Some(offset) if rest.as_bytes().get(end + offset) == Some(&b'"') => {
                    end += offset + 1;
                    break;
                }
                Some(offset) => end += offset + 2,
                None => return Err(self.expected("the closing quote")),
            }
        }
        let Some(quoted) = rest.get(..end) else { return Err(self.expected("a string")) };
        let inner = quoted.get(1..end - 1).unwrap_or_default();
        let text = if inner.bytes().any(|byte| byte == b'\\' || byte < b' ') {
            let text: String =
                serde_json::from_str(quoted).map_err(|_| self.expected("a valid string"))?;
            Cow::Owned(text)
        } else {
            Cow::Borrowed(inner)
        };
        self.step(end);
        Ok(text)
    }

    fn word(&mut self) -> Result<Value<'a>, ParseError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or_default();
        let value = match text {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            number if serde_json::from_str::<serde_json::Number>(number).is_ok() => {
                Value::Number(Cow::Borrowed(number))
            }
            _ => return Err(self.expected("a value")),
        };
        self.step(end);
        Ok(value)
    }

    fn space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            if byte == b'\n' {
                self.at += 1;
                self.position = Position { line: self.position.line + 1, column: 1 };
            } else {
                self.step(1);
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Advances by `bytes` on the same line.
    fn step(&mut self, bytes: usize) {
        let passed = self.text.get(self.at..self.at + bytes).unwrap_or_default();
        let columns = if passed.is_ascii() { bytes } else { passed.chars().count() };
        self.position.column += u32::try_from(columns).unwrap_or_default();
        self.at += bytes;
    }

    fn expected(&self, what: &str) -> ParseError {
        let found = match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(found) => format!("found `{found}`"),
            None => "found the end of the text".to_owned(),
        };
        ParseError::new(self.position, format!("expected {what}, {found}"))
    }
}
