//! Who is meant by a SUBJECT argument: `sa/NAME`, `sa/NAMESPACE:NAME`, `user/NAME`, `group/NAME`,
//! `pod/NAME`, `deploy/NAME` and the like, `system:serviceaccount:NAMESPACE:NAME`, `me`.

use rolecall_rbac::{
    Gap, Identity, ObjectKind, PodSpec, ServedResource, Text, Unread, Workload, edit_distance,
};

use std::collections::BTreeSet;

use rolecall_source::cluster::Needs as ClusterNeeds;

use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::load::{Breadth, Needs, Session};
use crate::ui::Ui;

/// How SUBJECT is written, for the help of the commands that take one.
pub(crate) const GRAMMAR: &str = "\
SUBJECT is one of:
  sa/NAME              a ServiceAccount of the namespace (-n)
  sa/NAMESPACE:NAME    a ServiceAccount; also system:serviceaccount:NAMESPACE:NAME
  user/NAME            a user, with its group system:authenticated and those of --as-group
  group/NAME           somebody in a group
  pod/NAME, deploy/NAME, cronjob/NAME ...
                       the ServiceAccount that a workload of the namespace runs as
  me                   yourself, or --as";

/// A SUBJECT argument taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SubjectArgument {
    /// `me`.
    Me,
    /// A ServiceAccount; without namespace, of the namespace in which the question is asked.
    ServiceAccount {
        /// The namespace, if written.
        namespace: Option<String>,
        /// The name.
        name: String,
    },
    /// Every ServiceAccount whose namespace and name match patterns with `*`; without a namespace
    /// pattern, of the namespaces in which the question is asked.
    ServiceAccounts {
        /// The namespace's pattern, if written.
        namespace: Option<String>,
        /// The name's pattern.
        name: String,
    },
    /// A user.
    User(String),
    /// A group.
    Group(String),
    /// A Pod or an object that makes Pods.
    Workload {
        /// The kind as written: a kind, plural, singular or short name, perhaps with its group.
        kind: String,
        /// The namespace, if written.
        namespace: Option<String>,
        /// The name.
        name: String,
    },
}

/// A subject made definite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// User name and groups.
    pub(crate) identity: Identity,
    /// The workload that was named, when one was.
    pub(crate) workload: Option<WorkloadName>,
}

/// The workload through which a subject was named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WorkloadName {
    /// The kind.
    pub(crate) kind: String,
    /// The namespace.
    pub(crate) namespace: String,
    /// The name.
    pub(crate) name: String,
}

impl SubjectArgument {
    /// Takes a SUBJECT apart.
    pub(crate) fn parse(text: &str) -> Result<Self, CommandError> {
        if text == "me" {
            return Ok(Self::Me);
        }
        if let Some(rest) = text.strip_prefix("system:serviceaccount:") {
            return match rest.split_once(':') {
                Some((namespace, name)) if is_name(namespace) && is_name(name) => {
                    Ok(Self::ServiceAccount {
                        namespace: Some(namespace.to_owned()),
                        name: name.to_owned(),
                    })
                }
                _ => Err(CommandError::usage(format!("`{text}` is no ServiceAccount's user name"))
                    .with_hint(Hint::did_you_mean(text, ["system:serviceaccount:NAMESPACE:NAME"]))),
            };
        }
        let Some((kind, name)) = text.split_once('/') else {
            let guesses = match text {
                "" => vec!["sa/NAME".to_owned(), "user/NAME".to_owned()],
                _ if text.starts_with("system:") => {
                    vec![format!("user/{text}"), format!("group/{text}")]
                }
                _ => ["sa", "user", "group"].map(|kind| format!("{kind}/{text}")).into(),
            };
            return Err(CommandError::usage(format!("`{text}` does not say what kind of subject"))
                .with_hint(Hint::did_you_mean(text, guesses)));
        };
        if name.is_empty() {
            return Err(CommandError::usage(format!("`{text}` names nobody"))
                .with_hint(Hint::did_you_mean(text, [format!("{kind}/NAME")])));
        }
        match &*kind.to_lowercase() {
            "user" | "users" => Ok(Self::User(name.to_owned())),
            "group" | "groups" => Ok(Self::Group(name.to_owned())),
            "sa" | "serviceaccount" | "serviceaccounts" if name.contains('*') => {
                let (namespace, name) = match name.split_once(':') {
                    Some((namespace, name)) => (Some(namespace.to_owned()), name),
                    None => (None, name),
                };
                Ok(Self::ServiceAccounts { namespace, name: name.to_owned() })
            }
            "sa" | "serviceaccount" | "serviceaccounts" => {
                let (namespace, name) = split_namespace(text, kind, name)?;
                Ok(Self::ServiceAccount { namespace, name })
            }
            _ => {
                let (namespace, name) = split_namespace(text, kind, name)?;
                Ok(Self::Workload { kind: kind.to_owned(), namespace, name })
            }
        }
    }

