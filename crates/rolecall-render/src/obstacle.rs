//! The reasons why a target is not rendered.

use std::fmt;
use std::time::Duration;

use crate::tool::ToolKind;

/// A place in a file that is part of the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The path as shown to people.
    pub file: String,
    /// The one-based line; 0 for the whole file.
    pub line: u32,
}

/// The reason why a target is not rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// No installed tool can render it.
    NoTool(ToolKind),
    /// It includes a file outside the boundary.
    Outside {
        /// The reference.
        place: Place,
        /// The path as written.
        path: String,
    },
    /// It includes something from a server, and the network is not allowed.
    Remote {
        /// The reference.
        place: Place,
        /// The address as written.
        address: String,
    },
    /// It uses a function or plugin that Kustomize would run or silently skip.
    Function {
        /// The entry.
        place: Place,
        /// The kind of the function, or its path.
        name: String,
    },
    /// A chart that it needs is not in the repository.
    MissingChart {
        /// The reference.
        place: Place,
        /// The name of the chart.
        chart: String,
        /// The command that fetches it.
        fetch: String,
    },
    /// A setting of the user cannot be used.
    Setting(String),
    /// A file that describes it cannot be read.
    Unreadable {
        /// The file.
        place: Place,
        /// The reason.
        because: String,
    },
    /// The tool failed.
    Failed {
        /// The tool's message, shortened to one line.
        message: String,
    },
    /// The tool took too long.
    TimedOut(Duration),
    /// The tool wrote more than the limit in bytes.
    TooLarge(u64),
}

impl Obstacle {
    /// Returns the place of the reference that causes it, if it is known.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Outside { place, .. }
            | Self::Remote { place, .. }
            | Self::Function { place, .. }
            | Self::MissingChart { place, .. }
            | Self::Unreadable { place, .. } => Some(place),
            _ => None,
        }
    }
}

impl fmt::Display for Obstacle {
    /// Writes a fragment that continues "not rendered: ", without the place.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTool(kind) => write!(formatter, "{} is not installed", kind.name()),
            Self::Outside { path, .. } => {
                write!(formatter, "it includes `{path}`, which is outside the repository")
            }
            Self::Remote { address, .. } => {
                write!(formatter, "it includes `{address}`, which needs the network")
            }
            Self::Function { name, .. } => {
                write!(formatter, "it uses the function `{name}`, which rolecall does not run")
            }
            Self::MissingChart { chart, fetch, .. } => write!(
                formatter,
                "it needs the chart `{chart}`, which is not in the repository: fetch it with `{fetch}`"
            ),
            Self::Setting(text) => formatter.write_str(text),
            Self::Unreadable { because, .. } => write!(formatter, "it cannot be read: {because}"),
            Self::Failed { message } => formatter.write_str(message),
            Self::TimedOut(limit) => write!(formatter, "it took longer than {} s", limit.as_secs()),
            Self::TooLarge(limit) => {
                write!(formatter, "the output is larger than {} MiB", limit >> 20)
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => formatter.write_str(&self.file),
            line => write!(formatter, "{}:{line}", self.file),
        }
    }
}
