//! What a `kustomization.yaml` says of the files around it, as far as it goes without building it:
//! which of them are no objects but pieces of some, and whether the objects are what is applied.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::yaml::{self, Node};

/// The names of the file, as Kustomize looks for them.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// No such file is longer than that.
const LONGEST: u64 = 1 << 20;

/// The fields that change names, namespaces or rules, or add objects that stand elsewhere.
const CHANGES: [&str; 13] = [
    "components",
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
    "transformers",
    "vars",
];

/// What the kustomizations of some directories say.
#[derive(Debug, Default)]
pub(super) struct Kustomizations {
    /// Files that are pieces of objects, by their normal path.
    pieces: BTreeSet<PathBuf>,
    /// Kustomizations that make something else of the files than what they hold.
    pub(super) changing: Vec<PathBuf>,
}

/// Returns whether a file of that name is a kustomization.
pub(super) fn is_kustomization(name: &std::ffi::OsStr) -> bool {
    NAMES.iter().any(|known| name == *known)
}

impl Kustomizations {
    /// Reads one; what is wrong with it is told when it is read as a manifest.
    pub(super) fn read(&mut self, path: &Path) {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
        let (Ok(_), Ok(documents)) = (read, yaml::parse(&text, 1)) else { return };
        let directory = path.parent().unwrap_or(Path::new(""));
        for document in &documents {
            let root = document.root();
            let pieces = pieces(root).into_iter().map(|piece| normal(&directory.join(piece)));
            self.pieces.extend(pieces);
            if changes(root) {
                self.changing.push(path.to_owned());
            }
        }
    }

    /// Returns whether a file holds a piece of an object.
    pub(super) fn is_piece(&self, path: &Path) -> bool {
        !self.pieces.is_empty() && self.pieces.contains(&normal(path))
    }
}

/// Returns the files that hold patches and replacements.
fn pieces(root: Node<'_>) -> Vec<&str> {
    let items = |field: &str| root.get(field).into_iter().flat_map(Node::items);
    let mut pieces: Vec<&str> = ["patches", "patchesJson6902", "replacements"]
        .into_iter()
        .flat_map(|field| items(field).filter_map(|item| item.get("path")?.as_str()))
        .collect();
    // Such a patch stands in a file or in the list itself.
    let merged = items("patchesStrategicMerge").filter_map(Node::as_str);
    pieces.extend(merged.filter(|text| !text.contains('\n')));
    pieces
}

/// Returns whether something else is applied than the files beside the kustomization.
fn changes(root: Node<'_>) -> bool {
    let is_set = |field: &str| {
        root.get(field).is_some_and(|value| {
            !value.is_null()
                && (!value.is_list() || value.items().next().is_some())
                && value.as_str() != Some("")
        })
    };
    let resources = ["resources", "bases"].into_iter().filter_map(|field| root.get(field));
    let mut resources = resources.flat_map(Node::items).filter_map(Node::as_str);
    CHANGES.iter().any(|field| is_set(field)) || resources.any(is_remote)
}

fn is_remote(resource: &str) -> bool {
    resource.contains("://") || resource.contains("?ref=") || resource.starts_with("github.com")
}

/// Returns a path without `.` and, as far as they lead back along it, `..`.
fn normal(path: &Path) -> PathBuf {
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
