//! The two streams of a command: data on stdout, everything else on stderr.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, BufWriter, IsTerminal, StderrLock, StdoutLock, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use terminal_size::{Height, Width, terminal_size_of};

use crate::captured::Captured;
use crate::cli::OutputOptions;
use crate::error::{CommandError, Hint};
use crate::invocation::Invocation;
use crate::listing::Room;
use crate::pager::{self, Screen};
use crate::render::{Folded, Headings, Styles, TableLayout, plain};
use crate::stream::{Kept, LogLines};

/// Writes the data, notes, warnings and errors of a command according to the output options.
#[derive(Clone, Debug)]
pub(crate) struct Ui {
    options: OutputOptions,
    invocation: Invocation,
    /// The pager of a terminal.
    screen: Option<Screen>,
    /// Where output is kept instead of printed.
    captured: Option<Captured>,
    /// Whether anything was written to stdout.
    is_written: Arc<AtomicBool>,
    /// The messages that were printed, to avoid repetitions.
    said: Arc<Mutex<BTreeSet<String>>>,
}

/// Buffered stdout, which removes colors if they are not wanted.
pub(crate) type Stdout = BufWriter<Kept<Target>>;

/// Where stdout goes.
pub(crate) enum Target {
    Direct(AutoStream<StdoutLock<'static>>),
    Paged(AutoStream<Box<dyn Write>>),
    Captured(AutoStream<Box<dyn Write>>),
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Direct(stdout) => stdout.write(bytes),
            Self::Paged(stream) | Self::Captured(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Direct(stdout) => stdout.flush(),
            Self::Paged(stream) | Self::Captured(stream) => stream.flush(),
        }
    }
}

/// Buffered stdout for data without colors.
pub(crate) type Data = BufWriter<Kept<Target>>;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const NOTE: Style = AnsiColor::Cyan.on_default().bold();

impl Ui {
    /// Builds the streams.
    pub(crate) fn new(options: &OutputOptions, invocation: Invocation) -> Self {
        let options = options.clone();
        Self {
            options,
            invocation,
            screen: None,
            captured: None,
            is_written: Arc::default(),
            said: Arc::default(),
        }
    }

    /// Returns a copy that keeps the output of another command in memory, as a pipe would get it.
    pub(crate) fn capturing(&self, captured: Captured) -> Self {
        let options = OutputOptions { quiet: false, verbose: 0, ..self.options.clone() };
        let captured = Some(captured);
        Self { captured, screen: None, ..Self::new(&options, self.invocation.clone()) }
    }

    /// Shows output in a pager if stdout is a terminal.
    pub(crate) fn page(&mut self) {
        if !self.options.no_pager && io::stdout().is_terminal() {
            self.screen = Screen::from_environment();
        }
    }

    /// Ends the output: waits until the reader has left the pager.
    pub(crate) fn finish(&self) {
        if let Some(screen) = &self.screen {
            screen.finish();
        }
    }

    /// Returns a copy that prints no notes and warnings.
    pub(crate) fn quiet(&self) -> Self {
        Self {
            options: OutputOptions { quiet: true, ..self.options.clone() },
            said: Arc::default(),
            ..self.clone()
        }
    }

