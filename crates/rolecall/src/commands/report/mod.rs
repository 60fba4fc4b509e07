mod input;
mod paths;
mod scope;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use rolecall_check::{Date, KubernetesVersion, searches_paths};
use rolecall_paths::Assumptions;
use rolecall_report::{Document, ReportInput, Summary, write_markdown, write_page};

use crate::cli::Options;
use crate::config;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::file;
use crate::load::{Breadth, Needs, Session};
use crate::time;
use crate::ui::Ui;
use crate::words;

/// Write a report that answers questions in any browser, without a network
#[derive(Debug, Args)]
#[command(after_help = include_str!("../../help/report.txt"))]
pub(crate) struct Arguments {
    /// Files, directories or `-` for stdin, like -f
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The file to write: `.html`, or `.md` for a document without answers; `-` writes HTML to stdout
    #[arg(short, long = "out", visible_alias = "output", value_name = "FILE")]
    output: PathBuf,
    /// The title [default: the name of the cluster or of the paths]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// The configuration file, as for `check`: expectations, severities and suppressions
    #[arg(long, value_name = "FILE", visible_alias = "config")]
    expectations: Vec<PathBuf>,
    /// The Kubernetes version to assess risks for [default: that of --defaults]
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<KubernetesVersion>,
    /// The date that decides which suppressions have expired [default: today, in UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Date>,
}

/// The formats of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReportFormat {
    Html,
    Markdown,
}

/// Reads everything and writes the report.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let format = format_of(&arguments.output)?;
    let mut options = options.clone();
    options.source.filename.extend(arguments.paths.iter().cloned());
    let config = config::load(ui, &arguments.expectations, &options.source.filename)?;
    options.source.exclude.extend(config.exclude.iter().cloned());
    options.source.is_configured = true;
    options.source.settings.clone_from(&config.render);
    let needs = Needs {
        service_accounts: true,
        namespaces: true,
        workloads: true,
        names: true,
        breadth: if options.namespace.first().is_some() { Breadth::Asked } else { Breadth::All },
        keeps_stdin: true,
        ..Needs::default()
    };
    let session = Session::load(ui, &options, needs)?;
    let version = options.source.kubernetes_version(arguments.kubernetes_version);
    let today = match arguments.today {
        Some(today) => today,
        None => time::today().parse().map_err(CommandError::input)?,
    };
    let findings = input::findings(&session, &options, &config, version, today);
    let inventory = session.authorizer.inventory();
    let assumptions = Assumptions { version, ..Assumptions::default() };
    let paths = searches_paths(inventory).then(|| paths::of(&session, assumptions));
    let input = ReportInput {
        authorizer: &session.authorizer,
        catalog: &session.catalog,
        scope: &scope::of(&session, &options, arguments.title.as_deref(), findings.suppressed),
        findings: &findings.findings(),
        paths: paths.as_ref(),
    };
    let summary = Summary::new(&input);
    let mut text = Vec::new();
    match format {
        ReportFormat::Html => {
            write_page(&mut text, input.scope, &summary, &Document::new(&input))?;
        }
        ReportFormat::Markdown => write_markdown(&mut text, &input, &summary)?,
    }
    write(ui, &arguments.output, &text)?;
    for gap in words::gaps(inventory.gaps()) {
        ui.warn(format!("the report is incomplete; could not read: {gap}"));
    }
    let exit = Exit::Inconclusive.when(!inventory.gaps().is_empty());
    Ok(session.conclude(ui, exit))
}

/// Returns the format that the name of a file asks for.
fn format_of(path: &Path) -> Result<ReportFormat, CommandError> {
    if path == Path::new("-") {
        return Ok(ReportFormat::Html);
    }
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    match extension.as_deref().and_then(|extension| extension.to_str()) {
        Some("html" | "htm") => Ok(ReportFormat::Html),
        Some("md" | "markdown") => Ok(ReportFormat::Markdown),
        _ => {
            let error = format!("`{}` is not the name of a report", path.display());
            Err(CommandError::usage(error)
                .with_hint(Hint::pass("--out report.html", "write a page for browsers"))
                .with_hint(Hint::pass("--out report.md", "write Markdown")))
        }
    }
}

fn write(ui: &Ui, path: &Path, text: &[u8]) -> Result<(), CommandError> {
    if path == Path::new("-") {
        let mut out = ui.data();
        out.write_all(text)?;
        return Ok(out.flush()?);
    }
    file::replace(path, text).map_err(|error| file::unwritable(path, error))?;
    ui.note(format!("wrote {} ({})", path.display(), size(text.len())));
    Ok(())
}

/// Returns a size in words.
fn size(bytes: usize) -> String {
    match bytes {
        bytes if bytes < 1 << 20 => format!("{} KiB", bytes.div_ceil(1 << 10)),
        bytes => {
            let tenths = (bytes * 10).div_ceil(1 << 20);
            format!("{}.{} MiB", tenths / 10, tenths % 10)
        }
    }
}
