//! The totals of a list.

use std::collections::BTreeMap;
use std::io::{self, Write};

use rolecall_check::Severity;

use super::{Cell, Table, TableLayout};
use crate::listing::Keys;
use crate::words;

/// The number of rules and of subjects in a summary, so that it has 40 lines at most.
const RULES: usize = 20;
const SUBJECTS: usize = 10;

/// The totals of a list.
#[derive(Default)]
pub(crate) struct Summary {
    rules: BTreeMap<String, Count>,
    subjects: BTreeMap<String, Count>,
    severities: BTreeMap<Severity, usize>,
    all: usize,
}

/// The number of entries, and the worst severity among them.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Count {
    severity: Option<Severity>,
    entries: usize,
}

impl Summary {
    /// Counts entries.
    pub(crate) fn of(entries: impl IntoIterator<Item = Keys>) -> Self {
        let mut summary = Self::default();
        for keys in entries {
            let count = |counts: &mut BTreeMap<String, Count>, name: String| {
                let count = counts.entry(name).or_default();
                count.entries += 1;
                count.severity = count.severity.max(keys.severity);
            };
            summary.all += 1;
            if let Some(severity) = keys.severity {
                *summary.severities.entry(severity).or_default() += 1;
            }
            count(&mut summary.rules, keys.rule);
            count(&mut summary.subjects, keys.subject);
        }
        summary
    }

    /// Writes the totals by severity and rule, and the worst subjects.
    pub(crate) fn write(
        &self,
        out: &mut impl Write,
        [rule, subject, noun]: [&str; 3],
        layout: TableLayout,
    ) -> io::Result<()> {
        for (heading, counts, most) in
            [(rule, &self.rules, RULES), (subject, &self.subjects, SUBJECTS)]
        {
            let mut sorted: Vec<(&String, &Count)> = counts.iter().collect();
            sorted.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
            let mut table = Table::new([heading, "WORST", "COUNT"]);
            for (name, count) in sorted.iter().take(most) {
                let severity = count.severity.map_or("", Severity::as_str);
                table.row([Cell::from(*name), severity.into(), count.entries.to_string().into()]);
            }
            if !table.is_empty() {
                table.write(out, layout)?;
                if sorted.len() > most {
                    writeln!(out, "and {} more", sorted.len() - most)?;
                }
                writeln!(out)?;
            }
        }
        writeln!(out, "{}", self.totals(noun))
    }

    /// Returns the number of entries, by severity if they have one.
    fn totals(&self, noun: &str) -> String {
        let all = words::count(self.all, noun);
        let severities: Vec<String> = self
            .severities
            .iter()
            .rev()
            .map(|(severity, count)| format!("{count} {severity}"))
            .collect();
        match &*severities {
            [] => all,
            severities => format!("{all}: {}", severities.join(", ")),
        }
    }
}
