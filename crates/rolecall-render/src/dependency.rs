//! Dependencies of a chart that are not in its `charts/`: those with an address `file://` are other charts of the
//! repository, which `helm dependency build` would copy.

use std::path::{Path, PathBuf};

use crate::boundary::Boundary;
use crate::chart::{self, Chart, Dependency};
use crate::names::Names;
use crate::obstacle::{Obstacle, Place};

/// The deepest dependency of a dependency.
const DEEPEST: usize = 8;

/// A chart that is copied into another one before it is rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalChart {
    /// The path in the chart, such as `charts/common`.
    pub path: PathBuf,
    /// The real path of its directory.
    pub directory: PathBuf,
}

/// Returns the charts to copy into the chart in a real directory, or the reason why a dependency is missing.
pub(crate) fn local_charts(
    directory: &Path,
    chart: &Chart,
    boundary: &Boundary,
    names: &Names,
) -> Result<Vec<LocalChart>, Obstacle> {
    let search = Search { root: directory, boundary, names };
    let mut found = Vec::new();
    search.add(directory, chart, Path::new(""), &mut found, 0)?;
    Ok(found)
}

/// A search for the dependencies of a chart.
struct Search<'a> {
    root: &'a Path,
    boundary: &'a Boundary,
    names: &'a Names,
}

impl Search<'_> {
    fn add(
        &self,
        directory: &Path,
        chart: &Chart,
        path: &Path,
        found: &mut Vec<LocalChart>,
        depth: usize,
    ) -> Result<(), Obstacle> {
        for dependency in chart.missing_dependencies(directory) {
            let place = || Place {
                file: self.names.shown(&directory.join(dependency.file)),
                line: dependency.line,
            };
            let missing = || Obstacle::MissingChart {
                place: place(),
                chart: dependency.name.clone(),
                fetch: format!("helm dependency build {}", self.names.shown(self.root)),
            };
            let Some(written) = dependency.local_path() else { return Err(missing()) };
            let Some(real) = self.boundary.resolve(directory, written) else {
                return Err(Obstacle::Outside { place: place(), path: written.to_owned() });
            };
            if let Some(link) = chart::outside_link(&real, self.boundary) {
                return Err(Obstacle::Outside { place: place(), path: self.names.shown(&link) });
            }
            let inner = Chart::read(&real).ok().filter(|inner| inner.name == dependency.name);
            // A chart can depend on itself.
            let Some(inner) = inner.filter(|_| depth < DEEPEST) else { return Err(missing()) };
            let path = path.join("charts").join(&dependency.name);
            if found.iter().all(|known| known.path != path) {
                found.push(LocalChart { path: path.clone(), directory: real.clone() });
                self.add(&real, &inner, &path, found, depth + 1)?;
            }
        }
        Ok(())
    }
}

/// Returns the real directory of a dependency in the repository.
pub(crate) fn local_directory(
    chart: &Path,
    dependency: &Dependency,
    boundaries: &[Boundary],
) -> Option<PathBuf> {
    let written = dependency.local_path()?;
    let around = boundaries.iter().filter(|it| chart.starts_with(it.root()));
    around.filter_map(|it| it.resolve(chart, written)).find(|directory| directory.is_dir())
}
