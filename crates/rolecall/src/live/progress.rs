//! What a terminal shows while a command waits.

use std::cell::OnceCell;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::ui::Ui;

/// A line on stderr that goes away again; it comes with the first text that is shown.
pub(crate) struct Spinner {
    is_shown: bool,
    bar: OnceCell<ProgressBar>,
}

impl Spinner {
    /// Prepares one; nothing is ever shown where stderr is no terminal.
    pub(crate) fn new(ui: &Ui) -> Self {
        Self { is_shown: ui.shows_progress(), bar: OnceCell::new() }
    }

    /// Shows a text in place of the last one.
    pub(crate) fn show(&self, text: &str) {
        if self.is_shown {
            let bar = self.bar.get_or_init(|| {
                let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
                let style = ProgressStyle::with_template("{spinner} {msg}");
                bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
            });
            bar.set_message(text.to_owned());
            bar.tick();
        }
    }
}

/// A bar on stderr with how much is done, how fast, and how long it will take; it comes with the first
/// number that is shown.
pub(crate) struct Bar {
    is_shown: bool,
    total: usize,
    bar: OnceCell<ProgressBar>,
}

impl Bar {
    /// Prepares one for so many steps.
    pub(crate) fn new(ui: &Ui, total: usize) -> Self {
        Self { is_shown: ui.shows_progress(), total, bar: OnceCell::new() }
    }

    /// Shows how many steps are done.
    pub(crate) fn show(&self, done: usize) {
        if self.is_shown {
            let bar = self.bar.get_or_init(|| {
                let target = ProgressDrawTarget::stderr();
                let bar = ProgressBar::with_draw_target(Some(self.total as u64), target);
                let template = "{bar:30} {pos} of {len} answers, {per_sec}, {eta} left";
                let style = ProgressStyle::with_template(template);
                bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            });
            bar.set_position(done as u64);
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
