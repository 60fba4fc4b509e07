//! Files that are named on the command line, and their errors.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};

use crate::error::CommandError;
use crate::slow_input::SlowInputNote;
use crate::text::{TextReader, without_number};
use crate::ui::Ui;

/// The maximum size of a kind of file, so that endless input does not fill the memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// The size in bytes.
    pub(crate) bytes: u64,
    /// The kind of file, such as `a baseline`.
    pub(crate) what: &'static str,
}

/// Opens a file, or stdin for `-`, and returns it with its name for messages. Reading from a device or a
/// pipe fails if it yields no text.
pub(crate) fn open(path: &Path) -> Result<(Box<dyn Read + Send>, String), CommandError> {
    if path == Path::new("-") {
        return Ok((Box::new(TextReader::new(io::stdin())), name(path)));
    }
    let opened = File::open(path).map_err(|error| unreadable(path, error))?;
    let is_file = opened.metadata().is_ok_and(|metadata| metadata.is_file());
    Ok(match is_file {
        true => (Box::new(opened), name(path)),
        false => (Box::new(TextReader::new(opened)), name(path)),
    })
}

/// Returns the name of a file in messages.
pub(crate) fn name(path: &Path) -> String {
    match path == Path::new("-") {
        true => "stdin".to_owned(),
        false => path.display().to_string(),
    }
}

/// Reads a file, or stdin for `-`, up to a maximum size.
pub(crate) fn read(ui: &Ui, path: &Path, bound: Bound) -> Result<Vec<u8>, CommandError> {
    let too_long = || {
        let (unit, shift) = if bound.bytes >= 1 << 30 { ("GiB", 30) } else { ("MiB", 20) };
        let length = bound.bytes >> shift;
        let what = format!("larger than {length} {unit}, the limit for {}", bound.what);
        CommandError::input(format!("{}: {what}", name(path)))
    };
    if fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > bound.bytes) {
        return Err(too_long());
    }
    let _note = SlowInputNote::start(ui, [path]);
    let (input, _) = open(path)?;
    let mut bytes = Vec::new();
    input.take(bound.bytes + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    if bytes.len() as u64 > bound.bytes { Err(too_long()) } else { Ok(bytes) }
}

/// Reads a text file up to a maximum size.
pub(crate) fn read_text(ui: &Ui, path: &Path, bound: Bound) -> Result<String, CommandError> {
    String::from_utf8(read(ui, path, bound)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let what = format!("not UTF-8 text: invalid byte at offset {at}");
        CommandError::input(format!("{}: {what}", path.display()))
    })
}

/// Returns the error for a file that cannot be read.
pub(crate) fn unreadable(path: &Path, error: io::Error) -> CommandError {
    CommandError::input(FileError { verb: "read", path: path.to_owned(), reason: error })
}

/// Returns the error for a file that cannot be written.
pub(crate) fn unwritable(path: &Path, error: io::Error) -> CommandError {
    CommandError::input(FileError { verb: "written", path: path.to_owned(), reason: error })
}

/// A file that cannot be read or written, with the same wording as errors of `-f`.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", path.display(), words(verb, reason))]
struct FileError {
    verb: &'static str,
    path: PathBuf,
    reason: io::Error,
}

fn words(verb: &str, reason: &io::Error) -> String {
    if reason.kind() == ErrorKind::NotFound {
        return "no such file or directory".to_owned();
    }
    format!("cannot be {verb}: {}", without_number(&reason.to_string()))
}

/// Replaces a file atomically: readers see the old or the new text, even after an error. For a symbolic
/// link, the target is replaced.
pub(crate) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rolecall-");
    // The process's umask applies to a new file, as with any other program.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut new = builder.tempfile_in(folder)?;
    if let Ok(existing) = fs::metadata(&target) {
        fs::set_permissions(new.path(), existing.permissions())?;
    }
    new.write_all(text)?;
    // Detects a full disk while the old text still exists.
    new.as_file().sync_all()?;
    new.persist(&target).map_err(|error| error.error)?;
    Ok(())
}
