//! Enough of the POSIX shell to find the command lines of a script.

mod reader;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::reader::Reader;
use super::kubeconfig;
use super::word::{Part, Word};

/// The maximum depth of nested command substitutions.
const DEEPEST: usize = 8;

/// The maximum length of a script. Longer ones are truncated: they are not written by hand.
const LONGEST: usize = 256 * 1024;

/// The variables that are known before a script runs.
pub(super) type Environment = BTreeMap<String, Word>;

/// A command line of a script.
pub(super) struct Line {
    pub(super) words: Vec<Word>,
    /// The line of the script on which it starts, counted from 0.
    pub(super) line: u32,
    /// Whether the script has written or named a kubeconfig before this line.
    pub(super) has_kubeconfig: bool,
    /// The line before it in a pipeline, counted from the first of the script.
    pub(super) piped_from: Option<usize>,
    /// Its input from the script, with [`UNKNOWN`] for text that is only known at run time.
    pub(super) document: Option<String>,
    /// The index of the here-document in the script, until it is read.
    here: Option<usize>,
}

/// Represents text in a document that is only known at run time.
pub(super) const UNKNOWN: char = '\u{1a}';

/// Represents the Pod's own namespace in a document.
pub(super) const OWN_NAMESPACE: char = '\u{e}';

/// Returns the command lines of a script in order, including those of command substitutions. The
/// script starts with some variables.
pub(super) fn command_lines(script: &str, environment: &Environment) -> Vec<Line> {
    let mut end = script.len().min(LONGEST);
    while !script.is_char_boundary(end) {
        end -= 1;
    }
    let variables = environment.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
    let mut shell = Shell { variables: variables.collect(), ..Shell::default() };
    shell.run(script.get(..end).unwrap_or_default(), 0, 0);
    for line in &mut shell.lines {
        let document = line.here.and_then(|here| shell.documents.get_mut(here));
        line.document = document.map(std::mem::take);
    }
    shell.lines
}

/// A command line that has not ended yet: its words, each with the line on which it starts.
#[derive(Default)]
struct Open {
    words: Vec<(Word, u32)>,
    piped_from: Option<usize>,
    here: Option<usize>,
}

impl Open {
    fn push(&mut self, word: Word, line: u32) {
        self.words.push((word, line));
    }
}

/// A here-document whose lines come after that of its command.
struct Here {
    delimiter: String,
    /// Whether tabs at the start of its lines are ignored.
    indented: bool,
    /// Whether variables in it are replaced.
    expands: bool,
    /// Its index among the documents of the script.
    number: usize,
}

#[derive(Default)]
struct Shell {
    lines: Vec<Line>,
    /// The values of variables; `None` for unknown ones.
    variables: BTreeMap<String, Option<Word>>,
    /// Whether the script has written a kubeconfig, or named the default one.
    has_kubeconfig: bool,
    documents: Vec<String>,
}

impl Shell {
    /// Runs a script that starts on a line of the whole script.
    fn run(&mut self, script: &str, first_line: u32, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let mut reader = Reader::new(script, first_line);
        let mut line = Open::default();
        let mut here_documents: Vec<Here> = Vec::new();
        loop {
            reader.skip_blanks();
            let Some(next) = reader.peek() else { break };
            match next {
                '\n' => {
                    reader.next();
                    self.end(&mut line);
                    for here in here_documents.drain(..) {
                        self.here_document(&mut reader, &here, depth);
                    }
                }
                '|' => {
                    reader.next();
                    let ended = self.end(&mut line);
                    match reader.peek() {
                        Some('|') => {
                            reader.next();
                        }
                        other => {
                            line.piped_from = ended;
                            if other == Some('&') {
                                reader.next();
                            }
                        }
                    }
                }
                ';' | '&' => {
                    reader.next();
                    self.end(&mut line);
                }
                '(' | ')' => {
                    reader.next();
                    self.end(&mut line);
                }
                '#' => reader.skip_line(),
                '<' | '>' => here_documents.extend(self.redirection(&mut reader, &mut line, depth)),
                _ => {
                    let start = reader.line();
                    let word = self.word(&mut reader, depth);
                    // `2>` redirects; the number is not an argument.
                    let redirected = matches!(reader.peek(), Some('<' | '>'))
                        && word.known().is_some_and(|text| {
                            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
                        });
                    match word.known() {
                        _ if redirected => {}
                        // The value of a variable without quotes can be several words.
                        Some(text) if next == '$' && text.contains(' ') => {
                            let words = text.split_ascii_whitespace();
                            words.for_each(|text| line.push(Word::text(text), start));
                        }
                        _ => line.push(word, start),
                    }
                }
            }
        }
        self.end(&mut line);
    }

