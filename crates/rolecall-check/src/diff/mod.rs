//! What changes between two inventories, as access rather than as text.

mod holder;

pub use holder::Holder;
