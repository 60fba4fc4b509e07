//! The findings, and the documentation of their rules.

use std::collections::BTreeSet;

use rolecall_rbac::Text;
use serde::Serialize;

use super::Tables;
use crate::{FindingObject, FindingRule, ReportFinding};

/// The severities in ascending order.
pub(crate) const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

/// Kind, namespace, name, file, line and note.
type RelatedRow = (u32, u32, u32, u32, u32, u32);

/// Code, severity, kind, namespace, name and message.
type AlsoRow = (u16, u32, u32, u32, u32, u32);

/// The findings as columns.
#[derive(Debug, Default, Serialize)]
pub(super) struct Findings {
    code: Vec<u16>,
    severity: Vec<u32>,
    kind: Vec<u32>,
    namespace: Vec<u32>,
    name: Vec<u32>,
    file: Vec<u32>,
    line: Vec<u32>,
    field: Vec<u32>,
    message: Vec<u32>,
    fix: Vec<u32>,
    fingerprint: Vec<u32>,
    /// The number of a list of texts.
    subjects: Vec<u32>,
    /// The related objects.
    related: Vec<Vec<RelatedRow>>,
    /// The findings with the same cause.
    also: Vec<Vec<AlsoRow>>,
}

/// The documentation of the rules that have findings, by code.
#[derive(Debug, Default, Serialize)]
pub(super) struct Documents {
    code: Vec<u16>,
    name: Vec<u32>,
    title: Vec<u32>,
    category: Vec<u32>,
    text: Vec<u32>,
}

/// Returns the findings and the documentation of their rules.
pub(super) fn build(all: &[ReportFinding<'_>], tables: &mut Tables) -> (Findings, Documents) {
    let mut findings = Findings::default();
    let mut rules: BTreeSet<FindingRule<'_>> = BTreeSet::new();
    for finding in all {
        rules.insert(finding.rule);
        rules.extend(finding.also.iter().map(|also| also.rule));
        findings.push(finding, tables);
    }
    let mut documents = Documents::default();
    for rule in rules {
        documents.code.push(rule.code);
        documents.name.push(tables.texts.add(rule.name));
        documents.title.push(tables.texts.add(rule.title));
        documents.category.push(tables.texts.add(rule.category));
        documents.text.push(tables.texts.add(rule.text));
    }
    (findings, documents)
}

impl Findings {
    fn push(&mut self, finding: &ReportFinding<'_>, tables: &mut Tables) {
        self.code.push(finding.rule.code);
        self.severity.push(rank(finding.severity));
        let (kind, namespace, name) = object(&finding.object, tables);
        self.kind.push(kind);
        self.namespace.push(namespace);
        self.name.push(name);
        self.file.push(tables.texts.add(finding.object.place.file));
        self.line.push(finding.object.place.line);
        self.field.push(tables.texts.add(&finding.field));
        self.message.push(tables.texts.add(&finding.message));
        self.fix.push(tables.texts.add(finding.fix));
        self.fingerprint.push(tables.texts.add(finding.fingerprint));
        let subjects: Vec<Text> =
            finding.subjects.iter().map(|subject| (*subject).into()).collect();
        self.subjects.push(tables.text_list(&subjects));
        let related = finding.related.iter().map(|related| {
            let (kind, namespace, name) = object(&related.object, tables);
            let place = related.object.place;
            let (file, note) = (tables.texts.add(place.file), tables.texts.add(related.note));
            (kind, namespace, name, file, place.line, note)
        });
        let related = related.collect();
        self.related.push(related);
        let also = finding.also.iter().map(|also| {
            let (kind, namespace, name) = object(&also.object, tables);
            let message = tables.texts.add(also.message);
            (also.rule.code, rank(also.severity), kind, namespace, name, message)
        });
        let also = also.collect();
        self.also.push(also);
    }
}

fn object(object: &FindingObject<'_>, tables: &mut Tables) -> (u32, u32, u32) {
    let kind = tables.texts.add(object.kind);
    (kind, tables.texts.add(object.namespace), tables.texts.add(object.name))
}

/// Returns the position of a severity.
pub(crate) fn rank(severity: &str) -> u32 {
    SEVERITIES.iter().position(|known| *known == severity).unwrap_or(0) as u32
}
