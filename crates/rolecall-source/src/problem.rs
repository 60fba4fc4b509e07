//! What went wrong while reading, as values: nothing is skipped in silence.

use std::fmt;

/// Something that could not be read, or was read with doubts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The path as given or found; `-` for stdin.
    pub file: String,
    /// The one-based line; 0 when the whole file is meant.
    pub line: u32,
    /// The one-based column; 0 when the whole line is meant.
    pub column: u32,
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// What is wrong and what was expected: a lower-case fragment that names object and field.
    pub message: String,
}

/// The kinds of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// A path that does not exist.
    MissingFile,
    /// A file or directory that cannot be read.
    UnreadableFile,
    /// A directory in which there is no manifest.
    NoManifests,
    /// A symbolic link that leads back to a directory it stands in.
    DirectoryLoop,
    /// A file that is not text.
    BinaryFile,
    /// A document that is not YAML or JSON.
    BrokenDocument,
    /// A document that is neither an object nor a list of objects.
    NotAnObject,
    /// An object whose content is not of the types that its kind has.
    WrongType,
    /// An object without the name, kind or version that says which one it is.
    Nameless,
    /// An RBAC kind that no server takes, as its group, version or spelling is another.
    UnknownKind,
    /// A Helm chart or another template that has to be rendered first.
    Unrendered,
    /// An object that a later one of the same kind, namespace and name replaces.
    DuplicateObject,
    /// A key that a later equal one overrides.
    DuplicateKey,
    /// An object that is there to have one of its name deleted.
    Deletion,
    /// A map whose values are objects, which is how `jsonnet` prints several without being asked otherwise.
    MapOfObjects,
}

/// How much a [`Problem`] costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something was left unread: exit 2, unless the user says to go on.
    Error,
    /// Everything was read, but perhaps not as meant.
    Warning,
}

impl Problem {
    /// Returns whether something was left unread.
    pub fn severity(&self) -> Severity {
        match self.kind {
            ProblemKind::NotAnObject
            | ProblemKind::DuplicateObject
            | ProblemKind::DuplicateKey
            | ProblemKind::Deletion => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Returns `file`, `file:line` or `file:line:column`, as far as it is known.
    pub fn position(&self) -> String {
        match (self.line, self.column) {
            (0, _) => self.file.clone(),
            (line, 0) => format!("{}:{line}", self.file),
            (line, column) => format!("{}:{line}:{column}", self.file),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.position(), self.message)
    }
}
