//! Shared strings.

use std::collections::HashSet;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

/// A shared immutable string: cheap to clone, compared by content.
pub type Text = Arc<str>;

/// Hands out one [`Text`] per distinct string, so that an inventory stores each name once.
#[derive(Debug, Default)]
pub struct Interner {
    seen: HashSet<Text, FxBuildHasher>,
}

impl Interner {
    /// Returns the shared copy of `string`.
    pub fn text(&mut self, string: &str) -> Text {
        if let Some(text) = self.seen.get(string) {
            return text.clone();
        }
        let text: Text = Arc::from(string);
        self.seen.insert(text.clone());
        text
    }
}
