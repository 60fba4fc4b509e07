//! `fix`: from denials to the least YAML that fixes them.

mod clues;
mod dedicated;
mod diff;
mod doubts;
mod dry_run;
mod earlier;
mod files;
mod gather;
mod input;
mod kustomization;
pub(crate) mod logs;
mod matrix;
mod repair;
mod report;
mod review;
pub(crate) mod scan;
mod sense;
mod server;
mod workloads;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};
use rolecall_grant::{
    Config, Denied, Effort, GeneratedNames, MissingAccounts, Plan, Preflight, Risky, Scope, Style,
    follow_ups, yaml_of,
};

use self::input::Input;
use self::logs::Logs;

use self::sense::Force;
use self::server::{Planned, Settled};
use rolecall_rbac::Text;
use rolecall_source::cluster::NamespaceState;

use crate::answer::fix::{DryRun, Gathered, Patch};
use crate::answer::repair::Located;
use crate::cli::{Options, parse_duration};
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::load::{Breadth, Session};
use crate::output::{self, FixPlan, Format};
use crate::question;
use crate::subject::{self, SubjectArgument};
use crate::ui::Ui;

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
    verb: Option<String>,
    /// To what: resources or URL paths
    resources: Vec<String>,
    /// Who is to do it [default: me]; with --from-errors and --logs, who was refused where the text does
    /// not say; may be repeated
    #[arg(long = "for", value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// Limit it to an object of this name; may be repeated
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// The subresource of the resources, such as `log` of `pods`
    #[arg(long, default_value = "", hide_default_value = true, requires = "resources")]
    subresource: String,
    /// Fix the refusals in a text: kubectl's errors, logs, exceptions, events; `-` is stdin
    #[arg(long, value_name = "FILE")]
    from_errors: Option<PathBuf>,
    /// Fix the refusals in the logs of a Pod or workload, such as pod/NAME or deploy/NAME: of all its
    /// containers, of this run and the one before; may be repeated
    #[arg(long, value_name = "TARGET")]
    logs: Vec<String>,
    /// With --logs: how far back, such as `1h`
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    since: Option<Duration>,
    /// Fix denied SubjectAccessReviews: JSON lines, JSON or YAML; `-` is stdin
    #[arg(long, value_name = "FILE")]
    reviews: Option<PathBuf>,
    /// Fix the denied cells of a matrix that `can-i -o json` wrote; `-` is stdin
    #[arg(long, value_name = "FILE")]
    matrix: Option<PathBuf>,
    /// Which objects grant: new roles for the subject, an existing role that covers the need, further
    /// rules in a role that only the subject has, or an existing object in which one word is wrong,
    /// printed as a patch of its file
    #[arg(long, value_enum, default_value_t)]
    style: StyleArgument,
    /// With --style reuse: how many rules of one verb and one resource a role may grant beside
    /// [default: 10]
    #[arg(long, value_name = "N")]
    max_excess: Option<usize>,
    /// Grant in all namespaces rather than in those asked for
    #[arg(long)]
    cluster_wide: bool,
    /// Also grant what amounts to control of the cluster: wildcards, escalate, Secrets everywhere ...
    #[arg(long)]
    allow_risky: bool,
    /// Also write rules that no request is known to match, such as for API groups that no server serves
    #[arg(long)]
    force: bool,
    /// Limit grants to the names asked for even where a program generated them, as for the Pods of a
    /// Deployment
    #[arg(long)]
    keep_names: bool,
    /// Also grant what clients usually ask next: the watch of an informer that lists, all that leader
    /// election and Helm need
    #[arg(long)]
    complete: bool,
    /// Also write the ServiceAccounts that do not exist
    #[arg(long = "create-serviceaccount")]
    create_service_account: bool,
    /// Grant to a dedicated ServiceAccount for the workload (--for, or --logs) rather than to the `default`
    /// one that all Pods share
    #[arg(long = "dedicated-serviceaccount")]
    dedicated_service_account: bool,
    /// Check whether the caller (--as, or yourself) can apply the objects, and what is missing
    #[arg(long)]
    preflight: bool,
    /// Have the server check the objects without storing them
    #[arg(long, value_enum, value_name = "server")]
    dry_run: Option<DryRunBy>,
    /// Write one file per namespace into a directory; what such files grant already is kept
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

/// How many rules of one verb and one resource an existing role may grant beside the need, unless
/// `--max-excess` says so.
const MAX_EXCESS: usize = 10;

/// Which objects grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum StyleArgument {
    #[default]
    New,
    Reuse,
    Extend,
    Repair,
}

/// Who checks the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DryRunBy {
    Server,
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

