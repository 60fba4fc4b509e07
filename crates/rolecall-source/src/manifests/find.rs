//! Finds the files to read: explicit paths and the sorted content of directories.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io;
use std::path::{Component, Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rolecall_rbac::{Build, Glob};

use super::kustomize::{self, Kustomizations, PendingBuild, is_kustomization};
use super::name::is_manifest;
use super::patterns;
use super::templates;
use super::text::{shown, words};
use crate::problem::{Problem, ProblemKind};
use rolecall_yaml::Position;

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The path to open; `-` is stdin.
    pub(super) path: PathBuf,
    /// The Helm chart that contains the file as a template, as an index into [`Found::charts`].
    pub(super) chart: Option<usize>,
    /// Whether the file was found in a directory rather than named explicitly.
    pub(super) is_found: bool,
    /// The namespace that a kustomization sets for the file.
    pub(super) namespace: Option<String>,
    /// The changes that a Kustomize build makes to the file's objects.
    pub(super) build: Option<Build>,
}

/// The files that paths select, and problems with them.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The files, sorted within each given path.
    pub(super) entries: Vec<Entry>,
    /// The directories of Helm charts.
    pub(super) charts: Vec<PathBuf>,
    /// The directories that contain a `Chart.yaml`.
    pub(super) chart_roots: Vec<PathBuf>,
    /// The kustomizations of the directories.
    kustomizations: Kustomizations,
    /// The kustomizations that have to be built.
    pub(super) builds: Vec<PendingBuild>,
    /// Files in directories that can be templates of manifests.
    pub(super) templates: Vec<PathBuf>,
    /// The problems of paths that cannot be read.
    pub(super) problems: Vec<Problem>,
    /// The number of files and directories that were skipped because a pattern matches them.
    pub(super) excluded: usize,
    /// The directories that have been searched, so that none is searched twice.
    searched: HashSet<PathBuf>,
    /// The patterns of the paths to skip that have not matched any path yet.
    pub(super) unmatched: BTreeSet<Glob>,
    /// The patterns of the paths to skip.
    exclude: Vec<Glob>,
    /// The named directory that is searched, and the Git work tree around it.
    boundary: Boundary,
}

/// The outermost directory to which links can lead, found with the first link.
#[derive(Debug, Default)]
struct Boundary {
    named: PathBuf,
    root: Option<PathBuf>,
}

impl Boundary {
    /// Returns whether a real path is inside the Git work tree around the named directory, or else
    /// inside this directory.
    fn contains(&mut self, real: &Path) -> bool {
        let Self { named, root } = self;
        let root = root.get_or_insert_with(|| {
            let mut ancestors = named.ancestors();
            let tree = ancestors.find(|ancestor| ancestor.join(".git").exists());
            tree.unwrap_or(named).to_owned()
        });
        real.starts_with(root)
    }
}

/// Finds the files that `paths` select.
///
/// Searches directories for `*.yaml`, `*.yml` and `*.json` at any depth, and skips hidden files, the
/// expectations of tests, the patches of a `kustomization.yaml`, and what `exclude` matches. Files and
/// directories that are named explicitly are always included.
pub(super) fn find(paths: &[PathBuf], exclude: &[Glob]) -> Found {
    let unmatched = exclude.iter().cloned().collect();
    let mut found = Found { exclude: exclude.to_vec(), unmatched, ..Found::default() };
    for path in paths {
        found.named(path);
    }
    found
}

