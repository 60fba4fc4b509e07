use std::fmt;
use std::sync::Arc;

use rolecall_paths::{Sink, Step};
use rolecall_rbac::{Gap, Grant, NearMiss, Request};

use super::{EntryError, Expectation};
use crate::path_words;
use rolecall_access::AccessTerm;
use rolecall_access::Holder;

/// An expectation that is not met, or whose result is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// The expectation.
    pub expectation: &'a Expectation,
    /// The subject that fails the expectation; `None` if it fails for all subjects.
    pub holder: Option<Holder>,
    /// The part of the expectation that is not met.
    pub spot: Spot,
    /// The reason.
    pub unmet: Unmet<'a>,
}

/// A part of an expectation: a field, and the index of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// The field.
    pub field: &'static str,
    /// The item; `None` for the whole field.
    pub index: Option<usize>,
}

/// The reason why an expectation is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmet<'a> {
    /// The subject does not have the expected access.
    Denied {
        /// The missing access.
        missing: AccessTerm,
        /// One request of the missing access.
        example: Request,
        /// The near misses of the example, nearest first.
        near: Vec<NearMiss<'a>>,
    },
    /// The subject has forbidden access.
    Allowed {
        /// The forbidden access that it has.
        access: AccessTerm,
        /// All grants of a part of the access.
        by: Vec<Grant<'a>>,
    },
    /// The subject has access beyond the limit.
    Beyond {
        /// The excess access, sorted.
        access: Vec<AccessTerm>,
        /// All grants of a part of the access.
        by: Vec<Grant<'a>>,
    },
    /// The subject can reach a forbidden target.
    Becomes {
        /// The target.
        sink: Sink,
        /// The steps of the path; empty if its own bindings are sufficient.
        steps: Arc<[Step<'a>]>,
    },
    /// The result depends on input that was not read.
    Undecided {
        /// The undecided access.
        word: Word,
        /// The gaps that the result depends on.
        gaps: Vec<Gap>,
    },
    /// The subjects match nothing.
    NoSubject,
    /// An entry is meaningless.
    Meaningless {
        /// The reason.
        error: EntryError,
    },
}

/// The requirement of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// All of it must be granted.
    Can,
    /// No part of it must be granted.
    Cannot,
    /// Nothing beyond it must be granted.
    Only,
    /// No path must lead to it.
    CannotBecome,
}

/// The maximum number of kinds of excess access that are reported.
const FEW: usize = 3;

impl Spot {
    /// The field `targets`.
    pub const TARGETS: Self = Self { field: "targets", index: None };
    pub(super) const SUBJECTS: Self = Self { field: "subjects", index: None };
    pub(super) const ONLY: Self = Self { field: "only", index: None };

    pub(super) fn entry(word: Word, index: usize) -> Self {
        Self { field: word.as_str(), index: Some(index) }
    }
}

impl Word {
    /// Returns the field name in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Can => "can",
            Self::Cannot => "cannot",
            Self::Only => "only",
            Self::CannotBecome => "cannotBecome",
        }
    }
}

impl<'a> Failure<'a> {
    /// Returns whether the expectation might still be met, because the result depends on unread
    /// input.
    pub fn is_undecided(&self) -> bool {
        matches!(self.unmet, Unmet::Undecided { .. })
    }
}

/// Describes access, as it follows after `can`.
fn able(access: &AccessTerm) -> String {
    let text = access.to_string();
    match (access, text.starts_with("every ")) {
        (AccessTerm::Everything, _) => format!("do {text}"),
        (_, true) => format!("use {text}"),
        (_, false) => text,
    }
}

impl fmt::Display for Failure<'_> {
    /// Writes the problem as a sentence fragment.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.expectation.name;
        let expected =
            || if name.is_empty() { "the expectation".to_owned() } else { format!("`{name}`") };
        let holder = self.holder.as_ref().map(ToString::to_string);
        let holder = holder.as_deref().unwrap_or("somebody");
        match &self.unmet {
            Unmet::Denied { missing, .. } => write!(formatter, "`{holder}` cannot {missing}")?,
            Unmet::Allowed { access, .. } => write!(formatter, "`{holder}` can {}", able(access))?,
            Unmet::Beyond { access, .. } => {
                let named: Vec<String> = access.iter().take(FEW).map(able).collect();
                let more = match access.len().saturating_sub(FEW) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let named = named.join("; ");
                write!(formatter, "`{holder}` can {named}{more}, which `only` does not include")?;
            }
            Unmet::Becomes { sink, steps } => {
                let end = path_words::end(sink);
                match steps.is_empty() {
                    true => write!(formatter, "`{holder}` can {end} by its own bindings")?,
                    false => {
                        let way = path_words::way(steps);
                        write!(formatter, "`{holder}` can {end}: {way}")?;
                    }
                }
            }
            Unmet::Undecided { word, gaps } => {
                let word = word.as_str();
                write!(formatter, "unknown whether `{word}` holds for `{holder}`")?;
                for (position, gap) in gaps.iter().enumerate() {
                    write!(formatter, "{} {gap}", if position == 0 { ", unread:" } else { ";" })?;
                }
            }
            Unmet::NoSubject => {
                return write!(formatter, "the subjects of {} match nobody", expected());
            }
            Unmet::Meaningless { error } => return write!(formatter, "{error}, in {}", expected()),
        }
        match (&**name, &*self.expectation.reason) {
            ("", "") => Ok(()),
            ("", reason) => write!(formatter, "; expected because {reason}"),
            (name, "") => write!(formatter, ", which violates `{name}`"),
            (name, reason) => write!(formatter, ", which violates `{name}` ({reason})"),
        }
    }
}
