//! Loading of a [`Session`], the data that commands use, according to the options.

use std::collections::BTreeSet;
use std::io::Read;
use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rolecall_rbac::{
    AggregationDrift, Authorizer, Catalog, Glob, Identity, Inventory, Metadata, Origin, Replaced,
    Text, resolve_aggregation,
};
use rolecall_source::ProblemKind;
use rolecall_source::cluster::ForbiddenList;
use rolecall_source::manifests::{self, Defaults, FileRead, LoadConfig, Loaded, Selection};

use crate::cli::{Options, ShownAs};
use crate::config;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::git;
use crate::implied_group;
use crate::input_report::{has_errors, note_excluded, note_unknown_versions, remedy, report};
use crate::live::{self, Live};
pub(crate) use crate::needs::{Breadth, Names, Needs};
use crate::place::{self, Place};
use crate::set_aside;
use crate::slow_input::SlowInputNote;
use crate::stream_namespace;
use crate::targets::{self, TargetSources, Targets, Traced};
use crate::text::Copied;
use crate::ui::Ui;
use crate::unrendered;
use crate::words::MissingFrom;

/// The loaded data.
pub(crate) struct Session {
    /// The evaluator.
    pub(crate) authorizer: Arc<Authorizer>,
    /// The served resources.
    pub(crate) catalog: Arc<Catalog>,
    /// The default namespace of questions.
    pub(crate) place: Place,
    /// Aggregated ClusterRoles whose stored rules differ from the aggregated ones.
    pub(crate) drifts: Vec<AggregationDrift>,
    /// The cluster; `None` for manifests.
    live: Option<Arc<LiveSource>>,
    /// Whether unreadable documents fail the command, because `--keep-going` was not given.
    pub(crate) incomplete: bool,
    /// Whether missing ServiceAccounts will be created, so that they need no warning.
    pub(crate) makes_accounts: bool,
    /// Whether the input is a whole cluster (live or snapshot).
    pub(crate) complete: bool,
    /// Objects in manifests that later ones with the same name replaced.
    pub(crate) replaced: Vec<Replaced>,
    /// The files that were read.
    pub(crate) files: Vec<FileRead>,
    /// How many files and directories `--exclude` and `exclude` in `rolecall.yaml` skipped.
    pub(crate) excluded: usize,
    /// The contents of stdin, if requested.
    pub(crate) stdin: Option<Vec<u8>>,
    /// The sources of the objects in stdin, if a tool has recorded them.
    pub(crate) traced: Option<Traced>,
    /// The directories from which the targets among the files are rendered.
    pub(crate) sources: TargetSources,
}

/// A live cluster.
struct LiveSource {
    live: Live,
    /// The caller's identity according to the server, once requested.
    me: OnceLock<Identity>,
    /// The lists that the server forbade.
    forbidden: Vec<ForbiddenList>,
}

impl Session {
    /// Reads the input of the options, and reports problems on stderr. A server has read it already.
    pub(crate) fn load(ui: &Ui, options: &Options, needs: Needs) -> Result<Self, CommandError> {
        match options.source.held.get::<HeldSession>() {
            Some(held) => Ok(held.session(options, &needs)),
            None => Self::read(ui, options, needs).map(Self::never_freed),
        }
    }

