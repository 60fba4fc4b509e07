//! From TARGET arguments to what is walked.

use std::collections::BTreeSet;

use rolecall_rbac::{
    Binding, Gap, Identity, Inventory, Origin, RoleKind, ServiceAccountName, SubjectKind, Text,
    Unread, Workload,
};
use rolecall_walk::{Pattern, RoleName, Target};

use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::load::{Breadth, Needs, Session};
use crate::subject::{self, SubjectArgument, nearest};
use crate::ui::Ui;

/// A TARGET argument taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TargetArgument {
    /// One subject.
    Subject(SubjectArgument),
    /// Everything of a kind whose name matches, and whose namespace does.
    Matching { kind: String, namespace: Option<Pattern>, name: Pattern },
    /// Roles, or ClusterRoles, whose name matches.
    Roles { kind: RoleWord, name: Pattern },
}

/// Which kind of role is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoleWord {
    Role,
    ClusterRole,
}

/// The namespaces in which names are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// `None` for all.
    namespaces: Option<Vec<Text>>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    /// Where walks start.
    pub(super) walked: Vec<Target<'a>>,
    /// The roles whose holders are wanted.
    pub(super) roles: Vec<RoleName<'a>>,
}

impl Scope {
    /// Returns whether all namespaces are looked through: with -A, and in manifests without -n.
    pub(super) fn is_open(options: &Options) -> bool {
        options.namespace.all_namespaces
            || (options.namespace.namespaces.is_empty()
                && !options.source.filename.is_empty()
                && !options.source.overlay)
    }

    pub(super) fn new(session: &Session, options: &Options) -> Self {
        let namespaces = (!Self::is_open(options)).then(|| session.namespaces(options));
        Self { namespaces }
    }

    /// Returns the namespaces; `None` for all.
    pub(super) fn namespaces(&self) -> Option<&[Text]> {
        self.namespaces.as_deref()
    }

    fn has(&self, namespace: &str) -> bool {
        self.namespaces().is_none_or(|namespaces| namespaces.iter().any(|n| **n == *namespace))
    }

    /// Says where was looked: `in namespace x`.
    pub(super) fn place(&self) -> String {
        match self.namespaces() {
            None => "in any namespace".to_owned(),
            Some([namespace]) => format!("in namespace `{namespace}`"),
            Some(namespaces) => format!("in the namespaces `{}`", namespaces.join("`, `")),
        }
    }
}

impl TargetArgument {
    /// Takes a TARGET apart; in an open scope a name means every object that has it.
    pub(super) fn parse(text: &str, scope_is_open: bool) -> Result<Self, CommandError> {
        let Some((kind, name)) = text.split_once('/').filter(|(_, name)| !name.is_empty()) else {
            return SubjectArgument::parse(text).map(Self::Subject);
        };
        let word = kind.to_lowercase();
        let role = |kind| Ok(Self::Roles { kind, name: Pattern::new(name) });
        match &*word {
            "role" | "roles" => return role(RoleWord::Role),
            "clusterrole" | "clusterroles" => return role(RoleWord::ClusterRole),
            _ => {}
        }
        let is_named = matches!(&*word, "user" | "users" | "group" | "groups");
        let (namespace, pattern) = match name.split_once(':') {
            Some((namespace, name)) if !is_named => (Some(namespace), name),
            _ => (None, name),
        };
        let searches = scope_is_open && namespace.is_none() && !is_named;
        if !Pattern::is_pattern(name) && !searches {
            return SubjectArgument::parse(text).map(Self::Subject);
        }
        // What cannot be a name gets the error that says how names are written.
        let as_name = text.replace(['*', '?'], "x");
        SubjectArgument::parse(&as_name)?;
        Ok(Self::Matching {
            kind: kind.to_owned(),
            namespace: namespace.map(Pattern::new),
            name: Pattern::new(pattern),
        })
    }

