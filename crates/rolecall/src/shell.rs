//! The shells: their scripts, and how they pass words and receive candidates.

use std::ffi::OsString;
use std::io;

use clap::ValueEnum;
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::Shells;

/// The environment variable in which a script names its shell.
pub(crate) const VARIABLE: &str = "ROLECALL_COMPLETE";

/// A program that completes command lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Elvish,
    Fish,
    /// For `kubectl rolecall`, in every shell that completes kubectl
    Kubectl,
    Powershell,
    Zsh,
}

/// The command line up to the cursor.
pub(super) struct Typed {
    /// The words up to the cursor, the last of which is completed.
    pub(super) words: Vec<OsString>,
    /// How many bytes of the last word the shell keeps and does not expect in candidates.
    kept: usize,
    /// Whether the last word is inside quotes.
    is_quoted: bool,
}

/// clap's script passes words that bash splits at `:` and `=`, which are in most subjects.
const BASH: &str = include_str!("completion/rolecall.bash");

/// kubectl runs the executable of this name in `PATH`.
const KUBECTL: &str = include_str!("completion/kubectl_complete-rolecall");

/// kubectl's directives: no space after the word, and no names of files.
const NO_SPACE: u8 = 2;
const NO_FILES: u8 = 4;

impl Shell {
    /// Returns the script that sets up completion.
    pub(crate) fn script(self) -> io::Result<String> {
        let name = match self {
            Self::Bash => return Ok(BASH.to_owned()),
            Self::Kubectl => return Ok(KUBECTL.to_owned()),
            Self::Elvish => "elvish",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Zsh => "zsh",
        };
        let shells = Shells::builtins();
        let shell = shells.completer(name).ok_or(io::ErrorKind::Unsupported)?;
        let mut script = Vec::new();
        shell.write_registration(VARIABLE, "rolecall", "rolecall", "rolecall", &mut script)?;
        String::from_utf8(script).map_err(io::Error::other)
    }

    /// Reads the words that the script passed.
    pub(super) fn typed(self, mut arguments: Vec<OsString>) -> Typed {
        match self {
            Self::Bash => {
                let line = arguments.first().map(|line| line.to_string_lossy().into_owned());
                let breaks = std::env::var("ROLECALL_WORDBREAKS").unwrap_or_default();
                return split(&line.unwrap_or_default(), &breaks);
            }
            Self::Elvish | Self::Zsh => {
                let index = std::env::var("_CLAP_COMPLETE_INDEX").ok();
                if let Some(index) = index.and_then(|index| index.parse::<usize>().ok()) {
                    arguments.truncate(index.saturating_add(1));
                    // zsh leaves out an empty last word.
                    if arguments.len() == index {
                        arguments.push(OsString::new());
                    }
                }
            }
            Self::Fish | Self::Kubectl | Self::Powershell => {}
        }
        if self == Self::Zsh {
            // zsh passes quotes as typed.
            let count = arguments.len();
            for word in arguments.iter_mut().take(count.saturating_sub(1)) {
                if let Some(unquoted) = split(&word.to_string_lossy(), "").words.pop() {
                    *word = unquoted;
                }
            }
        }
        Typed { words: arguments, kept: 0, is_quoted: false }
    }