impl Found {
    /// Adds an explicit path.
    fn named(&mut self, path: &Path) {
        if path.as_os_str() == "-" {
            // Stdin can be read only once.
            let entry = Entry {
                path: path.into(),
                chart: None,
                is_found: false,
                namespace: None,
                build: None,
            };
            if !self.entries.contains(&entry) {
                self.entries.push(entry);
            }
            return;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let before = (self.entries.len(), self.problems.len());
                let excluded = self.excluded;
                let chart = self.chart_around(path);
                match fs::canonicalize(path) {
                    Ok(real) => {
                        self.boundary = Boundary { named: real.clone(), root: None };
                        self.directory(path, list(path), &mut vec![real], chart);
                    }
                    Err(error) => self.unreadable(path, &error),
                }
                if before == (self.entries.len(), self.problems.len()) {
                    let message = match self.excluded > excluded {
                        true => "every manifest in this directory is excluded",
                        false => "no `*.yaml`, `*.yml` or `*.json` file in this directory",
                    };
                    self.problem(path, ProblemKind::NoManifests, message);
                }
            }
            Ok(_) => {
                let chart = self.chart_around(path);
                let path = path.to_owned();
                self.entries.push(Entry {
                    path,
                    chart,
                    is_found: false,
                    namespace: None,
                    build: None,
                });
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let others = patterns::expand(path);
                others.iter().for_each(|other| self.named(other));
                if others.is_empty() {
                    let message = match path.to_string_lossy().contains("://") {
                        true => {
                            "URLs are not read: download it, and pass `-` to read it from stdin"
                        }
                        false if path.to_string_lossy().starts_with("git:") => {
                            "no such file or directory: only `diff` reads revisions of Git"
                        }
                        false => "no such file or directory",
                    };
                    self.problem(path, ProblemKind::MissingFile, message);
                }
            }
            Err(error) => self.unreadable(path, &error),
        }
    }

    /// Returns the paths of the kustomizations.
    pub(super) fn kustomizations(&self) -> Vec<PathBuf> {
        self.kustomizations.paths()
    }

    /// Leaves out the found files and kustomizations that `is_rendered` returns true for.
    pub(super) fn leave_out(&mut self, mut is_rendered: impl FnMut(&Path) -> bool) {
        self.entries.retain(|entry| !entry.is_found || !is_rendered(&entry.path));
        self.kustomizations.leave_out(is_rendered);
    }

    /// Removes files with patches and refused kustomizations, and records the effects of kustomizations on the other files.
    pub(super) fn apply_kustomizations(&mut self) {
        if self.kustomizations.is_empty() {
            return;
        }
        let Self { entries, kustomizations, builds, .. } = self;
        let read: HashSet<PathBuf> =
            entries.iter().map(|entry| kustomize::normal(&entry.path)).collect();
        let unbuilt = kustomizations.unbuilt(&read);
        let namespaces = kustomizations.namespaces();
        entries.retain(|entry| {
            let is_skipped =
                |path| kustomizations.is_piece(path) || kustomizations.is_reported(path);
            !entry.is_found || !is_skipped(&entry.path)
        });
        for entry in entries.iter_mut() {
            let path = kustomize::normal(&entry.path);
            let completes = || kustomizations.completes(&path).then_some(Build::Completes);
            entry.build = unbuilt.files.get(&path).copied().or_else(completes);
            entry.namespace = namespaces.get(&path).cloned();
        }
        *builds = unbuilt.builds;
    }

    /// Searches a directory. `stack` contains the real paths of it and of its ancestors.
    fn directory(
        &mut self,
        path: &Path,
        listing: io::Result<Vec<Child>>,
        stack: &mut Vec<PathBuf>,
        chart: Option<usize>,
    ) {
        if let Some(real) = stack.last()
            && (!self.searched.insert(real.clone()) || is_system(real, stack.len()))
        {
            return;
        }
        let mut children = match listing {
            Ok(children) => children,
            Err(error) => return self.unreadable(path, &error),
        };
        if !self.exclude.is_empty() {
            children.retain(|child| !self.excludes(child, &path.join(&child.name)));
        }
        let is_chart = children.iter().any(|child| child.name == "Chart.yaml");
        if is_chart {
            self.chart_roots.push(path.to_owned());
        }
        let directories: Vec<&Child> =
            children.iter().filter(|child| child.is_directory()).collect();
        let list_child = |child: &&Child| list(&path.join(&child.name));
        let listings: Vec<io::Result<Vec<Child>>> = match &*directories {
            // Parallelism does not pay for so little.
            [] | [_] => directories.iter().map(list_child).collect(),
            _ => directories.par_iter().map(list_child).collect(),
        };
        let mut listings = listings.into_iter().peekable();
        for child in children {
            let path_of_child = path.join(&child.name);
            if is_kustomization(&child.name) {
                let problem = self.kustomizations.read(&path_of_child);
                self.problems.extend(problem);
            }
            let chart = match chart {
                None if is_chart && child.name == "templates" => Some(self.chart(path)),
                chart => chart,
            };
            match listings.next_if(|_| child.is_directory()) {
                Some(listing) => {
                    let real = stack.last().map(|parent| parent.join(&child.name));
                    stack.extend(real);
                    self.directory(&path_of_child, listing, stack, chart);
                    stack.pop();
                }
                None => self.file(child, path_of_child, stack, chart),
            }
        }
    }

    /// Returns whether to skip a child of a directory, and counts it if so.
    fn excludes(&mut self, child: &Child, path: &Path) -> bool {
        let shown = shown(path);
        let matches = |glob: &&Glob| path_ends(&shown).any(|end| glob.matches(end));
        let is_excluded = self.exclude.iter().any(|glob| matches(&glob));
        if is_excluded && !self.unmatched.is_empty() {
            self.unmatched.retain(|glob| !matches(&glob));
        }
        self.excluded += usize::from(is_excluded && (!child.is_file() || is_manifest(path)));
        is_excluded
    }

    /// Adds a child of a directory that is not a directory itself.
    fn file(
        &mut self,
        child: Child,
        path: PathBuf,
        stack: &mut Vec<PathBuf>,
        chart: Option<usize>,
    ) {
        let kind = match child.kind {
            Ok(kind) => kind,
            Err(error) => return self.unreadable(&path, &error),
        };
        if kind.is_symlink() {
            self.link(&path, stack, chart);
        } else if is_manifest(&path) {
            if !kind.is_file() {
                self.problem(&path, ProblemKind::UnreadableFile, "not a regular file");
            } else if is_expectation(&path) {
                self.excluded += 1;
            } else {
                let (namespace, build) = (None, None);
                self.entries.push(Entry { path, chart, is_found: true, namespace, build });
            }
        } else if chart.is_none() && templates::is_source(&path) && kind.is_file() {
            self.templates.push(path);
        }
    }

    fn link(&mut self, path: &Path, stack: &mut Vec<PathBuf>, chart: Option<usize>) {
        if let Ok(real) = fs::canonicalize(path)
            && (real.is_file() || real.is_dir())
            && !self.boundary.contains(&real)
        {
            if is_manifest(path) || real.is_dir() {
                let message = "a link that leads out of the repository is not followed";
                self.problem(path, ProblemKind::OutsideLink, message);
            }
            return;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => match fs::canonicalize(path) {
                Ok(real) if stack.contains(&real) => {
                    let message =
                        "a directory loop: this link leads back to a directory that contains it";
                    self.problem(path, ProblemKind::DirectoryLoop, message);
                }
                Ok(real) => {
                    stack.push(real);
                    self.directory(path, list(path), stack, chart);
                    stack.pop();
                }
                Err(error) => self.unreadable(path, &error),
            },
            Ok(metadata) if metadata.is_file() && is_manifest(path) && is_expectation(path) => {
                self.excluded += 1;
            }
            Ok(metadata) if metadata.is_file() && is_manifest(path) => {
                self.entries.push(Entry {
                    path: path.to_owned(),
                    chart,
                    is_found: true,
                    namespace: None,
                    build: None,
                });
            }
            Ok(_) if is_manifest(path) => {
                let message = "a link to something other than a regular file";
                self.problem(path, ProblemKind::UnreadableFile, message);
            }
            Ok(_) => {}
            // Ignore a broken link unless it is named like a manifest, but report a link to itself
            // under any name.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_manifest(path) => {}
            Err(error) => self.unreadable(path, &error),
        }
    }

    /// Returns the chart that contains `path` as a template, if any.
    fn chart_around(&mut self, path: &Path) -> Option<usize> {
        let templates = path
            .ancestors()
            .filter(|ancestor| ancestor.file_name().is_some_and(|name| name == "templates"))
            .filter_map(Path::parent)
            .find(|chart| directory_of(chart).join("Chart.yaml").is_file())?;
        Some(self.chart(templates))
    }

    fn chart(&mut self, directory: &Path) -> usize {
        let known = self.charts.iter().position(|chart| chart == directory);
        known.unwrap_or_else(|| {
            self.charts.push(directory.to_owned());
            self.charts.len() - 1
        })
    }

    fn unreadable(&mut self, path: &Path, error: &std::io::Error) {
        self.problem(path, ProblemKind::UnreadableFile, &words(error));
    }

    fn problem(&mut self, path: &Path, kind: ProblemKind, message: &str) {
        let (file, message) = (shown(path), message.to_owned());
        let Position { line, column } = Position::default();
        self.problems.push(Problem { file, line, column, kind, message });
    }
}