    /// Takes several SUBJECTs apart; none is `me`.
    pub(crate) fn parse_all(texts: &[String]) -> Result<Vec<Self>, CommandError> {
        if texts.is_empty() {
            return Ok(vec![Self::Me]);
        }
        texts.iter().map(|text| Self::parse(text)).collect()
    }

    /// Returns the namespace that is written, if one is.
    pub(crate) fn namespace(&self) -> Option<&str> {
        match self {
            Self::Me | Self::User(_) | Self::Group(_) => None,
            Self::ServiceAccount { namespace, .. }
            | Self::ServiceAccounts { namespace, .. }
            | Self::Workload { namespace, .. } => namespace.as_deref(),
        }
    }

    /// Returns what must be read to resolve some arguments.
    pub(crate) fn needs(arguments: &[Self]) -> Needs {
        let mut needs = Needs { service_accounts: true, ..Needs::default() };
        for argument in arguments {
            match argument {
                Self::Me | Self::User(_) | Self::Group(_) => {}
                Self::ServiceAccount { namespace, .. } => {
                    needs.further_namespaces.extend(namespace.clone());
                }
                Self::ServiceAccounts { namespace, .. } => match namespace {
                    Some(namespace) if namespace.contains('*') => needs.breadth = Breadth::Roles,
                    namespace => needs.further_namespaces.extend(namespace.clone()),
                },
                Self::Workload { kind, namespace, .. } => {
                    let is_pod = matches!(&*kind.to_lowercase(), "po" | "pod" | "pods");
                    needs.pods |= is_pod;
                    needs.templates |= !is_pod;
                    needs.further_namespaces.extend(namespace.clone());
                }
            }
        }
        needs
    }

    /// Finds out who is meant by several arguments, each subject once, in the order named.
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

    /// Finds the one subject that is meant.
    pub(crate) fn resolve_one(
        &self,
        ui: &Ui,
        session: &Session,
        options: &Options,
    ) -> Result<Subject, CommandError> {
        let mut subjects = self.resolve(ui, session, options)?;
        match subjects.pop() {
            Some(subject) if subjects.is_empty() => Ok(subject),
            last => {
                let labels: Vec<String> =
                    subjects.iter().chain(&last).map(|s| label(&s.identity)).collect();
                Err(CommandError::usage("the subject is several ServiceAccounts")
                    .with_hint(Hint::did_you_mean("it", labels)))
            }
        }
    }

