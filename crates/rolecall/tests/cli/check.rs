use std::fs;

use insta::assert_snapshot;

use crate::command::{command, rolecall, rolecall_in_columns, rolecall_with, run, split};

#[test]
fn findings_are_a_table_and_fail() {
    assert_snapshot!(rolecall("check fixtures/v07-invalid-role-refs --severity low"), @r#"
    CODE    SEVERITY   WHERE                                            OBJECT                                     FINDING
    RC103   high       fixtures/v07-invalid-role-refs/invalid.yaml:8    ClusterRoleBinding v07-role-cluster-wide   roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"; grant the Role with a RoleBinding in its namespace, or make it a ClusterRole
    RC103   high       fixtures/v07-invalid-role-refs/invalid.yaml:22   RoleBinding v07-app/unknown-kind           roleRef.kind: Unsupported value: "SuperRole": supported values: "Role", "ClusterRole"; use `kind: Role` or `kind: ClusterRole`

    2 findings: 2 high
    checked 6 objects in 3 files
    --- stderr
    hint: run `rolecall explain RC103` to read what this means and how to fix it
    --- exit 1
    "#);
}

#[test]
fn no_findings_pass_with_a_message() {
    assert_snapshot!(rolecall("check fixtures/ns-1 --severity critical"), @r#"
        nothing found of critical severity
        checked 9 objects in 3 files
        --- exit 0
        "#);
}

#[test]
fn the_fail_level_decides_the_exit_code() {
    assert_snapshot!(
        rolecall("check fixtures/v07-invalid-role-refs --severity low --fail-level critical -o github"),
        @r#"
    ::error file=fixtures/v07-invalid-role-refs/invalid.yaml,line=8,endLine=8,col=9,endColumn=13,title=RC103 unsupported-role-kind::ClusterRoleBinding v07-role-cluster-wide: roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"; grant the Role with a RoleBinding in its namespace, or make it a ClusterRole
    ::error file=fixtures/v07-invalid-role-refs/invalid.yaml,line=22,endLine=22,col=9,endColumn=18,title=RC103 unsupported-role-kind::RoleBinding v07-app/unknown-kind: roleRef.kind: Unsupported value: "SuperRole": supported values: "Role", "ClusterRole"; use `kind: Role` or `kind: ClusterRole`
    --- exit 0
    "#
    );
}

#[test]
fn findings_in_the_baseline_are_omitted() {
    let baseline = tempfile::NamedTempFile::new().unwrap();
    let report = rolecall("check fixtures/v07-invalid-role-refs -o json").stdout;
    fs::write(&baseline, report).unwrap();
    let path = baseline.path().display();
    assert_snapshot!(
        rolecall(&format!("check fixtures/v07-invalid-role-refs --baseline {path}")),
        @r#"
        nothing found
        4 known, 0 new
        checked 6 objects in 3 files
        --- exit 0
        "#
    );
}

#[test]
fn an_invalid_baseline_is_an_error() {
    assert_snapshot!(rolecall("check fixtures/ns-1 --baseline README.md"), @r#"
    --- stderr
    error: baseline `README.md` is not JSON: expected value at line 1 column 1
    hint: run `rolecall check fixtures/ns-1 -o json > FILE` to write a baseline
    --- exit 2
    "#);
}

#[test]
fn nothing_to_check_is_an_error() {
    assert_snapshot!(rolecall("check"), @r#"
        --- stderr
        error: nothing to check
        hint: run `rolecall check PATH` to check manifests
        --- exit 2
        "#);
}

#[test]
fn junit_has_one_test_case_per_finding() {
    assert_snapshot!(rolecall("check fixtures/v07-invalid-role-refs --severity low -o junit"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="rolecall" tests="2" failures="2" errors="0">
      <testsuite name="rolecall check" tests="2" failures="2" errors="0">
        <testcase classname="unsupported-role-kind" name="RC103 ClusterRoleBinding v07-role-cluster-wide roleRef.kind" file="fixtures/v07-invalid-role-refs/invalid.yaml">
          <failure type="high" message="Unsupported value: &quot;Role&quot;: supported values: &quot;ClusterRole&quot;">fixtures/v07-invalid-role-refs/invalid.yaml:8: roleRef.kind: Unsupported value: &quot;Role&quot;: supported values: &quot;ClusterRole&quot;; grant the Role with a RoleBinding in its namespace, or make it a ClusterRole</failure>
        </testcase>
        <testcase classname="unsupported-role-kind" name="RC103 RoleBinding v07-app/unknown-kind roleRef.kind" file="fixtures/v07-invalid-role-refs/invalid.yaml">
          <failure type="high" message="Unsupported value: &quot;SuperRole&quot;: supported values: &quot;Role&quot;, &quot;ClusterRole&quot;">fixtures/v07-invalid-role-refs/invalid.yaml:22: roleRef.kind: Unsupported value: &quot;SuperRole&quot;: supported values: &quot;Role&quot;, &quot;ClusterRole&quot;; use `kind: Role` or `kind: ClusterRole`</failure>
        </testcase>
      </testsuite>
    </testsuites>
    --- exit 1
    "#);
}

#[test]
fn a_code_is_explained() {
    assert_snapshot!(rolecall("explain rc210"), @r#"
    RC210 Role without rules or binding without subjects
    name: empty-grant, category: dead, severity: low, since: 0.1.0, Kubernetes: all

    What it finds

    Bindings without subjects, and roles without rules that aggregation does not fill.

    Why it matters

    They grant nothing. A common cause is a template that rendered an empty list. (The API server
    rejects rules with an empty list of verbs, API groups or resources, which rolecall reports as
    RC105.)

    Example

        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: viewers, namespace: shop}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        subjects: []

    How to fix it

    Add the subjects or rules, or remove the object.

        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: viewers, namespace: shop}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        subjects:
        - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: shop-viewers}
    --- exit 0
    "#);
}

#[test]
fn an_unknown_code_is_an_error() {
    assert_snapshot!(rolecall("explain missing-rol"), @r#"
    RC101 Reference to a missing role
    name: missing-role, category: broken, severity: high, since: 0.1.0, Kubernetes: all

    What it finds

    RoleBindings and ClusterRoleBindings whose role does not exist. rolecall looks up a Role in the
    namespace of the binding and a ClusterRole by name. It assumes that the default roles of Kubernetes
    and the roles under `external` in `rolecall.yaml` exist. It reports nothing if a file or list that
    it could not read might contain the role.

    The severity is high if the input should contain the role: the input is a whole cluster, another
    role has a similar name, or the input has other objects in the same namespace or with the same name
    prefix. Otherwise, other software might install the role, and the finding is informational.

    Why it matters

    The API server accepts the binding, but it grants nothing, and requests that rely on it are denied.
    Anyone who later creates a role with that name decides what the subjects of the binding can do.

    Example

        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: web-reads-pods, namespace: shop}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pod-reader}
        subjects:
        - {kind: ServiceAccount, name: web, namespace: shop}
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: web, namespace: shop}

    How to fix it

    Create the role, or correct `kind` and `name` in the roleRef. A roleRef is immutable: to change it,
    delete the binding and create it again.

        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: web-reads-pods, namespace: shop}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pod-reader}
        subjects:
        - {kind: ServiceAccount, name: web, namespace: shop}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: pod-reader, namespace: shop}
        rules:
        - {apiGroups: [""], resources: [pods], verbs: [get, list]}
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: web, namespace: shop}
    --- exit 0
    "#);
}

