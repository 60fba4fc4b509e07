//! Matrices of subjects, verbs, resources and namespaces, which are evaluated and written in pieces.

use std::io::Write;

use rayon::prelude::*;
use rolecall_rbac::{Axes, GridRow, Text, VerdictKind};

use super::Arguments;
use super::folded::{fold, write_folded};
use super::listing::{Counts, Encoded, Lines, Records};
use super::plan::{Plan, Row, Shown};
use super::{live, settle};
use crate::cli::Options;
use crate::decide::Decided;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::listing::ListOptions;
use crate::load::{Needs, Session};
use crate::output::{MatrixFormat, matrix as cells};
use crate::render::matrix::{Layout, Place};
use crate::render::{Headings, markdown};
use crate::subject::{Subject, SubjectArgument};
use crate::ui::Ui;
use crate::words;

/// The number of namespaces per piece, for one subject.
const NAMESPACES_AT_ONCE: usize = 128;

/// The maximum number of pieces in memory.
const PIECES_AT_ONCE: usize = 32;

/// One subject and some of its namespaces.
#[derive(Clone, Copy)]
struct Piece<'a> {
    subject: &'a Subject,
    namespaces: &'a [Text],
    /// Whether the piece includes the rows without a namespace.
    with_cluster_scope: bool,
}

/// Answered rows or encoded cells, and the number of answers, those of hidden rows, too.
#[derive(Default)]
struct Written<'p> {
    encoded: Encoded,
    rows: Vec<Answered<'p>>,
    counts: Counts,
}

/// The verdicts of a row of a table.
struct Answered<'p> {
    place: (&'p Subject, Option<&'p Text>),
    row: &'p Row<'p>,
    words: Vec<VerdictKind>,
}

/// A matrix while it is written.
struct Matrix<'a> {
    session: &'a Session,
    plan: Plan<'a>,
    axes: Axes,
    format: MatrixFormat,
    layout: Layout,
    list: &'a ListOptions,
}

/// Answers the matrix.
pub(super) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let subjects = SubjectArgument::parse_all(&arguments.subjects)?;
    let needs =
        Needs { namespaces: options.namespace.all_namespaces, ..SubjectArgument::needs(&subjects) };
    let session = Session::load(ui, options, needs)?;
    let me = live::me(ui, &session, options, &subjects)?;
    let mut subjects = SubjectArgument::resolve_all(&subjects, ui, &session, options)?;
    let folded = fold(&session, arguments, &mut subjects);
    let namespaces = namespaces(ui, &session, options);
    let mut plan = Plan::new(ui, &session, arguments, subjects, namespaces)?;
    let has_gaps = !session.authorizer.inventory().gaps().is_empty();
    let may_be_unknown = has_gaps || plan.subjects.iter().any(|s| s.identity.is_node());
    if may_be_unknown && settle::may_ask(arguments.mode, options, &session) {
        return settle::run_matrix(ui, &session, &plan, me, (arguments, &folded));
    }
    let columns = std::mem::take(&mut plan.columns);
    let axes = session.authorizer.axes(plan.verbs.clone(), columns);
    let layout = Layout::new(arguments.output, &plan.extent(may_be_unknown), ui.layout());
    let (format, list) = (arguments.output, &arguments.list);
    let mut matrix = Matrix { session: &session, plan, axes, format, layout, list };
    matrix.shorten(ui)?;
    let unknown = match format {
        MatrixFormat::Table => matrix.write_table(ui)?,
        _ => matrix.write(ui)?,
    };
    write_folded(ui, &folded)?;
    if unknown > 0 {
        ui.warn(format!("{unknown} answers are unknown, because something could not be read"));
    }
    Ok(session.conclude(ui, Exit::Inconclusive.when(unknown > 0)))
}

/// Returns the namespaces of a matrix; with `-A`, the empty one and each that is known.
pub(super) fn namespaces(ui: &Ui, session: &Session, options: &Options) -> Vec<Text> {
    let mut namespaces = session.namespaces(options);
    if options.namespace.all_namespaces {
        namespaces.extend(session.authorizer.inventory().namespace_names());
    } else {
        session.place.explain(ui);
    }
    namespaces
}

