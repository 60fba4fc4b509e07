//! Names of files with manifests.

use std::path::Path;

/// Returns whether a file is named like a manifest.
pub fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}
