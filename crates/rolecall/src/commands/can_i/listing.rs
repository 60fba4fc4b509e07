//! A matrix as a list: sorted, grouped, limited and with totals.

use std::collections::HashMap;
use std::io::Write;

use rolecall_rbac::{Text, VerdictKind};

use super::plan::{Plan, Row, is_no};
use crate::error::CommandError;
use crate::listing::{Keys, ListOptions, omission};
use crate::output::{MatrixFormat, matrix as cells};
use crate::render::matrix::{Layout, Names, Place};
use crate::render::{Summary, merged_texts};
use crate::subject::{Subject, label};
use crate::ui::Ui;
use crate::words;

/// A row of a table: the verdicts about a resource, in all namespaces in which they are the same.
pub(super) struct Line<'p> {
    pub(super) subject: &'p Subject,
    pub(super) namespace: Option<&'p Text>,
    pub(super) resource: &'p str,
    pub(super) words: Vec<VerdictKind>,
    /// The further namespaces with the same verdicts.
    others: Vec<&'p Text>,
}

/// The rows of a table, and the number of answers, of those of hidden rows, too.
pub(super) struct Lines<'p> {
    lines: Vec<Line<'p>>,
    /// The rows of the last subject, by resource and verdicts.
    known: HashMap<(&'p str, Vec<VerdictKind>), usize>,
    folds: bool,
    counts: Counts,
}

/// The number of answers of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) yes: usize,
    pub(super) no: usize,
    pub(super) unknown: usize,
}

impl<'p> Lines<'p> {
    /// Creates an empty table. Rows that differ only in their namespace are one row, unless the
    /// options say how to combine rows.
    pub(super) fn new(list: &ListOptions) -> Self {
        let folds = list.combines_by_default();
        Self { lines: Vec::new(), known: HashMap::new(), folds, counts: Counts::default() }
    }

    /// Adds the number of answers, those of hidden rows, too.
    pub(super) fn count(&mut self, counts: Counts) {
        self.counts.yes += counts.yes;
        self.counts.no += counts.no;
        self.counts.unknown += counts.unknown;
    }

    /// Adds a row.
    pub(super) fn add(
        &mut self,
        (subject, namespace): (&'p Subject, Option<&'p Text>),
        row: &'p Row<'p>,
        words: Vec<VerdictKind>,
    ) {
        let is_new = |last: &Line<'_>| !std::ptr::eq(last.subject, subject);
        if self.lines.last().is_some_and(is_new) {
            self.known.clear();
        }
        // A request across all namespaces is not one of several namespaces.
        let own = namespace.filter(|namespace| !namespace.is_empty());
        if let (true, Some(namespace)) = (self.folds, own) {
            let key = (&*row.label, words.clone());
            let known = self.known.get(&key).and_then(|position| self.lines.get_mut(*position));
            match known {
                Some(known) => return known.others.push(namespace),
                None => drop(self.known.insert(key, self.lines.len())),
            }
        }
        let resource = &*row.label;
        self.lines.push(Line { subject, namespace, resource, words, others: Vec::new() });
    }

    /// Writes the table and the totals, and returns the number of unknown answers.
    pub(super) fn write(
        self,
        ui: &Ui,
        plan: &Plan<'_>,
        list: &ListOptions,
    ) -> Result<usize, CommandError> {
        let Self { lines, counts, .. } = self;
        let mut out = ui.stdout();
        if list.size.summary {
            let allowed = lines.iter().filter(|line| line.words.contains(&VerdictKind::Allowed));
            let summary = Summary::of(allowed.map(keys));
            summary.write(&mut out, ["RESOURCE", "SUBJECT", "row"], ui.layout())?;
            writeln!(out, "{}", counts.text())?;
            out.flush()?;
            return Ok(counts.unknown);
        }
        let arranged = list.arrange_equals(ui.room(), lines, |line| keys(line));
        let omission = arranged.omission();
        let rows: Vec<(Names<'_>, Vec<Option<VerdictKind>>)> =
            arranged.groups.iter().map(|group| (names(group), words_of(group))).collect();
        let differs = rows.iter().any(|(_, words)| words.contains(&None));
        let extent = plan.extent(counts.unknown > 0 || differs);
        let names = rows.iter().map(|(names, _)| names);
        let layout = Layout::of_rows(MatrixFormat::Table, &extent, names, ui.layout());
        layout.start(&mut out)?;
        let mut bytes = Vec::new();
        for (names, words) in &rows {
            bytes.clear();
            layout.write_named(&mut bytes, names, words)?;
            out.write_all(&bytes)?;
        }
        if let Some(omission) = omission {
            writeln!(out, "{omission}")?;
        }
        if plan.rows.len() * plan.subjects.len() * plan.namespaces.len() > 1 {
            writeln!(out, "{}", counts.text())?;
        }
        out.flush()?;
        Ok(counts.unknown)
    }
}

impl Counts {
    /// Adds an answer.
    pub(super) fn add(&mut self, word: VerdictKind) {
        let count = match word {
            VerdictKind::Allowed => &mut self.yes,
            VerdictKind::Unknown => &mut self.unknown,
            VerdictKind::NoOpinion | VerdictKind::Denied => &mut self.no,
        };
        *count += 1;
    }

