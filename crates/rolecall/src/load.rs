//! From options to a [`Session`]: everything that a command answers from.

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rolecall_rbac::{
    AggregationDrift, Authorizer, Catalog, Glob, Identity, Inventory, Metadata, Origin, Replaced,
    Text, resolve_aggregation,
};
use rolecall_source::cluster::ForbiddenList;
use rolecall_source::manifests::{self, Defaults, FileRead, LoadConfig, Loaded, Selection};
use rolecall_source::{Problem, ProblemKind, Severity};

use crate::cli::Options;
use crate::config;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::live::{self, Live};
pub(crate) use crate::needs::{Breadth, Needs};
use crate::patience::Patience;
use crate::place::{self, Place};
use crate::text::Copied;
use crate::ui::Ui;
use crate::{unrendered, words};

/// What was read, ready to answer.
pub(crate) struct Session {
    /// The evaluator over everything that was read. The process ends with the command, which frees it
    /// all at once: object by object that is a tenth of a command's time.
    pub(crate) authorizer: ManuallyDrop<Authorizer>,
    /// The served resources.
    pub(crate) catalog: Catalog,
    /// Where questions are asked that name no namespace.
    pub(crate) place: Place,
    /// Aggregated ClusterRoles whose written rules are not what a controller makes of them.
    pub(crate) drifts: Vec<AggregationDrift>,
    /// The cluster, unless only manifests were read.
    live: Option<LiveSource>,
    /// Whether something could not be read that `--keep-going` does not excuse.
    pub(crate) incomplete: bool,
    /// Whether ServiceAccounts that are missing will be made, so that none is warned of.
    pub(crate) makes_accounts: bool,
    /// Whether all that there is was read, as far as it may be read: of a cluster, or of its snapshot.
    pub(crate) complete: bool,
    /// Objects of manifests that later ones of their names replaced.
    pub(crate) replaced: Vec<Replaced>,
    /// The files that were read.
    pub(crate) files: Vec<FileRead>,
    /// How many files and directories `--exclude` and `exclude` in `rolecall.yaml` skipped.
    pub(crate) excluded: usize,
    /// What stdin held, if that was to be kept.
    pub(crate) stdin: Option<Vec<u8>>,
}

/// The cluster that was read.
struct LiveSource {
    live: Live,
    /// Who the server takes the caller for, once that was asked.
    me: OnceLock<Identity>,
    /// The lists that the server forbade.
    forbidden: Vec<ForbiddenList>,
}

/// How many problems of the input are told of by themselves; `-v` tells all.
const TOLD: usize = 50;

impl Session {
    /// Reads what the options name, and reports on stderr what could not be read.
    pub(crate) fn load(ui: &Ui, options: &Options, needs: Needs) -> Result<Self, CommandError> {
        if options.source.overlay {
            Self::load_overlay(ui, options, &needs)
        } else if options.source.filename.is_empty() {
            let read = live::load::read(ui, options, &needs)?;
            let session = Self::of_cluster(read, false);
            session.report_drifts(ui);
            Ok(session)
        } else {
            Self::load_manifests(ui, options, &needs, None)
        }
    }

    /// Reads manifests that were put into a folder for that, and shows their paths as if they stood
    /// in `name`.
    pub(crate) fn load_copy(
        ui: &Ui,
        options: &Options,
        folder: &Path,
        name: &str,
    ) -> Result<Self, CommandError> {
        let mut options = options.clone();
        options.source.filename = vec![folder.to_owned()];
        let needs = Needs { workloads: true, may_be_nothing: true, ..Needs::default() };
        Self::load_manifests(ui, &options, &needs, Some(name))
    }

    /// Reads nothing: what manifests grant that are not there.
    pub(crate) fn of_nothing(ui: &Ui, options: &Options) -> Result<Self, CommandError> {
        let mut options = options.clone();
        options.source.filename = Vec::new();
        Self::load_manifests(ui, &options, &Needs::default(), None)
    }

