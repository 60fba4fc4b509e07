//! Finds the files of a log, and unpacks them.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

use super::is_stdin;
use super::parquet::{self, Rows};
use crate::error::{CommandError, Hint};
use crate::file::{name, unreadable};

/// Returns the files that paths name, sorted within a directory or a pattern.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CommandError> {
    let mut found = Vec::new();
    for path in paths {
        if is_stdin(path) || fs::metadata(path).is_ok() {
            add(path, &mut found)?;
            continue;
        }
        let text = path.to_string_lossy();
        let is_pattern = text.contains(['*', '?', '[']);
        let matches = glob::glob(&text).ok().filter(|_| is_pattern);
        let mut matches: Vec<PathBuf> = matches.into_iter().flatten().flatten().collect();
        matches.sort();
        if matches.is_empty() {
            return Err(unreadable(path, io::Error::from(io::ErrorKind::NotFound)));
        }
        matches.iter().try_for_each(|path| add(path, &mut found))?;
    }
    if found.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(CommandError::usage("stdin can be named only once"));
    }
    Ok(found)
}

/// Adds a file, or the files below a directory, without hidden ones.
fn add(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), CommandError> {
    if is_stdin(path) || !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let entries = fs::read_dir(path).map_err(|error| unreadable(path, error))?;
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        let is_hidden =
            entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !is_hidden && (entry.is_dir() || entry.is_file()) {
            add(&entry, found)?;
        }
    }
    Ok(())
}

/// Returns the size of a file on disk.
pub(super) fn size(path: &Path) -> u64 {
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map_or(0, |metadata| metadata.len())
}

/// Opens a file or stdin, and unpacks it if its first bytes show that it is compressed. `pass` sees the
/// bytes before they are unpacked.
pub(super) fn open<'p>(
    path: &Path,
    pass: impl Fn(u64) + Send + 'p,
) -> Result<(Box<dyn Read + 'p>, String), CommandError> {
    let raw: Box<dyn Read> = match is_stdin(path) {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(path).map_err(|error| unreadable(path, error))?),
    };
    let mut raw = BufReader::with_capacity(1 << 18, Counted { raw, pass });
    let start = peek(&mut raw).map_err(|error| unreadable(path, error))?;
    if start == parquet::MAGIC {
        (raw.get_ref().pass)(size(path));
        return Ok((Box::new(rows(path)?), name(path)));
    }
    let unpacked: Box<dyn Read + 'p> = match start {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(raw)),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(Frames { raw: Some(raw), decoder: None }),
        _ => Box::new(raw),
    };
    Ok((unpacked, name(path)))
}

/// Opens a Parquet file. Its last bytes describe it, so it cannot be read from a pipe.
fn rows(path: &Path) -> Result<BufReader<Rows>, CommandError> {
    if is_stdin(path) {
        let error = "stdin contains a Parquet file, which can be read only from a file";
        return Err(CommandError::usage(error)
            .with_hint(Hint::quote("write it to a file, and pass its name")));
    }
    let open = || {
        let mut rows = BufReader::with_capacity(1 << 16, Rows::of(path)?);
        // Without any row, the reason is an error and not the end of the text.
        io::BufRead::fill_buf(&mut rows)?;
        Ok(rows)
    };
    open().map_err(|error| unreadable(path, error))
}

/// Returns up to four bytes without consuming them.
fn peek(reader: &mut BufReader<impl Read>) -> io::Result<[u8; 4]> {
    let mut start = [0; 4];
    let buffer = io::BufRead::fill_buf(reader)?;
    for (to, from) in start.iter_mut().zip(buffer) {
        *to = *from;
    }
    Ok(start)
}

/// Counts the bytes that are read.
struct Counted<F> {
    raw: Box<dyn Read>,
    pass: F,
}

impl<F: Fn(u64)> Read for Counted<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.raw.read(buffer)?;
        (self.pass)(length as u64);
        Ok(length)
    }
}

/// The frames of Zstandard that follow one another in a file.
struct Frames<R: Read> {
    raw: Option<R>,
    decoder: Option<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>,
}

impl<R: io::BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(decoder) = &mut self.decoder {
                let length = decoder.read(buffer)?;
                if length > 0 || buffer.is_empty() {
                    return Ok(length);
                }
                self.raw = self.decoder.take().map(StreamingDecoder::into_inner);
            }
            let Some(mut raw) = self.raw.take() else { return Ok(0) };
            if raw.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let decoder = StreamingDecoder::new(raw);
            self.decoder = Some(decoder.map_err(io::Error::other)?);
        }
    }
}
