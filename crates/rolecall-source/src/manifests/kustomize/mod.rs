//! The effects of a `kustomization.yaml` that are known without building it: which files are
//! patches, which namespace the objects get, and whether a build changes the objects before they
//! are applied.

mod fault;
mod unbuilt;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use rolecall_yaml::{self as yaml, Node, Position};

use self::fault::{Fault, field};
pub(super) use self::unbuilt::PendingBuild;
use super::text::{shown, words};
use crate::problem::{Problem, ProblemKind};

/// The file names that Kustomize looks for.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The size limit of a kustomization.
const LONGEST: u64 = 1 << 20;

/// The fields that change names, namespaces or rules, or that add objects from elsewhere. Names of
/// generated objects also change in `resourceNames`.
const CHANGES: [&str; 15] = [
    "components",
    "configMapGenerator",
    "generators",
    "helmCharts",
    "helmChartInflationGenerator",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "secretGenerator",
    "transformers",
    "vars",
];

/// The fields that change names.
const RENAMES: [&str; 2] = ["namePrefix", "nameSuffix"];

/// The kustomizations of some directories.
#[derive(Debug, Default)]
pub(super) struct Kustomizations {
    /// The normalized paths of files with patches.
    pieces: BTreeSet<PathBuf>,
    /// The layers, by the normalized path of their directory.
    layers: BTreeMap<PathBuf, Layer>,
    /// The normalized paths of reported kustomizations, which are not read as manifests.
    reported: BTreeSet<PathBuf>,
}

/// The resources of a kustomization and their changes.
#[derive(Debug, Default)]
struct Layer {
    /// The path of the kustomization, as found.
    path: PathBuf,
    namespace: Option<String>,
    /// The changes, such as "sets `namespace`"; empty for none.
    changes: Vec<String>,
    /// The reason for which Kustomize refuses to build it.
    fault: Option<String>,
    /// Whether the kustomization changes names.
    renames: bool,
    /// The normalized paths of its resources: files, and directories with another kustomization.
    resources: Vec<PathBuf>,
}

/// Returns whether a file name is that of a kustomization.
pub(super) fn is_kustomization(name: &std::ffi::OsStr) -> bool {
    NAMES.iter().any(|known| name == *known)
}

impl Kustomizations {
    /// Returns whether there are no kustomizations.
    pub(super) fn is_empty(&self) -> bool {
        self.layers.is_empty() && self.pieces.is_empty()
    }

    /// Reads a kustomization, and returns its first fault. A syntax error is reported when the file is
    /// read as a manifest, if its name is that of one.
    pub(super) fn read(&mut self, path: &Path) -> Option<Problem> {
        let mut content = String::new();
        // Opening a pipe would wait for a writer.
        let is_file = path.metadata().and_then(|metadata| match metadata.is_file() {
            true => Ok(()),
            false => Err(io::Error::other("it is not a regular file")),
        });
        let read = is_file
            .and_then(|()| File::open(path))
            .and_then(|file| file.take(LONGEST).read_to_string(&mut content));
        if let Err(error) = read {
            return self
                .unreadable(path, Fault { position: Position::default(), message: words(&error) });
        }
        let documents = match yaml::parse(&content, 1) {
            Ok(documents) => documents,
            Err(error) => {
                let fault = Fault { position: error.position, message: error.what };
                return self.unreadable(path, fault);
            }
        };
        // Kustomize reads only the first document.
        let Some(document) = documents.first() else {
            let fault = Fault { position: Position::default(), message: "it is empty".to_owned() };
            return self.broken(path, Layer::default(), fault);
        };
        let root = document.root();
        if fault::is_other_object(root) {
            return None;
        }
        let directory = path.parent().unwrap_or(Path::new(""));
        let pieces = pieces(root).into_iter().map(|piece| normal(&directory.join(piece)));
        self.pieces.extend(pieces);
        let layer = Layer {
            path: path.to_owned(),
            changes: changes(root),
            fault: None,
            renames: RENAMES.iter().any(|name| text(root, name).is_some()),
            namespace: text(root, "namespace").map(str::to_owned),
            resources: resources(root).map(|path| normal(&directory.join(path))).collect(),
        };
        if self.layers.contains_key(&normal(directory)) {
            let message = "another kustomization is in the same folder".to_owned();
            return self.broken(path, layer, Fault { position: Position::default(), message });
        }
        if let Some(fault) = fault::find(root) {
            return self.broken(path, layer, fault);
        }
        self.layers.insert(normal(directory), layer);
        None
    }

    /// Adds a kustomization that is not YAML.
    fn unreadable(&mut self, path: &Path, fault: Fault) -> Option<Problem> {
        let problem = self.broken(path, Layer::default(), fault);
        if path.extension().is_none() {
            return problem;
        }
        self.reported.remove(&normal(path));
        None
    }

