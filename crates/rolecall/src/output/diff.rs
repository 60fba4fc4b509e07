//! Differences in access, the output of `diff`.

use std::io;

use rolecall_access::{AccessTerm, Extent, RuleCode};
use rolecall_access::{
    Holder,
    diff::{Change, Difference, GainedRisk, HolderDiff},
};
use rolecall_paths::Reached;
use rolecall_rbac::{Gap, Grant, Text};
use serde::Serialize;

use super::document::{Document, Each, Fields, Section, is_zero};
use super::paths::StepDetails;
use super::{GrantDetails, versioned, write_jsonl};
use crate::answer::comparison::Comparison;
use crate::error::CommandError;
use crate::listing::{Keys, ListOptions, place};
use crate::render::diff::risk_keys;
use crate::words;

/// Access gained and lost.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct AccessDiff<'a> {
    old: &'a str,
    new: &'a str,
    gained: Each<'a, Changed<'a>, ChangeDetails<'a>>,
    lost: Each<'a, Changed<'a>, ChangeDetails<'a>>,
    undecided: Each<'a, Changed<'a>, Undecided<'a>>,
    risks: Each<'a, &'a GainedRisk<'a>, RiskDetails<'a>>,
    opened_paths: Each<'a, &'a Reached<'a>, PathDetails<'a>>,
    closed_paths: Each<'a, &'a Reached<'a>, PathDetails<'a>>,
    gaps: Gaps,
    /// The number of records that `--limit` leaves out.
    #[serde(skip_serializing_if = "is_zero")]
    omitted: usize,
}

/// The differences of each alternative, the output of `diff` for several targets.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct AccessDiffs {
    targets: Vec<TargetDiff>,
}

/// The difference of one alternative.
#[derive(Debug, Serialize)]
pub(crate) struct TargetDiff {
    name: String,
    diff: serde_json::Value,
}

impl AccessDiffs {
    /// Builds the document.
    pub(crate) fn new(targets: Vec<TargetDiff>) -> Self {
        Self { targets }
    }

    /// Writes the difference of each target as one line of JSON.
    pub(crate) fn write_lines(&self, out: &mut impl io::Write) -> Result<(), CommandError> {
        self.targets.iter().try_for_each(|target| write_jsonl(out, target))
    }
}

impl TargetDiff {
    /// Builds the difference of the target with that name.
    pub(crate) fn new(name: &str, comparison: &Comparison<'_>) -> Result<Self, serde_json::Error> {
        let diff = serde_json::to_value(versioned(&AccessDiff::new(comparison)))?;
        Ok(Self { name: name.to_owned(), diff })
    }
}

/// Access that a subject gained or lost.
#[derive(Debug, Serialize)]
struct ChangeDetails<'a> {
    subject: String,
    access: AccessDetails<'a>,
    /// The access as text.
    text: String,
    by: Vec<GrantDetails<'a>>,
}

/// A change that depends on something that was not read.
#[derive(Debug, Serialize)]
struct Undecided<'a> {
    change: &'static str,
    #[serde(flatten)]
    details: ChangeDetails<'a>,
}

/// Requests in the format of a rule, with namespaces and exceptions.
#[derive(Debug, Serialize)]
struct AccessDetails<'a> {
    #[serde(flatten)]
    parts: Parts<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    except: Option<Parts<'a>>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Parts<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    verbs: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    api_groups: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_names: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    namespaces: Vec<&'a str>,
    #[serde(rename = "nonResourceURLs", skip_serializing_if = "Vec::is_empty")]
    non_resource_urls: Vec<&'a str>,
}

impl Parts<'_> {
    fn everything() -> Self {
        Self {
            verbs: vec!["*"],
            api_groups: vec!["*"],
            resources: vec!["*"],
            resource_names: Vec::new(),
            namespaces: vec!["*"],
            non_resource_urls: vec!["*"],
        }
    }
}

/// A risk that a subject gained.
#[derive(Debug, Serialize)]
struct RiskDetails<'a> {
    subject: String,
    code: RuleCode,
    name: &'static str,
    severity: &'static str,
    /// The namespace; absent for everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    /// The ability that the risk gives the subject.
    may: &'a str,
    /// The grants.
    by: Vec<GrantDetails<'a>>,
}

/// A path that only one source has.
#[derive(Serialize)]
struct PathDetails<'a> {
    subject: String,
    sink: String,
    steps: Vec<StepDetails<'a>>,
}

impl<'a> PathDetails<'a> {
    fn new(found: &'a Reached<'a>) -> Self {
        Self {
            subject: found.subject.to_string(),
            sink: found.sink.to_string(),
            steps: found.steps.iter().map(StepDetails::new).collect(),
        }
    }
}

/// The gaps of each source.
#[derive(Debug, Serialize)]
struct Gaps {
    old: Vec<String>,
    new: Vec<String>,
}

/// A change of a subject.
#[derive(Clone, Copy)]
struct Changed<'a> {
    holder: &'a Holder,
    change: &'a Change<'a>,
    /// `gained` or `lost`.
    direction: &'static str,
}

impl Changed<'_> {
    /// Returns the keys by which changes are sorted.
    fn keys(&self) -> Keys {
        let binding = self.change.by.first().map(|grant| grant.binding);
        Keys {
            rule: self.direction.to_owned(),
            subject: self.holder.to_string(),
            object: binding.map(words::binding).unwrap_or_default(),
            namespace: binding.map_or("", |it| &it.metadata.namespace).to_owned(),
            place: binding.map(|it| place(&it.metadata.origin)).unwrap_or_default(),
            ..Keys::default()
        }
    }
}

