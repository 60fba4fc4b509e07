//! Errors of commands: kind, causes, hints.

use std::error::Error;
use std::fmt;
use std::io;

use crate::text;

/// A failed command, reported as `error:`, `caused by:` and `hint:` lines.
#[derive(Debug)]
pub(crate) struct CommandError {
    kind: ErrorKind,
    error: Box<dyn Error + Send + Sync>,
    hints: Vec<Hint>,
    worlds: Vec<Vec<String>>,
}

/// The kind of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The arguments are invalid or do not fit together.
    Usage,
    /// A file cannot be read or is invalid.
    Input,
    /// The cluster cannot be reached or refuses the request.
    Cluster,
    /// The output cannot be written.
    Output,
    /// Ctrl-C ended the command.
    Interrupted,
}

/// Something the reader can do now: a command to run or an edit to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// Run a command.
    Run {
        /// The command line.
        command: String,
        /// Its purpose, after the word `to`.
        purpose: String,
    },
    /// Write something else.
    Write {
        /// The text that was written.
        instead_of: String,
        /// The texts that were probably meant; each can be typed as it is.
        alternatives: Vec<String>,
    },
    /// Add an option to the command line.
    Pass {
        /// The option as it is written.
        option: String,
        /// Its purpose, after the word `to`.
        purpose: String,
    },
    /// Follow a hint in free text, such as that of a kubeconfig.
    Quote {
        /// The hint.
        text: String,
    },
    /// Ask an administrator to run a command.
    Delegate {
        /// The command line.
        command: String,
        /// Its purpose, after the word `to`.
        purpose: String,
    },
    /// Change a file or object.
    Edit {
        /// The place, as `file:line` or the name of an object.
        place: String,
        /// The change, in the imperative.
        change: String,
    },
}

impl CommandError {
    /// Builds an error of the given kind from its cause.
    pub(crate) fn new(
        kind: ErrorKind,
        error: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> CommandError {
        Self { kind, error: error.into(), hints: Vec::new(), worlds: Vec::new() }
    }

    /// Builds a usage error.
    pub(crate) fn usage(error: impl Into<Box<dyn Error + Send + Sync>>) -> CommandError {
        Self::new(ErrorKind::Usage, error)
    }

    /// Builds an error about unreadable input.
    pub(crate) fn input(error: impl Into<Box<dyn Error + Send + Sync>>) -> CommandError {
        Self::new(ErrorKind::Input, error)
    }

    /// Builds an error about the cluster.
    pub(crate) fn cluster(error: impl Into<Box<dyn Error + Send + Sync>>) -> CommandError {
        Self::new(ErrorKind::Cluster, error)
    }

    /// Builds the error of a command that Ctrl-C ended.
    pub(crate) fn interrupted() -> CommandError {
        Self::new(ErrorKind::Interrupted, "interrupted")
    }

    /// Returns whether Ctrl-C ended the command.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.kind == ErrorKind::Interrupted
    }

    /// Adds a hint.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<Option<Hint>>) -> Self {
        self.hints.extend(hint.into());
        self
    }

    /// Adds the names of targets that would each give an answer: an alternative and what all have in common.
    #[must_use]
    pub(crate) fn with_worlds(mut self, worlds: Vec<Vec<String>>) -> Self {
        self.worlds = worlds;
        self
    }

    /// Returns the names of the targets that would each give an answer.
    pub(crate) fn worlds(&self) -> &[Vec<String>] {
        &self.worlds
    }

    /// Returns whether the reader of the output has closed it, which is not a failure.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.kind == ErrorKind::Output
            && self
                .error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Returns the messages from the outermost error to the root cause, without repetitions.
    pub(crate) fn chain(&self) -> Vec<String> {
        let mut texts = vec![self.error.to_string()];
        let mut source = self.error.source();
        while let Some(error) = source {
            let text = text::without_number(&error.to_string());
            if texts.last() != Some(&text) {
                texts.push(text);
            }
            source = error.source();
        }
        texts
    }

    /// Returns the hints.
    pub(crate) fn hints(&self) -> &[Hint] {
        &self.hints
    }
}

/// Converts errors of writing output. Errors of reading never get here: they are wrapped where the
/// name of the file is known.
impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        Self::new(ErrorKind::Output, error)
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        io::Error::from(error).into()
    }
}

impl Hint {
    /// Returns a hint with similar spellings; `None` without any.
    pub(crate) fn did_you_mean(
        written: impl Into<String>,
        alternatives: impl IntoIterator<Item = impl Into<String>>,
    ) -> Option<Hint> {
        let alternatives: Vec<String> = alternatives.into_iter().map(Into::into).collect();
        (!alternatives.is_empty()).then(|| Hint::Write { instead_of: written.into(), alternatives })
    }

    /// Returns a hint to run a command.
    pub(crate) fn run(command: impl Into<String>, purpose: impl Into<String>) -> Hint {
        Hint::Run { command: command.into(), purpose: purpose.into() }
    }

    /// Returns a hint to add an option.
    pub(crate) fn pass(option: impl Into<String>, purpose: impl Into<String>) -> Hint {
        Hint::Pass { option: option.into(), purpose: purpose.into() }
    }

    /// Returns a hint to ask an administrator to run a command.
    pub(crate) fn delegate(command: impl Into<String>, purpose: impl Into<String>) -> Hint {
        Hint::Delegate { command: command.into(), purpose: purpose.into() }
    }

    /// Returns a hint in free text.
    pub(crate) fn quote(text: impl Into<String>) -> Hint {
        Hint::Quote { text: text.into() }
    }

    /// Returns a hint to change a file or object.
    pub(crate) fn edit(place: impl Into<String>, change: impl Into<String>) -> Hint {
        Hint::Edit { place: place.into(), change: change.into() }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run { command, purpose } => write!(formatter, "run `{command}` to {purpose}"),
            Self::Pass { option, purpose } => write!(formatter, "pass `{option}` to {purpose}"),
            Self::Delegate { command, purpose } => {
                write!(formatter, "have an administrator run `{command}` to {purpose}")
            }
            Self::Quote { text } => formatter.write_str(text.trim()),
            Self::Edit { place, change } => write!(formatter, "in {place}, {change}"),
            Self::Write { instead_of, alternatives } => {
                formatter.write_str("use ")?;
                for (position, alternative) in alternatives.iter().enumerate() {
                    let separator = match position {
                        0 => "",
                        _ if position + 1 == alternatives.len() => " or ",
                        _ => ", ",
                    };
                    write!(formatter, "{separator}`{alternative}`")?;
                }
                write!(formatter, " instead of `{instead_of}`")
            }
        }
    }
}
