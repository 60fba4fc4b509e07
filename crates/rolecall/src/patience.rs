//! What is said while input is slow to come.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::ui::Ui;

/// How long nothing is said.
const SILENCE: Duration = Duration::from_secs(5);

/// Says what is waited for, once, when reading it takes long; until it is dropped.
pub(crate) struct Patience {
    _alive: Option<Sender<()>>,
}

impl Patience {
    /// Waits for those of some paths that may be slow: stdin and pipes. A terminal is asked for at once.
    pub(crate) fn with<'p>(ui: &Ui, paths: impl IntoIterator<Item = &'p Path>) -> Self {
        let slow: Vec<String> = paths.into_iter().filter_map(slow).collect();
        let Some(first) = slow.first().cloned() else { return Self { _alive: None } };
        if slow.iter().any(|name| name == STDIN) && io::stdin().is_terminal() {
            ui.note("reading from stdin ...");
            return Self { _alive: None };
        }
        let (alive, ended) = mpsc::channel();
        let ui = ui.clone();
        // The process ends without it when it is not needed any more.
        thread::spawn(move || {
            if let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(SILENCE) {
                ui.note(format!("waiting for {first} to end"));
            }
        });
        Self { _alive: Some(alive) }
    }
}

const STDIN: &str = "stdin";

/// Returns what a path is called, if it may be slow.
fn slow(path: &Path) -> Option<String> {
    if path == Path::new("-") {
        return Some(STDIN.to_owned());
    }
    let metadata = fs::metadata(path).ok()?;
    (!metadata.is_file() && !metadata.is_dir()).then(|| format!("`{}`", path.display()))
}
