//! Files of expectations, read with the positions that errors and failures name.

use std::path::Path;

use rolecall_check::expectation::Expectations;
use rolecall_source::yaml::{self, Node, Position};
use serde::Deserialize;

use crate::error::{CommandError, Hint};

/// Reads a file of expectations, which may hold several documents.
pub(crate) fn read(path: &Path) -> Result<Expectations, CommandError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::input(format!("cannot read expectations `{shown}`: {error}"))
    })?;
    let at = |Position { line, column }: Position, what: &dyn std::fmt::Display| {
        CommandError::input(format!("{shown}:{line}:{column}: {what}"))
    };
    let documents = yaml::parse(&text, 1).map_err(|error| at(error.position, &error))?;
    let mut read: Option<Expectations> = None;
    for document in &documents {
        // A key that another overrides would expect nothing, in silence.
        if let Some(duplicate) = document.duplicates().first() {
            let what = format!(
                "the key `{}` occurs twice, first on line {}",
                duplicate.key, duplicate.earlier.line
            );
            return Err(at(duplicate.later, &what));
        }
        let root = document.root();
        if root.is_null() {
            continue;
        }
        let expectations =
            Expectations::deserialize(root).map_err(|error| at(error.position, &error))?;
        let expectations = with_lines(expectations, root);
        match &mut read {
            Some(read) => read.expectations.extend(expectations.expectations),
            None => read = Some(expectations),
        }
    }
    read.ok_or_else(|| {
        CommandError::input(format!("`{shown}` holds no expectations")).with_hint(Hint::edit(
            format!("`{shown}`"),
            "begin with `apiVersion: rolecall.dev/v1` and `kind: Expectations`",
        ))
    })
}

/// Notes on which line each expectation starts.
fn with_lines(mut expectations: Expectations, root: Node<'_>) -> Expectations {
    let nodes = root.get("expectations").into_iter().flat_map(Node::items);
    for (expectation, node) in expectations.expectations.iter_mut().zip(nodes) {
        expectation.line = node.position().line;
    }
    expectations
}
