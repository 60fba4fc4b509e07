//! Finds the exact position of fields, for the few that findings refer to. Decoding keeps no end
//! positions.
//!
//! ```text
//! bytes -> [ split ] -> the chunk of each object -> [ line reader | granit events ] -> field by field
//! ```

mod plain;
mod script;

use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser};
use rustc_hash::FxBuildHasher;

use super::node::Position;
use super::split::{self, Chunk, split};
use super::{chunk_text, events};
pub use script::TextLines;

/// A region of a file, from its first character to the one after its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region {
    /// The first character.
    pub start: Position,
    /// The character after the last one.
    pub end: Position,
}

/// A field of an object in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The line on which the object starts.
    pub line: u32,
    /// The object's kind, which distinguishes objects on one line.
    pub kind: &'a str,
    /// The object's name, which also distinguishes objects on one line.
    pub name: &'a str,
    /// The steps from the object to the field; empty for the object itself.
    pub steps: Vec<FieldStep<'a>>,
}

/// One step of the path to a [`Field`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldStep<'a> {
    /// The key of an object.
    Key(&'a str),
    /// The zero-based index of a list item.
    Index(usize),
}

/// Returns the regions of fields in a YAML or JSON file. If a field does not exist, it is the
/// region of its closest existing ancestor. `None` if the object is not found or cannot be read.
pub fn locate(bytes: &[u8], fields: &[Field<'_>]) -> Vec<Option<Region>> {
    let mut found = vec![None; fields.len()];
    let mut by_line: Vec<_> = fields.iter().zip(&mut found).collect();
    by_line.sort_by_key(|(field, _)| field.line);
    let mut lines = Lines { bytes, line: 1, start: 0 };
    for fields in by_line.chunk_by_mut(|(left, _), (right, _)| left.line == right.line) {
        let Some(line) = fields.first().map(|(field, _)| field.line) else { continue };
        let Some(start) = lines.start_of(line) else { break };
        // A tree is built once for all fields, which the line reader finds one at a time.
        if fields.len() > FEW {
            continue;
        }
        let Some(chunk) = split::document_from(bytes, start, line) else { continue };
        for (field, found) in fields {
            **found = plain::find(&chunk, field);
        }
    }
    if found.iter().any(Option::is_none) {
        locate_the_rest(bytes, fields, &mut found);
    }
    found
}

/// The number of fields of one object up to which reading its document for each field is faster.
const FEW: usize = 16;

/// The lines of a file, looked up in ascending order.
struct Lines<'a> {
    bytes: &'a [u8],
    line: u32,
    start: usize,
}

impl Lines<'_> {
    /// Returns the start offset of a line that is not before the previous one.
    fn start_of(&mut self, line: u32) -> Option<usize> {
        let mut left = usize::try_from(line.checked_sub(self.line)?).ok()?;
        self.line = line;
        let newlines = |bytes| memchr::memchr_iter(b'\n', bytes);
        // Counting in blocks is much faster than stopping at each line break.
        while left > 0 {
            let rest = self.bytes.get(self.start..).filter(|rest| !rest.is_empty())?;
            let ahead = rest.get(..AHEAD).unwrap_or(rest);
            let count = newlines(ahead).count();
            if count < left {
                left -= count;
                self.start += ahead.len();
            } else {
                self.start += newlines(ahead).nth(left - 1)? + 1;
                left = 0;
            }
        }
        Some(self.start)
    }
}

/// The block size for counting lines.
const AHEAD: usize = 512;