    /// Writes candidates for the script.
    pub(super) fn format(self, candidates: &[CompletionCandidate], typed: &Typed) -> String {
        let mut text = String::new();
        let mut values: Vec<String> = Vec::new();
        for candidate in candidates {
            let value = candidate.get_value().to_string_lossy();
            let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
            let help = help.lines().next().unwrap_or_default();
            let described = |separator: &str, value: &str| match help {
                "" => format!("{value}\n"),
                help => format!("{value}{separator}{help}\n"),
            };
            let line = match self {
                Self::Bash => {
                    let rest = value.get(typed.kept..).unwrap_or(&value);
                    if typed.is_quoted {
                        format!("{rest}\n")
                    } else {
                        format!("{}\n", escaped(rest))
                    }
                }
                Self::Fish => described("\t", &value),
                Self::Zsh => {
                    let escape = |text: &str| text.replace('\\', "\\\\");
                    match help {
                        "" => format!("{}\n", escape(&value).replace(':', "\\:")),
                        help => {
                            format!("{}:{}\n", escape(&value).replace(':', "\\:"), escape(help))
                        }
                    }
                }
                // These insert values as they are, and names in a cluster can contain anything.
                Self::Elvish | Self::Kubectl | Self::Powershell if escaped(&value) != value => {
                    continue;
                }
                Self::Elvish => format!("{value}\n"),
                Self::Kubectl | Self::Powershell => described("\t", &value),
            };
            text.push_str(&line);
            values.push(value.into_owned());
        }
        if self == Self::Kubectl {
            let is_prefix = matches!(&*values, [only] if only.ends_with(['/', ':', '=']));
            let directive = if is_prefix { NO_SPACE | NO_FILES } else { NO_FILES };
            text.push_str(&format!(":{directive}\n"));
        }
        text
    }
}

/// Escapes a word for a shell.
fn escaped(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    for c in word.chars() {
        if !c.is_alphanumeric() && !"-_./:=@%+,~".contains(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// Splits a line into words as a shell does, and finds the part of the last one after which readline
/// completes: the last of its word breaks outside quotes.
fn split(line: &str, breaks: &str) -> Typed {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut kept = 0;
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"') | None, '\\') => word.get_or_insert_default().extend(characters.next()),
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                kept = word.get_or_insert_default().len();
            }
            (None, c) if c.is_whitespace() => {
                words.extend(word.take().map(OsString::from));
                kept = 0;
            }
            (None, c) => {
                let word = word.get_or_insert_default();
                word.push(c);
                if breaks.contains(c) {
                    // readline completes host names together with their `@`.
                    kept = if c == '@' { word.len().saturating_sub(1) } else { word.len() };
                }
            }
        }
    }
    words.push(word.unwrap_or_default().into());
    Typed { words, kept, is_quoted: quote.is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_splits_as_in_bash() {
        let breaks = " \t\n\"'@><=;|&(:";
        for (line, words, kept, is_quoted) in [
            ("rolecall ", &["rolecall", ""][..], 0, false),
            ("rolecall can-i ge", &["rolecall", "can-i", "ge"], 0, false),
            ("rolecall --for=sa/we", &["rolecall", "--for=sa/we"], 6, false),
            ("rolecall --for group/system:", &["rolecall", "--for", "group/system:"], 13, false),
            ("rolecall --for user/a@b", &["rolecall", "--for", "user/a@b"], 6, false),
            ("rolecall -f 'a b' x", &["rolecall", "-f", "a b", "x"], 0, false),
            ("rolecall -f a\\ b", &["rolecall", "-f", "a b"], 0, false),
            ("rolecall -f \"a:b", &["rolecall", "-f", "a:b"], 0, true),
            ("rolecall -f ''", &["rolecall", "-f", ""], 0, false),
        ] {
            let typed = split(line, breaks);
            assert_eq!(
                (&*typed.words, typed.kept, typed.is_quoted),
                (&*words.iter().map(OsString::from).collect::<Vec<_>>(), kept, is_quoted),
                "{line}"
            );
        }
    }

    #[test]
    fn names_cannot_run_commands() {
        let hostile = [CompletionCandidate::new("user/$(touch x)"), CompletionCandidate::new("me")];
        let typed = || Typed { words: Vec::new(), kept: 0, is_quoted: false };
        assert_eq!(Shell::Bash.format(&hostile, &typed()), "user/\\$\\(touch\\ x\\)\nme\n");
        assert_eq!(Shell::Kubectl.format(&hostile, &typed()), "me\n:4\n");
        assert_eq!(Shell::Powershell.format(&hostile, &typed()), "me\n");
        assert_eq!(Shell::Elvish.format(&hostile, &typed()), "me\n");
    }
}
