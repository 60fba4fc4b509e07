//! `--diff-with`: cells that differ for another subject, namespace or cluster.

use std::io::Write;

use rayon::prelude::*;
use rolecall_rbac::{Identity, Request};
use rolecall_review::{Answer, LocalReviewer, Plan as Questions, PlanBuilder};

use super::Arguments;
use super::matrix::namespaces;
use super::mode::Mode;
use super::plan::{Plan, Row};
use crate::answer::difference::{Cell, Column, Difference};
use crate::cli::{Options, command_line};
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::live::{self, Evidence};
use crate::load::{Needs, Session};
use crate::output::{self, AccessMatrixDiff, MatrixFormat};
use crate::render;
use crate::subject::{SubjectArgument, label};
use crate::ui::Ui;

/// The other side of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Other {
    /// The same questions for another subject.
    Subject(SubjectArgument),
    /// The same questions in another namespace.
    Namespace(String),
    /// The same questions in the cluster of another context.
    Context(String),
}

/// Answers the matrix for the arguments and the others.
pub(super) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let others: Vec<Other> =
        arguments.diff_with.iter().map(|text| Other::parse(text)).collect::<Result<_, _>>()?;
    check(options, arguments.mode, &others)?;
    let named = SubjectArgument::parse_all(&arguments.subjects)?;
    let mut everybody = named.clone();
    let mut needs_of_others = Vec::new();
    for other in &others {
        match other {
            Other::Subject(subject) => everybody.push(subject.clone()),
            Other::Namespace(namespace) => needs_of_others.push(namespace.clone()),
            Other::Context(_) => {}
        }
    }
    let mut needs = SubjectArgument::needs(&everybody);
    needs.reads_namespaces = !needs_of_others.is_empty();
    needs.further_namespaces.extend(needs_of_others);
    needs.namespaces = options.namespace.all_namespaces;
    needs.without_roles = arguments.mode == Mode::Live;
    let session = Session::load(ui, options, needs.clone())?;
    let subjects = SubjectArgument::resolve_all(&named, ui, &session, options)?;
    let namespaces = namespaces(ui, &session, options);
    let plan = Plan::new(ui, &session, arguments, subjects, namespaces)?;
    let asking = Asking { ui, options, mode: arguments.mode, everybody: &everybody };
    let difference = asking.answer(&session, &plan, &others, needs)?;
    write(&difference, ui, arguments.output)?;
    Ok(session.conclude(ui, report(&difference, ui)))
}

/// Rejects comparisons without a second answer.
fn check(options: &Options, mode: Mode, others: &[Other]) -> Result<(), CommandError> {
    mode.check(options)?;
    if mode == Mode::Both {
        return Err(CommandError::usage("`--diff-with` does not support `--mode both`")
            .with_hint(Hint::pass("--mode live", "compare the answers of the server")));
    }
    let context = others.iter().find_map(|other| match other {
        Other::Context(context) => Some(format!("cluster:{context}")),
        _ => None,
    });
    if let (Some(context), [path, ..]) = (context, &*options.source.filename) {
        let path = path.to_string_lossy();
        let mut options = options.clone();
        options.source.filename.clear();
        let command = command_line(vec!["rolecall", "diff", &path, &context], &options);
        return Err(CommandError::usage("manifests have no context")
            .with_hint(Hint::run(command, "compare manifests with a cluster")));
    }
    Ok(())
}

impl Other {
    fn parse(text: &str) -> Result<Self, CommandError> {
        if let Some(context) = text.strip_prefix("context:") {
            if context.is_empty() {
                return Err(CommandError::usage(format!("`{text}` has no context name"))
                    .with_hint(Hint::run("kubectl config get-contexts", "list the contexts")));
            }
            return Ok(Self::Context(context.to_owned()));
        }
        let is_subject =
            text == "me" || text.contains('/') || text.starts_with("system:serviceaccount:");
        if is_subject {
            return SubjectArgument::parse(text).map(Self::Subject);
        }
        let is_label =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || !text.bytes().all(is_label) {
            return Err(CommandError::usage(format!(
                "`{text}` is not a subject, a namespace or a context"
            ))
            .with_hint(Hint::did_you_mean(text, ["sa/NAME", "NAMESPACE", "context:NAME"])));
        }
        Ok(Self::Namespace(text.to_owned()))
    }
}