/// The number of cells with `no` in a table that still shows them by default.
const MANY_DENIED: usize = 2_000;

impl Matrix<'_> {
    /// Leaves out the rows of a table without access if these would be most of a long table.
    fn shorten(&mut self, ui: &Ui) -> Result<(), CommandError> {
        let rows = self.plan.rows.len() * self.plan.namespaces.len() * self.plan.subjects.len();
        let may_be_long = rows.saturating_mul(self.plan.verbs.len()) > MANY_DENIED;
        if self.plan.shown == Shown::AllowedOnly || !self.format.is_grid() || !may_be_long {
            return Ok(());
        }
        let mut denied = 0;
        let pieces: Vec<Piece<'_>> = self.pieces().collect();
        for pieces in pieces.chunks(PIECES_AT_ONCE) {
            let counts: Vec<Result<usize, CommandError>> = pieces
                .par_iter()
                .map(|piece| self.answer(*piece).map(|written| written.counts.no))
                .collect();
            for count in counts {
                denied += count?;
            }
            if denied > MANY_DENIED {
                break;
            }
        }
        if denied > MANY_DENIED {
            ui.note(format!(
                "rows without access are left out, because more than {MANY_DENIED} cells are `no`; \
                 `-o wide` and `-o csv` list all"
            ));
            self.plan.shown = Shown::AllowedOnly;
        }
        Ok(())
    }

    /// Writes a table, and returns the number of unknown cells.
    fn write_table(&self, ui: &Ui) -> Result<usize, CommandError> {
        let mut lines = Lines::new(self.list);
        let pieces: Vec<Piece<'_>> = self.pieces().collect();
        for pieces in pieces.chunks(PIECES_AT_ONCE) {
            let answered: Vec<Result<Written<'_>, CommandError>> =
                pieces.par_iter().map(|piece| self.answer(*piece)).collect();
            for written in answered {
                let Written { rows, counts, .. } = written?;
                lines.count(counts);
                for Answered { place, row, words } in rows {
                    lines.add(place, row, words);
                }
            }
        }
        lines.write(ui, &self.plan, self.list)
    }

    /// Writes everything in order, and returns the number of unknown cells.
    fn write(&self, ui: &Ui) -> Result<usize, CommandError> {
        // Machine-readable formats have no colors.
        let mut out: Box<dyn Write> = match self.format.is_laid_out() {
            true => Box::new(ui.stdout()),
            false => Box::new(ui.data()),
        };
        if self.format.is_laid_out() {
            self.layout.start(&mut out)?;
        } else if self.format != MatrixFormat::Csv || ui.layout().headings == Headings::Shown {
            cells::start(&mut out, self.format, &self.plan.subjects)?;
        }
        let mut unknown = 0;
        let mut is_first = true;
        let mut records = Records::new(ui, self.list, self.format);
        let pieces: Vec<Piece<'_>> = self.pieces().collect();
        for pieces in pieces.chunks(PIECES_AT_ONCE) {
            let written: Vec<Result<Written<'_>, CommandError>> =
                pieces.par_iter().map(|piece| self.answer(*piece)).collect();
            for written in written {
                let written = written?;
                unknown += written.counts.unknown;
                let bytes = records.add(written.encoded);
                out.write_all(cells::joined(self.format, &bytes, is_first))?;
                is_first &= bytes.is_empty();
            }
        }
        let omitted = records.finish(ui, &mut out, self.format, is_first)?;
        cells::finish(&mut out, self.format, omitted)?;
        if self.format == MatrixFormat::Markdown && unknown > 0 {
            let gaps = self.session.authorizer.inventory().gaps();
            markdown::unread(&mut out, words::gaps(gaps))?;
        }
        out.flush()?;
        Ok(unknown)
    }

    fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        self.plan.subjects.iter().flat_map(|subject| {
            let namespaces = self.plan.namespaces.chunks(NAMESPACES_AT_ONCE).enumerate();
            namespaces.map(move |(index, namespaces)| Piece {
                subject,
                namespaces,
                with_cluster_scope: index == 0,
            })
        })
    }

    fn answer<'p>(&'p self, piece: Piece<'p>) -> Result<Written<'p>, CommandError> {
        let mut written = Written::default();
        let grid = self.format.is_grid().then(|| {
            let identity = &piece.subject.identity;
            self.session.authorizer.grid(&self.axes, identity, piece.namespaces)
        });
        let grid_rows = grid.as_ref().map_or(&[][..], |grid| &grid.rows);
        let all = &self.plan.rows;
        if let [namespace] = &*self.plan.namespaces {
            // No question is asked twice, so the rows stay in order.
            self.write_rows(piece.subject, namespace, grid_rows.first(), all.iter(), &mut written)?;
            return Ok(written);
        }
        if let (true, Some(namespace)) = (piece.with_cluster_scope, piece.namespaces.first()) {
            let rows = all.iter().filter(|row| !row.is_namespaced());
            self.write_rows(piece.subject, namespace, grid_rows.first(), rows, &mut written)?;
        }
        for (position, namespace) in piece.namespaces.iter().enumerate() {
            let rows = all.iter().filter(|row| row.is_namespaced());
            let grid_row = grid_rows.get(position);
            self.write_rows(piece.subject, namespace, grid_row, rows, &mut written)?;
        }
        Ok(written)
    }

    /// Writes rows for one subject; resources without a namespace are checked at cluster scope.
    fn write_rows<'p>(
        &self,
        subject: &'p Subject,
        namespace: &'p Text,
        grid_row: Option<&GridRow>,
        rows: impl Iterator<Item = &'p Row<'p>>,
        written: &mut Written<'p>,
    ) -> Result<(), CommandError> {
        let mut words = Vec::with_capacity(self.plan.verbs.len());
        for row in rows {
            let namespace = row.is_namespaced().then_some(namespace);
            let place = Place { subject, namespace, resource: &row.label };
            words.clear();
            for (verb, position) in self.plan.verbs.iter().zip(0..) {
                let word = match (grid_row, row.column) {
                    (Some(grid_row), Some(column)) => {
                        grid_verdict(grid_row, column, position, namespace.is_none())
                    }
                    _ => self.decide_cell(place, row, verb, &mut written.encoded)?,
                };
                written.counts.add(word);
                words.push(word);
            }
            match self.format {
                _ if !self.plan.shown.includes_row(&words) => {}
                MatrixFormat::Table => {
                    let words = words.clone();
                    written.rows.push(Answered { place: (subject, namespace), row, words });
                }
                MatrixFormat::Markdown => {
                    self.layout.write_row(&mut written.encoded.bytes, place, &words)?;
                    written.encoded.end(self.list, place, &words);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Decides one cell, and writes it if the format has separate cells.
    fn decide_cell(
        &self,
        place: Place<'_>,
        row: &Row<'_>,
        verb: &str,
        out: &mut Encoded,
    ) -> Result<VerdictKind, CommandError> {
        let identity = &place.subject.identity;
        let namespace = place.namespace.map_or("", |namespace| namespace);
        let request = row.request(&self.session.catalog, verb, namespace);
        let decided = Decided::Local(self.session.authorizer.authorize(identity, &request));
        if !self.plan.shown.includes(decided.verdict()) {
            return Ok(decided.verdict());
        }
        if self.format == MatrixFormat::Wide {
            self.layout.write_cell(&mut out.bytes, place, verb, &decided)?;
        } else {
            cells::cell(&mut out.bytes, self.format, identity, &request, &decided)?;
        }
        out.end(self.list, place, &[decided.verdict()]);
        Ok(decided.verdict())
    }
}

/// Returns the verdict of one cell in the grid.
fn grid_verdict(
    grid_row: &GridRow,
    column: usize,
    verb: usize,
    at_cluster_scope: bool,
) -> VerdictKind {
    let open = if at_cluster_scope { grid_row.open_at_cluster_scope } else { grid_row.open };
    match grid_row.is_allowed(column, verb) {
        true => VerdictKind::Allowed,
        false if open => VerdictKind::Unknown,
        false => VerdictKind::NoOpinion,
    }
}
