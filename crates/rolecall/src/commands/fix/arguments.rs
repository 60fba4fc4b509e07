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
       rolecall fix --matrix <FILE> [OPTIONS]",
    after_help = after_help(),
    group = ArgGroup::new("input").required(true).args(["verb", "from_errors", "logs", "reviews", "matrix"])
)]
pub(crate) struct Arguments {
    /// What is to be done: a verb such as `get`, `list` or `create`, or several with commas
    #[arg(requires = "resources")]
    pub(super) verb: Option<String>,
    /// To what: resources or URL paths
    pub(super) resources: Vec<String>,
    /// Who is to do it [default: me]; with --from-errors and --logs, who was refused where the text does
    /// not say; may be repeated
    #[arg(long = "for", value_name = "SUBJECT")]
    pub(super) subjects: Vec<String>,
    /// Limit it to an object of this name; may be repeated
    #[arg(long = "name", value_name = "NAME")]
    pub(super) names: Vec<String>,
    /// The subresource of the resources, such as `log` of `pods`
    #[arg(long, default_value = "", hide_default_value = true, requires = "resources")]
    pub(super) subresource: String,
    /// Fix the refusals in a text: kubectl's errors, logs, exceptions, events; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub(super) from_errors: Option<PathBuf>,
    /// Fix the refusals in the logs of a Pod or workload, such as pod/NAME or deploy/NAME: of all its
    /// containers, of this run and the one before; may be repeated
    #[arg(long, value_name = "TARGET")]
    pub(super) logs: Vec<String>,
    /// With --logs: how far back, such as `1h`
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(super) since: Option<Duration>,
    /// Fix denied SubjectAccessReviews: JSON lines, JSON or YAML; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub(super) reviews: Option<PathBuf>,
    /// Fix the denied cells of a matrix that `can-i -o json` wrote; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub(super) matrix: Option<PathBuf>,
    /// Which objects grant: new roles for the subject, an existing role that covers the need, further
    /// rules in a role that only the subject has, or an existing object in which one word is wrong,
    /// printed as a patch of its file
    #[arg(long, value_enum, default_value_t)]
    pub(super) style: StyleArgument,
    /// With --style reuse: how many rules of one verb and one resource a role may grant beside
    /// [default: 10]
    #[arg(long, value_name = "N")]
    pub(super) max_excess: Option<usize>,
    /// Grant in all namespaces rather than in those asked for
    #[arg(long)]
    pub(super) cluster_wide: bool,
    /// Also grant what amounts to control of the cluster: wildcards, escalate, Secrets everywhere ...
    #[arg(long)]
    pub(super) allow_risky: bool,
    /// Also write rules that no request is known to match, such as for API groups that no server serves
    #[arg(long)]
    pub(super) force: bool,
    /// Limit grants to the names asked for even where a program generated them, as for the Pods of a
    /// Deployment
    #[arg(long)]
    pub(super) keep_names: bool,
    /// Also grant what clients usually ask next: the watch of an informer that lists, all that leader
    /// election and Helm need
    #[arg(long)]
    pub(super) complete: bool,
    /// Also write the ServiceAccounts that do not exist
    #[arg(long = "create-serviceaccount")]
    pub(super) create_service_account: bool,
    /// Grant to a dedicated ServiceAccount for the workload (--for, or --logs) rather than to the `default`
    /// one that all Pods share
    #[arg(long = "dedicated-serviceaccount")]
    pub(super) dedicated_service_account: bool,
    /// Check whether the caller (--as, or yourself) can apply the objects, and what is missing
    #[arg(long)]
    pub(super) preflight: bool,
    /// Have the server check the objects without storing them
    #[arg(long, value_enum, value_name = "server")]
    pub(super) dry_run: Option<DryRunBy>,
    /// Write one file per namespace into a directory; what such files grant already is kept
    #[arg(long, value_name = "DIR")]
    pub(super) out_dir: Option<PathBuf>,
    /// With --out-dir: write a kustomization.yaml that lists the files
    #[arg(long, requires = "out_dir")]
    pub(super) kustomization: bool,
    /// Show what would change rather than the objects
    #[arg(long, conflicts_with = "out_dir")]
    pub(super) diff: bool,
    /// How the answer looks; docs/json.md describes json
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) output: FixFormat,
}

