//! The subjects that are dangerous, the output of `risks`.

use std::io;

use rolecall_access::risk::{self, HeldRisk};
use rolecall_check::RuleCode;
use rolecall_paths::Reached;
use rolecall_rbac::Gap;
use serde::Serialize;

use super::ObjectReference;
use super::document::{Document, Each, Fields, Section, is_zero};
use super::paths::StepDetails;
use crate::answer::risks::RiskRow;
use crate::words;

/// The subjects that are dangerous.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct Risks<'a> {
    subjects: Each<'a, &'a RiskRow<'a>, SubjectDetails<'a>>,
    gaps: Vec<String>,
    /// The number of subjects that `--limit` leaves out.
    #[serde(skip_serializing_if = "is_zero")]
    omitted: usize,
}

/// One subject.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubjectDetails<'a> {
    subject: String,
    severity: &'static str,
    /// Whether it is cluster-admin by its own bindings.
    admin: bool,
    /// The ends that it can reach, the worst first.
    becomes: Vec<EndDetails<'a>>,
    risks: Vec<RiskDetails<'a>>,
    /// The workloads of a ServiceAccount; null if they were not read.
    workloads: Option<Vec<ObjectReference<'a>>>,
    bindings: Vec<ObjectReference<'a>>,
}

/// The end of a path.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndDetails<'a> {
    sink: String,
    steps: Vec<StepDetails<'a>>,
}

/// A risk that a subject holds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RiskDetails<'a> {
    code: RuleCode,
    name: &'static str,
    severity: &'static str,
    /// The namespace; absent for everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    /// The ability that the risk gives the subject.
    may: &'static str,
}

impl<'a> Risks<'a> {
    /// Copies rows.
    pub(crate) fn new(rows: Vec<&'a RiskRow<'a>>, gaps: &[Gap], omitted: usize) -> Self {
        Self { subjects: Each::new(rows, SubjectDetails::new), gaps: words::gaps(gaps), omitted }
    }
}

impl Document for Risks<'_> {
    const KIND: &'static str = "Risks";

    fn sections(&self) -> Vec<Section<'_>> {
        vec![Section { key: "subjects", record: "subject", list: &self.subjects }]
    }

    fn tail(&self, fields: &mut Fields) -> io::Result<()> {
        fields.add("gaps", &self.gaps)?;
        match self.omitted {
            0 => Ok(()),
            omitted => fields.add("omitted", &omitted),
        }
    }
}

impl<'a> SubjectDetails<'a> {
    fn new(row: &'a RiskRow<'a>) -> Self {
        let workloads = row.runners.as_ref().map(|all| {
            let named = all
                .iter()
                .map(|(namespace, it)| ObjectReference::named(it.kind, namespace, it.name));
            named.collect()
        });
        Self {
            subject: row.subject.to_string(),
            severity: row.severity.as_str(),
            admin: row.is_admin,
            becomes: row.ends.iter().map(EndDetails::new).collect(),
            risks: row.risks.iter().map(RiskDetails::new).collect(),
            workloads,
            bindings: row.bindings.iter().map(|it| ObjectReference::binding(it)).collect(),
        }
    }
}

impl<'a> EndDetails<'a> {
    fn new(end: &'a Reached<'a>) -> Self {
        let steps = end.steps.iter().map(StepDetails::new).collect();
        Self { sink: end.sink.to_string(), steps }
    }
}

impl<'a> RiskDetails<'a> {
    fn new(held: &'a HeldRisk) -> Self {
        Self {
            code: held.code,
            name: risk::find(held.code).map_or("", |risk| risk.name),
            severity: held.severity.as_str(),
            namespace: held.namespace.as_deref(),
            may: held.may(),
        }
    }
}