#[test]
fn on_a_narrow_terminal_findings_are_blocks() {
    let ran = rolecall_in_columns(60, "check fixtures/ns-1/manifests.yaml");
    assert_snapshot!(ran, @r#"
    high RC301 Deployment ns-1/lister
      fixtures/ns-1/manifests.yaml:57
      spec.template.spec.containers[0].command[2]: `kubectl get
      pods -n default` will be refused: ServiceAccount
      `ns-1/k-sa-1` cannot list resource "pods" in API group ""
      in the namespace "default"
      fix: grant it: `rolecall fix list pods -n default --for
      sa/ns-1:k-sa-1 -f fixtures/ns-1/manifests.yaml --out-dir
      rbac`

    1 finding: 1 high
    checked 5 objects in 1 file
    --- stderr
    hint: run `rolecall explain RC301` to read what this means and how to fix it
    --- exit 1
    "#);
}

#[test]
fn objects_that_a_deployment_created_are_not_checked_again() {
    let ran = rolecall("check fixtures/ns-1 -o json");
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let objects: Vec<_> =
        found["findings"].as_array().unwrap().iter().map(|f| &f["object"]).collect();
    assert_eq!(objects.len(), 1, "{objects:?}");
    assert_eq!(objects[0]["kind"], "Deployment");
    // Without the Deployment, its ReplicaSet is checked.
    let ran = rolecall("check fixtures/ns-1/running.yaml --defaults v1.36 -o json");
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let kinds: Vec<_> =
        found["findings"].as_array().unwrap().iter().map(|f| &f["object"]["kind"]).collect();
    assert!(kinds.iter().all(|kind| *kind != "Pod"), "{kinds:?}");
}

const SOUND: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: lost, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: SuperRole, name: gone}
subjects: [{kind: User, name: jane}]
";