    /// Finds out who is meant: several for patterns, and for a workload that makes Pods of several
    /// ServiceAccounts; never none.
    fn resolve(
        &self,
        ui: &Ui,
        session: &Session,
        options: &Options,
    ) -> Result<Vec<Subject>, CommandError> {
        let cluster = &options.cluster;
        // Groups that are given with --as belong to that user, and to nobody else.
        let groups = if cluster.as_user.is_none() { &*cluster.as_groups } else { &[] };
        if !groups.is_empty() && !matches!(self, Self::Me | Self::User(_)) {
            ui.warn("`--as-group` counts for `user/NAME` and `me` only");
        }
        let identity = match self {
            Self::Me => session.me(options)?,
            Self::User(name) => {
                groups.iter().fold(Identity::user(name), |user, group| user.with_group(group))
            }
            Self::Group(name) => Identity::group(name),
            Self::ServiceAccount { namespace, name } => {
                let namespace = namespace.as_deref().unwrap_or(&session.namespace);
                warn_of_missing_account(ui, session, namespace, name);
                Identity::service_account(namespace, name)
            }
            Self::ServiceAccounts { namespace, name } => {
                return matching_accounts(session, options, namespace.as_deref(), name);
            }
            Self::Workload { kind, namespace, name } => {
                let namespace = namespace.as_deref().unwrap_or(&session.namespace);
                let workload = find_workload(session, kind, namespace, name)?;
                let subjects = service_accounts_of(workload)?;
                for account in subjects.iter().filter_map(|it| it.identity.as_service_account()) {
                    warn_of_missing_account(ui, session, account.namespace, account.name);
                }
                return Ok(subjects);
            }
        };
        if identity.is_node_without_group() {
            let node = label(&identity);
            ui.note(format!(
                "`{node}` without group system:nodes: the Node authorizer is left out"
            ));
            ui.suggest(Hint::pass("--as-group system:nodes", "ask about the node"));
        }
        Ok(vec![Subject { identity, workload: None }])
    }
}

/// Returns an identity as a SUBJECT that means it: `sa/NAMESPACE:NAME`, `user/NAME` or `group/NAME`.
pub(crate) fn label(identity: &Identity) -> String {
    match (identity.as_service_account(), &*identity.user) {
        (Some(account), _) => format!("sa/{}:{}", account.namespace, account.name),
        (None, "") => format!("group/{}", identity.groups.first().map_or("", |group| group)),
        (None, user) => format!("user/{user}"),
    }
}

/// Splits `NAMESPACE:NAME`, whose namespace may be left out.
fn split_namespace(
    text: &str,
    kind: &str,
    rest: &str,
) -> Result<(Option<String>, String), CommandError> {
    let (namespace, name) = match rest.split_once(':') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, rest),
    };
    if is_name(name) && namespace.is_none_or(is_name) {
        return Ok((namespace.map(str::to_owned), name.to_owned()));
    }
    let error = CommandError::usage(format!("`{text}` names no object"));
    Err(match rest.split_once('/') {
        Some((namespace, name)) if is_name(namespace) && is_name(name) => {
            error.with_hint(Hint::did_you_mean(text, [format!("{kind}/{namespace}:{name}")]))
        }
        _ => {
            let lower = format!("{kind}/{}", rest.to_lowercase());
            error.with_hint((lower != text).then(|| Hint::did_you_mean(text, [lower])).flatten())
        }
    })
}

/// Returns whether a text may be the name of a ServiceAccount, workload or namespace.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
        })
}

/// Finds the ServiceAccounts whose namespace and name match patterns.
fn matching_accounts(
    session: &Session,
    options: &Options,
    namespace: Option<&str>,
    name: &str,
) -> Result<Vec<Subject>, CommandError> {
    let namespaces = session.namespaces(options);
    let in_scope = |candidate: &Text| match namespace {
        Some(pattern) => matches(pattern, candidate),
        None => options.namespace.all_namespaces || namespaces.contains(candidate),
    };
    let accounts = session.authorizer.inventory().service_accounts().iter();
    let subjects: Vec<Subject> = accounts
        .map(|account| &account.metadata)
        .filter(|metadata| in_scope(&metadata.namespace) && matches(name, &metadata.name))
        .map(|metadata| Subject {
            identity: Identity::service_account(&metadata.namespace, &metadata.name),
            workload: None,
        })
        .collect();
    if subjects.is_empty() {
        let pattern = namespace.map_or_else(String::new, |namespace| format!("{namespace}:"));
        let error = CommandError::input(format!("no ServiceAccount matches `sa/{pattern}{name}`"));
        let everywhere = options.namespace.all_namespaces || namespace.is_some();
        let hint = Hint::pass("-A", "look in all namespaces");
        return Err(error.with_hint((!everywhere).then_some(hint)));
    }
    Ok(subjects)
}

