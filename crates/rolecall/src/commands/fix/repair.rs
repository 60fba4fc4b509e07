//! Corrections of single words, as a patch of files or as objects of a cluster.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};

use rolecall_grant::{Denied, Object, Plan, Repair, Step};
use rolecall_rbac::Origin;
use rolecall_yaml::scalar;
use rolecall_yaml::{self as yaml, Field, FieldStep, Region};

use super::diff;
use crate::answer::repair::{Located, Place};
use crate::cli::{Options, quote};
use crate::error::Hint;
use crate::render::plain;
use crate::ui::Ui;

/// Finds the locations of corrections.
pub(crate) fn locate(repairs: &[Repair]) -> Vec<Located<'_>> {
    repairs.iter().map(|repair| Located { repair, file: place_of(repair) }).collect()
}

fn place_of(repair: &Repair) -> Option<(String, Place)> {
    let Origin::File { path, line } = &repair.object.metadata().origin else { return None };
    if &**path == "-" {
        return None;
    }
    let bytes = fs::read(&**path).ok()?;
    let object = &repair.object;
    let find = |steps: &[Step]| {
        let field = Field {
            line: *line,
            kind: object.kind(),
            name: &object.metadata().name,
            steps: steps.iter().map(field_step).collect(),
        };
        yaml::locate(&bytes, &[field]).into_iter().next().flatten()
    };
    let word = &repair.word;
    if !word.from.is_empty() {
        let region = find(&word.field)?;
        return is_line(region).then(|| (path.to_string(), Place::Word(region)));
    }
    // A missing field is added after the `name` next to it.
    let (_, parents) = word.field.split_last()?;
    let beside: Vec<Step> = parents.iter().copied().chain([Step::Key("name")]).collect();
    let region = find(&beside)?;
    is_line(region).then(|| (path.to_string(), Place::Behind(region)))
}

fn is_line(region: Region) -> bool {
    region.start.line == region.end.line && region.start.column < region.end.column
}

fn field_step(step: &Step) -> FieldStep<'_> {
    match step {
        Step::Key(key) => FieldStep::Key(key),
        Step::Index(index) => FieldStep::Index(*index),
    }
}

