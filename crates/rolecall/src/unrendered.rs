//! Files that another program makes something else of before it is applied, and how to read that.

use std::path::Path;

use crate::cli::{self, Options};
use crate::error::Hint;
use crate::ui::Ui;

/// Says that Kustomize makes something else of the files before they are applied.
pub(crate) fn tell_unbuilt(ui: &Ui, options: &Options, unbuilt: &[String]) {
    let (first, others) = match unbuilt {
        [] => return,
        [first] => (first, String::new()),
        [first, _] => (first, " and 1 other".to_owned()),
        [first, others @ ..] => (first, format!(" and {} others", others.len())),
    };
    let (was, it) = if others.is_empty() { ("was", "it") } else { ("were", "they") };
    ui.note(format!("`{first}`{others} {was} not built: answers that {it} can change are unknown"));
    let build = format!("kustomize build {}", cli::quote(&folder(first)));
    ui.suggest(Hint::run(rendered(&build, options), "read what is applied"));
}

/// Returns the command that reads what the templates of a chart make.
pub(crate) fn chart(file: &str, options: &Options) -> Hint {
    // A template that stands alone does not say where its chart is.
    let is_chart = Path::new(file).is_dir();
    let chart = if is_chart { cli::quote(file) } else { "CHART".to_owned() };
    let render = format!("helm template {chart}");
    Hint::run(rendered(&render, options), "read what the templates make")
}

/// Returns the folder of a kustomization; that of a commit has to be checked out.
fn folder(kustomization: &str) -> String {
    let path = Path::new(kustomization);
    let is_here = path.is_file();
    match path.parent().filter(|_| is_here) {
        Some(parent) if parent.as_os_str().is_empty() => ".".to_owned(),
        Some(parent) => parent.to_string_lossy().into_owned(),
        None => "DIRECTORY".to_owned(),
    }
}

/// Returns the command line that reads what another program renders.
fn rendered(program: &str, options: &Options) -> String {
    match &*options.command {
        "check" => format!("{program} | rolecall check -"),
        // Both sides may need it, and stdin is one.
        "diff" | "" => format!("{program} > rendered.yaml"),
        command => format!("{program} | rolecall {command} -f -"),
    }
}
