//! Refusals of clients, recorded by running them against Kubernetes 1.37, are read exactly.

use std::path::Path;

use rolecall_grant::refusal::Scan;
use rolecall_rbac::{Request, Target};
use rolecall_testing::golden;
use serde_json::Value;

/// Formats a request with the object's name.
fn request_text(request: &Request) -> String {
    match &request.target {
        Target::Resource(target) if !target.name.is_empty() => {
            format!("{request} {}", target.name)
        }
        _ => request.to_string(),
    }
}

/// The parts of a scan that a row states.
#[derive(Debug, PartialEq)]
struct Read {
    denied: Vec<String>,
    unnamed: Vec<String>,
    lacks: Vec<String>,
    remarks: usize,
}

fn read(text: &str) -> Read {
    let scan = Scan::of(text.as_bytes());
    let mut denied: Vec<String> = scan
        .denials
        .iter()
        .map(|denial| format!("{}: {}", denial.user, request_text(&denial.request)))
        .collect();
    denied.sort();
    let unnamed = scan.unnamed.iter().flat_map(|found| match &*found.requests {
        [] => vec![String::new()],
        requests => requests.iter().map(request_text).collect(),
    });
    let lacks =
        scan.escalations.iter().map(|found| format!("{}: {}", found.user, found.missing.len()));
    Read { denied, unnamed: unnamed.collect(), lacks: lacks.collect(), remarks: scan.remarks.len() }
}

#[test]
fn refusals_of_recorded_clients_are_read_exactly() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/golden/clients-v1.37.jsonl.gz");
    let rows = golden::gunzip(&path);
    assert!(rows.lines().count() > 800);
    let mut wrong = Vec::new();
    for line in rows.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let texts = |name: &str| -> Vec<String> {
            let list = row[name].as_array().cloned().unwrap_or_default();
            list.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let expected = Read {
            denied: texts("denied"),
            unnamed: texts("unnamed"),
            lacks: texts("lacks"),
            remarks: 0,
        };
        let found = read(row["text"].as_str().unwrap());
        if found != expected {
            wrong.push(format!(
                "{} {} {}\n  {found:?}\n  {expected:?}",
                row["client"], row["case"], row["form"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{} texts:\n{}", wrong.len(), wrong.join("\n"));
}