/// Grants what the arguments name.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    arguments.check(options)?;
    let subjects = SubjectArgument::parse_all(arguments.whom())?;
    let input = Input::read(ui, arguments)?;
    let mut needs = SubjectArgument::needs(&subjects);
    needs.service_accounts = true;
    needs.namespaces = true;
    needs.looks_for_namespaces = true;
    needs.workloads |= arguments.dedicated_service_account || !arguments.logs.is_empty();
    for target in SubjectArgument::parse_all(&arguments.logs)? {
        needs.further_namespaces.extend(target.namespace().map(str::to_owned));
    }
    // Whether a role is the subject's alone shows only where everything is seen.
    needs.breadth = Breadth::Roles;
    needs.further_namespaces.extend(input.namespaces());
    let mut session = Session::load(ui, options, needs)?;
    session.makes_accounts = arguments.create_service_account;
    let is_question = matches!(input, Input::Question(_));
    let takes_subjects = is_question
        || arguments.dedicated_service_account
        || arguments.reads_text() && !arguments.subjects.is_empty();
    let subjects = if takes_subjects {
        if arguments.force() == Force::Known {
            refuse_lookalikes(&session, &subjects)?;
        }
        SubjectArgument::resolve_all(&subjects, ui, &session, options)?
    } else {
        Vec::new()
    };
    let (subjects, mut patches) = if arguments.dedicated_service_account {
        dedicated::accounts(ui, &session, subjects)?
    } else {
        (subjects, Vec::new())
    };
    let mut gathered = gather::gather(ui, options, &session, input, &subjects, arguments.force())?;
    let named = if arguments.dedicated_service_account { Vec::new() } else { subjects };
    if !arguments.logs.is_empty() {
        let Logs { scans, clues, unread } =
            logs::read(ui, &session, &arguments.logs, arguments.since)?;
        gathered.is_from_informers = clues.are_of_informers();
        gathered.unread_logs = unread;
        for (name, scan) in scans {
            let about = scan::About { subjects: &named, namespace: session.namespace(), options };
            scan::take(&name, scan, &about, &mut gathered);
        }
    }
    if !is_question {
        patches = dedicated::take_over(ui, &mut gathered, patches)?;
    }
    let follow_ups = follow_ups(&gathered.denied, &session.catalog);
    if arguments.complete {
        gathered.denied.extend(follow_ups.iter().cloned());
    }
    let settled = server::settle(ui, options, &session, &mut gathered)?;
    let allowed = settled.take_allowed(&session, &mut gathered.denied);
    let _lock = match &arguments.out_dir {
        Some(folder) => Some(files::lock(ui, folder)?),
        None => None,
    };
    let earlier = match &arguments.out_dir {
        Some(folder) => earlier::laid_over(ui, &session.authorizer, folder)?,
        None => None,
    };
    let authorizer = earlier.as_ref().unwrap_or(&session.authorizer);
    let config = arguments.config(&patches);
    // A hint is worth less than a correction.
    let effort = match arguments.style {
        StyleArgument::Repair => Effort { denials: 20, corrections: 40 },
        _ => Effort { denials: 3, corrections: 6 },
    };
    let (denied, catalog) = (&gathered.denied, &session.catalog);
    let repairs = rolecall_grant::repair(authorizer, denied, catalog, config.risky, effort);
    let located = repair::locate(&repairs.repairs);
    let is_repaired = arguments.style == StyleArgument::Repair && !located.is_empty();
    let (authorizer, denied) = match &repairs.authorizer {
        Some(repaired) if is_repaired => (repaired, &repairs.left),
        _ => (authorizer, &gathered.denied),
    };
    let Planned { mut plan, authorizer: known } =
        server::plan_with_existing(ui, &session, authorizer, denied, &config)?;
    if is_repaired {
        repair::take(&mut plan, &located, denied);
    }
    plan.answers.extend(allowed);
    plan.answers.sort_by(|left, right| left.denied.cmp(&right.denied));
    settled.settle(&mut plan.answers);
    let refusing = server::refusing_namespaces(ui, &session, &plan)?;
    let preflight = if arguments.preflight {
        let knows_applier = session.live().is_some() || options.cluster.as_user.is_some();
        if !knows_applier {
            return Err(CommandError::usage("manifests do not show who applies the objects")
                .with_hint(Hint::pass("--as USER", "name the user who does")));
        }
        let applier = session.me(ui, options)?;
        let authorizer = known.as_ref().unwrap_or(&session.authorizer);
        Some(server::preflight_of(ui, &session, authorizer, &plan, &applier)?)
    } else {
        None
    };
    let dry_run = match arguments.dry_run {
        Some(DryRunBy::Server) => Some(dry_run::check(ui, &session, &plan.objects)?),
        None => None,
    };
    let follow_ups = if arguments.complete { Vec::new() } else { follow_ups };
    let fixed = Fixed {
        session: &session,
        gathered,
        settled,
        follow_ups,
        located,
        is_repaired,
        refusing,
        plan,
        patches,
        preflight,
        dry_run,
    };
    arguments.write(ui, &fixed)?;
    Ok(session.conclude(ui, report::report(ui, options, &fixed)))
}

