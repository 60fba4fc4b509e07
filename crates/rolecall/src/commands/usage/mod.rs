//! `usage`: the requests in audit logs.

mod follow;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rolecall_rbac::Glob;
use rolecall_usage::{
    Counts, Dialect, Limits, Outcome, Source, Tally, Used, query, rows, write_summary,
};

use crate::cli::Options;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::file::unwritable;
use crate::output::{self, Format, UsageReport};
use crate::render::Table;
use crate::subject::label;
use crate::ui::Ui;
use crate::usage::{
    self, LogFormat, Shard, coverage_lines, request_words, subject_glob, subject_words,
};

/// Show the requests of each subject in audit logs, with their outcome
#[derive(Debug, Args)]
#[command(after_help = include_str!("../../help/usage.txt"))]
pub(crate) struct Arguments {
    /// Audit logs or summaries: files, directories, quoted patterns, or `-` for stdin
    #[arg(required_unless_present = "sql", value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// Only the requests of a subject, such as `sa/shop:web` or `'user/*@example.com'`; can be repeated
    #[arg(long = "for", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// Only requests with an outcome; can be repeated
    #[arg(long, value_enum, value_name = "OUTCOME")]
    outcome: Vec<OutcomeArgument>,
    /// The format of the logs
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: LogFormat,
    /// Write a summary of all requests to a file, which is a valid LOG
    #[arg(long, value_name = "FILE")]
    summary_out: Option<PathBuf>,
    /// Print a query that counts the events in a table, whose result (Parquet, CSV or JSON lines) is a valid LOG
    #[arg(long, value_enum, value_name = "DIALECT", requires = "table", conflicts_with = "logs")]
    sql: Option<SqlDialect>,
    /// With --sql: the table
    #[arg(long, value_name = "NAME", requires = "sql")]
    table: Option<String>,
    /// With --sql: the column of the table that contains an event as JSON text
    #[arg(long, value_name = "NAME", default_value = "message", requires = "sql")]
    column: String,
    /// Read only a part of the files: the INDEX, from 0, of COUNT parts
    #[arg(long, value_name = "INDEX/COUNT", value_parser = parse_shard, default_value = "0/1", hide_default_value = true)]
    shard: Shard,
    /// Wait for more events in a single LOG, and print each kind of request when it is first seen
    #[arg(long)]
    follow: bool,
    /// The maximum number of object names and paths to keep for each kind of request
    #[arg(long, value_name = "NUMBER", default_value_t = Limits::default().names)]
    max_names: usize,
    /// Output format; jsonl is that of summaries
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: UsageFormat,
}

/// The formats of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum UsageFormat {
    #[default]
    Table,
    /// Includes names, authorizers, bindings and Pods
    Wide,
    Json,
    Yaml,
    Jsonl,
    Csv,
    /// Nothing, for --summary-out
    None,
}

/// The dialects of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SqlDialect {
    Duckdb,
    Spark,
    Bigquery,
    /// Amazon Athena and Trino
    Athena,
}

/// The outcomes of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OutcomeArgument {
    /// Allowed by an authorizer
    Allowed,
    /// Allowed by an authorizer, but rejected by a later check, such as admission
    Rejected,
    /// Refused by the authorizers
    Refused,
    /// Without valid credentials
    Unauthenticated,
    /// Answered without an authorization
    Unknown,
}

