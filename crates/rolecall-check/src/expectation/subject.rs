use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use rolecall_rbac::{Glob, Inventory, LabelSelector, Metadata, NamedSubject, Origin, Text};
use serde::Deserialize;

use super::written::{StringOrObject, WrittenSelector, impl_deserialize};
use super::{Expectation, FormatError, NamespacePattern};
use rolecall_access::Holder;

/// The subjects of an expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectPattern {
    /// `sa/NAMESPACE:NAME`: matching ServiceAccounts, or one that does not have to exist.
    ServiceAccount {
        /// The namespace.
        namespace: Glob,
        /// The name.
        name: Glob,
    },
    /// `user/NAME`.
    User(Glob),
    /// `group/NAME`.
    Group(Glob),
    /// ServiceAccounts that exist.
    Accounts(AccountSelection),
    /// The ServiceAccounts that workloads run as.
    Workloads(WorkloadSelection),
}

/// Selects ServiceAccounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSelection {
    /// Their namespaces; `None` means all.
    pub namespaces: Option<Vec<NamespacePattern>>,
    /// Their names; `None` means all.
    pub names: Option<Vec<Glob>>,
    /// Their labels.
    pub selector: LabelSelector,
}

/// Selects Pods and the objects that create them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadSelection {
    /// Their kinds, such as `Deployment`; `None` means all.
    pub kinds: Option<Vec<Text>>,
    /// Their namespaces; `None` means all.
    pub namespaces: Option<Vec<NamespacePattern>>,
    /// Their names; `None` means all.
    pub names: Option<Vec<Glob>>,
    /// Their labels.
    pub selector: LabelSelector,
}

impl Expectation {
    /// Returns the subjects of the expectation.
    pub(super) fn holders(&self, known: &Known<'_>) -> BTreeSet<Holder> {
        let of = |patterns: &[SubjectPattern]| -> BTreeSet<Holder> {
            patterns.iter().flat_map(|pattern| pattern.holders(known)).collect()
        };
        let except = of(&self.except);
        of(&self.subjects).into_iter().filter(|holder| !except.contains(holder)).collect()
    }
}

/// All subjects that the input names. Patterns are matched against their names.
pub(super) struct Known<'a> {
    pub(super) inventory: &'a Inventory,
    holders: BTreeSet<Holder>,
}

impl<'a> Known<'a> {
    /// Collects the subjects that an inventory names, without those that occur only in Kubernetes' default
    /// bindings, which are its own components.
    pub(super) fn new(inventory: &'a Inventory) -> Self {
        let account = |metadata: &Metadata, name: &Text| Holder::ServiceAccount {
            namespace: metadata.namespace.clone(),
            name: name.clone(),
        };
        let mut holders = BTreeSet::new();
        for binding in inventory.bindings() {
            if binding.metadata.origin != Origin::Default {
                let subjects = binding.subjects.iter();
                holders.extend(
                    subjects.filter_map(|subject| Holder::of_subject(subject, &binding.metadata)),
                );
            }
        }
        for found in inventory.service_accounts() {
            holders.insert(account(&found.metadata, &found.metadata.name));
        }
        for workload in inventory.workloads() {
            for pod in &*workload.pods {
                holders.insert(account(&workload.metadata, &pod.service_account_name().into()));
            }
        }
        Self { inventory, holders }
    }
}

