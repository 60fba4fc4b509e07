//! Advice about denied requests, as values that can be shown.

/// The commands that grant denied requests of one subject, and remarks about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Advice {
    /// The commands that grant the requests, with the options without which `fix` refuses to.
    pub(crate) commands: Vec<String>,
    /// The fit of the commands.
    pub(crate) fit: Fit,
    /// Requests without effect, and the risks of the others; each in one line.
    pub(crate) remarks: Vec<String>,
}

/// The fit of commands to the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fit {
    /// They grant exactly the requests.
    #[default]
    Exact,
    /// No rule can grant some of the requests, so the commands grant the ones that were probably meant.
    Corrected,
}

impl Advice {
    /// Returns whether a change to an existing role would be misleading, because no rule can grant
    /// what was requested.
    pub(crate) fn is_about_another_request(&self) -> bool {
        self.fit == Fit::Corrected
    }

    /// Returns the first reason why no rule can grant the request.
    pub(crate) fn instead(&self) -> Option<&str> {
        let first = self.remarks.first().filter(|_| self.is_about_another_request());
        first.map(String::as_str)
    }
}
