//! Problems with the input as values: nothing is skipped silently.

use std::fmt;

use rolecall_rbac::shown_path;

/// An input that could not be read, or whose meaning is doubtful.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The path as given or found; `-` for stdin.
    pub file: String,
    /// The one-based line; 0 for the whole file.
    pub line: u32,
    /// The one-based column; 0 for the whole line.
    pub column: u32,
    /// The kind of problem.
    pub kind: ProblemKind,
    /// A lower-case fragment that names the object and field, the error and the expectation.
    pub message: String,
}

/// The kinds of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A path that does not exist.
    MissingFile,
    /// A file or directory that cannot be read.
    UnreadableFile,
    /// A directory without manifests.
    NoManifests,
    /// A symbolic link to a directory that contains the link.
    DirectoryLoop,
    /// A symbolic link that leads out of the repository, and is not followed.
    OutsideLink,
    /// A file that is not text.
    BinaryFile,
    /// A document that is neither YAML nor JSON.
    BrokenDocument,
    /// A document that is neither an object nor a list of objects.
    NotAnObject,
    /// An object with a field of the wrong type.
    WrongType,
    /// An object without the name, kind or version that identifies it.
    Nameless,
    /// An RBAC kind with a group, version or spelling that no server accepts.
    UnknownKind,
    /// A Helm chart or another template that must be rendered first.
    Unrendered,
    /// A kustomization that Kustomize refuses.
    BrokenKustomization,
    /// An object that is replaced by a later one with the same kind, namespace and name.
    DuplicateObject,
    /// A key that is overridden by a later equal one.
    DuplicateKey,
    /// An object that marks another one for deletion.
    Deletion,
    /// A map whose values are objects, which is what `jsonnet` prints by default.
    MapOfObjects,
}

/// The severity of a [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something was not read: exit code 2, unless the user asks to continue.
    Error,
    /// Everything was read, but it might not mean what the author intended.
    Warning,
}

impl Problem {
    /// Returns whether something was not read.
    pub fn severity(&self) -> Severity {
        match self.kind {
            ProblemKind::NotAnObject
            | ProblemKind::DuplicateObject
            | ProblemKind::DuplicateKey
            | ProblemKind::Deletion => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Returns `file`, `file:line` or `file:line:column`, depending on what is known.
    pub fn position(&self) -> String {
        let file = shown_path(&self.file);
        match (self.line, self.column) {
            (0, _) => file.to_owned(),
            (line, 0) => format!("{file}:{line}"),
            (line, column) => format!("{file}:{line}:{column}"),
        }
    }
}

impl std::error::Error for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.position(), self.message)
    }
}
