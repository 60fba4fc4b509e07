//! The configuration of a check: `rolecall.yaml`, documented in docs/configuration.md.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::str::FromStr;

use rolecall_rbac::{Glob, GlobError, Origin, Text};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::expectation::Expectation;
use crate::{Date, External, Finding, RuleMeta, Severity};

/// A file with expectations, severities, suppressions and external objects; several are merged.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckConfig {
    /// The version of the format.
    pub api_version: ApiVersion,
    /// Always `CheckConfig`.
    pub kind: ConfigKind,
    /// The expectations, in the order of the file.
    #[serde(default)]
    pub expectations: Vec<Expectation>,
    /// The severities that replace those of the rules.
    #[serde(default)]
    pub severities: BTreeMap<RuleName, Severity>,
    /// The suppressed findings, in the order of the file.
    #[serde(default)]
    pub suppressions: Vec<Suppression>,
    /// The objects that exist outside the input, in the order of the file.
    #[serde(default)]
    pub external: Vec<External>,
    /// The excluded files and directories: their paths, or the end of them.
    #[serde(default)]
    pub exclude: Vec<PathGlob>,
    /// The rendering of kustomizations and charts, in the order of the file.
    #[serde(default)]
    pub render: Vec<RenderSetting>,
}

/// The settings for rendering targets with matching names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenderSetting {
    /// The names of the targets.
    pub target: TargetGlob,
    /// The name of a variant, which is rendered in addition to the target.
    #[serde(default)]
    pub name: Option<String>,
    /// Files with values of a chart, relative to the configuration.
    #[serde(default)]
    pub values: Vec<String>,
    /// Values of a chart, as for `helm --set`.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Additional arguments for `helm template`.
    #[serde(default)]
    pub args: Vec<String>,
    /// The namespace of the release, and of objects that do not set one.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The name of the release.
    #[serde(default)]
    pub release_name: Option<String>,
    /// The location of the setting, which the reader of the file sets.
    #[serde(skip)]
    pub origin: Origin,
}

/// A pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathGlob {
    /// The pattern, without a `/` at its end.
    pub glob: Glob,
}

impl FromStr for PathGlob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Report the position in the pattern as written.
        Glob::parse(text).map_err(|error| error.to_string())?;
        let text = text.trim_start_matches("./").trim_end_matches('/');
        match text.is_empty() {
            true => {
                Err("the pattern is empty: write a path, such as `charts` or `*/testdata`"
                    .to_owned())
            }
            false => Ok(Self { glob: Glob::new(text) }),
        }
    }
}

impl<'de> Deserialize<'de> for PathGlob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// A pattern of the names of kustomizations and charts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGlob {
    glob: Glob,
    text: String,
}

impl TargetGlob {
    /// Returns whether it matches the name of a target, or the end of it after a `/` or `:`.
    pub fn matches(&self, name: &str) -> bool {
        let mut after = name.match_indices(['/', ':']).filter_map(|(at, _)| name.get(at + 1..));
        self.matches_whole(name) || after.any(|end| self.matches_whole(end))
    }

    /// Returns whether it matches the whole name of a target.
    pub fn matches_whole(&self, name: &str) -> bool {
        name == self.text || self.glob.matches(name)
    }

    /// Returns the pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for TargetGlob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim_end_matches('/');
        let text = text.strip_prefix("./").unwrap_or(text);
        match text.is_empty() {
            true => Err("the pattern is empty: write a target, such as `charts/web`".to_owned()),
            false => Ok(Self { glob: Glob::new(text), text: text.to_owned() }),
        }
    }
}

impl<'de> Deserialize<'de> for TargetGlob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// The versions of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum ApiVersion {
    /// The first.
    #[serde(rename = "rolecall.dev/v1")]
    V1,
}

/// The kind of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum ConfigKind {
    /// The configuration of a check.
    CheckConfig,
}

/// A rule, written as its code or its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleName {
    /// The rule.
    pub rule: &'static RuleMeta,
}

/// Suppresses findings, with a reason and optionally an expiry date.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenSuppression")]
pub struct Suppression {
    /// The rules whose findings are suppressed; at least one.
    pub codes: Vec<RuleName>,
    /// The objects, as `Kind namespace/name`; `None` for all.
    pub object: Option<Glob>,
    /// The files, by their path or its end; `None` for all.
    pub path: Option<Glob>,
    /// The reason.
    pub reason: Text,
    /// The last day of the suppression.
    pub expires: Option<Date>,
    /// The position; the reader of the file sets it.
    pub origin: Origin,
}

