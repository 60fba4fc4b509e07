use std::str::FromStr;

use rolecall_paths::Sink;
use rolecall_rbac::{Glob, LabelSelector, Origin, Text};
use serde::Deserialize;

use super::written::{StringOrObject, WrittenSelector, WrittenSink, impl_deserialize};
use super::{FormatError, SubjectPattern};
use crate::TargetGlob;

/// The expected access of some subjects.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenExpectation")]
pub struct Expectation {
    /// The name for messages; empty for none.
    pub name: Text,
    /// The reason for the expectation; empty if there is none.
    pub reason: Text,
    /// The kustomizations and charts that it applies to; empty for the whole input.
    pub targets: Vec<TargetGlob>,
    /// The subjects; at least one.
    pub subjects: Vec<SubjectPattern>,
    /// The subjects to exclude.
    pub except: Vec<SubjectPattern>,
    /// Whether it is met if its subjects match nothing.
    pub optional: bool,
    /// Access that each subject must have.
    pub can: Vec<AccessEntry>,
    /// Access that no subject can have.
    pub cannot: Vec<AccessEntry>,
    /// The maximum access in addition to `can`; `None` for no limit.
    pub only: Option<Vec<AccessEntry>>,
    /// The targets that no subject can reach by escalation.
    pub cannot_become: Vec<Sink>,
    /// The position; the reader of the file sets it.
    pub origin: Origin,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenExpectation {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    reason: Text,
    targets: Option<Vec<TargetGlob>>,
    subjects: Vec<SubjectPattern>,
    #[serde(default)]
    except: Vec<SubjectPattern>,
    #[serde(default)]
    optional: bool,
    namespaces: Option<Vec<NamespacePattern>>,
    #[serde(default)]
    can: Vec<AccessEntry>,
    #[serde(default)]
    cannot: Vec<AccessEntry>,
    only: Option<Vec<AccessEntry>>,
    #[serde(default)]
    cannot_become: Vec<WrittenSink>,
}

/// One line of `can`, `cannot` or `only`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// The verbs; `*` is every verb.
    pub verbs: Vec<Text>,
    /// The target of the verbs.
    pub target: Target,
}

/// The access of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Resources.
    Resources(ResourceEntry),
    /// URLs.
    Urls(UrlEntry),
}

/// Resources of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceEntry {
    /// The API groups if resources are written as in rules; `None` if each resource contains its own group, as
    /// in `deployments.apps`.
    pub api_groups: Option<Vec<Text>>,
    /// The resources and subresources.
    pub resources: Vec<Text>,
    /// The object names; empty means requests with any name and without a name.
    pub resource_names: Vec<Text>,
    /// The namespaces; `None` means everywhere, including all namespaces at once.
    pub namespaces: Option<Vec<NamespacePattern>>,
}

/// URLs of an entry, as in rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlEntry {
    /// The paths, some with a trailing `*`.
    pub urls: Vec<Text>,
}

/// Namespaces of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamespacePattern {
    /// `*`: every namespace, including future ones, and all of them at once.
    Everywhere,
    /// `<own>`: the ServiceAccount's own.
    Own,
    /// Namespaces with a matching name.
    Named(Glob),
    /// Namespaces with matching labels.
    Labelled(LabelSelector),
}

impl TryFrom<WrittenExpectation> for Expectation {
    type Error = FormatError;

    fn try_from(written: WrittenExpectation) -> Result<Self, FormatError> {
        let WrittenExpectation {
            name,
            reason,
            targets,
            subjects,
            except,
            optional,
            namespaces,
            mut can,
            mut cannot,
            mut only,
            cannot_become,
        } = written;
        if subjects.is_empty() {
            return Err(FormatError::NoSubjects);
        }
        if can.is_empty() && cannot.is_empty() && only.is_none() && cannot_become.is_empty() {
            return Err(FormatError::NothingExpected);
        }
        not_empty("targets", &targets)?;
        not_empty("namespaces", &namespaces)?;
        let entries = can.iter_mut().chain(&mut cannot).chain(only.iter_mut().flatten());
        for entry in entries {
            if let Target::Resources(entry) = &mut entry.target {
                entry.namespaces = entry.namespaces.take().or_else(|| namespaces.clone());
            }
        }
        Ok(Self {
            name,
            reason,
            targets: targets.unwrap_or_default(),
            subjects,
            except,
            optional,
            can,
            cannot,
            only,
            cannot_become: cannot_become.into_iter().map(|written| written.0).collect(),
            origin: Origin::default(),
        })
    }
}

