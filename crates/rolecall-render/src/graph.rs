//! The files that a kustomization includes, directly and through others, found before any tool runs.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rolecall_yaml::{self as yaml, Node};

use crate::boundary::Boundary;
use crate::chart;
use crate::kustomization::{self, Entry, HelmChart, Kustomization, is_remote};
use crate::names::Names;
use crate::obstacle::{Obstacle, Place};
use crate::target::{Changes, Target, TargetKind};
use crate::text;

/// The kustomizations that were read, each once.
pub(crate) struct Graph<'a> {
    boundaries: &'a [Boundary],
    names: &'a Names,
    read: RefCell<BTreeMap<PathBuf, Option<Rc<Read>>>>,
}

/// A kustomization, or the reason why it cannot be read.
type Read = Result<Kustomization, String>;

/// Everything that a root includes.
#[derive(Debug, Default)]
struct Closure {
    /// The kustomizations, each after those that it includes.
    layers: Vec<Kustomization>,
    /// The real paths of all files, including the kustomizations.
    files: BTreeSet<PathBuf>,
    /// The real paths of the files and directories whose objects are included.
    bases: BTreeSet<PathBuf>,
    /// The real paths of charts.
    charts: BTreeSet<PathBuf>,
    /// The first reason why the root cannot be rendered.
    obstacle: Option<Obstacle>,
}

/// How a kustomization includes another file or directory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Its objects become objects of the target.
    Base,
    /// It changes objects, or is data.
    Part,
    /// It configures a function.
    Function,
}

impl<'a> Graph<'a> {
    pub(crate) fn new(boundaries: &'a [Boundary], names: &'a Names) -> Self {
        Self { boundaries, names, read: RefCell::default() }
    }

    /// Returns the kustomization of a real directory; `None` if there is none.
    pub(crate) fn at(&self, directory: &Path) -> Option<Rc<Read>> {
        if let Some(known) = self.read.borrow().get(directory) {
            return known.clone();
        }
        let read = kustomization::in_directory(directory)
            .and_then(|file| Kustomization::read(&file).transpose())
            .map(Rc::new);
        self.read.borrow_mut().insert(directory.to_owned(), read.clone());
        read
    }

    /// Returns the real directories that a kustomization includes.
    pub(crate) fn included(&self, kustomization: &Kustomization) -> Vec<PathBuf> {
        let Some(directory) = kustomization.file.parent() else { return Vec::new() };
        let Some(boundary) = self.boundary(directory) else { return Vec::new() };
        let Kustomization { resources, components, functions, .. } = kustomization;
        let entries = resources.iter().chain(components).chain(functions);
        let paths = entries.filter(|entry| is_path(&entry.text));
        let real = paths.filter_map(|entry| boundary.resolve(directory, &entry.text));
        real.filter(|path| path.is_dir()).collect()
    }

    /// Returns the target of the kustomization in a real directory.
    pub(crate) fn target(&self, directory: &Path) -> Target {
        let closure = self.closure(directory);
        let shown = self.names.shown(directory);
        Target {
            name: shown.clone(),
            shown,
            directory: directory.to_owned(),
            kind: TargetKind::Kustomize {
                inflates_charts: !closure.charts.is_empty(),
                namespace: None,
                changes: Changes::default(),
            },
            bases: closure.bases,
            files: closure.files,
            charts: closure.charts,
            layers: closure.layers,
            deployed_by: Vec::new(),
            deployer: None,
            is_for_argo_cd: false,
            obstacle: closure.obstacle,
        }
    }

    /// Returns everything that the kustomization of a real directory includes.
    fn closure(&self, directory: &Path) -> Closure {
        let mut closure = Closure::default();
        self.add(directory, Role::Base, &mut BTreeSet::new(), &mut closure);
        closure
    }

    fn boundary(&self, directory: &Path) -> Option<&Boundary> {
        let around = self.boundaries.iter().filter(|it| directory.starts_with(it.root()));
        around.max_by_key(|boundary| boundary.root().components().count())
    }

    fn place(&self, file: &Path, line: u32) -> Place {
        Place { file: self.names.shown(file), line }
    }

    fn add(
        &self,
        directory: &Path,
        role: Role,
        seen: &mut BTreeSet<PathBuf>,
        closure: &mut Closure,
    ) {
        if !seen.insert(directory.to_owned()) {
            return;
        }
        // Without a kustomization, the tool reports the error.
        let Some(read) = self.at(directory) else { return };
        let kustomization = match &*read {
            Ok(kustomization) => kustomization,
            Err(because) => {
                let file = kustomization::in_directory(directory);
                let place = self.place(file.as_deref().unwrap_or(directory), 0);
                let because = because.clone();
                return closure.stop(Obstacle::Unreadable { place, because });
            }
        };
        closure.files.insert(kustomization.file.clone());
        let Kustomization { resources, components, files, functions, charts, .. } = kustomization;
        let inner = if role == Role::Function { Role::Function } else { Role::Base };
        for entry in resources {
            self.include(kustomization, entry, inner, seen, closure);
        }
        for entry in components {
            self.include(kustomization, entry, Role::Part, seen, closure);
        }
        for entry in files {
            self.include(kustomization, entry, Role::Part, seen, closure);
        }
        for entry in functions {
            self.include(kustomization, entry, Role::Function, seen, closure);
        }
        for chart in charts {
            self.include_chart(kustomization, chart, closure);
        }
        closure.layers.push(kustomization.clone());
    }

