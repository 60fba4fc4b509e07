//! Clusters and answers that were recorded from real API servers.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Returns the folders of the recorded clusters, sorted.
pub fn universes() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/golden");
    let mut found: Vec<PathBuf> = ["v1.20", "v1.36"]
        .iter()
        .flat_map(|version| std::fs::read_dir(root.join(version)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

/// Returns the objects of a recorded cluster.
pub fn objects(universe: &Path) -> Vec<Value> {
    let list: Value = serde_json::from_str(&gunzip(&universe.join("cluster.json.gz"))).unwrap();
    list["items"].as_array().unwrap().clone()
}

/// Returns the lines of a JSON Lines file of a recorded cluster.
pub fn lines(universe: &Path, file: &str) -> Vec<Value> {
    gunzip(&universe.join(file)).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the text of a compressed file.
pub fn gunzip(path: &Path) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}
