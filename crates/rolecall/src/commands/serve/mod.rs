//! `rolecall serve`: the report on a local web server.
//!
//! ```text
//! files, cluster -> [ reader ] -> Data { page, session } -> [ server ] <-> browser
//!      [ watch ] ------^                       [ questions ] ----^
//! ```

mod address;
mod data;
mod headers;
mod questions;
mod reader;
mod server;
mod watch;

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::runtime::Builder;

use self::address::Address;
use self::data::Served;
use self::questions::Questions;
use self::reader::Reader;
use crate::cli::{Options, parse_duration};
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::interrupt;
use crate::report::ReportArguments;
use crate::ui::Ui;

/// Show the report in a browser, answer more questions, and follow changed files
#[derive(Debug, Args)]
#[command(after_help = include_str!("../../help/serve.txt"))]
pub(crate) struct Arguments {
    #[command(flatten)]
    report: ReportArguments,
    /// Open the page in the default browser
    #[arg(long)]
    open: bool,
    /// The port [default: a free one]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Read the input again after this time, such as `5m`
    #[arg(long, value_name = "DURATION", value_parser = parse_interval)]
    refresh: Option<Duration>,
}

/// The shortest time between two readings.
const SHORTEST: Duration = Duration::from_secs(1);

fn parse_interval(text: &str) -> Result<Duration, String> {
    let interval = parse_duration(text)?;
    match interval < SHORTEST {
        true => Err("the shortest interval is `1s`".to_owned()),
        false => Ok(interval),
    }
}

/// Serves the report until the program is ended.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    interrupt::listen();
    let address = Address::bind(arguments.port)?;
    let mut reader = Reader::new(ui, options, &arguments.report)?;
    let served = Arc::new(Served::new(reader.read()?));
    let url = address.url();
    let mut out = ui.stdout();
    writeln!(out, "{url}")?;
    out.flush()?;
    drop(out);
    ui.note("the URL contains a secret token; Ctrl-C ends the server");
    if arguments.open {
        open(ui, &address.link()?);
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(CommandError::input)?;
    reader.follow(&served, arguments.refresh);
    let ended = interrupt::interrupted();
    let questions = Questions::new(ui);
    let result = runtime.block_on(async {
        tokio::select! {
            result = server::serve(address, served, questions) => {
                result.map(|never| match never {}).map_err(CommandError::input)
            }
            () = ended => Ok(Exit::Interrupted),
        }
    });
    // Answers that are being computed must not delay the end.
    runtime.shutdown_background();
    result
}

/// Opens a URL in the default browser.
fn open(ui: &Ui, url: &str) {
    let (program, arguments): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("rundll32", &["url.dll,FileProtocolHandler"]),
        _ => ("xdg-open", &[]),
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(url);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if command.spawn().is_err() {
        ui.warn(format!("cannot run `{program}`"));
        ui.suggest(Hint::quote("open the URL in a browser"));
    }
}
