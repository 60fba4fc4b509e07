//! The live cluster: one connection, with progress output and interruption by Ctrl-C.

mod error;
pub(crate) mod load;
mod opinion;
mod progress;
mod review;
pub(crate) mod rights;
mod settle;
pub(crate) mod whoami;

use std::cell::RefCell;
use std::time::Duration;

use rolecall_source::cluster::{Cluster, ConfigError, RequestError};
use tokio::runtime::{Builder, Runtime};

use self::error::Place;
use crate::cli::ClusterOptions;
use crate::error::CommandError;
use crate::interrupt;
use crate::ui::Ui;

pub(crate) use opinion::{Opinion, opinion};
use progress::rate;
pub(crate) use progress::{Bar, Spinner};
pub(crate) use review::{Evidence, Reviewed, review, rules};
pub(crate) use settle::settle;

/// A connection to a cluster and its runtime.
pub(crate) struct Live {
    runtime: Runtime,
    cluster: Cluster,
    place: Place,
}

/// The maximum number of subjects of a listing to ask a server about, unless it has to answer everything.
pub(crate) const MOST_SUBJECTS: usize = 200;

/// The delay before progress is shown.
const PROGRESS_DELAY: Duration = Duration::from_millis(500);

/// The interval of progress updates.
const TICK: Duration = Duration::from_millis(100);

/// The delay of a note that replaces progress without a terminal.
pub(super) const NOTE_DELAY: Duration = Duration::from_secs(5);

impl Live {
    /// Prepares a connection according to the options, without sending anything.
    pub(crate) fn connect(ui: &Ui, options: &ClusterOptions) -> Result<Self, CommandError> {
        let source = options.source();
        let plugin = RefCell::new(None);
        let on_plugin = |name: &str| *plugin.borrow_mut() = Some(name.to_owned());
        let waiting = || {
            let plugin = plugin.borrow();
            plugin.as_ref().map(|name| format!("waiting for the credential plugin `{name}`"))
        };
        Self::at(ui, Place::of(options), waiting, async || {
            Cluster::connect_with(&source, &on_plugin).await
        })
    }

    /// Prepares a connection that the caller configures.
    pub(crate) fn with(
        ui: &Ui,
        connect: impl AsyncFnOnce() -> Result<Cluster, ConfigError>,
    ) -> Result<Self, CommandError> {
        Self::at(ui, Place::default(), || None, connect)
    }

    fn at(
        ui: &Ui,
        place: Place,
        waiting: impl Fn() -> Option<String>,
        connect: impl AsyncFnOnce() -> Result<Cluster, ConfigError>,
    ) -> Result<Self, CommandError> {
        interrupt::listen();
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(CommandError::cluster)?;
        let cluster = runtime.block_on(async {
            let mut connecting = std::pin::pin!(connect());
            match tokio::time::timeout(NOTE_DELAY, &mut connecting).await {
                Ok(connected) => connected,
                Err(_) => {
                    if let Some(waiting) = waiting() {
                        ui.note(waiting);
                    }
                    connecting.await
                }
            }
        });
        let cluster = cluster.map_err(|error| error::config_error(&place, error))?;
        tracing::info!("server {}, context {:?}", cluster.server(), cluster.context());
        Ok(Self { runtime, cluster, place })
    }

    /// Returns the connection.
    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Waits for requests, and shows their progress from `label` if they take long.
    pub(crate) fn wait<T>(
        &self,
        ui: &Ui,
        label: impl Fn() -> String,
        requests: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<T, CommandError> {
        let done = self.wait_for_any(ui, label, requests)?;
        done.map_err(|error| self.error(error))
    }

    /// Adds hints to the error of a request.
    pub(crate) fn error(&self, error: RequestError) -> CommandError {
        error::request_error(&self.place, &self.cluster, error)
    }

    /// Waits for a future; Ctrl-C ends the wait with an error.
    pub(crate) fn wait_for_any<T>(
        &self,
        ui: &Ui,
        label: impl Fn() -> String,
        something: impl Future<Output = T>,
    ) -> Result<T, CommandError> {
        let spinner = Spinner::new(ui);
        self.runtime.block_on(async {
            let mut something = std::pin::pin!(something);
            let started = tokio::time::Instant::now() + PROGRESS_DELAY;
            let mut ticks = tokio::time::interval_at(started, TICK);
            let mut interrupt = std::pin::pin!(interrupt::interrupted());
            let mut long = std::pin::pin!(tokio::time::sleep(NOTE_DELAY));
            let mut is_noted = false;
            loop {
                tokio::select! {
                    done = &mut something => return Ok(done),
                    _ = &mut interrupt => return Err(CommandError::interrupted()),
                    _ = ticks.tick() => spinner.show(&label()),
                    () = &mut long, if !is_noted => {
                        is_noted = true;
                        self.note_wait(ui, &label());
                    }
                }
            }
        })
    }

    /// Notes that the command waits for the server, unless progress is shown.
    fn note_wait(&self, ui: &Ui, progress: &str) {
        if !ui.shows_progress() {
            ui.note(format!("waiting for `{}`: {progress}", self.cluster.server()));
        }
    }

    /// Waits for a future that handles Ctrl-C itself.
    pub(crate) fn block_on<T>(&self, something: impl Future<Output = T>) -> T {
        self.runtime.block_on(something)
    }
}
