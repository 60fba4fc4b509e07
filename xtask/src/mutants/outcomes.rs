//! The outcomes of mutants, stored between runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use rolecall_task::failure::{Failure, Result};
use rolecall_task::files;

/// The outcome of testing one mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Outcome {
    /// A test failed or did not end.
    Caught,
    /// All tests passed.
    Survived,
    /// The mutant does not compile.
    Unviable,
}

/// Outcomes by the names of mutants.
pub(super) struct Outcomes {
    path: PathBuf,
    stored: Stored,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    /// The hash of the sources; names of mutants contain their lines.
    source: String,
    outcomes: BTreeMap<String, Outcome>,
}

impl Outcomes {
    /// Loads the outcomes for a state of the sources; those of another state are dropped.
    pub(super) fn load(path: &Path, source: &str) -> Result<Self> {
        let text = if path.exists() { files::read(path)? } else { String::new() };
        let stored = serde_json::from_str(&text)
            .ok()
            .filter(|stored: &Stored| stored.source == source)
            .unwrap_or_else(|| Stored { source: source.to_owned(), ..Stored::default() });
        Ok(Self { path: path.to_owned(), stored })
    }

    pub(super) fn store(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.stored).unwrap_or_default();
        files::write(&self.path, &text)
    }

    pub(super) fn get(&self, name: &str) -> Option<Outcome> {
        self.stored.outcomes.get(name).copied()
    }

    /// Counts the mutants among `names` that were tested and compile.
    pub(super) fn viable(&self, names: &[&str]) -> usize {
        let outcomes = names.iter().filter_map(|name| self.get(name));
        outcomes.filter(|outcome| *outcome != Outcome::Unviable).count()
    }

    pub(super) fn add(&mut self, name: &str, outcome: Outcome) {
        self.stored.outcomes.insert(name.to_owned(), outcome);
    }

    pub(super) fn forget_survivors(&mut self) {
        self.stored.outcomes.retain(|_, outcome| *outcome != Outcome::Survived);
    }
}

/// Reads the outcomes that cargo-mutants wrote.
pub(super) fn parse(text: &str) -> Result<Vec<(String, Outcome)>> {
    let written: Value = serde_json::from_str(text)
        .map_err(|error| Failure::new(format!("cannot read outcomes.json: {error}")))?;
    let outcomes = written.get("outcomes").and_then(Value::as_array).into_iter().flatten();
    Ok(outcomes
        .filter_map(|outcome| {
            let name = outcome.pointer("/scenario/Mutant/name")?.as_str()?;
            let outcome = match outcome.get("summary")?.as_str()? {
                "CaughtMutant" | "Timeout" => Outcome::Caught,
                "MissedMutant" => Outcome::Survived,
                "Unviable" => Outcome::Unviable,
                _ => return None,
            };
            Some((name.to_owned(), outcome))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_from_the_report_of_cargo_mutants() {
        let text = r#"{"outcomes": [
            {"scenario": "Baseline", "summary": "Success"},
            {"scenario": {"Mutant": {"name": "a"}}, "summary": "CaughtMutant"},
            {"scenario": {"Mutant": {"name": "b"}}, "summary": "MissedMutant"},
            {"scenario": {"Mutant": {"name": "c"}}, "summary": "Unviable"},
            {"scenario": {"Mutant": {"name": "d"}}, "summary": "Timeout"}]}"#;
        let expected = [
            ("a", Outcome::Caught),
            ("b", Outcome::Survived),
            ("c", Outcome::Unviable),
            ("d", Outcome::Caught),
        ];
        let expected = expected.map(|(name, outcome)| (name.to_owned(), outcome));
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn outcomes_of_other_sources_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outcomes.json");
        let mut outcomes = Outcomes::load(&path, "x").unwrap();
        outcomes.add("a", Outcome::Caught);
        outcomes.add("b", Outcome::Survived);
        outcomes.store().unwrap();
        assert_eq!(Outcomes::load(&path, "x").unwrap().viable(&["a", "b", "c"]), 2);
        assert_eq!(Outcomes::load(&path, "y").unwrap().viable(&["a", "b", "c"]), 0);
    }
}
