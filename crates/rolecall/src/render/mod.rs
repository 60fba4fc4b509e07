//! Human-readable output.

mod answer;
pub(crate) mod diff;
pub(crate) mod difference;
pub(crate) mod findings;
mod fold;
mod github;
pub(crate) mod markdown;
pub(crate) mod matrix;
mod merged;
mod prose;
mod review;
mod summary;
mod table;
mod tree;
mod walk;
mod wrap;

pub(crate) use crate::plain::plain;
pub(crate) use answer::{Answer, Detail};
pub(crate) use fold::Folded;
pub(crate) use merged::{merged, merged_texts};
pub(crate) use prose::document;
pub(crate) use review::{ReviewedAnswer, comparison_table};
pub(crate) use summary::Summary;
pub(crate) use table::{Cell, Headings, Styles, Table, TableLayout, UNREAD, WIDEST};
pub(crate) use tree::{Strokes, Tree};
pub(crate) use walk::{TreeDetail, holder_trees, walk_trees};
pub(crate) use wrap::wrap;