/// Finds the remaining fields, and parses each of their chunks once.
fn locate_the_rest(bytes: &[u8], fields: &[Field<'_>], found: &mut [Option<Region>]) {
    let chunks = split(bytes);
    let mut rest: Vec<(usize, &Field<'_>, &mut Option<Region>)> = fields
        .iter()
        .zip(found)
        .filter(|(_, found)| found.is_none())
        .map(|(field, found)| (chunk_of(&chunks, field.line), field, found))
        .collect();
    rest.sort_by_key(|(chunk, ..)| *chunk);
    for group in rest.chunk_by_mut(|left, right| left.0 == right.0) {
        let chunk = group.first().and_then(|(chunk, ..)| chunks.get(chunk.checked_sub(1)?));
        let chunk = chunk.filter(|chunk| chunk.bytes.len() <= LARGEST);
        let Some(tree) = chunk.and_then(Spanned::of_chunk) else { continue };
        let objects = tree.objects();
        let mut items = Items::default();
        for (_, field, found) in group {
            **found = tree.find(&objects, &mut items, field);
        }
    }
}

/// The items of lists, by the position of the list, so that looking up many of them is linear.
type Items = HashMap<usize, Vec<usize>, FxBuildHasher>;

/// Returns the number of chunks that start on or before a line. The last of them contains it.
fn chunk_of(chunks: &[Chunk<'_>], line: u32) -> usize {
    chunks.partition_point(|chunk| chunk.first_line <= line)
}

/// The largest chunk that is parsed into a tree, which takes ten times its memory. In a larger one,
/// such as a List of a whole cluster, the line of the object is precise enough.
const LARGEST: usize = 8 << 20;

/// The objects with a kind and name, by start line, kind and name.
type Objects<'t> = HashMap<(u32, &'t str, &'t str), usize, FxBuildHasher>;

/// All nodes of a chunk in document order, each with the size of its subtree.
struct Spanned {
    nodes: Vec<SpannedNode>,
}

struct SpannedNode {
    region: Region,
    size: usize,
    shape: Shape,
}

enum Shape {
    Scalar(String),
    List,
    Object,
    /// An alias, whose value is written elsewhere.
    Alias,
}

impl Spanned {
    fn of_chunk(chunk: &Chunk<'_>) -> Option<Self> {
        let text = chunk_text(chunk).ok()?;
        let place = |marker: &Marker| events::place(marker, chunk.first_line);
        let mut nodes: Vec<SpannedNode> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut last_end = Position::default();
        for event in Parser::new_from_str_with_options(text, events::limits()) {
            let (event, span) = event.ok()?;
            let region = Region { start: place(&span.start), end: place(&span.end) };
            let shape = match event {
                Event::Scalar(text, ..) => Shape::Scalar(text.into_owned()),
                Event::Alias(_) => Shape::Alias,
                Event::SequenceStart(..) => Shape::List,
                Event::MappingStart(..) => Shape::Object,
                Event::SequenceEnd | Event::MappingEnd => {
                    // A closing bracket has a position; a block ends with its last item.
                    if region.end > region.start {
                        last_end = region.end;
                    }
                    let start = open.pop()?;
                    let size = nodes.len() - start;
                    let node = nodes.get_mut(start)?;
                    node.size = size;
                    node.region.end = last_end.max(node.region.start);
                    continue;
                }
                _ => continue,
            };
            match shape {
                Shape::List | Shape::Object => open.push(nodes.len()),
                Shape::Scalar(_) | Shape::Alias => last_end = trimmed(text, chunk, region),
            }
            let region = Region { end: last_end.max(region.start), ..region };
            nodes.push(SpannedNode { region, size: 1, shape });
        }
        Some(Self { nodes })
    }

    /// Returns the objects; the first one wins for equal line, kind and name.
    fn objects(&self) -> Objects<'_> {
        let mut objects = Objects::default();
        for (index, node) in self.nodes.iter().enumerate() {
            let Some((_, kind)) = self.value(index, "kind") else { continue };
            let metadata = self.value(index, "metadata");
            let name = metadata.and_then(|(_, metadata)| self.value(metadata, "name"));
            let name = name.and_then(|(_, name)| self.text(name));
            if let (Some(kind), Some(name)) = (self.text(kind), name) {
                objects.entry((node.region.start.line, kind, name)).or_insert(index);
            }
        }
        objects
    }

    /// Returns the first object that starts on a line.
    fn first_on(&self, line: u32) -> Option<usize> {
        let first = self.nodes.partition_point(|node| node.region.start.line < line);
        let nodes = self.nodes.iter().enumerate().skip(first);
        let mut on_line = nodes.take_while(|(_, node)| node.region.start.line == line);
        on_line.find(|(_, node)| matches!(node.shape, Shape::Object)).map(|(index, _)| index)
    }

    /// Returns the region of a field of an object: the object on that line with the kind and name,
    /// or else the first one.
    fn find(&self, objects: &Objects<'_>, items: &mut Items, field: &Field<'_>) -> Option<Region> {
        let meant = objects.get(&(field.line, field.kind, field.name)).copied();
        let mut at = meant.or_else(|| self.first_on(field.line))?;
        let mut region = self.nodes.get(at)?.region;
        for step in &field.steps {
            let next = match step {
                FieldStep::Key(key) => self.value(at, key),
                FieldStep::Index(index) => {
                    let is_list = matches!(self.nodes.get(at)?.shape, Shape::List);
                    let items = items.entry(at).or_insert_with(|| match is_list {
                        true => self.children(at).collect(),
                        false => Vec::new(),
                    });
                    items.get(*index).map(|item| (*item, *item))
                }
            };
            let Some((key, value)) = next else { break };
            at = value;
            let (key, value) = (self.nodes.get(key)?.region, self.nodes.get(value)?.region);
            // An empty value has no position.
            region = if value.end > value.start { value } else { key };
        }
        Some(region)
    }

    /// Returns the nodes of a key and its value; the last of duplicate keys wins, as for decoding.
    fn value(&self, object: usize, key: &str) -> Option<(usize, usize)> {
        if !matches!(self.nodes.get(object)?.shape, Shape::Object) {
            return None;
        }
        let mut children = self.children(object);
        let mut found = None;
        while let (Some(name), Some(value)) = (children.next(), children.next()) {
            if self.text(name) == Some(key) {
                found = Some((name, value));
            }
        }
        found
    }

    fn text(&self, node: usize) -> Option<&str> {
        match &self.nodes.get(node)?.shape {
            Shape::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the direct children of a node: items, or alternating keys and values.
    fn children(&self, parent: usize) -> impl Iterator<Item = usize> {
        let end = self.nodes.get(parent).map_or(0, |node| parent + node.size);
        let mut next = parent + 1;
        std::iter::from_fn(move || {
            let child = Some(next).filter(|child| *child < end)?;
            next += self.nodes.get(child)?.size;
            Some(child)
        })
    }
}

/// Returns the end of a scalar without trailing line breaks, which belong to a block scalar.
fn trimmed(text: &str, chunk: &Chunk<'_>, region: Region) -> Position {
    if region.end.column > 1 || region.end.line <= region.start.line {
        return region.end;
    }
    let lines = text.lines().enumerate().take((region.end.line - chunk.first_line) as usize);
    let written = lines.filter(|(_, line)| !line.trim().is_empty()).last();
    let Some((index, line)) = written else { return region.end };
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX - 1);
    Position {
        line: chunk.first_line.saturating_add(count(index)),
        column: count(line.trim_end().chars().count()) + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "\
# A comment.
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: reader
  annotations:
    note: |
      several
      lines

rules:
- apiGroups: ['']
  resources:
  - pods
  - \"pods/løg\"  # with a comment
  verbs: [get, list]
- {apiGroups: [apps], resources: [deployments], verbs: []}
empty:
---
apiVersion: v1
kind: List
items:
- {kind: Role, metadata: {name: a}, rules: [1]}
- kind: Role
  metadata: {name: b}
  rules: &rules
  - 1
  again: *rules
";

    /// Formats the position of a field as `line:column-line:column` and its text.
    fn place(text: &str, line: u32, object: &str, field: &str) -> String {
        let (kind, name) = object.split_once(' ').unwrap();
        let steps = field.split('.').filter(|step| !step.is_empty());
        let steps = steps.map(|step| match step.parse() {
            Ok(index) => FieldStep::Index(index),
            Err(_) => FieldStep::Key(step),
        });
        let field = Field { line, kind, name, steps: steps.collect() };
        let Some(Region { start, end }) = locate(text.as_bytes(), &[field])[0] else {
            return "nowhere".into();
        };
        let lines: Vec<&str> = text.lines().collect();
        let cut = |position: Position| {
            let line = lines[position.line as usize - 1];
            let column = position.column as usize - 1;
            let offset = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
            line.as_ptr() as usize - text.as_ptr() as usize + offset
        };
        let there = &text[cut(start)..cut(end)];
        format!("{}:{}-{}:{} {there:?}", start.line, start.column, end.line, end.column)
    }

    #[test]
    fn fields_are_located_exactly() {
        for (line, object, field, expected) in [
            (2, "Role reader", "kind", "3:7-3:11 \"Role\""),
            (2, "Role reader", "metadata.annotations.note", "8:7-9:12 \"several\\n      lines\""),
            (2, "Role reader", "rules.0.resources.1", "15:5-15:15 \"\\\"pods/løg\\\"\""),
            (2, "Role reader", "rules.0.verbs", "16:10-16:21 \"[get, list]\""),
            (2, "Role reader", "rules.0.verbs.1", "16:16-16:20 \"list\""),
            (2, "Role reader", "rules.0.resources", "14:5-15:15 \"pods\\n  - \\\"pods/løg\\\"\""),
            (2, "Role reader", "rules.1.verbs", "17:56-17:58 \"[]\""),
            (2, "Role reader", "empty", "18:1-18:6 \"empty\""),
            // The closest existing ancestor.
            (2, "Role reader", "rules.1.resources.3", "17:34-17:47 \"[deployments]\""),
            (23, "Role a", "rules.0", "23:45-23:46 \"1\""),
            (24, "Role b", "rules.0", "27:5-27:6 \"1\""),
            (24, "Role b", "again", "28:10-28:16 \"*rules\""),
            (99, "Role b", "again", "nowhere"),
        ] {
            assert_eq!(place(ROLE, line, object, field), expected, "{field}");
        }
    }

    #[test]
    fn objects_on_one_line_are_distinguished() {
        let list = r#"{"kind":"List","items":[{"kind":"Role","metadata":{"name":"a"},"x":1},{"kind":"Role","metadata":{"name":"b"},"x":2}]}"#;
        assert_eq!(place(list, 1, "Role b", "x"), "1:114-1:115 \"2\"");
        assert_eq!(place(list, 1, "Role a", "x"), "1:68-1:69 \"1\"");
        let tabs = "{\n\t\"kind\": \"Role\",\n\t\"metadata\": {\n\t\t\"name\": \"a\"\n\t},\n\t\"rules\": [\n\t\t1\n\t]\n}\n";
        assert_eq!(place(tabs, 1, "Role a", "rules.0"), "7:3-7:4 \"1\"");
    }

    #[test]
    fn many_fields_of_one_object_are_located_in_linear_time() {
        let count = 20_000;
        let items = (0..count).map(|item| format!("- name: n{item}\n"));
        let text =
            format!("kind: Fleet\nmetadata:\n  name: f\nitems:\n{}", items.collect::<String>());
        let fields: Vec<Field<'_>> = (0..count)
            .map(|item| Field {
                line: 1,
                kind: "Fleet",
                name: "f",
                steps: vec![
                    FieldStep::Key("items"),
                    FieldStep::Index(item),
                    FieldStep::Key("name"),
                ],
            })
            .collect();
        let found = locate(text.as_bytes(), &fields);
        let lines = found.iter().map(|region| region.map_or(0, |region| region.start.line));
        assert!(lines.eq((0..count).map(|item| item as u32 + 5)));
    }

    #[test]
    fn invalid_documents_have_no_regions() {
        for text in ["", "a: [", "\u{0}", "a: *b", "a:\n\tb: 1", "a: {b: {c:"] {
            assert_eq!(place(text, 1, "Role a", "rules.0"), "nowhere", "{text:?}");
        }
        assert_eq!(place("kind: Role", 1, "Role a", "rules.0"), "1:1-1:11 \"kind: Role\"");
    }
}
