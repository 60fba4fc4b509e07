//! Output that the reader can close early.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Discards output after the reader has closed it, so that the command continues and ends with the exit
/// code of its answer, even with `| head`.
pub(crate) struct Kept<W> {
    inner: W,
    is_closed: bool,
    is_written: Arc<AtomicBool>,
}

impl<W> Kept<W> {
    /// Wraps a stream and records whether anything is written.
    pub(crate) fn new(inner: W, is_written: Arc<AtomicBool>) -> Self {
        Self { inner, is_closed: false, is_written }
    }

    fn unless_closed<T>(&mut self, result: io::Result<T>, otherwise: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(otherwise)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for Kept<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Ok(bytes.len());
        }
        self.is_written.store(true, Ordering::Relaxed);
        let result = self.inner.write(bytes);
        self.unless_closed(result, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let result = self.inner.flush();
        self.unless_closed(result, ())
    }
}

/// Writes each log event on one line, and escapes untrusted names.
pub(crate) struct LogLines<W>(pub(crate) W);

impl<W: Write> Write for LogLines<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.trim_end_matches('\n');
        let line = line.replace('\n', "\\n").replace('\r', "\\r").replace("##", "#\\u{23}");
        self.0.write_all(format!("{line}\n").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_event_stays_on_one_line() {
        let mut out = Vec::new();
        LogLines(&mut out).write_all(b" INFO a\n::error::x\r##[group]\n").unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), " INFO a\\n::error::x\\r#\\u{23}[group]\n");
    }
}
