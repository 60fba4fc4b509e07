//! What roles and bindings leave open, asked of the server.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rolecall_rbac::{Decision, Gap, Identity, Verdict, VerdictKind};
use rolecall_review::{Answer, Question};

use super::live::{Matrix, tell_unasked, tell_unknown};
use super::mode::Mode;
use super::plan::Plan;
use crate::cli::Options;
use crate::decide::Decided;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::live::{Evidence, Reviewed, review};
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
    let Reviewed { answers, unasked } = review(ui, live, me, &[question], Evidence::Review)?;
    let Some(answer) = answers.into_iter().next().filter(|_| unasked == 0) else {
        return Err(CommandError::interrupted());
    };
    if answer.verdict == VerdictKind::Unknown {
        ui.note(format!(
            "the server was asked, and does not say: {}",
            words::refusals(&answer.reason)
        ));
        return Ok(None);
    }
    ui.note(format!("the server was asked, for this was not read: {}", unread(gaps)));
    Ok(Some(answer))
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
    let reviewed = match session.live().filter(|_| !open.is_empty()) {
        Some(live) => review(ui, live, me, &open, matrix.evidence())?,
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
