//! The directories from which targets are rendered: a program that follows changes looks at all of it, because a patch or values
//! can be in a directory without objects.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rolecall_render::{Target, TargetKind};

/// The real paths of the directories from which targets are rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TargetSources {
    /// The directories of kustomizations, patches, values and objects, without their subdirectories.
    pub(crate) folders: BTreeSet<PathBuf>,
    /// The directories of charts, with their subdirectories.
    pub(crate) charts: BTreeSet<PathBuf>,
}

impl TargetSources {
    /// Returns the directories of targets.
    pub(crate) fn of<'t>(targets: impl IntoIterator<Item = &'t Target>) -> Self {
        let mut sources = Self::default();
        for target in targets {
            let files = target.files.iter().filter_map(|file| file.parent());
            sources.folders.extend(files.map(Path::to_owned));
            sources.charts.extend(target.charts.iter().cloned());
            match &target.kind {
                TargetKind::Kustomize { .. } => {
                    sources.folders.insert(target.directory.clone());
                }
                TargetKind::Helm(release) => {
                    sources.charts.insert(target.directory.clone());
                    let values = release.values.iter().filter_map(|file| file.parent());
                    sources.folders.extend(values.map(Path::to_owned));
                    let local = release.local_charts.iter().map(|chart| chart.directory.clone());
                    sources.charts.extend(local);
                }
            }
        }
        sources
    }
}
