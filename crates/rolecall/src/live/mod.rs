//! The live cluster, as commands use it: connected once, waited for, interrupted by Ctrl-C.

mod error;
mod interrupt;
pub(crate) mod load;
mod progress;
mod review;
pub(crate) mod rights;
pub(crate) mod whoami;

use std::time::Duration;

use rolecall_source::cluster::{Cluster, ClusterOptions as Source, ConfigError, RequestError};
use tokio::runtime::{Builder, Runtime};

use self::error::Place;
use crate::cli::ClusterOptions;
use crate::error::CommandError;
use crate::ui::Ui;

pub(crate) use progress::{Bar, Spinner};
pub(crate) use review::{Evidence, Reviewed, review, rules};

/// A connection to a cluster and what drives it.
pub(crate) struct Live {
    runtime: Runtime,
    cluster: Cluster,
    place: Place,
}

/// How long something may take before its progress is shown.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often shown progress is brought up to date.
const TICK: Duration = Duration::from_millis(100);

impl Live {
    /// Finds out which cluster the options mean; nothing is sent yet.
    pub(crate) fn connect(options: &ClusterOptions) -> Result<Self, CommandError> {
        let source = Source {
            kubeconfig: options.kubeconfig.clone(),
            context: options.context.clone(),
            impersonate_user: options.as_user.clone(),
            // Without a user to impersonate they are groups of `user/NAME`.
            impersonate_groups: match options.as_user {
                Some(_) => options.as_groups.clone(),
                None => Vec::new(),
            },
            request_timeout: options.request_timeout,
        };
        Self::at(Place::of(options), async || Cluster::connect(&source).await)
    }

    /// Prepares to ask a cluster that is named in another way.
    pub(crate) fn with(
        connect: impl AsyncFnOnce() -> Result<Cluster, ConfigError>,
    ) -> Result<Self, CommandError> {
        Self::at(Place::default(), connect)
    }

    fn at(
        place: Place,
        connect: impl AsyncFnOnce() -> Result<Cluster, ConfigError>,
    ) -> Result<Self, CommandError> {
        interrupt::listen();
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(CommandError::cluster)?;
        let cluster =
            runtime.block_on(connect()).map_err(|error| error::config_error(&place, error))?;
        tracing::info!("server {}, context {:?}", cluster.server(), cluster.context());
        Ok(Self { runtime, cluster, place })
    }

    /// Returns the connection.
    pub(crate) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Waits for requests, while `label` says how far they have come once that takes long.
    pub(crate) fn wait<T>(
        &self,
        ui: &Ui,
        label: impl Fn() -> String,
        requests: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<T, CommandError> {
        let done = self.wait_for_any(ui, label, requests)?;
        done.map_err(|error| self.error(error))
    }

    /// Adds what can be done about it to a request that got no usable answer.
    pub(crate) fn error(&self, error: RequestError) -> CommandError {
        error::request_error(&self.place, &self.cluster, error)
    }

    /// Waits for something; Ctrl-C ends the wait with an error.
    pub(crate) fn wait_for_any<T>(
        &self,
        ui: &Ui,
        label: impl Fn() -> String,
        something: impl Future<Output = T>,
    ) -> Result<T, CommandError> {
        let spinner = Spinner::new(ui);
        self.runtime.block_on(async {
            let mut something = std::pin::pin!(something);
            let started = tokio::time::Instant::now() + PATIENCE;
            let mut ticks = tokio::time::interval_at(started, TICK);
            let mut interrupt = std::pin::pin!(interrupt::interrupted());
            loop {
                tokio::select! {
                    done = &mut something => return Ok(done),
                    _ = &mut interrupt => return Err(CommandError::interrupted()),
                    _ = ticks.tick() => spinner.show(&label()),
                }
            }
        })
    }

    /// Waits for something that minds Ctrl-C itself.
    pub(crate) fn block_on<T>(&self, something: impl Future<Output = T>) -> T {
        self.runtime.block_on(something)
    }
}