/// How many rules of one verb and one resource an existing role may grant beside the need, unless
/// `--max-excess` says so.
const MAX_EXCESS: usize = 10;

/// Which objects grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum StyleArgument {
    #[default]
    New,
    Reuse,
    Extend,
    Repair,
}

/// Who checks the objects.
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

fn after_help() -> String {
    format!(
        "\
Examples:
  Let the ServiceAccount `web` of namespace `shop` list and watch Pods and Services
    rolecall fix list,watch pods services --for sa/web -n shop | kubectl apply -f -
  Grant what a command was refused
    kubectl get pods 2>&1 | rolecall fix --from-errors -
  Grant what an operator's Pods were refused in the last hour, one file per namespace
    rolecall fix --logs deploy/operator -n operators --since 1h --out-dir rbac/
  Grant what manifests lack, before they are applied
    rolecall fix --from-errors refused.log -f deploy/
  Bind an existing role, if one grants at most two rules besides
    rolecall fix get pods --for user/jane -n shop --style reuse --max-excess 2
  Correct the one word that is wrong in manifests
    rolecall fix list pods --for sa/web -n shop -f deploy/ --style repair | patch -p1
  May I apply that, does the server take it, and what would change?
    rolecall fix list pods --for sa/web -n shop --preflight --dry-run server --diff

The output grants what was denied and nothing else: the evaluator proves that before anything is
printed, and stderr says so. Grants that amount to control of the cluster are refused, with reasons.
Objects are called rolecall:SUBJECT and labelled app.kubernetes.io/managed-by=rolecall; a further need changes
the same objects.

{}

{}

Exit codes: 0 the fix is printed, or nothing has to be done; 1 something stays denied, because no Role
can allow it or it is refused as risky; 2 an error; 3 something that was not read decides whether the fix is
needed.",
        subject::GRAMMAR,
        question::GRAMMAR,
    )
}

impl Arguments {
    pub(super) fn check(&self, options: &Options) -> Result<(), CommandError> {
        let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
        let input = [&self.from_errors, &self.reviews, &self.matrix].into_iter().flatten().next();
        if input.is_some_and(is_stdin) && options.source.filename.iter().any(is_stdin) {
            return Err(CommandError::usage("`-f -` and the denials cannot both be stdin")
                .with_hint(Hint::pass("-f PATH", "read the manifests from files")));
        }
        let has_denials = input.is_some() || !self.logs.is_empty();
        let is_about_whom = !self.subjects.is_empty() && !self.dedicated_service_account;
        let is_named = is_about_whom && !self.reads_text();
        if has_denials && (is_named || !self.names.is_empty()) {
            return Err(CommandError::usage(
                "`--for` and `--name` go with VERB and RESOURCE; denials name their own",
            ));
        }
        if self.since.is_some() && self.logs.is_empty() {
            return Err(CommandError::usage("`--since` is about logs")
                .with_hint(Hint::pass("--logs TARGET", "read some")));
        }
        if self.dedicated_service_account && self.whom().is_empty() {
            return Err(CommandError::usage("`--dedicated-serviceaccount` goes with a workload")
                .with_hint(Hint::pass("--for deploy/NAME", "name it")));
        }
        if self.max_excess.is_some() && self.style != StyleArgument::Reuse {
            return Err(CommandError::usage("`--max-excess` is about existing roles")
                .with_hint(Hint::pass("--style reuse", "bind one")));
        }
        if self.style == StyleArgument::Repair && self.out_dir.is_some() {
            return Err(CommandError::usage("`--style repair` changes objects where they are")
                .with_hint(Hint::run(
                    "rolecall fix ... --style repair | patch -p1",
                    "change them",
                )));
        }
        if self.diff && self.output == FixFormat::Json {
            return Err(CommandError::usage("`--diff` is no JSON"));
        }
        Ok(())
    }

    /// Returns whether refusals are read from a text, some of which may not name their user.
    pub(super) fn reads_text(&self) -> bool {
        self.from_errors.is_some() || !self.logs.is_empty()
    }

    /// Returns the subjects that were named; whoever wants a ServiceAccount for what wrote a log need not
    /// name it twice.
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
                // What no word is to blame for.
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
