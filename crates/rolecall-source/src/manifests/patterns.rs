//! Paths that are no paths as they stand: patterns that a shell left alone, and lists with commas.

use std::path::{Path, PathBuf};

/// Returns the paths that a text stands for that is no path itself, sorted; none where it is nothing
/// else either.
pub(super) fn expand(path: &Path) -> Vec<PathBuf> {
    let Some(text) = path.to_str() else { return Vec::new() };
    if text.contains(',') {
        return text.split(',').filter(|part| !part.is_empty()).map(PathBuf::from).collect();
    }
    if !text.contains(['*', '?', '[']) {
        return Vec::new();
    }
    let matches = glob::glob(text).into_iter().flatten();
    // What cannot be searched is named by the file that is missing then.
    let mut found: Vec<PathBuf> = matches.filter_map(Result::ok).collect();
    found.sort();
    found
}
