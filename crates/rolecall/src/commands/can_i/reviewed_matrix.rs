//! A matrix in which the server answers all or some cells.

use std::io::Write;

use rolecall_rbac::{Request, Text, VerdictKind};
use rolecall_review::{Plan as Questions, PlanBuilder};

use super::listing::{Counts, Encoded, Lines, Records};
use super::plan::{Plan, Row};
use crate::decide::Decided;
use crate::error::CommandError;
use crate::listing::ListOptions;
use crate::live::{Evidence, Reviewed};
use crate::load::Session;
use crate::output::{MatrixFormat, matrix as cells};
use crate::render::Headings;
use crate::render::matrix::{Layout, Place};
use crate::subject::Subject;
use crate::ui::Ui;
use crate::words;

/// A matrix with answers of the server.
pub(super) struct Matrix<'a> {
    /// The input.
    pub(super) session: &'a Session,
    /// The questions.
    pub(super) plan: &'a Plan<'a>,
    /// The format.
    pub(super) format: MatrixFormat,
    /// The order, the groups and the limit.
    pub(super) list: &'a ListOptions,
}

/// Cells that are written together: for one subject, in one namespace or none.
struct Line<'a> {
    subject: &'a Subject,
    namespace: Option<&'a Text>,
    row: &'a Row<'a>,
}

impl<'a> Matrix<'a> {
    /// Returns the evidence to show in answers.
    pub(super) fn evidence(&self) -> Evidence {
        if self.format.is_grid() { Evidence::Verdict } else { Evidence::Reason }
    }

    /// Returns the questions of all cells, in output order.
    pub(super) fn questions(&self) -> Questions {
        let mut builder = PlanBuilder::new();
        for line in self.lines() {
            for verb in &self.plan.verbs {
                builder.cell(&line.subject.identity, self.request(&line, verb));
            }
        }
        builder.build()
    }

    /// Writes the answers in order, and returns the number of unknown cells.
    pub(super) fn write(
        &self,
        ui: &Ui,
        questions: &Questions,
        decided: &[Decided<'_>],
    ) -> Result<usize, CommandError> {
        let plan = self.plan;
        let answers = || questions.cells().filter_map(|question| decided.get(question));
        let unknown = answers().filter(|answer| answer.verdict() == VerdictKind::Unknown).count();
        let may_be_unknown =
            unknown > 0 || answers().any(|answer| answer.verdict() == VerdictKind::Denied);
        if self.format == MatrixFormat::Table {
            self.write_table(ui, answers())?;
            return Ok(unknown);
        }
        let layout = Layout::new(self.format, &plan.extent(may_be_unknown), ui.layout());
        let mut records = Records::new(ui, self.list, self.format);
        let mut out = ui.stdout();
        if self.format.is_laid_out() {
            layout.start(&mut out)?;
        } else if self.format != MatrixFormat::Csv || ui.layout().headings == Headings::Shown {
            cells::start(&mut out, self.format, &plan.subjects)?;
        }
        let mut answers = answers();
        let mut is_first = true;
        for line in self.lines() {
            let (mut encoded, mut words) = (Encoded::default(), Vec::new());
            let place = Place {
                subject: line.subject,
                namespace: line.namespace,
                resource: &line.row.label,
            };
            for (verb, decided) in plan.verbs.iter().zip(answers.by_ref()) {
                words.push(decided.verdict());
                if !plan.shown.includes(decided.verdict()) {
                    continue;
                }
                if self.format == MatrixFormat::Wide {
                    layout.write_cell(&mut encoded.bytes, place, verb, decided)?;
                } else if !self.format.is_grid() {
                    let request = self.request(&line, verb);
                    let identity = &line.subject.identity;
                    cells::cell(&mut encoded.bytes, self.format, identity, &request, decided)?;
                }
                encoded.end(self.list, place, &[decided.verdict()]);
            }
            if self.format.is_grid() && plan.shown.includes_row(&words) {
                layout.write_row(&mut encoded.bytes, place, &words)?;
                encoded.end(self.list, place, &words);
            }
            let bytes = records.add(encoded);
            out.write_all(cells::joined(self.format, &bytes, is_first))?;
            is_first &= bytes.is_empty();
        }
        let omitted = records.finish(ui, &mut out, self.format, is_first)?;
        cells::finish(&mut out, self.format, omitted)?;
        out.flush()?;
        Ok(unknown)
    }

    fn write_table<'d>(
        &self,
        ui: &Ui,
        mut answers: impl Iterator<Item = &'d Decided<'d>>,
    ) -> Result<(), CommandError> {
        let mut lines = Lines::new(self.list);
        for line in self.lines() {
            let words = answers.by_ref().take(self.plan.verbs.len());
            let words: Vec<VerdictKind> = words.map(Decided::verdict).collect();
            let mut counts = Counts::default();
            words.iter().for_each(|word| counts.add(*word));
            lines.count(counts);
            if self.plan.shown.includes_row(&words) {
                lines.add((line.subject, line.namespace), line.row, words);
            }
        }
        lines.write(ui, self.plan, self.list)?;
        Ok(())
    }

    fn request(&self, line: &Line<'_>, verb: &str) -> Request {
        let namespace = line.namespace.map_or("", |namespace| namespace);
        line.row.request(&self.session.catalog, verb, namespace)
    }

    /// Returns the lines in the order of the local matrix: those without a namespace first, unless there is
    /// only one namespace.
    fn lines(&self) -> impl Iterator<Item = Line<'a>> {
        let plan = self.plan;
        let only = Some(&*plan.namespaces).filter(|namespaces| namespaces.len() == 1);
        let first = only.is_none().then_some(None);
        let places = move || first.into_iter().chain(plan.namespaces.iter().map(Some));
        plan.subjects.iter().flat_map(move |subject| {
            places().flat_map(move |namespace| {
                let is_here = move |row: &&Row<'_>| {
                    only.is_some() || row.is_namespaced() == namespace.is_some()
                };
                plan.rows.iter().filter(is_here).map(move |row| {
                    let namespace = namespace.filter(|_| row.is_namespaced());
                    Line { subject, namespace, row }
                })
            })
        })
    }
}

/// Warns how many questions were not asked because of an interruption.
pub(super) fn warn_unasked(ui: &Ui, reviewed: &Reviewed) {
    if reviewed.unasked > 0 {
        let total = reviewed.answers.len();
        let answered = total - reviewed.unasked;
        ui.warn(format!("interrupted: {answered} of {total} questions were answered"));
    }
}

/// Warns how many answers are unknown, with the server's reasons.
pub(super) fn warn_unknown(ui: &Ui, unknown: usize, reviewed: &Reviewed) {
    let answers = if unknown == 1 { "answer is" } else { "answers are" };
    ui.warn(format!("{unknown} {answers} unknown"));
    let mut reasons: Vec<&str> = reviewed
        .answers
        .iter()
        .filter(|answer| answer.verdict == VerdictKind::Unknown)
        .map(|answer| &*answer.reason)
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    for reason in reasons.iter().filter(|reason| !reason.is_empty()).take(MOST_REASONS) {
        ui.note(format!("unknown: {}", words::refusals(reason)));
    }
}

/// The maximum number of reasons to report.
const MOST_REASONS: usize = 5;
