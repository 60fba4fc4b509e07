//! The resolution of SUBJECT arguments: `sa/NAME`, `sa/NAMESPACE:NAME`, `user/NAME`, `group/NAME`,
//! `pod/NAME`, `deploy/NAME` and similar, `me`, or a pattern of them.

mod dead;
mod matching;
mod workload;

use std::collections::BTreeSet;

use rolecall_rbac::{
    Glob, Identity, Inventory, NamedSubject, NotationError, ServiceAccount, edit_distance,
    is_template,
};

use crate::cli::{Options, quote};
use crate::error::{CommandError, Hint};
use crate::load::{Breadth, Needs, Session};
use crate::place::Unplaced;
pub(crate) use crate::resolved::{Subject, WorkloadName, label};
use crate::ui::Ui;
pub(crate) use dead::{dead, dead_note, warn_of_dead};
use matching::matching_subjects;
pub(crate) use matching::named_by_bindings;
use workload::service_accounts_of;
pub(crate) use workload::{find_workload, unknown_kind};

/// The notation of SUBJECT, for the help of the commands that take one.
pub(crate) const GRAMMAR: &str = include_str!("../help/subject.txt");

/// A parsed SUBJECT argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SubjectArgument {
    /// `me`.
    Me,
    /// A ServiceAccount; without a namespace, in the namespace of the question.
    ServiceAccount {
        /// The namespace, if written.
        namespace: Option<String>,
        /// The name.
        name: String,
    },
    /// All subjects of a kind whose namespace and name match patterns; without a namespace pattern, in the
    /// namespaces of the question.
    Matching {
        /// The kind of subject.
        kind: SubjectWord,
        /// The namespace's pattern, if written.
        namespace: Option<Glob>,
        /// The name's pattern.
        name: Glob,
    },
    /// A user.
    User(String),
    /// A group.
    Group(String),
    /// A Pod or a workload.
    Workload {
        /// The kind as written: a kind, plural, singular or short name, optionally with a group.
        kind: String,
        /// The namespace, if written.
        namespace: Option<String>,
        /// The name.
        name: String,
    },
}

/// The candidates for a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SubjectWord {
    /// Existing ServiceAccounts.
    ServiceAccount,
    /// Users that bindings name.
    User,
    /// Groups that bindings name.
    Group,
    /// Workloads of the given kind.
    Workload(String),
}

impl SubjectArgument {
    /// Parses a SUBJECT.
    pub(crate) fn parse(text: &str) -> Result<Self, CommandError> {
        let named = NamedSubject::parse(text).map_err(|error| malformed(text, error))?;
        let is_pattern = match &named {
            NamedSubject::Me => false,
            NamedSubject::User(name) | NamedSubject::Group(name) => Glob::is_pattern(name),
            NamedSubject::ServiceAccount { namespace, name }
            | NamedSubject::Object { namespace, name, .. } => {
                Glob::is_pattern(name) || namespace.as_deref().is_some_and(Glob::is_pattern)
            }
        };
        let glob = |pattern: String| Glob::parse(pattern).map_err(CommandError::usage);
        let matching = |kind, namespace: Option<String>, name: String| {
            let namespace = namespace.map(glob).transpose()?;
            Ok::<Self, CommandError>(Self::Matching { kind, namespace, name: glob(name)? })
        };
        Ok(match (named, is_pattern) {
            (NamedSubject::Me, _) => Self::Me,
            (NamedSubject::User(name), false) => Self::User(name),
            (NamedSubject::User(name), true) => matching(SubjectWord::User, None, name)?,
            (NamedSubject::Group(name), false) => Self::Group(name),
            (NamedSubject::Group(name), true) => matching(SubjectWord::Group, None, name)?,
            (NamedSubject::ServiceAccount { namespace, name }, false) => {
                Self::ServiceAccount { namespace, name }
            }
            (NamedSubject::ServiceAccount { namespace, name }, true) => {
                matching(SubjectWord::ServiceAccount, namespace, name)?
            }
            (NamedSubject::Object { kind, namespace, name }, false) => {
                Self::Workload { kind, namespace, name }
            }
            (NamedSubject::Object { kind, namespace, name }, true) => {
                matching(SubjectWord::Workload(kind), namespace, name)?
            }
        })
    }

