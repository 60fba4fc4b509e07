//! Finds the beginnings and ends of JSON values without parsing their content.

/// The meaning of a byte for a [`Scanner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A part of a value, or white space.
    Within,
    /// The first byte of a value at the target depth.
    Begins,
    /// The last byte of a value at the target depth.
    Ends,
    /// A byte that is not valid JSON at this point.
    Violation,
}

/// The tokens that can come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrClose,
    KeyOrClose,
    Key,
    Colon,
    CommaOrClose,
}

/// Scans JSON byte by byte for the beginnings and ends of objects: at the top level, in a top-level
/// list, or in the `items` of a top-level object.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    /// The closing bytes of the open arrays and objects.
    open: Vec<u8>,
    expect: Expect,
    text: Text,
    /// The number of open arrays and objects around the target values.
    depth: usize,
    /// The current key of the top-level object, as long as it can be `items`.
    key: Vec<u8>,
    reads_key: bool,
}

/// Whether the scanner is in a string or another scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    None,
    String,
    Escape,
    Bare,
}

impl Scanner {
    /// Creates a scanner before a top-level value.
    pub(crate) fn new() -> Self {
        Self {
            open: Vec::new(),
            expect: Expect::Value,
            text: Text::None,
            depth: 0,
            key: Vec::new(),
            reads_key: false,
        }
    }

    /// Returns whether no array or object is open.
    pub(crate) fn is_at_top(&self) -> bool {
        self.open.is_empty() && self.text == Text::None
    }

    /// Returns whether the target values are the items of a list.
    pub(crate) fn is_in_list(&self) -> bool {
        self.depth > 0
    }

    /// Returns the number of next bytes that can be skipped: those of a string up to anything that
    /// can end or break it.
    pub(crate) fn skips(&self, bytes: &[u8]) -> usize {
        if self.text != Text::String || self.reads_key {
            return 0;
        }
        memchr::memchr3(b'"', b'\\', b'\n', bytes).unwrap_or(bytes.len())
    }

    /// Processes the next byte.
    pub(crate) fn step(&mut self, byte: u8) -> Step {
        match self.text {
            Text::String => return self.step_string(byte),
            Text::Escape => {
                self.text = Text::String;
                return Step::Within;
            }
            Text::Bare if byte.is_ascii_alphanumeric() || b"+-.".contains(&byte) => {
                return Step::Within;
            }
            Text::Bare | Text::None => self.text = Text::None,
        }
        let wants_object = matches!(self.expect, Expect::Value | Expect::ValueOrClose)
            && self.open.len() == self.depth;
        match (byte, self.expect) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => Step::Within,
            (b'[', Expect::Value) if self.open.is_empty() => self.step_open(b']'),
            (b'{' | b']', _) if wants_object => self.step_value(byte),
            _ if wants_object => Step::Violation,
            _ => self.step_value(byte),
        }
    }

    fn step_value(&mut self, byte: u8) -> Step {
        match (byte, self.expect) {
            (b'{', Expect::Value | Expect::ValueOrClose) => self.step_open(b'}'),
            (b'[', Expect::Value | Expect::ValueOrClose) => self.step_open(b']'),
            (b'}', Expect::KeyOrClose | Expect::CommaOrClose)
            | (b']', Expect::ValueOrClose | Expect::CommaOrClose) => self.step_close(byte),
            (b',', Expect::CommaOrClose) => {
                let in_object = self.open.last() == Some(&b'}');
                self.expect = if in_object { Expect::Key } else { Expect::Value };
                Step::Within
            }
            (b':', Expect::Colon) => {
                self.expect = Expect::Value;
                Step::Within
            }
            (b'"', Expect::Key | Expect::KeyOrClose) => {
                self.text = Text::String;
                self.expect = Expect::Colon;
                self.reads_key = self.open.len() == 1;
                self.key.clear();
                Step::Within
            }
            (b'"', Expect::Value | Expect::ValueOrClose) => {
                self.text = Text::String;
                self.expect = Expect::CommaOrClose;
                Step::Within
            }
            (b'-' | b'0'..=b'9' | b't' | b'f' | b'n', Expect::Value | Expect::ValueOrClose) => {
                self.text = Text::Bare;
                self.expect = Expect::CommaOrClose;
                Step::Within
            }
            _ => Step::Violation,
        }
    }

    fn step_string(&mut self, byte: u8) -> Step {
        match byte {
            b'"' => {
                self.text = Text::None;
                self.reads_key = false;
            }
            b'\\' => self.text = Text::Escape,
            b'\n' => return Step::Violation,
            _ if self.reads_key && self.key.len() <= ITEMS.len() => self.key.push(byte),
            _ => {}
        }
        Step::Within
    }

    fn step_open(&mut self, close: u8) -> Step {
        if self.open.len() == DEEPEST {
            return Step::Violation;
        }
        let is_list = close == b']'
            && match &*self.open {
                [] => true,
                [b'}'] => self.key == ITEMS,
                _ => false,
            };
        let begins = close == b'}' && self.open.len() == self.depth;
        self.open.push(close);
        if is_list {
            self.depth = self.open.len();
        }
        self.expect = if close == b'}' { Expect::KeyOrClose } else { Expect::ValueOrClose };
        if begins { Step::Begins } else { Step::Within }
    }

    fn step_close(&mut self, byte: u8) -> Step {
        if self.open.pop() != Some(byte) {
            return Step::Violation;
        }
        let ends = byte == b'}' && self.open.len() == self.depth;
        if self.open.len() < self.depth {
            self.depth = 0;
            // The rest of the object around the list contains no items.
            if !self.open.is_empty() {
                self.depth = usize::MAX;
            }
        }
        if self.open.is_empty() {
            self.depth = 0;
            self.expect = Expect::Value;
        } else {
            self.expect = Expect::CommaOrClose;
        }
        if ends { Step::Ends } else { Step::Within }
    }
}

/// The key of a list's items.
const ITEMS: &[u8] = b"items";

/// The maximum nesting depth, which is the same as the parser's.
const DEEPEST: usize = 128;
