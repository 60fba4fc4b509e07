//! Text from a pipe or a device, which might be endless, and texts of the operating system.

use std::io::{self, Read};

/// The maximum number of bytes without a line of text, as for manifests. Regular files are not limited.
const LONGEST: usize = 64 << 20;

/// Fails instead of reading forever: `/dev/zero` has no lines, and `/dev/urandom` no text.
pub(crate) struct TextReader<R> {
    inner: R,
    /// The number of bytes since the last newline.
    since_line: usize,
}

impl<R> TextReader<R> {
    /// Wraps a stream.
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, since_line: 0 }
    }
}

impl<R: Read> Read for TextReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let read = buffer.get(..length).unwrap_or_default();
        let last_line = memchr::memrchr(b'\n', read).filter(|_| memchr::memchr(0, read).is_none());
        self.since_line = match last_line {
            Some(newline) => length - newline,
            None => self.since_line + length,
        };
        if self.since_line > LONGEST {
            let what = format!("no line of text in {} MiB", LONGEST >> 20);
            return Err(io::Error::other(what));
        }
        Ok(length)
    }
}

/// Keeps a copy of input that can be read only once.
pub(crate) struct Copied<R> {
    inner: R,
    copy: Vec<u8>,
}

impl<R> Copied<R> {
    /// Wraps a stream.
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, copy: Vec::new() }
    }

    /// Returns the copy.
    pub(crate) fn into_copy(self) -> Vec<u8> {
        self.copy
    }
}

impl<R: Read> Read for Copied<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.copy.extend_from_slice(buffer.get(..length).unwrap_or_default());
        Ok(length)
    }
}

/// Removes the number from an error of the operating system, and lowercases its first letter. Other texts
/// are unchanged.
pub(crate) fn without_number(text: &str) -> String {
    let Some((text, _)) = text.split_once(" (os error") else { return text.to_owned() };
    let (first, rest) = text.split_at_checked(1).unwrap_or((text, ""));
    format!("{}{rest}", first.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_streams_without_lines_of_text_fail() {
        let length = LONGEST as u64 + 1;
        let read = |stream: Box<dyn Read>| io::copy(&mut TextReader::new(stream), &mut io::sink());
        for endless in [io::repeat(0), io::repeat(b' ')] {
            assert!(read(Box::new(endless)).is_err());
        }
        let lines = io::repeat(b'\n').take(length);
        assert_eq!(read(Box::new(lines)).unwrap(), length);
        let short = io::repeat(0).take(length - 1);
        assert_eq!(read(Box::new(short)).unwrap(), length - 1);
    }
}