    /// Adds a kustomization that Kustomize refuses.
    fn broken(&mut self, path: &Path, layer: Layer, fault: Fault) -> Option<Problem> {
        let Fault { position: Position { line, column }, message } = fault;
        let directory = normal(path.parent().unwrap_or(Path::new("")));
        let layer = Layer { path: path.to_owned(), fault: Some(message.clone()), ..layer };
        self.layers.insert(directory, layer);
        self.reported.insert(normal(path));
        let kind = ProblemKind::BrokenKustomization;
        let message = format!("Kustomize cannot build it: {message}");
        Some(Problem { file: shown(path), line, column, kind, message })
    }

    /// Returns whether a file is a kustomization with a reported fault.
    pub(super) fn is_reported(&self, path: &Path) -> bool {
        !self.reported.is_empty() && self.reported.contains(&normal(path))
    }

    /// Returns the paths of the kustomizations, as found.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        self.layers.values().map(|layer| layer.path.clone()).collect()
    }

    /// Leaves out the kustomizations whose path `is_rendered` returns true for.
    pub(super) fn leave_out(&mut self, mut is_rendered: impl FnMut(&Path) -> bool) {
        self.layers.retain(|_, layer| !is_rendered(&layer.path));
    }

    /// Returns whether a file contains a patch.
    pub(super) fn is_piece(&self, path: &Path) -> bool {
        !self.pieces.is_empty() && self.pieces.contains(&normal(path))
    }

    /// Returns whether a file, by its normalized path, is next to a kustomization and therefore
    /// meant to be built.
    pub(super) fn completes(&self, path: &Path) -> bool {
        path.parent().is_some_and(|directory| self.layers.contains_key(directory))
    }

    /// Returns the namespaces that are set for files, by normalized path. The nearest kustomization
    /// with a namespace wins, and of equally near ones the first.
    pub(super) fn namespaces(&self) -> BTreeMap<PathBuf, String> {
        let mut namespaces = BTreeMap::new();
        for layer in self.layers.values() {
            let Some(namespace) = &layer.namespace else { continue };
            let mut taken_in: Vec<&PathBuf> = layer.resources.iter().collect();
            let mut seen = BTreeSet::new();
            while let Some(path) = taken_in.pop() {
                if !seen.insert(path) {
                    continue;
                }
                match self.layers.get(path) {
                    Some(lower) if lower.namespace.is_none() => taken_in.extend(&lower.resources),
                    Some(_) => {}
                    None => {
                        namespaces.entry(path.clone()).or_insert_with(|| namespace.clone());
                    }
                }
            }
        }
        namespaces
    }
}

/// Returns the files with patches and replacements.
fn pieces(root: Node<'_>) -> Vec<&str> {
    let items = |name: &str| field(root, name).into_iter().flat_map(Node::items);
    let mut pieces: Vec<&str> = ["patches", "patchesJson6902", "replacements"]
        .into_iter()
        .flat_map(|field| items(field).filter_map(|item| item.get("path")?.as_str()))
        .collect();
    // An entry is the name of a file or an inline patch.
    let merged = items("patchesStrategicMerge").filter_map(Node::as_str);
    pieces.extend(merged.filter(|text| !text.contains('\n')));
    pieces
}

/// Returns the changes of a kustomization to its resources, as far as they affect access.
fn changes(root: Node<'_>) -> Vec<String> {
    let is_set = |name: &str| {
        field(root, name).is_some_and(|value| {
            !value.is_null()
                && (!value.is_list() || value.items().next().is_some())
                && value.as_str() != Some("")
        })
    };
    let fields = CHANGES.iter().filter(|name| is_set(name));
    let fields: Vec<String> = fields.map(|name| format!("`{name}`")).collect();
    let mut changes = Vec::new();
    if !fields.is_empty() {
        changes.push(format!("sets {}", fields.join(", ")));
    }
    if relabels(root) {
        changes.push("sets labels that aggregation rules select".to_owned());
    }
    changes.extend(resources(root).find(|it| is_remote(it)).map(|it| format!("includes `{it}`")));
    changes
}

/// Returns whether a kustomization sets labels that aggregation rules use.
fn relabels(root: Node<'_>) -> bool {
    let is_selected =
        |(key, _): (Node<'_>, Node<'_>)| key.as_str().is_some_and(|key| key.contains("aggregate"));
    let common = field(root, "commonLabels").into_iter();
    let pairs = field(root, "labels").into_iter().flat_map(Node::items);
    common.chain(pairs.filter_map(|item| item.get("pairs"))).flat_map(Node::pairs).any(is_selected)
}

/// Returns the resources of a kustomization.
fn resources(root: Node<'_>) -> impl Iterator<Item = &str> {
    let lists = ["resources", "bases", "components"].into_iter();
    lists.filter_map(move |name| field(root, name)).flat_map(Node::items).filter_map(Node::as_str)
}

fn text<'d>(root: Node<'d>, name: &str) -> Option<&'d str> {
    field(root, name)?.as_str().filter(|text| !text.is_empty())
}

fn is_remote(resource: &str) -> bool {
    resource.contains("://") || resource.contains("?ref=") || resource.starts_with("github.com")
}

/// Normalizes a path: removes `.` and, where possible, `..`.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        let leads_back = matches!(normal.components().next_back(), Some(Component::Normal(_)));
        match component {
            Component::CurDir => {}
            Component::ParentDir if leads_back => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests;