    /// Returns what must be read to walk from some targets. A walk leads to the bindings of any
    /// namespace; the holders of a role may be anywhere.
    pub(super) fn needs(targets: &[Self]) -> Needs {
        let mut needs = Needs {
            service_accounts: true,
            workloads: true,
            breadth: Breadth::Roles,
            ..Needs::default()
        };
        for target in targets {
            match target {
                Self::Subject(subject) => {
                    let of_subject = SubjectArgument::needs(std::slice::from_ref(subject));
                    needs.further_namespaces.extend(of_subject.further_namespaces);
                }
                Self::Matching { namespace: None, .. } => {}
                Self::Matching { namespace: Some(_), .. } | Self::Roles { .. } => {
                    needs.breadth = Breadth::All;
                }
            }
        }
        needs
    }

    /// Adds what is meant to what was found.
    pub(super) fn find<'a>(
        &self,
        ui: &Ui,
        session: &'a Session,
        options: &Options,
        scope: &Scope,
        found: &mut Found<'a>,
    ) -> Result<(), CommandError> {
        match self {
            Self::Subject(subject) => {
                found.walked.push(one_subject(subject, ui, session, options)?);
                Ok(())
            }
            Self::Roles { kind, name } => find_roles(*kind, name, session, scope, found),
            Self::Matching { kind, namespace, name } => {
                let in_scope = |at: &str| match namespace {
                    Some(pattern) => pattern.matches(at),
                    None => scope.has(at),
                };
                let matches = Matches { session, in_scope: &in_scope, name };
                let before = found.walked.len();
                match &*kind.to_lowercase() {
                    "user" | "users" => found.walked.extend(matches.named(&SubjectKind::User)),
                    "group" | "groups" => found.walked.extend(matches.named(&SubjectKind::Group)),
                    word if is_service_account(word) => found.walked.extend(matches.accounts()),
                    _ => found.walked.extend(matches.workloads(kind)),
                }
                if found.walked.len() > before {
                    return Ok(());
                }
                Err(matches.nothing(kind, namespace.as_ref(), scope))
            }
        }
    }
}

fn is_service_account(kind: &str) -> bool {
    matches!(&*kind.to_lowercase(), "sa" | "serviceaccount" | "serviceaccounts")
}

/// Finds the one subject that an argument without wildcards names.
fn one_subject<'a>(
    subject: &SubjectArgument,
    ui: &Ui,
    session: &'a Session,
    options: &Options,
) -> Result<Target<'a>, CommandError> {
    match subject {
        SubjectArgument::Workload { kind, namespace, name } => {
            let namespace = namespace.as_deref().unwrap_or(&session.namespace);
            subject::find_workload(session, kind, namespace, name).map(Target::Workload)
        }
        SubjectArgument::ServiceAccount { namespace, name } => {
            let namespace = namespace.as_deref().unwrap_or(&session.namespace);
            let account = ServiceAccountName { namespace, name };
            if !is_known(session, account) {
                return Err(missing_account(session, account));
            }
            Ok(Target::Identity(Box::new(Identity::service_account(namespace, name))))
        }
        _ => {
            let subject = subject.resolve_one(ui, session, options)?;
            Ok(Target::Identity(Box::new(subject.identity)))
        }
    }
}

/// Returns the error that something does not exist; or that it was not found, when something unread
/// may hide it.
fn unless_hidden(
    error: CommandError,
    session: &Session,
    hides: impl Fn(&&Gap) -> bool,
    text: &str,
) -> CommandError {
    let gap = session.authorizer.inventory().gaps().iter().find(hides);
    gap.map_or(error, |gap| {
        CommandError::cluster(format!("`{text}` was not found, and this was not read: {gap}"))
    })
}

/// Returns whether a ServiceAccount exists, may exist, or is named by anything.
fn is_known(session: &Session, account: ServiceAccountName<'_>) -> bool {
    let inventory = session.authorizer.inventory();
    let ServiceAccountName { namespace, name } = account;
    let unread = |gap: &Gap| gap.may_hide_service_account(namespace);
    name == "default"
        || inventory.service_account(namespace, name).is_some()
        || inventory.gaps().iter().any(unread)
        || account_names(inventory).contains(&account)
}