impl SubjectPattern {
    fn holders(&self, known: &Known<'_>) -> Vec<Holder> {
        match self {
            Self::ServiceAccount { namespace, name } => {
                if let (Some(namespace), Some(name)) = (namespace.as_name(), name.as_name()) {
                    let (namespace, name) = (namespace.clone(), name.clone());
                    return vec![Holder::ServiceAccount { namespace, name }];
                }
                known.matching(|holder| match holder {
                    Holder::ServiceAccount { namespace: found, name: found_name } => {
                        namespace.matches(found) && name.matches(found_name)
                    }
                    Holder::User(_) | Holder::Group(_) => false,
                })
            }
            Self::User(name) => match name.as_name() {
                Some(name) => vec![Holder::of_user(name)],
                None => known.matching(
                    |holder| matches!(holder, Holder::User(found) if matches_outside(name, found)),
                ),
            },
            Self::Group(name) => match name.as_name() {
                Some(name) => vec![Holder::Group(name.clone())],
                None => known.matching(
                    |holder| matches!(holder, Holder::Group(found) if matches_outside(name, found)),
                ),
            },
            Self::Accounts(selection) => {
                let accounts = known.inventory.service_accounts().iter();
                let selected = accounts.filter(|account| {
                    let metadata = &account.metadata;
                    selects(&selection.namespaces, &selection.names, metadata, known.inventory)
                        && selection.selector.matches(metadata)
                });
                selected
                    .map(|account| Holder::ServiceAccount {
                        namespace: account.metadata.namespace.clone(),
                        name: account.metadata.name.clone(),
                    })
                    .collect()
            }
            Self::Workloads(selection) => {
                let workloads = known.inventory.workloads().iter();
                let selected = workloads.filter(|workload| {
                    let metadata = &workload.metadata;
                    selection.kinds.as_ref().is_none_or(|kinds| {
                        kinds.iter().any(|word| means_kind(word, &workload.kind))
                    }) && selects(
                        &selection.namespaces,
                        &selection.names,
                        metadata,
                        known.inventory,
                    ) && selection.selector.matches(metadata)
                });
                selected
                    .flat_map(|workload| {
                        workload.pods.iter().map(|pod| Holder::ServiceAccount {
                            namespace: workload.metadata.namespace.clone(),
                            name: pod.service_account_name().into(),
                        })
                    })
                    .collect()
            }
        }
    }
}

/// The short names of the built-in kinds that create Pods.
const SHORT_NAMES: [(&str, &str); 7] = [
    ("cj", "cronjob"),
    ("deploy", "deployment"),
    ("ds", "daemonset"),
    ("po", "pod"),
    ("rc", "replicationcontroller"),
    ("rs", "replicaset"),
    ("sts", "statefulset"),
];

/// Returns whether a word is the name of a kind, its plural or its short name, in any letter case.
fn means_kind(word: &str, kind: &str) -> bool {
    let (word, kind) = (word.to_lowercase(), kind.to_lowercase());
    word == kind
        || word.strip_suffix('s') == Some(&kind)
        || SHORT_NAMES.iter().any(|(short, long)| *short == word && *long == kind)
}

impl Known<'_> {
    fn matching(&self, matches: impl Fn(&Holder) -> bool) -> Vec<Holder> {
        self.holders.iter().filter(|holder| matches(holder)).cloned().collect()
    }
}

/// Matches names with a pattern. `*` does not match Kubernetes' own users and groups, unless the pattern
/// begins with their prefix.
fn matches_outside(pattern: &Glob, name: &str) -> bool {
    let own = "system:";
    (!name.starts_with(own) || pattern.to_string().starts_with(own)) && pattern.matches(name)
}

fn selects(
    namespaces: &Option<Vec<NamespacePattern>>,
    names: &Option<Vec<Glob>>,
    metadata: &Metadata,
    inventory: &Inventory,
) -> bool {
    let in_namespace = namespaces.as_ref().is_none_or(|patterns| {
        patterns.iter().any(|pattern| pattern.matches(&metadata.namespace, inventory))
    });
    let named =
        names.as_ref().is_none_or(|names| names.iter().any(|name| name.matches(&metadata.name)));
    in_namespace && named
}

impl NamespacePattern {
    /// Returns whether a pattern matches an existing namespace.
    pub(super) fn matches(&self, name: &str, inventory: &Inventory) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Own => false,
            Self::Named(glob) => glob.matches(name),
            Self::Labelled(selector) => inventory
                .namespace(name)
                .is_some_and(|namespace| selector.matches(&namespace.metadata)),
        }
    }
}

