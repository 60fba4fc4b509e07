//! Cuts a file into documents before anything is parsed, so that a broken one costs no other.

use memchr::memmem;

/// The bytes of one document, and where they start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// The bytes, a `---` with content after it included.
    pub bytes: &'a [u8],
    /// The one-based line of the first byte.
    pub first_line: u32,
}

/// Splits at the lines `---` and `...`, which YAML allows nowhere else at the start of a line.
///
/// Directives (`%YAML`, `%TAG`) stay with the document that they introduce. Chunks that are blank
/// or hold only comments are left out.
pub fn split(bytes: &[u8]) -> Vec<Chunk<'_>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut chunks = Vec::new();
    let (mut start, mut line) = (0, 1);
    for marker in markers(bytes) {
        let piece = bytes.get(start..marker.start).unwrap_or_default();
        if only_directives(piece) {
            continue;
        }
        push(&mut chunks, piece, line);
        line += count_lines(bytes.get(start..marker.next).unwrap_or_default());
        start = marker.next;
    }
    push(&mut chunks, bytes.get(start..).unwrap_or_default(), line);
    chunks
}

/// A line that separates documents.
struct Marker {
    start: usize,
    /// Where the next document starts: after the line, or at it when content follows the dashes.
    next: usize,
}

fn markers(bytes: &[u8]) -> impl Iterator<Item = Marker> {
    let mut starts: Vec<usize> = [b"\n---".as_slice(), b"\n..."]
        .iter()
        .flat_map(|pattern| memmem::find_iter(bytes, pattern).map(|at| at + 1))
        .chain((bytes.starts_with(b"---") || bytes.starts_with(b"...")).then_some(0))
        .collect();
    starts.sort_unstable();
    starts.into_iter().filter_map(|start| {
        let line_end = memchr::memchr(b'\n', bytes.get(start..)?)
            .map_or(bytes.len(), |length| start + length + 1);
        let rest = bytes.get(start + 3..line_end)?;
        if !rest.is_empty() && !rest.first()?.is_ascii_whitespace() {
            return None;
        }
        let content = rest.trim_ascii();
        let dashes = bytes.get(start) == Some(&b'-');
        let bare = content.is_empty() || content.starts_with(b"#");
        Some(Marker { start, next: if dashes && !bare { start } else { line_end } })
    })
}

fn push<'a>(chunks: &mut Vec<Chunk<'a>>, bytes: &'a [u8], first_line: u32) {
    if !is_blank(bytes) {
        chunks.push(Chunk { bytes, first_line });
    }
}

fn is_blank(bytes: &[u8]) -> bool {
    lines(bytes).all(|line| line.is_empty() || line.starts_with(b"#"))
}

fn only_directives(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%")
        && lines(bytes)
            .all(|line| line.is_empty() || line.starts_with(b"#") || line.starts_with(b"%"))
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii)
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
    fn documents_are_cut_at_marker_lines_and_keep_their_lines() {
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
    fn what_only_looks_like_a_marker_splits_nothing() {
        check("a: |\n  ---\nb: ---x\n---y: 1\n", &[(1, "a: |\n  ---\nb: ---x\n---y: 1\n")]);
        check("...x: 1\n", &[(1, "...x: 1\n")]);
    }

    #[test]
    fn blank_documents_are_left_out_and_directives_stay() {
        check("\n---\n# nothing\n---\n\n", &[]);
        check("\u{FEFF}a: 1\n", &[(1, "a: 1\n")]);
        check(
            "%TAG !k! tag:k\n---\na: 1\n---\nb: 2\n",
            &[(1, "%TAG !k! tag:k\n---\na: 1\n"), (5, "b: 2\n")],
        );
    }
}
