//! Shared strings.

use std::sync::Arc;

/// A shared immutable string: cheap to clone, compared by content, one pointer wide.
pub type Text = arcstr::ArcStr;

/// A shared immutable list of strings: most rules repeat one of a few lists of verbs.
pub type Texts = Arc<[Text]>;
