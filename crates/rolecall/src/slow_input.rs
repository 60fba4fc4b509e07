//! A note about slow input.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::ui::Ui;

/// The delay of the note.
const DELAY: Duration = Duration::from_secs(5);

/// Prints a note once if reading stdin or a pipe takes long, until it is dropped.
pub(crate) struct SlowInputNote {
    _alive: Option<Sender<()>>,
}

impl SlowInputNote {
    /// Starts waiting for those paths that can be slow: stdin and pipes. For a terminal, the note is printed
    /// at once.
    pub(crate) fn start<'p>(ui: &Ui, paths: impl IntoIterator<Item = &'p Path>) -> Self {
        let slow: Vec<String> = paths.into_iter().filter_map(slow).collect();
        let Some(first) = slow.first().cloned() else { return Self { _alive: None } };
        if slow.iter().any(|name| name == STDIN) && io::stdin().is_terminal() {
            ui.note("reading from stdin ...");
            return Self { _alive: None };
        }
        let (alive, ended) = mpsc::channel();
        let ui = ui.clone();
        // The thread does not keep the process alive.
        thread::spawn(move || {
            if let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(DELAY) {
                ui.note(format!("waiting for {first} to end"));
            }
        });
        Self { _alive: Some(alive) }
    }
}

const STDIN: &str = "stdin";

/// Returns the name of a path in messages, if it can be slow.
fn slow(path: &Path) -> Option<String> {
    if path == Path::new("-") {
        return Some(STDIN.to_owned());
    }
    let metadata = fs::metadata(path).ok()?;
    (!metadata.is_file() && !metadata.is_dir()).then(|| format!("`{}`", path.display()))
}
