//! `rolecall report`: a file that answers questions in a browser.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use rolecall_report::{Document, PageMode, ReportInput, Summary, write_markdown, write_page};

use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::file;
use crate::load::Session;
use crate::report::ReportArguments;
use crate::ui::Ui;
use crate::words;

/// Write a report that answers questions in any browser, without a network
#[derive(Debug, Args)]
#[command(after_help = include_str!("../help/report.txt"))]
pub(crate) struct Arguments {
    #[command(flatten)]
    report: ReportArguments,
    /// The file to write: `.html`, or `.md` for a document without answers; `-` writes HTML to stdout
    #[arg(short, long = "out", visible_alias = "output", value_name = "FILE")]
    output: PathBuf,
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
    let settings = arguments.report.settings(ui, options)?;
    let session = Session::load(ui, &settings.options, settings.needs())?;
    let read = arguments.report.read_logs(ui)?;
    let logs = read.as_ref().map(|(logs, _)| logs);
    let text = settings.report(&session, logs, |input| text(input, format))?;
    write(ui, &arguments.output, &text)?;
    let gaps = session.authorizer.inventory().gaps();
    for gap in words::gaps(gaps) {
        ui.warn(format!("the report is incomplete; could not read: {gap}"));
    }
    let of_logs = read.as_ref().map_or(Exit::Yes, |(_, exit)| *exit);
    Ok(session.conclude(ui, Exit::Inconclusive.when(!gaps.is_empty()).max(of_logs)))
}

fn text(input: &ReportInput<'_>, format: ReportFormat) -> Result<Vec<u8>, CommandError> {
    let summary = Summary::new(input);
    let mut text = Vec::new();
    match format {
        ReportFormat::Html => {
            let document = Document::new(input);
            write_page(&mut text, PageMode::File, input.scope, &summary, &document)?;
        }
        ReportFormat::Markdown => write_markdown(&mut text, input, &summary)?,
    }
    Ok(text)
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