    fn of_cluster(read: live::load::Read, incomplete: bool) -> Self {
        let live::load::Read { live, builder, catalog, namespace, forbidden } = read;
        let mut inventory = builder.build();
        // Stored roles stay as they are, unless a manifest changes what they are made of.
        let drifts = resolve_aggregation(&mut inventory);
        Self {
            drifts,
            authorizer: ManuallyDrop::new(Authorizer::new(inventory)),
            catalog,
            place: Place::given(namespace),
            live: Some(LiveSource { live, me: OnceLock::new(), forbidden }),
            complete: true,
            replaced: Vec::new(),
            files: Vec::new(),
            excluded: 0,
            stdin: None,
            incomplete,
            makes_accounts: false,
        }
    }

    /// Reads a cluster, and lays manifests over it.
    fn load_overlay(ui: &Ui, options: &Options, needs: &Needs) -> Result<Self, CommandError> {
        if options.source.filename.is_empty() {
            return Err(CommandError::usage("`--overlay` has nothing to lay over the cluster")
                .with_hint(Hint::pass("-f PATH", "say which manifests")));
        }
        // What a manifest binds or aggregates may stand anywhere.
        let breadth = needs.breadth.max(Breadth::Roles);
        let mut needs = Needs { breadth, ..needs.clone() };
        let live = Live::connect(ui, &options.cluster)?;
        let patience = Patience::with(ui, paths(options));
        let exclude = excluded(ui, options);
        let config = LoadConfig {
            paths: options.source.filename.clone(),
            default_namespace: live::load::namespace(&live, options),
            defaults: Defaults::None,
            selection: Selection::Everything,
            exclude,
        };
        let (loaded, stdin) = load(&config, &needs);
        drop(patience);
        tell_excluded(ui, options, loaded.excluded);
        unrendered::tell_unbuilt(ui, options, &loaded.unbuilt);
        let unread = report(ui, options, &loaded.problems);
        if !holds_input(&loaded.inventory) && has_errors(&loaded.problems) {
            return Err(CommandError::input("nothing could be read to lay over the cluster"));
        }
        // Where not everything may be listed, those namespaces count that the manifests are about.
        needs.further_namespaces.extend(namespaces_of(&loaded.inventory));
        let mut read = live::load::read_from(ui, live, options, &needs)?;
        read.builder.append(loaded.inventory.into_builder());
        let session = Self::of_cluster(read, unread && !options.source.keep_going);
        session.report_drifts(ui);
        let Loaded { replaced, files, excluded, .. } = loaded;
        Ok(Self { replaced, files, excluded, stdin, ..session })
    }

    fn load_manifests(
        ui: &Ui,
        options: &Options,
        needs: &Needs,
        shown_as: Option<&str>,
    ) -> Result<Self, CommandError> {
        let namespace = options.namespace.first().unwrap_or(place::DEFAULT).to_owned();
        let patience = Patience::with(ui, paths(options));
        let exclude = excluded(ui, options);
        let config = LoadConfig {
            paths: options.source.filename.clone(),
            default_namespace: namespace,
            defaults: options.source.defaults,
            selection: needs.selection(),
            exclude,
        };
        let (mut loaded, stdin) = load(&config, needs);
        drop(patience);
        if let (Some(name), [folder]) = (shown_as, &*options.source.filename) {
            loaded.show_as(&folder.to_string_lossy(), name);
        }
        let authorizer = ManuallyDrop::new(Authorizer::new(loaded.inventory));
        if needs.may_be_nothing {
            loaded.problems.retain(|problem| {
                let is_nothing = problem.kind == ProblemKind::NoManifests;
                if is_nothing {
                    ui.note(format!("{problem}, so nothing is granted there"));
                }
                !is_nothing
            });
        }
        if let (false, [only]) = (holds_input(authorizer.inventory()), &*loaded.problems) {
            // What deletes an object is read; it grants nothing.
            if only.kind != ProblemKind::Deletion {
                return Err(CommandError::input(only.to_string()).with_hint(remedy(options, only)));
            }
        }
        tell_excluded(ui, options, loaded.excluded);
        unrendered::tell_unbuilt(ui, options, &loaded.unbuilt);
        let unread = report(ui, options, &loaded.problems);
        if !holds_input(authorizer.inventory()) && has_errors(&loaded.problems) {
            return Err(CommandError::input("nothing could be read"));
        }
        let (inventory, catalog) = (authorizer.inventory(), &loaded.catalog);
        let place = Place::in_manifests(options, &needs.unplaced, inventory, catalog);
        let session = Self {
            place,
            authorizer,
            catalog: loaded.catalog,
            drifts: loaded.drifts,
            live: None,
            complete: loaded.is_snapshot,
            replaced: loaded.replaced,
            files: loaded.files,
            excluded: loaded.excluded,
            stdin,
            incomplete: unread && !options.source.keep_going,
            makes_accounts: false,
        };
        session.report_drifts(ui);
        Ok(session)
    }

