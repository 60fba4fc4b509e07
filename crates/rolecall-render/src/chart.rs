//! The fields of a `Chart.yaml`, and the files that belong to a chart.

use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use rolecall_yaml::{self as yaml, Node};

use crate::boundary::Boundary;
use crate::text;

/// The directories of a chart whose files belong to it.
const PARTS: [&str; 5] = ["templates", "charts", "crds", "ci", "files"];

/// The most directories of a chart in which links are checked.
const MOST_DIRECTORIES: usize = 10_000;

/// A `Chart.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    /// The name.
    pub name: String,
    /// Whether other charts use it as a library, so that it cannot be installed.
    pub is_library: bool,
    /// The dependencies.
    pub dependencies: Vec<Dependency>,
}

/// A dependency of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The name of the chart.
    pub name: String,
    /// The name of the dependency in the chart, if it differs.
    pub alias: Option<String>,
    /// The address of the repository; empty if the chart is in `charts/`.
    pub repository: String,
    /// The file that lists it: `Chart.yaml`, or `requirements.yaml` in old charts.
    pub file: &'static str,
    /// The line in this file.
    pub line: u32,
}

impl Dependency {
    /// Returns the path of a chart in the repository, relative to the chart that depends on it.
    pub fn local_path(&self) -> Option<&str> {
        self.repository.strip_prefix("file://")
    }
}

impl Chart {
    /// Reads the `Chart.yaml` of a directory.
    pub fn read(directory: &Path) -> Result<Self, String> {
        let text = text::read(&directory.join("Chart.yaml"))?;
        let documents = yaml::parse(&text, 1).map_err(|error| error.to_string())?;
        let Some(document) = documents.first() else { return Err("it is empty".to_owned()) };
        let root = document.root();
        let mut dependencies = dependencies(root, "Chart.yaml");
        if dependencies.is_empty()
            && let Ok(text) = text::read(&directory.join("requirements.yaml"))
        {
            let documents = yaml::parse(&text, 1).map_err(|error| error.to_string())?;
            let root = documents.first().map(yaml::Document::root);
            dependencies.extend(
                root.map(|it| self::dependencies(it, "requirements.yaml")).unwrap_or_default(),
            );
        }
        let is_library = field(root, "type") == "library";
        Ok(Self { name: field(root, "name"), is_library, dependencies })
    }

    /// Returns the dependencies that are not in `charts/`.
    pub fn missing_dependencies(&self, directory: &Path) -> Vec<&Dependency> {
        if self.dependencies.is_empty() {
            return Vec::new();
        }
        let entries = fs::read_dir(directory.join("charts")).into_iter().flatten().flatten();
        let entries: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        let is_there = |name: &str| {
            entries.iter().any(|path| {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                let is_archive = file.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
                    && file.ends_with(".tgz");
                is_archive
                    || (path.is_dir()
                        && (file == name || Self::read(path).is_ok_and(|chart| chart.name == name)))
            })
        };
        self.dependencies.iter().filter(|dependency| !is_there(&dependency.name)).collect()
    }
}

fn field(node: Node<'_>, name: &str) -> String {
    node.get(name).and_then(Node::as_str).unwrap_or_default().to_owned()
}

fn dependencies(root: Node<'_>, file: &'static str) -> Vec<Dependency> {
    let items = root.get("dependencies").into_iter().flat_map(Node::items);
    let dependencies = items.map(|item| Dependency {
        name: field(item, "name"),
        alias: Some(field(item, "alias")).filter(|alias| !alias.is_empty()),
        repository: field(item, "repository"),
        file,
        line: item.position().line,
    });
    dependencies.collect()
}

/// Returns the files with other values of a chart, sorted: `values*.yaml` and `ci/*-values.yaml`.
pub(crate) fn variants(directory: &Path) -> Vec<PathBuf> {
    let files = |folder: &str| -> Vec<PathBuf> {
        let entries = fs::read_dir(directory.join(folder)).into_iter().flatten().flatten();
        entries.map(|entry| Path::new(folder).join(entry.file_name())).collect()
    };
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_yaml = |name: &str| name.ends_with(".yaml") || name.ends_with(".yml");
    let mut variants: Vec<PathBuf> = files("")
        .into_iter()
        .filter(|path| {
            let name = name(path);
            name.starts_with("values") && is_yaml(&name) && name != "values.yaml"
        })
        .chain(files("ci").into_iter().filter(|path| {
            let name = name(path);
            name.ends_with("-values.yaml") || name.ends_with("-values.yml")
        }))
        .filter(|path| directory.join(path).is_file())
        .collect();
    variants.sort();
    variants
}

/// Returns whether a file belongs to the chart in `directory`; both are real paths.
pub(crate) fn owns(directory: &Path, file: &Path) -> bool {
    let Ok(rest) = file.strip_prefix(directory) else { return false };
    let mut parts = rest.components();
    let first = parts.next().map(|part| part.as_os_str().to_string_lossy().into_owned());
    match (first.as_deref(), parts.next()) {
        (Some(name), None) => {
            name.starts_with("values")
                || matches!(name, "Chart.yaml" | "Chart.lock" | "requirements.yaml")
        }
        (Some(name), Some(_)) => PARTS.contains(&name),
        (None, _) => false,
    }
}

/// Returns the first link in a chart that leads outside the boundary. Helm follows links.
pub(crate) fn outside_link(directory: &Path, boundary: &Boundary) -> Option<PathBuf> {
    let mut seen = BTreeSet::new();
    let mut open = vec![directory.to_owned()];
    while let Some(folder) = open.pop() {
        if !seen.insert(folder.clone()) || seen.len() > MOST_DIRECTORIES {
            continue;
        }
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut paths: Vec<(PathBuf, FileType)> =
            entries.filter_map(|entry| Some((entry.path(), entry.file_type().ok()?))).collect();
        paths.sort_by(|left, right| left.0.cmp(&right.0));
        for (path, kind) in paths {
            if kind.is_symlink() {
                let target = fs::read_link(&path).unwrap_or_default();
                match boundary.resolve(&folder, &target.to_string_lossy()) {
                    Some(real) if real.is_dir() => open.push(real),
                    Some(_) => {}
                    None => return Some(path),
                }
            } else if kind.is_dir() {
                open.push(path);
            }
        }
    }
    None
}