/// Reads the logs and lists the requests in them.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    if let Some(dialect) = arguments.sql {
        return write_query(ui, arguments, dialect);
    }
    let selection = Selection::new(options, arguments)?;
    let limits = Limits { names: arguments.max_names, ..Limits::default() };
    if arguments.follow {
        return follow::run(ui, arguments, &selection, limits);
    }
    let logs = usage::read_part(ui, &arguments.logs, arguments.shard, arguments.format, limits)?;
    if let Some(path) = &arguments.summary_out {
        save(&logs.tally, path)?;
    }
    let uses = || logs.tally.uses().filter(|used| selection.includes(used));
    let mut out = ui.stdout();
    match arguments.output {
        UsageFormat::Table => table(uses()).write(&mut out, ui.layout())?,
        UsageFormat::Wide => wide(uses()).write(&mut out, ui.layout())?,
        UsageFormat::Csv => wide(uses()).write_csv(&mut out, ui.layout().headings)?,
        UsageFormat::Json | UsageFormat::Yaml => {
            let format = match arguments.output {
                UsageFormat::Json => Format::Json,
                _ => Format::Yaml,
            };
            output::write_versioned(&mut out, format, &UsageReport::new(&logs.tally, uses))?;
        }
        UsageFormat::None => {}
        UsageFormat::Jsonl => {
            if selection.is_everything() {
                write_summary(&logs.tally, &mut out)?;
            } else {
                for used in uses() {
                    write_rows(&mut out, &used)?;
                }
            }
        }
    }
    out.flush()?;
    let exit = logs.report(ui);
    if logs.tally.coverage().events() > 0 {
        coverage_lines(logs.tally.coverage()).into_iter().for_each(|line| ui.note(line));
    }
    if !logs.tally.is_empty() && uses().next().is_none() {
        ui.note("no request matches the selection");
    }
    Ok(exit)
}

/// Prints a query.
fn write_query(ui: &Ui, arguments: &Arguments, dialect: SqlDialect) -> Result<Exit, CommandError> {
    let dialect = match dialect {
        SqlDialect::Duckdb => Dialect::DuckDb,
        SqlDialect::Spark => Dialect::Spark,
        SqlDialect::Bigquery => Dialect::BigQuery,
        SqlDialect::Athena => Dialect::Athena,
    };
    let source = match arguments.format {
        LogFormat::Auto | LogFormat::Native => Source::Native,
        LogFormat::Eks => Source::Eks,
        LogFormat::Aks => Source::AksKubeAudit,
        LogFormat::Openshift => Source::OpenShift,
        LogFormat::Gke => {
            let what = "queries need native events, which GKE logs do not contain";
            return Err(CommandError::usage(what));
        }
    };
    let table = arguments.table.as_deref().unwrap_or_default();
    let mut out = ui.data();
    write!(out, "{}", query(dialect, table, &arguments.column, source))?;
    out.flush()?;
    Ok(Exit::Yes)
}

/// Writes a summary.
fn save(tally: &Tally, path: &PathBuf) -> Result<(), CommandError> {
    let file = File::create(path).map_err(|error| unwritable(path, error))?;
    let mut out = BufWriter::new(file);
    let written = write_summary(tally, &mut out).and_then(|()| out.flush());
    written.map_err(|error| unwritable(path, error))
}

