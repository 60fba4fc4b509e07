//! `usage --follow`: new kinds of requests in a log that is still written.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rolecall_usage::{Kind, Limits, Reader, Tally, rows};

use super::{Arguments, Selection, UsageFormat, save};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::file::{name, unreadable};
use crate::ui::Ui;
use crate::usage::{format_of, request_words, subject_words, time_words};

/// The time between two looks at the end of a file.
const PAUSE: Duration = Duration::from_millis(500);
/// The time between two writes of a summary.
const SAVED: Duration = Duration::from_secs(60);
/// The most lines that are read before new requests are printed.
const MOST_LINES: usize = 1_000;

/// Prints each kind of request when it is first seen, until stdin ends or the program is ended.
pub(super) fn run(
    ui: &Ui,
    arguments: &Arguments,
    selection: &Selection,
    limits: Limits,
) -> Result<Exit, CommandError> {
    let [path] = arguments.logs.as_slice() else {
        return Err(CommandError::usage("`--follow` reads a single LOG"));
    };
    let mut log = Log::open(path)?;
    let mut all = Tally::new(limits);
    let mut seen: BTreeSet<Kind> = BTreeSet::new();
    let mut saved = Instant::now();
    let mut out = ui.answers();
    loop {
        let mut reader = Reader::new(limits, format_of(arguments.format));
        let state = log.read(&mut reader)?;
        let tally = reader.finish();
        for used in tally.uses() {
            if !selection.includes(&used) || !seen.insert(used.kind.clone()) {
                continue;
            }
            for row in rows(&used) {
                if arguments.output == UsageFormat::Jsonl {
                    serde_json::to_writer(&mut out, &row)?;
                    writeln!(out)?;
                } else {
                    let path = row.path.as_deref().unwrap_or_default();
                    let request = request_words(&used.kind.request_for(path));
                    let place = match row.namespace.is_empty() {
                        true => String::new(),
                        false => format!(" in {}", row.namespace),
                    };
                    let time = time_words(used.counts().last);
                    let subject = subject_words(&used.kind.identity);
                    let line = format!("{time} {subject} {request}{place}: {}", row.outcome);
                    writeln!(out, "{}", crate::render::plain(&line))?;
                }
            }
        }
        all.merge(tally);
        if state != State::More {
            out.flush()?;
        }
        let is_due = saved.elapsed() >= SAVED || state == State::Ended;
        if let Some(path) = arguments.summary_out.as_ref().filter(|_| is_due) {
            save(&all, path)?;
            saved = Instant::now();
        }
        match state {
            State::More => {}
            State::AtEnd => thread::sleep(PAUSE),
            State::Ended => return Ok(Exit::Yes),
        }
    }
}

/// The continuation of a log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    More,
    AtEnd,
    Ended,
}

/// A log that is still written.
struct Log {
    path: PathBuf,
    text: BufReader<Box<dyn Read>>,
    /// The beginning of a line whose end is not written yet.
    line: Vec<u8>,
    /// The bytes that were read; `None` for stdin, which ends.
    read: Option<u64>,
}

impl Log {
    fn open(path: &Path) -> Result<Self, CommandError> {
        let (text, read): (Box<dyn Read>, _) = match path == Path::new("-") {
            true => (Box::new(io::stdin()), None),
            false => {
                let file = File::open(path).map_err(|error| unreadable(path, error))?;
                (Box::new(file), Some(0))
            }
        };
        let text = BufReader::with_capacity(1 << 16, text);
        Ok(Self { path: path.to_owned(), text, line: Vec::new(), read })
    }

    /// Reads lines up to a number or the end.
    fn read(&mut self, reader: &mut Reader) -> Result<State, CommandError> {
        for _ in 0..MOST_LINES {
            let length = self.text.read_until(b'\n', &mut self.line);
            let length = length.map_err(|error| unreadable(&self.path, error))?;
            if let Some(read) = &mut self.read {
                *read += length as u64;
            }
            if self.line.ends_with(b"\n") {
                reader.lines(&self.line);
                self.line.clear();
            } else if length == 0 {
                return self.at_end(reader);
            }
            // stdin is followed line by line.
            if self.read.is_none() && self.text.buffer().is_empty() {
                return Ok(State::AtEnd);
            }
        }
        Ok(State::More)
    }

    /// Decides at the end of the text: a file that became shorter was rotated, and is read from its start.
    fn at_end(&mut self, reader: &mut Reader) -> Result<State, CommandError> {
        let Some(read) = self.read else {
            reader.last_line(&self.line);
            return Ok(State::Ended);
        };
        if fs::metadata(&self.path).is_ok_and(|now| now.len() < read) {
            tracing::info!("`{}` was rotated", name(&self.path));
            *self = Self::open(&self.path)?;
        }
        Ok(State::AtEnd)
    }
}