/// Writes the corrections of files as a unified diff.
pub(super) fn write_patch(out: &mut impl Write, located: &[Located<'_>]) -> io::Result<()> {
    let mut of_file: BTreeMap<&str, Vec<&Located<'_>>> = BTreeMap::new();
    for located in located {
        if let Some((path, _)) = &located.file {
            of_file.entry(path).or_default().push(located);
        }
    }
    for (path, located) in of_file {
        let old = fs::read_to_string(path)?;
        let mut lines: Vec<String> = old.lines().map(str::to_owned).collect();
        // Start at the end, so that added lines do not move other locations.
        let mut edits: Vec<&Located<'_>> = located;
        edits.sort_by_key(|located| {
            std::cmp::Reverse(located.file.as_ref().map(|(_, place)| place.region().start))
        });
        for edit in edits {
            if let Some((_, place)) = &edit.file {
                apply(&mut lines, *place, edit.repair);
            }
        }
        let old: Vec<&str> = old.lines().collect();
        let new: Vec<&str> = lines.iter().map(String::as_str).collect();
        // As in git, with a prefix that `patch -p1` strips.
        let (before, after) = match path.starts_with('/') {
            true => (path.to_owned(), path.to_owned()),
            false => (format!("a/{path}"), format!("b/{path}")),
        };
        writeln!(out, "--- {}\n+++ {}", plain(&before), plain(&after))?;
        diff::write_hunks(out, &diff::compare(&old, &new))?;
    }
    Ok(())
}

fn apply(lines: &mut Vec<String>, place: Place, repair: &Repair) {
    let region = place.region();
    let Some(at) = usize::try_from(region.start.line).ok().and_then(|line| line.checked_sub(1))
    else {
        return;
    };
    let Some(line) = lines.get(at).cloned() else { return };
    let column = |column: u32| {
        let characters = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
        line.char_indices().nth(characters).map_or(line.len(), |(at, _)| at)
    };
    let (start, end) = (column(region.start.column), column(region.end.column));
    let (head, tail) = (line.get(..start).unwrap_or_default(), line.get(end..).unwrap_or_default());
    let word = line.get(start..end).unwrap_or_default();
    let to = scalar(&repair.word.to);
    let key = repair.word.field.last().map_or("", |step| match step {
        Step::Key(key) => key,
        Step::Index(_) => "",
    });
    match place {
        Place::Word(_) => {
            let written = match word.chars().next() {
                Some(mark @ ('"' | '\'')) if !to.starts_with(['"', '\'']) => {
                    format!("{mark}{to}{mark}")
                }
                _ => to,
            };
            if let Some(line) = lines.get_mut(at) {
                *line = format!("{head}{written}{tail}");
            }
        }
        Place::Behind(_) => {
            let before = head.trim_end().strip_suffix("name:").unwrap_or(head);
            let is_block = before.chars().all(|c| c == ' ' || c == '-');
            if is_block {
                let indent = " ".repeat(before.chars().count());
                lines.insert(at + 1, format!("{indent}{key}: {to}"));
            } else if let Some(line) = lines.get_mut(at) {
                *line = format!("{head}{word}, {key}: {to}{tail}");
            }
        }
    }
}

/// Replaces the objects of a plan with corrections. Requests that stay denied need another run, because
/// objects cannot be applied together with a patch.
pub(super) fn take(plan: &mut Plan, located: &[Located<'_>], left: &[Denied]) {
    let repairs = || located.iter().map(|located| located.repair);
    plan.answers.extend(repairs().flat_map(|repair| repair.answers.iter().cloned()));
    if located.iter().any(Located::is_in_file) {
        for answer in plan.answers.iter_mut().filter(|answer| left.contains(&answer.denied)) {
            answer.after = answer.before.clone();
        }
        plan.objects.clear();
        plan.gained.clear();
        plan.notes.clear();
        plan.in_doubt.clear();
    }
    plan.gained.extend(repairs().flat_map(|repair| repair.gained.iter().cloned()));
    // Apply corrections before new objects.
    plan.objects.splice(..0, objects(located));
}

/// Returns the corrected objects of a cluster or a stream.
fn objects(located: &[Located<'_>]) -> Vec<Object> {
    let elsewhere = located.iter().filter(|located| !located.is_in_file());
    let mut objects: Vec<Object> = Vec::new();
    for located in elsewhere {
        let object = &located.repair.object;
        let is_same = |known: &Object| {
            known.kind() == object.kind()
                && known.metadata().name == object.metadata().name
                && known.metadata().namespace == object.metadata().namespace
        };
        match objects.iter_mut().find(|known| is_same(known)) {
            Some(known) => *known = object.clone(),
            None => objects.push(object.clone()),
        }
    }
    objects
}

/// Notes the corrections, with commands to apply them.
pub(super) fn advise(ui: &Ui, options: &Options, located: &[Located<'_>]) {
    for located in located {
        ui.note(format!("one word is wrong: {}", located.in_words()));
    }
    if located.iter().any(Located::is_in_file) {
        let command = format!("{} | patch -p1", options.given.again(&[]));
        ui.suggest(Hint::run(command, "correct the files"));
    }
    for located in located.iter().filter(|located| !located.is_in_file()) {
        let object = &located.repair.object;
        let metadata = object.metadata();
        let mut command = vec!["kubectl".to_owned()];
        let is_role_ref = matches!(located.repair.word.field.first(), Some(Step::Key("roleRef")));
        let namespace = match &*metadata.namespace {
            "" => Vec::new(),
            namespace => vec!["-n".to_owned(), namespace.to_owned()],
        };
        let kind = object.kind().to_lowercase();
        if is_role_ref {
            // The server rejects changes of a roleRef.
            command.extend(["delete".to_owned(), kind, metadata.name.to_string()]);
            command.extend(namespace);
            let command: Vec<String> = command.iter().map(|word| quote(word)).collect();
            ui.suggest(Hint::run(
                command.join(" "),
                "delete the binding before you apply the YAML: a roleRef is immutable",
            ));
            continue;
        }
        let operations = located.operations().to_string();
        command.extend(["patch".to_owned(), kind, metadata.name.to_string()]);
        command.extend(namespace);
        command.extend(["--type", "json", "-p"].map(str::to_owned));
        command.push(operations);
        let command: Vec<String> = command.iter().map(|word| quote(word)).collect();
        ui.suggest(Hint::run(command.join(" "), "change only that word"));
    }
}