/// An entry as an object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WrittenEntry {
    verbs: Vec<Text>,
    api_groups: Option<Vec<Text>>,
    #[serde(default)]
    resources: Vec<Text>,
    #[serde(default)]
    resource_names: Vec<Text>,
    namespaces: Option<Vec<NamespacePattern>>,
    #[serde(default, rename = "nonResourceURLs")]
    non_resource_urls: Vec<Text>,
}

impl TryFrom<WrittenEntry> for AccessEntry {
    type Error = FormatError;

    fn try_from(written: WrittenEntry) -> Result<Self, FormatError> {
        let WrittenEntry {
            verbs,
            api_groups,
            resources,
            resource_names,
            namespaces,
            non_resource_urls: urls,
        } = written;
        if verbs.is_empty() {
            return Err(FormatError::NoVerbs);
        }
        for (field, texts) in
            [("verbs", &verbs), ("resources", &resources), ("nonResourceURLs", &urls)]
        {
            if texts.iter().any(|text| text.is_empty()) {
                return Err(FormatError::EmptyText { field });
            }
        }
        not_empty("apiGroups", &api_groups)?;
        not_empty("namespaces", &namespaces)?;
        let target = match (resources.is_empty(), urls.is_empty()) {
            (true, true) => return Err(FormatError::NoTarget),
            (false, false) => return Err(FormatError::TwoTargets),
            (true, false) => {
                if api_groups.is_some() || namespaces.is_some() || !resource_names.is_empty() {
                    return Err(FormatError::UrlsHaveNoPlace);
                }
                Target::Urls(UrlEntry { urls })
            }
            (false, true) => Target::Resources(ResourceEntry {
                api_groups,
                resources,
                resource_names,
                namespaces,
            }),
        };
        Ok(Self { verbs, target })
    }
}

/// Rejects a list that is present but empty.
fn not_empty<T>(field: &'static str, list: &Option<Vec<T>>) -> Result<(), FormatError> {
    match list {
        Some(list) if list.is_empty() => Err(FormatError::EmptyList { field }),
        _ => Ok(()),
    }
}

impl FromStr for AccessEntry {
    type Err = FormatError;

    /// Reads `get,list pods,configmaps`, optionally followed by ` in NAMESPACE,NAMESPACE`, and
    /// `get /metrics`.
    fn from_str(text: &str) -> Result<Self, FormatError> {
        let malformed = || FormatError::MalformedEntry { text: text.to_owned() };
        let words: Vec<&str> = text.split_whitespace().collect();
        let (verbs, targets, namespaces) = match *words {
            [verbs, targets] => (verbs, targets, None),
            [verbs, targets, "in", namespaces] => (verbs, targets, Some(namespaces)),
            _ => return Err(malformed()),
        };
        let list = |text: &str| -> Result<Vec<Text>, FormatError> {
            let parts = text.split(',').map(|part| match part {
                "" => Err(malformed()),
                part => Ok(Text::from(part)),
            });
            parts.collect()
        };
        let (mut resources, mut urls) = (Vec::new(), Vec::new());
        match targets.starts_with('/') {
            true => urls = list(targets)?,
            false => resources = list(targets)?,
        }
        let namespaces = namespaces.map(list).transpose()?;
        let namespaces = namespaces.map(|names| names.iter().map(|name| name.parse()).collect());
        Self::try_from(WrittenEntry {
            verbs: list(verbs)?,
            api_groups: None,
            resources,
            resource_names: Vec::new(),
            namespaces: namespaces.transpose()?,
            non_resource_urls: urls,
        })
    }
}

impl FromStr for NamespacePattern {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        match text {
            "*" => Ok(Self::Everywhere),
            "<own>" => Ok(Self::Own),
            "" => Err(FormatError::EmptyNamespace),
            name => Glob::parse(name).map(Self::Named).map_err(FormatError::Glob),
        }
    }
}

impl From<WrittenSelector> for NamespacePattern {
    fn from(written: WrittenSelector) -> Self {
        Self::Labelled(written.into())
    }
}

impl StringOrObject for AccessEntry {
    type Object = WrittenEntry;
    const EXPECTED: &'static str = "`VERBS RESOURCES` or an object with `verbs` and `resources`";
}

impl StringOrObject for NamespacePattern {
    type Object = WrittenSelector;
    const EXPECTED: &'static str = "a namespace's name or pattern, or a label selector";
}

impl_deserialize!(AccessEntry, NamespacePattern);
