//! Configuration files of `check`, with the positions for errors and findings.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use rolecall_check::{CheckConfig, PathGlob, RenderSetting};
use rolecall_rbac::{Origin, Text};
use rolecall_yaml::{self as yaml, Node, Position};
use serde::Deserialize;

use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::file::{self, Bound};
use crate::ui::Ui;

/// The default names, in order of precedence.
const NAMES: [&str; 2] = ["rolecall.yaml", "rolecall.yml"];

/// The maximum size of a configuration.
const BOUND: Bound = Bound { bytes: 16 << 20, what: "a configuration" };

/// Reads the named files, or those at the root of the checked paths, or the one in the working directory,
/// if there is one.
pub(crate) fn load(
    ui: &Ui,
    named: &[PathBuf],
    checked: &[PathBuf],
) -> Result<CheckConfig, CommandError> {
    let mut config = CheckConfig::empty();
    if !named.is_empty() {
        for path in named {
            config.extend(read(ui, path)?);
        }
        return Ok(config);
    }
    for path in find(ui, checked) {
        ui.note(format!("configured by {}", path.display()));
        config.extend(read(ui, &path)?);
    }
    Ok(config)
}

/// Returns the excluded paths, for commands that ignore the rest of the configuration. An invalid file is
/// only a warning for them.
pub(crate) fn exclusions(ui: &Ui, read: &[PathBuf]) -> Vec<PathGlob> {
    let mut exclude = Vec::new();
    for path in find(ui, read) {
        match self::read(ui, &path) {
            Ok(config) => exclude.extend(config.exclude),
            Err(error) => ui.warn(format!("ignoring the exclusions: {}", error.chain().join(": "))),
        }
    }
    exclude
}

/// Returns how targets are rendered. Unlike exclusions, an invalid setting is an error, because it changes the
/// objects.
pub(crate) fn render_settings(
    ui: &Ui,
    options: &Options,
) -> Result<Vec<RenderSetting>, CommandError> {
    if options.source.is_configured {
        return Ok(options.source.settings.clone());
    }
    let mut settings = Vec::new();
    for path in find(ui, &options.source.filename) {
        settings.extend(self::read(ui, &path)?.render);
    }
    Ok(settings)
}

/// Returns the files at the roots of paths, or the one in the working directory, if there is one.
fn find(ui: &Ui, paths: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut found: BTreeSet<PathBuf> = paths.iter().filter_map(|path| within(ui, path)).collect();
    if found.is_empty() && !paths.is_empty() {
        found.extend(within(ui, Path::new(".")));
    }
    found
}

/// Returns the configuration file at the root of a path, if there is one.
fn within(ui: &Ui, path: &Path) -> Option<PathBuf> {
    let root = if path == Path::new(".") { Path::new("") } else { path };
    let mut found = NAMES.iter().map(|name| root.join(name)).filter(|path| path.is_file());
    let first = found.next()?;
    if let Some(other) = found.next() {
        ui.warn(format!("ignoring `{}`: `{}` takes precedence", other.display(), first.display()));
    }
    Some(first)
}

/// Reads one file, which can contain several documents.
fn read(ui: &Ui, path: &Path) -> Result<CheckConfig, CommandError> {
    let shown = path.display();
    let text = file::read_text(ui, path, BOUND)?;
    let at = |Position { line, column }: Position, what: &dyn Display| {
        CommandError::input(format!("{shown}:{line}:{column}: {what}"))
    };
    let mut read: Option<CheckConfig> = None;
    for document in &yaml::parse(&text, 1).map_err(|error| at(error.position, &error))? {
        // Otherwise a duplicate key would silently override the first one.
        if let Some(duplicate) = document.duplicates().first() {
            let what = format!(
                "duplicate key `{}`, first on line {}",
                duplicate.key, duplicate.earlier.line
            );
            return Err(at(duplicate.later, &what));
        }
        let root = document.root();
        if root.is_null() {
            continue;
        }
        let config = CheckConfig::deserialize(root).map_err(|error| at(error.position, &error))?;
        let config = with_origins(config, root, &shown.to_string().into());
        read.get_or_insert_with(CheckConfig::empty).extend(config);
    }
    read.ok_or_else(|| {
        CommandError::input(format!("`{shown}` contains no configuration")).with_hint(Hint::edit(
            format!("`{shown}`"),
            "begin with `apiVersion: rolecall.dev/v1` and `kind: CheckConfig`",
        ))
    })
}

/// Adds the position of each entry.
fn with_origins(mut config: CheckConfig, root: Node<'_>, path: &Text) -> CheckConfig {
    let origins = |field: &str| {
        let nodes = root.get(field).into_iter().flat_map(Node::items);
        nodes.map(|node| Origin::File { path: path.clone(), line: node.position().line })
    };
    for (expectation, origin) in config.expectations.iter_mut().zip(origins("expectations")) {
        expectation.origin = origin;
    }
    for (suppression, origin) in config.suppressions.iter_mut().zip(origins("suppressions")) {
        suppression.origin = origin;
    }
    for (setting, origin) in config.render.iter_mut().zip(origins("render")) {
        setting.origin = origin;
    }
    for (external, origin) in config.external.iter_mut().zip(origins("external")) {
        external.origin = origin;
    }
    config
}
