//! Unread input: other findings stay, answers that it can change are unknown, and every format
//! reports it.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::command::{rolecall, rolecall_with};

const ACCOUNT: &str =
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: other, namespace: shop}\n";
const BINDING: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: missing}
subjects: [{kind: ServiceAccount, name: absent, namespace: shop}]
";
const JOB: &str = "\
apiVersion: batch/v1
kind: Job
metadata: {name: report, namespace: shop}
spec:
  template:
    spec:
      serviceAccountName: other
      containers:
      - {name: kubectl, image: kubectl, command: [kubectl, get, pods]}
";

/// Writes files into a temporary directory.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn json(arguments: &str) -> Value {
    serde_json::from_str(&rolecall(arguments).stdout).unwrap()
}

/// Returns the code, severity and possible providers of the missing objects.
fn findings(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let unless = finding["unless"].as_array().map_or(0, Vec::len);
            format!("{} {} {unless}", finding["code"], finding["severity"]).replace('"', "")
        })
        .collect()
}

const REPOSITORY: [(&str, &str); 3] =
    [("account.yaml", ACCOUNT), ("binding.yaml", BINDING), ("job.yaml", JOB)];
const CHART: [(&str, &str); 2] = [
    ("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 0.1.0\n"),
    ("chart/templates/role.yaml", "kind: Role\nmetadata: {name: {{ .Release.Name }}}\n"),
];

#[test]
fn a_chart_does_not_hide_findings_in_other_files() {
    let alone = folder(&REPOSITORY);
    let alone = findings(&json(&format!("check {} -o json -q", alone.path().display())));
    assert_eq!(alone, ["RC101 high 0", "RC301 high 0", "RC102 medium 0"]);
    let with_chart = folder(&[&REPOSITORY[..], &CHART[..]].concat());
    let path = with_chart.path().display().to_string();
    let report = json(&format!("check {path} -o json -q"));
    assert_eq!(findings(&report), ["RC101 high 1", "RC301 high 1", "RC102 medium 1"]);
    assert_eq!(report["gaps"].as_array().unwrap().len(), 1);
    // They count, unless the caller asks to continue; then the unread chart leaves the result open.
    assert_eq!(rolecall(&format!("check {path} -q")).exit, Some(1));
    assert_eq!(rolecall(&format!("check {path} -q --keep-going")).exit, Some(3));
    assert_eq!(rolecall(&format!("check {path} -q --fail-level none")).exit, Some(0));
    let table = rolecall(&format!("check {path} -q")).stdout;
    assert!(table.contains(&format!("unless {path}/chart provides it")), "{table}");
    assert!(table.contains(&format!("\nnot read: {path}/chart\n")), "{table}");
    assert!(table.ends_with("checked 3 objects in 3 files; 1 file contains none\n"), "{table}");
}

#[test]
fn a_broken_document_fails_and_does_not_hide_findings() {
    let broken = folder(&[&REPOSITORY[..], &[("broken.yaml", "\tkind: [\n")]].concat());
    let path = broken.path().display();
    let report = json(&format!("check {path} -o json -q"));
    assert_eq!(findings(&report), ["RC101 high 1", "RC301 high 1", "RC102 medium 1"]);
    assert_eq!(rolecall(&format!("check {path} -q")).exit, Some(2));
    assert_eq!(rolecall(&format!("check {path} -q --keep-going")).exit, Some(3));
}

