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
    ui.suggest(Hint::run(rendered(&build, options), "read the result"));
}

/// Returns the command that renders a chart and reads the result.
pub(crate) fn chart(file: &str, options: &Options) -> Hint {
    // The chart of a single template is not known.
    let is_chart = Path::new(file).is_dir();
    let chart = if is_chart { cli::quote(file) } else { "CHART".to_owned() };
    let render = format!("helm template {chart}");
    Hint::run(rendered(&render, options), "read the rendered chart")
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

/// Returns the command line that reads the output of another program.
fn rendered(program: &str, options: &Options) -> String {
    match &*options.command {
        "check" => format!("{program} | rolecall check -"),
        // Both sides can need rendering, and there is only one stdin.
        "diff" | "" => format!("{program} > rendered.yaml"),
        command => format!("{program} | rolecall {command} -f -"),
    }
}
