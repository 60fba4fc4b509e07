//! The subjects that can become something.

use rolecall_paths::{ChokePoint, Escalations, Sink, Start, Subject};

/// The paths and everything that is reported with them.
pub(crate) struct Answer<'a> {
    pub(crate) sink: Sink,
    pub(crate) starts: Vec<Start>,
    pub(crate) found: Escalations<'a>,
    /// Starts that reach the sink only by steps that depend on something outside the input.
    pub(crate) possible: Vec<Subject>,
    /// Starts that reach the sink only by objects that a build can still change.
    pub(crate) unbuilt: Vec<Subject>,
    pub(crate) choke_points: Vec<ChokePoint<'a>>,
    /// Unread parts of the input that might add paths.
    pub(crate) gaps: Vec<String>,
}