#[test]
fn every_format_reports_unread_input() {
    let repository = folder(&[&[("account.yaml", ACCOUNT)], &CHART[..]].concat());
    let path = repository.path().display().to_string();
    let check = |format: &str| {
        let ran = rolecall(&format!("check {path} -q -o {format}"));
        assert_eq!(ran.exit, Some(3), "{ran}");
        ran.stdout
    };
    let sarif: Value = serde_json::from_str(&check("sarif")).unwrap();
    let invocation = &sarif["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notification = &invocation["toolExecutionNotifications"][0];
    assert_eq!(notification["level"], "error");
    let junit = check("junit");
    assert!(junit.contains(r#"tests="1" failures="0" errors="1""#), "{junit}");
    assert!(junit.contains("<error type=\"not-read\""), "{junit}");
    let github = check("github");
    assert!(
        github.starts_with(&format!("::warning file={path}/chart,title=not read::")),
        "{github}"
    );
    assert!(check("markdown").contains("not read: "));
    assert!(check("table").contains(&format!("not read: {path}/chart")));
    // Complete reports say that they are complete.
    let whole: Value =
        serde_json::from_str(&rolecall("check fixtures/ns-1 -o sarif").stdout).unwrap();
    assert_eq!(whole["runs"][0]["invocations"][0]["executionSuccessful"], true);
}

/// Without a fail level, nothing counts but errors.
#[test]
fn without_a_fail_level_unread_parts_do_not_count() {
    let tree = folder(&[&[("account.yaml", ACCOUNT)][..], &CHART[..]].concat());
    let path = tree.path().display();
    for (command, exit) in [
        (format!("check {path}"), 3),
        (format!("check {path} --fail-level none"), 0),
        (format!("risks -f {path}"), 3),
        (format!("risks -f {path} --fail-level none"), 0),
        (format!("check {path} {path}/missing.yaml --fail-level none"), 2),
    ] {
        let ran = rolecall(&command);
        assert_eq!(ran.exit, Some(exit), "{command}: {ran}");
    }
}

const BASE: [(&str, &str); 2] = [
    ("base/kustomization.yaml", "resources: [rbac.yaml]\n"),
    (
        "base/rbac.yaml",
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: web}\n\
         rules: [{apiGroups: [''], resources: [configmaps], verbs: [get]}]\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: web}\n\
         roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}\n\
         subjects: [{kind: ServiceAccount, name: web}]\n",
    ),
];
const PLAIN: (&str, &str) = (
    "plain/rbac.yaml",
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: jane}\n\
     roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\n\
     subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]\n",
);

#[test]
fn an_unbuilt_kustomization_leaves_answers_open() {
    for overlay in [
        "resources: [../base]\nnamespace: shop\n",
        "resources: [../base]\nnamePrefix: prod-\n",
        "resources: [../base]\npatches: [{path: patch.yaml}]\n",
        "resources: [../base]\ncomponents: [../component]\n",
        "resources: [../base, ../../elsewhere]\n",
        "resources: [../base, 'https://example.com/rbac.yaml']\n",
    ] {
        let files = [&BASE[..], &[("prod/kustomization.yaml", overlay), PLAIN]].concat();
        let tree = folder(&files);
        let path = tree.path().display().to_string();
        let exit = |command: &str| rolecall(&format!("{command} -f {path} -q")).exit;
        for command in [
            "can-i get configmaps --for sa/web -n shop",
            "can-i get configmaps --for sa/prod-web -n shop",
            "can-i get configmaps --for sa/web -n staging",
            "who-can get configmaps -n shop",
            "rules --for sa/web -n shop",
            "walk sa/web -n shop",
            "why get configmaps --for sa/web -n shop",
        ] {
            assert_eq!(exit(command), Some(3), "{command}: {overlay}");
        }
        // Access that the build cannot remove stays certain.
        assert_eq!(exit("can-i get configmaps --for user/jane -n shop"), Some(0), "{overlay}");
        assert_eq!(rolecall(&format!("check {path} -q")).exit, Some(3), "{overlay}");
        let snapshot = rolecall(&format!("snapshot -f {path} -q"));
        assert_eq!(snapshot.exit, Some(3), "{overlay}");
        let asked = "can-i get configmaps --for sa/web -n shop -f - -q";
        assert_eq!(rolecall_with(asked, &snapshot.stdout).exit, Some(3), "{overlay}");
    }
    // A kustomization that only lists files changes nothing.
    let tree =
        folder(&[&BASE[..], &[("top/kustomization.yaml", "resources: [../base]\n")]].concat());
    let path = tree.path().display();
    let ran = rolecall(&format!("can-i get configmaps --for sa/web -n shop -f {path}"));
    assert_eq!((ran.exit, &*ran.stderr), (Some(0), ""), "{ran}");
}

