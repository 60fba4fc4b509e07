//! How often and when.

use crate::facts::Stage;
use crate::time::Micros;

/// How often a request was seen, and when first and last.
///
/// Most requests have one event with an answer. Long ones (watches, streams) have two: when the answer
/// starts, and when it is complete. A log can lack either, because its policy omits a stage or because a
/// watch has not ended. Both are counted apart, so that each event counts by itself, and the greater
/// number is the number of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The events at which an answer started.
    pub started: u64,
    /// The events at which an answer was complete.
    pub complete: u64,
    /// The first time, or none if no event has a time.
    pub first: Option<Micros>,
    /// The last time.
    pub last: Option<Micros>,
}

impl Counts {
    /// No events.
    pub const NONE: Self = Self { started: 0, complete: 0, first: None, last: None };

    /// Returns the counts of one event; nothing for one without an answer.
    pub(crate) fn of(stage: Stage, time: Option<Micros>) -> Self {
        Self {
            started: u64::from(stage == Stage::Started),
            complete: u64::from(stage == Stage::Complete),
            first: time,
            last: time,
        }
    }

    /// Returns the number of requests.
    pub fn requests(&self) -> u64 {
        self.started.max(self.complete)
    }

    /// Adds other counts.
    pub fn add(&mut self, other: &Self) {
        self.started = self.started.saturating_add(other.started);
        self.complete = self.complete.saturating_add(other.complete);
        self.first = match (self.first, other.first) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.last = self.last.max(other.last);
    }

    /// Returns whether nothing was counted.
    pub fn is_none(&self) -> bool {
        self.requests() == 0
    }
}
