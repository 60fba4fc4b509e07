//! `fix`: from denials to the least YAML that mends them.

mod dedicated;
mod diff;
mod files;
mod gather;
mod input;
mod matrix;
mod report;
mod review;
mod scan;

use std::io::Write;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use rolecall_grant::{
    Config, MissingAccounts, Plan, Preflight, Risky, Scope, Style, plan, preflight, yaml_of,
};

pub(crate) use self::dedicated::Patch;
use self::gather::Gathered;
pub(crate) use self::gather::Unmended;
use self::input::Input;
pub(crate) use self::report::note_text;
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::load::{Breadth, Session};
use crate::output::{self, FixPlan, Format};
use crate::question;
use crate::subject::{self, SubjectArgument};
use crate::ui::Ui;

/// Write the least Roles and RoleBindings that turn denials into yes
#[derive(Debug, Args)]
#[command(
    override_usage = "\
rolecall fix <VERB> <RESOURCE>... [--for <SUBJECT>]... [OPTIONS]
       rolecall fix --from-errors <FILE> [OPTIONS]
       rolecall fix --reviews <FILE> [OPTIONS]
       rolecall fix --matrix <FILE> [OPTIONS]",
    after_help = after_help(),
    group = ArgGroup::new("input").required(true).args(["verb", "from_errors", "reviews", "matrix"])
)]
pub(crate) struct Arguments {
    /// What is to be done: a verb such as `get`, `list` or `create`, or several with commas
    #[arg(requires = "resources")]
    verb: Option<String>,
    /// To what: resources or URL paths
    resources: Vec<String>,
    /// Who is to do it [default: me]; may be repeated
    #[arg(long = "for", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// Limit it to an object of this name; may be repeated
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// Mend the refusals in a text: kubectl's errors, logs, exceptions, events; `-` is stdin
    #[arg(long, value_name = "FILE")]
    from_errors: Option<PathBuf>,
    /// Mend denied SubjectAccessReviews: JSON lines, JSON or YAML; `-` is stdin
    #[arg(long, value_name = "FILE")]
    reviews: Option<PathBuf>,
    /// Mend the denied cells of a matrix that `can-i -o json` wrote; `-` is stdin
    #[arg(long, value_name = "FILE")]
    matrix: Option<PathBuf>,
    /// Which objects grant: roles of the subject's own, an existing role that covers the need, or
    /// further rules in a role that only the subject has
    #[arg(long, value_enum, default_value_t)]
    style: StyleArgument,
    /// With --style reuse: how many rules of one verb and one resource a role may grant beside
    #[arg(long, value_name = "N")]
    max_excess: Option<usize>,
    /// Grant in all namespaces rather than in those asked for
    #[arg(long)]
    cluster_wide: bool,
    /// Grant what hands out the cluster, too: wildcards, escalate, Secrets everywhere ...
    #[arg(long)]
    allow_risky: bool,
    /// Write the ServiceAccounts that do not exist, too
    #[arg(long = "create-serviceaccount")]
    create_service_account: bool,
    /// Grant to a ServiceAccount of the workload's own rather than to the `default` one of all Pods
    #[arg(long = "dedicated-serviceaccount", requires = "subjects")]
    dedicated_service_account: bool,
    /// Say whether whoever asks (--as, or yourself) may apply the objects, and what is missing
    #[arg(long)]
    preflight: bool,
    /// Write one file a namespace into a directory; objects of other names in them are kept
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
    /// With --out-dir: write a kustomization.yaml that lists the files
    #[arg(long, requires = "out_dir")]
    kustomization: bool,
    /// Show what would change rather than the objects
    #[arg(long, conflicts_with = "out_dir")]
    diff: bool,
    /// How the answer looks; docs/json.md describes json
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: FixFormat,
}

/// Which objects grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum StyleArgument {
    #[default]
    New,
    Reuse,
    Extend,
}

/// The formats of a fix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum FixFormat {
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
  Mend whatever a command was refused
    kubectl get pods 2>&1 | rolecall fix --from-errors -
  Mend whatever the logs of an operator complain of, one file a namespace
    kubectl logs deploy/operator | rolecall fix --from-errors - --out-dir rbac/
  Mend what manifests lack, before they are applied
    rolecall fix --from-errors refused.log -f deploy/
  Bind an existing role, if one grants at most two rules besides
    rolecall fix get pods --for user/jane -n shop --style reuse --max-excess 2
  May I apply that, and what would change?
    rolecall fix list pods --for sa/web -n shop --preflight --diff

What is written grants what was denied and nothing else; that is proved with the evaluator before
anything is printed, and said on stderr. What hands out the cluster is refused, with reasons. Objects
are called rolecall:SUBJECT and labelled app.kubernetes.io/managed-by=rolecall; a further need changes
the same objects.

