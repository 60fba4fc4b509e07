//! Commands in hints ask the same question as the command that printed them.

use std::fs;

use crate::command::{Ran, command, root, run};

/// Runs `rolecall` as typed in a shell in a directory with an unbuilt kustomization and manifests.
fn ran(line: &str) -> Ran {
    ran_with(line, "")
}

fn ran_with(line: &str, stdin: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::create_dir_all(path.join("base")).unwrap();
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: shop}\n";
    fs::write(path.join("base/web.yaml"), account).unwrap();
    let kustomization = "resources: [web.yaml]\nnamePrefix: x-\n";
    fs::write(path.join("base/kustomization.yaml"), kustomization).unwrap();
    fs::copy(root().join("fixtures/ns-1/manifests.yaml"), path.join("ns-1.yaml")).unwrap();
    let mut bash = std::process::Command::new("bash");
    let program = command().get_program().to_owned();
    bash.env_clear().env("PATH", "/usr/bin:/bin").env("ROLECALL_RENDER", "never").current_dir(path);
    let script = format!("rolecall() {{ {} \"$@\"; }}; {line}", program.to_string_lossy());
    run(bash.args(["-c", &script]), stdin)
}

/// Returns the commands in hints.
fn commands(ran: &Ran) -> Vec<String> {
    let hints = ran.stderr.lines().filter_map(|line| line.strip_prefix("hint: run `"));
    hints.filter_map(|hint| Some(hint.split_once("` to ")?.0.to_owned())).collect()
}

#[test]
fn commands_that_build_a_source_repeat_the_question() {
    for (line, expected) in [
        (
            "rolecall can-i get pods/log --name a --for user/a -n shop -f base --exclude '*/x' -o json",
            "kustomize build base | rolecall can-i get pods/log --for user/a --name a -o json -n shop \
             -f - --exclude '*/x'",
        ),
        (
            "rolecall why list pods --for user/a -A -f base -f ns-1.yaml --defaults none",
            "kustomize build base | rolecall why list pods --for user/a -A -f - -f ns-1.yaml \
             --defaults none",
        ),
        (
            "rolecall who-can list pods -n shop -f . --show-system",
            "kustomize build base | rolecall who-can list pods --show-system -n shop -f -",
        ),
        (
            "rolecall rules --for sa/shop:web -f base --keep-going",
            "kustomize build base | rolecall rules --for sa/shop:web -f - --keep-going",
        ),
        (
            "rolecall fix list pods --for user/a -n shop -f base --style reuse",
            "kustomize build base | rolecall fix list pods --for user/a --style reuse -n shop -f -",
        ),
        (
            "rolecall check base ns-1.yaml --fail-level high --only 'RC5*'",
            "kustomize build base | rolecall check - ns-1.yaml --fail-level high --only 'RC5*'",
        ),
        ("rolecall diff base ns-1.yaml", "kustomize build base | rolecall diff - ns-1.yaml"),
        (
            "echo x | rolecall why - -f base",
            "kustomize build base > rendered.yaml && rolecall why - -f rendered.yaml",
        ),
    ] {
        let ran = ran(line);
        assert!(commands(&ran).iter().any(|it| it == expected), "{line}: {ran}");
    }
}

#[test]
fn suggested_commands_work_with_any_argument() {
    let line = "rolecall can-i get pods --for $'user/a\\nb c' -n ns-1 -f ns-1.yaml --exclude 'a b' \
                --keep-going";
    let first = ran(line);
    let [why] = &*commands(&first) else { panic!("{first}") };
    assert_eq!(
        why,
        "rolecall why get pods --for $'user/a\\nb c' -n ns-1 -f ns-1.yaml --exclude 'a b' --keep-going"
    );
    let second = ran(why);
    assert_eq!(second.exit, Some(1), "{second}");
    let answer = |ran: &Ran| ran.stdout.lines().next().map(str::to_owned);
    assert_eq!(answer(&first), answer(&second), "{second}");
    let (_, fix) = second.stdout.split_once("run `").unwrap();
    let (fix, _) = fix.split_once("`\n").unwrap();
    let third = ran(fix);
    assert_eq!(third.exit, Some(0), "{fix}: {third}");
    assert!(
        third.stdout.contains("list resource") || third.stdout.contains("get resource"),
        "{third}"
    );
}

#[test]
fn options_of_kubectl_that_name_a_source_are_replaced_in_place() {
    let ran = ran("rolecall can-i list pods -k 'a b' --for user/a -n shop --token secret");
    let expected = "`kustomize build 'a b' | rolecall can-i list pods --for user/a -n shop -f -`";
    assert!(ran.exit == Some(2) && ran.stderr.contains(expected), "{ran}");
}

