//! `rolecall risks`: the subjects that are dangerous, the worst first.

mod row;
mod table;

use std::collections::BTreeSet;
use std::io::Write;

use clap::Args;
use rolecall_access::risk::{Engine, RiskIndex};
use rolecall_check::Severity;
use rolecall_paths::{Assumptions, Grants, Nodes, PathFinder, Sink, Start};
use rolecall_rbac::{Gap, Unread};

use self::row::{Builder, keys};
use super::fail_level::{FailLevel, fail_levels};
use crate::answer::risks::RiskRow;
use crate::built_in::SystemOptions;
use crate::cli::Options;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::listing::{Arranged, ListOptions};
use crate::load::Session;
use crate::output::{self, DocumentFormat, MatrixFormat, Risks};
use crate::render::Summary;
use crate::runners::Runners;
use crate::starts;
use crate::subject::{self, SubjectArgument};
use crate::ui::Ui;
use crate::words;

/// List dangerous subjects, with the access that they can gain and their risks
#[derive(Debug, Args)]
#[command(after_help = format!(include_str!("../../help/risks.txt"), grammar = subject::GRAMMAR))]
pub(crate) struct Arguments {
    /// List only this subject, or the ServiceAccount of this workload; can be repeated
    #[arg(long = "for", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// Assume that Pods cannot take over their node
    #[arg(long)]
    assume_hardened_nodes: bool,
    /// Exit with 1 only for subjects of at least this severity; `none` means never
    #[arg(long, value_name = "LEVEL", default_value = "medium", value_parser = fail_levels())]
    fail_level: FailLevel,
    /// Output format; wide names the bindings
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: MatrixFormat,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    system: SystemOptions,
}

/// Lists the subjects.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let is_table = matches!(arguments.output, MatrixFormat::Table | MatrixFormat::Wide);
    arguments.list.size.check(|| is_table)?;
    let subjects: Vec<SubjectArgument> = arguments
        .subjects
        .iter()
        .map(|text| SubjectArgument::parse(text))
        .collect::<Result<_, _>>()?;
    let session = Session::load(ui, options, starts::needs(&subjects))?;
    let starts = arguments.starts(ui, &session, options, &subjects)?;
    let rows = arguments.rows(&session, options, &starts);
    write(ui, arguments, &session, &rows)?;
    let gaps: Vec<&Gap> = session
        .authorizer
        .inventory()
        .gaps()
        .iter()
        .filter(|gap| !matches!(gap.unread, Unread::Authorizer { .. }))
        .collect();
    if rows.is_empty() {
        let none = match starts.len() {
            0 => "no subject is selected".to_owned(),
            1 => "the subject has no risks".to_owned(),
            number => format!("none of {number} subjects has a risk"),
        };
        ui.note(none);
    }
    let is_open = !gaps.is_empty();
    for gap in words::gaps(gaps) {
        ui.warn(format!("there might be more risks; could not read: {gap}"));
    }
    let worst = rows.iter().map(|row| row.severity).max();
    let exit = match (arguments.fail_level, worst) {
        (FailLevel::None, _) => Exit::Yes,
        (FailLevel::At(level), Some(worst)) if worst >= level => Exit::No,
        _ => Exit::Inconclusive.when(is_open),
    };
    Ok(session.conclude(ui, exit))
}

impl Arguments {
    /// Returns the subjects to assess, each once: a workload counts as its ServiceAccount.
    fn starts(
        &self,
        ui: &Ui,
        session: &Session,
        options: &Options,
        subjects: &[SubjectArgument],
    ) -> Result<Vec<Start>, CommandError> {
        let all = match subjects.is_empty() {
            true => {
                let mut all = starts::all(session, self.system.show_system);
                all.extend(starts::absent(session));
                all
            }
            false => starts::named(ui, session, options, subjects)?,
        };
        let as_identity = |start: Start| Start {
            subject: rolecall_paths::Subject::of(&start.identity),
            identity: start.identity,
        };
        let mut all: BTreeSet<Start> = all.into_iter().map(as_identity).collect();
        let places = &options.namespace.namespaces;
        if subjects.is_empty() && !places.is_empty() {
            all.retain(|start| row::is_in(session, start, places));
        }
        Ok(all.into_iter().collect())
    }