    fn include(
        &self,
        from: &Kustomization,
        entry: &Entry,
        role: Role,
        seen: &mut BTreeSet<PathBuf>,
        closure: &mut Closure,
    ) {
        let place = || self.place(&from.file, entry.line);
        let Some(directory) = from.file.parent() else { return };
        if !is_path(&entry.text) {
            if let (Role::Function, Some(name)) = (role, external_function(&entry.text)) {
                closure.stop(Obstacle::Function { place: place(), name });
            }
            return;
        }
        let local = match self.boundary(directory) {
            Some(boundary) if !entry.text.contains("://") => {
                boundary.resolve(directory, &entry.text)
            }
            _ => None,
        };
        let Some(path) = local.as_deref().filter(|path| path.exists()) else {
            if is_remote(&entry.text) {
                let address = entry.text.clone();
                return closure.stop(Obstacle::Remote { place: place(), address });
            }
            if local.is_none() {
                let path = entry.text.clone();
                closure.stop(Obstacle::Outside { place: place(), path });
            }
            // The tool reports that the file is missing.
            return;
        };
        if role == Role::Base {
            closure.bases.insert(path.to_owned());
        }
        if path.is_dir() {
            let role = if role == Role::Part { Role::Base } else { role };
            self.add(path, role, seen, closure);
            return;
        }
        // Kustomize would wait for input from a pipe.
        if !path.is_file() {
            let because = "it is not a regular file".to_owned();
            return closure.stop(Obstacle::Unreadable { place: self.place(path, 0), because });
        }
        closure.files.insert(path.to_owned());
        // The path as written can be a link.
        closure.files.insert(crate::boundary::clean(&directory.join(&entry.text)));
        if role == Role::Function {
            match text::read(path) {
                Ok(text) => {
                    if let Some(name) = external_function(&text) {
                        closure.stop(Obstacle::Function { place: place(), name });
                    }
                }
                Err(because) => {
                    let place = self.place(path, 0);
                    closure.stop(Obstacle::Unreadable { place, because });
                }
            }
        }
    }

    fn include_chart(&self, from: &Kustomization, chart: &HelmChart, closure: &mut Closure) {
        let place = |line| self.place(&from.file, line);
        let Some(directory) = from.file.parent() else { return };
        let Some(boundary) = self.boundary(directory) else { return };
        let Some(path) = boundary.resolve(directory, &chart.directory) else {
            let path = chart.directory.clone();
            return closure.stop(Obstacle::Outside { place: place(chart.line), path });
        };
        if !path.is_dir() {
            let (name, line) = (chart.name.clone(), chart.line);
            let fetch = fetch_command(chart, &self.names.shown(directory));
            return closure.stop(Obstacle::MissingChart { place: place(line), chart: name, fetch });
        }
        if let Some(link) = chart::outside_link(&path, boundary) {
            let path = self.names.shown(&link);
            return closure.stop(Obstacle::Outside { place: place(chart.line), path });
        }
        for values in &chart.values {
            if values.text.contains("://") {
                let address = values.text.clone();
                return closure.stop(Obstacle::Remote { place: place(values.line), address });
            }
            match boundary.resolve(directory, &values.text) {
                Some(file) => closure.files.extend([file]),
                None => {
                    let path = values.text.clone();
                    return closure.stop(Obstacle::Outside { place: place(values.line), path });
                }
            }
        }
        closure.bases.insert(path.clone());
        closure.charts.insert(path);
    }
}

impl Closure {
    fn stop(&mut self, obstacle: Obstacle) {
        self.obstacle.get_or_insert(obstacle);
    }
}

/// Returns whether an entry is a path or an address rather than inline YAML.
fn is_path(text: &str) -> bool {
    !text.contains('\n') && !text.starts_with('{')
}

/// Returns the command that downloads a chart to the directory in which Kustomize looks for it.
fn fetch_command(chart: &HelmChart, directory: &str) -> String {
    let parent = chart.directory.rsplit_once('/').map_or("charts", |(parent, _)| parent);
    let version = chart.version.as_ref().map(|it| format!(" --version {it}")).unwrap_or_default();
    let source = match &chart.repository {
        Some(address) if address.starts_with("oci://") => {
            format!("{}/{}", address.trim_end_matches('/'), chart.name)
        }
        Some(address) => format!("{} --repo {address}", chart.name),
        None => chart.name.clone(),
    };
    format!("helm pull {source}{version} --untar --untardir {directory}/{parent}")
}

/// Returns the name of a function in a configuration that Kustomize does not contain itself.
fn external_function(text: &str) -> Option<String> {
    let Ok(documents) = yaml::parse(text, 1) else { return Some("an invalid document".to_owned()) };
    documents.iter().find_map(|document| {
        let root = document.root();
        let field = |name: &str| root.get(name).and_then(Node::as_str).unwrap_or_default();
        let annotations = root.get("metadata").and_then(|it| it.get("annotations"));
        let is_container = annotations.is_some_and(|it| {
            it.pairs().any(|(key, _)| {
                key.as_str().is_some_and(|key| key.starts_with("config.kubernetes.io/function"))
            })
        });
        // An inflated chart can be remote; `helmCharts` is how it is written today.
        let is_builtin = field("apiVersion") == "builtin"
            && !matches!(field("kind"), "HelmChartInflationGenerator")
            && !is_container;
        let name = if field("kind").is_empty() { "an unnamed kind" } else { field("kind") };
        (!is_builtin && !root.is_null()).then(|| name.to_owned())
    })
}
