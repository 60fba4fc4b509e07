//! The default namespace for questions about manifests.

use std::collections::BTreeSet;

use rolecall_rbac::{
    Catalog, Inventory, Metadata, Origin, SubjectKind, Text, edit_distance, is_template,
    sentence_list,
};

use crate::cli::Options;
use crate::error::Hint;
use crate::kind::is_kind;
use crate::ui::Ui;

/// The last resort for the namespace of objects and questions.
pub(crate) const DEFAULT: &str = "default";

/// Namespaces that every cluster has.
pub(crate) const ALWAYS_THERE: [&str; 4] =
    [DEFAULT, "kube-node-lease", "kube-public", "kube-system"];

/// The maximum number of namespaces to list.
const LISTED: usize = 5;

/// A subject in the arguments without a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unplaced {
    /// A ServiceAccount.
    ServiceAccount(String),
    /// A Pod or a workload.
    Workload {
        /// The kind as written.
        kind: String,
        /// The name.
        name: String,
    },
}

/// The namespace of questions, with the reason for the choice.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The namespace.
    pub(crate) namespace: String,
    reason: Reason,
}

/// The reason for the choice of a namespace.
#[derive(Clone, Debug)]
enum Reason {
    /// It was given, or there is no other.
    Given,
    /// It was given, but the input contains nothing in some of the given namespaces.
    Absent { absent: Vec<String>, known: BTreeSet<Text> },
    /// It is the only one in the input.
    Only,
    /// It is the namespace of the subject.
    OfSubject(String),
    /// The input has several namespaces.
    Undecided(BTreeSet<Text>),
}

impl Place {
    /// Returns a given namespace, which needs no explanation.
    pub(crate) fn given(namespace: String) -> Self {
        Self { namespace, reason: Reason::Given }
    }

    /// Chooses the namespace for questions about manifests: the given one, that of the subject, the only one in
    /// the input, or `default`.
    pub(crate) fn in_manifests(
        options: &Options,
        unplaced: &[Unplaced],
        inventory: &Inventory,
        catalog: &Catalog,
    ) -> Self {
        let known = namespaces(inventory);
        let chosen = |namespace: &str, reason| Self { namespace: namespace.to_owned(), reason };
        if let Some(named) = options.namespace.first() {
            let is_absent = |name: &&String| {
                !known.contains(name.as_str())
                    && !ALWAYS_THERE.contains(&name.as_str())
                    && inventory.namespaces().iter().all(|it| *it.metadata.name != ***name)
            };
            let absent: Vec<String> =
                options.namespace.namespaces.iter().filter(is_absent).cloned().collect();
            let is_odd = !known.is_empty() && !absent.is_empty();
            let reason = if is_odd { Reason::Absent { absent, known } } else { Reason::Given };
            return chosen(named, reason);
        }
        let mut found: BTreeSet<&Text> = BTreeSet::new();
        for subject in unplaced {
            found.extend(subject.namespaces(inventory, catalog));
        }
        found.retain(|namespace| !is_template(namespace));
        if let (Some(only), 1, Some(subject)) = (found.first(), found.len(), unplaced.first()) {
            let reason = match &***only {
                DEFAULT => Reason::Given,
                only if known.len() == 1 && known.contains(only) => Reason::Only,
                _ => Reason::OfSubject(subject.to_string()),
            };
            return chosen(only, reason);
        }
        match known.first() {
            Some(only) if known.len() == 1 => match &**only {
                DEFAULT => chosen(DEFAULT, Reason::Given),
                only => chosen(only, Reason::Only),
            },
            Some(_) if !known.contains(DEFAULT) => chosen(DEFAULT, Reason::Undecided(known)),
            _ => chosen(DEFAULT, Reason::Given),
        }
    }

