//! Escalation paths.

use rolecall_rbac::{Binding, Role};
use serde::Serialize;

use super::Tables;
use crate::{Choke, PathEvidence, PathStep, Paths};

/// Escalation paths as lists of numbers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PathTables {
    sink: String,
    starts: usize,
    admins: Vec<u32>,
    /// The subject of each path.
    subject: Vec<u32>,
    /// The numbers of the steps of each path.
    steps: Vec<Vec<u32>>,
    step_table: Vec<StepRow>,
    chokes: Vec<ChokeRow>,
    cuts: Vec<ChokeRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
struct StepRow {
    technique: u32,
    requests: Vec<u32>,
    gains: u32,
    assumes: Vec<u32>,
    evidence: Vec<EvidenceRow>,
}

/// Binding kind, namespace and name, role kind, namespace and name, and rule index; or words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
enum EvidenceRow {
    Grant { binding: [u32; 2], role: [u32; 2], rule: usize },
    Other { words: u32 },
}

#[derive(Debug, Serialize)]
struct ChokeRow {
    binding: [u32; 2],
    subject: u32,
    grant: u32,
    ends: usize,
}

impl PathTables {
    pub(super) fn new(paths: &Paths<'_>, tables: &mut Tables) -> Self {
        let mut steps = crate::table::Distinct::default();
        let mut columns = Self {
            sink: paths.sink.clone(),
            starts: paths.starts,
            admins: paths.admins.iter().map(|admin| tables.texts.add(admin)).collect(),
            subject: Vec::new(),
            steps: Vec::new(),
            step_table: Vec::new(),
            chokes: chokes(&paths.chokes, tables),
            cuts: chokes(&paths.cuts, tables),
        };
        for path in &paths.paths {
            columns.subject.push(tables.texts.add(&path.subject));
            let numbers = path.steps.iter().map(|step| steps.add(StepRow::new(step, tables)));
            columns.steps.push(numbers.collect());
        }
        columns.step_table = steps.into_all();
        columns
    }
}

impl StepRow {
    fn new(step: &PathStep<'_>, tables: &mut Tables) -> Self {
        let texts = &mut tables.texts;
        Self {
            technique: texts.add(&step.technique),
            requests: step.requests.iter().map(|request| texts.add(request)).collect(),
            gains: texts.add(&step.gains),
            assumes: step.assumes.iter().map(|assumption| texts.add(assumption)).collect(),
            evidence: step.evidence.iter().map(|by| EvidenceRow::new(by, tables)).collect(),
        }
    }
}

impl EvidenceRow {
    fn new(evidence: &PathEvidence<'_>, tables: &mut Tables) -> Self {
        match evidence {
            PathEvidence::Grant { binding, role, rule } => Self::Grant {
                binding: binding_key(binding, tables),
                role: role_key(role, tables),
                rule: *rule,
            },
            PathEvidence::Other(words) => Self::Other { words: tables.texts.add(words) },
        }
    }
}

fn chokes(chokes: &[Choke<'_>], tables: &mut Tables) -> Vec<ChokeRow> {
    let row = |choke: &Choke<'_>| ChokeRow {
        binding: binding_key(choke.binding, tables),
        subject: tables.texts.add(&choke.subject),
        grant: tables.texts.add(&choke.grant),
        ends: choke.ends,
    };
    chokes.iter().map(row).collect()
}

/// Returns namespace and name, which determine the kind.
fn binding_key(binding: &Binding, tables: &mut Tables) -> [u32; 2] {
    let metadata = &binding.metadata;
    [tables.texts.add(&metadata.namespace), tables.texts.add(&metadata.name)]
}

fn role_key(role: &Role, tables: &mut Tables) -> [u32; 2] {
    let metadata = &role.metadata;
    [tables.texts.add(&metadata.namespace), tables.texts.add(&metadata.name)]
}
