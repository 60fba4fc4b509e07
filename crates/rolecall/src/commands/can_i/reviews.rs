//! `--reviews`: reads reviews and writes them with their status.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use rayon::prelude::*;
use rolecall_rbac::Identity;
use rolecall_review::Question;
use rolecall_review::live::Means;
use rolecall_review::wire::{Answered, Known, Responder, ReviewError, may_be_of_sender};
use rolecall_yaml::stream::{Piece, Stream};

use super::mode::Mode;
use super::settle;
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::file;
use crate::live::{self, MOST_SUBJECTS};
use crate::load::{Breadth, Needs, Session};
use crate::slow_input::SlowInputNote;
use crate::ui::Ui;

/// The maximum number of reviews in memory.
const AT_ONCE: usize = 8192;

/// The approximate maximum size of their text.
const BYTES_AT_ONCE: usize = 32 << 20;

/// The maximum number of malformed reviews to report.
const MAX_REPORTED: usize = 20;

/// The totals, which are reported at the end.
#[derive(Default)]
struct Summary {
    errors: usize,
    unknown: usize,
    without_groups: usize,
    first_without_groups: usize,
}

/// Answers the reviews in a file, or in stdin.
pub(super) fn run(
    ui: &Ui,
    options: &Options,
    path: &Path,
    mode: Mode,
) -> Result<Exit, CommandError> {
    if mode == Mode::Both {
        return Err(CommandError::usage("`--reviews` does not support `--mode both`")
            .with_hint(Hint::pass("--mode live", "let the server answer, and compare the files")));
    }
    let is_stdin = path == Path::new("-");
    if is_stdin && options.source.filename.iter().any(|input| input == Path::new("-")) {
        return Err(CommandError::usage("`-f -` and `--reviews -` cannot both be stdin")
            .with_hint(Hint::pass("--reviews FILE", "read the reviews from a file")));
    }
    // Open the file before loading anything, so that a misspelled name is an immediate error.
    let (input, name) = file::open(path)?;
    mode.check(options)?;
    let without_roles = mode == Mode::Live;
    let needs = Needs { breadth: Breadth::Roles, without_roles, ..Needs::default() };
    let session = Session::load(ui, options, needs)?;
    let authorizer = (!without_roles).then_some(&*session.authorizer);
    let mut server = Server { ui, session: &session, mode, asked: BTreeSet::new(), skipped: 0 };
    let may_ask = without_roles || settle::may_ask(mode, options, &session);
    let me = OnceCell::new();
    let mut stream = Stream::new(BufReader::with_capacity(1 << 16, input));
    let mut out = ui.answers();
    let mut summary = Summary::default();
    let mut note = Some(SlowInputNote::start(ui, [path]));
    loop {
        let pieces =
            next_batch(&mut stream, is_stdin).map_err(|error| file::unreadable(path, error))?;
        note.take();
        if pieces.is_empty() {
            break;
        }
        // This can ask the server, so do it only if necessary.
        if me.get().is_none() && pieces.iter().any(may_be_of_sender) {
            let _ = me.set(session.me(ui, options).ok());
        }
        let me = me.get().and_then(Option::as_ref);
        let nothing = Known::default();
        let responder = Responder { authorizer, me, known: &nothing };
        let mut answered: Vec<Answered> =
            pieces.par_iter().with_min_len(64).map(|piece| responder.answer(piece)).collect();
        if may_ask && answered.iter().any(|answered| !answered.open.is_empty()) {
            let open = answered.iter_mut().flat_map(|answered| answered.open.drain(..)).collect();
            let known = server.answer(open, me)?;
            let responder = Responder { known: &known, ..responder };
            answered = pieces.par_iter().map(|piece| responder.answer(piece)).collect();
        }
        for (piece, answered) in pieces.iter().zip(answered) {
            out.write_all(&answered.output)?;
            summary.add(ui, &name, piece, &answered);
        }
        if is_stdin {
            // A program at the other end of a pipe can wait for an answer before it sends more.
            out.flush()?;
        }
    }
    out.flush()?;
    server.report();
    Ok(session.conclude(ui, summary.report(ui, &name)))
}