#[test]
fn expectations_about_an_unbuilt_kustomization_are_open() {
    let overlay = ("prod/kustomization.yaml", "resources: [../base]\nnamespace: shop\n");
    let config = (
        "expectations.yaml",
        "apiVersion: rolecall.dev/v1\nkind: CheckConfig\nexpectations:\n\
         - {subjects: [sa/shop:web], can: [get configmaps in shop]}\n\
         - {subjects: [sa/shop:web], cannot: ['* configmaps in staging']}\n",
    );
    let tree = folder(&[&BASE[..], &[overlay]].concat());
    let expectations = folder(&[config]);
    let command = format!(
        "check {} --expectations {}/expectations.yaml -o json -q",
        tree.path().display(),
        expectations.path().display()
    );
    assert_eq!(rolecall(&command).exit, Some(3));
    let codes: Vec<String> =
        findings(&json(&command)).iter().map(|it| it[..5].to_owned()).collect();
    assert_eq!(codes, ["RC604", "RC604"]);
}

#[test]
fn a_name_that_a_build_creates_is_not_missing() {
    let tree = folder(&[
        ("kustomization.yaml", "namePrefix: my-\nnamespace: shop\nresources: [rbac.yaml]\n"),
        (
            "rbac.yaml",
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: hook}\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: hook}\n\
             roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\n\
             subjects: [{kind: ServiceAccount, name: hook}]\n---\n\
             apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: hook}\n\
             spec: {template: {spec: {serviceAccountName: my-hook, containers: [{name: a, image: a}]}}}\n",
        ),
    ]);
    let report = json(&format!("check {} -o json -q", tree.path().display()));
    assert_eq!(findings(&report), ["RC405 low 1"]);
}

#[test]
fn a_deletion_marker_grants_nothing() {
    let binding = |head: &str, annotations: &str| {
        format!(
            "{head}apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
             metadata: {{name: old{annotations}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}}]\n"
        )
    };
    let command = "can-i get secrets --for user/jane -A -f -";
    for (manifest, exit) in [
        (binding("", ""), 0),
        (binding("$patch: delete\n", ""), 1),
        (binding("", ", annotations: {release.openshift.io/delete: 'true'}"), 1),
        (binding("", ", annotations: {release.openshift.io/delete: 'false'}"), 0),
    ] {
        let ran = rolecall_with(command, &manifest);
        assert_eq!(ran.exit, Some(exit), "{ran}");
        assert_eq!(
            ran.stderr.contains("ignored: the document deletes ClusterRoleBinding `old`"),
            exit == 1,
            "{ran}"
        );
    }
}

#[test]
fn a_map_of_objects_is_reported_as_such() {
    let map = folder(&[(
        "map.json",
        r#"{"sa": {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}}}"#,
    )]);
    let ran = rolecall(&format!("check {}/map.json", map.path().display()));
    assert_eq!(ran.exit, Some(2));
    assert!(ran.stderr.contains("`jsonnet -y` and `jq '.[]'`"), "{ran}");
}

#[test]
fn codes_are_selected_by_globs() {
    let repository = folder(&REPOSITORY);
    let path = repository.path().display();
    for (options, expected) in [
        ("--only RC1*", vec!["RC101 high 0", "RC102 medium 0"]),
        ("--only rc301,missing-role", vec!["RC101 high 0", "RC301 high 0"]),
        ("--ignore RC1*", vec!["RC301 high 0"]),
        ("--only RC1* --ignore RC102", vec!["RC101 high 0"]),
    ] {
        let report = json(&format!("check {path} -o json -q {options}"));
        assert_eq!(findings(&report), expected, "{options}");
    }
    assert_eq!(rolecall(&format!("check {path} --only RC999")).exit, Some(2));
}

#[test]
fn findings_in_stdin_have_lines() {
    let ran = rolecall_with("check - -q --only RC101,RC102", BINDING);
    let rows = ran.stdout.lines().skip(1).take(2);
    let places: Vec<&str> = rows.filter_map(|row| row.split_whitespace().nth(2)).collect();
    assert_eq!(places, ["<stdin>:4", "<stdin>:5"], "{ran}");
}

/// Listings show the content of the files, and report that a build will change it.
#[test]
fn rows_from_an_unbuilt_kustomization_are_marked() {
    let role = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [''], resources: [pods], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: web}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {serviceAccountName: web, containers: [{name: main, image: busybox}]}
