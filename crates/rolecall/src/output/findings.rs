use std::io;

use rolecall_check::{ObjectRef, RuleCode};
use serde::Serialize;

use super::document::{Document, Each, Fields, Section, is_zero};
use crate::located::{FoundIn, LocatedFinding, Report, place};
use crate::region::RegionDetails;

/// Findings, the output of `check`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct Findings<'a> {
    findings: Each<'a, &'a LocatedFinding, FindingDetails<'a>>,
    gaps: Vec<&'a str>,
    scope: ScopeDetails,
    /// The number of findings that `--limit` leaves out.
    #[serde(skip_serializing_if = "is_zero")]
    omitted: usize,
}

/// The size of the input.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScopeDetails {
    objects: usize,
    files: usize,
    files_without_objects: usize,
    excluded: usize,
    #[serde(skip_serializing_if = "is_zero")]
    targets: usize,
}

/// One finding.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingDetails<'a> {
    code: RuleCode,
    name: &'static str,
    category: &'static str,
    severity: &'static str,
    object: ObjectDetails<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<RegionDetails>,
    /// The kind of the location, for a rendered object.
    #[serde(skip_serializing_if = "Option::is_none")]
    precision: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    targets: Vec<TargetDetails<'a>>,
    message: String,
    fix: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unless: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subjects: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<AlsoDetails<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<RelatedDetails<'a>>,
    fingerprint: &'a str,
}

/// A rendered object with the finding.
#[derive(Serialize)]
struct TargetDetails<'a> {
    name: &'a str,
    object: ObjectDetails<'a>,
    /// The line of the field in the output of the tool.
    line: u32,
}

impl<'a> TargetDetails<'a> {
    fn new(found: &'a FoundIn) -> Self {
        let FoundIn { target, object, line } = found;
        Self { name: target, object: ObjectDetails::new(object), line: *line }
    }
}

/// A less severe finding with the same cause.
#[derive(Serialize)]
struct AlsoDetails<'a> {
    code: RuleCode,
    name: &'static str,
    severity: &'static str,
    object: ObjectDetails<'a>,
    field: String,
    message: &'a str,
}

/// An object in a finding.
#[derive(Serialize)]
struct ObjectDetails<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    name: &'a str,
}

/// Another object that contributes to a finding.
#[derive(Serialize)]
struct RelatedDetails<'a> {
    object: ObjectDetails<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    note: &'a str,
}

impl<'a> Findings<'a> {
    /// Builds the document from findings and the coverage of the input.
    pub(crate) fn new(report: &'a Report<'a>) -> Self {
        let coverage = report.coverage;
        let scope = coverage.scope;
        Self {
            findings: Each::new(report.shown(), FindingDetails::new),
            gaps: coverage.gaps.iter().map(|gap| &*gap.text).collect(),
            scope: ScopeDetails {
                objects: scope.objects,
                files: scope.files,
                files_without_objects: scope.empty,
                excluded: scope.excluded,
                targets: scope.targets,
            },
            omitted: report.omitted,
        }
    }
}

impl Document for Findings<'_> {
    const KIND: &'static str = "Findings";

    fn sections(&self) -> Vec<Section<'_>> {
        vec![Section { key: "findings", record: "finding", list: &self.findings }]
    }

    fn tail(&self, fields: &mut Fields) -> io::Result<()> {
        fields.add("gaps", &self.gaps)?;
        fields.add("scope", &self.scope)?;
        match self.omitted {
            0 => Ok(()),
            omitted => fields.add("omitted", &omitted),
        }
    }
}

impl<'a> FindingDetails<'a> {
    fn new(reported: &'a LocatedFinding) -> Self {
        let finding = &reported.finding;
        let (file, line) = place(&finding.object).unzip();
        Self {
            code: finding.rule.code,
            name: finding.rule.name,
            category: finding.rule.category.as_str(),
            severity: finding.severity.as_str(),
            object: ObjectDetails::new(&finding.object),
            file,
            line,
            field: finding.field.to_string(),
            region: reported.region.map(RegionDetails::from),
            precision: match reported.targets.is_empty() {
                true => None,
                false => Some(reported.precision.as_str()),
            },
            targets: reported.targets.iter().map(TargetDetails::new).collect(),
            message: finding.statement(),
            fix: &finding.fix,
            unless: finding.unless.iter().map(|file| &**file).collect(),
            subjects: finding.subjects.iter().map(String::as_str).collect(),
            also: finding.also.iter().map(AlsoDetails::new).collect(),
            related: finding.related.iter().map(RelatedDetails::new).collect(),
            fingerprint: &reported.fingerprint,
        }
    }
}

impl<'a> AlsoDetails<'a> {
    fn new(also: &'a rolecall_check::Also) -> Self {
        Self {
            code: also.rule.code,
            name: also.rule.name,
            severity: also.severity.as_str(),
            object: ObjectDetails::new(&also.object),
            field: also.field.to_string(),
            message: &also.message,
        }
    }
}

impl<'a> RelatedDetails<'a> {
    fn new(related: &'a rolecall_check::Related) -> Self {
        let (file, line) = place(&related.object).unzip();
        Self { object: ObjectDetails::new(&related.object), file, line, note: &related.note }
    }
}

impl<'a> ObjectDetails<'a> {
    fn new(object: &'a ObjectRef) -> Self {
        Self { kind: &object.kind, namespace: &object.namespace, name: &object.name }
    }
}
