//! The options that every command that lists has.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::command::{rolecall, rolecall_with};

/// Commands that list, with several entries each, and the lists of their JSON.
const LISTINGS: [(&str, &[&str]); 7] = [
    ("check fixtures/v09-dangling-role-ref", &["findings"]),
    ("who-can get configmaps -A -f fixtures/v01-implied-groups --show-system", &["holders"]),
    ("diff fixtures/refactoring/before fixtures/refactoring/after", &["gained", "lost", "risks"]),
    ("diff fixtures/v15-resource-names fixtures/v19-urls", &["gained", "lost", "risks"]),
    ("walk -A -f fixtures/tokens", &["pods", "defaultBindings", "subjects", "bindings", "roles"]),
    ("risks -f fixtures/ci-to-admin -f fixtures/ns-1 --show-system", &["subjects"]),
    (MATRIX, &["cells"]),
];

const MATRIX: &str = "can-i --for sa/k-sa-1 -n ns-1 -n ns-2 -n ns-3 -n ns-4 --resources pods,secrets -f fixtures/ns-1";

/// The options that every listing has.
const OPTIONS: [&str; 5] = ["--sort", "--group-by", "--limit", "--summary", "--output"];

fn document(arguments: &str) -> Value {
    serde_json::from_str(&rolecall(arguments).stdout).unwrap()
}

fn records(document: &Value, lists: &[&str]) -> usize {
    lists.iter().map(|list| document[*list].as_array().map_or(0, Vec::len)).sum()
}

