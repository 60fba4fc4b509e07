use super::{InventoryBuilder, Metadata, Origin};
use crate::Text;

/// A field that API servers do not know: kubectl rejects it, other clients drop it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownField {
    /// Where the object was read.
    pub origin: Origin,
    /// The object's kind.
    pub kind: Text,
    /// The object's namespace; empty for cluster-scoped kinds.
    pub namespace: Text,
    /// The object's name.
    pub name: Text,
    /// The field's path, such as `rules[0].resourceName`.
    pub path: Text,
}

impl InventoryBuilder {
    /// Records unknown fields of an object by path.
    pub fn unknown_fields(&mut self, kind: &str, metadata: &Metadata, paths: &[String]) {
        self.inventory.unknown_fields.extend(paths.iter().map(|path| UnknownField {
            origin: metadata.origin.clone(),
            kind: kind.into(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            path: path.as_str().into(),
        }));
    }
}
