//! Reads the input at the start and after each change.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rolecall_report::{Document, PageMode, ReportInput, Summary, write_page};
use tokio::runtime::Builder;

use super::data::{Data, Served};
use super::watch::Watch;
use crate::captured::Captured;
use crate::cli::{HeldInput, Options};
use crate::error::{CommandError, Hint};
use crate::load::{HeldSession, Session};
use crate::report::{ReportArguments, ReportSettings};
use crate::time;
use crate::ui::Ui;
use crate::usage::Logs;
use crate::words;

/// Reads the input of the command line.
pub(super) struct Reader {
    ui: Ui,
    options: Options,
    arguments: ReportArguments,
    logs: Option<Logs>,
    watch: Watch,
}

impl Reader {
    /// Checks that the input can be read several times.
    pub(super) fn new(
        ui: &Ui,
        options: &Options,
        arguments: &ReportArguments,
    ) -> Result<Self, CommandError> {
        let files = options.source.filename.iter().chain(arguments.files());
        let paths: Vec<PathBuf> = files.cloned().collect();
        if paths.iter().chain(arguments.logs()).any(|path| path.as_os_str() == "-") {
            let error = "`serve` reads its input again when it changes, so it cannot read stdin";
            return Err(
                CommandError::usage(error).with_hint(Hint::pass("-f FILE", "read a file instead"))
            );
        }
        Ok(Self {
            ui: ui.clone(),
            options: options.clone(),
            arguments: arguments.clone(),
            logs: None,
            watch: Watch::new(paths),
        })
    }

    /// Reads the input for the first time. Problems are printed.
    pub(super) fn read(&mut self) -> Result<Data, CommandError> {
        self.logs = self.read_logs(&self.ui)?;
        self.read_objects(&self.ui.clone(), 1)
    }

    fn read_logs(&self, ui: &Ui) -> Result<Option<Logs>, CommandError> {
        Ok(self.arguments.read_logs(ui)?.map(|(logs, _)| logs))
    }

    fn read_objects(&mut self, ui: &Ui, version: u64) -> Result<Data, CommandError> {
        let began = SystemTime::now();
        let settings = self.arguments.settings(ui, &self.options)?;
        let session = Session::read(ui, &settings.options, settings.needs())?;
        let page = settings.report(&session, self.logs.as_ref(), |input| page(input, version))?;
        let gaps = session.authorizer.inventory().gaps();
        for gap in words::gaps(gaps) {
            ui.warn(format!("the answers are incomplete; could not read: {gap}"));
        }
        let is_incomplete = session.incomplete;
        self.watch.include(session.sources.clone(), began);
        let ReportSettings { mut options, .. } = settings;
        options.source.held = HeldInput::new(Arc::new(HeldSession::new(session)));
        let read = time::written(time::now());
        Ok(Data { page: page.into(), options, read, is_incomplete })
    }

    /// Follows the input in the background.
    pub(super) fn follow(mut self, served: &Arc<Served>, refresh: Option<Duration>) {
        let served = Arc::clone(served);
        // The thread does not keep the process alive.
        thread::spawn(move || {
            let Ok(runtime) = Builder::new_current_thread().enable_time().build() else { return };
            let mut read = Instant::now();
            loop {
                let pause = self.watch.pause();
                let is_asked = runtime.block_on(async {
                    tokio::select! {
                        () = served.refreshed() => true,
                        () = tokio::time::sleep(pause) => false,
                    }
                });
                let is_due = refresh.is_some_and(|interval| read.elapsed() >= interval);
                // A log that is still written changes all the time, so it is read only on request.
                let reads_logs = is_asked || is_due;
                if self.watch.has_changed() || reads_logs {
                    self.read_again(&served, reads_logs);
                    read = Instant::now();
                }
            }
        });
    }

    /// Replaces the data, unless the input is broken: then the page keeps the earlier data.
    fn read_again(&mut self, served: &Served, reads_logs: bool) {
        served.start_reading();
        let captured = Captured::default();
        let ui = self.ui.capturing(captured.clone());
        let logs = if reads_logs { self.read_logs(&ui).map(Some) } else { Ok(None) };
        let result = logs.and_then(|read| {
            if let Some(logs) = read {
                self.logs = logs;
            }
            self.read_objects(&ui, served.next_version())
        });
        match result {
            Ok(data) if !data.is_incomplete || served.data().is_incomplete => {
                served.replace(data);
                self.ui.note("read the input again");
            }
            Ok(_) => self.keep(served, captured.stderr().text()),
            Err(error) => {
                ui.error(&error);
                self.keep(served, captured.stderr().text());
            }
        }
    }

    fn keep(&self, served: &Served, problem: String) {
        let problem = problem.trim_end().to_owned();
        // A message is one line.
        let reasons = problem.lines().collect::<Vec<_>>().join("; ");
        self.ui.problem(format!("the page keeps the earlier data: {reasons}"));
        served.keep(problem);
    }
}

fn page(input: &ReportInput<'_>, version: u64) -> Result<Vec<u8>, CommandError> {
    let mut page = Vec::new();
    let (summary, document) = (Summary::new(input), Document::new(input));
    write_page(&mut page, PageMode::Served(version), input.scope, &summary, &document)?;
    Ok(page)
}
