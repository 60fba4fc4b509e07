//! Expands paths that do not exist as written: unexpanded shell patterns and lists with commas.

use std::path::{Path, PathBuf};

/// Returns the sorted paths that a nonexistent path expands to; empty if it is neither a pattern
/// nor a list.
pub(super) fn expand(path: &Path) -> Vec<PathBuf> {
    let Some(text) = path.to_str() else { return Vec::new() };
    if text.contains(',') {
        return text.split(',').filter(|part| !part.is_empty()).map(PathBuf::from).collect();
    }
    if !text.contains(['*', '?', '[']) {
        return Vec::new();
    }
    let matches = glob::glob(text).into_iter().flatten();
    // Unreadable directories are reported as the missing file.
    let mut found: Vec<PathBuf> = matches.filter_map(Result::ok).collect();
    found.sort();
    found
}
