//! A compressed archive whose bytes depend only on its content.

use std::io;

use flate2::{Compression, GzBuilder};
use tar::{Builder, Header};

use rolecall_task::failure::{Failure, Result};

/// A file in an archive.
pub(super) struct Entry {
    /// The path below the archive's top-level directory.
    pub(super) path: String,
    bytes: Vec<u8>,
    mode: u32,
}

impl Entry {
    /// Creates a file that everyone can read.
    pub(super) fn text(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), bytes, mode: 0o644 }
    }

    /// Creates a file that everyone can execute.
    pub(super) fn program(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), bytes, mode: 0o755 }
    }
}

/// Packs files into one directory in the given order, with the same time and owner.
pub(super) fn pack(folder: &str, entries: &[Entry], time: u64) -> Result<Vec<u8>> {
    packed(folder, entries, time)
        .map_err(|error| Failure::new(format!("cannot write an archive: {error}")))
}

fn packed(folder: &str, entries: &[Entry], time: u64) -> io::Result<Vec<u8>> {
    // The gzip header contains neither the time nor the operating system.
    let compressed = GzBuilder::new().mtime(0).operating_system(255);
    let mut archive = Builder::new(compressed.write(Vec::new(), Compression::best()));
    for entry in entries {
        let mut header = Header::new_ustar();
        header.set_size(entry.bytes.len() as u64);
        header.set_mode(entry.mode);
        header.set_mtime(time);
        archive.append_data(&mut header, format!("{folder}/{}", entry.path), &*entry.bytes)?;
    }
    archive.into_inner()?.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn equal_content_produces_equal_archives() {
        let entries = [
            Entry::text("LICENSE", b"free".to_vec()),
            Entry::program("rolecall", b"\x7f".to_vec()),
        ];
        let bytes = pack("rolecall-0.1.0-linux-amd64", &entries, 1_700_000_000).unwrap();
        assert_eq!(bytes, pack("rolecall-0.1.0-linux-amd64", &entries, 1_700_000_000).unwrap());
        let mut unpacked = tar::Archive::new(flate2::read::GzDecoder::new(&*bytes));
        let listed: Vec<(String, u32, u64, String)> = unpacked
            .entries()
            .unwrap()
            .map(|entry| {
                let mut entry = entry.unwrap();
                let mut text = Vec::new();
                entry.read_to_end(&mut text).unwrap();
                let path = entry.path().unwrap().display().to_string();
                let header = entry.header();
                let text = String::from_utf8(text).unwrap();
                (path, header.mode().unwrap(), header.mtime().unwrap(), text)
            })
            .collect();
        let folder = "rolecall-0.1.0-linux-amd64";
        assert_eq!(
            listed,
            [
                (format!("{folder}/LICENSE"), 0o644, 1_700_000_000, "free".to_owned()),
                (format!("{folder}/rolecall"), 0o755, 1_700_000_000, "\x7f".to_owned()),
            ]
        );
    }
}
