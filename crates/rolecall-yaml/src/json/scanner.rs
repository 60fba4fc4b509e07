//! Where JSON values begin and end, without parsing what is in them.

/// What a byte means to a [`Scanner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Part of a value, or blank.
    Within,
    /// The byte begins a value at the depth that is looked for.
    Begins,
    /// The byte is the last of a value at that depth.
    Ends,
    /// No JSON text goes on like this.
    Violation,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrClose,
    KeyOrClose,
    Key,
    Colon,
    CommaOrClose,
}

/// Follows JSON text byte by byte, and says where objects begin and end: at the top, in a list at
/// the top, or in the `items` of an object at the top.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    /// The closing bytes of the open arrays and objects.
    open: Vec<u8>,
    expect: Expect,
    text: Text,
    /// How many arrays and objects are open around the values that are looked for.
    depth: usize,
    /// The key that is being read at the top object, as far as it may be `items`.
    key: Vec<u8>,
    reads_key: bool,
}

/// Whether a string or another scalar is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    None,
    String,
    Escape,
    Bare,
}

impl Scanner {
    /// Starts before a value at the top.
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

    /// Returns whether nothing is open.
    pub(crate) fn is_at_top(&self) -> bool {
        self.open.is_empty() && self.text == Text::None
    }

    /// Returns whether the values that are looked for are those of a list.
    pub(crate) fn is_in_list(&self) -> bool {
        self.depth > 0
    }

    /// Returns how many of the bytes, of which the first comes next, tell nothing: those of a string
    /// before anything that may end or break it.
    pub(crate) fn skips(&self, bytes: &[u8]) -> usize {
        if self.text != Text::String || self.reads_key {
            return 0;
        }
        memchr::memchr3(b'"', b'\\', b'\n', bytes).unwrap_or(bytes.len())
    }

    /// Takes the next byte.
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
            // What follows in the object around the list is not one of its items.
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

/// The key of a list's elements.
const ITEMS: &[u8] = b"items";

/// How deep JSON is nested before it is no object; the parser has the same limit.
const DEEPEST: usize = 128;
