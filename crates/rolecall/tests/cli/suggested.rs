//! Suggested commands and options are ones that work, and subjects that match nobody are named everywhere.

use std::fs;

use insta::assert_snapshot;

use crate::command::{Ran, command, rolecall_with, run, split};
use crate::targets::Repository;

fn refused(resource: &str, place: &str) -> String {
    format!(
        "W1130 01:02:03.4 reflector.go:535] failed to list *v1.X: {resource} is forbidden: User \"system:serviceaccount:ns-1:k-sa-1\" cannot list resource \"{resource}\" in API group \"\" {place}\n"
    )
}

fn fix(errors: &str, options: &str) -> Ran {
    rolecall_with(&format!("fix --from-errors - -f fixtures/ns-1 {options}"), errors)
}

#[test]
fn follow_ups_that_are_refused_are_offered_with_their_risk_and_the_option() {
    let secrets = refused("secrets", "at the cluster scope");
    let ran = fix(&secrets, "");
    assert_snapshot!(ran.stderr, @r#"
    note: such clients usually also need to: watch secrets at the cluster scope; `fix` refuses this without `--allow-risky`
    note: risk: its holders can read any Secret whose name they know (RC510); its holders can read all Secrets at once (RC511); alternative: request it in the required namespaces, and for Secrets by name
    hint: pass `--complete --allow-risky` to also grant these requests, despite the risk
    error: not granted: list secrets at the cluster scope to sa/ns-1:k-sa-1 (stdin:1): its holders can read any Secret whose name they know (RC510); its holders can read all Secrets at once (RC511)
    note: alternative: request it in the required namespaces, and for Secrets by name
    hint: pass `--allow-risky` to grant it anyway
    "#);
    let again = fix(&secrets, "--complete --allow-risky");
    assert!(
        again.exit == Some(0) && again.stdout.contains(r#"verbs: ["list", "watch"]"#),
        "{again}"
    );
    let accepted = fix(&secrets, "--allow-risky");
    assert!(accepted.stderr.contains("hint: pass `--complete` to also grant"), "{accepted}");
    assert!(!accepted.stderr.contains("`fix` refuses"), "{accepted}");
}

#[test]
fn follow_ups_of_helm_are_sorted_by_risk() {
    let release = "Error: secrets \"sh.helm.release.v1.web.v1\" is forbidden: User \"system:serviceaccount:ns-1:k-sa-1\" cannot get resource \"secrets\" in API group \"\" in the namespace \"kube-system\"\n";
    let ran = fix(release, "");
    assert_snapshot!(ran.stderr, @r#"
    note: allows sa/ns-1:k-sa-1 to get secrets "sh.helm.release.v1.web.v1" in namespace kube-system
    note: no other access is granted
    warning: `get` of `secrets` is limited to `sh.helm.release.v1.web.v1`, which looks generated, and might be denied again soon: Helm stores each revision of a release under a different name
    note: such clients usually also need to: delete secrets in namespace kube-system
    hint: pass `--complete` to also grant these requests
    note: such clients usually also need to: create secrets in namespace kube-system; get secrets in namespace kube-system; update secrets in namespace kube-system; `fix` refuses this without `--allow-risky`
    note: risk: its holders can read any Secret whose name they know (RC510); alternative: request the Secrets by name
    note: risk: its holders can write Secrets, and use them to create tokens if they can also read them (RC512); alternative: request the Secrets by name
    hint: pass `--complete --allow-risky` to also grant these requests, despite the risk
    "#);
}

#[test]
fn denials_of_subjects_that_match_nobody_are_not_fixed() {
    let errors = "leases.coordination.k8s.io \"op\" is forbidden: User \"system:authenticated\" cannot get resource \"leases\" in API group \"coordination.k8s.io\" in the namespace \"shop\"\n";
    assert_snapshot!(fix(errors, ""), @r#"
    --- stderr
    error: stdin:1: system:authenticated cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "shop": a grant to user/system:authenticated would have no effect: that is the name of a group; use `kind: Group` if you meant that one
    --- exit 1
    "#);
}

const DEAD: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}
subjects:
- {kind: Group, apiGroup: rbac.authorization.k8s.io, name: 'system:anonymous'}
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: '*'}
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: jane}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: r}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]
";

