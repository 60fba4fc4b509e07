//! The files that will be read, so that other programs can render some of them first.

use std::path::{Path, PathBuf};

use rolecall_rbac::{Gap, Origin, Unread};

use super::LoadConfig;
use super::find::{self, Found};
use crate::problem::Problem;

/// The files that paths select.
#[derive(Debug)]
pub struct Listing {
    pub(super) found: Found,
    pub(super) unrendered: Vec<Unrendered>,
    /// The paths of what could not be rendered.
    pub(super) explained: Vec<PathBuf>,
}

/// A kustomization or chart that could not be rendered, which leaves answers open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrendered {
    /// The kustomization, or the directory of the chart, as found.
    pub path: PathBuf,
    /// The path of the file with the cause as shown to people.
    pub shown: String,
    /// The line of the cause; 0 for the whole file.
    pub line: u32,
    /// The reason, as a lower-case fragment.
    pub message: String,
    /// The names of the targets.
    pub targets: Vec<String>,
}

/// Finds the files to read.
pub fn find(config: &LoadConfig) -> Listing {
    let found = find::find(&config.paths, &config.exclude);
    Listing { found, unrendered: Vec::new(), explained: Vec::new() }
}

impl Unrendered {
    /// Returns the gap that it causes.
    pub fn gap(&self) -> Gap {
        Gap {
            unread: Unread::Anything,
            because: self.text().as_str().into(),
            origin: Origin::File { path: (&*self.shown).into(), line: self.line },
        }
    }

    /// Returns the reason with the names of the targets.
    pub(super) fn text(&self) -> String {
        let (names, are) = match &*self.targets {
            [] => ("it".to_owned(), "is"),
            [only] => (format!("`{only}`"), "is"),
            [first, second] => (format!("`{first}` and `{second}`"), "are"),
            [first, others @ ..] => {
                (format!("`{first}` and {} other targets", others.len()), "are")
            }
        };
        format!("{names} {are} not rendered: {}", self.message)
    }
}

impl Listing {
    /// Returns whether the files include kustomizations or charts, which can be rendered.
    pub fn holds_targets(&self) -> bool {
        !self.found.chart_roots.is_empty() || !self.found.kustomizations().is_empty()
    }

    /// Returns the paths of the kustomizations, as found.
    pub fn kustomizations(&self) -> Vec<PathBuf> {
        self.found.kustomizations()
    }

    /// Returns the directories with a `Chart.yaml`, as found.
    pub fn chart_roots(&self) -> &[PathBuf] {
        &self.found.chart_roots
    }

    /// Returns the paths of the files that would be read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.found.entries.iter().map(|entry| &*entry.path)
    }

    /// Returns the problems of paths that cannot be read.
    pub fn problems(&self) -> &[Problem] {
        &self.found.problems
    }

    /// Leaves out the files and kustomizations that were rendered.
    pub fn leave_out(&mut self, is_rendered: impl FnMut(&Path) -> bool) {
        self.found.leave_out(is_rendered);
    }

    /// Reads some files before all others, so that the definitions of the others win.
    pub fn read_first(&mut self, is_first: impl Fn(&Path) -> bool) {
        self.found.entries.sort_by_cached_key(|entry| !is_first(&entry.path));
    }

    /// Records what could not be rendered. Targets with the same cause become one problem.
    pub fn record_unrendered(&mut self, unrendered: Unrendered) {
        let key = |it: &Unrendered| (it.shown.clone(), it.line, it.message.clone());
        let mut known = self.unrendered.iter_mut().filter(|it| key(it) == key(&unrendered));
        match known.next() {
            Some(known) => {
                known.targets.extend(unrendered.targets);
                self.explained.push(unrendered.path);
            }
            None => {
                self.explained.push(unrendered.path.clone());
                self.unrendered.push(unrendered);
            }
        }
    }
}