    /// Notes the chosen namespace on stderr, once, unless it was given and the input contains it.
    pub(crate) fn explain(&self, ui: &Ui) {
        let Self { namespace, reason } = self;
        let assumed = format!("no `-n` given: assuming namespace `{namespace}`");
        match reason {
            Reason::Given => {}
            Reason::Only => ui.note_once(format!("{assumed}, the only one in the input")),
            Reason::OfSubject(subject) => ui.note_once(format!("{assumed} of `{subject}`")),
            Reason::Undecided(known) => {
                ui.note_once(format!("{assumed}; the input has {}", listed(known)));
                ui.suggest(Hint::pass("-n NAMESPACE", "use another namespace"));
            }
            Reason::Absent { absent, known } => {
                for absent in absent {
                    ui.note_once(format!(
                        "the input has no roles, bindings or ServiceAccounts in namespace `{absent}`"
                    ));
                    let near = known.iter().find(|name| edit_distance(name, absent) <= 2);
                    let meant = near.map(|near| [format!("-n {near}")]);
                    let hint =
                        meant.and_then(|meant| Hint::did_you_mean(format!("-n {absent}"), meant));
                    hint.into_iter().for_each(|hint| ui.suggest(hint));
                }
            }
        }
    }
}

impl Unplaced {
    /// Returns the namespaces of the subject. ServiceAccounts that only bindings name count if no such object
    /// was read.
    fn namespaces<'a>(&self, inventory: &'a Inventory, catalog: &Catalog) -> BTreeSet<&'a Text> {
        match self {
            Self::ServiceAccount(name) => {
                let accounts = inventory.service_accounts().iter().map(|account| &account.metadata);
                let existing: BTreeSet<&Text> = accounts
                    .filter(|metadata| *metadata.name == **name)
                    .map(|metadata| &metadata.namespace)
                    .collect();
                if !existing.is_empty() {
                    return existing;
                }
                let bindings = inventory.bindings().iter();
                let read = bindings.filter(|binding| binding.metadata.origin != Origin::Default);
                let subjects = read.flat_map(|binding| {
                    let of_name = binding.subjects.iter().filter(|subject| {
                        subject.kind == SubjectKind::ServiceAccount && *subject.name == **name
                    });
                    of_name.filter_map(|subject| subject.effective_namespace(&binding.metadata))
                });
                subjects.collect()
            }
            Self::Workload { kind, name } => {
                let workloads = inventory.workloads().iter().filter(|workload| {
                    *workload.metadata.name == **name && is_kind(catalog, workload, kind)
                });
                workloads.map(|workload| &workload.metadata.namespace).collect()
            }
        }
    }
}

impl std::fmt::Display for Unplaced {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ServiceAccount(name) => write!(formatter, "sa/{name}"),
            Self::Workload { kind, name } => write!(formatter, "{kind}/{name}"),
        }
    }
}

/// Returns the namespaces of roles, bindings and ServiceAccounts, which every command reads; or those of any
/// object, if there are none.
fn namespaces(inventory: &Inventory) -> BTreeSet<Text> {
    let roles = inventory.roles().iter().map(|role| &role.metadata);
    let bindings = inventory.bindings().iter().map(|binding| &binding.metadata);
    let accounts = inventory.service_accounts().iter().map(|account| &account.metadata);
    let is_read = |it: &&Metadata| it.origin != Origin::Default && !it.namespace.is_empty();
    let read = roles.chain(bindings).chain(accounts).filter(is_read);
    let mut found: BTreeSet<Text> = BTreeSet::new();
    for metadata in read {
        // Objects are sorted by namespace, so most are equal to the previous one.
        if found.last() != Some(&metadata.namespace) && !found.contains(&metadata.namespace) {
            found.insert(metadata.namespace.clone());
        }
    }
    if found.is_empty() {
        found.extend(inventory.namespace_names());
    }
    // A placeholder stands for a namespace that is not known yet.
    found.retain(|namespace| !is_template(namespace));
    found
}

/// Lists namespaces in a sentence.
fn listed(names: &BTreeSet<Text>) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    let others = names.len() - shown.len();
    match (others, &*shown) {
        (0, [_, _, ..]) => format!("namespaces {}", sentence_list(&shown)),
        (0, _) => format!("namespace {}", shown.concat()),
        (others, _) => format!("namespaces {} and {others} more", shown.join(", ")),
    }
}
