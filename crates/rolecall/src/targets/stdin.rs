//! The sources of a stream that Kustomize or Helm wrote to stdin.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use rolecall_rbac::Origin;
use rolecall_render::{Boundary, Chart, Names, Tracer, clean_path};
use rolecall_source::manifests::Loaded;

use super::traced::{Traced, TracedObject};

/// The most directories in which the files of a stream are searched.
const MOST_DIRECTORIES: usize = 5000;

/// The file names of kustomizations.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Finds the sources of the objects in stdin by Kustomize's origin annotations or Helm's comments `# Source:`,
/// among the files below the working directory, and makes them their origins.
pub(crate) fn trace(loaded: &mut Loaded, stdin: &[u8]) -> Option<Traced> {
    let mentions = |text: &[u8]| memchr::memmem::find(stdin, text).is_some();
    let (has_origins, has_templates) =
        (mentions(b"config.kubernetes.io/origin:"), mentions(b"\n# Source: "));
    if !has_origins && !has_templates {
        return None;
    }
    let here = Path::new(".");
    let boundary = Boundary::around(here).ok()?;
    let mut places = Places::default();
    places.search(here.canonicalize().ok()?);
    let directories =
        if has_origins { built_directory(stdin, places.kustomizations) } else { Vec::new() };
    let charts: Vec<(String, PathBuf)> = places
        .charts
        .into_iter()
        .filter_map(|path| Some((Chart::read(&path).ok()?.name, path)))
        .collect();
    let names = Names::new([here]);
    let boundaries = [boundary];
    let tracer = Tracer::new(&names, &boundaries);
    let sources = tracer.sources_of_stream(stdin, &directories, &charts);
    let mut traced = Traced::default();
    loaded.inventory.change_origins(|origin| {
        let Origin::File { path, line } = origin else { return };
        if **path != *"-" {
            return;
        }
        if let Some(source) = sources.at(*line) {
            let (file, first) = (source.file.clone(), source.line);
            traced.add(TracedObject { line: *line, source });
            *path = file.as_str().into();
            *line = first;
        }
    });
    Some(traced)
}

/// The directories in which the files of a stream can be.
#[derive(Default)]
struct Places {
    kustomizations: BTreeSet<PathBuf>,
    charts: BTreeSet<PathBuf>,
}

impl Places {
    /// Searches a directory, up to a limit: the working directory can be anything.
    fn search(&mut self, root: PathBuf) {
        self.kustomizations.insert(root.clone());
        let mut open = VecDeque::from([root]);
        let mut searched = 0;
        while let Some(directory) = open.pop_front().filter(|_| searched < MOST_DIRECTORIES) {
            searched += 1;
            for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
                let name = entry.file_name();
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() && !name.to_string_lossy().starts_with('.') {
                    open.push_back(entry.path());
                } else if kind.is_file() && name == "Chart.yaml" {
                    self.charts.insert(directory.clone());
                } else if kind.is_file() && KUSTOMIZATIONS.iter().any(|known| name == *known) {
                    self.kustomizations.insert(directory.clone());
                }
            }
        }
    }
}

/// Returns the directory that was built: the one from which most of the paths in the annotations exist.
fn built_directory(stdin: &[u8], directories: BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let text = String::from_utf8_lossy(stdin);
    let paths = text.lines().filter_map(|line| {
        let line = line.trim();
        line.strip_prefix("path: ").or_else(|| line.strip_prefix("configuredIn: "))
    });
    let paths: BTreeSet<&str> = paths.collect();
    let exist = |directory: &PathBuf| {
        paths.iter().filter(|path| clean_path(&directory.join(path)).is_file()).count()
    };
    let counted = directories.into_iter().map(|directory| (exist(&directory), directory));
    let best = counted.filter(|(count, _)| *count > 0).max_by(|left, right| {
        // The first of equally good ones.
        left.0.cmp(&right.0).then_with(|| right.1.cmp(&left.1))
    });
    best.map(|(_, directory)| directory).into_iter().collect()
}
