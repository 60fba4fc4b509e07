//! Answers of the server, alone or compared to those of the evaluator.

use std::io::Write;

use rolecall_rbac::Identity;
use rolecall_review::live::Means;
use rolecall_review::{Answer, Comparison, LocalReviewer, Plan as Questions, PlanBuilder, compare};

use super::Arguments;
use super::folded::{fold, write_folded};
use super::mode::Mode;
use super::plan::Plan;
use super::reviewed_matrix::{Matrix, warn_unasked, warn_unknown};
use super::single::{Single, write_reviewed};
use crate::cli::Options;
use crate::decide::{Decided, exit_of};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::live::{Evidence, Reviewed, review};
use crate::load::{Breadth, Needs, Session};
use crate::output::{self, AccessComparison, Format, MatrixFormat};
use crate::render::comparison_table;
use crate::subject::SubjectArgument;
use crate::ui::Ui;
use crate::words;

/// Asks the server one question.
pub(super) fn run_single(
    ui: &Ui,
    options: &Options,
    single: &Single<'_>,
) -> Result<Exit, CommandError> {
    let argument = SubjectArgument::parse(single.subject)?;
    let arguments = [argument];
    let session = load(ui, options, &arguments, single.mode, false)?;
    let [argument] = &arguments;
    let subject = argument.resolve_one(ui, &session, options)?;
    let request = single.question(options, &session).to_request(ui, &session)?;
    let mut builder = PlanBuilder::new();
    builder.cell(&subject.identity, request.clone());
    let questions = builder.build();
    let me = me(ui, &session, options, &arguments)?;
    let reviewed = ask(ui, &session, me, &questions, Evidence::Review)?;
    let Some(answer) = reviewed.answers.first().filter(|_| reviewed.unasked == 0) else {
        return Err(CommandError::interrupted());
    };
    let exit = exit_of(answer.verdict);
    let is_comparison = single.mode == Mode::Both;
    if !is_comparison || matches!(single.output, Format::Table | Format::Wide) {
        write_reviewed(ui, single.output, &subject, &request, answer)?;
    }
    if !is_comparison {
        return Ok(exit);
    }
    match report(ui, &session, &questions, &reviewed, single.output.into())? {
        Exit::Yes => Ok(exit),
        otherwise => Ok(otherwise),
    }
}

/// Asks the server a matrix of questions.
pub(super) fn run_matrix(
    ui: &Ui,
    options: &Options,
    arguments: &Arguments,
) -> Result<Exit, CommandError> {
    let mode = arguments.mode;
    let subjects = SubjectArgument::parse_all(&arguments.subjects)?;
    let all_namespaces = options.namespace.all_namespaces;
    let session = load(ui, options, &subjects, mode, all_namespaces)?;
    let me = me(ui, &session, options, &subjects)?;
    let mut subjects = SubjectArgument::resolve_all(&subjects, ui, &session, options)?;
    let folded = fold(&session, arguments, &mut subjects);
    let mut namespaces = session.namespaces(options);
    if all_namespaces {
        namespaces.extend(session.authorizer.inventory().namespace_names());
    }
    let plan = Plan::new(ui, &session, arguments, subjects, namespaces)?;
    let format = arguments.output;
    let matrix = Matrix { session: &session, plan: &plan, format, list: &arguments.list };
    let questions = matrix.questions();
    let evidence = if mode == Mode::Both { Evidence::Review } else { matrix.evidence() };
    let reviewed = ask(ui, &session, me, &questions, evidence)?;
    if mode == Mode::Both {
        let exit = report(ui, &session, &questions, &reviewed, format)?;
        // The answers of the server are useful without a comparison.
        if exit == Exit::Inconclusive && format.as_format().is_none_or(|it| it == Format::Table) {
            let decided: Vec<Decided<'_>> = reviewed.answers.iter().map(Decided::Live).collect();
            ui.note("these are the server's answers");
            matrix.write(ui, &questions, &decided)?;
        }
        return Ok(session.conclude(ui, exit));
    }
    let decided: Vec<Decided<'_>> = reviewed.answers.iter().map(Decided::Live).collect();
    let unknown = matrix.write(ui, &questions, &decided)?;
    write_folded(ui, &folded)?;
    warn_unasked(ui, &reviewed);
    if unknown > 0 {
        warn_unknown(ui, unknown, &reviewed);
    }
    Ok(Exit::Inconclusive.when(unknown > 0))
}

/// Reads the input for asking the server and, for a comparison, for the evaluator.
fn load(
    ui: &Ui,
    options: &Options,
    subjects: &[SubjectArgument],
    mode: Mode,
    namespaces: bool,
) -> Result<Session, CommandError> {
    mode.check(options)?;
    let needs = SubjectArgument::needs(subjects);
    let with_roles = mode == Mode::Both;
    let breadth = if with_roles { needs.breadth.max(Breadth::Roles) } else { needs.breadth };
    Session::load(ui, options, Needs { without_roles: !with_roles, namespaces, breadth, ..needs })
}

/// Returns the caller's identity, if the question is about it.
pub(super) fn me(
    ui: &Ui,
    session: &Session,
    options: &Options,
    subjects: &[SubjectArgument],
) -> Result<Option<Identity>, CommandError> {
    let asks = subjects.contains(&SubjectArgument::Me);
    asks.then(|| session.me(ui, options)).transpose()
}

fn ask(
    ui: &Ui,
    session: &Session,
    me: Option<Identity>,
    questions: &Questions,
    evidence: Evidence,
) -> Result<Reviewed, CommandError> {
    let live = session.live().ok_or_else(|| CommandError::usage("there is no server to ask"))?;
    review(ui, live, me, questions.questions(), evidence, Means::Impersonation)
}

/// Reports the disagreements between the evaluator and the server.
fn report(
    ui: &Ui,
    session: &Session,
    questions: &Questions,
    reviewed: &Reviewed,
    format: MatrixFormat,
) -> Result<Exit, CommandError> {
    let local = LocalReviewer::new(&session.authorizer);
    let questions_asked = questions.questions();
    let local: Vec<Answer> =
        questions_asked.iter().map(|question| local.answer_by_rbac(question)).collect();
    let comparison = compare(questions_asked, &local, &reviewed.answers);
    let Comparison { disagreements, compared, unknown } = &comparison;
    let mut out = ui.stdout();
    match format.as_format() {
        Some(format @ (Format::Json | Format::Yaml)) => {
            let comparison = AccessComparison::new(&comparison);
            output::write_versioned(&mut out, format, &comparison)?;
        }
        _ if disagreements.is_empty() => {}
        _ => comparison_table(disagreements).write(&mut out, ui.layout())?,
    }
    out.flush()?;
    let disagree = disagreements.len();
    let answers = if *compared == 1 { "answer" } else { "answers" };
    ui.note(match disagree {
        0 if *compared == 0 => "no answers could be compared".to_owned(),
        0 => format!("{compared} {answers} compared; none disagrees"),
        1 => format!("{compared} {answers} compared; 1 disagrees"),
        _ => format!("{compared} {answers} compared; {disagree} disagree"),
    });
    warn_unasked(ui, reviewed);
    if *unknown > 0 {
        warn_unknown(ui, *unknown, reviewed);
        for gap in words::gaps(session.authorizer.inventory().gaps()) {
            ui.note(format!("rolecall cannot answer, because it could not read: {gap}"));
        }
    }
    Ok(Exit::No.when(disagree > 0).max(Exit::Inconclusive.when(*unknown > 0)))
}
