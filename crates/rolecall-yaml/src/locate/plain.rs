//! Where a field stands in a document in plain block style: the line reader goes through it once more,
//! and of its nodes only those on the way to the field are looked at. Whatever is in another style, or
//! ends where that style does not tell, is left to the event parser.

use memchr::memmem;

use super::{Field, FieldStep, Region};
use crate::block::{self, Nodes, Scalar};
use crate::build::Collection;
use crate::node::Position;
use crate::{Chunk, chunk_text};

/// Returns where a field stands whose object is all of a document; of that what there is from the
/// object's line on.
pub(super) fn find(chunk: &Chunk<'_>, field: &Field<'_>) -> Option<Region> {
    let way = Way {
        field,
        open: Vec::new(),
        aside: 0,
        depth: 0,
        region: None,
        last_end: None,
        goes_on: false,
        may_come_again: false,
    };
    block::read(chunk_text(chunk).ok()?, chunk.first_line, way)?.region
}

/// The way from an object to a field, as far as it was gone.
struct Way<'f> {
    field: &'f Field<'f>,
    /// The collections that are open and on the way, outermost first.
    open: Vec<Open>,
    /// How many collections are open within the innermost of those that lead elsewhere.
    aside: usize,
    /// How many steps lead to the node that was found last.
    depth: usize,
    /// Where that node stands; `None` where its end is not known, or not yet.
    region: Option<Region>,
    /// Where the last scalar or bracket ends.
    last_end: Option<Position>,
    /// Whether something follows the field, which therefore has ended.
    goes_on: bool,
    /// Whether the text that follows the field has one of the keys on the way.
    may_come_again: bool,
}

/// An open collection on the way.
struct Open {
    start: Position,
    at: At,
}

/// What of a collection comes next.
enum At {
    Key,
    /// The value of a key; whether it is on the way.
    Value(bool),
    Item(usize),
}

impl Way<'_> {
    /// Goes on by a node within the innermost collection, and returns whether it is on the way.
    fn arrive(&mut self, position: Position, text: Option<&Scalar<'_>>) -> Option<bool> {
        self.goes_on = self.region.is_some();
        if self.aside > 0 {
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
            // Of two values of one key the later one counts, and nothing of the earlier one.
            self.region = None;
            self.goes_on = false;
        }
        Some(on_the_way)
    }
}

/// Returns whether a step is into the value of a key.
fn is_key(step: Option<&FieldStep<'_>>, text: Option<&Scalar<'_>>) -> bool {
    matches!((step, text), (Some(FieldStep::Key(key)), Some(Scalar::Plain(text))) if key == text)
}

impl<'a> Nodes<'a> for Way<'_> {
    fn scalar(&mut self, position: Position, scalar: Scalar<'a>, length: usize) -> Option<()> {
        let on_the_way = self.arrive(position, Some(&scalar))?;
        // What is not on its line, or not there at all, is left to the event parser.
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
            self.aside += 1;
            return Some(());
        }
        let at = match collection {
            Collection::Mapping => At::Key,
            // An item of a list that is all of a text may be the object, but is not the text.
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
        if self.aside > 0 {
            self.aside -= 1;
            return Some(());
        }
        let ended = self.open.pop()?;
        if self.open.len() == self.depth {
            self.region = self.last_end.map(|end| Region { start: ended.start, end });
        }
        Some(())
    }

    fn are_enough(&mut self, rest: &str) -> bool {
        if !self.goes_on || self.depth < self.field.steps.len() || self.may_come_again {
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

    use super::super::{Lines, Spanned};
    use super::*;
    use crate::split;

    /// Finds each field of a document in both ways, and returns how many there are and how many the
    /// short way finds.
    fn found_alike(text: &str) -> (usize, usize) {
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
                assert_eq!(region, tree.find(&objects, &field), "{field:?} in {text}");
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
        assert_eq!(found_alike(text), (17, 15));
        assert_eq!(found_alike(&text.replace('\n', "\r\n")), (17, 15));
    }

    #[test]
    fn of_keys_that_stand_twice_the_later_one_is_found() {
        let text = "a: 1\nb:\n- x: [1, 2]\nb:\n- y: 1\n  z: 3\n  y: 2\n";
        assert_eq!(found_alike(text).0, found_alike(text).1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]
        #[test]
        fn the_short_way_finds_what_the_long_one_does(text in block::tests::nested()) {
            found_alike(&format!("kind: Role\nmetadata: \n  name: r\n{text}"));
        }
    }
}