    /// Returns the totals, such as `96 answers: 20 yes, 76 no`.
    fn text(self) -> String {
        let Self { yes, no, unknown } = self;
        let each = [(yes, "yes"), (no, "no"), (unknown, "unknown")];
        let each = each.into_iter().filter(|(count, _)| *count > 0);
        let each: Vec<String> = each.map(|(count, word)| format!("{count} {word}")).collect();
        format!("{}: {}", words::count(yes + no + unknown, "answer"), each.join(", "))
    }
}

/// Returns the keys by which rows are sorted and grouped.
fn keys(line: &Line<'_>) -> Keys {
    let yes = line.words.iter().filter(|word| **word == VerdictKind::Allowed).count();
    let mut keys = keys_of(line.place());
    keys.reach = yes * (line.others.len() + 1);
    keys
}

/// Returns the keys of the place of a row or cell.
pub(super) fn keys_of(place: Place<'_>) -> Keys {
    Keys {
        rule: place.resource.to_owned(),
        object: place.resource.to_owned(),
        subject: label(&place.subject.identity),
        namespace: place.namespace.map(ToString::to_string).unwrap_or_default(),
        ..Keys::default()
    }
}

impl<'p> Line<'p> {
    fn place(&self) -> Place<'p> {
        Place { subject: self.subject, namespace: self.namespace, resource: self.resource }
    }
}

/// Names what the rows of a group are about.
fn names<'p>(group: &[Line<'p>]) -> Names<'p> {
    let Some(first) = group.first() else { return Names::default() };
    let own = first.place().names();
    if let ([_], []) = (group, &*first.others) {
        return own;
    }
    let texts: Vec<Names<'_>> = group
        .iter()
        .flat_map(|line| {
            let namespaces =
                std::iter::once(line.namespace).chain(line.others.iter().copied().map(Some));
            namespaces.map(|namespace| Place { namespace, ..line.place() }.names())
        })
        .collect();
    let merge = |text: for<'n> fn(&'n Names<'_>) -> &'n str| merged_texts(texts.iter().map(text));
    Names {
        subject: merge(|names| &names.subject).into(),
        namespace: merge(|names| &names.namespace).into(),
        resource: merge(|names| &names.resource).into(),
    }
}

/// Returns the verdict about each verb; `None` if the rows of a group differ.
fn words_of(group: &[Line<'_>]) -> Vec<Option<VerdictKind>> {
    let Some(first) = group.first() else { return Vec::new() };
    let of_verb = |(verb, word): (usize, &VerdictKind)| {
        let is_same = |line: &Line<'_>| line.words.get(verb) == Some(word);
        group.iter().all(is_same).then_some(*word)
    };
    first.words.iter().enumerate().map(of_verb).collect()
}

/// The records of a format that is not a table: streamed, or collected to be sorted.
pub(super) struct Records<'l> {
    list: &'l ListOptions,
    /// The number of records that can still be written.
    left: usize,
    omitted: usize,
    collected: Vec<(Keys, Vec<u8>)>,
}

/// Encoded records.
#[derive(Default)]
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    /// Where each record ends.
    ends: Vec<usize>,
    /// The keys of each record, if they are sorted.
    keys: Vec<Keys>,
}

impl Encoded {
    /// Ends a record, which can be empty.
    pub(super) fn end(&mut self, list: &ListOptions, place: Place<'_>, words: &[VerdictKind]) {
        if self.ends.last().copied().unwrap_or_default() == self.bytes.len() {
            return;
        }
        self.ends.push(self.bytes.len());
        if !list.is_plain() {
            let reach = words.iter().filter(|word| !is_no(**word)).count();
            self.keys.push(Keys { reach, ..keys_of(place) });
        }
    }
}

impl<'l> Records<'l> {
    /// Starts a list.
    pub(super) fn new(ui: &Ui, list: &'l ListOptions, format: MatrixFormat) -> Self {
        let left = match format {
            MatrixFormat::Wide => list.size.of_table(ui.room(), usize::MAX),
            _ => list.size.of_records(usize::MAX),
        };
        Self { list, left, omitted: 0, collected: Vec::new() }
    }

    /// Adds records, and returns those that can be written now.
    pub(super) fn add(&mut self, mut encoded: Encoded) -> Vec<u8> {
        if !self.list.is_plain() {
            let mut start = 0;
            for (end, keys) in encoded.ends.iter().zip(encoded.keys) {
                let record = encoded.bytes.get(start..*end).unwrap_or_default();
                self.collected.push((keys, record.to_vec()));
                start = *end;
            }
            return Vec::new();
        }
        let all = encoded.ends.len();
        let shown = all.min(self.left);
        self.left -= shown;
        self.omitted += all - shown;
        if shown < all {
            let end = shown.checked_sub(1).and_then(|last| encoded.ends.get(last));
            encoded.bytes.truncate(end.copied().unwrap_or_default());
        }
        encoded.bytes
    }

    /// Writes the records that were collected, and returns how many are left out.
    pub(super) fn finish(
        self,
        ui: &Ui,
        out: &mut impl Write,
        format: MatrixFormat,
        mut is_first: bool,
    ) -> Result<usize, CommandError> {
        let Self { list, omitted, collected, .. } = self;
        let keys = |(keys, _): &(Keys, Vec<u8>)| keys.clone();
        let (records, cut) = match format {
            MatrixFormat::Wide => {
                let arranged = list.arrange_equals(ui.room(), collected, keys);
                (arranged.groups.into_iter().flatten().collect(), arranged.omitted)
            }
            _ => list.records_of_equals(collected, keys),
        };
        for (_, record) in &records {
            out.write_all(cells::joined(format, record, is_first))?;
            is_first = false;
        }
        let omitted = omitted + cut;
        match (omission(omitted), format) {
            (None, _) | (_, MatrixFormat::Json | MatrixFormat::Yaml) => {}
            (Some(omission), MatrixFormat::Wide) => writeln!(out, "{omission}")?,
            (Some(omission), _) => ui.note(omission),
        }
        Ok(omitted)
    }
}
