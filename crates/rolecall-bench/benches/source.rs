//! Reading: a JSON List, with `serde_json` on the same bytes as the baseline, and a directory of
//! manifests.
//!
//! `cargo bench -p rolecall-bench --bench source [FILTER]`. The relevant results are the ratios of
//! `json::load` and `json::load_access` to `json::ignore` in one run.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::BytesCount;
use rolecall_bench::generate::{self, GenerateArguments, Preset, What};
use rolecall_rbac::Inventory;
use rolecall_source::manifests::{self, Defaults, LoadConfig, Selection};
use serde::de::IgnoredAny;
use tempfile::TempDir;

fn main() {
    divan::main();
}

/// A directory for the inputs, which is removed at exit.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap_or_else(fail));

fn fail<T>(error: std::io::Error) -> T {
    eprintln!("error: cannot write inputs: {error}");
    std::process::exit(2)
}

fn generated(what: What, preset: Preset, amount: Option<usize>) -> PathBuf {
    let path = FOLDER.path().join(format!("{what:?}-{preset:?}"));
    if !path.exists() {
        let arguments =
            GenerateArguments { what, preset, seed: 1, out: Some(path.clone()), amount };
        generate::run(&arguments).unwrap_or_else(fail);
    }
    path
}

/// Loads a file or directory. Returns the inventory, so that it is freed outside the measurement:
/// commands leave that to the kernel.
fn load(path: &Path, selection: Selection) -> Inventory {
    let config = LoadConfig {
        paths: vec![path.to_owned()],
        default_namespace: "default".into(),
        defaults: Defaults::None,
        selection,
        exclude: Vec::new(),
    };
    manifests::load(&config, std::io::empty()).inventory
}

/// A List as printed by `kubectl get -o json`, which consists mostly of Pods.
mod json {
    use super::*;

    const SIZES: [Preset; 2] = [Preset::Small, Preset::Huge];

    #[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
    fn load(bencher: Bencher<'_, '_>, preset: Preset) {
        let path = generated(What::Cluster, preset, None);
        bencher.counter(size(&path)).bench_local(|| super::load(&path, Selection::Everything));
    }

    /// The objects that a question about a ServiceAccount needs; Pods are skipped.
    #[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
    fn load_access(bencher: Bencher<'_, '_>, preset: Preset) {
        let path = generated(What::Cluster, preset, None);
        let load = || super::load(&path, Selection::WithoutWorkloads);
        bencher.counter(size(&path)).bench_local(load);
    }

    /// The lower bound of a parser: reads every byte and keeps nothing.
    #[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
    fn ignore(bencher: Bencher<'_, '_>, preset: Preset) {
        let path = generated(What::Cluster, preset, None);
        bencher.counter(size(&path)).bench_local(|| {
            let text = fs::read(&path).unwrap_or_else(fail);
            serde_json::from_slice::<IgnoredAny>(&text).is_ok()
        });
    }

    fn size(path: &Path) -> BytesCount {
        BytesCount::new(fs::metadata(path).map_or(0, |metadata| metadata.len()))
    }
}

/// A directory of YAML files; every twentieth one contains RBAC objects.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn manifest_tree(bencher: Bencher<'_, '_>) {
    const FILES: usize = 2_000;
    let path = generated(What::Manifests, Preset::Small, Some(FILES));
    let bencher = bencher.counter(divan::counter::ItemsCount::new(FILES));
    bencher.bench_local(|| load(&path, Selection::Everything));
}