/// A server that answers questions that the evaluator cannot.
struct Server<'a> {
    ui: &'a Ui,
    session: &'a Session,
    mode: Mode,
    /// The subjects of its questions.
    asked: BTreeSet<Identity>,
    /// The number of questions that it was not asked.
    skipped: usize,
}

impl Server<'_> {
    /// Asks questions, without duplicates.
    fn answer(
        &mut self,
        open: Vec<Question>,
        me: Option<&Identity>,
    ) -> Result<Known, CommandError> {
        let Some(live) = self.session.live() else { return Ok(Known::default()) };
        let mut seen = HashSet::new();
        let mut questions = Vec::new();
        for question in open {
            if !seen.insert((question.identity.clone(), question.request.clone())) {
                continue;
            }
            let is_known = self.asked.contains(&*question.identity);
            if !is_known && self.mode != Mode::Live && self.asked.len() >= MOST_SUBJECTS {
                self.skipped += 1;
                continue;
            }
            self.asked.insert((*question.identity).clone());
            questions.push(question);
        }
        let means = if self.mode == Mode::Live { Means::Impersonation } else { Means::Reviews };
        let settled = live::settle(self.ui, live, me.cloned(), &questions, means)?;
        Ok(settled.into_iter().collect())
    }

    fn report(&self) {
        if self.skipped > 0 {
            settle::note_limit(self.ui, self.skipped);
        }
    }
}

/// Reads the next batch of reviews; from a pipe, only those that are available.
fn next_batch(stream: &mut Stream<impl BufRead>, is_pipe: bool) -> io::Result<Vec<Piece>> {
    let mut pieces = Vec::with_capacity(AT_ONCE);
    let mut bytes = 0;
    while pieces.len() < AT_ONCE && bytes < BYTES_AT_ONCE {
        if is_pipe && !pieces.is_empty() && stream.is_drained() {
            break;
        }
        let Some(piece) = stream.next_piece()? else { break };
        bytes += piece.text().len();
        pieces.push(piece);
    }
    Ok(pieces)
}

impl Summary {
    fn add(&mut self, ui: &Ui, name: &str, piece: &Piece, answered: &Answered) {
        for (line, error) in &answered.errors {
            if self.errors < MAX_REPORTED {
                let advice = match error {
                    ReviewError::NoSender => ": pass `--as USER`",
                    _ => "",
                };
                ui.problem(format!("{name}:{line}: {error}{advice}"));
            }
            self.errors += 1;
        }
        self.unknown += answered.open.len();
        if answered.without_groups > 0 && self.without_groups == 0 {
            self.first_without_groups = piece.line;
        }
        self.without_groups += answered.without_groups;
    }

    /// Reports the totals, and returns the exit code.
    fn report(&self, ui: &Ui, name: &str) -> Exit {
        if self.errors > MAX_REPORTED {
            ui.problem(format!(
                "{name}: {} more reviews could not be answered",
                self.errors - MAX_REPORTED
            ));
        }
        if self.without_groups > 0 {
            let (count, line) = (self.without_groups, self.first_without_groups);
            let reviews = if count == 1 { "review names" } else { "reviews name" };
            ui.note(format!(
                "{count} {reviews} a ServiceAccount without its own groups, first at \
                 {name}:{line}; only the groups in the review apply, as on a server"
            ));
        }
        if self.unknown > 0 {
            let answers = if self.unknown == 1 { "answer is" } else { "answers are" };
            ui.warn(format!(
                "{} {answers} unknown, because something could not be read; see the field `evaluationError`",
                self.unknown
            ));
        }
        Exit::Failed.when(self.errors > 0).max(Exit::Inconclusive.when(self.unknown > 0))
    }
}
