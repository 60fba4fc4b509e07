//! The characters of a script, and the parts of it that end at a certain character.

/// A script, read from its start.
pub(super) struct Reader<'a> {
    rest: &'a str,
    /// The whole text, which ends with `rest`.
    script: &'a str,
    /// The number of bytes that were searched for line breaks, and the line on which they end.
    counted: (usize, u32),
}

impl<'a> Reader<'a> {
    /// Starts at the beginning of a text, which is on a line of the whole script.
    pub(super) fn new(script: &'a str, first_line: u32) -> Self {
        Self { rest: script, script, counted: (0, first_line) }
    }

    /// Returns the line that the reader is on.
    pub(super) fn line(&mut self) -> u32 {
        let (counted, line) = self.counted;
        let read = self.script.len() - self.rest.len();
        let since = self.script.get(counted..read).unwrap_or_default();
        let breaks = since.bytes().filter(|byte| *byte == b'\n').count();
        self.counted = (read, line.saturating_add(breaks as u32));
        self.counted.1
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    pub(super) fn skip_blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r']);
            match self.rest.strip_prefix("\\\n") {
                Some(rest) => self.rest = rest,
                None => return,
            }
        }
    }

    pub(super) fn skip_line(&mut self) {
        self.rest = self.rest.find('\n').and_then(|end| self.rest.get(end..)).unwrap_or_default();
    }

    /// Returns the text up to a character, and skips that character.
    pub(super) fn until(&mut self, end: char) -> &'a str {
        match self.rest.split_once(end) {
            Some((before, after)) => {
                self.rest = after;
                before
            }
            None => std::mem::take(&mut self.rest),
        }
    }

    /// Returns the text up to the first of several characters.
    pub(super) fn up_to<const N: usize>(&mut self, ends: [char; N]) -> &'a str {
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        text
    }

    pub(super) fn while_name(&mut self) -> &'a str {
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name
    }

    /// Returns the text between a bracket at the current position and the one that closes it.
    pub(super) fn balanced(&mut self, open: char, close: char) -> &'a str {
        self.next();
        let text = self.rest;
        let mut depth = 1usize;
        let mut quote: Option<char> = None;
        let mut escaped = false;
        for (position, c) in text.char_indices() {
            if std::mem::take(&mut escaped) {
                continue;
            }
            match (quote, c) {
                (Some('\''), '\'') | (Some('"'), '"') => quote = None,
                (Some('\''), _) => {}
                (_, '\\') => escaped = true,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(c),
                (None, c) if c == open => depth += 1,
                (None, c) if c == close => {
                    depth -= 1;
                    if depth == 0 {
                        self.rest = text.get(position + c.len_utf8()..).unwrap_or_default();
                        return text.get(..position).unwrap_or_default();
                    }
                }
                _ => {}
            }
        }
        std::mem::take(&mut self.rest)
    }

    /// Returns the lines up to the delimiter, and skips the delimiter.
    pub(super) fn here_document(&mut self, delimiter: &str, indented: bool) -> String {
        let mut text = String::new();
        while !self.rest.is_empty() {
            let line = self.until('\n');
            let line = if indented { line.trim_start_matches('\t') } else { line };
            if line == delimiter {
                break;
            }
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}