/// Returns whether a text matches a pattern in which `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// RBAC does not need a ServiceAccount to exist, so one that is missing is only worth a warning.
fn warn_of_missing_account(ui: &Ui, session: &Session, namespace: &str, name: &str) {
    if is_missing_account(session, namespace, name) {
        let guess = lookalike(session, namespace, name)
            .map_or_else(String::new, |meant| format!("; is `{meant}` meant?"));
        ui.warn(format!("there is no ServiceAccount `{name}` in namespace `{namespace}`{guess}"));
    }
}

/// Returns whether a ServiceAccount certainly does not exist and will not be made. Every namespace has
/// its `default`.
fn is_missing_account(session: &Session, namespace: &str, name: &str) -> bool {
    let inventory = session.authorizer.inventory();
    let unread = inventory.gaps().iter().any(|gap| gap.may_hide_service_account(namespace));
    let is_there = name == "default" || inventory.service_account(namespace, name).is_some();
    !is_there && !unread && !session.makes_accounts
}

/// Returns the ServiceAccount that is probably meant instead of one that does not exist: one of the same
/// name in another namespace, or one that is spelled alike.
pub(crate) fn lookalike(session: &Session, namespace: &str, name: &str) -> Option<String> {
    if !is_missing_account(session, namespace, name) {
        return None;
    }
    let inventory = session.authorizer.inventory();
    let elsewhere =
        inventory.service_accounts().iter().find(|account| *account.metadata.name == *name);
    let meant = elsewhere.or_else(|| {
        let same_namespace = inventory.service_accounts_in(namespace);
        nearest(same_namespace, name, |account| &account.metadata.name)
    })?;
    Some(format!("sa/{}:{}", meant.metadata.namespace, meant.metadata.name))
}

/// Finds the workload of a kind, namespace and name.
pub(crate) fn find_workload<'a>(
    session: &'a Session,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Result<&'a Workload, CommandError> {
    let inventory = session.authorizer.inventory();
    let of_kind = |workload: &&Workload| is_kind(session, workload, kind);
    let mut candidates = inventory.workloads_in(namespace).iter().filter(of_kind);
    if let Some(workload) = candidates.clone().find(|workload| *workload.metadata.name == *name) {
        return Ok(workload);
    }
    if let Some(error) = unknown_kind(session, kind, name) {
        return Err(error);
    }
    if session.live().is_some() && !is_listed(session, kind) {
        let file = format!("{name}.yaml");
        let get = format!("kubectl get {kind} {name} -n {namespace} -o yaml > {file}");
        return Err(CommandError::input(format!(
            "`{kind}/{name}` was not looked for: of a cluster's workloads only the built-in kinds are listed"
        ))
        .with_hint(Hint::run(get, "write it to a file"))
        .with_hint(Hint::pass(format!("--overlay -f {file}"), "read it from there")));
    }
    if let Some(gap) = hiding(session, kind, namespace) {
        let text = format!("`{kind}/{name}` was not found, and this was not read: {gap}");
        return Err(CommandError::cluster(text));
    }
    let elsewhere = inventory
        .workloads()
        .iter()
        .filter(of_kind)
        .find(|workload| *workload.metadata.name == *name);
    let guess = match elsewhere {
        Some(workload) => Some(format!("{kind}/{}:{name}", workload.metadata.namespace)),
        None => {
            let names: Vec<&str> =
                candidates.by_ref().map(|workload| &*workload.metadata.name).collect();
            nearest(&names, name, |name| name).map(|near| format!("{kind}/{near}"))
        }
    };
    Err(CommandError::input(format!("there is no `{kind}/{name}` in namespace `{namespace}`"))
        .with_hint(guess.and_then(|guess| Hint::did_you_mean(format!("{kind}/{name}"), [guess]))))
}

