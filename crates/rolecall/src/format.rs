use clap::ValueEnum;

/// The formats of most answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Table,
    Wide,
    Json,
    Yaml,
}

/// The machine-readable formats in which a command reports its own failure on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorFormat {
    /// An object of kind `Error`.
    Json,
    /// The same.
    Yaml,
    /// A run that was not successful.
    Sarif,
    /// A test case with an error.
    Junit,
    /// A workflow command.
    Github,
}

/// The formats of a walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum WalkFormat {
    #[default]
    Table,
    Wide,
    Json,
    /// One JSON object per line: each Pod, subject, binding and role
    Jsonl,
    Yaml,
}

/// The formats of a list of subjects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum HoldersFormat {
    #[default]
    Table,
    /// Includes the ServiceAccounts in each group, the rules and their locations
    Wide,
    Json,
    /// One JSON object per line
    Jsonl,
    Yaml,
    Csv,
    Markdown,
    /// One subject per line, in the notation of --for
    Name,
}

/// The formats of a matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatrixFormat {
    #[default]
    Table,
    Wide,
    Json,
    /// One JSON object per line
    Jsonl,
    Yaml,
    Csv,
    Markdown,
}

impl From<Format> for MatrixFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Table,
            Format::Wide => Self::Wide,
            Format::Json => Self::Json,
            Format::Yaml => Self::Yaml,
        }
    }
}

impl MatrixFormat {
    /// Returns whether each row shows all verbs.
    pub(crate) fn is_grid(self) -> bool {
        matches!(self, Self::Table | Self::Markdown)
    }

    /// Returns whether it is laid out for people.
    pub(crate) fn is_laid_out(self) -> bool {
        self.is_grid() || self == Self::Wide
    }

    /// Returns the format of a single answer, if it has this one.
    pub(crate) fn as_format(self) -> Option<Format> {
        match self {
            Self::Table => Some(Format::Table),
            Self::Wide => Some(Format::Wide),
            Self::Json | Self::Jsonl => Some(Format::Json),
            Self::Yaml => Some(Format::Yaml),
            Self::Csv | Self::Markdown => None,
        }
    }
}
