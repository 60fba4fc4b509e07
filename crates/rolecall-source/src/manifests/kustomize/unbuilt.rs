//! The files that a Kustomize build would change before they are applied, and why.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use rolecall_rbac::Build;

use super::{Kustomizations, is_remote};

/// The kustomizations that have to be built before the effective access is known.
#[derive(Debug, Default)]
pub(in crate::manifests) struct Unbuilt {
    /// The kustomizations to build, sorted.
    pub(in crate::manifests) builds: Vec<PendingBuild>,
    /// The files that they include, by normalized path.
    pub(in crate::manifests) files: BTreeMap<PathBuf, Build>,
}

/// A kustomization that was not built.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::manifests) struct PendingBuild {
    /// The path of the kustomization.
    pub(in crate::manifests) path: PathBuf,
    /// The reason for which its objects are not known.
    pub(in crate::manifests) because: String,
    /// Whether Kustomize refuses it too.
    pub(in crate::manifests) is_refused: bool,
}

impl Kustomizations {
    /// Returns the files that a build would change. `read` contains the normalized paths of the files that
    /// are part of the input.
    ///
    /// A kustomization that only lists files changes nothing, unless a file is not part of the
    /// input or another kustomization includes the same file: then it is unknown which one is
    /// applied. If Kustomize refuses a kustomization, it is also unknown which files of its folder are
    /// applied.
    pub(in crate::manifests) fn unbuilt(&self, read: &HashSet<PathBuf>) -> Unbuilt {
        let mut reasons = BTreeMap::new();
        let reached: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
            self.layers.keys().map(|layer| (layer, self.reached_from(layer))).collect();
        let within: BTreeSet<&PathBuf> = reached.values().flatten().copied().collect();
        let shared = self.shared(&reached, &within);
        for (directory, layer) in &self.layers {
            let elsewhere = layer.resources.iter().find(|path| {
                !self.layers.contains_key(*path)
                    && !read.contains(*path)
                    && !is_remote(&path.to_string_lossy())
            });
            let refused = reached
                .get(directory)
                .and_then(|reached| reached.iter().find(|path| self.is_refused(path)));
            let reason = if let Some(fault) = &layer.fault {
                Some(fault.clone())
            } else if let Some(path) = refused {
                Some(format!("includes `{}`, which Kustomize cannot build", path.display()))
            } else if !layer.changes.is_empty() {
                Some(layer.changes.join(", "))
            } else if let Some(path) = elsewhere {
                Some(format!("includes `{}`, which was not read", path.display()))
            } else {
                shared.get(directory).cloned()
            };
            if let Some(reason) = reason {
                reasons.insert(directory, reason);
            }
        }
        let inner: BTreeSet<&PathBuf> =
            reasons.keys().filter_map(|it| reached.get(*it)).flatten().copied().collect();
        let mut unbuilt = Unbuilt::default();
        let mut all = Vec::new();
        for (directory, reason) in &reasons {
            let Some(files) = reached.get(*directory) else { continue };
            let renames = self.layers.get(*directory).is_some_and(|layer| layer.renames);
            let build = if renames { Build::Renames } else { Build::Changes };
            for file in files.iter().filter(|path| !self.layers.contains_key(**path)) {
                let strongest = unbuilt.files.entry((*file).clone()).or_insert(build);
                *strongest = build.max(*strongest);
            }
            if let Some(layer) = self.layers.get(*directory) {
                let because = match &layer.fault {
                    Some(fault) => format!("Kustomize cannot build it: {fault}"),
                    None => format!("it {reason}, and Kustomize did not build it"),
                };
                let is_refused =
                    layer.fault.is_some() || files.iter().any(|path| self.is_refused(path));
                let build = PendingBuild { path: layer.path.clone(), because, is_refused };
                all.push(build.clone());
                // The changes of an inner kustomization are made when the outer one is built.
                if layer.fault.is_some() || !inner.contains(*directory) {
                    unbuilt.builds.push(build);
                }
            }
        }
        if self.layers.values().any(|layer| layer.fault.is_some()) {
            for file in read.iter().filter(|file| self.is_in_refused(file)) {
                unbuilt.files.entry(file.clone()).or_insert(Build::Changes);
            }
        }
        // Kustomizations that include each other are all inner ones.
        if unbuilt.builds.is_empty() {
            unbuilt.builds = all;
        }
        unbuilt.builds.sort();
        unbuilt
    }

    fn is_refused(&self, directory: &Path) -> bool {
        self.layers.get(directory).is_some_and(|layer| layer.fault.is_some())
    }

    /// Returns whether Kustomize refuses the nearest kustomization in or above a file's folder.
    fn is_in_refused(&self, file: &Path) -> bool {
        let nearest = file.ancestors().skip(1).find_map(|directory| self.layers.get(directory));
        nearest.is_some_and(|layer| layer.fault.is_some())
    }

    /// Returns the files and directories that a kustomization includes, directly or through others.
    fn reached_from(&self, directory: &Path) -> BTreeSet<&PathBuf> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&PathBuf> = self
            .layers
            .get(directory)
            .map(|layer| layer.resources.iter().collect())
            .unwrap_or_default();
        while let Some(path) = open.pop() {
            if path != directory && reached.insert(path) {
                open.extend(self.layers.get(path).into_iter().flat_map(|layer| &layer.resources));
            }
        }
        reached
    }

    /// Returns why outermost kustomizations are alternatives: they include the same files.
    fn shared<'a>(
        &'a self,
        reached: &BTreeMap<&'a PathBuf, BTreeSet<&'a PathBuf>>,
        within: &BTreeSet<&PathBuf>,
    ) -> BTreeMap<&'a PathBuf, String> {
        let mut users: BTreeMap<&PathBuf, Vec<&PathBuf>> = BTreeMap::new();
        for (root, files) in reached.iter().filter(|(root, _)| !within.contains(*root)) {
            for file in files {
                users.entry(file).or_default().push(root);
            }
        }
        let mut shared = BTreeMap::new();
        for (file, roots) in users.into_iter().filter(|(_, roots)| roots.len() > 1) {
            for root in roots {
                shared.entry(root).or_insert_with(|| {
                    format!(
                        "includes `{}`, which another kustomization also includes",
                        file.display()
                    )
                });
            }
        }
        shared
    }
}
