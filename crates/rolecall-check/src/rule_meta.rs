//! The documentation of a rule.

use std::fmt;

use crate::{RuleCode, Severity, Versions};

/// A rule: its code, its name and its documentation.
///
/// Each rule is a Markdown document in `rules/`: front matter, a title, and the sections of
/// [`RuleMeta::SECTIONS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleMeta {
    /// The code.
    pub code: RuleCode,
    /// The name, which describes the problem and reads well after "allow".
    pub name: &'static str,
    /// The title: a noun phrase that names the problem.
    pub title: &'static str,
    /// The category.
    pub category: Category,
    /// The severity of its findings; the highest one if it depends on the scope.
    pub severity: Severity,
    /// The first version of rolecall that has it.
    pub since: &'static str,
    /// The Kubernetes versions that it applies to.
    pub versions: Versions,
    /// The documentation below the title, as Markdown.
    pub text: &'static str,
}

/// The kind of problem that a rule finds; the first digit of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// RC1: references to missing objects, and objects that the API server rejects.
    Broken,
    /// RC2: rules and subjects that can never match.
    Dead,
    /// RC3: workloads whose requests will be denied.
    Denied,
    /// RC4: ServiceAccounts and tokens that are misused or unused.
    Hygiene,
    /// RC5: access that is broader than it appears.
    Risk,
    /// RC6: access that differs from the expectations in `rolecall.yaml`.
    Expectation,
    /// RC7: the effects of Kustomize, Helm or Argo CD on the objects.
    Rendering,
    /// RC9: suppressions that are unused, expired or malformed.
    Suppression,
}

impl RuleMeta {
    /// The headings of every rule's documentation, in order.
    pub const SECTIONS: [&'static str; 4] =
        ["What it finds", "Why it matters", "Example", "How to fix it"];

    /// Returns whether a text is its code or its name.
    pub fn is_called(&self, text: &str) -> bool {
        self.name == text || text.parse() == Ok(self.code)
    }

    /// Returns each severity of its findings with its condition, such as `high; critical in the whole
    /// cluster`.
    pub fn grades(&self) -> String {
        rolecall_access::risk::grades(self.code)
            .unwrap_or_else(|| self.severity.as_str().to_owned())
    }

    /// Returns the code blocks of one section of the documentation.
    pub fn code_blocks(&self, section: &str) -> Vec<String> {
        let mut blocks = Vec::new();
        let mut block: Option<String> = None;
        let mut in_section = false;
        for line in self.text.lines() {
            match (&mut block, line.starts_with("```")) {
                (None, true) => block = Some(String::new()),
                (Some(_), true) => blocks.extend(block.take().filter(|_| in_section)),
                (Some(block), false) => {
                    block.push_str(line);
                    block.push('\n');
                }
                (None, false) => {
                    if let Some(heading) = line.strip_prefix("## ") {
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
    pub const ALL: [Self; 8] = [
        Self::Broken,
        Self::Dead,
        Self::Denied,
        Self::Hygiene,
        Self::Risk,
        Self::Expectation,
        Self::Rendering,
        Self::Suppression,
    ];

    /// Returns the name of the category.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Dead => "dead",
            Self::Denied => "denied",
            Self::Hygiene => "hygiene",
            Self::Risk => "risk",
            Self::Expectation => "expectation",
            Self::Rendering => "rendering",
            Self::Suppression => "suppression",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