/// Refuses to grant to a ServiceAccount that does not exist where another one is probably meant.
fn refuse_lookalikes(session: &Session, subjects: &[SubjectArgument]) -> Result<(), CommandError> {
    for subject in subjects {
        let SubjectArgument::ServiceAccount { namespace, name } = subject else { continue };
        let namespace = namespace.as_deref().unwrap_or(session.namespace());
        let meant = subject::lookalikes(session, namespace, name);
        if !meant.is_empty() {
            return Err(CommandError::usage(format!(
                "there is no ServiceAccount `{name}` in namespace `{namespace}`"
            ))
            .with_hint(Hint::did_you_mean(format!("sa/{namespace}:{name}"), meant))
            .with_hint(Hint::pass("--create-serviceaccount", "create that ServiceAccount, too"))
            .with_hint(Hint::pass("--force", "grant to a ServiceAccount that is created later")));
        }
    }
    Ok(())
}

/// Everything that is printed.
struct Fixed<'a> {
    session: &'a Session,
    gathered: Gathered,
    /// What the server says of the denials.
    settled: Settled,
    /// What clients usually ask next, and is not granted.
    follow_ups: Vec<Denied>,
    /// Words whose correction would suffice.
    located: Vec<Located<'a>>,
    /// Whether they are corrected, rather than reported.
    is_repaired: bool,
    /// Namespaces in which the server would refuse the objects.
    refusing: BTreeMap<Text, NamespaceState>,
    plan: Plan,
    patches: Vec<Patch>,
    preflight: Option<Preflight>,
    dry_run: Option<DryRun>,
}

impl Fixed<'_> {
    /// Returns whether something is known to keep the objects from being applied; then they are not
    /// printed, for the next command in a pipe would try.
    fn is_withheld(&self) -> bool {
        self.preflight.as_ref().is_some_and(Preflight::is_refused)
            || self.dry_run.as_ref().is_some_and(|found| !found.refused.is_empty())
    }
}

impl Arguments {
    fn check(&self, options: &Options) -> Result<(), CommandError> {
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
    fn reads_text(&self) -> bool {
        self.from_errors.is_some() || !self.logs.is_empty()
    }

    /// Returns the subjects that were named; whoever wants a ServiceAccount for what wrote a log need not
    /// name it twice.
    fn whom(&self) -> &[String] {
        if self.dedicated_service_account && self.subjects.is_empty() {
            &self.logs
        } else {
            &self.subjects
        }
    }

    fn force(&self) -> Force {
        if self.force { Force::Anything } else { Force::Known }
    }

    fn config(&self, patches: &[Patch]) -> Config {
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

    fn write(&self, ui: &Ui, fixed: &Fixed<'_>) -> Result<(), CommandError> {
        let objects = &fixed.plan.objects;
        let is_withheld = fixed.is_withheld();
        let doubts = doubts::comments(&fixed.plan);
        if let Some(folder) = self.out_dir.as_ref().filter(|_| !is_withheld) {
            let with = files::Extras { comments: &doubts, kustomization: self.kustomization };
            files::write(ui, folder, objects, with)?;
        }
        let mut out = ui.stdout();
        match self.output {
            FixFormat::Json => {
                let plan = FixPlan::new(
                    &fixed.plan,
                    &fixed.gathered,
                    &fixed.patches,
                    fixed.preflight.as_ref(),
                    fixed.dry_run.as_ref(),
                    &fixed.located,
                );
                output::write_structured(&mut out, Format::Json, &plan)?;
            }
            FixFormat::Yaml if fixed.is_repaired && !is_withheld => {
                out.write_all(doubts.as_bytes())?;
                repair::write_patch(&mut out, &fixed.located)?;
                out.write_all(repair::yaml(objects).as_bytes())?;
            }
            FixFormat::Yaml if self.diff => {
                diff::write(&mut out, fixed.session.authorizer.inventory(), objects)?;
            }
            FixFormat::Yaml if self.out_dir.is_none() && !is_withheld => {
                out.write_all(doubts.as_bytes())?;
                out.write_all(yaml_of(objects).as_bytes())?;
            }
            FixFormat::Yaml => {}
        }
        out.flush()?;
        Ok(())
    }
}
