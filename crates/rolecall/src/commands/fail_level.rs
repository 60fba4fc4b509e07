//! The option `--fail-level`.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use rolecall_check::Severity;

/// The minimum severity of findings that fail the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailLevel {
    /// No findings.
    None,
    /// Findings of at least this severity.
    At(Severity),
}

impl FromStr for FailLevel {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "none" => Ok(Self::None),
            word => word.parse().map(Self::At).map_err(|_| {
                format!("`{word}` is not a level: use `none`, `info`, `low`, `medium`, `high` or `critical`")
            }),
        }
    }
}

/// Parses the minimum severity of findings that fail the command.
pub(super) fn fail_levels() -> impl TypedValueParser<Value = FailLevel> {
    let words = std::iter::once("none").chain(Severity::ALL.map(Severity::as_str));
    PossibleValuesParser::new(words).try_map(|word| word.parse::<FailLevel>())
}
