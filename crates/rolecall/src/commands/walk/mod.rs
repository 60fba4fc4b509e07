mod roles;
mod scope;
mod targets;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use clap::Args;
use rolecall_rbac::{Binding, Gap, ServiceAccountName};
use rolecall_walk::{
    Account, HeldRole, Holders, Walk, WalkedIdentity, everything_in, holders, walk,
};

use crate::built_in::SystemOptions;
use crate::cli::{self, Options};
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::listing::{Keys, ListOptions, place, totals};
use crate::load::Session;
use crate::output::{self, AccessWalk, DocumentFormat, WalkFormat};
use crate::render::{self, Strokes, Tree, TreeDetail};
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
    output: WalkFormat,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    system: SystemOptions,
}

/// The maximum number of gaps to report, and of hints of one kind.
const MAX_GAPS: usize = 10;
const HINTS: usize = 3;

impl Arguments {
    /// Returns whether the answer is text, which can be repeated for several targets.
    pub(super) fn is_prose(&self) -> bool {
        matches!(self.output, WalkFormat::Table | WalkFormat::Wide)
    }
}

/// Walks and prints the result.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    let is_tree = matches!(arguments.output, WalkFormat::Table | WalkFormat::Wide);
    arguments.list.size.check(|| is_tree)?;
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
    let structured = |format| {
        let mut out = ui.data();
        let document = AccessWalk::new(&walk, &holders).arranged(&arguments.list);
        output::write_document(&mut out, format, &document)?;
        Ok::<(), CommandError>(out.flush()?)
    };
    match arguments.output {
        WalkFormat::Json => structured(DocumentFormat::Json)?,
        WalkFormat::Jsonl => structured(DocumentFormat::Jsonl)?,
        WalkFormat::Yaml => structured(DocumentFormat::Yaml)?,
        WalkFormat::Table | WalkFormat::Wide => {
            let detail = TreeDetail {
                wide: arguments.output == WalkFormat::Wide,
                defaults: arguments.output == WalkFormat::Wide || arguments.system.show_system,
                catalog: &session.catalog,
                missing_from: session.missing_from(),
            };
            let strokes = Strokes::of_locale(|name| std::env::var(name).ok());
            let trees = render::walk_trees(&walk, detail);
            let trees: Vec<(Keys, Tree)> = match arguments.list.size.summary {
                true => Vec::new(),
                false => {
                    let trees = trees.chain(render::holder_trees(&holders, detail));
                    keys(&walk, &holders).into_iter().zip(trees).collect()
                }
            };
            let is_long = trees.len() > 1;
            let arranged =
                arguments.list.arrange_equals(ui.room(), trees, |(keys, _)| keys.clone());
            for (position, (_, tree)) in arranged.groups.iter().flatten().enumerate() {
                if position > 0 {
                    writeln!(out)?;
                }
                tree.write(&mut out, strokes, ui.columns())?;
            }
            if let Some(omission) = arranged.omission() {
                writeln!(out, "\n{omission}")?;
            }
            if arguments.list.size.summary || is_long {
                let separator = if is_long { "\n" } else { "" };
                writeln!(out, "{separator}{}", counts(&walk, &holders))?;
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
                let inventory = session.authorizer.inventory();
                let namespaces = &options.namespace.namespaces;
                let has_accounts = match &**namespaces {
                    [] => !inventory.service_accounts().is_empty(),
                    namespaces => namespaces
                        .iter()
                        .any(|namespace| !inventory.service_accounts_in(namespace).is_empty()),
                };
                if has_accounts {
                    let command = cli::command_line(vec!["rolecall", "walk", "sa/*"], &options);
                    ui.suggest(Hint::run(command, "walk from the ServiceAccounts"));
                }
            }
            advise(ui, options, session.missing_from(), &walk);
        }
    }
    out.flush()?;
    let is_complete = report_gaps(ui, &walk, &holders);
    Ok(session.conclude(ui, Exit::Inconclusive.when(!is_complete)))
}

/// Returns the keys by which the trees of a walk are sorted and grouped, in their order.
fn keys(walk: &Walk<'_>, holders: &Holders<'_>) -> Vec<Keys> {
    let mut pods: BTreeMap<Option<usize>, usize> = BTreeMap::new();
    for pod in &walk.pods {
        *pods.entry(pod.identity).or_default() += 1;
    }
    let of_identity = |(position, walked): (usize, &WalkedIdentity<'_>)| {
        let binding = walked.bindings.first().map(|bound| bound.binding);
        let account = walked.identity.as_service_account();
        Keys {
            reach: pods.get(&Some(position)).copied().unwrap_or_default(),
            rule: binding.map(|it| it.role_ref.name.to_string()).unwrap_or_default(),
            subject: label(&walked.identity),
            object: binding.map(words::binding).unwrap_or_default(),
            namespace: account.map_or("", |account| account.namespace).to_owned(),
            place: binding.map(|it| place(&it.metadata.origin)).unwrap_or_default(),
            ..Keys::default()
        }
    };
    let nobody = pods.get(&None).map(|pods| Keys { reach: *pods, ..Keys::default() });
    let of_role = |held: &HeldRole<'_>| Keys {
        reach: held.bindings.len(),
        rule: held.name.name.to_string(),
        object: held.name.name.to_string(),
        namespace: held.name.namespace.to_string(),
        place: held.role.map(|role| place(&role.metadata.origin)).unwrap_or_default(),
        ..Keys::default()
    };
    let identities = walk.identities.iter().enumerate().map(of_identity);
    identities.chain(nobody).chain(holders.roles.iter().map(of_role)).collect()
}

/// Counts the objects of a walk.
fn counts(walk: &Walk<'_>, holders: &Holders<'_>) -> String {
    let walked = || walk.identities.iter().flat_map(|walked| &walked.bindings);
    let held = || holders.roles.iter().flat_map(|role| &role.bindings);
    let bindings = walked().map(|bound| bound.binding).chain(held().map(|held| held.binding));
    let bindings: BTreeSet<*const Binding> = bindings.map(std::ptr::from_ref).collect();
    totals(&[
        (walk.pods.len(), "Pod"),
        (walk.identities.len(), "subject"),
        (bindings.len(), "binding"),
        (holders.roles.len(), "role"),
    ])
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