/// A malicious repository is reported file by file, and the rest is checked.
#[test]
#[cfg(unix)]
fn errors_in_hostile_repositories_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let bomb: String = (1..9)
        .map(|level| {
            format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(","))
        })
        .collect();
    write("bomb.yaml", format!("kind: Role\na0: &a0 [x]\n{bomb}").as_bytes());
    write("deep.yaml", format!("kind: Role\na: {}", "[".repeat(100_000)).as_bytes());
    write("deep.json", format!("{{\"kind\": \"Role\", \"a\": {}", "[".repeat(100_000)).as_bytes());
    write("latin1.yaml", b"kind: Role\nmetadata: {name: caf\xe9}\n");
    write("utf16.yaml", &[0xff, 0xfe, b'k', 0, b'i', 0]);
    write("nul.yaml", b"kind: Role\0\n");
    write("long.yaml", format!("# {}\n", "x".repeat(3 << 20)).as_bytes());
    write("sound.yaml", SOUND.as_bytes());
    std::os::unix::fs::symlink(".", folder.path().join("again")).unwrap();
    std::os::unix::fs::symlink("itself.yaml", folder.path().join("itself.yaml")).unwrap();
    let mut command = command();
    command.args(split("check . --severity high")).current_dir(&folder);
    assert_snapshot!(run(&mut command, ""), @r#"
    CODE    SEVERITY   WHERE          OBJECT                  FINDING
    RC103   high       sound.yaml:4   RoleBinding shop/lost   roleRef.kind: Unsupported value: "SuperRole": supported values: "Role", "ClusterRole"; use `kind: Role` or `kind: ClusterRole`

    1 finding: 1 high
    not read: itself.yaml; utf16.yaml; a document at deep.json:1: expected `,` or `]`, found the end of the file and 4 more
    checked 1 object in 1 file; 7 files contain none
    --- stderr
    error: again: a directory loop: this link leads back to a directory that contains it
    error: itself.yaml: cannot be read: too many levels of symbolic links
    error: bomb.yaml:8:30: anchors and aliases expand to more than 1000000 nodes
    error: deep.json:1:100022: expected `,` or `]`, found the end of the file
    error: deep.yaml:2:259: nested deeper than 255 levels
    error: latin1.yaml:2:21: expected UTF-8 text, found the byte 0xe9
    error: nul.yaml: expected text, found a binary file
    error: utf16.yaml: expected UTF-8 text, found UTF-16
    hint: run `rolecall explain RC103` to read what this means and how to fix it
    --- exit 2
    "#);
}

/// The templates of a chart are one problem, not one per file.
#[test]
fn unrendered_templates_are_reported_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let templates = folder.path().join("chart/templates");
    fs::create_dir_all(&templates).unwrap();
    fs::write(folder.path().join("chart/Chart.yaml"), "name: web\nversion: 1.0.0\n").unwrap();
    fs::write(folder.path().join("chart/values.yaml"), "rbac: {create: true}\n").unwrap();
    for name in ["role.yaml", "binding.yaml", "deployment.yaml"] {
        let text = "{{- if .Values.rbac.create }}\nkind: Role\nmetadata:\n  name: {{ .Release.Name }}\n{{- end }}\n";
        fs::write(templates.join(name), text).unwrap();
    }
    fs::write(folder.path().join("sound.yaml"), SOUND).unwrap();
    let mut command = command();
    command.args(split("check . --severity high")).current_dir(&folder);
    assert_snapshot!(run(&mut command, ""), @r#"
    CODE    SEVERITY   WHERE          OBJECT                  FINDING
    RC103   high       sound.yaml:4   RoleBinding shop/lost   roleRef.kind: Unsupported value: "SuperRole": supported values: "Role", "ClusterRole"; use `kind: Role` or `kind: ClusterRole`

    1 finding: 1 high
    not read: chart
    checked 1 object in 1 file; 2 files contain none
    --- stderr
    warning: chart: an unrendered Helm chart (3 templates)
    hint: run `helm template chart | rolecall check - --severity high` to read the rendered chart
    hint: run `rolecall explain RC103` to read what this means and how to fix it
    --- exit 1
    "#);
}

#[test]
fn duplicate_objects_fail_in_any_order_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let role = |rules: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: r}}\nrules: [{rules}]\n"
        )
    };
    let pods = role("{apiGroups: [''], resources: [pods], verbs: [list]}");
    for (file, text) in [("dev.yaml", role("")), ("prod.yaml", pods)] {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let ran = rolecall(&format!("check {} --severity critical", folder.path().display()));
    assert_eq!(ran.exit, Some(3), "{ran}");
    assert!(ran.stderr.contains("only the last definition was checked"), "{ran}");
    let one = rolecall(&format!("check {}/prod.yaml --severity critical", folder.path().display()));
    assert_eq!(one.exit, Some(0), "{one}");
}