    /// Reads the input for a program that continues after the answer.
    pub(crate) fn read(ui: &Ui, options: &Options, needs: Needs) -> Result<Self, CommandError> {
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

    /// Reads a temporary copy of a commit, and displays a name instead of its path, and another one for the
    /// whole commit.
    pub(crate) fn load_copy(
        ui: &Ui,
        options: &Options,
        copy: &git::Copy,
        (name, root_name): (&str, &str),
        needs: Needs,
    ) -> Result<Self, CommandError> {
        let mut options = options.clone();
        options.source.filename = vec![copy.path.clone()];
        options.source.shown_as = Some(ShownAs {
            folder: copy.path.clone(),
            name: name.to_owned(),
            root: copy.root.clone(),
            root_name: root_name.to_owned(),
        });
        Self::load_manifests(ui, &options, &needs, Some(name)).map(Self::never_freed)
    }

    /// Builds a session without input, which grants nothing.
    pub(crate) fn of_nothing(ui: &Ui, options: &Options) -> Result<Self, CommandError> {
        let mut options = options.clone();
        options.source.filename = Vec::new();
        Self::load_manifests(ui, &options, &Needs::default(), None)
    }

    /// Keeps the objects until the process ends: freeing each of them would take a tenth of the time of a
    /// command.
    pub(crate) fn never_freed(self) -> Self {
        mem::forget(Arc::clone(&self.authorizer));
        self
    }

    fn of_cluster(read: live::load::Read, incomplete: bool) -> Self {
        let live::load::Read { live, builder, catalog, namespace, forbidden } = read;
        let mut inventory = builder.build();
        // Stored roles stay unchanged; this finds those that a controller will update.
        let drifts = resolve_aggregation(&mut inventory);
        Self {
            drifts,
            authorizer: Arc::new(Authorizer::new(inventory)),
            catalog: Arc::new(catalog),
            place: Place::given(namespace),
            live: Some(Arc::new(LiveSource { live, me: OnceLock::new(), forbidden })),
            complete: true,
            replaced: Vec::new(),
            files: Vec::new(),
            excluded: 0,
            stdin: None,
            traced: None,
            sources: TargetSources::default(),
            incomplete,
            makes_accounts: false,
        }
    }

    /// Reads a cluster and overlays it with manifests.
    fn load_overlay(ui: &Ui, options: &Options, needs: &Needs) -> Result<Self, CommandError> {
        if options.source.filename.is_empty() {
            return Err(CommandError::usage("`--overlay` needs manifests")
                .with_hint(Hint::pass("-f PATH", "overlay the cluster with manifests")));
        }
        // A manifest can refer to roles in any namespace.
        let breadth = needs.breadth.max(Breadth::Roles);
        let mut needs = Needs { breadth, ..needs.clone() };
        let live = Live::connect(ui, &options.cluster)?;
        let note = SlowInputNote::start(ui, options.source.paths());
        let exclude = excluded(ui, options);
        let config = LoadConfig {
            paths: options.source.filename.clone(),
            default_namespace: live::load::namespace(&live, options),
            defaults: Defaults::None,
            selection: Selection::Everything,
            exclude,
        };
        let (loaded, stdin, sources) = load(ui, options, &config, &needs)?;
        drop(note);
        note_excluded(ui, options, loaded.excluded, &loaded.unmatched);
        unrendered::note_unbuilt(ui, options, &loaded.unbuilt);
        implied_group::note(ui, &loaded.inventory);
        let unread = report(ui, options, &loaded.problems);
        if !holds_input(&loaded.inventory) && has_errors(&loaded.problems) {
            return Err(CommandError::input("none of the manifests could be read"));
        }
        // If listing everything is forbidden, the namespaces of the manifests are listed.
        needs.further_namespaces.extend(namespaces_of(&loaded.inventory));
        let mut read = live::load::read_from(ui, live, options, &needs)?;
        read.builder.append(loaded.inventory.into_builder());
        let session = Self::of_cluster(read, unread && !options.source.keep_going);
        session.report_drifts(ui);
        let Loaded { replaced, files, excluded, .. } = loaded;
        Ok(Self { replaced, files, excluded, stdin, sources, ..session })
    }

    fn load_manifests(
        ui: &Ui,
        options: &Options,
        needs: &Needs,
        shown_as: Option<&str>,
    ) -> Result<Self, CommandError> {
        let note = SlowInputNote::start(ui, options.source.paths());
        let config = config_of(ui, options, needs);
        let (mut loaded, stdin, sources) = load(ui, options, &config, needs)?;
        drop(note);
        if let (Some(name), [folder]) = (shown_as, &*options.source.filename) {
            loaded.show_as(&folder.to_string_lossy(), name);
        }
        let session = Self::of_manifests(ui, options, needs, loaded, stdin)?;
        Ok(Self { sources, ..session })
    }

    /// Builds a session from manifests, and reports their problems on stderr.
    pub(crate) fn of_manifests(
        ui: &Ui,
        options: &Options,
        needs: &Needs,
        mut loaded: Loaded,
        stdin: Option<Vec<u8>>,
    ) -> Result<Self, CommandError> {
        if needs.may_be_nothing {
            loaded.problems.retain(|problem| {
                let is_nothing = problem.kind == ProblemKind::NoManifests;
                if is_nothing {
                    ui.note(format!("{problem}, so it grants nothing"));
                }
                !is_nothing
            });
        }
        if let (false, [only]) = (holds_input(&loaded.inventory), &*loaded.problems) {
            // A deletion is valid input, although it grants nothing.
            if only.kind != ProblemKind::Deletion {
                return Err(CommandError::input(only.to_string()).with_hint(remedy(options, only)));
            }
        }
        note_excluded(ui, options, loaded.excluded, &loaded.unmatched);
        unrendered::note_unbuilt(ui, options, &loaded.unbuilt);
        implied_group::note(ui, &loaded.inventory);
        let unread = report(ui, options, &loaded.problems);
        if !holds_input(&loaded.inventory) && has_errors(&loaded.problems) {
            return Err(CommandError::input("nothing could be read"));
        }
        note_unknown_versions(ui, &loaded.inventory);
        stream_namespace::warn(ui, options, &loaded.inventory);
        let session = Self::of_loaded(options, needs, loaded, stdin);
        session.report_drifts(ui);
        Ok(Self { incomplete: unread && !options.source.keep_going, ..session })
    }

    pub(crate) fn of_loaded(
        options: &Options,
        needs: &Needs,
        loaded: Loaded,
        stdin: Option<Vec<u8>>,
    ) -> Self {
        let place =
            Place::in_manifests(options, &needs.unplaced, &loaded.inventory, &loaded.catalog);
        Self {
            place,
            authorizer: Arc::new(Authorizer::new(loaded.inventory)),
            catalog: Arc::new(loaded.catalog),
            drifts: loaded.drifts,
            live: None,
            complete: loaded.is_snapshot,
            replaced: loaded.replaced,
            files: loaded.files,
            excluded: loaded.excluded,
            stdin,
            traced: None,
            sources: TargetSources::default(),
            incomplete: false,
            makes_accounts: false,
        }
    }

    /// Returns the identity of `me`: the user of `--as`, or the caller according to the server.
    pub(crate) fn me(&self, ui: &Ui, options: &Options) -> Result<Identity, CommandError> {
        let cluster = &options.cluster;
        let Some(name) = &cluster.as_user else {
            return match &self.live {
                Some(_) if !cluster.as_groups.is_empty() => {
                    Err(CommandError::usage("`--as-group` needs a user")
                        .with_hint(Hint::pass("--as USER", "impersonate a user in these groups")))
                }
                Some(source) => source.me(ui),
                None => Err(CommandError::usage("manifests do not define `me`")
                    .with_hint(Hint::pass("--for SUBJECT", "name the subject"))),
            };
        };
        let user = Identity::user(name);
        if cluster.as_groups.is_empty() {
            return Ok(user);
        }
        // As in the server's impersonation, explicit groups replace those of a ServiceAccount.
        let user = match user.as_service_account() {
            Some(_) => Identity { groups: Vec::new(), ..user }.with_group("system:authenticated"),
            None => user,
        };
        Ok(cluster.as_groups.iter().fold(user, |user, group| user.with_group(group)))
    }

    /// Returns the cluster; `None` for manifests.
    pub(crate) fn live(&self) -> Option<&Live> {
        self.live.as_ref().map(|source| &source.live)
    }

    /// Returns the place that lacks the objects that were not found.
    pub(crate) fn missing_from(&self) -> MissingFrom {
        if self.complete || self.live.is_some() { MissingFrom::Cluster } else { MissingFrom::Input }
    }

    /// Returns the namespace in which questions are asked that name none.
    pub(crate) fn namespace(&self) -> &str {
        &self.place.namespace
    }

    /// Returns the namespaces of a question: those of `-n`, or the default one. With `-A`, it is the empty
    /// namespace, which means all namespaces.
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

    /// Returns the command that grants the caller access reviews for others in a namespace; `None` if the
    /// caller is unknown.
    pub(crate) fn right_to_review(&self, namespace: &str) -> Option<Hint> {
        let forbidden = &self.live.as_ref()?.forbidden;
        let mut users = forbidden.iter().map(|list| &list.user).filter(|user| !user.is_empty());
        let user = users.find(|user| ***user != *"system:anonymous")?;
        Some(live::rights::to_review(user, namespace))
    }

    /// Returns the commands that grant the caller the forbidden lists.
    pub(crate) fn rights(&self) -> Vec<Hint> {
        let forbidden = self.live.as_ref().map_or(&[][..], |source| &source.forbidden);
        live::rights::to_read(forbidden)
    }

    /// Adjusts the exit code for unreadable input. If the answer is unknown, suggests the permissions that
    /// would settle it.
    pub(crate) fn conclude(&self, ui: &Ui, exit: Exit) -> Exit {
        if exit == Exit::Inconclusive {
            self.rights().into_iter().for_each(|hint| ui.suggest(hint));
        }
        exit.max(Exit::Failed.when(self.incomplete))
    }
}

/// A session whose questions read nothing again.
pub(crate) struct HeldSession(Session);

impl HeldSession {
    /// Keeps a session.
    pub(crate) fn new(session: Session) -> Self {
        Self(session)
    }

