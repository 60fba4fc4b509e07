//! Copies charts into the temporary directory.

use std::fs;
use std::io;
use std::path::Path;

/// The most files of a chart.
const MOST_FILES: usize = 10_000;

/// The most bytes of a chart.
const MOST_BYTES: u64 = 256 << 20;

/// The deepest directory of a chart. Links can lead around in circles.
const DEEPEST: usize = 32;

/// Copies a directory, and follows links as Helm does. The caller has checked that none leads outside.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    Copied::default().directory(from, to, 0)
}

/// The amount that was copied so far.
#[derive(Default)]
struct Copied {
    files: usize,
    bytes: u64,
}

impl Copied {
    fn directory(&mut self, from: &Path, to: &Path, depth: usize) -> io::Result<()> {
        if depth > DEEPEST {
            return Err(io::Error::other("its directories are too deep"));
        }
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            // A broken link is an error only if Helm reads it.
            let Ok(metadata) = fs::metadata(entry.path()) else { continue };
            if metadata.is_dir() {
                self.directory(&entry.path(), &target, depth + 1)?;
            } else if metadata.is_file() {
                self.files += 1;
                self.bytes += metadata.len();
                if self.files > MOST_FILES || self.bytes > MOST_BYTES {
                    return Err(io::Error::other("it is too large"));
                }
                fs::copy(entry.path(), target)?;
            }
        }
        Ok(())
    }
}
