//! The use of rights according to audit logs.

use rolecall_rbac::Text;
use serde::Serialize;

use super::Tables;
use crate::{SubjectUse, Usage};

/// Subject, number of requests, first time, last time, and the number of a list of Pods.
type SubjectRow = (u32, u64, u32, u32, u32);

/// The use of rights as columns, and the objects that are left without the unused ones.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsageTables {
    logs: Vec<String>,
    coverage: Vec<String>,
    /// Namespace and name.
    binding: Vec<[u32; 2]>,
    rule: Vec<usize>,
    rights: Vec<u32>,
    /// 0 for not seen, 1 for not assessed, 2 for another authorizer, 3 for used.
    state: Vec<u32>,
    reason: Vec<u32>,
    subjects: Vec<Vec<SubjectRow>>,
    removed: Vec<u32>,
    deletions: Vec<u32>,
    left: LeftColumns,
}

/// Changed objects, and deleted ones, whose text is empty.
#[derive(Debug, Default, Serialize)]
struct LeftColumns {
    kind: Vec<u32>,
    namespace: Vec<u32>,
    name: Vec<u32>,
    yaml: Vec<u32>,
}

impl UsageTables {
    pub(super) fn new(usage: &Usage<'_>, tables: &mut Tables) -> Self {
        let mut columns = Self {
            logs: usage.logs.clone(),
            coverage: usage.coverage.clone(),
            binding: Vec::new(),
            rule: Vec::new(),
            rights: Vec::new(),
            state: Vec::new(),
            reason: Vec::new(),
            subjects: Vec::new(),
            removed: usage.removed.iter().map(|line| tables.texts.add(line)).collect(),
            deletions: usage.deletions.iter().map(|line| tables.texts.add(line)).collect(),
            left: LeftColumns::default(),
        };
        for of in &usage.rights {
            let metadata = &of.binding.metadata;
            let texts = &mut tables.texts;
            columns.binding.push([texts.add(&metadata.namespace), texts.add(&metadata.name)]);
            columns.rule.push(of.rule);
            columns.rights.push(texts.add(&of.rights));
            columns.state.push(of.state as u32);
            columns.reason.push(texts.add(&of.reason));
            columns.subjects.push(of.subjects.iter().map(|of| subject(of, tables)).collect());
        }
        for object in &usage.left {
            let texts = &mut tables.texts;
            columns.left.kind.push(texts.add(&object.kind));
            columns.left.namespace.push(texts.add(&object.namespace));
            columns.left.name.push(texts.add(&object.name));
            columns.left.yaml.push(texts.add(&object.yaml));
        }
        columns
    }
}

fn subject(of: &SubjectUse, tables: &mut Tables) -> SubjectRow {
    let pods: Vec<Text> = of.pods.iter().map(|pod| pod.as_str().into()).collect();
    let texts = &mut tables.texts;
    let (subject, first, last) =
        (texts.add(&of.subject), texts.add(&of.first), texts.add(&of.last));
    (subject, of.requests, first, last, tables.text_list(&pods))
}
