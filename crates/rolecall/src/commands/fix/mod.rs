//! `fix`: the minimal YAML that fixes denials.

mod arguments;
mod audit;
mod clues;
mod dedicated;
pub(crate) mod diff;
mod doubts;
mod dry_run;
mod earlier;
pub(crate) mod files;
mod follow_up;
mod gather;
mod input;
mod kustomization;
pub(crate) mod logs;
mod matrix;
mod release;
pub(crate) mod repair;
mod report;
mod review;
pub(crate) mod scan;
mod sense;
mod server;
mod server_report;
mod workloads;

use std::collections::BTreeMap;
use std::io::Write;

use rolecall_grant::{
    Denied, Effort, Plan, Preflight, Risky, follow_ups, yaml_of, yaml_without_comments,
};
use rolecall_rbac::{Identity, Text};
use rolecall_source::cluster::NamespaceState;

pub(crate) use self::arguments::Arguments;
use self::arguments::{DryRunBy, FixFormat, StyleArgument};
use self::input::Input;
use self::logs::Logs;
use self::sense::Force;
use self::server::{Planned, Settled};
use crate::answer::fix::{DryRun, Gathered, Patch};
use crate::answer::repair::Located;
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::load::{Breadth, Session};
use crate::output::{self, FixPlan, Format};
use crate::subject::{self, SubjectArgument};
use crate::ui::Ui;

/// Grants the requests in the arguments.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    arguments.check(options)?;
    let subjects = SubjectArgument::parse_all(arguments.whom())?;
    let input = Input::read(ui, options, arguments)?;
    let mut needs = SubjectArgument::needs(&subjects);
    needs.service_accounts = true;
    needs.namespaces = true;
    needs.looks_for_namespaces = true;
    needs.workloads |= arguments.dedicated_service_account || !arguments.logs.is_empty();
    for target in SubjectArgument::parse_all(&arguments.logs)? {
        needs.further_namespaces.extend(target.namespace().map(str::to_owned));
    }
    if matches!(input, Input::Question(_)) {
        needs.resources.extend(arguments.resources.iter().cloned());
    }
    // Whether only the subject has a role depends on all bindings.
    needs.breadth = Breadth::Roles;
    needs.further_namespaces.extend(input.namespaces());
    let mut session = match arguments.used {
        // The existing roles of a subject already allow the requests that it made.
        true => Session::of_nothing(ui, options)?,
        false => Session::load(ui, options, needs)?,
    };
    session.makes_accounts = arguments.create_service_account;
    let is_question = matches!(input, Input::Question(_) | Input::Releases(_));
    let takes_subjects = is_question
        || arguments.dedicated_service_account
        || arguments.reads_text() && !arguments.subjects.is_empty();
    let subjects = if takes_subjects {
        if arguments.force() == Force::Known {
            refuse_lookalikes(&session, &subjects)?;
            refuse_impossible(&subjects)?;
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
            let about = scan::About { subjects: &named, session: &session, options };
            scan::take(&name, scan, &about, &mut gathered);
        }
    }
    gather::leave_out_dead(&mut gathered);
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
    // Spend less effort on a hint than on a correction.
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
                .with_hint(Hint::pass("--as USER", "set the user that applies them")));
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
        risky: config.risky,
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

/// Rejects subjects that no request comes from, such as a user with the name of a group.
fn refuse_impossible(subjects: &[SubjectArgument]) -> Result<(), CommandError> {
    for argument in subjects {
        let (identity, other) = match argument {
            SubjectArgument::User(name) => (Identity::user(name), Identity::group(name)),
            SubjectArgument::Group(name) => (Identity::group(name), Identity::user(name)),
            _ => continue,
        };
        let Some(dead) = subject::dead(&identity) else { continue };
        let written = subject::label(&identity);
        let error = CommandError::usage(format!(
            "a grant to {written} would have no effect: {}",
            dead.message
        ));
        return Err(match subject::dead(&other) {
            None => error.with_hint(Hint::did_you_mean(written, [subject::label(&other)])),
            Some(_) => error.with_hint(Hint::quote(dead.fix)),
        });
    }
    Ok(())
}

/// Rejects a missing ServiceAccount if another one is probably meant.
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
            .with_hint(Hint::pass("--create-serviceaccount", "also create that ServiceAccount"))
            .with_hint(Hint::pass("--force", "grant to a ServiceAccount that is created later")));
        }
    }
    Ok(())
}

/// The complete result.
struct Fixed<'a> {
    session: &'a Session,
    gathered: Gathered,
    /// The server's answers about the denials.
    settled: Settled,
    /// The requests that usually follow, and are not granted.
    follow_ups: Vec<Denied>,
    /// Whether risky requests are granted.
    risky: Risky,
    /// Corrections that would suffice.
    located: Vec<Located<'a>>,
    /// Whether the output contains the corrections, instead of only mentioning them.
    is_repaired: bool,
    /// Namespaces in which the server would reject the objects.
    refusing: BTreeMap<Text, NamespaceState>,
    plan: Plan,
    patches: Vec<Patch>,
    preflight: Option<Preflight>,
    dry_run: Option<DryRun>,
}

impl Fixed<'_> {
    /// Returns whether applying the objects would certainly fail. Then they are not printed, because the next
    /// command in a pipe would apply them.
    fn is_withheld(&self) -> bool {
        self.preflight.as_ref().is_some_and(Preflight::is_refused)
            || self.dry_run.as_ref().is_some_and(|found| !found.refused.is_empty())
    }
}

impl Arguments {
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
                output::write_versioned(&mut out, Format::Json, &plan)?;
            }
            FixFormat::Yaml if fixed.is_repaired && !is_withheld => {
                out.write_all(doubts.as_bytes())?;
                repair::write_patch(&mut out, &fixed.located)?;
                out.write_all(yaml_without_comments(objects).as_bytes())?;
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
