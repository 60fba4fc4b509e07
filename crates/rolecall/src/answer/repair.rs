//! Corrections of words and their places in files.

use rolecall_grant::{Repair, Step, json_of};
use rolecall_yaml::Region;

use crate::plain::plain;
use crate::words;

/// A correction with the location of the word.
pub(crate) struct Located<'a> {
    /// The correction.
    pub(crate) repair: &'a Repair,
    /// The file and the location in it; `None` if the object is not in a file that can be patched.
    pub(crate) file: Option<(String, Place)>,
}

/// The location of an existing or missing word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The region of the word.
    Word(Region),
    /// The region of the value before a missing field.
    Behind(Region),
}

impl Place {
    /// Returns the region.
    pub(crate) fn region(self) -> Region {
        match self {
            Self::Word(region) | Self::Behind(region) => region,
        }
    }
}

impl Located<'_> {
    /// Returns whether the correction is a patch of a file.
    pub(crate) fn is_in_file(&self) -> bool {
        self.file.is_some()
    }

    /// Returns the correction as a JSON patch of the object.
    pub(crate) fn operations(&self) -> serde_json::Value {
        let repair = self.repair;
        let path: String = repair
            .word
            .field
            .iter()
            .map(|step| match step {
                Step::Key(key) => format!("/{key}"),
                Step::Index(index) => format!("/{index}"),
            })
            .collect();
        let operation = if repair.word.from.is_empty() { "add" } else { "replace" };
        let mut operations = vec![serde_json::json!({
            "op": operation, "path": path, "value": &*repair.word.to,
        })];
        if let Some((Step::Key("kind"), parents)) = repair.word.field.split_last()
            && let [Step::Key("subjects"), Step::Index(index)] = parents
        {
            // Users and ServiceAccounts have different API groups.
            let object = json_of(&repair.object);
            let subject =
                object.pointer(&format!("/subjects/{index}")).cloned().unwrap_or_default();
            operations = vec![serde_json::json!({
                "op": "replace", "path": format!("/subjects/{index}"), "value": subject,
            })];
        }
        operations.into()
    }

    /// Describes the correction and its location in one line.
    pub(crate) fn in_words(&self) -> String {
        let word = &self.repair.word;
        let mut keys = word.field.iter().rev().filter_map(|step| match step {
            Step::Key(key) => Some(*key),
            Step::Index(_) => None,
        });
        let key = keys.next().unwrap_or_default();
        let text = match word.field.last() {
            Some(Step::Index(_)) => {
                let (to, from) = (shown(&word.to), shown(&word.from));
                format!("`{to}` instead of `{from}` in `{key}`")
            }
            _ => format!("`{key}: {}`", word.to),
        };
        let object = &self.repair.object;
        let place = match &self.file {
            Some((path, place)) => format!("at {path}:{}", place.region().start.line),
            None => {
                let metadata = object.metadata();
                let name = words::qualified(metadata);
                format!("in {} {name}{}", object.kind(), words::origin(metadata))
            }
        };
        plain(&format!("use {text} {place}")).into_owned()
    }
}

/// Returns a word as the file contains it: the core API group is an empty string in quotation marks.
fn shown(word: &str) -> &str {
    if word.is_empty() { "\"\"" } else { word }
}