{}

{}

Exit codes: 0 the fix is printed, or nothing is to do; 1 something stays denied, for no Role mends it or
it is refused as risky; 2 it could not be done; 3 something that was not read decides whether the fix is
needed.",
        subject::GRAMMAR,
        question::GRAMMAR,
    )
}

/// Mends what the arguments name.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    arguments.check(options)?;
    let subjects = SubjectArgument::parse_all(&arguments.subjects)?;
    let input = Input::read(ui, arguments)?;
    let mut needs = SubjectArgument::needs(&subjects);
    needs.service_accounts = true;
    needs.namespaces = true;
    needs.workloads |= arguments.dedicated_service_account;
    // Whether a role is the subject's alone shows only where everything is seen.
    needs.breadth = Breadth::Roles;
    needs.further_namespaces.extend(input.namespaces());
    let session = Session::load(ui, options, needs)?;
    let subjects = match input {
        Input::Question(_) => SubjectArgument::resolve_all(&subjects, ui, &session, options)?,
        _ => Vec::new(),
    };
    let (subjects, patches) = if arguments.dedicated_service_account {
        dedicated::accounts(ui, &session, subjects)?
    } else {
        (subjects, Vec::new())
    };
    let gathered = gather::gather(ui, options, &session, input, &subjects)?;
    let plan = plan(&session.authorizer, &gathered.denied, &arguments.config(&patches));
    let preflight = if arguments.preflight {
        let applier = session.me(options)?;
        Some(preflight(&session.authorizer, &plan.objects, &applier))
    } else {
        None
    };
    let mended = Mended { session: &session, gathered, plan, patches, preflight };
    arguments.write(ui, &mended)?;
    Ok(session.conclude(report::report(ui, options, &mended)))
}

/// Everything that is printed.
struct Mended<'a> {
    session: &'a Session,
    gathered: Gathered,
    plan: Plan,
    patches: Vec<Patch>,
    preflight: Option<Preflight>,
}

impl Arguments {
    fn check(&self, options: &Options) -> Result<(), CommandError> {
        let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
        let input = [&self.from_errors, &self.reviews, &self.matrix].into_iter().flatten().next();
        if input.is_some_and(is_stdin) && options.source.filename.iter().any(is_stdin) {
            return Err(CommandError::usage("`-f -` and the denials cannot both be stdin")
                .with_hint(Hint::pass("-f PATH", "read the manifests from files")));
        }
        if input.is_some() && !(self.subjects.is_empty() && self.names.is_empty()) {
            return Err(CommandError::usage(
                "`--for` and `--name` go with VERB and RESOURCE; denials name their own",
            ));
        }
        if self.max_excess.is_some() && self.style != StyleArgument::Reuse {
            return Err(CommandError::usage("`--max-excess` is about existing roles")
                .with_hint(Hint::pass("--style reuse", "bind one")));
        }
        if self.diff && self.output == FixFormat::Json {
            return Err(CommandError::usage("`--diff` is no JSON"));
        }
        Ok(())
    }

    fn config(&self, patches: &[Patch]) -> Config {
        let created = self.create_service_account || !patches.is_empty();
        Config {
            style: match self.style {
                StyleArgument::New => Style::New,
                StyleArgument::Reuse => Style::Reuse { max_excess: self.max_excess },
                StyleArgument::Extend => Style::Extend,
            },
            scope: if self.cluster_wide { Scope::ClusterWide } else { Scope::AsAsked },
            risky: if self.allow_risky { Risky::Granted } else { Risky::Refused },
            missing_accounts: if created {
                MissingAccounts::Created
            } else {
                MissingAccounts::Noted
            },
        }
    }

    fn write(&self, ui: &Ui, mended: &Mended<'_>) -> Result<(), CommandError> {
        let objects = &mended.plan.objects;
        if let Some(folder) = &self.out_dir {
            files::write(ui, folder, objects, self.kustomization)?;
        }
        let mut out = ui.stdout();
        match self.output {
            FixFormat::Json => {
                let plan = FixPlan::new(
                    &mended.plan,
                    &mended.gathered.unmended,
                    &mended.patches,
                    mended.preflight.as_ref(),
                );
                output::write_structured(&mut out, Format::Json, &plan)?;
            }
            FixFormat::Yaml if self.diff => {
                diff::write(&mut out, mended.session.authorizer.inventory(), objects)?;
            }
            FixFormat::Yaml if self.out_dir.is_none() => {
                out.write_all(yaml_of(objects).as_bytes())?;
            }
            FixFormat::Yaml => {}
        }
        out.flush()?;
        Ok(())
    }
}