    /// Parses SUBJECTs; an empty list means `me`.
    pub(crate) fn parse_all(texts: &[String]) -> Result<Vec<Self>, CommandError> {
        if texts.is_empty() {
            return Ok(vec![Self::Me]);
        }
        texts.iter().map(|text| Self::parse(text)).collect()
    }

    /// Returns the namespace in the argument, if any.
    pub(crate) fn namespace(&self) -> Option<&str> {
        match self {
            Self::Me | Self::User(_) | Self::Group(_) => None,
            Self::ServiceAccount { namespace, .. } | Self::Workload { namespace, .. } => {
                namespace.as_deref()
            }
            Self::Matching { namespace, .. } => {
                namespace.as_ref().and_then(Glob::as_name).map(|name| &**name)
            }
        }
    }

    /// Returns the input that is needed to resolve arguments.
    pub(crate) fn needs(arguments: &[Self]) -> Needs {
        let mut needs = Needs { service_accounts: true, ..Needs::default() };
        for argument in arguments {
            match argument {
                Self::Me | Self::User(_) | Self::Group(_) => {}
                Self::ServiceAccount { namespace, name } => match namespace {
                    Some(namespace) => needs.further_namespaces.push(namespace.clone()),
                    None => needs.unplaced.push(Unplaced::ServiceAccount(name.clone())),
                },
                Self::Matching { kind, namespace, .. } => {
                    let breadth = match kind {
                        SubjectWord::Workload(kind) => {
                            needs_workload(&mut needs, kind);
                            Breadth::All
                        }
                        _ => Breadth::Roles,
                    };
                    match namespace.as_ref().map(Glob::as_name) {
                        None => {}
                        Some(Some(name)) => needs.further_namespaces.push(name.to_string()),
                        Some(None) => needs.breadth = needs.breadth.max(breadth),
                    }
                }
                Self::Workload { kind, namespace, name } => {
                    needs_workload(&mut needs, kind);
                    match namespace {
                        Some(namespace) => needs.further_namespaces.push(namespace.clone()),
                        None => needs
                            .unplaced
                            .push(Unplaced::Workload { kind: kind.clone(), name: name.clone() }),
                    }
                }
            }
        }
        needs
    }

    /// Resolves arguments to subjects, without duplicates, in the order of the arguments.
    pub(crate) fn resolve_all(
        arguments: &[Self],
        ui: &Ui,
        session: &Session,
        options: &Options,
    ) -> Result<Vec<Subject>, CommandError> {
        let mut subjects: Vec<Subject> = Vec::new();
        let mut seen = BTreeSet::new();
        for argument in arguments {
            let found = argument.resolve(ui, session, options)?;
            subjects
                .extend(found.into_iter().filter(|subject| seen.insert(subject.identity.clone())));
        }
        Ok(subjects)
    }

    /// Resolves the argument to a single subject.
    pub(crate) fn resolve_one(
        &self,
        ui: &Ui,
        session: &Session,
        options: &Options,
    ) -> Result<Subject, CommandError> {
        const SHOWN: usize = 5;
        let mut subjects = self.resolve(ui, session, options)?;
        match subjects.pop() {
            Some(subject) if subjects.is_empty() => Ok(subject),
            last => {
                let shown = subjects.iter().chain(&last).take(SHOWN);
                let labels = shown.map(|subject| quote(&label(&subject.identity)));
                Err(CommandError::usage("several subjects match, but only one is allowed here")
                    .with_hint(Hint::did_you_mean(self.written(), labels)))
            }
        }
    }

    /// Returns the notation of an argument that can select several subjects.
    fn written(&self) -> String {
        match self {
            Self::Matching { kind, namespace, name } => {
                let word = match kind {
                    SubjectWord::ServiceAccount => "sa",
                    SubjectWord::User => "user",
                    SubjectWord::Group => "group",
                    SubjectWord::Workload(word) => word,
                };
                let namespace = namespace.as_ref().map_or_else(String::new, |it| format!("{it}:"));
                format!("{word}/{namespace}{name}")
            }
            Self::Workload { kind, name, .. } => format!("{kind}/{name}"),
            Self::Me => "me".to_owned(),
            Self::User(name) => format!("user/{name}"),
            Self::Group(name) => format!("group/{name}"),
            Self::ServiceAccount { name, .. } => format!("sa/{name}"),
        }
    }

