//! Changes of the files that are read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::targets::TargetSources;

/// The shortest time between two looks.
const PERIOD: Duration = Duration::from_secs(1);

/// The part of the time that looking can take.
const SHARE: u32 = 20;

/// The time for which files must not change before they are read: editors write in several steps.
const QUIET: Duration = Duration::from_millis(100);

/// The number of times to wait for that.
const MOST_WAITS: usize = 20;

/// The maximum number of watched files.
const MOST_FILES: usize = 100_000;

/// The directories without manifests.
const SKIPPED: [&str; 2] = [".git", "node_modules"];

/// The sizes and times of files.
type Fingerprint = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// Files and directories with their state at the last look.
pub(super) struct Watch {
    paths: Vec<PathBuf>,
    known: Fingerprint,
    /// The sources of targets among the files, such as the base of an overlay.
    sources: TargetSources,
    known_sources: Fingerprint,
    pause: Duration,
}

impl Watch {
    /// Looks at files, directories and patterns for the first time, before they are read.
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        let known = files(&paths);
        Self {
            paths,
            known,
            sources: TargetSources::default(),
            known_sources: Fingerprint::new(),
            pause: PERIOD,
        }
    }

    /// Also looks at what targets are rendered from. Which directories these are is only known after reading, so that
    /// files written since the reading began count as changed.
    pub(super) fn include(&mut self, sources: TargetSources, began: SystemTime) {
        self.sources = sources;
        let mut before = std::mem::take(&mut self.known_sources);
        for (path, state) in files_of(&self.sources) {
            let (_, modified) = state;
            let as_read = match before.remove(&path) {
                Some(earlier) => Some(earlier),
                None if modified.is_some_and(|modified| modified > began) => None,
                None => Some(state),
            };
            self.known_sources.extend(as_read.map(|state| (path, state)));
        }
        // Of the other files, those that have been deleted from these directories.
        let TargetSources { folders, charts } = &self.sources;
        before.retain(|path, _| {
            path.ancestors().any(|folder| charts.contains(folder))
                || path.parent().is_some_and(|folder| folders.contains(folder))
        });
        self.known_sources.append(&mut before);
    }

    /// Returns the time until the next look.
    pub(super) fn pause(&self) -> Duration {
        self.pause
    }

    /// Returns whether a file has changed since the last look.
    pub(super) fn has_changed(&mut self) -> bool {
        if !self.look() {
            return false;
        }
        for _ in 0..MOST_WAITS {
            thread::sleep(QUIET);
            if !self.look() {
                break;
            }
        }
        true
    }

    fn look(&mut self) -> bool {
        let started = Instant::now();
        let (known, known_sources) = (files(&self.paths), files_of(&self.sources));
        self.pause = PERIOD.max(started.elapsed() * SHARE);
        let has_changed = (&known, &known_sources) != (&self.known, &self.known_sources);
        (self.known, self.known_sources) = (known, known_sources);
        has_changed
    }
}

/// Returns the files of paths and patterns.
fn files(paths: &[PathBuf]) -> Fingerprint {
    let mut found = Fingerprint::new();
    for path in paths {
        match fs::symlink_metadata(path) {
            Ok(_) => add(path, &mut found),
            Err(_) => {
                let matches = glob::glob(&path.to_string_lossy()).into_iter().flatten();
                matches.flatten().for_each(|path| add(&path, &mut found));
            }
        }
    }
    found
}

/// Returns the files from which targets are rendered.
fn files_of(sources: &TargetSources) -> Fingerprint {
    let mut found = Fingerprint::new();
    sources.charts.iter().for_each(|chart| add(chart, &mut found));
    for folder in &sources.folders {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.path().is_dir() && found.len() < MOST_FILES {
                add(&entry.path(), &mut found);
            }
        }
    }
    found
}

fn add(path: &Path, found: &mut Fingerprint) {
    let Ok(metadata) = fs::metadata(path) else { return };
    if !metadata.is_dir() {
        found.insert(path.to_owned(), (metadata.len(), metadata.modified().ok()));
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        // A link to a directory can lead back to one that contains it.
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let is_directory_link = is_link && entry.path().is_dir();
        let is_skipped = SKIPPED.iter().any(|name| entry.file_name() == *name);
        if !is_skipped && !is_directory_link && found.len() < MOST_FILES {
            add(&entry.path(), found);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn new_changed_and_deleted_files_are_changes() {
        let folder = tempfile::tempdir().unwrap();
        let pattern = folder.path().join("*.yml");
        let mut watch = Watch::new(vec![folder.path().join("a"), pattern]);
        let mut changes = |expected: bool, what: &str| {
            assert_eq!(watch.has_changed(), expected, "{what}");
            assert!(!watch.has_changed(), "{what}, again");
        };
        let file = folder.path().join("a/b.yaml");
        fs::create_dir(folder.path().join("a")).unwrap();
        changes(false, "an empty directory");
        fs::write(&file, "one").unwrap();
        changes(true, "a new file");
        fs::write(&file, "other").unwrap();
        changes(true, "a changed file");
        fs::remove_file(&file).unwrap();
        changes(true, "a deleted file");
        fs::write(folder.path().join("c.yaml"), "").unwrap();
        changes(false, "a file beside the watched ones");
        fs::write(folder.path().join("c.yml"), "").unwrap();
        changes(true, "a file of the pattern");
        fs::create_dir(folder.path().join("a/.git")).unwrap();
        fs::write(folder.path().join("a/.git/index"), "").unwrap();
        changes(false, "a file of Git");
        let folders = BTreeSet::from([folder.path().to_owned(), folder.path().join("a")]);
        let charts = BTreeSet::from([folder.path().join("chart")]);
        let sources = TargetSources { folders, charts };
        let earlier = SystemTime::now() - Duration::from_secs(60);
        let later = SystemTime::now() + Duration::from_secs(60);
        watch.include(sources.clone(), later);
        assert!(!watch.has_changed(), "a new directory is not a change");
        fs::write(folder.path().join("c.yaml"), "other").unwrap();
        assert!(watch.has_changed(), "a changed file of the new directory");
        fs::create_dir(folder.path().join("b")).unwrap();
        fs::write(folder.path().join("b/d.yaml"), "").unwrap();
        assert!(!watch.has_changed(), "a file in a subdirectory of the new directory");
        fs::create_dir_all(folder.path().join("chart/templates/rbac")).unwrap();
        fs::write(folder.path().join("chart/templates/rbac/role.yaml"), "").unwrap();
        assert!(watch.has_changed(), "a file in a new subdirectory of a chart");
        fs::write(folder.path().join("c.yaml"), "during the reading").unwrap();
        watch.include(sources.clone(), later);
        assert!(watch.has_changed(), "a file that changed while it was read again");
        fs::remove_file(folder.path().join("c.yaml")).unwrap();
        fs::remove_file(folder.path().join("chart/templates/rbac/role.yaml")).unwrap();
        watch.include(sources.clone(), later);
        assert!(watch.has_changed(), "files that were deleted while they were read again");
        watch.include(TargetSources::default(), later);
        watch.include(sources, earlier);
        assert!(watch.has_changed(), "a file written after the reading began");
    }
}
