//! Splits a file into documents before parsing, so that a broken document does not affect the
//! others.

use memchr::memmem;

/// The bytes of a document and its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// The bytes, including a `---` with content after it.
    pub bytes: &'a [u8],
    /// The one-based line of the first byte.
    pub first_line: u32,
}

/// Collects the unindented lines of a document while its file is split.
pub trait Outline<'a>: Default {
    /// Receives the next unindented line, without its line break.
    fn line(&mut self, line: &'a [u8]);
}

impl Outline<'_> for () {
    fn line(&mut self, _line: &[u8]) {}
}

/// Splits at lines `---` and `...`, which are not allowed anywhere else at the start of a line.
///
/// Directives (`%YAML`, `%TAG`) stay with the document that follows. Chunks that are blank or
/// contain only comments are omitted.
pub fn split(bytes: &[u8]) -> Vec<Chunk<'_>> {
    split_outlined::<()>(bytes).into_iter().map(|(chunk, ())| chunk).collect()
}

/// Splits in the same way, and also returns the outline of each chunk, in one pass over the file.
pub fn split_outlined<'a, O: Outline<'a>>(bytes: &'a [u8]) -> Vec<(Chunk<'a>, O)> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut chunks = Vec::new();
    let mut outline = O::default();
    let (mut start, mut first_line) = (0, 1);
    let mut next = Some(0);
    while let Some(at) = next {
        let line = line_at(bytes, at);
        let piece = bytes.get(start..at).unwrap_or_default();
        if let Some(marker) = marker(line)
            && !only_directives(piece)
        {
            let outline = std::mem::take(&mut outline);
            push(&mut chunks, Chunk { bytes: piece, first_line }, outline);
            let end = match marker {
                Marker::Bare => bytes.len().min(at + line.len() + 1),
                Marker::WithContent => at,
            };
            first_line += count_lines(bytes.get(start..end).unwrap_or_default());
            start = end;
        }
        if start <= at && !matches!(line.first(), None | Some(b' ')) {
            outline.line(line);
        }
        next = outer_line_after(bytes, at);
    }
    let piece = bytes.get(start..).unwrap_or_default();
    push(&mut chunks, Chunk { bytes: piece, first_line }, outline);
    chunks
}

/// Returns the rest of a document from the line that starts at an offset; `None` if that line is
/// indented, or if the rest is too long to be searched for each line.
pub(super) fn document_from(bytes: &[u8], start: usize, line: u32) -> Option<Chunk<'_>> {
    const MOST: usize = 64 << 10;
    let rest = bytes.get(start..)?;
    if matches!(rest.first(), Some(b' ' | b'\t' | b'-' | b'{' | b'[') | None) {
        return None;
    }
    let mut bytes = rest.get(..MOST).unwrap_or(rest);
    for pattern in [b"\n---", b"\n..."] {
        let mut ends = memmem::find_iter(bytes, pattern).map(|at| at + 1);
        let end = ends.find(|at| marker(line_at(bytes, *at)).is_some());
        bytes = bytes.get(..end.unwrap_or(bytes.len()))?;
    }
    (bytes.len() < MOST).then_some(Chunk { bytes, first_line: line })
}

/// A document separator.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    /// The next document starts on the following line.
    Bare,
    /// The next document starts after the dashes.
    WithContent,
}

/// Returns what a line separates, if it does.
pub(crate) fn marker(line: &[u8]) -> Option<Marker> {
    let rest = line.strip_prefix(b"---").or_else(|| line.strip_prefix(b"..."))?;
    if rest.first().is_some_and(|byte| !byte.is_ascii_whitespace()) {
        return None;
    }
    let content = rest.trim_ascii();
    let has_content = line.starts_with(b"-") && !content.is_empty() && !content.starts_with(b"#");
    Some(if has_content { Marker::WithContent } else { Marker::Bare })
}

/// Returns the line at an offset, without its line break.
fn line_at(bytes: &[u8], start: usize) -> &[u8] {
    let rest = bytes.get(start..).unwrap_or_default();
    rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len())).unwrap_or_default()
}