/// Writes the lines of a kind of request.
fn write_rows(out: &mut impl Write, used: &Used) -> Result<(), CommandError> {
    for row in rows(used) {
        serde_json::to_writer(&mut *out, &row)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Parses `INDEX/COUNT`.
fn parse_shard(text: &str) -> Result<Shard, String> {
    let parsed = text.split_once('/').and_then(|(index, count)| {
        Some(Shard { index: index.parse().ok()?, count: count.parse().ok()? })
    });
    let valid = parsed.filter(|shard| shard.index < shard.count);
    valid.ok_or_else(|| format!("`{text}` is not INDEX/COUNT with an index from 0 to COUNT - 1"))
}

/// The requests to show.
struct Selection {
    subjects: Vec<Glob>,
    namespaces: Vec<String>,
    outcomes: Vec<Outcome>,
}

impl Selection {
    fn new(options: &Options, arguments: &Arguments) -> Result<Self, CommandError> {
        let namespace = options.namespace.first().unwrap_or("default");
        let subjects = arguments.subjects.iter().map(|text| subject_glob(text, namespace));
        let outcomes = arguments.outcome.iter().map(|outcome| match outcome {
            OutcomeArgument::Allowed => Outcome::Allowed,
            OutcomeArgument::Rejected => Outcome::Rejected,
            OutcomeArgument::Refused => Outcome::Refused,
            OutcomeArgument::Unauthenticated => Outcome::Unauthenticated,
            OutcomeArgument::Unknown => Outcome::Unknown,
        });
        let namespaces = match options.namespace.all_namespaces {
            true => Vec::new(),
            false => options.namespace.namespaces.clone(),
        };
        Ok(Self {
            subjects: subjects.collect::<Result<_, _>>()?,
            // With subjects, -n is only the namespace of those without one.
            namespaces: if arguments.subjects.is_empty() { namespaces } else { Vec::new() },
            outcomes: outcomes.collect(),
        })
    }

    fn is_everything(&self) -> bool {
        self.subjects.is_empty() && self.namespaces.is_empty() && self.outcomes.is_empty()
    }

    fn includes(&self, used: &Used) -> bool {
        let kind = &used.kind;
        let is_named = |glob: &Glob| {
            let groups = kind.identity.groups.iter().map(|group| format!("group/{group}"));
            std::iter::once(label(&kind.identity)).chain(groups).any(|label| glob.matches(&label))
        };
        let namespace = kind.request.namespace();
        (self.subjects.is_empty() || self.subjects.iter().any(is_named))
            && (self.namespaces.is_empty() || self.namespaces.iter().any(|it| it == namespace))
            && (self.outcomes.is_empty() || self.outcomes.contains(&kind.outcome))
    }
}

/// Lists the requests of each subject with their outcomes and numbers.
fn table(uses: impl Iterator<Item = Used>) -> Table {
    let mut sums: BTreeMap<[String; 4], Counts> = BTreeMap::new();
    for used in uses {
        let kind = &used.kind;
        let mut add = |request: String, counts: &Counts| {
            let namespace = kind.request.namespace().to_owned();
            let outcome = kind.outcome.as_str().to_owned();
            let key = [subject_words(&kind.identity), namespace, request, outcome];
            sums.entry(key).or_insert(Counts::NONE).add(counts);
        };
        match &kind.request.target {
            rolecall_rbac::Target::Path(_) => {
                for (path, counts) in &used.names {
                    add(request_words(&kind.request_for(path)), counts);
                }
                if let Some(many) = &used.many {
                    add(request_words(&kind.request_for("(many)")), many);
                }
            }
            rolecall_rbac::Target::Resource(_) => {
                add(request_words(&kind.request), &used.counts());
            }
        }
    }
    let mut table = Table::new(["SUBJECT", "NAMESPACE", "REQUEST", "OUTCOME", "COUNT"]);
    for ([subject, namespace, request, outcome], counts) in sums {
        table.row([
            subject.into(),
            namespace.into(),
            request.into(),
            outcome.into(),
            counts.requests().to_string().into(),
        ]);
    }
    table
}

/// Lists each distinct request.
fn wide(uses: impl Iterator<Item = Used>) -> Table {
    let mut table = Table::new([
        "SUBJECT",
        "GROUPS",
        "NAMESPACE",
        "VERB",
        "RESOURCE",
        "NAME",
        "OUTCOME",
        "VIA",
        "BINDING",
        "NOTE",
        "PODS",
        "COUNT",
        "FIRST",
        "LAST",
    ]);
    for used in uses {
        for row in rows(&used) {
            let dot = if row.group.is_empty() { "" } else { "." };
            let slash = if row.subresource.is_empty() { "" } else { "/" };
            let resource = format!("{}{slash}{}{dot}{}", row.resource, row.subresource, row.group);
            let notes = [(row.implied, "implied"), (row.dry_run, "dry run")];
            let notes: Vec<&str> =
                notes.into_iter().filter(|(is, _)| *is).map(|(_, note)| note).collect();
            let name = match row.many {
                true => "(many)".to_owned(),
                false => row.name.to_string(),
            };
            let more = if row.more_pods { "(many)" } else { "" };
            table.row([
                subject_words(&used.kind.identity).into(),
                row.groups.join(" ").into(),
                row.namespace.to_string().into(),
                row.verb.to_string().into(),
                row.path.as_deref().map_or(resource, str::to_owned).into(),
                name.into(),
                row.outcome.to_string().into(),
                row.via.to_string().into(),
                row.binding.to_string().into(),
                notes.join(", ").into(),
                format!("{}{more}", row.pods.join(" ")).into(),
                row.count.to_string().into(),
                row.first.to_string().into(),
                row.last.to_string().into(),
            ]);
        }
    }
    table
}
