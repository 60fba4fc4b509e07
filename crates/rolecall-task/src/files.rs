//! File operations whose failures contain the path.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};

/// Returns the directory that contains the workspace's Cargo.lock.
pub fn workspace_root() -> PathBuf {
    // Cargo sets it for every run; a checkout can move after compilation.
    let manifest_dir =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = PathBuf::from(manifest_dir);
    let root = package.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    root.map_or_else(|| package.clone(), Path::to_path_buf)
}

/// Reads a text file; the failure contains the path.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| failure("read", path, &error))
}

/// Writes a file; the failure contains the path.
pub fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| failure("write", path, &error))
}

/// Creates a directory and its parents.
pub fn make_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| failure("create the directory", path, &error))
}

/// Removes a directory and its content, if it exists.
pub fn remove_dir(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failure("remove", path, &error))
        }
        _ => Ok(()),
    }
}

/// Returns the sorted entries of a directory.
pub fn list_dir(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(path).map_err(|error| failure("list", path, &error))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(|error| failure("list", path, &error))?;
    paths.sort();
    Ok(paths)
}

/// Formats the failure of a file operation.
pub fn failure(verb: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("cannot {verb} `{}`: {error}", path.display()))
}