/// Returns the start of the next line that is neither indented nor empty.
fn outer_line_after(bytes: &[u8], from: usize) -> Option<usize> {
    let starts = |newline: u8, first: u8| (newline == b'\n') & (first != b' ') & (first != b'\n');
    let (bytes, followers) = (bytes.get(from..)?, bytes.get(from + 1..)?);
    // Compilers vectorize chunks without an early exit.
    let chunks = bytes.as_chunks::<CHUNK>().0.iter().zip(followers.as_chunks::<CHUNK>().0);
    let quiet = chunks
        .take_while(|(bytes, followers)| {
            let pairs = bytes.iter().zip(*followers);
            !pairs.fold(false, |found, (byte, follower)| found | starts(*byte, *follower))
        })
        .count()
        * CHUNK;
    let (bytes, followers) = (bytes.get(quiet..)?, followers.get(quiet..)?);
    let mut newlines = memchr::memchr_iter(b'\n', bytes);
    let at = newlines.find(|at| followers.get(*at).is_some_and(|first| starts(b'\n', *first)))?;
    Some(from + quiet + at + 1)
}

/// The number of bytes that are searched at once.
const CHUNK: usize = 64;

fn push<'a, O>(chunks: &mut Vec<(Chunk<'a>, O)>, chunk: Chunk<'a>, outline: O) {
    if !is_blank(chunk.bytes) {
        chunks.push((chunk, outline));
    }
}

pub(crate) fn is_blank(bytes: &[u8]) -> bool {
    lines(bytes).all(|line| line.is_empty() || line.starts_with(b"#"))
}

pub(crate) fn only_directives(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%")
        && lines(bytes)
            .all(|line| line.is_empty() || line.starts_with(b"#") || line.starts_with(b"%"))
}

/// Returns the lines without spaces around them. A carriage return alone also ends a line.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii)
}

fn count_lines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(u32, &str)]) {
        let chunks = split(text.as_bytes());
        let chunks: Vec<(u32, &str)> = chunks
            .iter()
            .map(|chunk| (chunk.first_line, std::str::from_utf8(chunk.bytes).unwrap()))
            .collect();
        assert_eq!(chunks, expected, "{text:?}");
    }

    #[test]
    fn documents_are_split_at_markers_and_keep_their_lines() {
        check("a: 1\n", &[(1, "a: 1\n")]);
        check("---\na: 1\n---\nb: 2\n", &[(2, "a: 1\n"), (4, "b: 2\n")]);
        check("a: 1\n--- # next\nb: 2", &[(1, "a: 1\n"), (3, "b: 2")]);
        check("a: 1\r\n---\r\nb: 2\r\n", &[(1, "a: 1\r\n"), (3, "b: 2\r\n")]);
        check("a: 1\n...\nb: 2\n", &[(1, "a: 1\n"), (3, "b: 2\n")]);
        check(
            "a: 1\n--- {b: 2}\n---\nc: 3\n",
            &[(1, "a: 1\n"), (2, "--- {b: 2}\n"), (4, "c: 3\n")],
        );
        check("--- {a: 1}\n", &[(1, "--- {a: 1}\n")]);
    }

    #[test]
    fn lines_that_resemble_markers_do_not_split() {
        check("a: |\n  ---\nb: ---x\n---y: 1\n", &[(1, "a: |\n  ---\nb: ---x\n---y: 1\n")]);
        check("...x: 1\n", &[(1, "...x: 1\n")]);
    }

    #[test]
    fn blank_documents_are_omitted_and_directives_kept() {
        check("\n---\n# nothing\n---\n\n", &[]);
        check("\u{FEFF}a: 1\n", &[(1, "a: 1\n")]);
        check("# a comment\ra: 1\r", &[(1, "# a comment\ra: 1\r")]);
        check(
            "%TAG !k! tag:k\n---\na: 1\n---\nb: 2\n",
            &[(1, "%TAG !k! tag:k\n---\na: 1\n"), (5, "b: 2\n")],
        );
    }
}
