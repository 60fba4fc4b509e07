//! The data document of the page: columns of numbers that refer to a table of texts.

mod cells;
mod findings;
mod objects;
mod paths;
mod resources;
mod rules;
mod subjects;
mod usage;
mod workloads;

use rolecall_rbac::{Gap, Origin, Text};
use serde::Serialize;

use crate::ReportInput;
use crate::table::{Distinct, Texts};
use cells::Cells;
pub(crate) use findings::rank;
use findings::{Documents, Findings};
pub(crate) use objects::is_built_in;
use objects::{Bindings, Namespaces, Roles};
use paths::PathTables;
use resources::Resources;
use rules::Rules;
use subjects::Subjects;
use usage::UsageTables;
use workloads::Workloads;

/// The version of the document's format.
const FORMAT: u32 = 1;

/// The data of a report. Its JSON form is described in the README of this crate.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    format: u32,
    program: String,
    title: String,
    command: String,
    sources: String,
    is_complete: bool,
    examined: Vec<String>,
    unread: Vec<String>,
    assumptions: Vec<String>,
    texts: Vec<Text>,
    text_lists: Vec<Vec<u32>>,
    rules: Rules,
    rule_sets: Vec<Vec<u32>>,
    subjects: Subjects,
    subject_lists: Vec<Vec<u32>>,
    roles: Roles,
    bindings: Bindings,
    namespaces: Namespaces,
    workloads: Workloads,
    resources: Resources,
    cells: Cells,
    gaps: Gaps,
    gap_lists: Vec<Vec<u32>>,
    findings: Findings,
    documents: Documents,
    #[serde(skip_serializing_if = "Option::is_none")]
    paths: Option<PathTables>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageTables>,
}

/// The parts of the input that could not be read.
#[derive(Debug, Default, Serialize)]
struct Gaps {
    text: Vec<u32>,
    file: Vec<u32>,
    line: Vec<u32>,
    /// The list of gaps that can hide holders of a request in any namespace.
    everywhere: u32,
    /// The list of gaps that can hide holders of a request at the cluster scope.
    at_cluster_scope: u32,
}

/// The tables that all columns share.
struct Tables {
    texts: Texts,
    text_lists: Distinct<Vec<u32>>,
    subject_lists: Distinct<Vec<u32>>,
    gap_lists: Distinct<Vec<u32>>,
}

/// The origin of an object in two columns.
#[derive(Debug, Default, Serialize)]
struct Places {
    file: Vec<u32>,
    line: Vec<u32>,
}

impl Document {
    /// Builds the document.
    pub fn new(input: &ReportInput<'_>) -> Self {
        let inventory = input.authorizer.inventory();
        let mut tables = Tables {
            texts: Texts::new(),
            text_lists: Distinct::default(),
            subject_lists: Distinct::default(),
            gap_lists: Distinct::default(),
        };
        tables.gap_lists.add(Vec::new());
        let (rules, rule_sets, set_of_role) = rules::build(inventory, &mut tables);
        let mut subjects = subjects::Builder::new(input.authorizer);
        let roles = Roles::new(input.authorizer, &set_of_role, &mut tables);
        let bindings = Bindings::new(input.authorizer, &mut subjects, &mut tables);
        let workloads = Workloads::new(inventory, &mut subjects, &mut tables);
        let subjects = subjects.finish(&mut tables);
        let namespaces = Namespaces::new(input.authorizer, &mut tables);
        let resources = Resources::new(input.catalog, &mut tables);
        let cells = Cells::new(input.catalog, &rules, &mut tables);
        let gaps = Gaps::new(input, &mut tables);
        let (findings, documents) = findings::build(input.findings, &mut tables);
        let paths = input.paths.map(|paths| PathTables::new(paths, &mut tables));
        let usage = input.usage.map(|usage| UsageTables::new(usage, &mut tables));
        let scope = input.scope;
        Self {
            format: FORMAT,
            program: scope.program.clone(),
            title: scope.title.clone(),
            command: scope.command.clone(),
            sources: scope.sources.clone(),
            is_complete: scope.is_complete,
            examined: scope.examined.clone(),
            unread: scope.unread.clone(),
            assumptions: scope.assumptions.clone(),
            text_lists: tables.text_lists.into_all(),
            rules: rules.columns,
            rule_sets,
            subjects,
            subject_lists: tables.subject_lists.into_all(),
            roles,
            bindings,
            namespaces,
            workloads,
            resources,
            cells,
            gaps,
            gap_lists: tables.gap_lists.into_all(),
            findings,
            documents,
            paths,
            usage,
            texts: tables.texts.into_all(),
        }
    }

    /// Returns the document as JSON.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }
}

impl Gaps {
    fn new(input: &ReportInput<'_>, tables: &mut Tables) -> Self {
        let all = input.authorizer.inventory().gaps();
        let mut gaps = Self::default();
        for gap in all {
            gaps.text.push(tables.texts.add(&gap.to_string()));
            let (file, line) = place(&gap.origin);
            gaps.file.push(tables.texts.add(file));
            gaps.line.push(line);
        }
        gaps.everywhere = tables.gaps(all, &input.authorizer.gaps_of_holders(None));
        gaps.at_cluster_scope = tables.gaps(all, &input.authorizer.gaps_of_holders(Some("")));
        gaps
    }
}

impl Tables {
    /// Returns the number of a list of texts.
    fn text_list<'t>(&mut self, texts: impl IntoIterator<Item = &'t Text>) -> u32 {
        let texts = self.texts.add_all(texts);
        self.text_lists.add(texts)
    }

    /// Returns the number of a list of gaps, some of `all`, which are sorted.
    fn gaps(&mut self, all: &[Gap], some: &[Gap]) -> u32 {
        let positions = some.iter().filter_map(|gap| all.binary_search(gap).ok());
        let positions = positions.map(|position| position as u32).collect();
        self.gap_lists.add(positions)
    }
}

impl Places {
    fn push(&mut self, origin: &Origin, texts: &mut Texts) {
        let (file, line) = place(origin);
        self.file.push(texts.add(file));
        self.line.push(line);
    }
}

/// Returns the file, or an empty text, and the line.
fn place(origin: &Origin) -> (&str, u32) {
    match origin {
        Origin::File { path, line } => (path, *line),
        Origin::Cluster | Origin::Default => ("", 0),
    }
}
