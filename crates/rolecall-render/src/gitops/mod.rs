//! Deployments by Argo CD and Flux: their objects name a directory of the repository, and for charts a
//! release, a namespace and values.

mod argo;
mod flux;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rolecall_yaml::{self as yaml, Node};
use serde::Deserialize;

use crate::boundary::Boundary;
use crate::graph::Graph;
use crate::names::Names;
use crate::obstacle::{Obstacle, Place};
use crate::target::{Changes, Deployer, Release, Target, TargetKind};

/// The largest file in which objects are searched.
const LARGEST: u64 = 1 << 20;

/// The most directories that one generator of an ApplicationSet yields.
const MOST_DIRECTORIES: usize = 1000;

/// A directory that is deployed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Deployment {
    /// The kind, namespace and name of the object, such as `Application argocd/web`.
    by: String,
    /// Its name, which distinguishes it from other deployments of the directory.
    name: String,
    /// The directory, relative to the root of the repository.
    path: String,
    /// The namespace of objects that name none, or of the release.
    namespace: Option<String>,
    /// The changes that are made to a kustomization.
    changes: Changes,
    /// The name of the release.
    release: Option<String>,
    /// Files with values: relative to the chart, or to the repository with a leading `/`.
    values: Vec<String>,
    /// Values in YAML.
    inline_values: Vec<String>,
    /// Further arguments for Helm.
    arguments: Vec<String>,
    /// Settings that are not in the repository.
    unknown: Option<String>,
    /// The ServiceAccount that installs the chart.
    deployer: Option<Deployer>,
    /// Where the object is.
    place: Place,
}

/// Adds what Argo CD and Flux objects in `files` say about the targets.
pub(crate) fn apply(
    targets: &mut Vec<Target>,
    files: &[PathBuf],
    graph: &Graph<'_>,
    boundaries: &[Boundary],
    names: &Names,
) {
    for file in files {
        let Some(boundary) = boundary_of(file, boundaries) else { continue };
        for deployment in in_file(file, boundary, names) {
            deployment.add_to(targets, graph, boundary, names);
        }
    }
    targets.sort_by(|left, right| left.name.cmp(&right.name));
    targets.dedup_by(|left, right| left.name == right.name);
    mark_those_of_argo_cd(targets);
}

/// Marks the targets in directories that only Argo CD deploys.
fn mark_those_of_argo_cd(targets: &mut [Target]) {
    let mut only_argo: BTreeMap<PathBuf, bool> = BTreeMap::new();
    for target in targets.iter().filter(|target| !target.deployed_by.is_empty()) {
        let is_of_argo = target.deployed_by.iter().all(|by| by.starts_with("Application"));
        *only_argo.entry(target.directory.clone()).or_insert(true) &= is_of_argo;
    }
    for target in targets {
        target.is_for_argo_cd = only_argo.get(&target.directory) == Some(&true);
    }
}

fn boundary_of<'b>(file: &Path, boundaries: &'b [Boundary]) -> Option<&'b Boundary> {
    let real = file.parent()?.canonicalize().ok()?;
    boundaries.iter().find(|boundary| real.starts_with(boundary.root()))
}

/// Returns the deployments in a file.
fn in_file(file: &Path, boundary: &Boundary, names: &Names) -> Vec<Deployment> {
    let is_small = |it: &fs::Metadata| it.is_file() && it.len() <= LARGEST;
    if !fs::metadata(file).as_ref().is_ok_and(is_small) {
        return Vec::new();
    }
    let Ok(bytes) = fs::read(file) else { return Vec::new() };
    let mentions = |word: &[u8]| memchr::memmem::find(&bytes, word).is_some();
    if !mentions(b"argoproj.io/") && !mentions(b".toolkit.fluxcd.io/") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for chunk in yaml::split(&bytes) {
        for document in yaml::parse_chunk(&chunk, None).unwrap_or_default() {
            let root = document.root();
            let line = root.position().line;
            let place = Place { file: names.shown(&file.canonicalize().unwrap_or_default()), line };
            let version = text(root, &["apiVersion"]);
            let group = version.split('/').next().unwrap_or_default();
            let deployments = match (group, text(root, &["kind"])) {
                ("argoproj.io", "Application") => argo::application(root),
                ("argoproj.io", "ApplicationSet") => argo::application_set(root, boundary),
                ("kustomize.toolkit.fluxcd.io", "Kustomization") => flux::kustomization(root),
                ("helm.toolkit.fluxcd.io", "HelmRelease") => flux::helm_release(root),
                _ => Vec::new(),
            };
            let named = deployments.into_iter().map(|it| {
                let place = place.clone();
                let deployer = it.deployer.map(|it| Deployer { place: place.clone(), ..it });
                Deployment { place, deployer, ..it }
            });
            found.extend(named);
        }
    }
    found
}

