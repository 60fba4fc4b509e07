//! Repositories of strangers: rendering ends in time, and reads nothing outside them.

use std::fs;
use std::time::{Duration, Instant};

use super::targets::Repository;
use crate::command::run;

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";

#[cfg(unix)]
#[test]
fn hostile_repositories_end_in_time_with_a_gap() {
    const LOOP: &str = "{{- define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}\n";
    const HUGE: &str = "{{- range $i := until 20000 }}\n# {{ repeat 20000 \"a\" }}\n{{- end }}\n";
    for (what, files, expected) in [
        (
            "a base outside",
            &[("kustomization.yaml", "resources: [../../../../etc]\n")][..],
            "outside the repository",
        ),
        (
            "a cycle",
            &[
                ("kustomization.yaml", "resources: [a]\n"),
                ("a/kustomization.yaml", "resources: [../]\n"),
            ][..],
            "cycle detected",
        ),
        (
            "a template that includes itself",
            &[("Chart.yaml", CHART), ("templates/a.yaml", LOOP)][..],
            "not rendered",
        ),
        (
            "a template with endless output",
            &[("Chart.yaml", CHART), ("templates/a.yaml", HUGE)][..],
            "not rendered",
        ),
        (
            "values that are a directory",
            &[
                ("Chart.yaml", CHART),
                ("templates/a.yaml", "{{ .Values.a }}"),
                ("values/x", "a: b\n"),
                (
                    "rolecall.yaml",
                    "apiVersion: rolecall.dev/v1\nkind: CheckConfig\nrender: [{target: '*', values: [values]}]\n",
                ),
            ][..],
            "is a directory",
        ),
        (
            "a Chart.yaml that is a directory",
            &[
                ("a/Chart.yaml/x.yaml", "a: b\n"),
                ("b.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"),
            ],
            "it is a directory",
        ),
        (
            "a generator of a file outside",
            &[(
                "kustomization.yaml",
                "configMapGenerator: [{name: a, files: [../../../etc/passwd]}]\n",
            )],
            "outside the repository",
        ),
        (
            "a chart that is a dependency of itself",
            &[(
                "Chart.yaml",
                "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{name: web, version: 1.0.0, repository: 'file://.'}]\n",
            )],
            "it needs the chart `web`",
        ),
        (
            "a dependency outside",
            &[(
                "Chart.yaml",
                "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{name: a, version: 1.0.0, repository: 'file://../../../etc'}]\n",
            )],
            "outside the repository",
        ),
        (
            "values of a HelmRelease outside",
            &[
                ("web/Chart.yaml", CHART),
                (
                    "release.yaml",
                    "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a, namespace: b}\n\
                     spec: {chart: {spec: {chart: web, sourceRef: {kind: GitRepository, name: x}, valuesFiles: [../../../etc/passwd]}}}\n",
                ),
            ],
            "outside the repository",
        ),
        (
            "a patch outside",
            &[("kustomization.yaml", "patches: [{path: ../../../../etc/passwd}]\n")][..],
            "outside the repository",
        ),
    ] {
        let Some(repository) = Repository::of(files) else { return };
        let began = Instant::now();
        let ran = run(&mut repository.command("check . -o json"), "");
        assert!(began.elapsed() < Duration::from_secs(200), "{what} took {:?}", began.elapsed());
        assert!(matches!(ran.exit, Some(2 | 3)), "{what}: {ran}");
        assert!(ran.stderr.contains(expected), "{what}: {ran}");
        assert!(!ran.stdout.contains("root:x:"), "{what}: {ran}");
    }
}

/// Links to devices and pipes, which never end.
#[cfg(unix)]
#[test]
fn files_that_never_end_are_not_read() {
    let chart = [("Chart.yaml", CHART)];
    for (what, files, link) in [
        ("a chart", &[][..], "Chart.yaml"),
        ("a chart in a directory", &[], "charts/web/Chart.yaml"),
        ("a kustomization", &[], "kustomization.yaml"),
        ("a template", &chart[..], "templates/a.yaml"),
        ("values", &chart, "values.yaml"),
        ("a subchart", &chart, "charts/sub/Chart.yaml"),
        ("a function", &[("kustomization.yaml", "transformers: [f.yaml]\n")], "f.yaml"),
        ("a resource", &[("kustomization.yaml", "resources: [f.yaml]\n")], "f.yaml"),
    ] {
        for target in ["/dev/zero", "pipe"] {
            let Some(repository) = Repository::of(files) else { return };
            let pipe = repository.path().join(".git/pipe");
            let made = std::process::Command::new("mkfifo").arg(&pipe).status();
            assert!(made.unwrap().success());
            let link = repository.path().join(link);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            match target {
                "pipe" => fs::rename(&pipe, &link).unwrap(),
                device => std::os::unix::fs::symlink(device, &link).unwrap(),
            }
            let began = Instant::now();
            let ran = run(&mut repository.command("check ."), "");
            assert!(began.elapsed() < Duration::from_secs(60), "{what} {target}: {ran}");
            assert!(matches!(ran.exit, Some(0 | 2 | 3)), "{what} {target}: {ran}");
        }
    }
}