    /// Returns a message in which commands are written as they were run.
    pub(crate) fn shown<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.invocation.shown(text)
    }

    /// Starts logging to stderr with `-v`.
    pub(crate) fn start_logging(&self) {
        let level = match self.options.verbose {
            0 => return,
            1 => "rolecall=info",
            2 => "rolecall=debug,kube=info",
            _ => "trace",
        };
        let filter = tracing_subscriber::EnvFilter::try_from_env("ROLECALL_LOG")
            .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(|| LogLines(io::stderr()))
            .with_ansi(self.options.color.choose(&io::stderr()) != anstream::ColorChoice::Never)
            .without_time()
            .init();
    }

    /// Opens stdout; flush it before the command ends.
    pub(crate) fn stdout(&self) -> Stdout {
        let choice = self.options.color.choose(&io::stdout());
        let target = match (&self.captured, &self.screen) {
            (Some(captured), _) => Target::Captured(AutoStream::never(Box::new(captured.stdout()))),
            (None, Some(screen)) => {
                Target::Paged(AutoStream::new(Box::new(screen.clone()), choice))
            }
            (None, None) => Target::Direct(AutoStream::new(io::stdout().lock(), choice)),
        };
        BufWriter::with_capacity(1 << 16, Kept::new(target, self.is_written.clone()))
    }

    /// Opens stdout for data without colors; flush it before the command ends.
    pub(crate) fn data(&self) -> Data {
        let target = match &self.captured {
            Some(captured) => {
                Target::Captured(AutoStream::always_ansi(Box::new(captured.stdout())))
            }
            None => Target::Direct(AutoStream::always_ansi(io::stdout().lock())),
        };
        BufWriter::with_capacity(1 << 16, Kept::new(target, self.is_written.clone()))
    }

    /// Opens stdout for an endless stream of answers: writing fails once the reader has closed it, so that
    /// the command ends.
    pub(crate) fn answers(&self) -> BufWriter<StdoutLock<'static>> {
        BufWriter::with_capacity(1 << 16, io::stdout().lock())
    }

    /// Returns the width of tables: that of the terminal, 80 if it is unknown, and `None` if stdout is not
    /// a terminal, so that nothing is wrapped in pipes. `COLUMNS` overrides it.
    pub(crate) fn columns(&self) -> Option<usize> {
        if self.captured.is_some() {
            return None;
        }
        if let Some(columns) = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()) {
            return Some(columns);
        }
        io::stdout().is_terminal().then(|| width_of(terminal_size_of(io::stdout())))
    }

    /// Returns the room for tables on stdout.
    pub(crate) fn room(&self) -> Room {
        let is_direct = self.screen.is_none() && self.captured.is_none();
        let is_limited = is_direct && io::stdout().is_terminal();
        if is_limited { Room::Terminal } else { Room::Unlimited }
    }

    /// Returns the layout of tables on stdout.
    pub(crate) fn layout(&self) -> TableLayout {
        let headings = if self.options.no_headers { Headings::Hidden } else { Headings::Shown };
        let styles = if self.is_colored() { Styles::Colored } else { Styles::Plain };
        TableLayout { columns: self.columns(), headings, styles }
    }

    /// Returns whether stdout has colors.
    pub(crate) fn is_colored(&self) -> bool {
        self.captured.is_none()
            && self.options.color.choose(&io::stdout()) != anstream::ColorChoice::Never
    }

    /// Returns whether anything was written to stdout.
    pub(crate) fn has_written(&self) -> bool {
        self.is_written.load(Ordering::Relaxed)
    }

    /// Returns whether stderr is a terminal that shows progress.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.options.quiet && self.captured.is_none() && io::stderr().is_terminal()
    }

    /// Prints an explanation of the answer, unless `-q` is given.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        if !self.options.quiet {
            self.say("note", NOTE, text.as_ref());
        }
    }

    /// Prints an explanation once, unless `-q` is given.
    pub(crate) fn note_once(&self, text: impl AsRef<str>) {
        if !self.options.quiet {
            self.say_once("note", NOTE, text.as_ref());
        }
    }

    /// Warns of something unexpected, unless `-q` is given.
    pub(crate) fn warn(&self, text: impl AsRef<str>) {
        if !self.options.quiet {
            self.say_once("warning", WARNING, text.as_ref());
        }
    }

    /// Reports an error that does not end the command.
    pub(crate) fn problem(&self, text: impl AsRef<str>) {
        self.say("error", ERROR, text.as_ref());
    }

    /// Reports the error that ends the command, with causes and hints.
    pub(crate) fn error(&self, error: &CommandError) {
        for (position, text) in error.chain().iter().enumerate() {
            self.say(if position == 0 { "error" } else { "caused by" }, ERROR, text);
        }
        for hint in error.hints() {
            self.hint(hint);
        }
    }

    /// Prints a hint, unless `-q` is given.
    pub(crate) fn suggest(&self, hint: Hint) {
        if !self.options.quiet && self.is_new(&hint.to_string()) {
            self.hint(&hint);
        }
    }

    fn hint(&self, hint: &Hint) {
        self.say("hint", NOTE, &hint.to_string());
    }

    /// Prints a message once: both sides of a comparison can cause it.
    fn say_once(&self, label: &str, style: Style, text: &str) {
        if self.is_new(text) {
            self.say(label, style, text);
        }
    }

    fn is_new(&self, text: &str) -> bool {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned())
    }

    fn say(&self, label: &str, style: Style, text: &str) {
        let text = self.invocation.shown(text);
        if let Some(captured) = &self.captured {
            // Ignore errors: memory accepts everything.
            let _ = writeln!(captured.stderr(), "{label}: {}", plain(text.trim_end()));
            return;
        }
        // Commands stay whole, so that they can be copied.
        let is_folded = io::stderr().is_terminal() && label != "hint";
        let columns = is_folded.then(|| width_of(terminal_size_of(io::stderr())));
        let text = plain(text.trim_end());
        if let Some(screen) = self.screen.as_ref().filter(|screen| screen.is_running()) {
            let choice = self.options.color.choose(&io::stderr());
            let stream: AutoStream<Box<dyn Write>> =
                AutoStream::new(Box::new(screen.clone()), choice);
            let mut paged = Folded::new(stream, columns);
            let written = writeln!(paged, "{style}{label}:{style:#} {text}");
            if !pager::is_left(&written) {
                return;
            }
        }
        let mut stderr = Folded::new(self.stderr(), columns);
        // Ignore errors: stderr is closed.
        let _ = writeln!(stderr, "{style}{label}:{style:#} {text}");
    }

    fn stderr(&self) -> AutoStream<StderrLock<'static>> {
        AutoStream::new(io::stderr().lock(), self.options.color.choose(&io::stderr()))
    }
}

/// Returns the width of a terminal, by default 80.
fn width_of(size: Option<(Width, Height)>) -> usize {
    size.map_or(80, |(width, _)| usize::from(width.0))
}
