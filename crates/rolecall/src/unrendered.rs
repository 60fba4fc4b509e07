//! Kustomizations and charts, which are built by another program before they are applied.

use std::path::Path;

use crate::cli::{self, Options};
use crate::error::Hint;
use crate::ui::Ui;

/// Notes which kustomizations were not built.
pub(crate) fn note_unbuilt(ui: &Ui, options: &Options, unbuilt: &[String]) {
    let (first, others) = match unbuilt {
        [] => return,
        [first] => (first, String::new()),
        [first, _] => (first, " and 1 other".to_owned()),
        [first, others @ ..] => (first, format!(" and {} others", others.len())),
    };
    let (was, it) = if others.is_empty() { ("was", "it") } else { ("were", "them") };
    ui.note(format!("`{first}`{others} {was} not built: answers that depend on {it} are unknown"));
    let build = format!("kustomize build {}", cli::quote(&folder(first)));
    ui.suggest(rendered(&build, first, options, "read the result"));
}

/// Returns the command that renders a chart and reads the result.
pub(crate) fn chart(file: &str, options: &Options) -> Hint {
    // The chart of a single template is not known.
    let is_chart = Path::new(file).is_dir();
    let chart = if is_chart { cli::quote(file) } else { "CHART".to_owned() };
    let render = format!("helm template {chart}");
    rendered(&render, file, options, "read the rendered chart")
}

/// Returns the directory of a kustomization, or a placeholder for one in a commit.
fn folder(kustomization: &str) -> String {
    let path = Path::new(kustomization);
    let is_here = path.is_file();
    match path.parent().filter(|_| is_here) {
        Some(parent) if parent.as_os_str().is_empty() => ".".to_owned(),
        Some(parent) => parent.to_string_lossy().into_owned(),
        None => "DIRECTORY".to_owned(),
    }
}

/// Returns a hint at the command line that asks the same question about the output of another program, which
/// renders `source`.
fn rendered(program: &str, source: &str, options: &Options, purpose: &str) -> Hint {
    let given = &options.given;
    let sources = match given.command() {
        "check" => &["paths", "filename"][..],
        "diff" => &["old", "new"],
        _ => &["filename"],
    };
    let values = sources.iter().flat_map(|id| given.values(id));
    let holders = values.filter(|value| holds(value, source)).count();
    if given.command() == "diff"
        && let Some(hint) = rendered_side(program, source, options, holders)
    {
        return hint;
    }
    let (joint, path) = match given.reads_stdin() {
        true => (format!("> {RENDERED} &&"), RENDERED),
        false => ("|".to_owned(), "-"),
    };
    let replace = |value: &str| match holders == 0 || holds(value, source) {
        true if value.starts_with(OVERLAY) => format!("{OVERLAY}{path}"),
        true => path.to_owned(),
        false => value.to_owned(),
    };
    let given = sources.iter().fold(given.clone(), |given, id| given.replacing(id, replace));
    Hint::run(format!("{program} {joint} {}", given.again(&[])), purpose)
}

/// Returns the hint at rendering into a file if the other side of a comparison can need rendering, too, or if
/// the source is a commit, which cannot be rendered in place.
fn rendered_side(program: &str, source: &str, options: &Options, holders: usize) -> Option<Hint> {
    let given = &options.given;
    let value = |side: &str| given.values(side).next().unwrap_or_default();
    let (side, other) = match holds(value("old"), source) {
        true => ("old", "new"),
        false => ("new", "old"),
    };
    if holders != 1 {
        return Some(Hint::run(format!("{program} > {RENDERED}"), "render it into a file"));
    }
    let is_directory =
        |value: &str| Path::new(value.strip_prefix(OVERLAY).unwrap_or(value)).is_dir();
    is_directory(value(other)).then(|| {
        let purpose = format!("render {}; then pass `{side}.yaml` for it", side.to_uppercase());
        Hint::run(format!("{program} > {side}.yaml"), purpose)
    })
}

/// The prefix of manifests that `diff` lays over a cluster.
const OVERLAY: &str = "overlay:";

/// A file for output that cannot be read from stdin.
const RENDERED: &str = "rendered.yaml";

/// Returns whether a source in the arguments contains a file.
fn holds(source: &str, file: &str) -> bool {
    let clean = |path: &str| path.trim_start_matches("./").trim_end_matches('/').to_owned();
    let source = clean(source.strip_prefix(OVERLAY).unwrap_or(source));
    source == "." || source.is_empty() || Path::new(&clean(file)).starts_with(source)
}
