//! Enough of the POSIX shell to find the command lines of a script.

use std::collections::BTreeMap;

use super::kubeconfig;
use super::word::{Part, Word};

/// Scripts nest command substitutions only so deep.
const DEEPEST: usize = 8;

/// Longer scripts are cut off: nobody writes them into a manifest by hand.
const LONGEST: usize = 256 * 1024;

/// A command line of a script.
pub(super) struct Line {
    pub(super) words: Vec<Word>,
    /// The line of the script on which it starts, counted from 0.
    pub(super) line: u32,
    /// Whether the script has seen to a kubeconfig by then.
    pub(super) has_kubeconfig: bool,
}

/// Returns the command lines of a script in their order, those of command substitutions included.
pub(super) fn command_lines(script: &str) -> Vec<Line> {
    let mut end = script.len().min(LONGEST);
    while !script.is_char_boundary(end) {
        end -= 1;
    }
    let mut shell = Shell { lines: Vec::new(), variables: BTreeMap::new(), has_kubeconfig: false };
    shell.run(script.get(..end).unwrap_or_default(), 0, 0);
    shell.lines
}

/// A command line that has not ended yet: its words, each with the line on which it starts.
#[derive(Default)]
struct Open {
    words: Vec<(Word, u32)>,
}

impl Open {
    fn push(&mut self, word: Word, line: u32) {
        self.words.push((word, line));
    }
}

struct Shell {
    lines: Vec<Line>,
    /// What scripts assign to variables; `None` once it is not known.
    variables: BTreeMap<String, Option<Word>>,
    /// Whether the script has written a kubeconfig, or named the one that is there.
    has_kubeconfig: bool,
}

impl Shell {
    /// Runs a script that starts on a line of the whole.
    fn run(&mut self, script: &str, first_line: u32, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let mut reader = Reader { rest: script, script, counted: (0, first_line) };
        let mut line = Open::default();
        let mut here_documents: Vec<(String, bool)> = Vec::new();
        loop {
            reader.skip_blanks();
            let Some(next) = reader.peek() else { break };
            match next {
                '\n' => {
                    reader.next();
                    self.end(&mut line);
                    for (delimiter, indented) in here_documents.drain(..) {
                        reader.skip_here_document(&delimiter, indented);
                    }
                }
                ';' | '|' | '&' => {
                    reader.next();
                    self.end(&mut line);
                }
                '(' | ')' => {
                    reader.next();
                    self.end(&mut line);
                }
                '#' => reader.skip_line(),
                '<' | '>' => here_documents.extend(self.redirection(&mut reader, depth)),
                _ => {
                    let start = reader.line();
                    let word = self.word(&mut reader, depth);
                    // `2>` redirects; the number is no argument.
                    let redirected = matches!(reader.peek(), Some('<' | '>'))
                        && word.known().is_some_and(|text| {
                            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
                        });
                    if !redirected {
                        line.push(word, start);
                    }
                }
            }
        }
        self.end(&mut line);
    }

    /// Ends a command line: remembers what it assigns, and keeps the rest of it.
    fn end(&mut self, line: &mut Open) {
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
        let Some(first) = words.first() else { return };
        let declares = matches!(first.known(), Some("export" | "local" | "readonly" | "declare"));
        if declares {
            for (name, value) in words.iter().filter_map(assignment) {
                self.variables.insert(name, value.known().is_some().then_some(value));
            }
        } else if first.known() == Some("for") || first.known() == Some("read") {
            // What a loop or `read` gives a variable is not known.
            for word in &words {
                if let Some(name) = word.known() {
                    self.variables.insert(name.to_owned(), None);
                }
            }
        } else {
            let has_kubeconfig =
                self.has_kubeconfig || self.variables.contains_key(kubeconfig::VARIABLE);
            self.has_kubeconfig |= kubeconfig::is_there_after(&words);
            self.lines.push(Line { words, line: start, has_kubeconfig });
        }
    }

    /// Reads a redirection; returns the delimiter of a here-document and whether it may be indented.
    fn redirection(&mut self, reader: &mut Reader<'_>, depth: usize) -> Option<(String, bool)> {
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
        let target = self.word(reader, depth);
        self.has_kubeconfig |= kubeconfig::names(&target);
        (operator == "<<").then(|| (target.to_string(), indented))
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
        // What cannot start a word would be read for ever.
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

    /// Reads what starts with `$` or a backtick.
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
                // `$(( .. ))` calculates.
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

    fn substitution(&mut self, inner: &str, line: u32, word: &mut Word, depth: usize) {
        let own_namespace = inner.contains("serviceaccount/namespace")
            && inner.trim_start().starts_with(['c', '<'])
            && !inner.contains('|');
        if own_namespace {
            word.push(Part::OwnNamespace);
            return;
        }
        word.push(Part::Unknown);
        // Before the line that the substitution is a part of.
        self.run(inner, line, depth + 1);
    }
}

/// Returns whether a word only steers what follows.
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

struct Reader<'a> {
    rest: &'a str,
    /// Everything, of which `rest` is the end.
    script: &'a str,
    /// How many bytes were searched for line breaks, and the line that they end on.
    counted: (usize, u32),
}

