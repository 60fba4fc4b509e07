//! The targets of a listing, before they are rendered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rolecall_check::TargetGlob;
use rolecall_render::{Boundary, Names, Obstacle, RealPaths, Roots, Target};
use rolecall_source::manifests::{Listing, LoadConfig, Unrendered};

use super::settings;
use crate::cli::Options;
use crate::config;
use crate::error::{CommandError, Hint};
use crate::ui::Ui;

/// The most targets that an error lists.
const LISTED: usize = 10;

/// The targets of a listing.
pub(crate) struct Discovery {
    /// The targets, sorted by name.
    pub(crate) targets: Vec<Target>,
    /// The names of paths.
    pub(crate) names: Names,
    /// The directories in which files can be read.
    pub(crate) boundaries: Vec<Boundary>,
    /// The paths of kustomizations and charts as found, by their real paths.
    found: BTreeMap<PathBuf, PathBuf>,
}

impl Discovery {
    /// Finds the targets of a listing.
    pub(crate) fn of(
        ui: &Ui,
        options: &Options,
        config: &LoadConfig,
        listing: &Listing,
    ) -> Result<Self, CommandError> {
        let paths = || config.paths.iter().filter(|path| path.as_os_str() != "-");
        let mut names = Names::new(paths().map(PathBuf::as_path));
        if let Some(shown) = &options.source.shown_as {
            names = names
                .with_copy(&shown.folder, &shown.name)
                .with_copy(&shown.root, &shown.root_name);
        }
        let boundaries: Vec<Boundary> =
            paths().filter_map(|path| Boundary::around(path).ok()).collect();
        let kustomizations = listing.kustomizations();
        let charts = listing.chart_roots().to_vec();
        let mut real = RealPaths::default();
        let mut found: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        for path in &kustomizations {
            found.extend(real.of(path).map(|real| (real, path.clone())));
        }
        for path in &charts {
            found.extend(path.canonicalize().ok().map(|real| (real, path.clone())));
        }
        let roots = match options.source.render.all_kustomizations {
            true => Roots::All,
            false => Roots::Outermost,
        };
        let manifests = listing.files().map(Path::to_owned).collect();
        let listing = rolecall_render::Listing { kustomizations, charts, manifests };
        let targets = rolecall_render::discover(&listing, &boundaries, &names, roots);
        let mut discovery = Self { targets, names, boundaries, found };
        let settings = config::render_settings(ui, options)?;
        settings::apply(&mut discovery.targets, &settings, &discovery.boundaries, &options.source)?;
        Ok(discovery)
    }

    /// Keeps the targets that `--target` selects, and returns the others.
    pub(crate) fn select(&mut self, options: &Options) -> Result<Vec<Target>, CommandError> {
        let render = &options.source.render;
        if let Some(chosen) = &render.chosen {
            let targets = std::mem::take(&mut self.targets);
            let (selected, others) =
                targets.into_iter().partition(|target| chosen.contains(&target.name));
            self.targets = selected;
            return Ok(others);
        }
        let globs = &render.target;
        if globs.is_empty() {
            return Ok(Vec::new());
        }
        let is_selected =
            |glob: &TargetGlob| self.targets.iter().any(|target| glob.matches(&target.name));
        if let Some(glob) = globs.iter().find(|glob| !is_selected(glob)) {
            return Err(self.unknown(glob.as_str()));
        }
        let targets = std::mem::take(&mut self.targets);
        let (selected, others) = targets
            .into_iter()
            .partition(|target| globs.iter().any(|glob| glob.matches(&target.name)));
        self.targets = selected;
        Ok(others)
    }

    fn unknown(&self, glob: &str) -> CommandError {
        let names = self.targets.iter().map(|target| format!("`{}`", target.name));
        let mut listed: Vec<String> = names.take(LISTED).collect();
        if self.targets.len() > LISTED {
            listed.push(format!("{} more", self.targets.len() - LISTED));
        }
        let has = match listed.is_empty() {
            true => "the input has no kustomizations or charts".to_owned(),
            false => format!("the input has {}", rolecall_rbac::sentence_list(&listed)),
        };
        CommandError::usage(format!("no target is named `{glob}`: {has}"))
            .with_hint(Hint::run("rolecall targets PATH", "list the targets"))
    }

    /// Describes a target that could not be rendered.
    pub(crate) fn unrendered(&self, target: &Target, obstacle: &Obstacle) -> Unrendered {
        let file = target.file();
        let found = self.found.get(&file).or_else(|| self.found.get(&target.directory));
        let shown = match obstacle.place() {
            Some(place) => place.file.clone(),
            None => self.names.shown(&file),
        };
        Unrendered {
            path: found.cloned().unwrap_or(file),
            shown,
            line: obstacle.place().map_or(0, |place| place.line),
            message: obstacle.to_string(),
            targets: vec![target.name.clone()],
        }
    }

    /// Leaves the files of targets out of a listing.
    pub(crate) fn leave_out<'t>(
        &self,
        listing: &mut Listing,
        targets: impl Iterator<Item = &'t Target>,
    ) {
        let mut files: BTreeSet<&Path> = BTreeSet::new();
        let mut charts: BTreeMap<&Path, &Target> = BTreeMap::new();
        for target in targets {
            files.extend(target.files.iter().map(PathBuf::as_path));
            charts.extend(target.charts.iter().map(|chart| (chart.as_path(), target)));
        }
        let mut real_paths = RealPaths::default();
        listing.leave_out(|path| {
            let Some(real) = real_paths.of(path) else { return false };
            let in_chart = || {
                let mut around = real.ancestors().filter_map(|it| charts.get(it));
                around.any(|target| target.owns(&real))
            };
            files.contains(&*real) || in_chart()
        });
    }
}
