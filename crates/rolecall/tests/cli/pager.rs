//! Long output in a pager, on the pseudo-terminal of util-linux' `script`.

#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};

use crate::command::root;

/// Runs `rolecall` on a terminal, with the variables before it.
fn on_a_terminal(variables: &[(&str, &str)], arguments: &str) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_rolecall");
    let output = Command::new("script")
        .args(["-qec", &format!("{program} {arguments}"), "/dev/null"])
        .current_dir(root())
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "200")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap().replace('\r', ""))
}

const QUESTION: &str = "who-can create pods/exec -A -f fixtures/refactoring/after";

const ANSWER: &str = "\
SUBJECT           NAMESPACE   BINDING   ROLE
group/shop-team   shop        team      Role/team
and 1 built-in subject, system:masters (--show-system lists it)
";

#[test]
fn a_terminal_shows_lists_in_the_pager_of_the_environment() {
    let paged: String = ANSWER.lines().map(|line| format!("> {line}\n")).collect();
    for variables in [
        &[("ROLECALL_PAGER", "sed 's/^/> /'"), ("PAGER", "false")][..],
        &[("PAGER", "sed 's/^/> /'")],
    ] {
        assert_eq!(on_a_terminal(variables, QUESTION), (Some(0), paged.clone()), "{variables:?}");
    }
}

#[test]
fn without_a_pager_a_terminal_shows_the_list_itself() {
    for (variables, flag) in [
        (&[("PAGER", "cat")][..], ""),
        (&[("PAGER", "")], ""),
        (&[("ROLECALL_PAGER", "cat"), ("PAGER", "false")], ""),
        (&[("PAGER", "no-such-pager")], ""),
        (&[("PAGER", "false")], "--no-pager"),
    ] {
        let answer = on_a_terminal(variables, &format!("{QUESTION} {flag}"));
        assert_eq!(answer, (Some(0), ANSWER.to_owned()), "{variables:?} {flag}");
    }
}

#[test]
fn messages_after_the_list_are_in_the_pager_and_the_exit_code_is_that_of_the_answer() {
    let check = "check fixtures/refactoring/after --severity medium";
    let (exit, shown) = on_a_terminal(&[("PAGER", "sed 's/^/> /'")], check);
    assert_eq!(exit, Some(1));
    assert!(shown.lines().all(|line| line.starts_with("> ")), "{shown}");
    assert!(shown.contains("> hint: run `rolecall explain RC516`"), "{shown}");
}

#[test]
fn a_reader_who_leaves_the_pager_early_does_not_change_the_exit_code() {
    let check = "check fixtures/refactoring/after --severity medium";
    let (exit, _) = on_a_terminal(&[("PAGER", "true")], check);
    assert_eq!(exit, Some(1));
}

#[test]
fn a_pager_shows_all_rows_and_a_terminal_without_one_the_first_forty() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bindings.yaml");
    let bindings: String = (10..60).map(binding).collect();
    std::fs::write(&file, bindings).unwrap();
    let question = format!("who-can get pods -A -f {}", file.display());
    for (pager, rows) in [("sed -n p", 50), ("cat", 40)] {
        let (_, shown) = on_a_terminal(&[("PAGER", pager)], &question);
        let shown_rows = shown.lines().filter(|line| line.contains("user/u")).count();
        assert_eq!(shown_rows, rows, "{pager}: {shown}");
        assert_eq!(shown.contains("use --limit 0"), rows == 40, "{shown}");
    }
}

fn binding(number: u8) -> String {
    format!(
        "---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: b{number}, namespace: shop}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: u{number}}}]
"
    )
}
