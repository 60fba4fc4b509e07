//! The arguments of `fix`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};
use rolecall_grant::{Config, GeneratedNames, MissingAccounts, Risky, Scope, Style};

use super::sense::Force;
use crate::answer::fix::Patch;
use crate::cli::{Options, parse_duration};
use crate::error::{CommandError, Hint};
use crate::{question, subject};

/// Write the minimal Roles and RoleBindings that grant what was denied
#[derive(Debug, Args)]
#[command(
    override_usage = "\
rolecall fix <VERB> <RESOURCE>... [--for <SUBJECT>]... [OPTIONS]
       rolecall fix --from-errors <FILE> [OPTIONS]
       rolecall fix --logs <TARGET>... [--since <DURATION>] [OPTIONS]
       rolecall fix --reviews <FILE> [OPTIONS]
       rolecall fix --matrix <FILE> [OPTIONS]
       rolecall fix --from-audit <LOG>... [--used] [--for <SUBJECT>]... [OPTIONS]
       rolecall fix --deploy <CHART> --for <SUBJECT>... [OPTIONS]",
    after_help = format!(include_str!("../../help/fix.txt"), subject = subject::GRAMMAR, resource = question::GRAMMAR),
    group = ArgGroup::new("input").required(true).args(["verb", "from_errors", "logs", "reviews", "matrix", "from_audit", "deploy"])
)]
pub(crate) struct Arguments {
    /// The verb, such as `get` or `list`, or several separated by commas
    #[arg(requires = "resources")]
    pub(super) verb: Option<String>,
    /// The resources or URL paths
    pub(super) resources: Vec<String>,
    /// The subject [default: me]; with --from-errors and --logs, the subject of refusals that do not name
    /// one; can be repeated
    #[arg(long = "for", value_name = "SUBJECT")]
    pub(super) subjects: Vec<String>,
    /// Limit the grant to an object with this name; can be repeated
    #[arg(long = "name", value_name = "NAME")]
    pub(super) names: Vec<String>,
    /// The subresource of the resources, such as `log` of `pods`
    #[arg(long, default_value = "", hide_default_value = true, requires = "resources")]
    pub(super) subresource: String,
    /// Fix the refusals in a text: kubectl errors, logs, exceptions or events; `-` for stdin
    #[arg(long, value_name = "FILE")]
    pub(super) from_errors: Option<PathBuf>,
    /// Fix the refusals in the logs of a Pod or workload, such as pod/NAME or deploy/NAME, for all
    /// containers and including their previous run; can be repeated
    #[arg(long, value_name = "TARGET")]
    pub(super) logs: Vec<String>,
    /// With --logs: read only entries newer than a duration such as `1h`
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(super) since: Option<Duration>,
    /// Fix the denied SubjectAccessReviews in a file: JSON lines, JSON or YAML; `-` for stdin
    #[arg(long, value_name = "FILE")]
    pub(super) reviews: Option<PathBuf>,
    /// Fix the denied cells of a matrix in the format of `can-i -o json`; `-` for stdin
    #[arg(long, value_name = "FILE")]
    pub(super) matrix: Option<PathBuf>,
    /// Fix the refusals in audit logs or summaries of `usage`: files, directories, quoted patterns, or `-`
    /// for stdin; --for selects subjects; can be repeated
    #[arg(long, value_name = "LOG")]
    pub(super) from_audit: Vec<PathBuf>,
    /// Grant what Helm requests to install, upgrade, roll back and uninstall the charts in a directory
    #[arg(long, value_name = "CHART", conflicts_with = "names")]
    pub(super) deploy: Option<PathBuf>,
    /// With --from-audit: grant what subjects used, as if they only had the default roles
    #[arg(long, requires = "from_audit")]
    pub(super) used: bool,
    /// How to grant: a new role, an existing role that is sufficient (reuse), additional rules in a role
    /// that only the subject has (extend), or a correction of one wrong word in an existing object,
    /// printed as a patch of its file (repair)
    #[arg(long, value_enum, default_value_t)]
    pub(super) style: StyleArgument,
    /// With --style reuse: the maximum number of additional permissions that the role can have
    /// [default: 10]
    #[arg(long, value_name = "N")]
    pub(super) max_excess: Option<usize>,
    /// Grant in all namespaces, instead of the requested ones
    #[arg(long)]
    pub(super) cluster_wide: bool,
    /// Also grant permissions that amount to control of the cluster: wildcards, escalate, all Secrets ...
    #[arg(long)]
    pub(super) allow_risky: bool,
    /// Also write rules that match no known request, such as for API groups that are not served
    #[arg(long)]
    pub(super) force: bool,
    /// Limit grants to the requested names even if these are generated, like those of a Deployment's Pods
    #[arg(long)]
    pub(super) keep_names: bool,
    /// Also grant the requests that usually follow: the watch of an informer, all requests of leader
    /// election and of Helm
    #[arg(long)]
    pub(super) complete: bool,
    /// Also write ServiceAccounts that do not exist yet
    #[arg(long = "create-serviceaccount")]
    pub(super) create_service_account: bool,
    /// Grant to a dedicated ServiceAccount for the workload (of --for or --logs), instead of the `default`
    /// one that all Pods share
    #[arg(long = "dedicated-serviceaccount")]
    pub(super) dedicated_service_account: bool,
    /// Check whether you (or the user of --as) can apply the objects, and list missing permissions
    #[arg(long)]
    pub(super) preflight: bool,
    /// Have the server check the objects without storing them
    #[arg(long, value_enum, value_name = "server")]
    pub(super) dry_run: Option<DryRunBy>,
    /// Write one file per namespace to a directory; existing grants in these files are kept
    #[arg(long, value_name = "DIR")]
    pub(super) out_dir: Option<PathBuf>,
    /// With --out-dir: write a kustomization.yaml that lists the files
    #[arg(long, requires = "out_dir")]
    pub(super) kustomization: bool,
    /// Show the changes instead of the objects
    #[arg(long, conflicts_with = "out_dir")]
    pub(super) diff: bool,
    /// Output format; docs/json.md describes json
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) output: FixFormat,
}