impl<'a> Reader<'a> {
    /// Returns the line that the reader is on.
    fn line(&mut self) -> u32 {
        let (counted, line) = self.counted;
        let read = self.script.len() - self.rest.len();
        let since = self.script.get(counted..read).unwrap_or_default();
        let breaks = since.bytes().filter(|byte| *byte == b'\n').count();
        self.counted = (read, line.saturating_add(breaks as u32));
        self.counted.1
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn skip_blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r']);
            match self.rest.strip_prefix("\\\n") {
                Some(rest) => self.rest = rest,
                None => return,
            }
        }
    }

    fn skip_line(&mut self) {
        self.rest = self.rest.find('\n').and_then(|end| self.rest.get(end..)).unwrap_or_default();
    }

    /// Returns the text up to a character, and steps over that.
    fn until(&mut self, end: char) -> &'a str {
        match self.rest.split_once(end) {
            Some((before, after)) => {
                self.rest = after;
                before
            }
            None => std::mem::take(&mut self.rest),
        }
    }

    fn while_name(&mut self) -> &'a str {
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name
    }

    /// Returns what stands between a bracket, where the reader is, and the one that closes it.
    fn balanced(&mut self, open: char, close: char) -> &'a str {
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

    fn skip_here_document(&mut self, delimiter: &str, indented: bool) {
        while !self.rest.is_empty() {
            let line = self.until('\n');
            let line = if indented { line.trim_start_matches('\t') } else { line };
            if line == delimiter {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, expected: &[&str]) {
        let lines: Vec<String> = command_lines(script)
            .into_iter()
            .map(|line| {
                let words = line.words.iter().map(|word| format!("[{word}]"));
                words.collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(lines, expected, "{script}");
    }

    #[test]
    fn separators_end_command_lines() {
        check("a b; c && d || e | f & g", &["[a] [b]", "[c]", "[d]", "[e]", "[f]", "[g]"]);
        check("a \\\n  b # c\nd", &["[a] [b]", "[d]"]);
        check("(a; b)", &["[a]", "[b]"]);
    }

    #[test]
    fn quotes_make_one_word() {
        check("a 'b c' \"d e\" f\\ g", &["[a] [b c] [d e] [f g]"]);
        check("a \"b 'c' \\\"d\\\"\"", &["[a] [b 'c' \"d\"]"]);
    }

    #[test]
    fn assigned_variables_are_known_and_others_are_not() {
        check("X=1; a $X ${X}2 $Y", &["[a] [1] [12] [${Y}]"]);
        check("X=$Y; a $X", &["[a] [$(..)]"]);
        check("export X=1\na $X", &["[a] [1]"]);
        check("for X in a b; do c $X; done", &["[c] [$(..)]"]);
        check("a '$X' \"$X\"", &["[a] [$X] [${X}]"]);
    }

    #[test]
    fn substitutions_are_run_before_what_uses_them() {
        check("a $(b c)", &["[b] [c]", "[a] [$(..)]"]);
        check("a \"$(b \"$(c)\")\"", &["[c]", "[b] [$(..)]", "[a] [$(..)]"]);
        check("a `b`", &["[b]", "[a] [$(..)]"]);
        check(
            "a -n $(cat /var/run/secrets/kubernetes.io/serviceaccount/namespace)",
            &["[a] [-n] [$NAMESPACE]"],
        );
    }

    #[test]
    fn redirections_and_here_documents_are_no_words() {
        check("a > b 2>&1 < c", &["[a]"]);
        check("a <<EOF\nkubectl delete x\nEOF\nb", &["[a]", "[b]"]);
        check("a <<-'EOF'\n\tx\n\tEOF\nb", &["[a]", "[b]"]);
    }

    #[test]
    fn keywords_stand_before_command_lines() {
        check("if a; then b; fi", &["[a]", "[b]"]);
        check("while ! a; do b; done", &["[a]", "[b]"]);
    }

    #[test]
    fn lines_are_those_on_which_commands_start() {
        let script = "a\n\nb \\\n  c; d\nX=1 \\\n e\nf \"$(\n g)\" <<EOF\nh\nEOF\ni";
        let lines: Vec<(String, u32)> = command_lines(script)
            .into_iter()
            .map(|line| {
                (line.words.first().map(ToString::to_string).unwrap_or_default(), line.line)
            })
            .collect();
        let lines: Vec<(&str, u32)> = lines.iter().map(|(word, line)| (&**word, *line)).collect();
        assert_eq!(lines, [("a", 0), ("b", 2), ("d", 3), ("e", 5), ("g", 7), ("f", 6), ("i", 10)]);
    }

    #[test]
    fn broken_scripts_end() {
        for script in ["'", "\"", "$(", "${", "`", "a <<EOF", "\\", "<(", "((((", "$(((", "a >"] {
            command_lines(script);
        }
        command_lines(&"$(".repeat(10_000));
    }
}