    /// Ends a command line: stores its assignments, keeps the rest of it, and returns its index.
    fn end(&mut self, line: &mut Open) -> Option<usize> {
        if line.words.is_empty() {
            // A pipe continues after a line break.
            return None;
        }
        let (piped_from, here) = (line.piped_from.take(), line.here.take());
        let mut words = std::mem::take(&mut line.words).into_iter().peekable();
        while let Some((word, _)) = words.peek() {
            if is_keyword(word) {
                words.next();
                continue;
            }
            let Some((name, value)) = assignment(word) else { break };
            self.variables.insert(name, value.known().is_some().then_some(value));
            words.next();
        }
        let start = words.peek().map_or(0, |(_, line)| *line);
        let words: Vec<Word> = words.map(|(word, _)| word).collect();
        let first = words.first()?;
        let declares = matches!(first.known(), Some("export" | "local" | "readonly" | "declare"));
        if declares {
            for (name, value) in words.iter().filter_map(assignment) {
                self.variables.insert(name, value.known().is_some().then_some(value));
            }
        } else if first.known() == Some("for") || first.known() == Some("read") {
            // Loops and `read` assign unknown values.
            for word in &words {
                if let Some(name) = word.known() {
                    self.variables.insert(name.to_owned(), None);
                }
            }
        } else {
            let has_kubeconfig =
                self.has_kubeconfig || self.variables.contains_key(kubeconfig::VARIABLE);
            self.has_kubeconfig |= kubeconfig::is_there_after(&words);
            let document = None;
            self.lines.push(Line {
                words,
                line: start,
                has_kubeconfig,
                piped_from,
                document,
                here,
            });
            return self.lines.len().checked_sub(1);
        }
        None
    }

    /// Reads a redirection, and returns the here-document that it starts.
    fn redirection(
        &mut self,
        reader: &mut Reader<'_>,
        line: &mut Open,
        depth: usize,
    ) -> Option<Here> {
        let mut operator = String::new();
        while let Some(next @ ('<' | '>' | '&' | '|')) = reader.peek() {
            operator.push(next);
            reader.next();
        }
        let indented = operator == "<<" && reader.peek() == Some('-');
        if indented {
            reader.next();
        }
        reader.skip_blanks();
        if matches!(reader.peek(), Some('(')) {
            return None;
        }
        let expands = !matches!(reader.peek(), Some('\'' | '"' | '\\'));
        let target = self.word(reader, depth);
        self.has_kubeconfig |= kubeconfig::names(&target);
        if !matches!(&*operator, "<<" | "<<<") {
            return None;
        }
        let number = self.documents.len();
        line.here = Some(number);
        if operator == "<<<" {
            self.documents.push(rendered(&target));
            return None;
        }
        self.documents.push(String::new());
        Some(Here { delimiter: target.to_string(), indented, expands, number })
    }

    /// Reads a here-document and the commands in it.
    fn here_document(&mut self, reader: &mut Reader<'_>, here: &Here, depth: usize) {
        let first_line = reader.line();
        let text = reader.here_document(&here.delimiter, here.indented);
        let text = if here.expands { self.expanded(&text, first_line, depth) } else { text };
        if let Some(document) = self.documents.get_mut(here.number) {
            *document = text;
        }
    }

    /// Replaces the variables and substitutions of a text.
    fn expanded(&mut self, text: &str, first_line: u32, depth: usize) -> String {
        let mut reader = Reader::new(text, first_line);
        let mut word = Word::default();
        while let Some(next) = reader.peek() {
            match next {
                '$' | '`' => self.expansion(&mut reader, &mut word, depth),
                '\\' => {
                    reader.next();
                    match reader.next() {
                        Some(escaped @ ('$' | '`' | '\\')) => {
                            word.push_text(escaped.encode_utf8(&mut [0; 4]));
                        }
                        Some('\n') | None => {}
                        Some(other) => {
                            word.push_text("\\");
                            word.push_text(other.encode_utf8(&mut [0; 4]));
                        }
                    }
                }
                _ => {
                    word.push_text(reader.up_to(['$', '`', '\\']));
                }
            }
        }
        rendered(&word)
    }

    fn word(&mut self, reader: &mut Reader<'_>, depth: usize) -> Word {
        let mut word = Word::default();
        while let Some(next) = reader.peek() {
            match next {
                ' ' | '\t' | '\r' | '\n' | ';' | '|' | '&' | '(' | ')' | '<' | '>' => break,
                '\'' => {
                    reader.next();
                    word.push_text(reader.until('\''));
                }
                '"' => {
                    reader.next();
                    self.double_quoted(reader, &mut word, depth);
                }
                '\\' => {
                    reader.next();
                    match reader.next() {
                        Some('\n') | None => {}
                        Some(escaped) => word.push_text(escaped.encode_utf8(&mut [0; 4])),
                    }
                }
                '$' | '`' => self.expansion(reader, &mut word, depth),
                '*' | '?' => {
                    reader.next();
                    word.push(Part::Unknown);
                }
                other => {
                    reader.next();
                    word.push_text(other.encode_utf8(&mut [0; 4]));
                }
            }
        }
        // Skip characters that cannot start a word, to avoid an endless loop.
        if word.is_empty() && matches!(reader.peek(), Some('<' | '>' | '(' | ')')) {
            reader.next();
        }
        word
    }