    /// Returns the session for a question, which has its own namespace.
    fn session(&self, options: &Options, needs: &Needs) -> Session {
        let Self(read) = self;
        let place = match (&read.live, options.namespace.first()) {
            (Some(_), Some(namespace)) => Place::given(namespace.to_owned()),
            (Some(_), None) => read.place.clone(),
            (None, _) => {
                let inventory = read.authorizer.inventory();
                Place::in_manifests(options, &needs.unplaced, inventory, &read.catalog)
            }
        };
        Session {
            authorizer: Arc::clone(&read.authorizer),
            catalog: Arc::clone(&read.catalog),
            place,
            drifts: read.drifts.clone(),
            live: read.live.clone(),
            incomplete: read.incomplete,
            makes_accounts: false,
            complete: read.complete,
            replaced: read.replaced.clone(),
            files: read.files.clone(),
            excluded: read.excluded,
            stdin: None,
            traced: None,
            sources: TargetSources::default(),
        }
    }
}

impl LiveSource {
    /// Returns the caller's identity according to the server, which is asked once.
    fn me(&self, ui: &Ui) -> Result<Identity, CommandError> {
        if let Some(me) = self.me.get() {
            return Ok(me.clone());
        }
        let asking = self.live.cluster().who_am_i();
        let who = self.live.wait(ui, || "requesting the identity".to_owned(), asking)?;
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

/// Returns what to load for the options.
pub(crate) fn config_of(ui: &Ui, options: &Options, needs: &Needs) -> LoadConfig {
    LoadConfig {
        paths: options.source.filename.clone(),
        default_namespace: options.namespace.first().unwrap_or(place::DEFAULT).to_owned(),
        defaults: options.source.defaults,
        selection: needs.selection(),
        exclude: excluded(ui, options),
    }
}

/// Loads manifests with the targets that are applied together, and returns the contents of stdin if requested.
fn load(
    ui: &Ui,
    options: &Options,
    config: &LoadConfig,
    needs: &Needs,
) -> Result<(Loaded, Option<Vec<u8>>, TargetSources), CommandError> {
    let mut listing = manifests::find(config);
    set_aside::order(options, &mut listing);
    let Targets { rendered, sources, .. } = targets::render(ui, options, config, &mut listing)?;
    let is_rendered = !rendered.is_empty();
    let more = targets::merge(rendered)?;
    let (mut loaded, stdin) =
        with_stdin(config, needs, |stdin| manifests::load_listing(config, listing, more, stdin));
    if is_rendered {
        loaded.problems.retain(|problem| problem.kind != ProblemKind::NoManifests);
    }
    Ok((loaded, stdin, sources))
}

/// Reads stdin if a path is `-`, and returns its contents if requested.
pub(crate) fn with_stdin(
    config: &LoadConfig,
    needs: &Needs,
    read: impl FnOnce(&mut (dyn Read + Send)) -> Loaded,
) -> (Loaded, Option<Vec<u8>>) {
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    if !needs.keeps_stdin || !config.paths.iter().any(is_stdin) {
        return (read(&mut std::io::stdin()), None);
    }
    let mut stdin = Copied::new(std::io::stdin());
    let loaded = read(&mut stdin);
    (loaded, Some(stdin.into_copy()))
}

/// Returns the namespaces of objects in manifests.
fn namespaces_of(inventory: &Inventory) -> BTreeSet<String> {
    let roles = inventory.roles().iter().map(|role| &role.metadata);
    let bindings = inventory.bindings().iter().map(|binding| &binding.metadata);
    let accounts = inventory.service_accounts().iter().map(|account| &account.metadata);
    let workloads = inventory.workloads().iter().map(|workload| &workload.metadata);
    let objects = roles.chain(bindings).chain(accounts).chain(workloads);
    let named = objects.filter(|metadata| !metadata.namespace.is_empty());
    let own = named.map(|metadata| metadata.namespace.to_string());
    // Bindings can refer to ServiceAccounts in other namespaces.
    let subjects = inventory.bindings().iter().flat_map(|binding| {
        let of = |subject: &rolecall_rbac::Subject| {
            subject.effective_namespace(&binding.metadata).map(ToString::to_string)
        };
        binding.subjects.iter().filter_map(of).collect::<Vec<_>>()
    });
    own.chain(subjects).filter(|namespace| !namespace.is_empty()).collect()
}

/// Returns whether any object was read from the input, instead of assumed.
pub(crate) fn holds_input(inventory: &Inventory) -> bool {
    let is_read = |metadata: &Metadata| metadata.origin != Origin::Default;
    inventory.roles().iter().any(|role| is_read(&role.metadata))
        || inventory.bindings().iter().any(|binding| is_read(&binding.metadata))
        || !inventory.service_accounts().is_empty()
        || !inventory.namespaces().is_empty()
        || !inventory.workloads().is_empty()
}
