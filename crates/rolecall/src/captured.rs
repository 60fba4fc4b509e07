//! Output that is kept in memory, for answers to a browser.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// The output of a command, up to a limit for each stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Captured {
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
}

/// A stream that keeps its output.
#[derive(Clone, Debug)]
pub(crate) struct Kept(Arc<Mutex<Vec<u8>>>);

/// The maximum number of bytes that a stream keeps.
const MOST: usize = 1 << 20;

impl Captured {
    /// Returns the stream of data.
    pub(crate) fn stdout(&self) -> Kept {
        Kept(Arc::clone(&self.stdout))
    }

    /// Returns the stream of notes, warnings and errors.
    pub(crate) fn stderr(&self) -> Kept {
        Kept(Arc::clone(&self.stderr))
    }
}

impl Kept {
    /// Returns the text, which ends with a remark if something is missing.
    pub(crate) fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = bytes.get(..MOST).filter(|_| bytes.len() > MOST) else {
            return String::from_utf8_lossy(&bytes).into_owned();
        };
        let whole = kept.iter().rposition(|byte| *byte == b'\n').map_or(MOST, |end| end + 1);
        let text = String::from_utf8_lossy(kept.get(..whole).unwrap_or(kept));
        format!("{text}(the rest is too long for this page: run the command)\n")
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One byte above the limit shows that something is missing.
        let room = (MOST + 1).saturating_sub(kept.len()).min(bytes.len());
        kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_output_ends_after_a_whole_line_with_a_remark() {
        let captured = Captured::default();
        let mut out = captured.stdout();
        writeln!(out, "short").unwrap();
        assert_eq!(captured.stdout().text(), "short\n");
        out.write_all("é\n".repeat(MOST).as_bytes()).unwrap();
        let text = captured.stdout().text();
        assert!(text.len() <= MOST + 100 && text.starts_with("short\né\né\n"));
        assert!(text.ends_with("é\n(the rest is too long for this page: run the command)\n"));
        assert_eq!(captured.stderr().text(), "");
    }
}