/// The source of answers.
struct Asking<'a> {
    ui: &'a Ui,
    options: &'a Options,
    mode: Mode,
    everybody: &'a [SubjectArgument],
}

impl Asking<'_> {
    fn answer<'p>(
        &self,
        session: &Session,
        plan: &'p Plan<'p>,
        others: &[Other],
        needs: Needs,
    ) -> Result<Difference<'p>, CommandError> {
        let (cells, rows): (Vec<Cell<'p>>, Vec<&Row<'_>>) = cells(plan).unzip();
        let several = (plan.subjects.len() > 1, plan.namespaces.len() > 1);
        let me = self.me(session)?;
        let request = |(cell, row): (&Cell<'_>, &&Row<'_>), namespace: &str| {
            row.request(&session.catalog, cell.verb, namespace)
        };
        let placed = || cells.iter().zip(&rows);
        let own: Vec<Request> =
            placed().map(|at| request(at, at.0.namespace.map_or("", |it| it))).collect();
        // All questions go into one plan, which removes duplicates.
        let mut builder = PlanBuilder::new();
        let mut columns = vec![(base_label(session, plan, others), own.clone())];
        for (cell, request) in cells.iter().zip(&own) {
            builder.cell(&cell.subject.identity, request.clone());
        }
        for other in others {
            let (label, asked) = match other {
                Other::Subject(argument) => {
                    let subject = argument.resolve_one(self.ui, session, self.options)?;
                    own.iter().for_each(|it| builder.cell(&subject.identity, it.clone()));
                    (label(&subject.identity), own.clone())
                }
                Other::Namespace(namespace) => {
                    let there = |at: (&Cell<'_>, &&Row<'_>)| {
                        request(at, if at.0.namespace.is_some() { namespace } else { "" })
                    };
                    let asked: Vec<Request> = placed().map(there).collect();
                    for (cell, request) in cells.iter().zip(&asked) {
                        builder.cell(&cell.subject.identity, request.clone());
                    }
                    (namespace.clone(), asked)
                }
                Other::Context(context) => (format!("context:{context}"), own.clone()),
            };
            columns.push((label, asked));
        }
        let questions = builder.build();
        let answers = self.ask(session, me.clone(), &questions)?;
        let mut here = questions.cells().filter_map(|at| answers.get(at).cloned());
        let mut answered = Vec::new();
        let sources = std::iter::once(None).chain(others.iter().map(Some));
        for ((label, requests), other) in columns.into_iter().zip(sources) {
            let answers = match other {
                Some(Other::Context(context)) => {
                    self.ask_elsewhere(context, needs.clone(), me.as_ref(), &cells, &own)?
                }
                _ => here.by_ref().take(cells.len()).collect(),
            };
            answered.push(Column { label, answers, requests });
        }
        Ok(Difference { cells, columns: answered, several })
    }

    /// Asks the cluster of another context, where `me` can be another user.
    fn ask_elsewhere(
        &self,
        context: &str,
        needs: Needs,
        me_here: Option<&Identity>,
        cells: &[Cell<'_>],
        requests: &[Request],
    ) -> Result<Vec<Answer>, CommandError> {
        let mut options = self.options.clone();
        options.cluster.context = Some(context.to_owned());
        let session = Session::load(self.ui, &options, needs)?;
        let me = self.me(&session)?;
        let mut builder = PlanBuilder::new();
        for (cell, request) in cells.iter().zip(requests) {
            let identity = &cell.subject.identity;
            let is_me = me_here == Some(identity);
            builder.cell(me.as_ref().filter(|_| is_me).unwrap_or(identity), request.clone());
        }
        let questions = builder.build();
        let answers = self.ask(&session, me, &questions)?;
        Ok(questions.cells().filter_map(|at| answers.get(at).cloned()).collect())
    }

    fn ask(
        &self,
        session: &Session,
        me: Option<Identity>,
        questions: &Questions,
    ) -> Result<Vec<Answer>, CommandError> {
        let questions = questions.questions();
        match (self.mode, session.live()) {
            (Mode::Live, Some(live)) => Ok(live::review(
                self.ui,
                live,
                me,
                questions,
                Evidence::Verdict,
                rolecall_review::live::Means::Impersonation,
            )?
            .answers),
            _ => {
                let local = LocalReviewer::new(&session.authorizer);
                Ok(questions.par_iter().map(|question| local.answer(question)).collect())
            }
        }
    }

    fn me(&self, session: &Session) -> Result<Option<Identity>, CommandError> {
        let asks = self.everybody.contains(&SubjectArgument::Me);
        asks.then(|| session.me(self.ui, self.options)).transpose()
    }
}

