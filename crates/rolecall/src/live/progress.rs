//! Progress output on terminals.

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::time;
use crate::ui::Ui;

/// A temporary line on stderr, which appears with the first text.
pub(crate) struct Spinner {
    is_shown: bool,
    bar: OnceCell<ProgressBar>,
}

impl Spinner {
    /// Creates a spinner, which stays hidden if stderr is not a terminal.
    pub(crate) fn new(ui: &Ui) -> Self {
        Self { is_shown: ui.shows_progress(), bar: OnceCell::new() }
    }

    /// Replaces the text.
    pub(crate) fn show(&self, text: &str) {
        if self.is_shown {
            let bar = self.bar.get_or_init(|| start(None, "{spinner} {msg}"));
            bar.set_message(text.to_owned());
            bar.tick();
        }
    }
}

/// A progress bar on stderr with the rate and the remaining time, which appears with the first number.
pub(crate) struct Bar {
    is_shown: bool,
    total: usize,
    began: Instant,
    bar: OnceCell<ProgressBar>,
}

impl Bar {
    /// Creates a bar for a number of answers, and starts the clock.
    pub(crate) fn new(ui: &Ui, total: usize) -> Self {
        Self { is_shown: ui.shows_progress(), total, began: Instant::now(), bar: OnceCell::new() }
    }

    /// Updates the number of answers.
    pub(crate) fn show(&self, done: usize) {
        if self.is_shown {
            let bar = self.bar.get_or_init(|| start(Some(self.total as u64), "{bar:20} {msg}"));
            bar.set_position(done as u64);
            bar.set_message(pace(done, self.total, self.began.elapsed()));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

fn start(total: Option<u64>, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Returns the progress, the average rate, and the remaining time at that rate.
fn pace(done: usize, total: usize, elapsed: Duration) -> String {
    let answers = format!("{done} of {total} answers");
    let Some(rate) = rate(done, elapsed).filter(|rate| *rate > 0) else { return answers };
    let left = total.saturating_sub(done).div_ceil(rate);
    format!("{answers}, {rate} a second, {} left", time::length(left as time::Seconds))
}

/// Returns the average number per second, rounded, unless it is unknown.
pub(super) fn rate(done: usize, elapsed: Duration) -> Option<usize> {
    let rate = done as f64 / elapsed.as_secs_f64();
    (done > 0 && rate.is_finite()).then_some(rate.round() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_average_since_the_start() {
        for (done, total, seconds, expected) in [
            (0, 100, 1, "0 of 100 answers"),
            (50, 100, 0, "50 of 100 answers"),
            (50, 100, 1, "50 of 100 answers, 50 a second, 1 s left"),
            (3_000, 480_000, 2, "3000 of 480000 answers, 1500 a second, 5 min left"),
            (100, 100, 10, "100 of 100 answers, 10 a second, 0 s left"),
        ] {
            assert_eq!(pace(done, total, Duration::from_secs(seconds)), expected);
        }
    }
}
