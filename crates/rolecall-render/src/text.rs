//! Reads the files that describe targets: regular files up to a size, because a repository can contain
//! anything, such as a link to a device.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// The most bytes of a file.
const LONGEST: u64 = 1 << 20;

/// Reads a text, or returns the reason why it cannot be read.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    let metadata = fs::metadata(file).map_err(|error| error.to_string())?;
    if metadata.is_dir() {
        return Err("it is a directory".to_owned());
    }
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    let mut text = String::new();
    let opened = File::open(file).map_err(|error| error.to_string())?;
    let read = opened.take(LONGEST + 1).read_to_string(&mut text);
    match read.map_err(|error| error.to_string())? as u64 {
        length if length > LONGEST => Err(format!("it is larger than {} MiB", LONGEST >> 20)),
        _ => Ok(text),
    }
}