    /// Returns who `me` is: `--as`, or whom the cluster says this is.
    pub(crate) fn me(&self, ui: &Ui, options: &Options) -> Result<Identity, CommandError> {
        let cluster = &options.cluster;
        let Some(name) = &cluster.as_user else {
            return match &self.live {
                Some(_) if !cluster.as_groups.is_empty() => {
                    Err(CommandError::usage("groups are impersonated without a user")
                        .with_hint(Hint::pass("--as USER", "impersonate somebody in them")))
                }
                Some(source) => source.me(ui),
                None => Err(CommandError::usage("manifests do not tell who `me` is")
                    .with_hint(Hint::pass("--for SUBJECT", "say who asks"))),
            };
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

    /// Returns the cluster; `None` when only manifests were read.
    pub(crate) fn live(&self) -> Option<&Live> {
        self.live.as_ref().map(|source| &source.live)
    }

    /// Returns the namespace in which questions are asked that name none.
    pub(crate) fn namespace(&self) -> &str {
        &self.place.namespace
    }

    /// Returns the namespaces in which a question is asked: those that were named, or the one that
    /// goes without saying; with `-A` all at once, which is the empty one.
    pub(crate) fn namespaces(&self, options: &Options) -> Vec<Text> {
        let named = &options.namespace.namespaces;
        match (options.namespace.all_namespaces, named.is_empty()) {
            (true, _) => vec!["".into()],
            (false, true) => vec![self.namespace().into()],
            (false, false) => {
                let mut seen = BTreeSet::new();
                named.iter().filter(|name| seen.insert(*name)).map(|n| n.as_str().into()).collect()
            }
        }
    }

    /// Names the command that prints the least right with which the server would answer questions about
    /// others in a namespace; `None` when it does not say who the caller is.
    pub(crate) fn right_to_review(&self, namespace: &str) -> Option<Hint> {
        let forbidden = &self.live.as_ref()?.forbidden;
        let mut users = forbidden.iter().map(|list| &list.user).filter(|user| !user.is_empty());
        let user = users.find(|user| ***user != *"system:anonymous")?;
        Some(live::rights::to_review(user, namespace))
    }

    /// Names the commands that print the least rights with which more could be read.
    pub(crate) fn rights(&self) -> Vec<Hint> {
        let forbidden = self.live.as_ref().map_or(&[][..], |source| &source.forbidden);
        live::rights::to_read(forbidden)
    }

    /// Returns the exit code of a command that would end so if everything had been read. Where the
    /// answer is open, it says which rights would settle it.
    pub(crate) fn conclude(&self, ui: &Ui, exit: Exit) -> Exit {
        if exit == Exit::Inconclusive {
            self.rights().into_iter().for_each(|hint| ui.suggest(hint));
        }
        exit.max(Exit::Failed.when(self.incomplete))
    }
}

impl LiveSource {
    /// Returns who the server takes the caller for; asks once.
    fn me(&self, ui: &Ui) -> Result<Identity, CommandError> {
        if let Some(me) = self.me.get() {
            return Ok(me.clone());
        }
        let asking = self.live.cluster().who_am_i();
        let who = self.live.wait(ui, || "asking who this is".to_owned(), asking)?;
        let who = live::whoami::known(ui, self.live.cluster(), who)?;
        Ok(self.me.get_or_init(|| who.identity).clone())
    }
}

/// Returns the patterns of the paths that are not read: those of the options, and for commands that
/// do not take their configuration themselves, those of `rolecall.yaml`.
fn excluded(ui: &Ui, options: &Options) -> Vec<Glob> {
    let mut exclude = options.source.exclude.clone();
    if !options.source.is_configured {
        exclude.extend(config::exclusions(ui, &options.source.filename));
    }
    exclude.into_iter().map(|pattern| pattern.glob).collect()
}

/// Says how much was excluded; `check` does so itself, with what it checked.
fn tell_excluded(ui: &Ui, options: &Options, excluded: usize) {
    if excluded > 0 && !options.source.is_configured {
        ui.note(format!("{} excluded", words::count(excluded, "path")));
    }
}

/// Returns the paths of `-f`.
fn paths(options: &Options) -> impl Iterator<Item = &Path> {
    options.source.filename.iter().map(PathBuf::as_path)
}

/// Loads manifests, and returns what stdin held if it is to be kept.
fn load(config: &LoadConfig, needs: &Needs) -> (Loaded, Option<Vec<u8>>) {
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    if !needs.keeps_stdin || !config.paths.iter().any(is_stdin) {
        return (manifests::load(config, std::io::stdin()), None);
    }
    let mut stdin = Copied::new(std::io::stdin());
    let loaded = manifests::load(config, &mut stdin);
    (loaded, Some(stdin.into_copy()))
}

/// Reports what went wrong while reading, and returns whether a document could not be read. Charts and
/// templates that were not rendered are gaps: they leave answers open.
fn report(ui: &Ui, options: &Options, problems: &[Problem]) -> bool {
    let is_error = |problem: &&Problem| problem.severity() == Severity::Error;
    let told = if options.output.verbose > 0 { usize::MAX } else { TOLD };
    for problem in problems.iter().take(told) {
        let is_left_open = problem.kind == ProblemKind::Unrendered;
        if is_error(&problem) && !is_left_open && !options.source.keep_going {
            ui.problem(problem.to_string());
        } else {
            ui.warn(problem.to_string());
        }
    }
    if let Some(hint) = problems.iter().find_map(|problem| remedy(options, problem)) {
        ui.suggest(hint);
    }
    if problems.len() > told {
        ui.problem(format!("{} more problems; `-v` lists them all", problems.len() - told));
    }
    let is_unreadable =
        |problem: &Problem| is_error(&problem) && problem.kind != ProblemKind::Unrendered;
    problems.iter().any(is_unreadable)
}

fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.severity() == Severity::Error)
}

