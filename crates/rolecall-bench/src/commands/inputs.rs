//! The generated inputs of a run, in a temporary directory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::generate::{self, GenerateArguments, Preset, What};
use tempfile::TempDir;

use rolecall_task::failure::{Failure, Result};
use rolecall_task::files;

const SEED: u64 = 1;

/// An input and its placeholder in commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Input {
    /// `{cluster}`: a JSON List.
    Cluster,
    /// `{other}`: another cluster of the same size.
    Other,
    /// `{later}`: the cluster a week later.
    Later,
    /// `{pods}`: a custom resource with thousands of pod specs.
    Pods,
    /// `{overlaps}`: a ClusterRole with hundreds of overlapping rules.
    Overlaps,
    /// `{overlaps2}`: the same with other rules.
    Overlaps2,
    /// `{aggregated}`: thousands of ClusterRoles that select each other.
    Aggregated,
    /// `{product}`: a rule with billions of combinations.
    Product,
    /// `{unserved}`: rules for resources that no server serves.
    Unserved,
    /// `{manifests}`: a directory of YAML files.
    Manifests,
    /// `{overlays}`: a directory of Kustomize overlays.
    Overlays,
    /// `{reviews}`: SubjectAccessReviews as JSON lines.
    Reviews,
    /// `{refusals}`: container logs.
    Refusals,
}

impl Input {
    /// All inputs.
    pub(super) const ALL: [Self; 13] = [
        Self::Cluster,
        Self::Other,
        Self::Later,
        Self::Pods,
        Self::Overlaps,
        Self::Overlaps2,
        Self::Aggregated,
        Self::Product,
        Self::Unserved,
        Self::Manifests,
        Self::Overlays,
        Self::Reviews,
        Self::Refusals,
    ];

    /// Returns the placeholder of the input's path in a command.
    pub(super) fn placeholder(self) -> &'static str {
        match self {
            Self::Cluster => "{cluster}",
            Self::Other => "{other}",
            Self::Later => "{later}",
            Self::Pods => "{pods}",
            Self::Overlaps => "{overlaps}",
            Self::Overlaps2 => "{overlaps2}",
            Self::Aggregated => "{aggregated}",
            Self::Product => "{product}",
            Self::Unserved => "{unserved}",
            Self::Manifests => "{manifests}",
            Self::Overlays => "{overlays}",
            Self::Reviews => "{reviews}",
            Self::Refusals => "{refusals}",
        }
    }

    fn file_name(self) -> &'static str {
        match self {
            Self::Cluster => "cluster.json",
            Self::Other => "other.json",
            Self::Later => "later.json",
            Self::Pods => "pods.json",
            Self::Overlaps => "overlaps.json",
            Self::Overlaps2 => "overlaps2.json",
            Self::Aggregated => "aggregated.json",
            Self::Product => "product.json",
            Self::Unserved => "unserved.json",
            Self::Manifests => "manifests",
            Self::Overlays => "overlays",
            Self::Reviews => "reviews.jsonl",
            Self::Refusals => "refusals.log",
        }
    }

    fn seed(self) -> u64 {
        match self {
            Self::Other | Self::Overlaps2 => SEED + 1,
            _ => SEED,
        }
    }

    /// Returns the generator, and the amount for inputs that do not depend on the preset.
    fn what(self, preset: Preset) -> (What, Option<usize>) {
        match self {
            Self::Cluster | Self::Other => (What::Cluster, None),
            Self::Later => (What::Later, None),
            Self::Pods => (What::Pods, None),
            Self::Overlaps | Self::Overlaps2 => (What::Overlaps, None),
            Self::Aggregated => (What::Aggregated, None),
            Self::Product => (What::Product, None),
            Self::Unserved => (What::Unserved, None),
            Self::Manifests => (What::Manifests, Some(if is_small(preset) { 500 } else { 5_000 })),
            Self::Overlays => (What::Overlays, Some(200)),
            Self::Reviews => (What::Reviews, Some(reviews(preset))),
            Self::Refusals => (What::Refusals, Some(if is_small(preset) { 10 } else { 100 })),
        }
    }
}

/// Returns the number of reviews.
pub(super) fn reviews(preset: Preset) -> usize {
    if is_small(preset) { 5_000 } else { 100_000 }
}

fn is_small(preset: Preset) -> bool {
    preset == Preset::Small
}

/// A directory of inputs.
#[derive(Debug)]
pub(super) struct Inputs {
    folder: TempDir,
    preset: Preset,
}

impl Inputs {
    /// Generates the inputs.
    pub(super) fn write(preset: Preset, inputs: &[Input]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("rolecall-bench-").tempdir();
        let folder = folder.map_err(|error| {
            Failure::new(format!("cannot create a directory for the inputs: {error}"))
                .remedy("set TMPDIR to a directory with enough space")
        })?;
        let written = Self { folder, preset };
        for input in inputs {
            let (what, amount) = input.what(preset);
            let path = written.path(*input);
            let arguments = GenerateArguments {
                what,
                preset,
                seed: input.seed(),
                out: Some(path.clone()),
                amount,
            };
            generate::run(&arguments).map_err(|error| files::failure("write", &path, &error))?;
        }
        Ok(written)
    }

    /// Returns the size of the cluster.
    pub(super) fn preset(&self) -> Preset {
        self.preset
    }

    /// Returns the path of an input.
    pub(super) fn path(&self, input: Input) -> PathBuf {
        self.folder.path().join(input.file_name())
    }

    /// Returns the size of an input in bytes.
    pub(super) fn size(&self, input: Input) -> Result<u64> {
        size_of(&self.path(input))
    }
}

fn size_of(path: &Path) -> Result<u64> {
    if path.is_dir() {
        return files::list_dir(path)?.iter().map(|entry| size_of(entry)).sum();
    }
    let metadata = fs::metadata(path).map_err(|error| files::failure("read", path, &error))?;
    Ok(metadata.len())
}
