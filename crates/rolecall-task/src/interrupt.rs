//! Cleanup when the user presses Ctrl-C or CI cancels the run.

use std::process;
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};
use std::thread;

use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

/// A resource that must not outlive the task.
pub trait Stop: Send + Sync {
    /// Stops it. Stopping it twice has no effect.
    fn stop(&self);
}

/// The exit code of a shell whose program was interrupted.
const INTERRUPTED: i32 = 130;

static WATCHED: Mutex<Vec<Weak<dyn Stop>>> = Mutex::new(Vec::new());
static WATCHER: Once = Once::new();

/// Stops a resource on SIGINT, SIGTERM and SIGHUP, as long as it exists.
pub fn watch(thing: &Arc<dyn Stop>) {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(thing));
    WATCHER.call_once(|| {
        thread::spawn(|| {
            if wait_for_signal().is_ok() {
                let watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
                watched.iter().filter_map(Weak::upgrade).for_each(|thing| thing.stop());
                process::exit(INTERRUPTED);
            }
        });
    });
}

fn wait_for_signal() -> std::io::Result<()> {
    runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        Ok(())
    })
}