    /// Assesses the subjects, the worst first.
    fn rows<'a>(
        &self,
        session: &'a Session,
        options: &Options,
        starts: &[Start],
    ) -> Vec<RiskRow<'a>> {
        let authorizer = &session.authorizer;
        let version = options.source.kubernetes_version(None);
        let nodes = if self.assume_hardened_nodes { Nodes::Hardened } else { Nodes::Reachable };
        let assumptions = Assumptions { version, nodes, ..Assumptions::default() };
        let mut finder =
            PathFinder::new(authorizer, assumptions, Sink::ClusterAdmin, Grants::Certain);
        let survey = finder.survey(starts);
        let engine = Engine::new(authorizer, version);
        let runners = Runners::new(authorizer.inventory());
        let mut builder = Builder::new(authorizer, RiskIndex::new(&engine), &runners, survey);
        let mut rows: Vec<RiskRow<'a>> =
            starts.iter().filter_map(|start| builder.row(start)).collect();
        rows.sort_by_cached_key(RiskRow::order);
        rows
    }
}

fn write(
    ui: &Ui,
    arguments: &Arguments,
    session: &Session,
    rows: &[RiskRow<'_>],
) -> Result<(), CommandError> {
    let list = &arguments.list;
    let all: Vec<&RiskRow<'_>> = rows.iter().collect();
    let structured = |format: DocumentFormat| {
        let (shown, omitted) = list.records(all.clone(), keys);
        let gaps = session.authorizer.inventory().gaps();
        let mut out = ui.data();
        output::write_document(&mut out, format, &Risks::new(shown, gaps, omitted))?;
        Ok::<(), CommandError>(out.flush()?)
    };
    let mut out = ui.stdout();
    match arguments.output {
        MatrixFormat::Table | MatrixFormat::Wide => {
            if list.size.summary {
                let summary = Summary::of(rows.iter().map(|row| keys(&row)));
                summary.write(&mut out, ["BECOMES", "SUBJECT", "subject"], ui.layout())?;
                return Ok(out.flush()?);
            }
            let arranged = list.arrange(ui.room(), all, keys);
            let columns = match arguments.output {
                MatrixFormat::Wide => table::Columns::All,
                _ => table::Columns::Few,
            };
            let table = table::table(&arranged.groups, columns);
            if !table.is_empty() {
                table.write(&mut out, ui.layout())?;
            }
            if let Some(omission) = arranged.omission() {
                writeln!(out, "{omission}")?;
            }
            write_totals(&mut out, rows)?;
        }
        MatrixFormat::Csv | MatrixFormat::Markdown => {
            let (shown, omitted) = list.records(all, keys);
            let groups = shown.into_iter().map(|row| vec![row]).collect();
            let arranged = Arranged { groups, omitted };
            let mut table = table::table(&arranged.groups, table::Columns::All);
            let gaps = words::gaps(session.authorizer.inventory().gaps());
            match arguments.output {
                MatrixFormat::Csv => {
                    table.add_unread(gaps);
                    table.write_csv(&mut out, ui.layout().headings)?;
                }
                _ => table.write_markdown(&mut out, gaps)?,
            }
        }
        MatrixFormat::Json => structured(DocumentFormat::Json)?,
        MatrixFormat::Jsonl => structured(DocumentFormat::Jsonl)?,
        MatrixFormat::Yaml => structured(DocumentFormat::Yaml)?,
    }
    Ok(out.flush()?)
}

/// Writes the number of subjects by severity.
fn write_totals(out: &mut impl Write, rows: &[RiskRow<'_>]) -> Result<(), CommandError> {
    if rows.len() < 2 {
        return Ok(());
    }
    let counts = Severity::ALL.into_iter().rev().filter_map(|severity| {
        let count = rows.iter().filter(|row| row.severity == severity).count();
        (count > 0).then(|| format!("{count} {severity}"))
    });
    let counts: Vec<String> = counts.collect();
    writeln!(out, "{}: {}", words::count(rows.len(), "subject"), counts.join(", "))?;
    Ok(())
}