/// An error in a suppression that a schema cannot detect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuppressionError {
    /// No code is suppressed.
    #[error("`codes` is empty: add at least one, such as `RC510`")]
    NoCodes,
    /// The reason is missing.
    #[error("`reason` is empty: add the reason for the suppression")]
    NoReason,
    /// A glob is the empty string.
    #[error("`{field}` is empty: omit it to match everything")]
    EmptyGlob {
        /// The field.
        field: &'static str,
    },
    /// A glob has the notation of another tool.
    #[error(transparent)]
    Glob(GlobError),
}

/// A code or name that no rule has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown finding `{name}`: `rolecall explain` lists all findings")]
pub struct UnknownRuleError {
    /// The text as written.
    pub name: String,
}

impl CheckConfig {
    /// Returns an empty configuration.
    pub fn empty() -> Self {
        Self {
            api_version: ApiVersion::V1,
            kind: ConfigKind::CheckConfig,
            expectations: Vec::new(),
            severities: BTreeMap::new(),
            suppressions: Vec::new(),
            external: Vec::new(),
            exclude: Vec::new(),
            render: Vec::new(),
        }
    }

    /// Merges another file into this one; the severities of the other file take precedence.
    pub fn extend(&mut self, other: Self) {
        self.expectations.extend(other.expectations);
        self.severities.extend(other.severities);
        self.suppressions.extend(other.suppressions);
        self.external.extend(other.external);
        self.exclude.extend(other.exclude);
        self.render.extend(other.render);
    }

    /// Gives findings the severities that the configuration sets.
    pub fn grade(&self, findings: &mut [Finding]) {
        for finding in findings {
            if let Some(severity) = self.severities.get(&RuleName { rule: finding.rule }) {
                finding.severity = *severity;
            }
        }
    }
}

impl Suppression {
    /// Returns whether a finding is suppressed, regardless of the date.
    pub fn matches(&self, finding: &Finding) -> bool {
        let object = &finding.object;
        self.codes.iter().any(|name| name.rule.code == finding.rule.code)
            && self.object.as_ref().is_none_or(|glob| glob.matches(&object.to_string()))
            && self.path.as_ref().is_none_or(|glob| match &object.origin {
                Origin::File { path, .. } => ends(path).any(|end| glob.matches(end)),
                Origin::Cluster | Origin::Default => false,
            })
    }

    /// Describes the suppressed findings: the codes and the place.
    pub(crate) fn in_words(&self) -> String {
        let codes: Vec<String> = self.codes.iter().map(|name| name.rule.code.to_string()).collect();
        let mut text = codes.join(",");
        for (word, glob) in [("of", &self.object), ("in", &self.path)] {
            if let Some(glob) = glob {
                text.push_str(&format!(" {word} `{glob}`"));
            }
        }
        text
    }
}

/// Returns a path, the path without its first folder, without its first two, and so on.
fn ends(path: &str) -> impl Iterator<Item = &str> {
    let after_slashes = path.match_indices('/').filter_map(|(at, _)| path.get(at + 1..));
    std::iter::once(path).chain(after_slashes)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenSuppression {
    codes: Vec<RuleName>,
    object: Option<Text>,
    path: Option<Text>,
    reason: Text,
    expires: Option<Date>,
}

impl TryFrom<WrittenSuppression> for Suppression {
    type Error = SuppressionError;

    fn try_from(written: WrittenSuppression) -> Result<Self, SuppressionError> {
        let WrittenSuppression { codes, object, path, reason, expires } = written;
        if codes.is_empty() {
            return Err(SuppressionError::NoCodes);
        }
        if reason.trim().is_empty() {
            return Err(SuppressionError::NoReason);
        }
        let glob = |field, text: Option<Text>| match text {
            Some(text) if text.is_empty() => Err(SuppressionError::EmptyGlob { field }),
            text => text.map(Glob::parse).transpose().map_err(SuppressionError::Glob),
        };
        Ok(Self {
            codes,
            object: glob("object", object)?,
            path: glob("path", path)?,
            reason,
            expires,
            origin: Origin::default(),
        })
    }
}

impl FromStr for RuleName {
    type Err = UnknownRuleError;

    fn from_str(name: &str) -> Result<Self, UnknownRuleError> {
        crate::rules()
            .iter()
            .find(|rule| rule.is_called(name))
            .map(|rule| Self { rule })
            .ok_or_else(|| UnknownRuleError { name: name.to_owned() })
    }
}

impl<'de> Deserialize<'de> for RuleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl PartialOrd for RuleName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RuleName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rule.code.cmp(&other.rule.code)
    }
}
