//! Access reviews for questions that the evaluator cannot answer.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rolecall_rbac::{Decision, Gap, Identity, Verdict, VerdictKind};
use rolecall_review::live::Means;
use rolecall_review::{Answer, Question};

use super::Arguments;
use super::folded::write_folded;
use super::mode::Mode;
use super::plan::Plan;
use super::reviewed_matrix::{Matrix, warn_unasked, warn_unknown};
use crate::cli::Options;
use crate::decide::{Decided, word_of};
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::live::{self, MOST_SUBJECTS, Opinion, Reviewed, review};
use crate::load::Session;
use crate::ui::Ui;
use crate::words;

/// Returns whether to ask the server questions that the evaluator cannot answer. Its answers would be wrong
/// with an overlay, which it does not know.
pub(super) fn may_ask(mode: Mode, options: &Options, session: &Session) -> bool {
    mode == Mode::Auto && session.live().is_some() && !options.source.overlay
}

/// Asks the server a question that the evaluator cannot answer; `None` if it cannot either, with the command
/// that asks by impersonation.
pub(super) fn answer(
    ui: &Ui,
    session: &Session,
    me: Option<Identity>,
    question: Question,
    (gaps, by_impersonation): (&[Gap], &str),
) -> Result<Option<Answer>, CommandError> {
    let Some(live) = session.live() else { return Ok(None) };
    // A caller can always ask about itself.
    let namespace = me.is_none().then(|| question.request.namespace().to_owned());
    let mut settled = live::settle(ui, live, me, &[question], Means::Reviews)?.into_iter();
    let Some((_, answer)) = settled.next() else { return Ok(None) };
    if answer.verdict == VerdictKind::Unknown {
        ui.note(format!("the server could not answer either: {}", words::refusals(&answer.reason)));
        if let Some(hint) = namespace.and_then(|namespace| session.right_to_review(&namespace)) {
            ui.suggest(hint);
            let purpose = "ask the server by impersonation, if you can impersonate the subject";
            ui.suggest(Hint::run(by_impersonation, purpose));
        }
        return Ok(None);
    }
    ui.note(format!(
        "this is the server's answer, because rolecall could not read: {}",
        unread(gaps)
    ));
    Ok(Some(answer))
}

/// Asks the server a question that roles and bindings already decide, because another authorizer could
/// overrule them. Returns `None` if the answer is the same, or if there is none, which is noted.
pub(super) fn verify(
    ui: &Ui,
    session: &Session,
    me: Option<Identity>,
    question: Question,
    decision: &Decision<'_>,
) -> Result<Option<Answer>, CommandError> {
    let Some(live) = session.live() else { return Ok(None) };
    Ok(match live::opinion(ui, live, me, question, decision)? {
        Opinion::Same => None,
        Opinion::None => {
            ui.note(
                "this is based on roles and bindings only: another authorizer, such as a webhook, \
                 could decide otherwise",
            );
            None
        }
        Opinion::Other(answer, cause) => {
            let word = word_of(decision.verdict.kind());
            ui.note(format!(
                "based on roles and bindings only, the answer is {word}: {}",
                cause.explain()
            ));
            Some(answer)
        }
    })
}

/// Answers a matrix, and asks the server about the unknown cells.
pub(super) fn run_matrix(
    ui: &Ui,
    session: &Session,
    plan: &Plan<'_>,
    me: Option<Identity>,
    (arguments, folded): (&Arguments, &BTreeSet<String>),
) -> Result<Exit, CommandError> {
    let matrix = Matrix { session, plan, format: arguments.output, list: &arguments.list };
    let questions = matrix.questions();
    let local: Vec<Decision<'_>> = questions
        .questions()
        .par_iter()
        .map(|question| session.authorizer.authorize(&question.identity, &question.request))
        .collect();
    let open: Vec<Question> = questions
        .questions()
        .iter()
        .zip(&local)
        .filter(|(_, decision)| matches!(decision.verdict, Verdict::Unknown { .. }))
        .map(|(question, _)| question.clone())
        .collect();
    let total = open.len();
    let open = of_first_subjects(open);
    if open.len() < total {
        note_limit(ui, total - open.len());
    }
    let reviewed = match session.live().filter(|_| !open.is_empty()) {
        Some(live) => review(ui, live, me, &open, matrix.evidence(), Means::Reviews)?,
        None => Reviewed { answers: Vec::new(), unasked: 0 },
    };
    let gaps: BTreeSet<&Gap> = local.iter().flat_map(gaps).collect();
    let gaps: Vec<Gap> = gaps.into_iter().cloned().collect();
    let mut answers = reviewed.answers.iter();
    let decided: Vec<Decided<'_>> = local
        .into_iter()
        .map(|decision| match decision.verdict {
            // Ignore unknown answers of the server.
            Verdict::Unknown { .. } => match answers.next() {
                Some(answer) if answer.verdict != VerdictKind::Unknown => Decided::Live(answer),
                _ => Decided::Local(decision),
            },
            _ => Decided::Local(decision),
        })
        .collect();
    let unknown = matrix.write(ui, &questions, &decided)?;
    write_folded(ui, folded)?;
    let settled = decided.iter().filter(|decided| matches!(decided, Decided::Live(_))).count();
    if settled > 0 {
        let (total, unread) = (decided.len(), unread(&gaps));
        ui.note(format!(
            "{settled} of {total} answers are from the server, because rolecall could not read: {unread}"
        ));
    }
    warn_unasked(ui, &reviewed);
    if unknown > 0 {
        warn_unknown(ui, unknown, &reviewed);
    }
    Ok(session.conclude(ui, Exit::Inconclusive.when(unknown > 0)))
}

/// Notes how many questions were not asked because of the limit.
pub(super) fn note_limit(ui: &Ui, questions: usize) {
    ui.note(format!(
        "{questions} more questions stay unknown: rolecall asks the server about at most \
         {MOST_SUBJECTS} subjects; `--mode live` asks about all"
    ));
}

/// Returns the questions about the first subjects. Questions are ordered by subject, so the others are at
/// the end.
fn of_first_subjects(mut questions: Vec<Question>) -> Vec<Question> {
    let mut subjects = BTreeSet::new();
    let end = questions.iter().position(|question| {
        subjects.insert(question.identity.clone());
        subjects.len() > MOST_SUBJECTS
    });
    questions.truncate(end.unwrap_or(usize::MAX));
    questions
}

fn gaps<'a>(decision: &'a Decision<'_>) -> &'a [Gap] {
    match &decision.verdict {
        Verdict::Unknown { gaps } => gaps,
        Verdict::Allowed { .. } | Verdict::NoOpinion => &[],
    }
}

/// Describes gaps.
fn unread(gaps: &[Gap]) -> String {
    gaps.iter().map(words::unread).collect::<Vec<_>>().join("; ")
}