    fn double_quoted(&mut self, reader: &mut Reader<'_>, word: &mut Word, depth: usize) {
        while let Some(next) = reader.peek() {
            match next {
                '"' => {
                    reader.next();
                    return;
                }
                '\\' => {
                    reader.next();
                    match reader.next() {
                        Some('\n') | None => {}
                        Some(escaped @ ('"' | '\\' | '$' | '`')) => {
                            word.push_text(escaped.encode_utf8(&mut [0; 4]));
                        }
                        Some(other) => {
                            word.push_text("\\");
                            word.push_text(other.encode_utf8(&mut [0; 4]));
                        }
                    }
                }
                '$' | '`' => self.expansion(reader, word, depth),
                other => {
                    reader.next();
                    word.push_text(other.encode_utf8(&mut [0; 4]));
                }
            }
        }
    }

    /// Reads an expression that starts with `$` or a backtick.
    fn expansion(&mut self, reader: &mut Reader<'_>, word: &mut Word, depth: usize) {
        let line = reader.line();
        if reader.next() == Some('`') {
            let inner = reader.until('`').to_owned();
            self.substitution(&inner, line, word, depth);
            return;
        }
        match reader.peek() {
            Some('(') => {
                let inner = reader.balanced('(', ')').to_owned();
                // `$(( .. ))` is arithmetic.
                if inner.starts_with('(') {
                    word.push(Part::Unknown);
                } else {
                    self.substitution(&inner, line, word, depth);
                }
            }
            Some('{') => {
                let inner = reader.balanced('{', '}');
                let end = inner
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(inner.len());
                let (name, operation) = inner.split_at(end);
                match operation {
                    "" => self.variable(name, word),
                    _ if !name.is_empty() && has_default(operation) => {
                        self.variable_or_default(name, word);
                    }
                    _ => word.push(Part::Unknown),
                }
            }
            Some(next) if next.is_ascii_alphabetic() || next == '_' => {
                let name = reader.while_name().to_owned();
                self.variable(&name, word);
            }
            Some(' ' | '\t' | '\n' | '"' | '\'') | None => word.push_text("$"),
            Some('@' | '*') => {
                reader.next();
                word.push(Part::Variable("@".to_owned()));
            }
            Some(_) => {
                reader.next();
                word.push(Part::Unknown);
            }
        }
    }

    fn variable(&self, name: &str, word: &mut Word) {
        match self.variables.get(name) {
            Some(Some(value)) => value.parts.iter().cloned().for_each(|part| word.push(part)),
            Some(None) => word.push(Part::Unknown),
            None => word.push(Part::Variable(name.to_owned())),
        }
    }

    /// Adds the value of a variable unless it is empty, since its default is only known at run time.
    fn variable_or_default(&self, name: &str, word: &mut Word) {
        match self.variables.get(name) {
            Some(Some(value)) if !value.is_empty() => self.variable(name, word),
            Some(_) => word.push(Part::Unknown),
            None => word.push(Part::VariableOrDefault(name.to_owned())),
        }
    }

    fn substitution(&mut self, inner: &str, line: u32, word: &mut Word, depth: usize) {
        let own_namespace = inner.contains("serviceaccount/namespace")
            && inner.trim_start().starts_with(['c', '<'])
            && !inner.contains('|');
        if own_namespace {
            word.push(Part::OwnNamespace);
            return;
        }
        word.push(Part::Unknown);
        // Before the line that contains the substitution.
        self.run(inner, line, depth + 1);
    }
}

/// Returns whether an operation of `${NAME..}` yields the value of the variable if it has one.
fn has_default(operation: &str) -> bool {
    let operation = operation.strip_prefix(':').unwrap_or(operation);
    operation.starts_with(['-', '=', '?'])
}

/// Writes a word with a mark for each part that is only known at run time.
fn rendered(word: &Word) -> String {
    let mut text = String::new();
    for part in &word.parts {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::OwnNamespace => text.push(OWN_NAMESPACE),
            Part::Variable(_) | Part::VariableOrDefault(_) | Part::Unknown => text.push(UNKNOWN),
        }
    }
    text
}

/// Returns whether a word only controls the following command.
fn is_keyword(word: &Word) -> bool {
    const KEYWORDS: [&str; 12] =
        ["if", "then", "else", "elif", "fi", "do", "done", "while", "until", "!", "{", "}"];
    word.known().is_some_and(|text| KEYWORDS.contains(&text))
}

/// Splits `NAME=VALUE`.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let (name, value) = word.split_once('=')?;
    let name = name.known()?;
    let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    valid.then(|| (name.to_owned(), value))
}
