//! Escalation paths that open and close.

use std::io::{self, Write};

use rolecall_paths::{Evidence, Reached};

use super::{View, place};
use crate::answer::comparison::{Comparison, PathChanges};
use crate::listing::Keys;
use crate::render::github::{data, property};
use crate::render::{Cell, Table, markdown, merged};
use crate::words;

/// A path, with the word for its change.
pub(super) type Changed<'a> = (&'static str, &'a Reached<'a>);

/// Writes the paths that open and close.
pub(super) fn write_table(
    out: &mut impl Write,
    comparison: &Comparison<'_>,
    View { list, room, layout, .. }: View<'_>,
) -> io::Result<()> {
    if comparison.paths.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(["PATH", "SUBJECT", "BECOMES", "STEPS"]);
    let paths: Vec<Changed<'_>> = all(comparison).collect();
    let arranged = list.arrange(room, paths, keys);
    let cells = |(word, found): &Changed<'_>| {
        let [subject, end, steps] = path_texts(found);
        vec![path_word(word), subject.into(), end.into(), steps.into()]
    };
    for group in &arranged.groups {
        table.row(merged(group.iter().map(cells).collect()));
    }
    writeln!(out)?;
    table.write(out, layout)?;
    match arranged.omission() {
        Some(omission) => writeln!(out, "{omission}"),
        None => Ok(()),
    }
}

/// Returns the paths that open, then those that close.
pub(super) fn all<'a>(comparison: &'a Comparison<'a>) -> impl Iterator<Item = Changed<'a>> {
    let PathChanges { opened, closed } = &comparison.paths;
    let opened = opened.iter().map(|found| (OPENED, found));
    opened.chain(closed.iter().map(|found| (CLOSED, found)))
}

const OPENED: &str = "opened";
const CLOSED: &str = "closed";

fn path_word(word: &str) -> Cell {
    match word {
        OPENED => Cell::yes(word),
        _ => Cell::no(word),
    }
}

/// Returns the subject, the end and the steps of a path.
fn path_texts(found: &Reached<'_>) -> [String; 3] {
    [found.subject.to_string(), found.sink.to_string(), words::steps(&found.steps)]
}

/// Writes the same for a comment on a merge request.
pub(super) fn write_markdown(out: &mut impl Write, comparison: &Comparison<'_>) -> io::Result<()> {
    if comparison.paths.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    markdown::head(out, ["path", "subject", "becomes", "steps"])?;
    for (word, found) in all(comparison) {
        let [subject, end, steps] = path_texts(found);
        markdown::row(out, [word, &*subject, &*end, &*steps])?;
    }
    Ok(())
}

/// Writes annotations of a GitHub workflow.
pub(super) fn write_github(out: &mut impl Write, comparison: &Comparison<'_>) -> io::Result<()> {
    for (word, found) in all(comparison) {
        let level = if word == OPENED { "error" } else { "notice" };
        let [subject, end, steps] = path_texts(found);
        let grants = found.steps.iter().flat_map(|step| &step.requests);
        let mut grants = grants.filter_map(|made| match &made.by {
            Evidence::Grant(grant) => Some(grant),
            _ => None,
        });
        let place = grants.find_map(place).unwrap_or_default();
        let title = property(&format!("path {word}"));
        let message = data(&format!("{subject} to {end}: {steps}"));
        writeln!(out, "::{level} {place}title={title}::{message}")?;
    }
    Ok(())
}

/// Returns the keys by which paths are sorted and grouped.
pub(super) fn keys((word, found): &Changed<'_>) -> Keys {
    Keys { rule: format!("path {word}"), subject: found.subject.to_string(), ..Keys::default() }
}

/// Counts the paths, such as `2 paths opened`.
pub(super) fn totals(comparison: &Comparison<'_>) -> impl Iterator<Item = String> {
    let PathChanges { opened, closed } = &comparison.paths;
    let counts = [(opened.len(), OPENED), (closed.len(), CLOSED)];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    counts.map(|(count, word)| format!("{} {word}", words::count(count, "path")))
}
