//! Reports the unread parts of the input, on stderr.

use std::collections::BTreeSet;
use std::path::Path;

use rolecall_check::PathGlob;
use rolecall_rbac::{Glob, Inventory, Text, sentence_list};
use rolecall_source::{Problem, ProblemKind, Severity};

use crate::cli::Options;
use crate::error::Hint;
use crate::ui::Ui;
use crate::{unrendered, words};

/// The maximum number of input problems to report without `-v`.
const MAX_REPORTED: usize = 50;

/// Reports input problems, and returns whether a document could not be read. Charts and templates that
/// were not rendered do not count: they are gaps, which make answers unknown.
pub(crate) fn report(ui: &Ui, options: &Options, problems: &[Problem]) -> bool {
    let is_error = |problem: &&Problem| problem.severity() == Severity::Error;
    let limit = if options.output.verbose > 0 { usize::MAX } else { MAX_REPORTED };
    for problem in problems.iter().take(limit) {
        if is_error(&problem) && !is_left_open(problem) && !options.source.keep_going {
            ui.problem(problem.to_string());
        } else {
            ui.warn(problem.to_string());
        }
    }
    if let Some(hint) = problems.iter().find_map(|problem| remedy(options, problem)) {
        ui.suggest(hint);
    }
    if problems.len() > limit {
        ui.problem(format!("{} more problems; `-v` lists them all", problems.len() - limit));
    }
    problems.iter().any(|problem| is_error(&problem) && !is_left_open(problem))
}

/// Returns whether a problem only leaves answers open: an unrendered target, or a path outside the repository.
fn is_left_open(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::Unrendered | ProblemKind::OutsideLink)
}

pub(crate) fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.severity() == Severity::Error)
}

/// Returns a hint for a problem.
pub(crate) fn remedy(options: &Options, problem: &Problem) -> Option<Hint> {
    match problem.kind {
        ProblemKind::Unrendered if problem.line > 0 || Path::new(&problem.file).is_dir() => {
            Some(unrendered::chart(&problem.file, options))
        }
        ProblemKind::NoManifests if Path::new(&problem.file).is_dir() => {
            Some(Hint::run("rolecall snapshot > cluster.yaml", "get manifests from a live cluster"))
        }
        _ => None,
    }
}

/// Notes the number of excluded paths, which `check` includes in its totals instead, and the patterns of
/// `--exclude` without an effect.
pub(crate) fn note_excluded(ui: &Ui, options: &Options, excluded: usize, unmatched: &[Glob]) {
    if excluded > 0 && !options.source.is_configured {
        ui.note(format!("{} excluded", words::count(excluded, "path")));
    }
    for written in options.given.values("exclude") {
        let parsed = written.parse::<PathGlob>();
        if parsed.is_ok_and(|pattern| unmatched.contains(&pattern.glob)) {
            let paths: Vec<String> =
                options.source.paths().map(|path| format!("`{}`", path.display())).collect();
            let place = sentence_list(&paths);
            ui.note(format!("`--exclude {written}` matches nothing in {place}"));
        }
    }
}

/// Notes the versions of the RBAC group that no server serves.
pub(crate) fn note_unknown_versions(ui: &Ui, inventory: &Inventory) {
    let roles = inventory.roles().iter().map(|role| &role.metadata);
    let bindings = inventory.bindings().iter().map(|binding| &binding.metadata);
    let versions: BTreeSet<&Text> =
        roles.chain(bindings).filter_map(|metadata| metadata.written_version.as_ref()).collect();
    let is_retired =
        |version: &str| matches!(version.rsplit('/').next(), Some("v1alpha1" | "v1beta1"));
    for version in versions.into_iter().filter(|version| !is_retired(version)) {
        ui.note(format!(
            "`{version}` is not a version of RBAC: servers refuse its objects, which are read as `v1` here"
        ));
    }
}