    /// Resolves the argument: to several subjects for a pattern, or for a workload whose Pods have
    /// different ServiceAccounts; never to none.
    fn resolve(
        &self,
        ui: &Ui,
        session: &Session,
        options: &Options,
    ) -> Result<Vec<Subject>, CommandError> {
        let cluster = &options.cluster;
        // Groups next to --as belong to that user only.
        let groups = if cluster.as_user.is_none() { &*cluster.as_groups } else { &[] };
        if !groups.is_empty() && !matches!(self, Self::Me | Self::User(_)) {
            ui.warn("`--as-group` only applies to `user/NAME` and `me`");
        }
        let identity = match self {
            Self::Me => session.me(ui, options)?,
            Self::User(name) => {
                groups.iter().fold(Identity::user(name), |user, group| user.with_group(group))
            }
            Self::Group(name) => Identity::group(name),
            Self::ServiceAccount { namespace, name } => {
                let namespace = placed(ui, session, namespace.as_deref());
                warn_of_missing_account(ui, session, namespace, name);
                Identity::service_account(namespace, name)
            }
            Self::Matching { kind, namespace, name } => {
                let found =
                    matching_subjects(ui, session, options, kind, namespace.as_ref(), name)?;
                warn_of_dead(ui, found.iter().map(|subject| &subject.identity));
                return Ok(found);
            }
            Self::Workload { kind, namespace, name } => {
                let there = namespace.as_deref().unwrap_or(session.namespace());
                let workload = find_workload(session, kind, there, name)?;
                placed(ui, session, namespace.as_deref());
                let subjects = service_accounts_of(workload)?;
                for account in subjects.iter().filter_map(|it| it.identity.as_service_account()) {
                    warn_of_missing_account(ui, session, account.namespace, account.name);
                }
                return Ok(subjects);
            }
        };
        warn_of_dead(ui, [&identity]);
        if identity.is_node_without_group() {
            let node = label(&identity);
            ui.note(format!(
                "`{node}` is not in group system:nodes, so the Node authorizer does not apply"
            ));
            ui.suggest(Hint::pass("--as-group system:nodes", "ask about the node"));
        }
        Ok(vec![Subject { identity, workload: None }])
    }
}

/// Returns the namespace of a subject, and explains the one that goes without saying.
fn placed<'a>(ui: &Ui, session: &'a Session, named: Option<&'a str>) -> &'a str {
    named.unwrap_or_else(|| {
        session.place.explain(ui);
        session.namespace()
    })
}

/// Returns the error for an invalid SUBJECT, with a hint at the notation.
fn malformed(text: &str, error: NotationError) -> CommandError {
    let (kind, rest) = text.split_once(['/', ':', ' ']).unwrap_or(("", text));
    let quoted = |guesses: Vec<String>| guesses.into_iter().map(|guess| quote(&guess));
    match error {
        NotationError::NoKind => {
            let guesses: Vec<String> = match text {
                "" => vec!["sa/NAME".to_owned(), "user/NAME".to_owned()],
                _ if text.starts_with("system:") => match kind_of_reserved(text) {
                    Some(kind) => vec![format!("{kind}/{text}")],
                    None => vec![format!("user/{text}"), format!("group/{text}")],
                },
                _ => ["sa", "user", "group"].map(|kind| format!("{kind}/{text}")).into(),
            };
            CommandError::usage(format!("`{text}` has no kind"))
                .with_hint(Hint::did_you_mean(text, quoted(guesses)))
        }
        NotationError::NoName => CommandError::usage(format!("`{text}` has no name"))
            .with_hint(Hint::did_you_mean(text, [format!("{kind}/NAME")])),
        NotationError::NotAnAccount => {
            CommandError::usage(format!("`{text}` is not the user name of a ServiceAccount"))
                .with_hint(Hint::did_you_mean(text, ["system:serviceaccount:NAMESPACE:NAME"]))
        }
        NotationError::NotAName => {
            if let Err(error) = Glob::parse(text) {
                return CommandError::usage(error);
            }
            let lower = format!("{kind}/{}", rest.to_lowercase());
            let is_fixed = lower != text && NamedSubject::parse(&lower).is_ok();
            CommandError::usage(format!("`{text}` is not a valid object name"))
                .with_hint(is_fixed.then(|| Hint::did_you_mean(text, [lower])).flatten())
        }
    }
}

