mod roles;
mod scope;
mod targets;

use std::io::Write;

use clap::Args;
use rolecall_rbac::{Gap, ServiceAccountName};
use rolecall_walk::{Account, Holders, Walk, WalkedIdentity, everything_in, holders, walk};

use crate::cli::{self, Options};
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::load::Session;
use crate::output::{self, AccessWalk, Format};
use crate::render::{self, Strokes, TreeDetail};
use crate::subject::label;
use crate::ui::Ui;
use crate::words::{self, MissingFrom};
use scope::{Found, Scope};
use targets::TargetArgument;

/// Walk from Pods to ServiceAccounts, bindings, roles and rules, or from a role to its subjects
#[derive(Debug, Args)]
#[command(after_help = include_str!("../../help/walk.txt"))]
pub(crate) struct Arguments {
    /// The starting point [default: all Pods in the namespace, and all workloads without Pods]
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// The maximum number of gaps to report, and of hints of one kind.
const MAX_GAPS: usize = 10;
const HINTS: usize = 3;

impl Arguments {
    /// Returns whether the answer is text, which can be repeated for several targets.
    pub(super) fn is_prose(&self) -> bool {
        matches!(self.output, Format::Table | Format::Wide)
    }
}

/// Walks and prints the result.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let scope_is_open = Scope::is_open(options);
    let targets = arguments
        .targets
        .iter()
        .map(|text| TargetArgument::parse(text, scope_is_open))
        .collect::<Result<Vec<_>, _>>()?;
    let session = Session::load(ui, options, TargetArgument::needs(&targets))?;
    if session.live().is_none()
        && let Some(me) = arguments.targets.iter().find(|text| *text == "me")
        && options.cluster.as_user.is_none()
    {
        return Err(CommandError::usage(format!("manifests do not define `{me}`"))
            .with_hint(Hint::did_you_mean(me.as_str(), ["sa/NAME"])));
    }
    let scope = Scope::new(&session, options);
    let mut found = Found::default();
    for target in &targets {
        target.find(ui, &session, options, &scope, &mut found)?;
    }
    if targets.is_empty() {
        let inventory = session.authorizer.inventory();
        match scope.namespaces() {
            None => found.walked = everything_in(inventory, None),
            Some(namespaces) => found.walked.extend(
                namespaces.iter().flat_map(|namespace| everything_in(inventory, Some(namespace))),
            ),
        }
    }
    let walk = walk(&session.authorizer, &found.walked);
    let holders = holders(&session.authorizer, &found.roles, &found.bindings);
    let mut out = ui.stdout();
    match arguments.output {
        Format::Json | Format::Yaml => {
            let walk = AccessWalk::new(&walk, &holders);
            output::write_versioned(&mut out, arguments.output, &walk)?;
        }
        Format::Table | Format::Wide => {
            let detail = TreeDetail {
                wide: arguments.output == Format::Wide,
                catalog: &session.catalog,
                missing_from: session.missing_from(),
            };
            let strokes = Strokes::of_locale(|name| std::env::var(name).ok());
            let trees = render::walk_trees(&walk, detail);
            for (position, tree) in trees.chain(render::holder_trees(&holders, detail)).enumerate()
            {
                if position > 0 {
                    writeln!(out)?;
                }
                tree.write(&mut out, strokes, ui.columns())?;
            }
            out.flush()?;
            let is_empty =
                walk.identities.is_empty() && walk.pods.is_empty() && holders.roles.is_empty();
            if is_empty && walk.gaps.is_empty() {
                let mut options = options.clone();
                let place = match &*found.namespaces {
                    [] => scope.place(),
                    named => {
                        let names = named.iter().map(ToString::to_string);
                        options.namespace.namespaces = names.collect();
                        Scope::of(named.to_vec()).place()
                    }
                };
                ui.note(format!("no Pods or workloads found {place}"));
                let command = cli::command_line(vec!["rolecall", "walk", "sa/*"], &options);
                ui.suggest(Hint::run(command, "walk from the ServiceAccounts"));
            }
            advise(ui, options, session.missing_from(), &walk);
        }
    }
    out.flush()?;
    let is_complete = report_gaps(ui, &walk, &holders);
    Ok(session.conclude(ui, Exit::Inconclusive.when(!is_complete)))
}

/// Reports gaps that could add to the result, and returns whether there are none.
fn report_gaps(ui: &Ui, walk: &Walk<'_>, holders: &Holders<'_>) -> bool {
    let mut gaps: Vec<&Gap> = walk.gaps.iter().chain(&holders.gaps).collect();
    gaps.sort();
    gaps.dedup();
    let texts = words::gaps(gaps.iter().copied());
    for text in texts.iter().take(MAX_GAPS) {
        ui.warn(format!("there might be more; could not read: {text}"));
    }
    if texts.len() > MAX_GAPS {
        ui.warn(format!("and {} more gaps", texts.len() - MAX_GAPS));
    }
    let nodes: Vec<String> = walk
        .identities
        .iter()
        .filter(|walked| walked.identity.is_node())
        .map(|walked| label(&walked.identity))
        .collect();
    for node in &nodes {
        ui.warn(format!("{node} can also do what the Node authorizer allows"));
    }
    gaps.is_empty() && nodes.is_empty()
}

/// Prints notes and hints.
fn advise(ui: &Ui, options: &Options, missing_from: MissingFrom, walk: &Walk<'_>) {
    let is_missing = |walked: &&WalkedIdentity<'_>| {
        missing_from == MissingFrom::Cluster && walked.account == Some(Account::Missing)
    };
    let missing = walk.identities.iter().filter(is_missing);
    for account in missing.filter_map(|walked| walked.identity.as_service_account()).take(HINTS) {
        let ServiceAccountName { namespace, name } = account;
        let command = format!("kubectl create serviceaccount {name} -n {namespace}");
        ui.suggest(Hint::run(command, "create it"));
    }
    let [walked] = &*walk.identities else { return };
    let Some(account) = walked.identity.as_service_account() else { return };
    let has_rights = walked.bindings.iter().any(|bound| !bound.is_default_for_everyone());
    if has_rights && account.name == "default" {
        ui.note(format!(
            "every Pod in namespace `{}` without a `serviceAccountName` runs as `default`, and has these \
             rules, too",
            account.namespace
        ));
    }
    if !has_rights && walked.gaps.is_empty() && walked.account != Some(Account::Missing) {
        let mut options = options.clone();
        options.namespace.namespaces = vec![account.namespace.to_owned()];
        options.namespace.all_namespaces = false;
        let subject = label(&walked.identity);
        let words = vec!["rolecall", "why", "list", "pods", "--for", &subject];
        let purpose = "see why a request is denied, and how to allow it";
        ui.suggest(Hint::run(cli::command_line(words, &options), purpose));
    }
}