";
    let tree = folder(&[
        ("base/kustomization.yaml", "resources: [all.yaml]\n"),
        ("base/all.yaml", role),
        ("prod/kustomization.yaml", "namespace: shop\nnamePrefix: prod-\nresources: [../base]\n"),
    ]);
    let path = tree.path().display();
    let ask = |question: &str| rolecall(&format!("{question} -n shop -f {path}"));
    for (question, marks) in [
        ("rules --for sa/web", 1),
        ("rules --for sa/web -o csv", 1),
        ("rules --for sa/web -o markdown", 1),
        ("who-can list pods", 1),
        ("who-can list pods -o csv", 1),
        // The Pod, and its binding.
        ("walk pod/web", 2),
        // The role, and its binding.
        ("walk role/reader", 3),
    ] {
        let ran = ask(question);
        assert_eq!(ran.stdout.matches("before building").count(), marks, "{question}: {ran}");
        assert_eq!(ran.exit, Some(3), "{question}: {ran}");
    }
    let review: Value = serde_json::from_str(&ask("rules --for sa/web -o json").stdout).unwrap();
    assert_eq!(review["metadata"]["annotations"]["rolecall.dev/unbuilt"], "list pods");
    let who: Value = serde_json::from_str(&ask("who-can list pods -o json").stdout).unwrap();
    let holders = who["holders"].as_array().unwrap();
    let unbuilt = |holder: &&Value| holder["unbuilt"] == true;
    assert_eq!(holders.iter().filter(unbuilt).count(), 1, "{who:#}");
    let walk: Value = serde_json::from_str(&ask("walk pod/web -o json").stdout).unwrap();
    assert_eq!(walk["pods"][0]["unbuilt"], true, "{walk:#}");
    let bindings = walk["bindings"].as_array().unwrap();
    assert_eq!(bindings.iter().filter(unbuilt).count(), 1, "{walk:#}");
    // The comment is part of the output, regardless of stderr.
    let fix = ask("fix -q delete pods --for sa/web");
    let comment =
        "# The requests might already be allowed, because rolecall could not read:\n# - `";
    assert!(fix.stdout.starts_with(comment), "{fix}");
    assert_eq!((&*fix.stderr, fix.exit), ("", Some(3)), "{fix}");
}

/// Formats without a place for notes have rows or lines for what was not read.
#[test]
fn csv_and_markdown_name_what_was_not_read() {
    let folder = folder(&[REPOSITORY.as_slice(), CHART.as_slice()].concat());
    let path = folder.path().display();
    for (command, csv) in [
        (format!("check {path}"), format!(",,{path}/chart,,")),
        (format!("who-can get pods -n shop -f {path}"), ",,,,,,,".to_owned()),
        (format!("rules --for sa/other -n shop -f {path}"), ",,,,,,".to_owned()),
        // Each cell of a matrix names its own gaps.
        (format!("can-i get pods,secrets --for sa/other -n shop -f {path}"), String::new()),
    ] {
        let ran = rolecall(&format!("{command} -o csv"));
        let last = ran.stdout.lines().last().unwrap_or_default();
        let unread = last.strip_prefix(&csv).unwrap_or_default().trim_start_matches('"');
        assert!(csv.is_empty() || unread.starts_with("not read: "), "{command}: {ran}");
        let ran = rolecall(&format!("{command} -o markdown"));
        let is_named = ran.stdout.lines().any(|line| line.starts_with("not read: "));
        assert!(is_named && ran.stderr.contains("chart"), "{command}: {ran}");
    }
    let ran = rolecall(&format!("diff {path}/binding.yaml {path} -o markdown"));
    assert!(ran.stdout.contains("\nnot read: NEW: "), "{ran}");
    let plan = json(&format!("fix get pods --for sa/other -n shop -f {path} -o json"));
    assert_eq!(plan["gaps"].as_array().map(Vec::len), Some(1), "{plan}");
}