/// The default of `--max-excess`.
const MAX_EXCESS: usize = 10;

/// The kinds of objects that grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum StyleArgument {
    #[default]
    New,
    Reuse,
    Extend,
    Repair,
}

/// The checker of the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DryRunBy {
    Server,
}

/// The formats of a fix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum FixFormat {
    #[default]
    Yaml,
    Json,
}

impl Arguments {
    pub(super) fn check(&self, options: &Options) -> Result<(), CommandError> {
        let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
        let input = [&self.from_errors, &self.reviews, &self.matrix].into_iter().flatten();
        let input = input.chain(&self.from_audit).next();
        if input.is_some_and(is_stdin) && options.source.filename.iter().any(is_stdin) {
            return Err(CommandError::usage("`-f -` and the denials cannot both be stdin")
                .with_hint(Hint::pass("-f PATH", "read the manifests from files")));
        }
        let has_denials = input.is_some() || !self.logs.is_empty();
        let is_about_whom = !self.subjects.is_empty() && !self.dedicated_service_account;
        let is_named = is_about_whom && !self.reads_text() && self.from_audit.is_empty();
        if has_denials && (is_named || !self.names.is_empty()) {
            return Err(CommandError::usage(
                "`--for` and `--name` need VERB and RESOURCE; denials contain their own",
            ));
        }
        if self.since.is_some() && self.logs.is_empty() {
            return Err(CommandError::usage("`--since` needs `--logs`")
                .with_hint(Hint::pass("--logs TARGET", "read logs")));
        }
        if self.dedicated_service_account && self.whom().is_empty() {
            return Err(CommandError::usage("`--dedicated-serviceaccount` needs a workload")
                .with_hint(Hint::pass("--for deploy/NAME", "select the workload")));
        }
        if self.max_excess.is_some() && self.style != StyleArgument::Reuse {
            return Err(CommandError::usage("`--max-excess` needs `--style reuse`")
                .with_hint(Hint::pass("--style reuse", "bind an existing role")));
        }
        if self.style == StyleArgument::Repair && self.out_dir.is_some() {
            let command = options.given.clone().without("out_dir").without("kustomization");
            return Err(CommandError::usage("`--style repair` changes existing files").with_hint(
                Hint::run(format!("{} | patch -p1", command.again(&[])), "change the files"),
            ));
        }
        if self.diff && self.output == FixFormat::Json {
            return Err(CommandError::usage("`--diff` does not support `-o json`"));
        }
        Ok(())
    }

    /// Returns whether the input is a text, in which some refusals might not name their user.
    pub(super) fn reads_text(&self) -> bool {
        self.from_errors.is_some() || !self.logs.is_empty()
    }

    /// Returns the subjects. With a dedicated ServiceAccount for the targets of `--logs`, these are the
    /// default.
    pub(super) fn whom(&self) -> &[String] {
        if self.dedicated_service_account && self.subjects.is_empty() {
            &self.logs
        } else {
            &self.subjects
        }
    }

    pub(super) fn force(&self) -> Force {
        if self.force { Force::Anything } else { Force::Known }
    }

    pub(super) fn config(&self, patches: &[Patch]) -> Config {
        let created = self.create_service_account || !patches.is_empty();
        Config {
            style: match self.style {
                StyleArgument::New => Style::New,
                StyleArgument::Reuse => {
                    Style::Reuse { max_excess: Some(self.max_excess.unwrap_or(MAX_EXCESS)) }
                }
                StyleArgument::Extend => Style::Extend,
                // A correction cannot fix these.
                StyleArgument::Repair => Style::New,
            },
            scope: if self.cluster_wide { Scope::ClusterWide } else { Scope::AsAsked },
            risky: if self.allow_risky { Risky::Granted } else { Risky::Refused },
            missing_accounts: if created {
                MissingAccounts::Created
            } else {
                MissingAccounts::Noted
            },
            generated_names: match self.keep_names {
                true => GeneratedNames::Kept,
                false => GeneratedNames::Dropped,
            },
        }
    }
}
