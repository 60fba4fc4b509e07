use clap::ValueEnum;

/// The formats of most answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For reading
    #[default]
    Table,
    /// For reading, with more columns
    Wide,
    /// For programs; see docs/json.md
    Json,
    /// As json, in YAML
    Yaml,
}
