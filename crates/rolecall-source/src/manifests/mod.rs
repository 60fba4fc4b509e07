//! Loads files, directories and stdin into one inventory.
//!
//! ```text
//! paths -> [ find ] -> files -> [ read ] -> documents -> [ prefilter ] -> decode -> Batch
//!                                  |                                                  |
//!                                  +------> JSON, in blocks ---> decode -> Batch ----+-> Loaded
//! ```

mod context;
mod defaults;
mod duplicates;
mod find;
mod kustomize;
mod listing;
mod name;
mod patterns;
mod prefilter;
mod read;
mod rendered;
mod shown;
mod templates;
mod text;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSlice;
use rolecall_rbac::{
    AggregationDrift, Catalog, CatalogBuilder, Gap, Glob, Inventory, InventoryBuilder, Origin,
    Replaced, Role, ServedResource, Text, Unread, resolve_aggregation,
};

pub use self::context::Context;
use self::defaults::default_objects;
pub use self::defaults::default_objects_of_releases;
pub use self::listing::{Listing, Unrendered, find};
pub use self::name::is_manifest;
use self::read::Outcome;
pub use self::rendered::{Rendered, decode, finish_rendered};
use self::text::shown;
pub use crate::decode::Selection;
use crate::decode::{Batch, Decoder, Decoders, Place};
use crate::facts::{self, Version};
use crate::problem::{Problem, ProblemKind};

/// The options for loading.
#[derive(Clone, Debug)]
pub struct LoadConfig {
    /// The files and directories; `-` is stdin.
    pub paths: Vec<PathBuf>,
    /// The namespace of namespaced objects without one.
    pub default_namespace: String,
    /// The default roles and bindings to add.
    pub defaults: Defaults,
    /// The objects to read.
    pub selection: Selection,
    /// The files and directories to skip in directories: their paths, or the ends of these.
    pub exclude: Vec<Glob>,
}

/// The default roles and bindings of a server to assume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Defaults {
    /// Those of the newest known release, unless the input contains default roles itself: a dump of
    /// a cluster's roles is complete.
    #[default]
    Auto,
    /// None.
    None,
    /// Those of one release.
    Version(Version),
}

/// The result of loading.
#[derive(Debug)]
pub struct Loaded {
    /// The objects, and the gaps for everything that could not be read.
    pub inventory: Inventory,
    /// The resources that the assumed release serves, and those of the input's
    /// CustomResourceDefinitions.
    pub catalog: Catalog,
    /// The kustomizations that change the files and are not built, though Kustomize could build them.
    pub unbuilt: Vec<String>,
    /// The files that were read, in input order.
    pub files: Vec<FileRead>,
    /// The number of files and directories that were skipped because [`LoadConfig::exclude`] matches,
    /// or because they contain the expected results of tests.
    pub excluded: usize,
    /// The patterns of [`LoadConfig::exclude`] that match nothing, sorted.
    pub unmatched: Vec<Glob>,
    /// The problems, in input order.
    pub problems: Vec<Problem>,
    /// The release whose default roles were added, if any.
    pub defaults: Option<Version>,
    /// Aggregated ClusterRoles whose rules differ from the aggregated ones.
    pub drifts: Vec<AggregationDrift>,
    /// Whether the input is or contains a snapshot of a cluster.
    pub is_snapshot: bool,
    /// The objects that were replaced by later ones with the same name, sorted.
    pub replaced: Vec<Replaced>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    /// Its path; `-` for stdin.
    pub path: String,
    /// The number of objects, including irrelevant ones.
    pub objects: usize,
}

/// Loads manifests; `stdin` is read when a path is `-`.
pub fn load(config: &LoadConfig, stdin: impl Read + Send) -> Loaded {
    load_listing(config, find(config), Vec::new(), stdin)
}

