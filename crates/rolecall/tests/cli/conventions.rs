//! Conventions that users of kubectl and similar tools expect.

use std::process::Command;

use insta::assert_snapshot;

use crate::command::{Ran, rolecall, rolecall_in_columns, rolecall_with, root, run, split};

const ASK: &str = "who-can get secrets -n ns-1 -f fixtures/ns-1";

#[test]
fn habits_from_other_tools_get_a_hint() {
    for (arguments, tip) in [
        ("can-i --list", "`rolecall rules --for SUBJECT` lists what a subject can do"),
        ("can-i get pods --sa web", "use `--for sa/NAME` or `--for sa/NAMESPACE:NAME`"),
        (
            "walk -k overlays/prod",
            "render it first: `kustomize build overlays/prod | rolecall walk -f -`",
        ),
        (
            "check --helm=chart -n shop",
            "render it first: `helm template chart | rolecall check -n shop -`",
        ),
        ("check -R deploy", "omit it: directories are always read recursively"),
        ("can-i get pods --fro sa/x", "did you mean `--for`?"),
        (
            "who-can get pods --for sa/x",
            "`--for` is an option of `can-i`, `why`, `risks`, `rules`, `fix`, `usage`, `unused`, `tighten`",
        ),
        ("can-i get pods web-0", "use `--name web-0` to ask about one object"),
        ("why get pods web-0", "use `--name web-0` to ask about one object"),
        ("can-it", "did you mean `rolecall can-i`?"),
        ("cani", "did you mean `rolecall can-i`?"),
        ("whocan", "did you mean `rolecall who-can`?"),
        ("scan", "did you mean `rolecall check`?"),
        ("lookup jane", "did you mean `rolecall walk`?"),
    ] {
        let ran = rolecall(arguments);
        let tips: Vec<&str> =
            ran.stderr.lines().filter_map(|line| line.trim().strip_prefix("tip: ")).collect();
        assert_eq!((ran.exit, tips), (Some(2), vec![tip]), "{arguments}");
    }
}

#[test]
fn options_without_effect_are_reported() {
    let ran = rolecall(&format!("{ASK} --context prod --kubeconfig x"));
    let warnings: Vec<&str> =
        ran.stderr.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert_eq!(
        warnings,
        [
            "warning: `--kubeconfig` has no effect on manifests",
            "warning: `--context` has no effect on manifests"
        ]
    );
    let ran = rolecall("explain RC101 --context prod");
    assert_eq!(ran.exit, Some(2));
    assert!(ran.stderr.starts_with("error: `explain` does not use `--context`"), "{ran}");
}

