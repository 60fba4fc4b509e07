//! Unified diffs of the changes by applying the objects.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rolecall_grant::{GrantedRole, Object, yaml_of};
use rolecall_rbac::Inventory;

/// The number of unchanged lines around a change.
const CONTEXT: usize = 3;

/// The maximum number of pairs of lines to compare; larger objects are replaced as a whole.
const MOST_PAIRS: usize = 4_000_000;

const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();
const PLACE: Style = AnsiColor::Cyan.on_default();

/// Writes the differences between the objects and existing ones with the same names.
pub(crate) fn write(
    out: &mut impl Write,
    inventory: &Inventory,
    objects: &[Object],
) -> io::Result<()> {
    for object in objects {
        let existing = existing(inventory, object);
        let old = existing.as_ref().map(text_of).unwrap_or_default();
        let new = text_of(object);
        if old == new {
            continue;
        }
        let metadata = object.metadata();
        let name = crate::render::plain(&crate::words::qualified(metadata)).into_owned();
        let label = format!("{} {name}", object.kind());
        let origin = match &existing {
            Some(existing) => format!("{label}{}", crate::words::origin(existing.metadata())),
            None => "/dev/null".to_owned(),
        };
        writeln!(out, "--- {origin}\n+++ {label}")?;
        write_hunks(out, &compare(&lines(&old), &lines(&new)))?;
    }
    Ok(())
}

/// Writes the removal of an object.
pub(crate) fn write_deleted(out: &mut impl Write, object: &Object) -> io::Result<()> {
    let metadata = object.metadata();
    let name = crate::render::plain(&crate::words::qualified(metadata)).into_owned();
    let origin = crate::words::origin(metadata);
    writeln!(out, "--- {} {name}{origin}\n+++ /dev/null", object.kind())?;
    write_hunks(out, &compare(&lines(&text_of(object)), &[]))
}

fn existing(inventory: &Inventory, object: &Object) -> Option<Object> {
    let metadata = object.metadata();
    let (namespace, name) = (&*metadata.namespace, &*metadata.name);
    Some(match object {
        Object::ServiceAccount(_) => {
            Object::ServiceAccount(inventory.service_account(namespace, name)?.clone())
        }
        Object::Role(_) => {
            let role = inventory.role(namespace, name)?.clone();
            Object::Role(GrantedRole { role, answers: Vec::new() })
        }
        Object::Binding(_) => Object::Binding(inventory.binding(namespace, name)?.clone()),
    })
}

/// Returns an object's YAML without its comments.
fn text_of(object: &Object) -> String {
    let yaml = yaml_of(std::slice::from_ref(object));
    yaml.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// One line of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Same(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// Compares two texts by their longest common subsequence of lines.
pub(crate) fn compare<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    if old.len().saturating_mul(new.len()) > MOST_PAIRS {
        let removed = old.iter().map(|line| Line::Removed(line));
        return removed.chain(new.iter().map(|line| Line::Added(line))).collect();
    }
    // common[i][j] is the length of the longest common subsequence of old[i..] and new[j..].
    let width = new.len() + 1;
    let mut common = vec![0usize; (old.len() + 1) * width];
    let at = |common: &[usize], i: usize, j: usize| {
        common.get(i * width + j).copied().unwrap_or_default()
    };
    for (i, left) in old.iter().enumerate().rev() {
        for (j, right) in new.iter().enumerate().rev() {
            let length = if left == right {
                at(&common, i + 1, j + 1) + 1
            } else {
                at(&common, i + 1, j).max(at(&common, i, j + 1))
            };
            if let Some(cell) = common.get_mut(i * width + j) {
                *cell = length;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut compared = Vec::with_capacity(old.len() + new.len());
    loop {
        match (old.get(i), new.get(j)) {
            (Some(left), Some(right)) if left == right => {
                compared.push(Line::Same(left));
                i += 1;
                j += 1;
            }
            (Some(left), right)
                if right.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) =>
            {
                compared.push(Line::Removed(left));
                i += 1;
            }
            (_, Some(right)) => {
                compared.push(Line::Added(right));
                j += 1;
            }
            _ => return compared,
        }
    }
}

pub(crate) fn write_hunks(out: &mut impl Write, lines: &[Line<'_>]) -> io::Result<()> {
    let changed = |line: &Line<'_>| !matches!(line, Line::Same(_));
    let is_near = |position: usize| {
        let from = position.saturating_sub(CONTEXT);
        lines.iter().skip(from).take(position - from + CONTEXT + 1).any(changed)
    };
    let near: Vec<bool> = (0..lines.len()).map(is_near).collect();
    let marked: Vec<(bool, Line<'_>)> = near.into_iter().zip(lines.iter().copied()).collect();
    let (mut old, mut new) = (0, 0);
    for hunk in marked.chunk_by(|(left, _), (right, _)| left == right) {
        let old_lines = hunk.iter().filter(|(_, line)| !matches!(line, Line::Added(_))).count();
        let new_lines = hunk.iter().filter(|(_, line)| !matches!(line, Line::Removed(_))).count();
        if hunk.first().is_some_and(|(near, _)| *near) {
            // The position of an empty side is the line before the hunk.
            let (old_start, new_start) =
                (old + usize::from(old_lines > 0), new + usize::from(new_lines > 0));
            writeln!(
                out,
                "{PLACE}@@ -{old_start},{old_lines} +{new_start},{new_lines} @@{PLACE:#}"
            )?;
            for (_, line) in hunk {
                let (style, sign, text) = match line {
                    Line::Same(text) => (Style::new(), ' ', text),
                    Line::Removed(text) => (REMOVED, '-', text),
                    Line::Added(text) => (ADDED, '+', text),
                };
                writeln!(out, "{style}{sign}{text}{style:#}")?;
            }
        }
        old += old_lines;
        new += new_lines;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_shown_with_some_context() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj";
        let new = "a\nb\nc\nd\ne\nF\nf\ng\nh\ni\nk";
        let mut shown = Vec::new();
        write_hunks(&mut shown, &compare(&lines(old), &lines(new))).unwrap();
        let shown = anstream::adapter::strip_str(std::str::from_utf8(&shown).unwrap()).to_string();
        assert_eq!(shown, "@@ -3,8 +3,9 @@\n c\n d\n e\n+F\n f\n g\n h\n i\n-j\n+k\n");
    }

    #[test]
    fn comparing_with_nothing_adds_everything() {
        let mut shown = Vec::new();
        write_hunks(&mut shown, &compare(&[], &["a", "b"])).unwrap();
        let shown = anstream::adapter::strip_str(std::str::from_utf8(&shown).unwrap()).to_string();
        assert_eq!(shown, "@@ -0,0 +1,2 @@\n+a\n+b\n");
        assert_eq!(compare(&[], &["a", "b"]), [Line::Added("a"), Line::Added("b")]);
        assert_eq!(compare(&["a"], &[]), [Line::Removed("a")]);
        assert_eq!(compare(&["a"], &["a"]), [Line::Same("a")]);
    }
}
