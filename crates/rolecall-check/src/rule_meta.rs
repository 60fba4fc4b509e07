//! What is known of a rule besides how it is checked.

use std::fmt;

use crate::{Severity, Versions};

/// A rule: its code, its name and its documentation.
///
/// Each rule has a file of its own whose crate-style doc comment is the documentation: a summary, then
/// the sections of [`RuleMeta::SECTIONS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleMeta {
    /// The code, such as `RC101`; it never changes its meaning.
    pub code: &'static str,
    /// The name, in words that follow "allow": it names what is wrong.
    pub name: &'static str,
    /// What sort of trouble it is.
    pub category: Category,
    /// The severity of its findings, the highest one where it depends on the scope.
    pub severity: Severity,
    /// The version of rolecall that first had it.
    pub since: &'static str,
    /// The Kubernetes versions whose behaviour it is about.
    pub versions: Versions,
    /// The rows of the list of risky permissions that it covers.
    pub rows: &'static [&'static str],
    /// The documentation as Markdown, or the rule's source file, which starts with it.
    pub source: &'static str,
}

/// What sort of trouble a rule finds; the first digit of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// RC1: references that lead nowhere, objects that the API server rejects.
    Broken,
    /// RC2: rules and subjects that can never match.
    Dead,
    /// RC3: workloads that will be refused what they do.
    Denied,
    /// RC4: ServiceAccounts and tokens in disorder.
    Hygiene,
    /// RC5: access that reaches further than it seems.
    Risk,
    /// RC6: access that is not as a file of expectations says.
    Expectation,
    /// RC9: suppressions that are not needed, or not in order.
    Suppression,
}

impl RuleMeta {
    /// The headings of every rule's documentation, in their order.
    pub const SECTIONS: [&'static str; 4] =
        ["What it does", "Why is this bad", "Example", "How to fix"];

    /// Returns every severity of its findings with where it applies, such as `high; critical in the whole
    /// cluster`.
    pub fn grades(&self) -> String {
        rolecall_access::risk::grades(self.code)
            .unwrap_or_else(|| self.severity.as_str().to_owned())
    }

    /// Returns the documentation as Markdown.
    pub fn documentation(&self) -> String {
        if !self.source.starts_with("//!") {
            return self.source.to_owned();
        }
        let mut text = String::new();
        for line in self.source.lines().map_while(|line| line.strip_prefix("//!")) {
            text.push_str(line.strip_prefix(' ').unwrap_or(line));
            text.push('\n');
        }
        text
    }

    /// Returns the first line of the documentation.
    pub fn summary(&self) -> &'static str {
        let first = self.source.lines().next().unwrap_or_default();
        first.strip_prefix("//!").unwrap_or(first).trim()
    }

    /// Returns the code blocks of one section of the documentation.
    pub fn code_blocks(&self, section: &str) -> Vec<String> {
        let documentation = self.documentation();
        let mut blocks = Vec::new();
        let mut block: Option<String> = None;
        let mut in_section = false;
        for line in documentation.lines() {
            match (&mut block, line.starts_with("```")) {
                (None, true) => block = Some(String::new()),
                (Some(_), true) => blocks.extend(block.take().filter(|_| in_section)),
                (Some(block), false) => {
                    block.push_str(line);
                    block.push('\n');
                }
                (None, false) => {
                    if let Some(heading) = line.strip_prefix("# ") {
                        in_section = heading == section;
                    }
                }
            }
        }
        blocks
    }
}

impl Category {
    /// All categories in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::Broken,
        Self::Dead,
        Self::Denied,
        Self::Hygiene,
        Self::Risk,
        Self::Expectation,
        Self::Suppression,
    ];

    /// Returns the category's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Dead => "dead",
            Self::Denied => "denied",
            Self::Hygiene => "hygiene",
            Self::Risk => "risk",
            Self::Expectation => "expectation",
            Self::Suppression => "suppression",
        }
    }

    /// Returns what its codes start with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Broken => "RC1",
            Self::Dead => "RC2",
            Self::Denied => "RC3",
            Self::Hygiene => "RC4",
            Self::Risk => "RC5",
            Self::Expectation => "RC6",
            Self::Suppression => "RC9",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