/// Loads the manifests of a listing, without those that were rendered, and adds the targets that are
/// applied together with them.
pub fn load_listing(
    config: &LoadConfig,
    listing: Listing,
    targets: Vec<Rendered>,
    stdin: impl Read + Send,
) -> Loaded {
    let Listing { mut found, unrendered, explained } = listing;
    found.apply_kustomizations();
    let stdin: Mutex<Box<dyn Read + Send + '_>> = Mutex::new(Box::new(stdin));
    let nowhere = Place::File(Text::from(""));
    let mut decoder = Decoder::new(&nowhere, &config.default_namespace);
    decoder.selection = config.selection;
    let decoders = Decoders::like(&decoder);
    let read: Vec<(Batch, Vec<(Outcome, usize)>)> = found
        .entries
        .par_chunks(files_at_once(found.entries.len()))
        .with_max_len(1)
        .map_init(read::ReadBuffer::new, |buffer, entries| {
            decoders.with(|decoder| {
                let read = entries.iter().map(|entry| {
                    decoder.switch_to(&Place::File(shown(&entry.path).into()));
                    decoder.settle(entry.namespace.as_deref(), &config.default_namespace);
                    let objects = decoder.batch.objects;
                    let Some(build) = entry.build else {
                        let outcome = read::read(entry, &stdin, buffer, decoder);
                        return (outcome, decoder.batch.objects - objects);
                    };
                    let before = std::mem::take(&mut decoder.batch);
                    let outcome = read::read(entry, &stdin, buffer, decoder);
                    decoder.batch.builder.mark_unbuilt(build);
                    let marked = std::mem::replace(&mut decoder.batch, before);
                    decoder.batch.append(marked);
                    (outcome, decoder.batch.objects - objects)
                });
                read.collect()
            })
        })
        .collect();
    let mut batch = Batch::default();
    for problem in found.problems {
        let is_unread = matches!(
            problem.kind,
            ProblemKind::MissingFile | ProblemKind::UnreadableFile | ProblemKind::OutsideLink
        );
        if is_unread {
            batch.builder.gap(unread_file(&problem.file, &problem.message));
        }
        batch.problems.push(problem);
    }
    let mut outcomes = Vec::with_capacity(found.entries.len());
    for (read, of_files) in read {
        batch.append(read);
        outcomes.extend(of_files);
    }
    let mut templates = vec![0; found.charts.len()];
    let mut files = Vec::with_capacity(outcomes.len());
    for (entry, (outcome, objects)) in found.entries.iter().zip(outcomes) {
        if outcome == Outcome::Read && !is_kustomization_file(entry) {
            files.push(FileRead { path: shown(&entry.path), objects });
        }
        let chart = entry.chart.and_then(|chart| templates.get_mut(chart));
        if let (Outcome::Template, Some(count)) = (outcome, chart) {
            *count += 1;
        }
    }
    let is_explained = |path: &Path| explained.iter().any(|it| it == path);
    for (chart, count) in found.charts.iter().zip(templates).filter(|(_, count)| *count > 0) {
        if is_explained(chart) {
            continue;
        }
        let files = if count == 1 { "1 template" } else { &format!("{count} templates") };
        let message = format!("an unrendered Helm chart ({files})");
        let problem = about_file(shown(chart), ProblemKind::Unrendered, message);
        batch.builder.gap(unread_file(&problem.file, &problem.message));
        batch.problems.push(problem);
    }
    let mut unbuilt = Vec::with_capacity(found.builds.len());
    for unrendered in &unrendered {
        let Unrendered { shown, line, .. } = unrendered;
        let problem = about_file(shown.clone(), ProblemKind::Unrendered, unrendered.text());
        let origin = Origin::File { path: (&**shown).into(), line: *line };
        batch.builder.gap(Gap { origin, ..unread_file(shown, &problem.message) });
        // Problems with a line are about single templates; one per directory is reported.
        batch.problems.push(problem);
    }
    for build in found.builds.iter().filter(|build| !is_explained(&build.path)) {
        let path = shown(&build.path);
        batch.builder.gap(unread_file(&path, &build.because));
        if !build.is_refused {
            unbuilt.push(path);
        }
    }
    if let Some((file, message)) = templates::unread(&found.templates) {
        batch.builder.gap(unread_file(&file, &message));
        batch.problems.push(about_file(file, ProblemKind::Unrendered, message));
    }
    targets.into_iter().for_each(|target| batch.append(target.batch));
    let mut loaded = finish(config, batch, default_objects);
    // The remote resources of a kustomization were not read, so the input is not empty.
    if !unbuilt.is_empty() {
        loaded.problems.retain(|problem| problem.kind != ProblemKind::NoManifests);
    }
    let unmatched = found.unmatched.into_iter().collect();
    Loaded { unbuilt, files, excluded: found.excluded, unmatched, ..loaded }
}

/// Returns whether a file is a kustomization rather than a manifest.
fn is_kustomization_file(entry: &find::Entry) -> bool {
    entry.path.file_name().is_some_and(kustomize::is_kustomization)
}

/// Returns the number of files per piece of work, so that each core gets several pieces.
fn files_at_once(files: usize) -> usize {
    const PIECES: usize = 16;
    const MOST: usize = 32;
    (files / (rayon::current_num_threads() * PIECES)).clamp(1, MOST)
}