impl Deployment {
    fn add_to(
        self,
        targets: &mut Vec<Target>,
        graph: &Graph<'_>,
        boundary: &Boundary,
        names: &Names,
    ) {
        let path = self.path.trim_start_matches('/');
        let Some(directory) = boundary.resolve(boundary.root(), path) else { return };
        if !directory.is_dir() {
            return;
        }
        let in_directory = |target: &Target| target.directory == directory;
        if let Some(chart) = targets.iter().find(|it| in_directory(it) && is_chart(it)) {
            let variant = self.of_chart(chart, boundary, names);
            targets.push(variant);
            return;
        }
        let position = match targets.iter().position(in_directory) {
            Some(position) => position,
            // It is part of another target, and applied on its own as well.
            None if graph
                .at(&directory)
                .is_some_and(|read| read.as_ref().as_ref().is_ok_and(|it| !it.is_component)) =>
            {
                targets.push(graph.target(&directory));
                targets.len() - 1
            }
            None => return,
        };
        let Some(target) = targets.get_mut(position) else { return };
        let is_first = target.deployed_by.is_empty();
        if !is_first || self.changes != Changes::default() {
            let variant = Target {
                name: format!("{}:{}", target.shown, self.name),
                deployed_by: vec![self.by.clone()],
                ..target.clone()
            };
            targets.push(self.of_kustomization(variant));
            return;
        }
        target.deployed_by.push(self.by.clone());
        let target = target.clone();
        if let Some(place) = targets.get_mut(position) {
            *place = self.of_kustomization(target);
        }
    }

    fn of_kustomization(self, target: Target) -> Target {
        let inflates_charts = match target.kind {
            TargetKind::Kustomize { inflates_charts, .. } => inflates_charts,
            TargetKind::Helm(_) => false,
        };
        let kind = TargetKind::Kustomize {
            inflates_charts,
            namespace: self.namespace,
            changes: self.changes,
        };
        let obstacle = target.obstacle.clone().or(self.unknown.map(Obstacle::Setting));
        Target { kind, obstacle, ..target }
    }

    fn of_chart(self, chart: &Target, boundary: &Boundary, names: &Names) -> Target {
        let mut obstacle = chart.obstacle.clone().or(self.unknown.map(Obstacle::Setting));
        let mut values = Vec::new();
        for file in &self.values {
            let (from, path) = match file.strip_prefix('/') {
                Some(path) => (boundary.root(), path),
                None => (&*chart.directory, &**file),
            };
            match boundary.resolve(from, path) {
                Some(path) if !file.contains("://") => values.push(path),
                Some(_) => {
                    let (place, address) = (self.place.clone(), file.clone());
                    obstacle.get_or_insert(Obstacle::Remote { place, address });
                }
                None => {
                    let (place, path) = (self.place.clone(), file.clone());
                    obstacle.get_or_insert(Obstacle::Outside { place, path });
                }
            }
        }
        let _ = names;
        let base = match &chart.kind {
            TargetKind::Helm(release) => release.clone(),
            TargetKind::Kustomize { .. } => Release::default(),
        };
        let release = Release {
            name: self.release.unwrap_or_else(|| self.name.clone()),
            namespace: self.namespace,
            values,
            inline_values: self.inline_values,
            arguments: self.arguments,
            ..base
        };
        Target {
            name: format!("{}:{}", chart.shown, self.name),
            kind: TargetKind::Helm(release),
            deployed_by: vec![self.by],
            deployer: self.deployer,
            obstacle,
            ..chart.clone()
        }
    }
}

fn is_chart(target: &Target) -> bool {
    matches!(target.kind, TargetKind::Helm(_))
}

/// Returns a text in an object; empty if there is none.
fn text<'d>(root: Node<'d>, path: &[&str]) -> &'d str {
    node(root, path).and_then(Node::as_str).unwrap_or_default()
}

fn node<'d>(root: Node<'d>, path: &[&str]) -> Option<Node<'d>> {
    path.iter().try_fold(root, |node, key| node.get(key))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// Returns the texts of a list.
fn texts(root: Node<'_>, path: &[&str]) -> Vec<String> {
    let items = node(root, path).into_iter().flat_map(Node::items);
    items.filter_map(Node::as_str).map(str::to_owned).collect()
}

/// Returns a node as JSON, which is YAML as well.
fn as_json(node: Node<'_>) -> Option<String> {
    let value = serde_json::Value::deserialize(node).ok()?;
    serde_json::to_string(&value).ok()
}

/// Returns the kind, namespace and name of an object in words.
fn named(root: Node<'_>) -> (String, String) {
    let kind = text(root, &["kind"]);
    let name = text(root, &["metadata", "name"]);
    let by = match text(root, &["metadata", "namespace"]) {
        "" => format!("{kind} {name}"),
        namespace => format!("{kind} {namespace}/{name}"),
    };
    (by, name.to_owned())
}
