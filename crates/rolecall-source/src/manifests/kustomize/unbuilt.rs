//! The files that a Kustomize build would change before they are applied, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rolecall_rbac::Build;

use super::{Kustomizations, is_remote};

/// The kustomizations that have to be built before the effective access is known.
#[derive(Debug, Default)]
pub(in crate::manifests) struct Unbuilt {
    /// The kustomizations to build with their changes, sorted.
    pub(in crate::manifests) builds: Vec<(PathBuf, String)>,
    /// The files that they include, by normalized path.
    pub(in crate::manifests) files: BTreeMap<PathBuf, Build>,
}

impl Kustomizations {
    /// Returns the files that a build would change. `is_read` reports whether a file, by its
    /// normalized path, is part of the input.
    ///
    /// A kustomization that only lists files changes nothing, unless a file is not part of the
    /// input or another kustomization includes the same file: then it is unknown which one is
    /// applied.
    pub(in crate::manifests) fn unbuilt(&self, is_read: impl Fn(&Path) -> bool) -> Unbuilt {
        let mut reasons = BTreeMap::new();
        let reached: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
            self.layers.keys().map(|layer| (layer, self.reached_from(layer))).collect();
        let within: BTreeSet<&PathBuf> = reached.values().flatten().copied().collect();
        let shared = self.shared(&reached, &within);
        for (directory, layer) in &self.layers {
            let elsewhere = layer.resources.iter().find(|path| {
                !self.layers.contains_key(*path)
                    && !is_read(path)
                    && !is_remote(&path.to_string_lossy())
            });
            let reason = if !layer.changes.is_empty() {
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
                let build = (layer.path.clone(), reason.clone());
                all.push(build.clone());
                // The changes of an inner kustomization are made when the outer one is built.
                if !inner.contains(*directory) {
                    unbuilt.builds.push(build);
                }
            }
        }
        // Kustomizations that include each other are all inner ones.
        if unbuilt.builds.is_empty() {
            unbuilt.builds = all;
        }
        unbuilt.builds.sort();
        unbuilt
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