/// Adds the default objects, and checks the input as a whole.
fn finish(
    config: &LoadConfig,
    batch: Batch,
    default_objects: fn(Version) -> InventoryBuilder,
) -> Loaded {
    let Batch {
        mut builder, resources, served, mut problems, objects, may_have_placeholders, ..
    } = batch;
    // A snapshot taken by a caller without access has gaps instead of objects.
    if objects == 0 && served.is_none() && problems.is_empty() {
        for path in &config.paths {
            let message = "it contains no Kubernetes objects".to_owned();
            problems.push(about_file(shown(path), ProblemKind::NoManifests, message));
        }
    }
    if served.is_none() && may_have_placeholders {
        variables::record(&mut builder);
    }
    let defaults = match config.defaults {
        Defaults::Version(version) => Some(version),
        // A snapshot contains the default roles, or a gap for them.
        Defaults::Auto if served.is_some() => None,
        Defaults::Auto if !holds_defaults(builder.roles()) => Some(Version::default()),
        Defaults::Auto | Defaults::None => None,
    };
    if let Some(version) = defaults {
        builder.prepend(default_objects(version));
    }
    let (mut inventory, replaced) = builder.build_with_replaced();
    let drifts = resolve_aggregation(&mut inventory);
    problems = one_a_directory(problems);
    problems.extend(duplicates::problems(&replaced));
    let is_snapshot = served.is_some();
    let catalog = catalog(config.defaults, served, resources);
    Loaded {
        inventory,
        catalog,
        unbuilt: Vec::new(),
        files: Vec::new(),
        excluded: 0,
        unmatched: Vec::new(),
        problems,
        defaults,
        drifts,
        is_snapshot,
        replaced,
    }
}

/// Returns the catalog of a snapshot or a release, with the resources that the input defines.
fn catalog(
    defaults: Defaults,
    served: Option<Vec<ServedResource>>,
    defined: Vec<ServedResource>,
) -> Catalog {
    let base = match (defaults, served) {
        (Defaults::Version(version), _) => facts::catalog(version),
        (Defaults::Auto | Defaults::None, None) => facts::catalog(Version::default()),
        (Defaults::Auto | Defaults::None, Some(served)) => {
            let mut builder = CatalogBuilder::new();
            // A list by name does not show the server's order of groups.
            if !served.is_sorted_by_key(|resource| &resource.group) {
                served.iter().for_each(|resource| builder.group(resource.group.clone()));
            }
            served.into_iter().for_each(|resource| builder.add(resource));
            builder.build()
        }
    };
    if defined.is_empty() {
        return base;
    }
    let mut builder = base.to_builder();
    defined.into_iter().for_each(|resource| builder.add(resource));
    builder.build()
}

/// Returns whether the roles include the defaults of a server. A single one can belong to an add-on
/// that sets the label of default roles, as CoreDNS does, or be a customized copy.
fn holds_defaults(roles: &[Role]) -> bool {
    ["cluster-admin", "system:discovery"].iter().all(|name| {
        roles.iter().any(|role| role.is_cluster_role() && *role.metadata.name == **name)
    })
}

/// Keeps one problem per directory about unrendered templates.
fn one_a_directory(problems: Vec<Problem>) -> Vec<Problem> {
    let directory = |problem: &Problem| {
        let is_template = problem.kind == ProblemKind::Unrendered && problem.line > 0;
        is_template.then(|| Path::new(&problem.file).parent().map(Path::to_owned))
    };
    let mut files: BTreeMap<Option<PathBuf>, BTreeSet<String>> = BTreeMap::new();
    for problem in &problems {
        if let Some(directory) = directory(problem) {
            files.entry(directory).or_default().insert(problem.file.clone());
        }
    }
    let mut reported = BTreeSet::new();
    problems
        .into_iter()
        .filter_map(|mut problem| {
            let Some(directory) = directory(&problem) else { return Some(problem) };
            let others = files.get(&directory).map_or(0, |files| files.len().saturating_sub(1));
            if others > 0 {
                let plural = if others == 1 { "" } else { "s" };
                problem
                    .message
                    .push_str(&format!(", like {others} other file{plural} in this directory"));
            }
            reported.insert(directory).then_some(problem)
        })
        .collect()
}

fn about_file(file: String, kind: ProblemKind, message: String) -> Problem {
    Problem { file, line: 0, column: 0, kind, message }
}

fn unread_file(file: &str, because: &str) -> Gap {
    Gap {
        unread: Unread::Anything,
        because: because.into(),
        origin: Origin::File { path: file.into(), line: 0 },
    }
}

#[cfg(test)]
mod tests;