#[test]
fn a_limit_counts_what_it_leaves_out_and_keeps_the_exit_code() {
    for (listing, lists) in LISTINGS {
        let all = document(&format!("{listing} -o json"));
        let some = document(&format!("{listing} -o json --limit 1"));
        let omitted = some["omitted"].as_u64().unwrap_or_default() as usize;
        assert_eq!(records(&some, lists) + omitted, records(&all, lists), "{listing}");
        let none = document(&format!("{listing} -o json --limit 0"));
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
    let findings = document("check fixtures/v09-dangling-role-ref -o json");
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
        let report = document(&format!("check fixtures/v09-dangling-role-ref -o json{options}"));
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .map(|it| order.iter().position(|severity| it["severity"] == *severity).unwrap())
            .collect()
    };
    assert!(severities("").is_sorted());
    let report = document("check fixtures/v09-dangling-role-ref -o json --sort location");
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

#[test]
fn every_listing_has_the_same_options() {
    for command in ["can-i", "check", "diff", "risks", "rules", "walk", "who-can"] {
        let help = rolecall(&format!("{command} --help")).stdout;
        for option in OPTIONS {
            assert!(help.contains(option), "{command} {option}");
        }
        assert!(help.contains("jsonl"), "{command}");
        // Findings are never about what Kubernetes creates itself.
        assert_eq!(help.contains("--show-system"), command != "check", "{command}");
    }
}

#[test]
fn an_order_changes_nothing_but_the_order() {
    let sorted = |document: &Value, lists: &[&str]| -> Vec<String> {
        let lists = lists.iter().filter_map(|list| document[*list].as_array());
        let mut records: Vec<String> = lists.flatten().map(ToString::to_string).collect();
        records.sort();
        records
    };
    for (listing, lists) in LISTINGS {
        let all = sorted(&document(&format!("{listing} -o json")), lists);
        for order in ["severity", "reach", "location", "name"] {
            let other = document(&format!("{listing} -o json --sort {order}"));
            assert_eq!(sorted(&other, lists), all, "{listing} --sort {order}");
        }
        let lines = rolecall(&format!("{listing} -o jsonl --sort name")).stdout;
        let lines = lines.lines().filter(|line| !line.contains("\"record\":\"document\""));
        assert_eq!(lines.count(), all.len(), "{listing}");
    }
}

#[test]
fn groups_have_the_totals_and_the_exit_code_of_all_their_rows() {
    // The last line of text that counts.
    let totals = |listing: &str| {
        let ran = rolecall(listing);
        let mut lines = ran.stdout.lines().filter(|line| {
            let first = line.split([' ', ':']).next().unwrap_or_default();
            let is_number = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
            is_number && !line.contains(" more; use --limit")
        });
        (lines.next_back().map(str::to_owned), ran.exit)
    };
    for (listing, _) in LISTINGS {
        let all = totals(listing);
        assert!(all.0.is_some(), "{listing}: {}", rolecall(listing));
        for options in [
            "--group-by rule",
            "--group-by subject",
            "--group-by object",
            "--group-by namespace",
            "--group-by none",
            "--sort name",
            "--sort reach --group-by subject",
            "--limit 1",
        ] {
            assert_eq!(totals(&format!("{listing} {options}")), all, "{listing} {options}");
        }
    }
}

#[test]
fn a_table_of_rules_ends_with_totals() {
    let ran = rolecall("rules --for 'sa/*' -A -f fixtures/tokens --show-system");
    let last = ran.stdout.lines().last().unwrap_or_default();
    assert!(last.contains(" rules, ") && last.contains(" subjects, "), "{ran}");
    let limited = "rules --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 --limit 1 -o json";
    let review = document(limited);
    let rules = ["resourceRules", "nonResourceRules"]
        .map(|key| review["status"][key].as_array().map_or(0, Vec::len));
    let omitted = &review["metadata"]["annotations"]["rolecall.dev/omitted"];
    assert_eq!((rules.iter().sum::<usize>(), &review["status"]["incomplete"]), (1, &true.into()));
    assert!(omitted.as_str().is_some_and(|omitted| omitted != "0"), "{review}");
}

#[test]
fn rows_of_a_matrix_that_differ_only_in_their_namespace_are_one() {
    let matrix = format!("{MATRIX} --defaults none --verbs get,list");
    assert_snapshot!(rolecall(&matrix), @r#"
    NAMESPACE              RESOURCE  GET  LIST
    ns-1                   pods      no   yes
    ns-1, ns-2 and 2 more  secrets   no   no
    ns-2, ns-3 and 1 more  pods      no   no
    16 answers: 1 yes, 15 no
    --- stderr
    note: the input has no roles, bindings or ServiceAccounts in namespace `ns-2`
    hint: use `-n ns-1` instead of `-n ns-2`
    note: the input has no roles, bindings or ServiceAccounts in namespace `ns-3`
    hint: use `-n ns-1` instead of `-n ns-3`
    note: the input has no roles, bindings or ServiceAccounts in namespace `ns-4`
    hint: use `-n ns-1` instead of `-n ns-4`
    --- exit 0
    "#);
    assert_snapshot!(rolecall(&format!("{matrix} --group-by none")), @r#"
    NAMESPACE  RESOURCE  GET  LIST
    ns-1       pods      no   yes
    ns-1       secrets   no   no
    ns-2       pods      no   no
    ns-2       secrets   no   no
    ns-3       pods      no   no
    ns-3       secrets   no   no
    ns-4       pods      no   no
    ns-4       secrets   no   no
    16 answers: 1 yes, 15 no
    --- stderr
    note: the input has no roles, bindings or ServiceAccounts in namespace `ns-2`
    hint: use `-n ns-1` instead of `-n ns-2`
    note: the input has no roles, bindings or ServiceAccounts in namespace `ns-3`
    hint: use `-n ns-1` instead of `-n ns-3`
    note: the input has no roles, bindings or ServiceAccounts in namespace `ns-4`
    hint: use `-n ns-1` instead of `-n ns-4`
    --- exit 0
    "#);
    assert_snapshot!(rolecall(&format!("{matrix} --group-by rule --sort reach")), @r#"
    NAMESPACE              RESOURCE  GET      LIST
    ns-1, ns-2 and 2 more  pods      no       some
    ns-1, ns-2 and 2 more  secrets   no       no
    16 answers: 1 yes, 15 no
    --- stderr
    note: the input has no roles, bindings or ServiceAccounts in namespace `ns-2`
    hint: use `-n ns-1` instead of `-n ns-2`
    note: the input has no roles, bindings or ServiceAccounts in namespace `ns-3`
    hint: use `-n ns-1` instead of `-n ns-3`
    note: the input has no roles, bindings or ServiceAccounts in namespace `ns-4`
    hint: use `-n ns-1` instead of `-n ns-4`
    --- exit 0
    "#);
    for format in ["csv", "json", "markdown", "wide"] {
        let all = rolecall(&format!("{matrix} -o {format}")).stdout;
        assert!(["ns-2", "ns-3", "ns-4"].iter().all(|name| all.contains(name)), "{all}");
    }
}

#[test]
fn subjects_of_kubernetes_are_folded_until_they_are_wanted() {
    let bound = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  \
        name: system:kube-scheduler\n  labels: {kubernetes.io/bootstrapping: rbac-defaults}\n\
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: scheduler}\nsubjects:\n\
        - {apiGroup: rbac.authorization.k8s.io, kind: User, name: system:kube-scheduler}\n---\n\
        apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: scheduler}\nrules:\n\
        - {apiGroups: [\"\"], resources: [configmaps], verbs: [get]}\n";
    let diff = "diff fixtures/tokens - --defaults none";
    let (folded, all) =
        (rolecall_with(diff, bound), rolecall_with(&format!("{diff} --show-system"), bound));
    let line = "and 1 built-in subject (--show-system lists it)\n";
    assert!(folded.stdout.contains(line), "{folded}");
    assert!(!folded.stdout.contains("user/system:kube-scheduler"), "{folded}");
    assert!(all.stdout.contains("user/system:kube-scheduler"), "{all}");
    let matrix = "can-i --for 'user/*' --resources configmaps --verbs get -f - --defaults none";
    let (folded, all) =
        (rolecall_with(matrix, bound), rolecall_with(&format!("{matrix} --show-system"), bound));
    assert!(folded.stdout.contains(line), "{folded}");
    assert!(all.stdout.contains("user/system:kube-scheduler"), "{all}");
    let walk = "walk sa/default -n default -f fixtures/tokens";
    assert!(rolecall(&format!("{walk} --show-system")).stdout.contains("system:discovery"));
}

#[test]
fn a_diff_of_many_bindings_says_that_paths_were_not_compared() {
    let bindings: Vec<Value> = (0..=10_000)
        .map(|number| {
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": {"name": format!("b{number}"), "namespace": "a"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
                "subjects": [{"kind": "ServiceAccount", "name": "a", "namespace": "a"}],
            })
        })
        .collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": bindings}).to_string();
    let ran = rolecall_with("diff - fixtures/tokens --defaults none", &list);
    let note = "note: escalation paths were not compared, because there are more than 10,000 bindings; \
                `--paths` compares them\n";
    assert!(ran.stderr.contains(note), "{ran}");
}
