//! The resolution of TARGET arguments.

use std::collections::BTreeSet;

use rolecall_rbac::{
    Binding, Gap, Glob, Identity, Inventory, Origin, ServiceAccountName, SubjectKind, Text,
    Workload,
};
use rolecall_walk::{Target, everything_in};

use super::roles::{find_bindings, find_roles};
use super::scope::{Found, RoleWord, Scope, unless_hidden};
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::kind::is_kind;
use crate::load::{Breadth, Needs, Session};
use crate::subject::{self, SubjectArgument, SubjectWord, nearest};
use crate::ui::Ui;

/// A parsed TARGET argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TargetArgument {
    /// A single subject.
    Subject(SubjectArgument),
    /// All objects of a kind with a matching name and namespace.
    Matching { kind: String, namespace: Option<Glob>, name: Glob },
    /// Roles or ClusterRoles with a matching name; for Roles, optionally in matching namespaces.
    Roles { kind: RoleWord, namespace: Option<Glob>, name: Glob },
    /// RoleBindings or ClusterRoleBindings, as for roles.
    Bindings { kind: RoleWord, namespace: Option<Glob>, name: Glob },
    /// Everything in namespaces with a matching name.
    Namespaces(Glob),
}

impl TargetArgument {
    /// Parses a TARGET. If all namespaces are searched, a name means every object with that name.
    pub(super) fn parse(text: &str, scope_is_open: bool) -> Result<Self, CommandError> {
        let split = text.split_once(['/', ' ']).map(|(kind, name)| (kind, name.trim()));
        if let Some((kind, name)) = split.filter(|(_, name)| !name.is_empty()) {
            // Names of roles and bindings can contain anything but a slash.
            let glob = |pattern: &str| match Glob::is_pattern(pattern) {
                true => Glob::parse(pattern).map_err(CommandError::usage),
                false => Ok(Glob::new(pattern)),
            };
            let (namespace, bare) = match name.split_once('/') {
                Some((namespace, name)) => (Some(glob(namespace)?), glob(name)?),
                None => (None, glob(name)?),
            };
            let roles =
                |kind| Ok(Self::Roles { kind, namespace: namespace.clone(), name: bare.clone() });
            let bindings = |kind| {
                Ok(Self::Bindings { kind, namespace: namespace.clone(), name: bare.clone() })
            };
            match &*kind.to_lowercase() {
                "role" | "roles" => return roles(RoleWord::Role),
                "clusterrole" | "clusterroles" => return roles(RoleWord::ClusterRole),
                "rb" | "rolebinding" | "rolebindings" => return bindings(RoleWord::Role),
                "crb" | "clusterrolebinding" | "clusterrolebindings" => {
                    return bindings(RoleWord::ClusterRole);
                }
                "ns" | "namespace" | "namespaces" => return Ok(Self::Namespaces(bare)),
                _ => {}
            }
        }
        Ok(match SubjectArgument::parse(text)? {
            SubjectArgument::Matching { kind, namespace, name } => {
                let kind = match kind {
                    SubjectWord::ServiceAccount => "sa".to_owned(),
                    SubjectWord::User => "user".to_owned(),
                    SubjectWord::Group => "group".to_owned(),
                    SubjectWord::Workload(kind) => kind,
                };
                Self::Matching { kind, namespace, name }
            }
            SubjectArgument::ServiceAccount { namespace: None, name } if scope_is_open => {
                Self::Matching { kind: "sa".to_owned(), namespace: None, name: Glob::new(name) }
            }
            SubjectArgument::Workload { kind, namespace: None, name } if scope_is_open => {
                Self::Matching { kind, namespace: None, name: Glob::new(name) }
            }
            subject => Self::Subject(subject),
        })
    }

    /// Returns the input that is needed to walk from targets. Bindings and subjects can be in any namespace.
    pub(super) fn needs(targets: &[Self]) -> Needs {
        let mut needs = Needs {
            service_accounts: true,
            workloads: true,
            reads_namespaces: targets.is_empty(),
            breadth: Breadth::Roles,
            ..Needs::default()
        };
        let is_namespace =
            |target: &Self| matches!(target, Self::Namespaces(name) if name.as_name().is_some());
        if !targets.is_empty() && targets.iter().all(is_namespace) {
            // Named namespaces must exist, but not that of the context.
            needs.reads_namespaces = true;
            needs.looks_for_namespaces = true;
        }
        for target in targets {
            match target {
                Self::Subject(subject) => {
                    let of_subject = SubjectArgument::needs(std::slice::from_ref(subject));
                    needs.further_namespaces.extend(of_subject.further_namespaces);
                }
                Self::Matching { namespace: None, .. } => {}
                Self::Namespaces(name) if name.as_name().is_some() => {
                    needs.further_namespaces.extend(name.as_name().map(ToString::to_string));
                }
                Self::Matching { namespace: Some(_), .. }
                | Self::Roles { .. }
                | Self::Bindings { .. }
                | Self::Namespaces(_) => needs.breadth = Breadth::All,
            }
        }
        needs
    }