/// A cluster's snapshot contains the default roles of its version, with aggregated rules.
#[test]
fn default_roles_of_any_version_have_no_findings() {
    use rolecall_source::facts::{Version, default_objects};

    for version in Version::ALL {
        let ran = rolecall_with("check -", default_objects(version));
        assert_eq!(ran.exit, Some(0), "{version:?}: {ran}");
        assert!(ran.stdout.starts_with("nothing found\nchecked "), "{version:?}: {ran}");
    }
    let grown = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, \
                 metadata: {name: system:discovery}, rules: [{apiGroups: [''], resources: [pod], verbs: [get]}]}";
    let ran = rolecall_with("check -", grown);
    assert!(ran.stdout.contains("rules[0].resources[0]"), "{ran}");
}

/// With `-n`, the namespace of objects without one is known.
#[test]
fn with_an_explicit_namespace_misspelled_ones_are_found() {
    let manifests = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: viewers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: web, namespace: shpo}]
";
    let checked =
        |arguments: &str| rolecall_with(&format!("check - --severity high {arguments}"), manifests);
    assert_snapshot!(checked(""), @r#"
    nothing found of high severity or above
    checked 2 objects in 1 file
    --- stderr
    warning: ServiceAccount `web` names no namespace and is read in `default`, but subjects are in `shpo`, which the tool that wrote stdin probably used
    hint: pass `-n shpo` to read objects without a namespace there
    --- exit 0
    "#);
    assert_snapshot!(checked("-n shop"), @r#"
    CODE    SEVERITY   WHERE        OBJECT                     FINDING
    RC104   high       <stdin>:10   RoleBinding shop/viewers   subjects[0]: ServiceAccount `shpo/web` does not exist, but `shop/web` does; use `namespace: shop` if you meant that one

    1 finding: 1 high
    checked 2 objects in 1 file
    --- stderr
    hint: run `rolecall explain RC104` to read what this means and how to fix it
    --- exit 1
    "#);
}

/// A repository in the layout of Kustomize, whose patches are not objects.
#[test]
fn kustomizations_are_reported_and_patches_not_checked() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("base/kustomization.yaml", "resources: [binding.yaml]\n");
    write("base/binding.yaml", &SOUND.replace("SuperRole", "ClusterRole").replace("gone", "view"));
    write("prod/kustomization.yaml", "resources: [../base]\npatches: [{path: patch.yaml}]\n");
    write("prod/patch.yaml", SOUND);
    let mut command = command();
    command.args(split("check . --severity high")).current_dir(&folder);
    assert_snapshot!(run(&mut command, ""), @r#"
    nothing found of high severity or above, but not everything could be read
    not read: prod/kustomization.yaml
    checked 1 object in 1 file
    --- stderr
    note: `prod/kustomization.yaml` was not built: answers that depend on it are unknown
    hint: run `kustomize build prod | rolecall check - --severity high` to read the result
    --- exit 3
    "#);
}

#[test]
fn a_kustomization_that_kustomize_refuses_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kustomization.yaml"), "resource: [binding.yaml]\n").unwrap();
    let sound = SOUND.replace("SuperRole", "ClusterRole").replace("gone", "view");
    fs::write(folder.path().join("binding.yaml"), sound).unwrap();
    let checked = |arguments: &str| {
        let mut command = command();
        command.args(split(arguments)).current_dir(&folder);
        run(&mut command, "")
    };
    assert_snapshot!(checked("check . --severity high"), @r#"
    nothing found of high severity or above, but not everything could be read
    not read: kustomization.yaml
    checked 1 object in 1 file
    --- stderr
    error: kustomization.yaml:1:1: Kustomize cannot build it: unknown field `resource`; did you mean `resources`?
    --- exit 2
    "#);
    assert_eq!(checked("check . --severity high --keep-going").exit, Some(3));
}

#[test]
fn suppressed_findings_are_shown_with_the_reason() {
    let role = "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: reader
  namespace: shop
  annotations: {rolecall.dev/ignore: 'RC511, RC408 reads its own; secret-writing may write it'}
rules:
- {apiGroups: [''], resources: [secrets], verbs: [get, list, update]}
";
    assert_snapshot!(rolecall_with("check -", role), @r#"
    nothing found
    checked 1 object in 1 file
    --- stderr
    note: 3 findings suppressed; `-v` lists them with the reasons
    --- exit 0
    "#);
    assert_snapshot!(rolecall_with("check - -v", role), @r#"
    nothing found
    checked 1 object in 1 file
    --- stderr
    note: read <stdin>: 1 object
    note: 3 findings suppressed:
    note: RC408 Role shop/reader at -:1: no binding refers to it; suppressed: reads its own
    note: RC511 Role shop/reader at -:1: anyone bound to it could read all Secrets at once, in namespace `shop`; suppressed: reads its own
    note: RC512 Role shop/reader at -:1: anyone bound to it could write Secrets, and use them to create tokens if they can also read them, in namespace `shop`; suppressed: may write it
    --- exit 0
    "#);
}
