//! Where a field stands in a document in plain block style: of such a document the starts are known,
//! and most ends follow from them. Whatever does not is left to the event parser.

use super::{Field, FieldStep, Region};
use crate::yaml::node::{Document, Node, Position, Value};
use crate::yaml::split::Chunk;

/// Returns where a field of the object stands that is the whole document.
pub(super) fn find(
    document: &Document<'_>,
    chunk: &Chunk<'_>,
    field: &Field<'_>,
) -> Option<Region> {
    let root = document.root();
    let text_of = |node: Option<Node<'_>>, text: &str| node.and_then(Node::as_str) == Some(text);
    let name = root.get("metadata").and_then(|metadata| metadata.get("name"));
    let is_meant = root.position().line == field.line
        && text_of(root.get("kind"), field.kind)
        && text_of(name, field.name);
    if !is_meant {
        return None;
    }
    let mut node = root;
    for step in &field.steps {
        let next = match step {
            FieldStep::Key(key) => node.get(key),
            FieldStep::Index(index) => node.items().nth(*index),
        };
        let Some(next) = next else { break };
        node = next;
    }
    Some(Region { start: node.position(), end: end(node, chunk)? })
}

/// Returns the end of a scalar, or of the last one in a collection.
fn end(node: Node<'_>, chunk: &Chunk<'_>) -> Option<Position> {
    let last = node.last();
    let (Value::String(text) | Value::Number(text)) = last.value() else { return None };
    // Text over several lines is no part of the file as it stands.
    if !matches!(text, std::borrow::Cow::Borrowed(_)) {
        return None;
    }
    let start = last.position();
    let line = line(chunk, start.line)?;
    let written = line.get(usize::try_from(start.column).ok()?.checked_sub(1)?..)?;
    let quotes = if matches!(written.first(), Some(b'"' | b'\'')) { 2 } else { 0 };
    let length = text.len() + quotes;
    let in_brackets =
        matches!(written.get(length..)?.trim_ascii_start().first(), Some(b',' | b']'));
    if in_brackets && last.position() != node.position() {
        return None;
    }
    Some(Position { column: start.column + u32::try_from(length).ok()?, ..start })
}

/// Returns a line of a chunk by its number.
fn line<'a>(chunk: &Chunk<'a>, number: u32) -> Option<&'a [u8]> {
    let index = usize::try_from(number.checked_sub(chunk.first_line)?).ok()?;
    let start = match index.checked_sub(1) {
        None => 0,
        Some(before) => memchr::memchr_iter(b'\n', chunk.bytes).nth(before)? + 1,
    };
    let rest = chunk.bytes.get(start..)?;
    rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Spanned;
    use super::*;
    use crate::yaml::block;

    /// Finds each field of a document in both ways, and returns how many there are and how many the
    /// short way finds.
    fn found_alike(text: &str) -> (usize, usize) {
        let chunk = Chunk { bytes: text.as_bytes(), first_line: 3 };
        let Some(document) = block::parse(text, 3) else { return (0, 0) };
        let tree = Spanned::of_chunk(&chunk).unwrap();
        let mut ways = vec![(Vec::new(), document.root())];
        let (mut all, mut found) = (0, 0);
        while let Some((steps, node)) = ways.pop() {
            let field =
                Field { line: document.root().position().line, kind: "Role", name: "r", steps };
            let region = find(&document, &chunk, &field);
            all += 1;
            if region.is_some() {
                found += 1;
                assert_eq!(region, tree.find(&field), "{field:?} in {text}");
            }
            let below = |step| [field.steps.clone(), vec![step]].concat();
            ways.extend(
                node.items().enumerate().map(|(at, item)| (below(FieldStep::Index(at)), item)),
            );
            ways.extend(
                node.pairs()
                    .map(|(key, value)| (below(FieldStep::Key(key.as_str().unwrap())), value)),
            );
        }
        (all, found)
    }

    #[test]
    fn most_fields_are_found_the_short_way() {
        let text = "apiVersion: v1\nkind: Role\nmetadata:\n  name: r # a role\n  note: \"x y\"\nrules:\n- verbs: [get, 'list']\n  names:\n    - a b\n    - 1\n  text: |\n    x\n  none:\n  flag: true\n";
        assert_eq!(found_alike(text), (17, 10));
        assert_eq!(found_alike(&text.replace('\n', "\r\n")), (17, 10));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]
        #[test]
        fn the_short_way_finds_what_the_long_one_does(text in block::tests::nested()) {
            found_alike(&format!("kind: Role\nmetadata: \n  name: r\n{text}"));
        }
    }
}