/// Returns whether a directory below a given one is a pseudo file system of the kernel.
fn is_system(real: &Path, depth: usize) -> bool {
    depth > 1 && ["/proc", "/sys", "/dev"].iter().any(|known| real == Path::new(known))
}

/// An entry of a directory.
struct Child {
    name: OsString,
    kind: io::Result<FileType>,
}

impl Child {
    fn is_directory(&self) -> bool {
        self.kind.as_ref().is_ok_and(FileType::is_dir)
    }

    fn is_file(&self) -> bool {
        self.kind.as_ref().is_ok_and(FileType::is_file)
    }
}

/// Returns a path, and what follows each `/` in it.
fn path_ends(path: &str) -> impl Iterator<Item = &str> {
    let after = path.match_indices('/').filter_map(|(at, _)| path.get(at + 1..));
    std::iter::once(path).chain(after)
}

/// Returns the sorted content of a directory without hidden entries.
fn list(directory: &Path) -> io::Result<Vec<Child>> {
    let mut children = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.as_encoded_bytes().starts_with(b".") {
            // A `DirEntry` keeps its directory open, so do not store it.
            children.push(Child { kind: entry.file_type(), name });
        }
    }
    children.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    Ok(children)
}

/// Returns whether a file contains the expected result of a test step rather than objects to apply,
/// such as `tests/e2e/rbac/01-assert.yaml`. KUTTL and Chainsaw compare these partial objects with
/// those of a cluster. Outside directories of tests, `kubectl apply -f` might apply such a file.
fn is_expectation(path: &Path) -> bool {
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { return false };
    let mut words = stem.split(['-', '_', '.']);
    let is_step = words
        .next()
        .is_some_and(|step| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()));
    is_step
        && words.any(|word| matches!(word, "assert" | "asserts" | "error" | "errors"))
        && path.parent().is_some_and(|directory| {
            directory.iter().filter_map(|name| name.to_str()).any(|name| {
                name.split(['-', '_'])
                    .any(|word| ["chainsaw", "e2e", "kuttl", "test", "tests"].contains(&word))
            })
        })
}

/// Returns the directory; `.` for the empty path.
fn directory_of(path: &Path) -> &Path {
    if path.components().next().is_none() { Path::new(&Component::CurDir) } else { path }
}
