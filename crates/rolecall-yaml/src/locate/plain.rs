//! Finds a field in a document in plain block style: runs the line reader again and follows only
//! the nodes on the route to the field. Other styles, and values whose end the style does not
//! determine, are left to the event parser.

use memchr::memmem;

use super::{Field, FieldStep, Region};
use crate::block::{self, Nodes, Scalar};
use crate::build::Collection;
use crate::node::Position;
use crate::{Chunk, chunk_text};

/// Returns the region of a field whose object is the whole document. The chunk can start on the
/// object's line.
pub(super) fn find(chunk: &Chunk<'_>, field: &Field<'_>) -> Option<Region> {
    let route = Route {
        field,
        open: Vec::new(),
        off_route: 0,
        depth: 0,
        region: None,
        last_end: None,
        has_ended: false,
        may_come_again: false,
    };
    block::read(chunk_text(chunk).ok()?, chunk.first_line, route)?.region
}

/// The route from an object to a field.
struct Route<'f> {
    field: &'f Field<'f>,
    /// The open collections on the route, outermost first.
    open: Vec<Open>,
    /// The number of open collections off the route, within the innermost one on it.
    off_route: usize,
    /// The number of steps to the last node found.
    depth: usize,
    /// The region of that node; `None` while its end is unknown.
    region: Option<Region>,
    /// The end of the last scalar or bracket.
    last_end: Option<Position>,
    /// Whether something follows the field, so that its end is known.
    has_ended: bool,
    /// Whether the text after the field contains one of the keys of the route.
    may_come_again: bool,
}

/// An open collection on the route.
struct Open {
    start: Position,
    at: At,
}

/// The next node of a collection.
enum At {
    Key,
    /// The value of a key, and whether it is on the route.
    Value(bool),
    Item(usize),
}

impl Route<'_> {
    /// Advances by a node in the innermost collection, and returns whether it is on the route.
    fn arrive(&mut self, position: Position, text: Option<&Scalar<'_>>) -> Option<bool> {
        self.has_ended = self.region.is_some();
        if self.off_route > 0 {
            return Some(false);
        }
        let steps = self.open.len();
        let Some(parent) = self.open.last_mut() else {
            // The object itself.
            return (position.line == self.field.line).then_some(true);
        };
        let step = self.field.steps.get(steps - 1);
        let (on_the_way, next) = match &parent.at {
            At::Key => (false, At::Value(is_key(step, text))),
            At::Value(wanted) => (*wanted, At::Key),
            At::Item(index) => (step == Some(&FieldStep::Index(*index)), At::Item(index + 1)),
        };
        parent.at = next;
        let begins_again = matches!(parent.at, At::Value(true));
        if on_the_way {
            self.depth = steps;
        }
        if on_the_way || begins_again {
            // A duplicate key discards the match in the earlier value.
            self.region = None;
            self.has_ended = false;
        }
        Some(on_the_way)
    }
}

/// Returns whether a step leads to the value of a key.
fn is_key(step: Option<&FieldStep<'_>>, text: Option<&Scalar<'_>>) -> bool {
    matches!((step, text), (Some(FieldStep::Key(key)), Some(Scalar::Plain(text))) if key == text)
}

impl<'a> Nodes<'a> for Route<'_> {
    fn scalar(&mut self, position: Position, scalar: Scalar<'a>, length: usize) -> Option<()> {
        let on_the_way = self.arrive(position, Some(&scalar))?;
        // Values that are missing or not on one line are left to the event parser.
        let end = Position {
            column: position.column.checked_add(u32::try_from(length).ok()?)?,
            ..position
        };
        self.last_end = matches!(scalar, Scalar::Plain(_) | Scalar::Quoted(_)).then_some(end);
        if on_the_way {
            self.region = self.last_end.map(|end| Region { start: position, end });
        }
        Some(())
    }

    fn start(&mut self, position: Position, collection: Collection) -> Option<()> {
        if !self.arrive(position, None)? {
            self.off_route += 1;
            return Some(());
        }
        let at = match collection {
            Collection::Mapping => At::Key,
            // In a document that is a list, the object is an item and not the whole document.
            Collection::Sequence if self.open.is_empty() => return None,
            Collection::Sequence => At::Item(0),
        };
        self.open.push(Open { start: position, at });
        Some(())
    }

    fn end(&mut self, closed: Option<Position>) -> Option<()> {
        if closed.is_some() {
            self.last_end = closed;
        }
        if self.off_route > 0 {
            self.off_route -= 1;
            return Some(());
        }
        let ended = self.open.pop()?;
        if self.open.len() == self.depth {
            self.region = self.last_end.map(|end| Region { start: ended.start, end });
        }
        Some(())
    }

    fn is_complete(&mut self, rest: &str) -> bool {
        if !self.has_ended || self.depth < self.field.steps.len() || self.may_come_again {
            return false;
        }
        self.may_come_again = self.field.steps.iter().any(|step| match step {
            FieldStep::Key(key) => memmem::find(rest.as_bytes(), key.as_bytes()).is_some(),
            FieldStep::Index(_) => false,
        });
        !self.may_come_again
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Items, Lines, Spanned};
    use super::*;
    use crate::split;

    /// Locates each field of a document with both methods, and returns the number of fields and the
    /// number that the fast one finds.
    fn found_equally(text: &str) -> (usize, usize) {
        let chunk = Chunk { bytes: text.as_bytes(), first_line: 3 };
        let file = format!("# first\n# second\n{text}\n---\nkind: Role\n");
        let Some(document) = block::parse(text, 3, None) else { return (0, 0) };
        let tree = Spanned::of_chunk(&chunk).unwrap();
        let objects = tree.objects();
        let line = document.root().position().line;
        let start = Lines { bytes: file.as_bytes(), line: 1, start: 0 }.start_of(line).unwrap();
        let short = split::document_from(file.as_bytes(), start, line).unwrap();
        let mut ways = vec![(Vec::new(), document.root())];
        let (mut all, mut found) = (0, 0);
        while let Some((steps, node)) = ways.pop() {
            let field = Field { line, kind: "Role", name: "r", steps };
            let region = find(&short, &field);
            all += 1;
            if region.is_some() {
                found += 1;
                assert_eq!(
                    region,
                    tree.find(&objects, &mut Items::default(), &field),
                    "{field:?} in {text}"
                );
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
    fn the_fast_method_finds_most_fields() {
        let text = "apiVersion: v1\nkind: Role\nmetadata:\n  name: r # a role\n  note: \"x y\"\nrules:\n- verbs: [get, 'list']\n  names:\n    - a b\n    - 1\n  text: |\n    x\n  none:\n  flag: true\n";
        assert_eq!(found_equally(text), (17, 15));
        assert_eq!(found_equally(&text.replace('\n', "\r\n")), (17, 15));
    }

    #[test]
    fn the_last_duplicate_key_is_found() {
        let text = "a: 1\nb:\n- x: [1, 2]\nb:\n- y: 1\n  z: 3\n  y: 2\n";
        assert_eq!(found_equally(text).0, found_equally(text).1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]
        #[test]
        fn both_methods_find_the_same(text in block::tests::nested()) {
            found_equally(&format!("kind: Role\nmetadata: \n  name: r\n{text}"));
        }
    }
}