/// Returns the cells in the order of a matrix: those without a namespace first.
fn cells<'p>(plan: &'p Plan<'p>) -> impl Iterator<Item = (Cell<'p>, &'p Row<'p>)> {
    plan.subjects.iter().flat_map(move |subject| {
        let places = std::iter::once(None).chain(plan.namespaces.iter().map(Some));
        places.flat_map(move |namespace| {
            let rows = plan.rows.iter();
            rows.filter(move |row| row.is_namespaced() == namespace.is_some()).flat_map(
                move |row| {
                    plan.verbs.iter().map(move |verb| {
                        (Cell { subject, namespace, resource: &row.label, verb }, row)
                    })
                },
            )
        })
    })
}

/// Returns the heading for the arguments: the subject, namespace or context, if there is only one.
fn base_label(session: &Session, plan: &Plan<'_>, others: &[Other]) -> String {
    let all = |is_kind: fn(&Other) -> bool| others.iter().all(is_kind);
    let context = session.live().and_then(|live| live.cluster().context());
    match (&*plan.subjects, &*plan.namespaces, context) {
        ([subject], _, _) if all(|other| matches!(other, Other::Subject(_))) => {
            label(&subject.identity)
        }
        (_, [namespace], _)
            if !namespace.is_empty() && all(|other| matches!(other, Other::Namespace(_))) =>
        {
            namespace.to_string()
        }
        (_, _, Some(context)) if all(|other| matches!(other, Other::Context(_))) => {
            format!("context:{context}")
        }
        _ => "ANSWER".to_owned(),
    }
}

/// Writes a difference to stdout.
fn write(difference: &Difference<'_>, ui: &Ui, format: MatrixFormat) -> Result<(), CommandError> {
    let mut out = ui.stdout();
    match (format, format.as_format()) {
        (MatrixFormat::Csv, _) => output::difference::write_csv(&mut out, difference)?,
        (MatrixFormat::Markdown, _) => render::difference::write_markdown(&mut out, difference)?,
        (MatrixFormat::Json | MatrixFormat::Jsonl | MatrixFormat::Yaml, Some(format)) => {
            output::write_versioned(&mut out, format, &AccessMatrixDiff::new(difference))?;
        }
        _ => render::difference::write_table(&mut out, difference, ui.layout())?,
    }
    out.flush()?;
    Ok(())
}

/// Says on stderr how much was compared, and returns how the command ends.
fn report(difference: &Difference<'_>, ui: &Ui) -> Exit {
    let (compared, unknown) = difference.counts();
    let differing = difference.differing().count();
    let answers = if compared == 1 { "answer" } else { "answers" };
    ui.note(match differing {
        0 => format!("{compared} {answers} compared; none differs"),
        1 => format!("{compared} {answers} compared; 1 differs"),
        _ => format!("{compared} {answers} compared; {differing} differ"),
    });
    if unknown > 0 {
        ui.warn(format!("{unknown} answers are unknown and were not compared"));
    }
    Exit::No.when(differing > 0).max(Exit::Inconclusive.when(unknown > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_distinguished_by_their_notation() {
        let subject = |text: &str| SubjectArgument::parse(text).ok().map(Other::Subject);
        for (text, expected) in [
            ("sa/web", subject("sa/web")),
            ("me", subject("me")),
            ("system:serviceaccount:a:b", subject("sa/a:b")),
            ("shop", Some(Other::Namespace("shop".to_owned()))),
            ("context:prod", Some(Other::Context("prod".to_owned()))),
            ("context:a/b", Some(Other::Context("a/b".to_owned()))),
            ("context:", None),
            ("Shop", None),
            ("", None),
        ] {
            assert_eq!(Other::parse(text).ok(), expected, "{text}");
        }
    }
}
