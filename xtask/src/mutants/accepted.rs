//! The survivors that no test should catch, each with a reason.

use std::path::Path;

use serde::Deserialize;

use rolecall_task::failure::{Failure, Result};
use rolecall_task::files;

/// The content of `xtask/mutants.yaml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accepted {
    accepted: Vec<Survivor>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    /// The file, relative to the root.
    file: String,
    /// The change, as cargo-mutants prints it after the position.
    change: String,
    /// The reason why the program behaves the same.
    reason: String,
}

impl Accepted {
    pub(super) fn read(path: &Path) -> Result<Self> {
        Self::parse(&files::read(path)?)
            .map_err(|what| Failure::new(format!("cannot read `{}`: {what}", path.display())))
    }

    fn parse(text: &str) -> std::result::Result<Self, String> {
        let read: Self = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        match read.accepted.iter().find(|survivor| survivor.reason.trim().is_empty()) {
            Some(survivor) => Err(format!("`{}` has no reason", survivor.change)),
            None => Ok(read),
        }
    }

    /// Returns whether the list has a mutant, on any line of its file.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.accepted.iter().any(|survivor| {
            name.strip_prefix(&survivor.file).is_some_and(|rest| rest.starts_with(':'))
                && name.ends_with(&format!(": {}", survivor.change))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_survivor_is_accepted_on_any_line_of_its_file() {
        let text = "accepted:\n- file: src/a.rs\n  change: replace f -> bool with true\n  reason: f is a filter\n";
        let accepted = Accepted::parse(text).unwrap();
        assert!(accepted.contains("src/a.rs:9:5: replace f -> bool with true"));
        assert!(!accepted.contains("src/b.rs:9:5: replace f -> bool with true"));
        assert!(!accepted.contains("src/a.rs:9:5: replace f -> bool with false"));
    }

    #[test]
    fn a_reason_is_required() {
        let text = "accepted:\n- {file: a, change: b, reason: ' '}\n";
        assert_eq!(Accepted::parse(text).unwrap_err(), "`b` has no reason");
    }

    #[test]
    fn the_stored_list_is_valid() {
        let path = files::workspace_root().join("xtask/mutants.yaml");
        assert!(Accepted::read(&path).is_ok());
    }
}