#[test]
fn system_subjects_are_folded_by_default() {
    assert_snapshot!(rolecall(ASK), @r#"
    and 4 built-in subjects, including system:masters (--show-system lists them)
    --- stderr
    note: nodes can, too, for their own Pods: the Node authorizer decides for group system:nodes
    --- exit 0
    "#);
    let shown = rolecall(&format!("{ASK} --show-system"));
    assert!(shown.stdout.contains("\nsa/kube-system:namespace-controller "), "{shown}");
    assert!(!shown.stdout.contains("Kubernetes' own"), "{shown}");
    for format in ["json", "yaml", "csv", "markdown", "name"] {
        let ran = rolecall(&format!("{ASK} -o {format}"));
        assert!(ran.stdout.contains("namespace-controller"), "{format}: {ran}");
        assert_eq!(ran.exit, shown.exit);
    }
}

#[test]
fn lists_have_the_common_formats() {
    assert_snapshot!(rolecall("who-can list pods -n ns-1 -f fixtures/ns-1 --defaults none -q -o csv"), @r#"
    subject,namespace,binding,role,rule,defined in,workloads,note
    sa/ns-1:k-sa-1,ns-1,pod-lister,Role/pod-lister,list pods,fixtures/ns-1/manifests.yaml:22,Deployment lister,
    --- exit 0
    "#);
    assert_snapshot!(rolecall("who-can list pods -n ns-1 -f fixtures/ns-1 --defaults none -q -o markdown"), @r#"
    | subject | namespace | binding | role |
    |---|---|---|---|
    | sa/ns-1:k-sa-1 | ns-1 | pod-lister | Role/pod-lister |
    --- exit 0
    "#);
    assert_snapshot!(rolecall("who-can list pods -n ns-1 -f fixtures/ns-1 --defaults none -q -o name"), @r#"
    sa/ns-1:k-sa-1
    --- exit 0
    "#);
    assert_snapshot!(rolecall("who-can list pods -n ns-1 -f fixtures/ns-1 --defaults none -q --no-headers"), @r#"
    sa/ns-1:k-sa-1   ns-1        pod-lister   Role/pod-lister
    --- exit 0
    "#);
    assert_snapshot!(rolecall("rules --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 --defaults none -o csv --no-headers"), @r#"
    sa/ns-1:k-sa-1,ns-1,pods,,list,RoleBinding ns-1/pod-lister,
    --- exit 0
    "#);
    assert_snapshot!(rolecall("check fixtures/v09-dangling-role-ref -q -o csv"), @r#"
    code,severity,where,object,finding
    RC101,high,fixtures/v09-dangling-role-ref/manifests.yaml:35,RoleBinding v09-app/app-view,"roleRef.name: Role `view` does not exist in namespace `v09-app`: nothing is granted; refer to `ClusterRole view` if you meant that one"
    RC101,info,fixtures/v09-dangling-role-ref/manifests.yaml:20,ClusterRoleBinding v09-app-metrics,"roleRef.name: ClusterRole `v09-metrics-reader` is not in the input: nothing is granted, unless other software installs it; create it, or correct the roleRef, or list `ClusterRole v09-metrics-reader` under `external:` in rolecall.yaml"
    --- exit 1
    "#);
    assert_snapshot!(rolecall("check fixtures/v09-dangling-role-ref -q -o text"), @r#"
    high RC101 RoleBinding v09-app/app-view
      fixtures/v09-dangling-role-ref/manifests.yaml:35
      roleRef.name: Role `view` does not exist in namespace `v09-app`: nothing is granted
      fix: refer to `ClusterRole view` if you meant that one

    info RC101 ClusterRoleBinding v09-app-metrics
      fixtures/v09-dangling-role-ref/manifests.yaml:20
      roleRef.name: ClusterRole `v09-metrics-reader` is not in the input: nothing is granted, unless
      other software installs it
      fix: create it, or correct the roleRef, or list `ClusterRole v09-metrics-reader` under `external:`
      in rolecall.yaml

    2 findings: 1 high, 1 info
    checked 7 objects in 2 files
    --- exit 1
    "#);
}

#[test]
fn swapped_arguments_are_understood() {
    assert_snapshot!(rolecall("can-i pods list --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"), @r#"
    --- stderr
    error: the verb `list` must come before the resource
    hint: use `list pods` instead of `pods list`
    --- exit 2
    "#);
}

#[test]
fn errors_list_the_possible_values() {
    for (arguments, choices) in [
        ("check --severity bad x", "[possible values: info, low, medium, high, critical]"),
        ("check --fail-level bad x", "[possible values: none, info, low, medium, high, critical]"),
        ("options --defaults v1.9", "[possible values: auto, none, v1.20, v1.36"),
    ] {
        let ran = rolecall(arguments);
        assert!(ran.exit == Some(2) && ran.stderr.contains(choices), "{arguments}: {ran}");
    }
    let csv = "can-i --for sa/k-sa-1 --resources pods --verbs get -n ns-1 -f fixtures/ns-1 -o csv";
    let (with, without) = (rolecall(csv).stdout, rolecall(&format!("{csv} --no-headers")).stdout);
    assert_eq!(with.split_once('\n').unwrap().1, without);
}

#[test]
fn names_are_never_truncated() {
    let name = "sa/kube-system:generic-garbage-collector";
    for columns in [20, 40, 60, 80] {
        let ask = format!("{ASK} --show-system");
        let ran = rolecall_in_columns(columns, &ask);
        assert!(ran.stdout.lines().any(|line| line.contains(name)), "{columns}: {ran}");
        let ask = "rules --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 -o wide --show-system";
        let ran = rolecall_in_columns(columns, ask);
        assert!(ran.stdout.contains("/.well-known/openid-configuration/"), "{columns}: {ran}");
        let ran = rolecall_in_columns(columns, "can-i --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1");
        let name = "validatingadmissionpolicybindings.admissionregistration.k8s.io";
        assert!(ran.stdout.lines().any(|line| line.contains(name)), "{columns}: {ran}");
        assert!(ran.stdout.to_lowercase().contains("deletecollection") || columns > 60, "{ran}");
        let ran =
            rolecall_in_columns(columns, "why get pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1");
        assert!(ran.stdout.contains("system:serviceaccount:ns-1:k-sa-1"), "{columns}: {ran}");
        let widest = ran.stdout.lines().map(str::len).max().unwrap_or_default();
        assert!(widest <= columns.max(50), "{columns}: {ran}");
    }
}

#[test]
fn colors_can_be_forced() {
    for ask in [
        &*format!("{ASK} --show-system"),
        "check fixtures/v09-dangling-role-ref",
        "check fixtures/v09-dangling-role-ref -o text",
        "rules --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1",
        "explain",
        "explain RC101",
    ] {
        let colored = rolecall(&format!("{ask} --color always"));
        assert!(colored.stdout.contains("\u{1b}["), "{ask}");
        let plain = rolecall(ask);
        assert!(!plain.stdout.contains("\u{1b}["), "{ask}");
        assert_eq!(anstream::adapter::strip_str(&colored.stdout).to_string(), plain.stdout);
    }
}

#[test]
fn errors_are_objects_in_structured_formats() {
    assert_snapshot!(rolecall("can-i get pods --for sa/x -f nowhere -o json"), @r#"
    {
      "apiVersion": "rolecall.dev/v1",
      "kind": "Error",
      "error": "nowhere: no such file or directory",
      "causes": [],
      "hints": []
    }
    --- stderr
    error: nowhere: no such file or directory
    --- exit 2
    "#);
    assert_snapshot!(rolecall("check nowhere -o yaml").stdout, @r#"
    apiVersion: rolecall.dev/v1
    kind: Error
    error: 'nowhere: no such file or directory'
    causes: []
    hints: []
    "#);
    assert_snapshot!(rolecall("who-can get -o json").stdout, @r#"
    {
      "apiVersion": "rolecall.dev/v1",
      "kind": "Error",
      "error": "the following required arguments were not provided: <RESOURCE>",
      "causes": [],
      "hints": []
    }
    "#);
    assert_eq!(rolecall("who-can get pods -f nowhere -o csv").stdout, "");
}

#[test]
fn reports_of_ci_say_that_nothing_could_be_read() {
    assert_snapshot!(rolecall("check nowhere -o github"), @r#"
    ::error title=not read::nowhere: no such file or directory
    --- stderr
    error: nowhere: no such file or directory
    --- exit 2
    "#);
    assert_snapshot!(rolecall("check nowhere -o junit").stdout, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="rolecall" tests="1" failures="0" errors="1">
      <testsuite name="rolecall check" tests="1" failures="0" errors="1">
        <testcase classname="not-read" name="not read: nowhere: no such file or directory">
          <error type="not-read" message="nowhere: no such file or directory"/>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
    let log = rolecall("check nowhere -o sarif").stdout;
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    assert_snapshot!(log["runs"][0]["invocations"][0], @r#"{"executionSuccessful":false,"toolExecutionNotifications":[{"level":"error","message":{"text":"not read: nowhere: no such file or directory"}}]}"#);
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
    assert_snapshot!(rolecall("diff fixtures/ns-1 nowhere -o github").stdout, @r#"::error title=not read::nowhere: no such file or directory"#);
}

#[test]
fn help_is_short_or_long_and_lists_common_options_once() {
    let (short, long) = (rolecall("who-can -h").stdout, rolecall("who-can --help").stdout);
    assert!(!short.contains("Examples:") && long.contains("Examples:"), "{short}");
    for text in [&short, &long] {
        assert!(!text.contains("--kubeconfig") && text.contains("--filename"), "{text}");
    }
    let details = "--help` has examples and details.";
    for command in [
        "can-i",
        "check",
        "completions",
        "diff",
        "doctor",
        "explain",
        "fix",
        "man",
        "rules",
        "snapshot",
        "tighten",
        "unused",
        "usage",
        "walk",
        "who-can",
        "whoami",
        "why",
    ] {
        let short = rolecall(&format!("{command} -h")).stdout;
        let long = rolecall(&format!("{command} --help")).stdout;
        assert!(short.contains(details) && !long.contains(details), "{command}: {long}");
        assert!(long.lines().count() > short.lines().count(), "{command}: {long}");
    }
    assert!(rolecall("options").stdout.contains("--kubeconfig <PATH>"));
    assert_eq!(rolecall("help who-can"), rolecall("who-can --help"));
    assert_eq!(rolecall("help --help").exit, Some(0));
    let version = rolecall("version").stdout;
    assert!(version.starts_with(&rolecall("--version").stdout), "{version}");
    assert!(!rolecall("man --help").stdout.contains("--namespace"));
}

#[test]
fn help_fits_any_width() {
    for columns in [60, 72, 80, 100, 200] {
        for command in ["", "can-i", "who-can", "fix", "diff", "check", "walk", "rules", "doctor"] {
            let help = rolecall_in_columns(columns, &format!("{command} --help")).stdout;
            let lines: Vec<&str> = help.lines().collect();
            for pair in lines.windows(2) {
                let (line, next) = (pair[0], pair[1]);
                let is_text = |line: &str| !line.is_empty() && !line.starts_with(' ');
                let first = next.split(' ').next().unwrap_or_default();
                let is_broken = is_text(line)
                    && is_text(next)
                    && !line.ends_with(':')
                    && line.len() + 1 + first.len() < columns.min(100);
                assert!(!is_broken, "{command} in {columns}: {line:?} {next:?}");
            }
        }
    }
}

/// Runs rolecall as kubectl does.
fn plugin(arguments: &str) -> Ran {
    let mut plugin = Command::new(env!("CARGO_BIN_EXE_kubectl-rolecall"));
    plugin.current_dir(root()).env_clear();
    run(plugin.args(split(arguments)), "")
}

#[test]
fn the_plugin_shows_the_name_that_it_is_run_with() {
    let check = "check fixtures/ns-1 fixtures/project-swan/before";
    let mut commands: Vec<String> = [
        "--help",
        "can-i --help",
        "check -h",
        "fix --help",
        "can-i --fro x",
        "can-i list -o json",
        "options",
        "can-i get pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1",
        "can-i get pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 -o json",
        "why get pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1",
        "why get pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 -o yaml",
        "why list pods --for sa/k-sa-2 -n ns-1 -f fixtures/ns-1",
        "who-can get pods -f nowhere -o json",
        "who-can gett pods -f fixtures/ns-1",
        "who-can list pods -A -f fixtures/ns-1",
        "rules --for sa/k-sa-1 -A -f fixtures/ns-1",
        "walk -n ns-1 -f fixtures/ns-1",
        "walk role/pod-lister -n ns-1 -f fixtures/ns-1 -o json",
        "diff fixtures/refactoring/before fixtures/refactoring/after",
        "fix get pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1",
        "fix '*' '*' --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1",
        "explain RC301",
        "explain RC301 --markdown",
        "explain nothing",
        "whoami",
    ]
    .map(str::to_owned)
    .into();
    for format in
        ["table", "wide", "text", "json", "yaml", "csv", "sarif", "junit", "github", "markdown"]
    {
        commands.push(format!("{check} -o {format}"));
    }
    let names =
        ["can-i", "check", "fix", "walk", "why", "who-can", "rules", "explain", "options", "diff"];
    for command in commands {
        let ran = plugin(&command);
        for line in ran.stdout.lines().chain(ran.stderr.lines()) {
            let bare = line
                .replace("kubectl rolecall", "")
                .replace(r#"testsuite name="rolecall check""#, "");
            for name in names.iter().chain(&["snapshot", "doctor", "whoami", "COMMAND"]) {
                assert!(!bare.contains(&format!("rolecall {name}")), "{command}: {line}");
            }
        }
    }
}

#[test]
fn patterns_and_lists_of_files_are_expanded() {
    let ask = "who-can list pods -n ns-1 -q --defaults none";
    let whole = rolecall(&format!("{ask} -f fixtures/ns-1"));
    for files in ["'fixtures/ns-*'", "'fixtures/ns-1/*.yaml'", "fixtures/ns-1,fixtures/v24-masters"]
    {
        assert_eq!(rolecall(&format!("{ask} -f {files}")).stdout, whole.stdout, "{files}");
    }
    let ran = rolecall("check 'fixtures/nothing-*.yaml'");
    assert_eq!(ran.exit, Some(2), "{ran}");
}

#[test]
fn findings_are_explained_by_part_of_their_names() {
    let whole = rolecall("explain RC101").stdout;
    for name in ["101", "rc101", "missing-role"] {
        assert_eq!(rolecall(&format!("explain {name}")).stdout, whole, "{name}");
    }
    assert!(!whole.contains("```") && !whole.contains("# What"), "{whole}");
    assert_snapshot!(rolecall("explain missing"), @r#"
    --- stderr
    error: unknown finding `missing`
    hint: use `missing-role`, `missing-subject`, `missing-service-account` or `missing-access` instead of `missing`
    hint: run `rolecall explain` to list all findings
    --- exit 2
    "#);
}

#[test]
fn manual_pages_have_the_sections_of_manual_pages() {
    let page = rolecall("man can-i").stdout;
    let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
    assert_eq!(
        sections,
        [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "LISTING",
            "SCOPE",
            "SOURCE",
            "CLUSTER",
            "OUTPUT",
            "NOTES",
            "EXAMPLES",
            "\"EXIT STATUS\"",
            "ENVIRONMENT",
            "FILES",
            "\"SEE ALSO\""
        ]
    );
    assert!(page.contains("\\fB\\-n\\fR \\fINAMESPACE\\fR"), "{page}");
}

#[test]
fn a_snapshot_has_one_line_per_served_resource() {
    let snapshot = rolecall_with("snapshot -f fixtures/ns-1", "").stdout;
    assert!(snapshot.contains("rolecall.dev/resources: |\n"), "{}", &snapshot[..400]);
    let pods = snapshot.lines().filter(|line| line.contains("\"resource\":\"pods\""));
    assert_eq!(pods.count(), 1);
    assert_eq!(rolecall_with("snapshot -f -", &snapshot).stdout, snapshot);
}

#[test]
fn paths_of_kubectl_and_urls_lead_to_the_notation_of_rolecall() {
    for (resource, hint) in [
        ("nodes/n1/proxy", "use `nodes/proxy --name n1` instead of `nodes/n1/proxy`"),
        ("pods/log/web-0", "use `pods/log --name web-0` instead of `pods/log/web-0`"),
        (
            "deploy/web/scale",
            "use `deployments.apps/scale --name web` instead of `deploy/web/scale`",
        ),
        ("https://prod/metrics", "use `/metrics` instead of `https://prod/metrics`"),
        ("all", "use `*` instead of `all`"),
    ] {
        let ran =
            rolecall(&format!("can-i get {resource} --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"));
        let hints: Vec<&str> =
            ran.stderr.lines().filter_map(|line| line.strip_prefix("hint: ")).collect();
        assert_eq!((ran.exit, hints), (Some(2), vec![hint]), "{resource}");
    }
}
