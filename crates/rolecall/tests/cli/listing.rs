//! The options that every command that lists has.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::command::rolecall;

/// Commands that list, with several entries each, and the lists of their JSON.
const LISTINGS: [(&str, &[&str]); 5] = [
    ("check fixtures/v09-dangling-role-ref", &["findings"]),
    ("who-can get configmaps -A -f fixtures/v01-implied-groups --show-system", &["holders"]),
    ("diff fixtures/refactoring/before fixtures/refactoring/after", &["gained", "lost", "risks"]),
    ("diff fixtures/v15-resource-names fixtures/v19-urls", &["gained", "lost", "risks"]),
    ("walk -A -f fixtures/tokens", &["pods", "everybodys", "subjects", "bindings", "roles"]),
];

fn json(arguments: &str) -> Value {
    serde_json::from_str(&rolecall(arguments).stdout).unwrap()
}

fn records(document: &Value, lists: &[&str]) -> usize {
    lists.iter().map(|list| document[*list].as_array().map_or(0, Vec::len)).sum()
}

#[test]
fn a_limit_counts_what_it_leaves_out_and_keeps_the_exit_code() {
    for (listing, lists) in LISTINGS {
        let all = json(&format!("{listing} -o json"));
        let some = json(&format!("{listing} -o json --limit 1"));
        let omitted = some["omitted"].as_u64().unwrap_or_default() as usize;
        assert_eq!(records(&some, lists) + omitted, records(&all, lists), "{listing}");
        let none = json(&format!("{listing} -o json --limit 0"));
        assert_eq!(none, all, "{listing}");
        let exits: BTreeSet<Option<i32>> = ["", " --limit 1", " --summary", " -o json --limit 1"]
            .map(|options| rolecall(&format!("{listing}{options}")).exit)
            .into();
        assert_eq!(exits.len(), 1, "{listing}: {exits:?}");
    }
}

#[test]
fn a_limited_table_says_how_to_show_the_rest() {
    for (listing, _) in LISTINGS {
        let table = rolecall(&format!("{listing} --limit 1")).stdout;
        assert!(table.contains(" more; use --limit 0 to show all\n"), "{listing}: {table}");
    }
}

#[test]
fn a_summary_has_forty_lines_at_most() {
    for (listing, _) in LISTINGS {
        let summary = rolecall(&format!("{listing} --summary")).stdout;
        let lines = summary.lines().count();
        assert!((1..=40).contains(&lines), "{listing}: {summary}");
        let ran = rolecall(&format!("{listing} --summary -o json"));
        assert_eq!(ran.exit, Some(2), "{listing}: {ran}");
    }
}

#[test]
fn grouped_rows_are_combined() {
    let rows = |options: &str| {
        let table = rolecall(&format!("check fixtures/v09-dangling-role-ref{options}")).stdout;
        table.lines().filter(|line| line.starts_with("RC")).count()
    };
    let findings = json("check fixtures/v09-dangling-role-ref -o json");
    let codes: BTreeSet<&str> = findings["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["code"].as_str())
        .collect();
    assert_eq!(rows(" --group-by rule"), codes.len());
    assert_eq!(rows(" --group-by none"), records(&findings, &["findings"]));
}

#[test]
fn findings_are_sorted_by_severity_or_location() {
    let severities = |options: &str| -> Vec<usize> {
        let order = ["critical", "high", "medium", "low", "info"];
        let report = json(&format!("check fixtures/v09-dangling-role-ref -o json{options}"));
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .map(|it| order.iter().position(|severity| it["severity"] == *severity).unwrap())
            .collect()
    };
    assert!(severities("").is_sorted());
    let report = json("check fixtures/v09-dangling-role-ref -o json --sort location");
    let findings = report["findings"].as_array().unwrap().iter();
    let lines: Vec<u64> = findings.filter_map(|it| it["region"]["startLine"].as_u64()).collect();
    assert!(lines.is_sorted(), "{lines:?}");
}

#[test]
fn a_matrix_can_leave_out_rows_without_access() {
    let matrix = "can-i --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1";
    let all = rolecall(matrix).stdout;
    let allowed = rolecall(&format!("{matrix} --allowed-only")).stdout;
    let with_access = all.lines().filter(|line| line.contains("yes")).count();
    assert_eq!(allowed.lines().filter(|line| line.contains("yes")).count(), with_access);
    // The headings take two lines.
    assert_eq!(allowed.lines().count(), with_access + 2, "{allowed}");
    let csv = rolecall(&format!("{matrix} --allowed-only -o csv")).stdout;
    assert!(csv.lines().skip(1).all(|line| line.contains(",allowed,")), "{csv}");
}