#[test]
fn subjects_that_match_nobody_are_marked_in_lists() {
    assert_snapshot!(rolecall_with("who-can get secrets -A -f - --defaults none", DEAD), @r#"
    SUBJECT                  NAMESPACE   BINDING   ROLE            NOTE
    user/*                   *           b         ClusterRole/r   matches nobody
    user/jane                *           b         ClusterRole/r
    group/system:anonymous   *           b         ClusterRole/r   matches nobody
    3 subjects, 1 binding
    --- stderr
    note: group system:masters can do anything, regardless of roles and bindings
    warning: group/system:anonymous matches nobody: that is the name of a user; remove it
    warning: user/* matches nobody: `*` is not a wildcard here; use a Group `system:authenticated` for all authenticated users
    --- exit 0
    "#);
}

#[test]
fn every_command_about_a_subject_that_matches_nobody_says_so() {
    let group =
        "warning: group/system:anonymous matches nobody: that is the name of a user; remove it";
    let star = "warning: user/* matches nobody: `*` is not a wildcard here; use a Group `system:authenticated` for all authenticated users";
    for (question, warning) in [
        ("can-i get secrets --for group/system:anonymous -A", group),
        ("can-i --resources secrets --for group/system:anonymous -A", group),
        ("why get secrets --for group/system:anonymous -A", group),
        ("rules --for group/system:anonymous", group),
        ("walk group/system:anonymous", group),
        ("walk 'group/*'", group),
        ("walk 'user/*'", star),
        ("paths --from group/system:anonymous", group),
    ] {
        let ran = rolecall_with(&format!("{question} -f - --defaults none"), DEAD);
        assert_eq!(ran.stderr.matches(warning).count(), 1, "{question}: {ran}");
    }
}

#[test]
fn access_that_subjects_without_a_match_gain_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("old.yaml"),
        "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}",
    )
    .unwrap();
    fs::write(folder.path().join("new.yaml"), DEAD).unwrap();
    let mut diff = command();
    diff.args(split("diff old.yaml new.yaml --defaults none")).current_dir(&folder);
    let ran = run(&mut diff, "");
    for who in ["group/system:anonymous", "user/*"] {
        assert_eq!(
            ran.stderr.matches(&format!("warning: {who} matches nobody")).count(),
            1,
            "{ran}"
        );
    }
    assert!(!ran.stderr.contains("jane"), "{ran}");
}

/// Two sides with a kustomization and a chart each.
fn sides() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for side in ["old", "new"] {
        let write = |name: &str, text: &str| {
            let path = folder.path().join(side).join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("prod/kustomization.yaml", "resources: [r.yaml]\nnamePrefix: p-\n");
        write("prod/r.yaml", DEAD);
        write("chart/Chart.yaml", "name: c\nversion: 0.1.0\napiVersion: v2\n");
        write("chart/templates/r.yaml", &DEAD.replace("jane", "{{ .Values.user }}"));
    }
    folder
}

#[test]
fn a_comparison_of_two_sides_that_are_not_built_names_both() {
    let folder = sides();
    let compare = |sides: &str| {
        let mut diff = command();
        diff.args(split(&format!("diff --render never {sides}"))).current_dir(&folder);
        run(&mut diff, "")
    };
    assert_snapshot!(compare("old/prod new/prod"), @r#"
    --- stderr
    note: `old/prod/kustomization.yaml` was not built: answers that depend on it are unknown
    hint: run `kustomize build old/prod > old.yaml` to render OLD; then pass `old.yaml` for it
    note: `new/prod/kustomization.yaml` was not built: answers that depend on it are unknown
    hint: run `kustomize build new/prod > new.yaml` to render NEW; then pass `new.yaml` for it
    note: no subject gains or loses access
    warning: OLD might grant more; could not read: `old/prod/kustomization.yaml`: it sets `namePrefix`, and Kustomize did not build it
    warning: NEW might grant more; could not read: `new/prod/kustomization.yaml`: it sets `namePrefix`, and Kustomize did not build it
    --- exit 3
    "#);
    assert_snapshot!(compare("old/chart new/chart"), @r#"
    --- stderr
    error: old/chart: an unrendered Helm chart (1 template)
    hint: run `helm template old/chart > old.yaml` to render OLD; then pass `old.yaml` for it
    error: new/chart: an unrendered Helm chart (1 template)
    hint: run `helm template new/chart > new.yaml` to render NEW; then pass `new.yaml` for it
    --- exit 2
    "#);
}

#[test]
fn findings_about_tests_are_informational_below_the_named_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app/tests/e2e");
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("rbac.yaml"), DEAD).unwrap();
    let check = |arguments: &str| {
        let mut check = command();
        check.args(split(&format!("check {arguments}"))).current_dir(&folder);
        run(&mut check, "")
    };
    let whole = check("app");
    assert!(whole.exit == Some(0) && whole.stdout.contains("RC510"), "{whole}");
    let note = "note: 3 findings about objects in test directories are informational; name such a directory to check it like any other";
    assert!(whole.stderr.contains(note), "{whole}");
    let named = check("app/tests");
    assert!(named.exit == Some(1) && !named.stderr.contains("informational"), "{named}");
}

#[test]
fn definitions_and_grants_in_tests_do_not_count_for_other_files() {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("deploy/rbac.yaml", DEAD.to_owned()),
        // Another definition of the role, and a binding of the role to somebody else.
        ("tests/rbac.yaml", DEAD.replace("secrets", "configmaps").replace("name: b}", "name: c}")),
    ] {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut check = command();
    check.args(["check", ".", "--only", "RC510", "-o", "json"]).current_dir(&folder);
    let whole = run(&mut check, "");
    let report: serde_json::Value = serde_json::from_str(&whole.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let [only] = &**findings else { panic!("{whole}") };
    assert_eq!(only["file"], "deploy/rbac.yaml");
    assert_eq!(only["severity"], "high");
    assert!(!only["related"].to_string().contains("tests/rbac.yaml"), "{only}");
}

#[test]
fn equal_rules_of_several_renderings_are_one_finding() {
    let named = |prefix: &str| {
        DEAD.replace("name: r}", &format!("name: {prefix}operator-role}}"))
            .replace("name: b}", &format!("name: {prefix}operator-binding}}"))
            .replace("name: jane", &format!("name: {prefix}jane"))
    };
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("bundle/1.9.0/rbac.yaml", named("")),
        ("bundle/1.10.0/rbac.yaml", named("")),
        ("install.yaml", named("shop-")),
    ] {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut check = command();
    check.args(["check", ".", "--only", "RC510", "-o", "csv"]).current_dir(&folder);
    let found = run(&mut check, "");
    let lines: Vec<&str> = found.stdout.lines().filter(|line| line.contains("RC510")).collect();
    let [only] = *lines else { panic!("{found}") };
    assert!(
        only.contains("bundle/1.10.0") && only.contains("the same in install.yaml:"),
        "{found}"
    );
}

#[test]
fn equal_findings_about_copies_of_an_object_are_one() {
    let Some(repository) = Repository::of(&[
        ("config/kustomization.yaml", "resources: [rbac.yaml]\n"),
        ("config/rbac.yaml", DEAD),
        ("install.yaml", DEAD),
        ("other.yaml", &DEAD.replace("name: r}", "name: s}").replace("name: b}", "name: c}")),
    ]) else {
        return;
    };
    assert_snapshot!(repository.rolecall("check . --only RC510"), @r#"
    CODE    SEVERITY   WHERE                 OBJECT          FINDING
    RC510   high       config/rbac.yaml:14   ClusterRole r   rules[0]: its holders can read any Secret whose name they know, in the whole cluster; the same in install.yaml:14; limit the rule with `resourceNames`, or mount the required Secrets (in config)

    1 finding: 1 high
    checked 6 objects in 3 files, 1 target
    --- stderr
    hint: run `rolecall explain RC510` to read what this means and how to fix it
    --- exit 1
    "#);
}
