//! The questions: which subjects can do something?

use std::path::Path;

use rolecall_task::failure::{Failure, Result};
use rolecall_task::files;

/// Which subjects can do this?
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) verb: String,
    /// `jobs.batch`, or a URL path.
    pub(super) resource: String,
    pub(super) subresource: String,
    pub(super) name: String,
    pub(super) namespace: String,
    /// The subtlety of it.
    pub(super) about: String,
}

impl Question {
    /// Reads a table with tabs.
    pub(super) fn read(path: &Path) -> Result<Vec<Self>> {
        let text = files::read(path)?;
        let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        rows.map(|row| {
            Self::parse(row).ok_or_else(|| Failure::new(format!("not 6 columns: {row}")))
        })
        .collect()
    }

    fn parse(row: &str) -> Option<Self> {
        let mut columns = row.split('\t').map(str::to_owned);
        let mut next = || columns.next();
        let question = Self {
            verb: next()?,
            resource: next()?,
            subresource: next()?,
            name: next()?,
            namespace: next()?,
            about: next()?,
        };
        next().is_none().then_some(question)
    }

    /// Returns whether it is about a URL path.
    pub(super) fn is_path(&self) -> bool {
        self.resource.starts_with('/')
    }

    /// Returns the question as a user would write it.
    pub(super) fn shown(&self) -> String {
        let mut shown = format!("{} {}", self.verb, self.resource);
        for (mark, part) in [("/", &self.subresource), (" ", &self.name)] {
            if !part.is_empty() {
                shown.push_str(mark);
                shown.push_str(part);
            }
        }
        if !self.namespace.is_empty() {
            shown.push_str(" -n ");
            shown.push_str(&self.namespace);
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_six_columns() {
        let question = Question::parse("get\tpods\tlog\tweb\tshop\tlogs").unwrap();
        assert_eq!(question.shown(), "get pods/log web -n shop");
        assert!(!question.is_path());
        assert_eq!(Question::parse("get\tpods"), None);
    }
}
