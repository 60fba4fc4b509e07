//! Progress by bytes.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::ui::Ui;

/// The size below which nothing is shown.
const SMALL: u64 = 64 << 20;

/// A bar on stderr with the bytes, the rate and the time left.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Creates a bar, which stays hidden for small files and if stderr is not a terminal.
    pub(super) fn new(ui: &Ui, total: u64) -> Self {
        let is_shown = ui.shows_progress() && total >= SMALL;
        let bar = is_shown.then(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            let template = "{bar:20} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
            let style = ProgressStyle::with_template(template);
            bar.enable_steady_tick(Duration::from_millis(500));
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar }
    }

    /// Adds bytes.
    pub(super) fn add(&self, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(bytes);
        }
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
