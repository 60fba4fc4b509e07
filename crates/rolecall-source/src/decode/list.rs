//! Decodes the items of JSON lists in blocks, on all cores.

use rolecall_rbac::Text;
use rolecall_yaml::json::{ItemDecoder, ListHead};
use rolecall_yaml::{Document, Node, ParseError, Position};

use super::{Batch, Decoder, Decoders, Identity};
use crate::snapshot;

/// The properties that an item inherits from its list.
pub(crate) struct ListContext {
    /// The identity of an item without `apiVersion` and `kind`.
    of_items: Option<Identity>,
    /// Whether the enclosing list is marked as stored by a server.
    outer_stored: bool,
}

impl ItemDecoder for Decoder {
    type Batch = Batch;
    type List = ListContext;
    type Siblings = Decoders;

    fn item(
        &mut self,
        text: &str,
        list: Option<&ListContext>,
        position: Position,
    ) -> Result<usize, serde_json::Error> {
        self.json(text, list.and_then(|list| list.of_items.as_ref()), position)
    }

    fn broken(&mut self, error: &ParseError) {
        Decoder::broken(self, error, "", 0);
    }

    fn enter_list(&mut self, list: &ListHead) -> ListContext {
        let of_items = identity(list).and_then(|identity| identity.of_items());
        let context = ListContext { of_items, outer_stored: self.stored };
        self.stored |= with_metadata(list, snapshot::is_stored).unwrap_or(false);
        context
    }

    fn leave_list(&mut self, list: ListContext) {
        self.stored = list.outer_stored;
    }

    fn finish_list(&mut self, list: &ListHead) {
        let _ = with_metadata(list, |list| self.recorded(list));
    }

    fn siblings(&self) -> Decoders {
        Decoders::like(self)
    }

    fn with<T>(siblings: &Decoders, work: impl FnOnce(&mut Self) -> T) -> (Batch, T) {
        siblings.with(work)
    }

    fn replace(&mut self, batch: Batch) -> Batch {
        std::mem::replace(&mut self.batch, batch)
    }

    fn append(&mut self, batch: Batch) {
        self.batch.append(batch);
    }
}

/// Returns the `apiVersion` and `kind` of a list.
fn identity(list: &ListHead) -> Option<Identity> {
    let kind = Text::from(list.kind.as_deref()?);
    let api_version = Text::from(list.api_version.as_deref().unwrap_or_default());
    Some(Identity { api_version, kind })
}

/// Parses the metadata of a list, if it has any.
fn with_metadata<T>(list: &ListHead, look: impl FnOnce(Node<'_>) -> T) -> Option<T> {
    let metadata = list.metadata.as_ref()?;
    let text = format!("{{\"metadata\":{}}}", String::from_utf8_lossy(metadata));
    let document = Document::from_json(&text, Position::default()).ok()?;
    Some(look(document.root()))
}