/// Returns what the reader can do about a problem.
fn remedy(options: &Options, problem: &Problem) -> Option<Hint> {
    match problem.kind {
        ProblemKind::Unrendered => Some(unrendered::chart(&problem.file, options)),
        ProblemKind::NoManifests if Path::new(&problem.file).is_dir() => {
            Some(Hint::run("rolecall snapshot > cluster.yaml", "get manifests from a live cluster"))
        }
        _ => None,
    }
}

/// Returns the namespaces in which manifests say something, each once.
fn namespaces_of(inventory: &Inventory) -> BTreeSet<String> {
    let roles = inventory.roles().iter().map(|role| &role.metadata);
    let bindings = inventory.bindings().iter().map(|binding| &binding.metadata);
    let accounts = inventory.service_accounts().iter().map(|account| &account.metadata);
    let workloads = inventory.workloads().iter().map(|workload| &workload.metadata);
    let objects = roles.chain(bindings).chain(accounts).chain(workloads);
    let named = objects.filter(|metadata| !metadata.namespace.is_empty());
    let own = named.map(|metadata| metadata.namespace.to_string());
    // A binding refers to ServiceAccounts of other namespaces too.
    let subjects = inventory.bindings().iter().flat_map(|binding| {
        let of = |subject: &rolecall_rbac::Subject| {
            subject.effective_namespace(&binding.metadata).map(ToString::to_string)
        };
        binding.subjects.iter().filter_map(of).collect::<Vec<_>>()
    });
    own.chain(subjects).filter(|namespace| !namespace.is_empty()).collect()
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
