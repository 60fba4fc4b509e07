//! The rows of escalation: each needs all of its rights.

use std::collections::BTreeSet;

use rolecall_testing::rows::{RowCase, cases};
use serde_json::Value;

use crate::command::rolecall_with;

const MANIFESTS: &str = include_str!("../../../../fixtures/escalation/manifests.yaml");
const ROWS: &str = include_str!("../../../../fixtures/escalation/rows.yaml");

/// Returns the rows of the path; none if there is no path.
fn path(case: &RowCase) -> Vec<String> {
    let ran = rolecall_with(
        &format!("paths -f - -o json {}", case.arguments()),
        &format!("{MANIFESTS}{}", case.manifests()),
    );
    let found: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{case:?}: {ran}"));
    let steps = found["paths"][0]["steps"].as_array().cloned().unwrap_or_default();
    assert_eq!(found["admins"], serde_json::json!([]), "{case:?}");
    steps.iter().map(|step| step["row"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn each_row_needs_all_of_its_rights() {
    let all = cases(ROWS).expect("the table of cases is valid");
    let mut wrong = Vec::new();
    for case in &all {
        let found = path(case);
        if found != case.path {
            wrong.push(format!("{} {}: {found:?} instead of {:?}", case.row, case.case, case.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let with = |is_miss: bool| -> BTreeSet<&str> {
        let of_kind = all.iter().filter(|case| case.path.is_empty() == is_miss);
        of_kind.map(|case| case.row.as_str()).collect()
    };
    let rows: Vec<String> = (1..=26).map(|number| format!("X{number:02}")).collect();
    let rows: BTreeSet<&str> = rows.iter().map(String::as_str).collect();
    assert_eq!((with(false), with(true)), (rows.clone(), rows));
}