impl<'a> AccessDiff<'a> {
    /// Copies a comparison.
    pub(crate) fn new(comparison: &'a Comparison<'a>) -> Self {
        let Comparison { old, new, diffs, risks, paths, old_gaps, new_gaps, .. } = comparison;
        let undecided = diffs.iter().flat_map(|diff| {
            let HolderDiff { holder, perhaps_gained, perhaps_lost, .. } = diff;
            changed(holder, perhaps_gained, "gained").chain(changed(holder, perhaps_lost, "lost"))
        });
        let texts = |gaps: &[Gap]| gaps.iter().map(ToString::to_string).collect();
        let gained = diffs.iter().flat_map(|diff| changed(&diff.holder, &diff.gained, "gained"));
        let lost = diffs.iter().flat_map(|diff| changed(&diff.holder, &diff.lost, "lost"));
        Self {
            old,
            new,
            gained: Each::new(gained, ChangeDetails::new),
            lost: Each::new(lost, ChangeDetails::new),
            undecided: Each::new(undecided, |changed| Undecided {
                change: changed.direction,
                details: ChangeDetails::new(changed),
            }),
            risks: Each::new(risks, RiskDetails::new),
            opened_paths: Each::new(&paths.opened, PathDetails::new),
            closed_paths: Each::new(&paths.closed, PathDetails::new),
            gaps: Gaps { old: texts(old_gaps), new: texts(new_gaps) },
            omitted: 0,
        }
    }

    /// Sorts and limits each list.
    #[must_use]
    pub(crate) fn arranged(mut self, list: &ListOptions) -> Self {
        let of_path = |found: &&Reached<'_>| Keys {
            subject: found.subject.to_string(),
            rule: found.sink.to_string(),
            ..Keys::default()
        };
        self.omitted = self.gained.arrange(list, Changed::keys)
            + self.lost.arrange(list, Changed::keys)
            + self.undecided.arrange(list, Changed::keys)
            + self.risks.arrange(list, |found| risk_keys(found))
            + self.opened_paths.arrange(list, of_path)
            + self.closed_paths.arrange(list, of_path);
        self
    }
}

impl Document for AccessDiff<'_> {
    const KIND: &'static str = "AccessDiff";

    fn head(&self, fields: &mut Fields) -> io::Result<()> {
        fields.add("old", &self.old)?;
        fields.add("new", &self.new)
    }

    fn sections(&self) -> Vec<Section<'_>> {
        vec![
            Section { key: "gained", record: "gained", list: &self.gained },
            Section { key: "lost", record: "lost", list: &self.lost },
            Section { key: "undecided", record: "undecided", list: &self.undecided },
            Section { key: "risks", record: "risk", list: &self.risks },
            Section { key: "openedPaths", record: "openedPath", list: &self.opened_paths },
            Section { key: "closedPaths", record: "closedPath", list: &self.closed_paths },
        ]
    }

    fn tail(&self, fields: &mut Fields) -> io::Result<()> {
        fields.add("gaps", &self.gaps)?;
        match self.omitted {
            0 => Ok(()),
            omitted => fields.add("omitted", &omitted),
        }
    }
}

fn changed<'a>(
    holder: &'a Holder,
    difference: &'a Difference<'a>,
    direction: &'static str,
) -> impl Iterator<Item = Changed<'a>> {
    difference.changes.iter().map(move |change| Changed { holder, change, direction })
}

impl<'a> ChangeDetails<'a> {
    fn new(Changed { holder, change, .. }: Changed<'a>) -> Self {
        Self {
            subject: holder.to_string(),
            access: AccessDetails::new(&change.term),
            text: change.term.to_string(),
            by: change.by.iter().map(|grant| GrantDetails::new(&Grant::Rule(*grant))).collect(),
        }
    }
}

impl<'a> AccessDetails<'a> {
    fn new(term: &'a AccessTerm) -> Self {
        let parts = |take: fn(&'a Extent) -> Vec<&'a str>| match term {
            AccessTerm::Everything => Parts::default(),
            AccessTerm::Resources(term) => Parts {
                verbs: take(&term.verbs),
                api_groups: take(&term.groups),
                resources: take(&term.resources),
                // As in rules, an empty list means every name, and `*` is an ordinary name.
                resource_names: match term.names.all {
                    true => Vec::new(),
                    false => take(&term.names),
                },
                namespaces: take(&term.namespaces),
                non_resource_urls: Vec::new(),
            },
            AccessTerm::Urls(term) => Parts {
                verbs: take(&term.verbs),
                non_resource_urls: take(&term.urls),
                ..Parts::default()
            },
        };
        let mut except = parts(|extent| texts(&extent.except));
        if let AccessTerm::Resources(term) = term {
            except.resource_names = texts(&term.names.except);
        }
        if *term == AccessTerm::Everything {
            return Self { parts: Parts::everything(), except: None };
        }
        Self {
            parts: parts(|extent| {
                extent.all.then_some("*").into_iter().chain(texts(&extent.listed)).collect()
            }),
            except: (except != Parts::default()).then_some(except),
        }
    }
}

fn texts(texts: &[Text]) -> Vec<&str> {
    texts.iter().map(|text| &**text).collect()
}

impl<'a> RiskDetails<'a> {
    fn new(found: &'a GainedRisk<'a>) -> Self {
        let GainedRisk { holder, risk, may, by } = found;
        Self {
            subject: holder.to_string(),
            code: risk.code,
            name: risk.risk().map_or("", |risk| risk.name),
            severity: risk.severity.as_str(),
            namespace: risk.namespace.as_deref(),
            may,
            by: by.iter().map(|grant| GrantDetails::new(&Grant::Rule(*grant))).collect(),
        }
    }
}
