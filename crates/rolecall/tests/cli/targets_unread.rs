//! Kustomizations and charts that are not rendered.

use std::fs;

use insta::assert_snapshot;

use crate::command::run;
use crate::targets::{Files, RBAC, REPOSITORY, Repository};

#[test]
fn what_cannot_be_rendered_is_reported_and_leaves_answers_open() {
    const CASES: &[(&str, Files, &str)] = &[
        (
            "a remote base",
            &[("kustomization.yaml", "resources: ['https://example.invalid/x.yaml']\n")],
            "it includes `https://example.invalid/x.yaml`, which needs the network",
        ),
        (
            "a file outside",
            &[("kustomization.yaml", "resources: [../../../../../../../../etc]\n")],
            "which is outside the repository",
        ),
        (
            "an absolute path",
            &[("kustomization.yaml", "resources: [/etc/passwd]\n")],
            "it includes `/etc/passwd`, which is outside the repository",
        ),
        (
            "a function",
            &[
                ("kustomization.yaml", "transformers: [t.yaml]\n"),
                ("t.yaml", "apiVersion: x/v1\nkind: Rename\nmetadata: {name: x}\n"),
            ],
            "it uses the function `Rename`, which rolecall does not run",
        ),
        (
            "a chart of a repository",
            &[(
                "kustomization.yaml",
                "helmCharts: [{name: web, repo: 'https://example.invalid'}]\n",
            )],
            "fetch it with `helm pull web --repo https://example.invalid --untar --untardir",
        ),
        (
            "a missing dependency",
            &[(
                "Chart.yaml",
                "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{name: web, version: 1.0.0, repository: 'https://example.invalid'}]\n",
            )],
            "fetch it with `helm dependency build",
        ),
        (
            "a required value",
            &[
                ("Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n"),
                ("templates/a.yaml", "{{ required \"set .Values.name\" .Values.name }}\n"),
            ],
            "execution error at (a/templates/a.yaml:1:3): set .Values.name",
        ),
        (
            "a missing file",
            &[("kustomization.yaml", "resources: [gone.yaml]\n")],
            "gone.yaml: no such file or directory",
        ),
    ];
    for (what, files, expected) in CASES {
        let Some(repository) = Repository::of(REPOSITORY) else { return };
        let binding = format!(
            "{RBAC}kind: RoleBinding\nmetadata: {{name: x, namespace: default}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: elsewhere}}\n\
             subjects: [{{kind: User, name: a}}]\n"
        );
        repository.write("other.yaml", &binding);
        for (path, text) in *files {
            repository.write(&format!("broken/{path}"), text);
        }
        let ran = repository.rolecall("check .");
        assert!(ran.stderr.contains(expected), "{what}: {ran}");
        // The finding stays, and says what could settle it.
        assert!(
            ran.stdout.contains("RC101") && ran.stdout.contains("unless broken/"),
            "{what}: {ran}"
        );
        let unknown = repository.rolecall("can-i get pods --for user/b -n x -f . --target chart");
        assert_eq!(unknown.exit, Some(1), "{what}: {unknown}");
        let unknown =
            repository.rolecall("can-i get pods --for user/b -n x -f broken -f other.yaml");
        assert_eq!(unknown.exit, Some(3), "{what}: {unknown}");
        let always = repository.rolecall("check . --render always");
        assert_eq!(always.exit, Some(2), "{what}: {always}");
    }
}

#[cfg(unix)]
#[test]
fn nothing_outside_of_the_repository_is_read() {
    let Some(repository) = Repository::of(REPOSITORY) else { return };
    let outside = tempfile::tempdir().unwrap();
    fs::write(
        outside.path().join("secret.yaml"),
        format!("{RBAC}kind: ClusterRole\nmetadata: {{name: outside}}\nrules: [{{verbs: ['*'], apiGroups: ['*'], resources: ['*']}}]\n"),
    )
    .unwrap();
    let link = |to: &str| {
        let link = repository.path().join(to);
        std::os::unix::fs::symlink(outside.path().join("secret.yaml"), link).unwrap();
    };
    link("chart/templates/secret.yaml");
    link("linked.yaml");
    let ran = repository.rolecall("check .");
    assert!(!ran.stdout.contains("ClusterRole outside"), "{ran}");
    assert!(ran.stderr.contains("linked.yaml: a link that leads out of the repository"), "{ran}");
    assert!(
        ran.stderr.contains("it includes `chart/templates/secret.yaml`, which is outside"),
        "{ran}"
    );
}

#[test]
fn without_tools_kustomizations_and_charts_stay_unknown() {
    let Some(repository) = Repository::of(REPOSITORY) else { return };
    let without = |arguments: &str| run(repository.command(arguments).env("PATH", ""), "");
    let auto = without("can-i get pods --for user/a -n x -f .");
    assert_eq!(auto.exit, Some(3), "{auto}");
    assert_eq!(without("can-i get pods --for user/a -n x -f . --render never").exit, Some(3));
    let always = without("check . --render always");
    assert_snapshot!(always, @r#"
    --- stderr
    error: cannot render `chart`: `helm` is not installed
    hint: install it from https://helm.sh/docs/intro/install, or set `ROLECALL_HELM` to its path
    --- exit 2
    "#);
    let named = run(repository.command("check .").env("ROLECALL_HELM", "/nonexistent/helm"), "");
    assert_snapshot!(named, @r#"
    --- stderr
    error: `ROLECALL_HELM` names `/nonexistent/helm`, which is not a program
    hint: set `ROLECALL_HELM` to the path of a program, or unset it
    --- exit 2
    "#);
}