#[test]
fn an_empty_or_unknown_question_is_a_usage_error_with_the_same_options() {
    for (line, hints) in [
        (
            "rolecall why '' --for user/a -f ns-1.yaml",
            &[
                "rolecall why VERB RESOURCE --for user/a -f ns-1.yaml",
                "rolecall why - --for user/a -f ns-1.yaml",
            ][..],
        ),
        (
            "rolecall why hello --for user/a -f ns-1.yaml",
            &["rolecall why hello RESOURCE --for user/a -f ns-1.yaml"],
        ),
        (
            "rolecall why 'get pods' -f ns-1.yaml --for user/a",
            &["rolecall why get pods --for user/a -f ns-1.yaml"],
        ),
        ("rolecall why 'hello world' -f ns-1.yaml", &["rolecall why - -f ns-1.yaml"]),
    ] {
        let ran = ran(line);
        assert_eq!(ran.exit, Some(2), "{line}: {ran}");
        assert_eq!(commands(&ran), hints, "{line}: {ran}");
    }
    for (stdin, note) in [
        ("hello\n", "note: stdin contains no refusal: expected"),
        ("", "note: stdin contains no refusal: it is empty; clients print errors on stderr"),
    ] {
        let ran = ran_with("rolecall why - -f ns-1.yaml", stdin);
        assert!(ran.exit == Some(0) && ran.stderr.starts_with(note), "{ran}");
    }
}

#[test]
fn patterns_in_the_notation_of_other_tools_are_usage_errors() {
    for (line, position) in [
        ("rolecall can-i get pods --for user/a -f . --exclude '['", "`[` at character 1 of `[`"),
        ("rolecall check . --exclude 'a/[bc]'", "`[` at character 3 of `a/[bc]`"),
        ("rolecall check . --only 'RC[12]*'", "`[` at character 3 of `RC[12]*`"),
        ("rolecall check . --ignore 'RC{1}'", "`{` at character 3 of `RC{1}`"),
        ("rolecall rules --for 'sa/[' -f .", "`[` at character 4 of `sa/[`"),
        ("rolecall rules --for 'user/[a]*' -f .", "`[` at character 1 of `[a]*`"),
        ("rolecall walk 'clusterrole/[a]*' -f .", "`[` at character 1 of `[a]*`"),
        (
            "printf '%s\\n' 'apiVersion: rolecall.dev/v1' 'kind: CheckConfig' 'exclude: [\"[\"]' \
             > rolecall.yaml; rolecall check .",
            "`[` at character 1 of `[`",
        ),
    ] {
        let ran = ran(line);
        assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""), "{line}: {ran}");
        assert!(ran.stderr.contains(position), "{line}: {ran}");
    }
    let ran = ran("rolecall check ns-1.yaml --exclude charts --fail-level none");
    let note = "note: `--exclude charts` matches nothing in `ns-1.yaml`";
    assert!(ran.exit == Some(0) && ran.stderr.contains(note), "{ran}");
    let ran = self::ran("rolecall check . --exclude base --fail-level none");
    assert!(ran.exit == Some(0) && !ran.stderr.contains("matches nothing"), "{ran}");
}

#[test]
fn wildcards_that_rbac_compares_literally_are_usage_errors() {
    for command in ["can-i", "why", "who-can", "fix"] {
        let subject = if command == "who-can" { "" } else { "--for user/a" };
        for (what, error) in [
            ("'pods/*'", "`pods/*` matches no request: RBAC has no wildcard for subresources"),
            ("pods --subresource '*'", "`pods/*` matches no request"),
            ("'*/*'", "`*/*` matches no request"),
            ("pods --name '*'", "no object is named `*`"),
            ("pods --name 'web-*'", "no object is named `web-*`"),
        ] {
            let line = format!("rolecall {command} get {what} {subject} -n ns-1 -f ns-1.yaml");
            if command == "who-can" && what.contains("--subresource") {
                continue;
            }
            let ran = ran(&line);
            assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""), "{line}: {ran}");
            assert!(ran.stderr.contains(error), "{line}: {ran}");
        }
    }
    for line in [
        "rolecall can-i get '*/scale' --for group/system:masters -f ns-1.yaml",
        "rolecall can-i '*' '*' --for group/system:masters -f ns-1.yaml",
        "rolecall can-i approve signers --name 'example.com/*' --for group/system:masters -f ns-1.yaml",
    ] {
        let ran = ran(line);
        assert_eq!(ran.exit, Some(0), "{line}: {ran}");
    }
}

#[test]
fn what_manifests_lack_is_not_in_the_input() {
    let manifests = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n\
                     metadata: {name: web, namespace: shop}\n\
                     roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: gone}\n\
                     subjects: [{kind: ServiceAccount, name: web, namespace: shop}]\n";
    for line in [
        "rolecall can-i list pods --for sa/shop:web -f -",
        "rolecall why list pods --for sa/shop:web -f -",
        "rolecall walk clusterrole/gone -f -",
        "rolecall walk sa/shop:web -f -",
        "rolecall check -",
    ] {
        let ran = ran_with(line, manifests);
        assert!(ran.stdout.contains("is not in the input"), "{line}: {ran}");
        assert!(!ran.stdout.contains("does not exist"), "{line}: {ran}");
    }
}

#[test]
fn no_default_binding_is_named_that_was_not_read() {
    let with = |options: &str| {
        let line = format!("rolecall why list pods --for user/a -n ns-1 -f ns-1.yaml {options}");
        ran(&line).stdout
    };
    assert!(with("").contains("only Kubernetes' default bindings apply here"));
    assert!(with("--defaults none").contains("no bindings apply here"));
}