/// Returns the kind of subject that has a name of Kubernetes' own.
fn kind_of_reserved(name: &str) -> Option<&'static str> {
    const GROUPS: [&str; 6] = [
        "system:masters",
        "system:nodes",
        "system:authenticated",
        "system:unauthenticated",
        "system:monitoring",
        "system:bootstrappers",
    ];
    let starts = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    if GROUPS.contains(&name) || starts(&["system:serviceaccounts", "system:bootstrappers:"]) {
        Some("group")
    } else if name == "system:anonymous" || starts(&["system:node:", "system:kube-"]) {
        Some("user")
    } else {
        None
    }
}

/// Adds the input that is needed to find workloads of a kind.
fn needs_workload(needs: &mut Needs, kind: &str) {
    let is_pod = matches!(&*kind.to_lowercase(), "po" | "pod" | "pods");
    needs.pods |= is_pod;
    needs.templates |= !is_pod;
}

/// Warns of a missing ServiceAccount. It is not an error, since RBAC works without the object.
fn warn_of_missing_account(ui: &Ui, session: &Session, namespace: &str, name: &str) {
    if is_missing_account(session, namespace, name) {
        let guess = match &*lookalikes(session, namespace, name) {
            [] => String::new(),
            meant => format!("; did you mean `{}`?", meant.join("` or `")),
        };
        ui.warn(format!("there is no ServiceAccount `{name}` in namespace `{namespace}`{guess}"));
    }
}

/// Returns whether a ServiceAccount certainly does not exist and will not be created. Every namespace
/// has a `default` one.
pub(crate) fn is_missing_account(session: &Session, namespace: &str, name: &str) -> bool {
    !session.makes_accounts && is_missing(session.authorizer.inventory(), namespace, name)
}

fn is_missing(inventory: &Inventory, namespace: &str, name: &str) -> bool {
    let unread = inventory.gaps().iter().any(|gap| gap.may_hide_service_account(namespace));
    let is_there = name == "default"
        || is_template(name)
        || is_template(namespace)
        || inventory.service_account(namespace, name).is_some();
    !is_there && !unread
}

/// The maximum number of ServiceAccounts to suggest for a missing one.
const LOOKALIKES: usize = 3;

/// Returns the ServiceAccounts that are probably meant by a missing one: those with the same name in other
/// namespaces, or the one with the most similar name.
pub(crate) fn lookalikes(session: &Session, namespace: &str, name: &str) -> Vec<String> {
    if session.makes_accounts {
        return Vec::new();
    }
    lookalikes_in(session.authorizer.inventory(), namespace, name)
}

/// Returns the ServiceAccounts of an inventory that are probably meant by a missing one.
pub(crate) fn lookalikes_in(inventory: &Inventory, namespace: &str, name: &str) -> Vec<String> {
    if !is_missing(inventory, namespace, name) {
        return Vec::new();
    }
    let accounts = inventory.service_accounts().iter();
    let mut meant: Vec<&ServiceAccount> =
        accounts.filter(|account| *account.metadata.name == *name).take(LOOKALIKES).collect();
    if meant.is_empty() {
        let same_namespace = inventory.service_accounts_in(namespace);
        meant.extend(nearest(same_namespace, name, |account| &account.metadata.name));
    }
    let written =
        |it: &ServiceAccount| format!("sa/{}:{}", it.metadata.namespace, it.metadata.name);
    meant.into_iter().map(written).collect()
}

/// Returns the candidate with the most similar name, if any is similar.
pub(crate) fn nearest<'a, T>(
    candidates: &'a [T],
    name: &str,
    key: impl Fn(&T) -> &str,
) -> Option<&'a T> {
    let limit = 1 + name.chars().count() / 4;
    candidates
        .iter()
        .map(|candidate| (edit_distance(key(candidate), name), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
