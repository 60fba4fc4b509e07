//! From options to a [`Session`]: everything that a command answers from.

use std::collections::BTreeSet;

use rolecall_rbac::{Authorizer, Catalog, Identity, Inventory, Metadata, Origin, Text};
use rolecall_source::manifests::{self, LoadConfig};
use rolecall_source::{Problem, ProblemKind, Severity};

use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::ui::Ui;

/// What was read, ready to answer.
pub(crate) struct Session {
    /// The evaluator over everything that was read.
    pub(crate) authorizer: Authorizer,
    /// The served resources.
    pub(crate) catalog: Catalog,
    /// Where questions are asked that name no namespace.
    pub(crate) namespace: String,
    /// Who `me` is, if that is known.
    me: Option<Identity>,
    /// Whether something could not be read that `--keep-going` does not excuse.
    pub(crate) incomplete: bool,
}

/// What a command needs besides roles and bindings; less is asked of a cluster then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// ServiceAccounts.
    pub(crate) service_accounts: bool,
    /// Namespaces.
    pub(crate) namespaces: bool,
    /// Pods and the objects that make them.
    pub(crate) workloads: bool,
}

/// How many problems of the input are told of by themselves; `-v` tells all.
const TOLD: usize = 50;

impl Session {
    /// Reads what the options name, and reports on stderr what could not be read.
    pub(crate) fn load(ui: &Ui, options: &Options, needs: Needs) -> Result<Self, CommandError> {
        let _ = needs;
        if options.source.filename.is_empty() || options.source.overlay {
            return Err(CommandError::cluster("no cluster source in this build")
                .with_hint(Hint::pass("-f PATH", "read manifests or a snapshot")));
        }
        Self::load_manifests(ui, options)
    }

    fn load_manifests(ui: &Ui, options: &Options) -> Result<Self, CommandError> {
        let namespace = options.namespace.first().unwrap_or("default").to_owned();
        let loaded = manifests::load(
            &LoadConfig {
                paths: options.source.filename.clone(),
                default_namespace: namespace.clone(),
                defaults: options.source.defaults,
            },
            std::io::stdin(),
        );
        let authorizer = Authorizer::new(loaded.inventory);
        if let (false, [only]) = (holds_input(authorizer.inventory()), &*loaded.problems) {
            return Err(CommandError::input(only.to_string()).with_hint(remedy(only)));
        }
        let unread = report(ui, options, &loaded.problems);
        if unread && !holds_input(authorizer.inventory()) {
            return Err(CommandError::input("nothing could be read"));
        }
        Ok(Self {
            authorizer,
            catalog: loaded.catalog,
            namespace,
            me: None,
            incomplete: unread && !options.source.keep_going,
        })
    }

    /// Returns who `me` is: `--as`, or whom the cluster says this is.
    pub(crate) fn me(&self, options: &Options) -> Result<Identity, CommandError> {
        let cluster = &options.cluster;
        let Some(name) = &cluster.as_user else {
            return self.me.clone().ok_or_else(|| {
                CommandError::usage("manifests do not tell who `me` is")
                    .with_hint(Hint::pass("--for SUBJECT", "say who asks"))
            });
        };
        let user = Identity::user(name);
        if cluster.as_groups.is_empty() {
            return Ok(user);
        }
        // As the server's impersonation: groups that are given replace a ServiceAccount's own.
        let user = match user.as_service_account() {
            Some(_) => Identity { groups: Vec::new(), ..user }.with_group("system:authenticated"),
            None => user,
        };
        Ok(cluster.as_groups.iter().fold(user, |user, group| user.with_group(group)))
    }

    /// Returns the namespaces in which a question is asked: those that were named, or the one that
    /// goes without saying; with `-A` all at once, which is the empty one.
    pub(crate) fn namespaces(&self, options: &Options) -> Vec<Text> {
        let named = &options.namespace.namespaces;
        match (options.namespace.all_namespaces, named.is_empty()) {
            (true, _) => vec!["".into()],
            (false, true) => vec![self.namespace.as_str().into()],
            (false, false) => {
                let mut seen = BTreeSet::new();
                named.iter().filter(|name| seen.insert(*name)).map(|n| n.as_str().into()).collect()
            }
        }
    }

    /// Returns the exit code of a command that would end so if everything had been read.
    pub(crate) fn conclude(&self, exit: Exit) -> Exit {
        if self.incomplete { Exit::Failed } else { exit }
    }
}

/// Tells of what went wrong while reading, and returns whether something was left unread.
fn report(ui: &Ui, options: &Options, problems: &[Problem]) -> bool {
    let is_error = |problem: &&Problem| problem.severity() == Severity::Error;
    let told = if options.output.verbose > 0 { usize::MAX } else { TOLD };
    for problem in problems.iter().take(told) {
        if is_error(&problem) && !options.source.keep_going {
            ui.problem(problem.to_string());
        } else {
            ui.warn(problem.to_string());
        }
    }
    if let Some(hint) = problems.iter().find_map(remedy) {
        ui.suggest(hint);
    }
    if problems.len() > told {
        ui.problem(format!("{} more problems; `-v` lists them all", problems.len() - told));
    }
    problems.iter().any(|problem| is_error(&problem))
}

/// Returns what the reader can do about a problem.
fn remedy(problem: &Problem) -> Option<Hint> {
    match problem.kind {
        ProblemKind::Unrendered => Some(Hint::run(
            "helm template CHART | rolecall COMMAND -f -",
            "read what the templates make",
        )),
        ProblemKind::NoManifests => {
            Some(Hint::run("rolecall snapshot > cluster.yaml", "get manifests from a live cluster"))
        }
        _ => None,
    }
}

/// Returns whether anything of the input was read, rather than assumed.
fn holds_input(inventory: &Inventory) -> bool {
    let is_read = |metadata: &Metadata| metadata.origin != Origin::Default;
    inventory.roles().iter().any(|role| is_read(&role.metadata))
        || inventory.bindings().iter().any(|binding| is_read(&binding.metadata))
        || !inventory.service_accounts().is_empty()
        || !inventory.namespaces().is_empty()
        || !inventory.workloads().is_empty()
}
