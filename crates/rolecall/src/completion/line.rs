//! The options before the cursor, and the input that they select.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{ArgMatches, FromArgMatches};
use rolecall_rbac::{Catalog, Inventory, InventoryBuilder};
use rolecall_source::cluster::{
    Cluster, ClusterOptions, KubeconfigNames, Needs, RequestError, Terminal,
};
use rolecall_source::facts;
use rolecall_source::manifests::{self, LoadConfig, Selection};
use tokio::runtime::Builder;

use crate::arguments;
use crate::cli::Options;

/// The time for everything that a cluster is asked.
const PATIENCE: Duration = Duration::from_millis(800);

/// The command line before the cursor.
pub(super) struct Line {
    options: Options,
    matches: ArgMatches,
    deadline: Instant,
}

/// Objects, and the namespace of names without one.
pub(super) struct Read {
    pub(super) inventory: Inventory,
    pub(super) namespace: String,
}

impl Line {
    /// Parses the words before the cursor, however incomplete.
    pub(super) fn parse(words: &[OsString]) -> Option<Self> {
        let grammar = || arguments::grammar().ignore_errors(true);
        let matches = grammar()
            .try_get_matches_from(words)
            .or_else(|_| grammar().try_get_matches_from(words.iter().take(1)))
            .ok()?;
        let options = Options::from_arg_matches(&matches).ok()?;
        Some(Self { options, matches, deadline: Instant::now() + PATIENCE })
    }

    /// Returns the values of an argument of the command.
    pub(super) fn values(&self, argument: &str) -> Vec<&str> {
        let of_command = self.matches.subcommand().map(|(_, matches)| matches);
        let values = of_command.and_then(|it| it.try_get_many::<String>(argument).ok().flatten());
        values.into_iter().flatten().map(String::as_str).collect()
    }

    /// Returns whether the question is about all namespaces.
    pub(super) fn is_everywhere(&self) -> bool {
        self.options.namespace.all_namespaces
    }

    /// Reads objects of the manifests or of the cluster, as far as there is time.
    pub(super) fn read(&self, needs: impl FnOnce(&str) -> Needs) -> Read {
        let mut builder = InventoryBuilder::new();
        let mut namespace = self.options.namespace.first().map(str::to_owned);
        let named = namespace.clone();
        if self.reads_cluster() {
            let loaded = self.ask(async |cluster| {
                let namespace = named.unwrap_or_else(|| cluster.namespace().to_owned());
                let loaded = cluster.load(&needs(&namespace), &Arc::default()).await?;
                Ok((namespace, loaded.builder))
            });
            if let Some((of_cluster, loaded)) = loaded {
                namespace = Some(of_cluster);
                builder.append(loaded);
            }
        }
        let namespace = namespace.unwrap_or_else(|| "default".to_owned());
        if self.reads_files() {
            builder.append(self.manifests().inventory.into_builder());
        }
        Read { inventory: builder.build(), namespace }
    }

    /// Reads the objects of manifests, and the default roles without any.
    pub(super) fn manifests(&self) -> manifests::Loaded {
        let paths = self.options.source.filename.iter();
        let config = LoadConfig {
            // The user is typing into the standard input.
            paths: paths.filter(|path| path.as_os_str() != "-").cloned().collect(),
            default_namespace: self.options.namespace.first().unwrap_or("default").to_owned(),
            defaults: self.options.source.defaults,
            selection: Selection::Everything,
            exclude: self.options.source.exclude.iter().map(|it| it.glob.clone()).collect(),
        };
        manifests::load(&config, std::io::empty())
    }

    /// Returns the resources that are served.
    pub(super) fn catalog(&self) -> Catalog {
        let served = match self.reads_cluster() {
            true => self.ask(async |cluster| Ok(cluster.discover().await?.catalog)),
            false => Some(self.manifests().catalog),
        };
        served.unwrap_or_else(|| facts::catalog(self.options.source.release()))
    }

    /// Returns the names in the kubeconfig.
    pub(super) fn kubeconfig(&self) -> KubeconfigNames {
        let path: Option<&PathBuf> = self.options.cluster.kubeconfig.as_ref();
        KubeconfigNames::read(path.map(PathBuf::as_path)).unwrap_or_default()
    }

    /// Returns whether `-f` names manifests.
    pub(super) fn reads_files(&self) -> bool {
        !self.options.source.filename.is_empty()
    }

    fn reads_cluster(&self) -> bool {
        !self.reads_files() || self.options.source.overlay
    }

    /// Asks the cluster, unless the time is over.
    fn ask<T>(&self, question: impl AsyncFnOnce(&Cluster) -> Result<T, RequestError>) -> Option<T> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let options = ClusterOptions {
            request_timeout: Some(left.max(Duration::from_millis(1))),
            terminal: Terminal::Unavailable,
            ..self.options.cluster.source()
        };
        let runtime = Builder::new_current_thread().enable_all().build().ok()?;
        let asking = async {
            let cluster = Cluster::connect(&options).await.ok()?;
            question(&cluster).await.ok()
        };
        let answer = runtime.block_on(async { tokio::time::timeout(left, asking).await });
        // A look-up of a host name cannot be canceled.
        runtime.shutdown_background();
        answer.ok().flatten()
    }
}