    /// Adds the objects that the target means.
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
            Self::Roles { kind, namespace, name } => {
                let roles = session.authorizer.inventory().roles().iter();
                let is_whole = roles.map(|role| &*role.metadata.name).any(|it| name.matches(it));
                let (namespace, name) = in_namespace(*kind, namespace.as_ref(), name, is_whole);
                find_roles(*kind, namespace.as_ref(), &name, session, scope, found)
            }
            Self::Bindings { kind, namespace, name } => {
                let bindings = session.authorizer.inventory().bindings().iter();
                let is_whole = bindings.map(|it| &*it.metadata.name).any(|it| name.matches(it));
                let (namespace, name) = in_namespace(*kind, namespace.as_ref(), name, is_whole);
                find_bindings(*kind, namespace.as_ref(), &name, session, scope, found)
            }
            Self::Namespaces(name) => find_namespaces(name, session, found),
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
                let new = found.walked.get(before..).unwrap_or_default();
                if !new.is_empty() {
                    let identities = new.iter().filter_map(|target| match target {
                        Target::Identity(identity) => Some(&**identity),
                        _ => None,
                    });
                    subject::warn_of_dead(ui, identities);
                    return Ok(());
                }
                Err(matches.nothing(kind, namespace.as_ref(), scope))
            }
        }
    }
}

/// Splits `NAMESPACE:NAME` of a Role or RoleBinding, unless an object has the whole text as its name.
fn in_namespace(
    kind: RoleWord,
    namespace: Option<&Glob>,
    name: &Glob,
    is_whole: bool,
) -> (Option<Glob>, Glob) {
    let unsplit = || (namespace.cloned(), name.clone());
    if kind == RoleWord::ClusterRole || namespace.is_some() || is_whole {
        return unsplit();
    }
    let split = name.as_name().and_then(|name| name.split_once(':'));
    split.map_or_else(unsplit, |(at, name)| (Some(Glob::new(at)), Glob::new(name)))
}

/// Adds everything in namespaces with a matching name.
fn find_namespaces<'a>(
    name: &Glob,
    session: &'a Session,
    found: &mut Found<'a>,
) -> Result<(), CommandError> {
    let inventory = session.authorizer.inventory();
    let known = inventory.namespace_names();
    let meant: Vec<&Text> = known.iter().filter(|namespace| name.matches(namespace)).collect();
    for namespace in &meant {
        found.walked.extend(everything_in(inventory, Some(namespace)));
        found.namespaces.push((*namespace).clone());
    }
    if !meant.is_empty() {
        return Ok(());
    }
    // The namespace exists, but is empty.
    if let Some(name) = name.as_name().filter(|_| session.live().is_some()) {
        found.namespaces.push(name.into());
        return Ok(());
    }
    let text = format!("ns/{name}");
    let near = name.as_name().and_then(|name| nearest(&known, name, |known| known));
    let hint = near.and_then(|near| Hint::did_you_mean(text.clone(), [format!("ns/{near}")]));
    let error = match name.as_name() {
        Some(_) => format!("there is no `{text}` in the input"),
        None => format!("nothing matches `{text}`"),
    };
    let error = CommandError::input(error).with_hint(hint);
    Err(unless_hidden(error, session, |_| true, &text))
}

fn is_service_account(kind: &str) -> bool {
    matches!(&*kind.to_lowercase(), "sa" | "serviceaccount" | "serviceaccounts")
}

/// Finds the subject of an argument without wildcards.
fn one_subject<'a>(
    subject: &SubjectArgument,
    ui: &Ui,
    session: &'a Session,
    options: &Options,
) -> Result<Target<'a>, CommandError> {
    match subject {
        SubjectArgument::Workload { kind, namespace, name } => {
            let namespace = namespace.as_deref().unwrap_or(session.namespace());
            subject::find_workload(session, kind, namespace, name).map(Target::Workload)
        }
        SubjectArgument::ServiceAccount { namespace, name } => {
            let namespace = namespace.as_deref().unwrap_or(session.namespace());
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

/// Returns whether a ServiceAccount exists, could exist, or is referred to.
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

/// Returns the ServiceAccounts that exist, or that a workload or a binding refers to.
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
    // Skip the ServiceAccounts of controllers in built-in bindings.
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

/// A search for a pattern.
struct Matches<'a, 'f> {
    session: &'a Session,
    in_scope: &'f dyn Fn(&str) -> bool,
    name: &'f Glob,
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

    /// Returns matching users or groups of bindings, the only place where they exist.
    fn named(&self, kind: &SubjectKind) -> Vec<Target<'a>> {
        let inventory = self.session.authorizer.inventory();
        let names = subject::named_by_bindings(inventory, kind, self.name);
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
                    && is_kind(&self.session.catalog, workload, kind)
            })
            .map(Target::Workload)
            .collect()
    }

    fn nothing(&self, kind: &str, namespace: Option<&Glob>, scope: &Scope) -> CommandError {
        let name = self.name.to_string();
        let text = match namespace {
            Some(namespace) => format!("{kind}/{namespace}:{name}"),
            None => format!("{kind}/{name}"),
        };
        if Glob::is_pattern(&text) {
            let place = namespace.map_or_else(|| format!(" {}", scope.place()), |_| String::new());
            let hint = (namespace.is_none() && scope.namespaces().is_some())
                .then(|| Hint::pass("-A", "search all namespaces"));
            return CommandError::input(format!("nothing matches `{text}`{place}")).with_hint(hint);
        }
        // A name without wildcards, searched in all namespaces.
        let inventory = self.session.authorizer.inventory();
        let names: Vec<&str> = if is_service_account(kind) {
            account_names(inventory).into_iter().map(|known| known.name).collect()
        } else {
            if let Some(error) = subject::unknown_kind(self.session, kind, &name) {
                return error;
            }
            let of_kind = |w: &&Workload| is_kind(&self.session.catalog, w, kind);
            inventory.workloads().iter().filter(of_kind).map(|w| &*w.metadata.name).collect()
        };
        let guess =
            nearest(&names, &name, |known: &&str| known).map(|near| format!("{kind}/{near}"));
        CommandError::input(format!("there is no `{text}` {}", scope.place()))
            .with_hint(guess.and_then(|guess| Hint::did_you_mean(text, [guess])))
    }
}