fn missing_account(session: &Session, account: ServiceAccountName<'_>) -> CommandError {
    let ServiceAccountName { namespace, name } = account;
    let known = account_names(session.authorizer.inventory());
    let elsewhere = known.iter().find(|known| known.name == name);
    let guess = elsewhere.copied().or_else(|| {
        let here: Vec<ServiceAccountName<'_>> =
            known.iter().filter(|known| known.namespace == namespace).copied().collect();
        nearest(&here, name, |known| known.name).copied()
    });
    CommandError::input(format!("there is no `sa/{name}` in namespace `{namespace}`")).with_hint(
        guess.and_then(|guess| {
            let meant = format!("sa/{}:{}", guess.namespace, guess.name);
            Hint::did_you_mean(format!("sa/{name}"), [meant])
        }),
    )
}

/// Returns the ServiceAccounts that exist, that something runs as, or that a binding names.
fn account_names(inventory: &Inventory) -> BTreeSet<ServiceAccountName<'_>> {
    let existing = inventory.service_accounts().iter().map(|account| ServiceAccountName {
        namespace: &account.metadata.namespace,
        name: &account.metadata.name,
    });
    let running = inventory.workloads().iter().filter(|workload| !workload.mirror).flat_map(|w| {
        w.pods.iter().map(|spec| ServiceAccountName {
            namespace: &w.metadata.namespace,
            name: spec.service_account_name(),
        })
    });
    // The ServiceAccounts of the controllers that a server's own bindings name are not the input's.
    let is_read = |binding: &&Binding| binding.metadata.origin != Origin::Default;
    let bound = inventory.bindings().iter().filter(is_read).flat_map(|binding| {
        binding.subjects.iter().filter_map(|subject| match subject.kind {
            SubjectKind::ServiceAccount => Some(ServiceAccountName {
                namespace: subject.effective_namespace(&binding.metadata)?,
                name: &subject.name,
            }),
            SubjectKind::User => ServiceAccountName::parse(&subject.name),
            SubjectKind::Group | SubjectKind::Other(_) => None,
        })
    });
    existing.chain(running).chain(bound).collect()
}

/// Finds what matches a pattern.
struct Matches<'a, 'f> {
    session: &'a Session,
    in_scope: &'f dyn Fn(&str) -> bool,
    name: &'f Pattern,
}

impl<'a> Matches<'a, '_> {
    fn accounts(&self) -> Vec<Target<'a>> {
        account_names(self.session.authorizer.inventory())
            .into_iter()
            .filter(|known| (self.in_scope)(known.namespace) && self.name.matches(known.name))
            .map(|known| {
                Target::Identity(Box::new(Identity::service_account(known.namespace, known.name)))
            })
            .collect()
    }

    /// Users and groups are no objects; they exist where bindings name them.
    fn named(&self, kind: &SubjectKind) -> Vec<Target<'a>> {
        let bindings = self.session.authorizer.inventory().bindings().iter();
        let names: BTreeSet<&str> = bindings
            .flat_map(|binding| &*binding.subjects)
            .filter(|subject| subject.kind == *kind && self.name.matches(&subject.name))
            .map(|subject| &*subject.name)
            .collect();
        let identity = |name: &str| match kind {
            SubjectKind::Group => Identity::group(name),
            _ => Identity::user(name),
        };
        names.into_iter().map(|name| Target::Identity(Box::new(identity(name)))).collect()
    }

    fn workloads(&self, kind: &str) -> Vec<Target<'a>> {
        let workloads = self.session.authorizer.inventory().workloads().iter();
        workloads
            .filter(|workload| {
                (self.in_scope)(&workload.metadata.namespace)
                    && self.name.matches(&workload.metadata.name)
                    && subject::is_kind(self.session, workload, kind)
            })
            .map(Target::Workload)
            .collect()
    }

    fn nothing(&self, kind: &str, namespace: Option<&Pattern>, scope: &Scope) -> CommandError {
        let name = self.name.to_string();
        let text = match namespace {
            Some(namespace) => format!("{kind}/{namespace}:{name}"),
            None => format!("{kind}/{name}"),
        };
        if Pattern::is_pattern(&text) {
            let place = namespace.map_or_else(|| format!(" {}", scope.place()), |_| String::new());
            let hint = (namespace.is_none() && scope.namespaces().is_some())
                .then(|| Hint::pass("-A", "look in all namespaces"));
            return CommandError::input(format!("nothing matches `{text}`{place}")).with_hint(hint);
        }
        // A name that was looked for in all namespaces.
        let inventory = self.session.authorizer.inventory();
        let names: Vec<&str> = if is_service_account(kind) {
            account_names(inventory).into_iter().map(|known| known.name).collect()
        } else {
            if let Some(error) = subject::unknown_kind(self.session, kind, &name) {
                return error;
            }
            let of_kind = |w: &&Workload| subject::is_kind(self.session, w, kind);
            inventory.workloads().iter().filter(of_kind).map(|w| &*w.metadata.name).collect()
        };
        let guess =
            nearest(&names, &name, |known: &&str| known).map(|near| format!("{kind}/{near}"));
        CommandError::input(format!("there is no `{text}` {}", scope.place()))
            .with_hint(guess.and_then(|guess| Hint::did_you_mean(text, [guess])))
    }
}

