//! Finds the targets among the files of a repository.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::boundary::Boundary;
use crate::chart::{self, Chart};
use crate::dependency;
use crate::gitops;
use crate::graph::Graph;
use crate::names::{Names, RealPaths};
use crate::obstacle::{Obstacle, Place};
use crate::target::{Release, Target, TargetKind};

/// The files among which targets are found.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The kustomizations, as found.
    pub kustomizations: Vec<PathBuf>,
    /// The directories that contain a `Chart.yaml`, as found.
    pub charts: Vec<PathBuf>,
    /// The other manifests, which can contain objects of Argo CD and Flux.
    pub manifests: Vec<PathBuf>,
}

/// The kustomizations that are targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Roots {
    /// Those that no other one includes.
    #[default]
    Outermost,
    /// All but components.
    All,
}

/// Returns the targets among the files, sorted by name.
///
/// Subcharts, library charts and components are parts of targets and not targets themselves.
pub fn discover(
    listing: &Listing,
    boundaries: &[Boundary],
    names: &Names,
    roots: Roots,
) -> Vec<Target> {
    let mut real = RealPaths::default();
    let is_inside = |path: &PathBuf| boundaries.iter().any(|it| path.starts_with(it.root()));
    let mut kustomizations: BTreeSet<PathBuf> =
        listing.kustomizations.iter().filter_map(|path| real.of(path)).filter(is_inside).collect();
    let charts = listing.charts.iter().filter_map(|path| path.canonicalize().ok());
    let charts: BTreeSet<PathBuf> = charts.filter(is_inside).collect();
    kustomizations.retain(|file| !is_in_chart(file, &charts));
    let graph = Graph::new(boundaries, names);
    let mut targets: Vec<Target> = outermost(&kustomizations, &graph, roots)
        .iter()
        .map(|directory| graph.target(directory))
        .collect();
    for directory in charts.iter().filter(|directory| !is_in_chart(directory, &charts)) {
        targets.extend(helm(directory, boundaries, names));
    }
    gitops::apply(&mut targets, &listing.manifests, &graph, boundaries, names);
    targets
}

/// Returns the real directories of the kustomizations to build.
fn outermost(
    kustomizations: &BTreeSet<PathBuf>,
    graph: &Graph<'_>,
    roots: Roots,
) -> BTreeSet<PathBuf> {
    let directories: BTreeSet<PathBuf> =
        kustomizations.iter().filter_map(|file| file.parent()).map(Path::to_owned).collect();
    let mut buildable: BTreeMap<&PathBuf, Vec<PathBuf>> = BTreeMap::new();
    let mut included: BTreeSet<PathBuf> = BTreeSet::new();
    for directory in &directories {
        match graph.at(directory).as_deref() {
            Some(Ok(kustomization)) => {
                let inner = graph.included(kustomization);
                included.extend(inner.iter().filter(|inner| *inner != directory).cloned());
                if !kustomization.is_component {
                    buildable.insert(directory, inner);
                }
            }
            // It is reported as unreadable.
            Some(Err(_)) => {
                buildable.insert(directory, Vec::new());
            }
            None => {}
        }
    }
    if roots == Roots::All {
        return buildable.into_keys().cloned().collect();
    }
    let mut found: BTreeSet<PathBuf> =
        buildable.keys().filter(|it| !included.contains(**it)).map(|it| (*it).clone()).collect();
    // Kustomizations that include each other have no outermost one: the first stands for them.
    let mut reached = BTreeSet::new();
    let mut open: Vec<PathBuf> = found.iter().cloned().collect();
    for directory in buildable.keys().map(|it| (*it).clone()) {
        while let Some(next) = open.pop() {
            if reached.insert(next.clone()) {
                open.extend(buildable.get(&next).into_iter().flatten().cloned());
            }
        }
        if !reached.contains(&directory) {
            found.insert(directory.clone());
            open.push(directory);
        }
    }
    found
}

/// Returns a chart with its default values, and its variants.
fn helm(directory: &Path, boundaries: &[Boundary], names: &Names) -> Vec<Target> {
    let shown = names.shown(directory);
    let file = directory.join("Chart.yaml");
    let boundary = boundaries.iter().find(|it| directory.starts_with(it.root()));
    let place = Place { file: names.shown(&file), line: 0 };
    let (chart, unreadable) = match boundary.and_then(|it| chart::outside_link(directory, it)) {
        // The link can be any file, so nothing is read.
        Some(link) => {
            (Chart::default(), Some(Obstacle::Outside { place, path: names.shown(&link) }))
        }
        None => match Chart::read(directory) {
            Ok(chart) if chart.is_library => return Vec::new(),
            Ok(chart) => (chart, None),
            Err(because) => (Chart::default(), Some(Obstacle::Unreadable { place, because })),
        },
    };
    let local = match boundary {
        Some(boundary) => dependency::local_charts(directory, &chart, boundary, names),
        None => Ok(Vec::new()),
    };
    let (local_charts, missing) = match local {
        Ok(local_charts) => (local_charts, None),
        Err(missing) => (Vec::new(), Some(missing)),
    };
    let obstacle = unreadable.or(missing);
    let inner = local_charts.iter().map(|chart| chart.directory.clone());
    let charts = std::iter::once(directory.to_owned()).chain(inner).collect();
    let release = Release {
        name: release_name(&chart.name),
        chart: chart.name,
        local_charts,
        ..Release::default()
    };
    let plain = Target {
        name: shown.clone(),
        shown: shown.clone(),
        directory: directory.to_owned(),
        kind: TargetKind::Helm(release.clone()),
        bases: [directory.to_owned()].into(),
        files: BTreeSet::new(),
        charts,
        layers: Vec::new(),
        deployed_by: Vec::new(),
        deployer: None,
        is_for_argo_cd: false,
        obstacle,
    };
    let variants = chart::variants(directory).into_iter().map(|values| Target {
        name: format!("{shown}:{}", values.to_string_lossy().replace('\\', "/")),
        kind: TargetKind::Helm(Release { values: vec![directory.join(values)], ..release.clone() }),
        ..plain.clone()
    });
    std::iter::once(plain.clone()).chain(variants).collect()
}

/// Returns a valid name for a release of a chart.
fn release_name(chart: &str) -> String {
    let is_valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name: String =
        chart.to_ascii_lowercase().chars().filter(|c| is_valid(*c)).take(53).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "release".to_owned() } else { name.to_owned() }
}

/// Returns whether a path is inside the templates or subcharts of a chart.
fn is_in_chart(path: &Path, charts: &BTreeSet<PathBuf>) -> bool {
    path.ancestors().skip(1).any(|ancestor| {
        charts.contains(ancestor)
            && path.strip_prefix(ancestor).is_ok_and(|rest| {
                ["charts", "templates", "crds"].iter().any(|part| rest.starts_with(part))
            })
    })
}
