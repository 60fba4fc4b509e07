//! Shared strings.

use std::collections::HashSet;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

/// A shared immutable string: cheap to clone, compared by content, one pointer wide.
pub type Text = arcstr::ArcStr;

/// A shared immutable list of strings: most rules repeat one of a few lists of verbs.
pub type Texts = Arc<[Text]>;

/// Returns one [`Text`] per distinct string and one [`Texts`] per distinct list, so that an
/// inventory stores each once.
#[derive(Debug, Default)]
pub struct Interner {
    seen: HashSet<Text, FxBuildHasher>,
    lists: HashSet<Texts, FxBuildHasher>,
}

impl Interner {
    /// Returns the shared copy of `string`.
    pub fn text(&mut self, string: &str) -> Text {
        if let Some(text) = self.seen.get(string) {
            return text.clone();
        }
        let text = Text::from(string);
        self.seen.insert(text.clone());
        text
    }

    /// Returns the shared copy of a list.
    pub fn list(&mut self, texts: &[Text]) -> Texts {
        if let Some(list) = self.lists.get(texts) {
            return list.clone();
        }
        let list: Texts = Arc::from(texts);
        self.lists.insert(list.clone());
        list
    }
}