fn find_roles<'a>(
    kind: RoleWord,
    name: &Pattern,
    session: &'a Session,
    scope: &Scope,
    found: &mut Found<'a>,
) -> Result<(), CommandError> {
    let inventory = session.authorizer.inventory();
    let in_scope = |namespace: &str| match kind {
        RoleWord::ClusterRole => namespace.is_empty(),
        RoleWord::Role => !namespace.is_empty() && scope.has(namespace),
    };
    let existing = inventory
        .roles()
        .iter()
        .map(|role| RoleName { namespace: &role.metadata.namespace, name: &role.metadata.name });
    // Roles that do not exist are worth finding where something is bound to them.
    let bound = inventory.bindings().iter().filter_map(|binding| {
        let namespace = match binding.role_ref.kind {
            RoleKind::ClusterRole => "",
            RoleKind::Role if !binding.is_cluster_role_binding() => &*binding.metadata.namespace,
            _ => return None,
        };
        Some(RoleName { namespace, name: &binding.role_ref.name })
    });
    let candidates: BTreeSet<RoleName<'a>> =
        existing.chain(bound).filter(|role| in_scope(role.namespace)).collect();
    let before = found.roles.len();
    found.roles.extend(candidates.iter().filter(|role| name.matches(role.name)).copied());
    if found.roles.len() > before {
        return Ok(());
    }
    let (word, place) = match kind {
        RoleWord::ClusterRole => ("clusterrole", String::new()),
        RoleWord::Role => ("role", format!(" {}", scope.place())),
    };
    let text = format!("{word}/{name}");
    if Pattern::is_pattern(&text) {
        return Err(CommandError::input(format!("nothing matches `{text}`{place}")));
    }
    let name = name.to_string();
    let error = CommandError::input(format!("there is no `{text}`{place}")).with_hint(guess_role(
        inventory,
        kind,
        &name,
        &candidates,
        &text,
    ));
    let hides = |gap: &&Gap| match (kind, scope.namespaces()) {
        (RoleWord::ClusterRole, _) => gap.may_hide_role("", &name),
        (RoleWord::Role, Some(namespaces)) => {
            namespaces.iter().any(|at| gap.may_hide_role(at, &name))
        }
        (RoleWord::Role, None) => !matches!(gap.unread, Unread::Authorizer { .. }),
    };
    Err(unless_hidden(error, session, hides, &text))
}

/// Guesses at a role of the other kind, in another namespace, or spelled alike.
fn guess_role(
    inventory: &Inventory,
    kind: RoleWord,
    name: &str,
    candidates: &BTreeSet<RoleName<'_>>,
    text: &str,
) -> Option<Hint> {
    let elsewhere = inventory.roles().iter().find(|role| *role.metadata.name == *name);
    if let Some(role) = elsewhere {
        return match (kind, role.is_cluster_role()) {
            (RoleWord::Role, true) => Hint::did_you_mean(text, [format!("clusterrole/{name}")]),
            (RoleWord::ClusterRole, false) => Hint::did_you_mean(text, [format!("role/{name}")]),
            _ => Some(Hint::pass(format!("-n {}", role.metadata.namespace), "look where it is")),
        };
    }
    let names: Vec<&str> = candidates.iter().map(|role| role.name).collect();
    let near = nearest(&names, name, |name| name)?;
    let (word, _) = text.split_once('/')?;
    Hint::did_you_mean(text, [format!("{word}/{near}")])
}