/// A build that has not been run can produce the role: then the binding grants something.
#[test]
fn a_role_that_a_build_can_produce_is_a_low_finding() {
    let role = |name: &str, namespace: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n\
             metadata: {{name: {name}, namespace: {namespace}}}\n\
             rules: [{{apiGroups: [''], resources: [pods], verbs: [get]}}]\n---\n"
        )
    };
    for (kustomization, name, namespace, reference, expected) in [
        ("namePrefix: my-", "r", "shop", "my-r", "low 1"),
        ("nameSuffix: -x", "reader", "shop", "reader-x", "low 1"),
        // One letter, like a misspelling.
        ("namePrefix: x", "reader", "shop", "xreader", "low 1"),
        ("namespace: other", "reader", "staging", "reader", "low 1"),
        // The build cannot produce the name.
        ("namePrefix: my-", "reader", "shop", "writer", "high 1"),
        ("namespace: other", "reader", "shop", "writer", "high 1"),
    ] {
        let objects = format!(
            "{}{}---\n{ACCOUNT}",
            role(name, namespace),
            BINDING.replace("name: missing", &format!("name: {reference}"))
        );
        let tree = folder(&[
            ("base/kustomization.yaml", &format!("resources: [all.yaml]\n{kustomization}\n")),
            ("base/all.yaml", &objects),
        ]);
        let path = tree.path().display();
        let report = json(&format!("check {path} -o json -q --only RC101"));
        let case = format!("{kustomization}, {name}, {reference}");
        assert_eq!(findings(&report), [format!("RC101 {expected}")], "{case}: {report:#}");
        let exit = if expected.starts_with("low") { 3 } else { 1 };
        assert_eq!(rolecall(&format!("check {path} -q --only RC101")).exit, Some(exit), "{case}");
    }
}

/// The binding allows the request as written: its rules are not the obstacle.
#[test]
fn a_denial_through_an_unbuilt_binding_names_the_build() {
    let binding = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: web}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
";
    let tree = folder(&[
        ("base/kustomization.yaml", "resources: [rb.yaml]\n"),
        ("base/rb.yaml", binding),
        ("ov/kustomization.yaml", "namespace: shop\nnameSuffix: -x\nresources: [../base]\n"),
    ]);
    let path = tree.path().display();
    let ran = rolecall(&format!("why list pods --for sa/web -n shop -f {path}"));
    assert!(!ran.stdout.contains("does not include"), "{ran}");
    assert!(ran.stdout.contains("but a build that was not run can rename, move or patch"), "{ran}");
    assert!(!ran.stdout.contains("ClusterRole view (default)"), "{ran}");
    assert!(ran.stdout.contains("ClusterRole view"), "{ran}");
    assert_eq!(ran.exit, Some(3), "{ran}");
}

#[test]
fn values_of_a_chart_are_not_objects() {
    let values = ("chart/values.yaml", "ops:\n  kind: x\n  apiVersion: v1\n");
    let tree = folder(&[&[("account.yaml", ACCOUNT), values][..], &CHART[..]].concat());
    let ran = rolecall(&format!("check {}", tree.path().display()));
    assert_eq!(ran.exit, Some(3), "{ran}");
    assert!(!ran.stderr.contains("jsonnet"), "{ran}");
    let alone = folder(&[("account.yaml", ACCOUNT), ("values.yaml", values.1)]);
    let ran = rolecall(&format!("check {}", alone.path().display()));
    assert_eq!(ran.exit, Some(2), "{ran}");
}

/// Annotations of stdin have no file, and revisions are not files.
#[test]
fn stdin_and_revisions_are_named_as_such() {
    let ran = rolecall_with("check - -o github", &format!("{BINDING}---\nkind: Role\n\tx: {{\n"));
    assert!(!ran.stdout.contains("file="), "{ran}");
    assert!(ran.stdout.contains("unless stdin provides it"), "{ran}");
    // Input that cannot be read fails the command, unlike a chart that is not rendered.
    assert!(ran.stdout.starts_with("::error title=not read::"), "{ran}");
    assert_eq!(ran.exit, Some(2), "{ran}");
    let ran = rolecall("walk -f git:HEAD:fixtures");
    assert_eq!(
        ran.stderr,
        "error: git:HEAD:fixtures: no such file or directory: only `diff` reads revisions of Git\n"
    );
}
