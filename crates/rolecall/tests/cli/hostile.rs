//! Malicious names, pipes and files.

use std::fs;
use std::process::Stdio;

use crate::command::{Ran, command, rolecall, rolecall_with, run, split};

/// Objects whose names contain CI commands, markup, formulas and invisible characters.
const OBJECTS: &str = r###"{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
   "metadata": {"name": "a\n::stop-commands::x", "namespace": "shop"},
   "rules": [
     {"apiGroups": [""], "resources": ["secrets", "=1+1"], "verbs": ["*", "get", "::error::x"]},
     {"apiGroups": ["\n##[group]x"], "resources": ["b\r##vso[task.complete]", "@SUM(A1)"], "verbs": ["get"]}]},
  {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
   "metadata": {"name": "##[error]x\uffff", "namespace": "shop"},
   "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a\n::stop-commands::x"},
   "subjects": [
     {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "eve\n::add-mask::x"},
     {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "<img src=x>[a](https://b)\u202e"},
     {"kind": "ServiceAccount", "name": "::warning::x", "namespace": "##teamcity[x]"}]},
  {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
   "metadata": {"name": "c", "namespace": "shop"},
   "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "##vso[task.complete]\n::error::x"},
   "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ja\u2028ne"}]},
  {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "a\n::stop-commands::x", "metadata": {"name": "d"}}
]}"###;

/// The prefixes that make a line of output a command for a CI runner.
const COMMANDS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// The annotations that `-o github` writes itself.
const ANNOTATIONS: [&str; 3] = ["::error ", "::warning ", "::notice "];

#[track_caller]
fn assert_harmless(what: &str, ran: &Ran) {
    let lines = ran.stdout.lines().chain(ran.stderr.lines());
    for line in lines.chain(ran.stdout.split('\r')) {
        let start = line.trim_start();
        let is_own = ANNOTATIONS.iter().any(|own| start.starts_with(own));
        assert!(!start.starts_with("::") || is_own, "{what}: {line:?}");
        assert!(!COMMANDS.iter().any(|known| line.contains(known)), "{what}: {line:?}");
        assert!(!line.contains(['\u{1b}', '\u{202e}', '\u{2028}', '\r']), "{what}: {line:?}");
    }
}

#[test]
fn output_never_contains_ci_commands() {
    let eve = "'user/eve\n::add-mask::x'";
    for (commands, formats) in [
        (&["who-can get secrets -n shop"][..], &["table", "wide", "json", "yaml"][..]),
        (&["check"], &["table", "json", "sarif", "junit", "github", "markdown"]),
        (&["walk", "walk role/nothing"], &["table", "wide", "json", "yaml"]),
        (
            &[&format!("rules -n shop --for {eve}"), &format!("why get pods -n shop --for {eve}")],
            &["table", "wide", "json", "yaml"],
        ),
        (
            &[&format!("can-i --for {eve} -n shop --resources secrets,pods")],
            &["table", "wide", "json", "yaml", "csv", "markdown"],
        ),
        (
            &[&format!("can-i --for {eve} -n shop --resources secrets --diff-with user/##[x]")],
            &["table", "json", "yaml", "csv", "markdown"],
        ),
        (&[&format!("fix get secrets -n shop --for {eve}")], &["yaml", "json"]),
        (
            &["diff fixtures/ns-1 -", "diff - fixtures/ns-1"],
            &["table", "wide", "json", "yaml", "markdown", "github"],
        ),
    ] {
        for command in commands {
            for format in formats {
                let source = if command.starts_with("diff") { "" } else { " -f -" };
                let ask = format!("{command} -o {format}{source}");
                assert_harmless(&ask, &rolecall_with(&ask, OBJECTS));
            }
        }
    }
    assert_harmless("snapshot", &rolecall_with("snapshot -f -", OBJECTS));
}

#[test]
fn wrapped_lines_never_start_a_ci_command() {
    for columns in ["20", "33", "47", "80"] {
        for ask in ["check -", "who-can get secrets -n shop -o wide -f -", "walk -f -"] {
            let mut narrow = command();
            narrow.args(split(ask)).env("COLUMNS", columns).env("GITHUB_ACTIONS", "true");
            assert_harmless(&format!("{ask} in {columns}"), &run(&mut narrow, OBJECTS));
        }
    }
}

