//! What roles and bindings leave open, asked of the server.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rolecall_rbac::{Decision, Gap, Identity, Verdict, VerdictKind};
use rolecall_review::live::Means;
use rolecall_review::{Answer, Question};

use super::mode::Mode;
use super::plan::Plan;
use super::reviewed_matrix::{Matrix, tell_unasked, tell_unknown};
use crate::cli::Options;
use crate::decide::{Decided, word_of};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::live::{self, MOST_SUBJECTS, Opinion, Reviewed, review};
use crate::load::Session;
use crate::output::MatrixFormat;
use crate::ui::Ui;
use crate::words;

/// Returns whether the server may be asked what the evaluator leaves open: not where manifests are
/// laid over it, of which it knows nothing.
pub(super) fn may_ask(mode: Mode, options: &Options, session: &Session) -> bool {
    mode == Mode::Auto && session.live().is_some() && !options.source.overlay
}

/// Asks the server a question that was left open; `None` when it does not say either.
pub(super) fn answer(
    ui: &Ui,
    session: &Session,
    me: Option<Identity>,
    question: Question,
    gaps: &[Gap],
) -> Result<Option<Answer>, CommandError> {
    let Some(live) = session.live() else { return Ok(None) };
    // A caller may always ask about itself.
    let namespace = me.is_none().then(|| question.request.namespace().to_owned());
    let mut settled = live::settle(ui, live, me, &[question], Means::Reviews)?.into_iter();
    let Some((_, answer)) = settled.next() else { return Ok(None) };
    if answer.verdict == VerdictKind::Unknown {
        ui.note(format!(
            "the server was asked, and does not say: {}",
            words::refusals(&answer.reason)
        ));
        if let Some(hint) = namespace.and_then(|namespace| session.right_to_review(&namespace)) {
            ui.suggest(hint);
        }
        return Ok(None);
    }
    ui.note(format!("the server was asked, for this was not read: {}", unread(gaps)));
    Ok(Some(answer))
}

/// Asks the server a question that roles and bindings decide; `None` when it says the same, or
/// nothing, which is noted: another authorizer may decide otherwise.
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
                "this is by roles and bindings alone: the server does not say whether another \
                 authorizer, such as a webhook, decides otherwise",
            );
            None
        }
        Opinion::Other(answer, cause) => {
            let word = word_of(decision.verdict.kind());
            ui.note(format!("roles and bindings alone say {word}: {}", cause.explain()));
            Some(answer)
        }
    })
}

/// Answers a matrix, and has the server answer the cells that are left open.
pub(super) fn run_matrix(
    ui: &Ui,
    session: &Session,
    plan: &Plan<'_>,
    me: Option<Identity>,
    format: MatrixFormat,
) -> Result<Exit, CommandError> {
    let matrix = Matrix { session, plan, format };
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
        tell_limit(ui, total - open.len());
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
            // Who does not know either has nothing to add.
            Verdict::Unknown { .. } => match answers.next() {
                Some(answer) if answer.verdict != VerdictKind::Unknown => Decided::Live(answer),
                _ => Decided::Local(decision),
            },
            _ => Decided::Local(decision),
        })
        .collect();
    let unknown = matrix.write(ui, &questions, &decided)?;
    let settled = decided.iter().filter(|decided| matches!(decided, Decided::Live(_))).count();
    if settled > 0 {
        let (total, unread) = (decided.len(), unread(&gaps));
        ui.note(format!(
            "the server gave {settled} of {total} answers, for this was not read: {unread}"
        ));
    }
    tell_unasked(ui, &reviewed);
    if unknown > 0 {
        tell_unknown(ui, unknown, &reviewed);
    }
    Ok(session.conclude(ui, Exit::Inconclusive.when(unknown > 0)))
}

/// Says how many questions stay open because of that.
pub(super) fn tell_limit(ui: &Ui, questions: usize) {
    ui.note(format!(
        "{questions} further questions stay open: the server is asked about {MOST_SUBJECTS} \
         subjects at most; `--mode live` asks about all"
    ));
}

/// Returns the questions about the first subjects. They come subject by subject, so what is left out
/// is at the end.
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

/// Names what was not read.
fn unread(gaps: &[Gap]) -> String {
    gaps.iter().map(words::unread).collect::<Vec<_>>().join("; ")
}
