//! Progress output while targets are rendered.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::live::Bar;
use crate::ui::Ui;

/// The delay before progress is shown.
const DELAY: Duration = Duration::from_secs(1);

/// The interval of updates.
const TICK: Duration = Duration::from_millis(100);

/// The number of targets that are rendered.
pub(super) struct Progress {
    total: usize,
    done: AtomicUsize,
    is_over: AtomicBool,
}

impl Progress {
    pub(super) fn new(total: usize) -> Self {
        Self { total, done: AtomicUsize::new(0), is_over: AtomicBool::new(false) }
    }

    /// Counts one more target.
    pub(super) fn advance(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs the work, and shows its progress from another thread if it takes long.
    pub(super) fn show<T>(&self, ui: &Ui, work: impl FnOnce() -> T) -> T {
        if !ui.shows_progress() {
            return work();
        }
        thread::scope(|scope| {
            let ticker = scope.spawn(|| self.tick(ui));
            let result = work();
            self.is_over.store(true, Ordering::Relaxed);
            ticker.thread().unpark();
            result
        })
    }

    fn tick(&self, ui: &Ui) {
        let began = Instant::now();
        let bar = Bar::new(ui, self.total);
        while !self.is_over.load(Ordering::Relaxed) {
            thread::park_timeout(TICK);
            if began.elapsed() >= DELAY {
                bar.show(self.done.load(Ordering::Relaxed));
            }
        }
    }
}