/// A subject as an object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WrittenSubject {
    service_accounts: Option<WrittenAccounts>,
    workloads: Option<WrittenWorkloads>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenAccounts {
    namespaces: Option<Vec<NamespacePattern>>,
    names: Option<Vec<Text>>,
    selector: Option<WrittenSelector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenWorkloads {
    kinds: Option<Vec<Text>>,
    namespaces: Option<Vec<NamespacePattern>>,
    names: Option<Vec<Text>>,
    selector: Option<WrittenSelector>,
}

impl TryFrom<WrittenSubject> for SubjectPattern {
    type Error = FormatError;

    fn try_from(written: WrittenSubject) -> Result<Self, FormatError> {
        let globs = |names: Option<Vec<Text>>| {
            let parse = |names: Vec<Text>| names.into_iter().map(Glob::parse).collect();
            names.map(parse).transpose().map_err(FormatError::Glob)
        };
        let selector = |written: Option<WrittenSelector>| {
            written.map_or_else(LabelSelector::default, LabelSelector::from)
        };
        match (written.service_accounts, written.workloads) {
            (Some(WrittenAccounts { namespaces, names, selector: written }), None) => {
                Ok(Self::Accounts(AccountSelection {
                    namespaces: not_own(namespaces)?,
                    names: globs(names)?,
                    selector: selector(written),
                }))
            }
            (None, Some(WrittenWorkloads { kinds, namespaces, names, selector: written })) => {
                Ok(Self::Workloads(WorkloadSelection {
                    kinds,
                    namespaces: not_own(namespaces)?,
                    names: globs(names)?,
                    selector: selector(written),
                }))
            }
            (Some(_), Some(_)) | (None, None) => Err(FormatError::AmbiguousSubject),
        }
    }
}

fn glob(name: String) -> Result<Glob, FormatError> {
    Glob::parse(name).map_err(FormatError::Glob)
}

/// Reads the pattern of a user or group, whose name can contain any character.
fn glob_of_any(name: String) -> Result<Glob, FormatError> {
    if Glob::is_pattern(&name) { glob(name) } else { Ok(Glob::new(name)) }
}

fn not_own(
    namespaces: Option<Vec<NamespacePattern>>,
) -> Result<Option<Vec<NamespacePattern>>, FormatError> {
    match namespaces.iter().flatten().any(|pattern| *pattern == NamespacePattern::Own) {
        true => Err(FormatError::OwnNamespaceOfSelection),
        false => Ok(namespaces),
    }
}

impl FromStr for SubjectPattern {
    type Err = FormatError;

    /// Reads a subject in the notation of the command line, including patterns.
    fn from_str(text: &str) -> Result<Self, FormatError> {
        let malformed = || FormatError::MalformedSubject { text: text.to_owned() };
        match NamedSubject::parse(text) {
            Ok(NamedSubject::ServiceAccount { namespace: Some(namespace), name }) => {
                let (namespace, name) = (glob(namespace)?, glob(name)?);
                Ok(Self::ServiceAccount { namespace, name })
            }
            Ok(NamedSubject::User(name)) => glob_of_any(name).map(Self::User),
            Ok(NamedSubject::Group(name)) => glob_of_any(name).map(Self::Group),
            Ok(NamedSubject::Object { kind, namespace: Some(namespace), name }) => {
                Ok(Self::Workloads(WorkloadSelection {
                    kinds: Some(vec![kind.into()]),
                    namespaces: Some(vec![NamespacePattern::Named(glob(namespace)?)]),
                    names: Some(vec![glob(name)?]),
                    selector: LabelSelector::default(),
                }))
            }
            // The file does not depend on the namespace or the user of a command line.
            Ok(
                NamedSubject::ServiceAccount { namespace: None, .. }
                | NamedSubject::Object { namespace: None, .. }
                | NamedSubject::Me,
            )
            | Err(_) => Err(malformed()),
        }
    }
}

impl StringOrObject for SubjectPattern {
    type Object = WrittenSubject;
    const EXPECTED: &'static str = "`sa/NAMESPACE:NAME`, `user/NAME`, `group/NAME`, or an object \
                                    with `serviceAccounts` or `workloads`";
}

impl_deserialize!(SubjectPattern);

impl fmt::Display for SubjectPattern {
    /// Writes the pattern as in the file, and selections by their kind.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceAccount { namespace, name } => write!(formatter, "sa/{namespace}:{name}"),
            Self::User(name) => write!(formatter, "user/{name}"),
            Self::Group(name) => write!(formatter, "group/{name}"),
            Self::Accounts(_) => formatter.write_str("serviceAccounts"),
            Self::Workloads(_) => formatter.write_str("workloads"),
        }
    }
}
