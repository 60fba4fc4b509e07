use std::fmt;

/// A word of a command line. Parts of it might only be known at run time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) parts: Vec<Part>,
}

/// A part of a [`Word`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Literal text.
    Text(String),
    /// The Pod's own namespace.
    OwnNamespace,
    /// The value of a variable.
    Variable(String),
    /// The value of a variable, or something else if it is unset or empty, as in `${NAME:-shop}`.
    VariableOrDefault(String),
    /// Anything else: output of a command, a glob.
    Unknown,
}

impl Word {
    /// Returns a word whose text is known.
    pub(crate) fn text(text: &str) -> Self {
        let mut word = Self::default();
        word.push_text(text);
        word
    }

    /// Returns the text of the word if all of it is known.
    pub(crate) fn known(&self) -> Option<&str> {
        match &*self.parts {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Returns the text that the word starts with.
    pub(crate) fn start(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// Returns the word without a prefix.
    pub(crate) fn strip_prefix(&self, prefix: &str) -> Option<Self> {
        let rest = self.start().strip_prefix(prefix)?;
        let mut word = Self::text(rest);
        word.parts.extend(self.parts.iter().skip(1).cloned());
        Some(word)
    }

    /// Splits the word at the first occurrence of a character in its text.
    pub(crate) fn split_once(&self, delimiter: char) -> Option<(Self, Self)> {
        for (index, part) in self.parts.iter().enumerate() {
            let Part::Text(text) = part else { continue };
            let Some((before, after)) = text.split_once(delimiter) else { continue };
            let mut left = Self { parts: self.parts.get(..index).unwrap_or_default().to_vec() };
            left.push_text(before);
            let mut right = Self::text(after);
            right.parts.extend(self.parts.iter().skip(index + 1).cloned());
            return Some((left, right));
        }
        None
    }

    /// Splits the word at every occurrence of a character in its text.
    pub(crate) fn split(&self, delimiter: char) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut rest = self.clone();
        while let Some((piece, after)) = rest.split_once(delimiter) {
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        pieces
    }

    /// Returns the word with a text replaced by another word.
    pub(super) fn replacing(&self, placeholder: &str, other: &Self) -> Self {
        let mut word = Self::default();
        for part in &self.parts {
            let Part::Text(text) = part else {
                word.push(part.clone());
                continue;
            };
            let mut pieces = text.split(placeholder);
            word.push_text(pieces.next().unwrap_or_default());
            for piece in pieces {
                other.parts.iter().cloned().for_each(|part| word.push(part));
                word.push_text(piece);
            }
        }
        word
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(super) fn push_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    pub(super) fn push(&mut self, part: Part) {
        match part {
            Part::Text(text) => self.push_text(&text),
            part => self.parts.push(part),
        }
    }
}

impl fmt::Display for Word {
    /// Writes the word as in a script.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => formatter.write_str(text)?,
                Part::OwnNamespace => formatter.write_str("$NAMESPACE")?,
                Part::Variable(name) => write!(formatter, "${{{name}}}")?,
                Part::VariableOrDefault(name) => write!(formatter, "${{{name}:-..}}")?,
                Part::Unknown => formatter.write_str("$(..)")?,
            }
        }
        Ok(())
    }
}

/// Returns the name of a program without its folder.
pub(super) fn base_name(command: &str) -> &str {
    command.rsplit_once('/').map_or(command, |(_, name)| name)
}
