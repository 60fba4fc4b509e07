//! Files that people name on the command line, and what is said when one cannot be read or written.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::CommandError;

/// Opens a file, or stdin for `-`, and returns it with what messages call it.
pub(crate) fn open(path: &Path) -> Result<(Box<dyn Read + Send>, String), CommandError> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), "stdin".to_owned()));
    }
    let opened = File::open(path).map_err(|error| unreadable(path, error))?;
    Ok((Box::new(opened), path.display().to_string()))
}

/// Says that a file cannot be read.
pub(crate) fn unreadable(path: &Path, error: io::Error) -> CommandError {
    CommandError::input(FileError { verb: "read", path: path.to_owned(), source: error })
}

/// Says that a file cannot be written.
pub(crate) fn unwritable(path: &Path, error: io::Error) -> CommandError {
    CommandError::input(FileError { verb: "write", path: path.to_owned(), source: error })
}

/// A file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} `{}`", path.display())]
struct FileError {
    verb: &'static str,
    path: PathBuf,
    source: io::Error,
}