#[test]
fn yaml_names_stay_on_one_line() {
    let ran = rolecall_with("who-can get secrets -n shop -o yaml -f -", OBJECTS);
    assert!(ran.stdout.contains(r#"name: "eve\n::add-mask::x""#), "{ran}");
}

#[test]
fn a_snapshot_keeps_every_name() {
    let snapshot = rolecall_with("snapshot -f -", OBJECTS).stdout;
    let again = rolecall_with("snapshot -f -", &snapshot).stdout;
    assert_eq!(snapshot, again);
    let holders = "who-can get secrets -A -o json -f -";
    let names = |ran: Ran| {
        let found = ran.stdout.lines().filter(|line| line.contains("\"name\": \""));
        found.map(|line| line.trim_end_matches(',').to_owned()).collect::<Vec<_>>()
    };
    let of_snapshot = names(rolecall_with(holders, &snapshot));
    assert_eq!(of_snapshot, names(rolecall_with(holders, OBJECTS)));
    assert!(!of_snapshot.is_empty());
}

#[test]
fn names_do_not_become_markdown() {
    for ask in ["check -o markdown -f -", "diff fixtures/ns-1 - -o markdown"] {
        let ran = rolecall_with(ask, OBJECTS);
        let is_bare = |text: &str, what: &str| {
            text.match_indices(what).any(|(at, _)| !text[..at].ends_with('\\'))
        };
        for what in ["<", "[", "*", "`", "://"] {
            assert!(!is_bare(&ran.stdout, what), "{ask} {what}: {ran}");
        }
    }
}

#[test]
fn junit_is_xml() {
    let ran = rolecall_with("check -o junit -", OBJECTS);
    let is_xml = |c: char| matches!(c, '\n' | '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(ran.stdout.chars().find(|c| !is_xml(*c)), None, "{ran}");
}

#[test]
fn csv_cells_are_never_formulas() {
    let objects = OBJECTS.replace("eve\\n::add-mask::x", "=1+1");
    let definition = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, \
         metadata: {name: '=1+1.=cmd'}, spec: {group: '=cmd', scope: Namespaced, \
         names: {plural: '=1+1', kind: A}, versions: [{name: v1, served: true, storage: true}]}}";
    for (arguments, input) in [
        ("can-i --for user/=1+1 -n shop --resources secrets -o csv -f -", &*objects),
        ("can-i --for user/jane -n shop --verbs get -o csv -f -", definition),
    ] {
        let ran = rolecall_with(arguments, input);
        assert!(ran.stdout.contains("=1+1"), "{ran}");
        for cell in ran.stdout.lines().flat_map(|line| line.split(',')) {
            let cell = cell.trim_start_matches('"');
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}: {ran}");
        }
    }
}

/// Runs a command whose standard output is closed.
fn exit_into_a_closed_pipe(arguments: &str) -> Option<i32> {
    let mut command = command();
    command.args(split(arguments)).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    child.wait().unwrap().code()
}

#[test]
fn a_closed_pipe_keeps_the_exit_code() {
    for ask in [
        "check fixtures/v09-dangling-role-ref",
        "check fixtures/v09-dangling-role-ref -o json",
        "can-i get nodes --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1",
        "can-i list pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1",
        "why get nodes --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 -o yaml",
        "who-can get widgets.example.com -n ns-1 -f fixtures/ns-1 --defaults none",
        "can-i list pods --for sa/nobody -n ns-1 -f fixtures/unread-document --keep-going",
        "diff fixtures/ns-1 fixtures/v24-masters --fail-on any",
        "fix list secrets --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1",
        "snapshot -f fixtures/ns-1",
        "walk -f fixtures/ns-1",
        "rules --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1",
        "explain",
    ] {
        assert_eq!(exit_into_a_closed_pipe(ask), rolecall(ask).exit, "{ask}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_something_other_than_a_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), OBJECTS).unwrap();
    std::os::unix::fs::symlink("/dev/null", folder.path().join("b.yaml")).unwrap();
    let ask = format!("can-i get pods --for user/u -n x -f {}", folder.path().display());
    let ran = rolecall(&ask);
    assert_eq!(ran.exit, Some(2), "{ran}");
    assert!(ran.stderr.contains("b.yaml: a link to something other than a regular file"), "{ran}");
    assert!(ran.stdout.starts_with("unknown: "), "{ran}");
}

#[test]
fn endless_input_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let sparse = |name: &str, length: u64| {
        let path = folder.path().join(name);
        fs::File::create(&path).unwrap().set_len(length).unwrap();
        path.display().to_string()
    };
    let ask = "can-i list pods --for sa/k-sa-1 -n ns-1";
    let big = sparse("big", (1 << 30) + 1);
    let kubeconfig = sparse("kubeconfig", (16 << 20) + 1);
    for (arguments, expected) in [
        (
            format!("check fixtures/ns-1 --baseline {big}"),
            format!("error: {big}: larger than 1 GiB, the limit for a baseline\n"),
        ),
        (
            format!("fix --matrix {big} -f fixtures/ns-1"),
            format!("error: {big}: larger than 1 GiB, the limit for a matrix\n"),
        ),
        (
            format!("check fixtures/ns-1 --expectations {big}"),
            format!("error: {big}: larger than 16 MiB, the limit for a configuration\n"),
        ),
    ] {
        let ran = rolecall(&arguments);
        assert_eq!((ran.exit, ran.stderr), (Some(2), expected), "{arguments}");
    }
    let ran = rolecall(&format!("{ask} --kubeconfig {kubeconfig}"));
    assert_eq!(ran.exit, Some(2), "{ran}");
    assert!(ran.stderr.contains("it is larger than 16 MiB, the limit for a kubeconfig"), "{ran}");

    let line = format!("a: {}", "x".repeat(65 << 20));
    let ran = rolecall_with(&format!("{ask} -f -"), &line);
    assert_eq!(ran.exit, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("it contains a line longer than 64 MiB"), "{}", ran.stderr);

    let review =
        r#"{"spec": {"user": "x", "resourceAttributes": {"verb": "get", "resource": "pods"}}}"#;
    let long = format!("{{\"spec\": \"{}\"}}\n{review}\n", "x".repeat(2 << 20));
    let ran = rolecall_with("can-i --reviews - -f fixtures/ns-1", &long);
    assert_eq!((ran.exit, ran.stdout.lines().count()), (Some(2), 1), "{ran}");
    assert!(ran.stderr.starts_with("error: stdin:1: larger than 1 MiB"), "{ran}");

    let long = format!("spec: {}\n---\n{review}\n", "x".repeat(17 << 20));
    let ran = rolecall_with("can-i --reviews - -f fixtures/ns-1", &long);
    assert_eq!((ran.exit, ran.stdout.lines().count()), (Some(2), 1), "{ran}");
    assert!(ran.stderr.starts_with("error: stdin:1: document larger than 16 MiB"), "{ran}");
}

#[cfg(unix)]
#[test]
fn an_endless_device_is_an_error() {
    let endless = "error: /dev/zero: cannot be read: no line of text in 64 MiB";
    let binary = "error: /dev/zero: expected text, found a binary file";
    for (arguments, expected) in [
        ("can-i --reviews /dev/zero -f fixtures/ns-1", endless),
        ("fix --reviews /dev/zero -f fixtures/ns-1", endless),
        ("fix --from-errors /dev/zero -f fixtures/ns-1", endless),
        ("why --from-errors /dev/zero -f fixtures/ns-1", endless),
        ("fix --matrix /dev/zero -f fixtures/ns-1", endless),
        ("check fixtures/ns-1 --baseline /dev/zero", endless),
        ("check fixtures/ns-1 --expectations /dev/zero", "error: /dev/zero: larger than 16 MiB"),
        ("check /dev/zero", binary),
        ("can-i get pods --for user/x -f /dev/zero", binary),
        ("diff /dev/zero fixtures/ns-1", binary),
    ] {
        let ran = rolecall(arguments);
        assert_eq!(ran.exit, Some(2), "{arguments}: {ran}");
        assert!(ran.stderr.contains(expected), "{arguments}: {ran}");
    }
    // Random bytes contain line breaks but no text.
    let ran = rolecall("fix --from-errors /dev/urandom -f fixtures/ns-1");
    let endless = endless.replace("zero", "urandom");
    assert!(ran.exit == Some(2) && ran.stderr.contains(&endless), "{ran}");
}

#[test]
fn all_commands_report_a_missing_file_in_the_same_way() {
    for arguments in [
        "can-i get pods --for user/x -f nowhere",
        "can-i --reviews nowhere -f fixtures/ns-1",
        "check fixtures/ns-1 --baseline nowhere",
        "check fixtures/ns-1 --expectations nowhere",
        "fix --from-errors nowhere -f fixtures/ns-1",
        "fix --reviews nowhere -f fixtures/ns-1",
        "fix --matrix nowhere -f fixtures/ns-1",
    ] {
        let ran = rolecall(arguments);
        let expected = "error: nowhere: no such file or directory";
        assert_eq!((ran.stderr.lines().next(), ran.exit), (Some(expected), Some(2)), "{arguments}");
    }
    let ran = rolecall("whoami --kubeconfig nowhere");
    let lines: Vec<&str> = ran.stderr.lines().take(2).collect();
    assert_eq!(
        (lines, ran.exit),
        (
            vec![
                "error: cannot read the kubeconfig `nowhere`",
                "caused by: no such file or directory"
            ],
            Some(2)
        )
    );
}
