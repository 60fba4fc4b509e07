//! The report about a session, which `report` writes and `serve` shows.

mod input;
mod paths;
mod scope;
mod usage;

use std::path::PathBuf;

use clap::Args;
use rolecall_check::{CheckConfig, Date, KubernetesVersion, searches_paths};
use rolecall_paths::Assumptions;
use rolecall_report::ReportInput;

use crate::cli::Options;
use crate::config;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::load::{Breadth, Names, Needs, Session};
use crate::time;
use crate::ui::Ui;
use crate::usage::{LogFormat, Logs, read_evidence};

/// The input of a report.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArguments {
    /// Files, directories or `-` for stdin, like -f
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The title [default: the name of the cluster or of the paths]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// The configuration file, as for `check`: expectations, severities and suppressions
    #[arg(long, value_name = "FILE", visible_alias = "config")]
    expectations: Vec<PathBuf>,
    /// The Kubernetes version to assess risks for [default: that of --defaults]
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<KubernetesVersion>,
    /// The date that decides which suppressions have expired [default: today, in UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Date>,
    /// An audit log or a summary of `usage`, to show which rights were used: a file, a directory, a
    /// quoted pattern, or `-` for stdin; can be repeated
    #[arg(long = "usage", value_name = "LOG")]
    logs: Vec<PathBuf>,
}

/// The options and the configuration with which a report reads its input.
pub(crate) struct ReportSettings {
    /// The options, with the paths and the configuration of the report.
    pub(crate) options: Options,
    config: CheckConfig,
    title: Option<String>,
    version: KubernetesVersion,
    today: Option<Date>,
    logs: Vec<PathBuf>,
}

impl ReportArguments {
    /// Returns the named files and directories of the input and of its configuration, without logs.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.paths.iter().chain(&self.expectations)
    }

    /// Returns the named logs.
    pub(crate) fn logs(&self) -> &[PathBuf] {
        &self.logs
    }

    /// Reads the logs, and returns the exit code for unreadable parts of them; `None` if none are named.
    pub(crate) fn read_logs(&self, ui: &Ui) -> Result<Option<(Logs, Exit)>, CommandError> {
        match self.logs.is_empty() {
            true => Ok(None),
            false => read_evidence(ui, &self.logs, LogFormat::Auto).map(Some),
        }
    }

    /// Reads the configuration.
    pub(crate) fn settings(
        &self,
        ui: &Ui,
        options: &Options,
    ) -> Result<ReportSettings, CommandError> {
        let mut options = options.clone();
        options.source.filename.extend(self.paths.iter().cloned());
        let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
        if self.logs.iter().any(is_stdin) && options.source.filename.iter().any(is_stdin) {
            return Err(CommandError::usage("`--usage` and `-f` cannot both be stdin"));
        }
        let config = config::load(ui, &self.expectations, &options.source.filename)?;
        options.source.exclude.extend(config.exclude.iter().cloned());
        options.source.is_configured = true;
        options.source.settings.clone_from(&config.render);
        let version = options.source.kubernetes_version(self.kubernetes_version);
        Ok(ReportSettings {
            options,
            config,
            title: self.title.clone(),
            version,
            today: self.today,
            logs: self.logs.clone(),
        })
    }
}

impl ReportSettings {
    /// Returns the data that a report needs.
    pub(crate) fn needs(&self) -> Needs {
        let is_limited = self.options.namespace.first().is_some();
        Needs {
            service_accounts: true,
            namespaces: true,
            workloads: true,
            names: Names::All,
            breadth: if is_limited { Breadth::Asked } else { Breadth::All },
            keeps_stdin: true,
            ..Needs::default()
        }
    }

    /// Passes the report about a session and logs to `write`.
    pub(crate) fn report<T>(
        &self,
        session: &Session,
        logs: Option<&Logs>,
        write: impl FnOnce(&ReportInput<'_>) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let Self { options, config, version, .. } = self;
        let today = match self.today {
            Some(today) => today,
            None => time::today().parse().map_err(CommandError::input)?,
        };
        let findings = input::findings(session, options, config, *version, today);
        let assumptions = Assumptions { version: *version, ..Assumptions::default() };
        let inventory = session.authorizer.inventory();
        let paths = searches_paths(inventory).then(|| paths::of(session, assumptions));
        let usage = logs.map(|logs| usage::of(session, logs, &self.logs, *version)).transpose()?;
        write(&ReportInput {
            authorizer: &session.authorizer,
            catalog: &session.catalog,
            scope: &scope::of(session, options, self.title.as_deref(), findings.suppressed),
            findings: &findings.findings(),
            paths: paths.as_ref(),
            usage: usage.as_ref(),
        })
    }
}