/// Returns whether workloads of a kind are listed on clusters.
fn is_listed(session: &Session, kind: &str) -> bool {
    let listed = ClusterNeeds::everything().collections();
    let mut named = session.catalog.named(kind.split('.').next().unwrap_or(kind));
    named.any(|served| {
        listed.iter().any(|it| *it.kind == *served.kind && *it.group == *served.group)
    })
}

/// Returns what was not read and may hide a workload of a kind.
fn hiding<'a>(session: &'a Session, kind: &str, namespace: &str) -> Option<&'a Gap> {
    let word = kind.split('.').next().unwrap_or(kind);
    let is_meant = |unread: &str| session.catalog.named(word).any(|named| *named.kind == *unread);
    session.authorizer.inventory().gaps().iter().find(|gap| {
        gap.may_hide_workload(namespace)
            && match &gap.unread {
                Unread::Kind { kind: ObjectKind::Other(unread), .. }
                | Unread::KindOutside { kind: ObjectKind::Other(unread), .. }
                | Unread::Object { kind: ObjectKind::Other(unread), .. } => is_meant(unread),
                _ => true,
            }
    })
}

/// Returns the error for a word that means no kind of workload, of those served or read.
pub(crate) fn unknown_kind(session: &Session, kind: &str, name: &str) -> Option<CommandError> {
    let workloads = session.authorizer.inventory().workloads();
    let may_make_pods = |served: &ServedResource| {
        // Custom kinds may; of the others only these do.
        let is_custom = served.group.contains('.') && !served.group.ends_with(".k8s.io");
        is_custom || is_listed(session, kind)
    };
    let word = kind.split('.').next().unwrap_or(kind);
    let is_known = session.catalog.named(word).any(may_make_pods)
        || workloads.iter().any(|workload| is_kind(session, workload, kind));
    if is_known {
        return None;
    }
    let known = ["sa", "user", "group", "pod", "deploy", "sts", "ds", "job", "cronjob", "rs"];
    let guess = nearest(&known, kind, |known| known);
    let error = CommandError::usage(format!("`{kind}` is no kind of subject"))
        .with_hint(guess.and_then(|guess| {
            Hint::did_you_mean(format!("{kind}/{name}"), [format!("{guess}/{name}")])
        }))
        .with_hint(Hint::run("rolecall help can-i", "see how subjects are written"));
    Some(error)
}

/// Returns whether a word means a workload's kind: as the kind, a plural, a short name, any of them
/// with the API group behind a dot.
pub(crate) fn is_kind(session: &Session, workload: &Workload, word: &str) -> bool {
    let (word, group) = match word.split_once('.') {
        Some((word, group)) => (word, Some(group)),
        None => (word, None),
    };
    if group.is_some_and(|group| *group != *workload.api_group) {
        return false;
    }
    let word = word.to_lowercase();
    let kind = workload.kind.to_lowercase();
    word == kind
        || word.strip_suffix('s') == Some(&kind)
        || session
            .catalog
            .named(&word)
            .any(|served| served.kind == workload.kind && *served.group == *workload.api_group)
}

/// Returns the ServiceAccounts that a workload's Pods run as, each once, in their order.
fn service_accounts_of(workload: &Workload) -> Result<Vec<Subject>, CommandError> {
    let metadata = &workload.metadata;
    if workload.mirror {
        return Err(CommandError::input(format!(
            "Pod `{}/{}` is static: the kubelet runs it without a ServiceAccount",
            metadata.namespace, metadata.name
        )));
    }
    let mut names: Vec<&str> = workload.pods.iter().map(PodSpec::service_account_name).collect();
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    if names.is_empty() {
        return Err(CommandError::input(format!(
            "{} `{}/{}` has no Pod template",
            workload.kind, metadata.namespace, metadata.name
        )));
    }
    let subject = |name| Subject {
        identity: Identity::service_account(&metadata.namespace, name),
        workload: Some(WorkloadName {
            kind: workload.kind.to_string(),
            namespace: metadata.namespace.to_string(),
            name: metadata.name.to_string(),
        }),
    };
    Ok(names.into_iter().map(subject).collect())
}

/// Returns the candidate whose name is spelled most alike, if any is spelled alike at all.
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
