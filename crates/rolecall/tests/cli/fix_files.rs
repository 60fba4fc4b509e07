use std::fs;

use insta::assert_snapshot;

use crate::command::rolecall;

#[test]
fn each_file_has_one_namespace_and_keeps_its_other_objects() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rbac");
    let fix = |what: &str| {
        let arguments =
            format!("fix {what} -f fixtures/ns-1 --out-dir {} --kustomization -q", path.display());
        let ran = rolecall(&arguments);
        assert_eq!((ran.exit, &*ran.to_string()), (Some(0), "--- exit 0"), "{what}");
        let mut files: Vec<String> = fs::read_dir(&path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        files
    };
    assert_eq!(
        fix("list pods --for user/jane -n ns-1 -n default"),
        ["default.yaml", "kustomization.yaml", "ns-1.yaml"]
    );
    let first = fs::read_to_string(path.join("ns-1.yaml")).unwrap();
    assert_eq!(fix("list nodes --for user/jane").len(), 4);
    fix("list pods --for user/joe -n ns-1");
    let second = fs::read_to_string(path.join("ns-1.yaml")).unwrap();
    assert!(second.starts_with(&first) && second.contains("rolecall:user:joe"), "{second}");
    assert_snapshot!(fs::read_to_string(path.join("kustomization.yaml")).unwrap(), @r#"
    apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    resources:
    - _cluster.yaml
    - default.yaml
    - ns-1.yaml
    "#);
    // A repetition changes nothing.
    fix("list pods --for user/joe -n ns-1");
    assert_eq!(fs::read_to_string(path.join("ns-1.yaml")).unwrap(), second);
}

#[test]
fn another_fix_into_the_same_files_keeps_their_grants() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let fix = |what: &str| {
        let out = path.display();
        rolecall(&format!(
            "fix {what} --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1 --out-dir {out}"
        ))
    };
    assert_eq!(fix("list pods").exit, Some(0));
    let second = fix("list services");
    assert_eq!(second.exit, Some(0), "{second}");
    assert!(second.stderr.contains("are kept: Role default/"), "{second}");
    let text = fs::read_to_string(path.join("default.yaml")).unwrap();
    assert!(text.contains("\"pods\"") && text.contains("\"services\""), "{text}");
    // Both are granted now, so there is nothing to do.
    let again = fix("list pods services");
    assert_eq!(again.exit, Some(0), "{again}");
    assert_eq!(fs::read_to_string(path.join("default.yaml")).unwrap(), text);
}

#[test]
fn nothing_is_written_if_a_kustomization_cannot_be_extended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let other = path.join("kustomization.yml");
    let fix = || {
        let out = path.display();
        rolecall(&format!(
            "fix list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1 --out-dir {out} --kustomization"
        ))
    };
    fs::write(&other, "resources: none\n").unwrap();
    let ran = fix();
    assert_eq!(ran.exit, Some(2), "{ran}");
    assert!(!path.join("default.yaml").exists());
    fs::write(&other, "kind: Kustomization\nresources:\n  - mine.yaml\n").unwrap();
    assert_eq!(fix().exit, Some(0));
    assert_eq!(
        fs::read_to_string(&other).unwrap(),
        "kind: Kustomization\nresources:\n  - default.yaml\n  - mine.yaml\n"
    );
    assert!(!path.join("kustomization.yaml").exists());
}

#[test]
fn concurrent_runs_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rbac");
    let users: Vec<String> = (0..8).map(|number| format!("user-{number}")).collect();
    std::thread::scope(|scope| {
        for user in &users {
            for resource in ["pods", "services", "configmaps"] {
                let out = path.display();
                scope.spawn(move || {
                    let ran = rolecall(&format!(
                        "fix list {resource} --for user/{user} -n {user} -n shop -f fixtures/ns-1 \
                         --out-dir {out} --kustomization"
                    ));
                    assert_eq!(ran.exit, Some(0), "{ran}");
                });
            }
        }
    });
    let listed = fs::read_to_string(path.join("kustomization.yaml")).unwrap();
    for user in &users {
        assert!(listed.contains(&format!("- {user}.yaml")), "{listed}");
        for namespace in [user, "shop"] {
            let asked = rolecall(&format!(
                "can-i --for user/{user} --verbs list --resources pods,services,configmaps \
                 -n {namespace} -f {}",
                path.display()
            ));
            assert!(asked.stdout.contains("3 answers: 3 yes"), "{asked}");
        }
    }
    let mut left: Vec<_> =
        fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.retain(|name| name.to_string_lossy().starts_with('.'));
    assert_eq!(left, [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_completely_is_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let fix = |resource: &str| {
        format!(
            "fix list {resource} --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1 --out-dir {}",
            path.display()
        )
    };
    assert_eq!(rolecall(&fix("pods")).exit, Some(0));
    let before = fs::read_to_string(path.join("default.yaml")).unwrap();
    // Limit files to 512 bytes.
    let script = format!("trap '' XFSZ; ulimit -f 1; exec \"$0\" {}", fix("services"));
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_rolecall")]).current_dir(crate::command::root());
    let ran = crate::command::run(&mut shell, "");
    assert_eq!(ran.exit, Some(2), "{ran}");
    assert_eq!(fs::read_to_string(path.join("default.yaml")).unwrap(), before);
    assert_eq!(fs::read_dir(path).unwrap().count(), 1);
}
