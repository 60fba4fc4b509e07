use std::process::Command;

use insta::assert_snapshot;

use crate::command::{rolecall, root, run, split};

#[test]
fn no_arguments_show_help() {
    let ran = rolecall("");
    assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""));
    assert!(ran.stderr.starts_with("Shows the identity and the access"), "{ran}");
}

#[test]
fn unknown_commands_and_options() {
    assert_snapshot!(rolecall("can-it"), @r#"
    --- stderr
    error: unrecognized subcommand 'can-it'

      tip: did you mean `rolecall can-i`?

    Usage: rolecall [OPTIONS] <COMMAND>

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(rolecall("can-i get pods --fro sa/x"), @r#"
    --- stderr
    error: unexpected argument '--fro' found

      tip: did you mean `--for`?

    Usage: rolecall can-i <VERB> <RESOURCE> [--for <SUBJECT>] [OPTIONS]
           rolecall can-i [--verbs <VERBS>] [--resources <RESOURCES>] [OPTIONS]
           rolecall can-i --reviews <FILE> [OPTIONS]

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(rolecall("can-i get"), @r#"
    --- stderr
    error: the following required arguments were not provided:
      <RESOURCE>

    Usage: rolecall can-i <VERB> <RESOURCE> [--for <SUBJECT>] [OPTIONS]
           rolecall can-i [--verbs <VERBS>] [--resources <RESOURCES>] [OPTIONS]
           rolecall can-i --reviews <FILE> [OPTIONS]

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(rolecall("can-i get pods --defaults v1.9"), @r#"
    --- stderr
    error: invalid value 'v1.9' for '--defaults <VERSION>'
      [possible values: auto, none, v1.20, v1.36, v1.37]

      tip: a similar value exists: 'v1.37'

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(rolecall("can-i get pods --request-timeout soon"), @r#"
    --- stderr
    error: invalid value 'soon' for '--request-timeout <DURATION>': `soon` is not a duration such as `5s` or `1m30s`

    For more information, try '--help'.
    --- exit 2
    "#);
    assert_snapshot!(rolecall("can-i get pods --overlay"), @r#"
    --- stderr
    error: `--overlay` needs manifests
    hint: pass `-f PATH` to overlay the cluster with manifests
    --- exit 2
    "#);
    assert_snapshot!(rolecall("can-i get pods --verbs get"), @r#"
    --- stderr
    error: the argument '[VERB]' cannot be used with '--verbs <VERBS>'

    Usage: rolecall can-i <VERB> <RESOURCE> [--for <SUBJECT>] [OPTIONS]
           rolecall can-i [--verbs <VERBS>] [--resources <RESOURCES>] [OPTIONS]
           rolecall can-i --reviews <FILE> [OPTIONS]

    For more information, try '--help'.
    --- exit 2
    "#);
}

#[test]
fn invalid_subjects_get_a_hint() {
    for (subject, expected) in [
        ("web", "hint: use `sa/web`, `user/web` or `group/web` instead of `web`"),
        ("sa/", "hint: use `sa/NAME` instead of `sa/`"),
        ("sa/Web", "hint: use `sa/web` instead of `sa/Web`"),
        ("system:masters", "hint: use `group/system:masters` instead of `system:masters`"),
        (
            "system:serviceaccount:x",
            "hint: use `system:serviceaccount:NAMESPACE:NAME` instead of `system:serviceaccount:x`",
        ),
        ("deploi/lister", "hint: use `deploy/lister` instead of `deploi/lister`"),
        ("deploy/listr", "hint: use `deploy/lister` instead of `deploy/listr`"),
        (
            "po/lister-6c9d7f8b54-4xkqq",
            "hint: use `po/lister-6c9d7f8b54-4xkqp` instead of `po/lister-6c9d7f8b54-4xkqq`",
        ),
    ] {
        let arguments = format!("can-i get pods --for '{subject}' -n ns-1 -f fixtures/ns-1");
        let ran = rolecall(&arguments);
        assert_eq!(ran.exit, Some(2), "{subject}: {ran}");
        assert!(ran.stderr.lines().any(|line| line == expected), "{subject}: {ran}");
    }
}

#[test]
fn a_workload_of_another_namespace() {
    assert_snapshot!(
        rolecall("can-i get pods --for deploy/lister -n default -f fixtures/ns-1"),
        @r#"
        --- stderr
        error: there is no `deploy/lister` in namespace `default`
        hint: use `deploy/ns-1:lister` instead of `deploy/lister`
        --- exit 2
        "#
    );
}

#[test]
fn me_has_no_meaning_in_manifests() {
    assert_snapshot!(rolecall("can-i get pods -f fixtures/ns-1"), @r#"
    --- stderr
    error: manifests do not define `me`
    hint: pass `--for SUBJECT` to name the subject
    --- exit 2
    "#);
    assert_snapshot!(rolecall("can-i get pods -n ns-1 -f fixtures/ns-1 --as system:serviceaccount:ns-1:k-sa-1"), @r#"
    no: User "system:serviceaccount:ns-1:k-sa-1" cannot get resource "pods" in API group "" in the namespace "ns-1"
      near miss: RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
        but the rule has the verb list, not get
    --- stderr
    hint: run `rolecall why get pods --for me -n ns-1 -f fixtures/ns-1 --as system:serviceaccount:ns-1:k-sa-1` to see what would change the answer
    --- exit 1
    "#);
}

#[test]
fn groups_belong_to_a_user() {
    assert_snapshot!(
        rolecall("can-i create jobs --for user/jo --as-group v04-dev -n v04-app -f fixtures/v04-mixed-subjects"),
        @r#"
        yes: user/jo can create jobs.batch in namespace v04-app
          by RoleBinding v04-app/job-runner to Group v04-dev (fixtures/v04-mixed-subjects/manifests.yaml:22), Role v04-app/job-runner, rules[0]: create,get,list jobs.batch
        --- exit 0
        "#
    );
    assert_snapshot!(
        rolecall("can-i get pods --for sa/k-sa-1 --as-group dev -n ns-1 -f fixtures/ns-1"),
        @r#"
        no: User "system:serviceaccount:ns-1:k-sa-1" cannot get resource "pods" in API group "" in the namespace "ns-1"
          near miss: RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
            but the rule has the verb list, not get
        --- stderr
        warning: `--as-group` only applies to `user/NAME` and `me`
        hint: run `rolecall why get pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 --as-group dev` to see what would change the answer
        --- exit 1
        "#
    );
}

#[test]
fn completions_and_manual() {
    for (arguments, beginning) in [
        ("completions bash", "_rolecall()"),
        ("completions zsh", "#compdef rolecall"),
        ("man", ".ie"),
        ("man can-i", ".ie"),
    ] {
        let ran = rolecall(arguments);
        assert_eq!((ran.exit, &*ran.stderr), (Some(0), ""), "{arguments}");
        assert!(ran.stdout.starts_with(beginning), "{arguments}: {}", &ran.stdout[..60]);
    }
    assert_snapshot!(rolecall("man nothing"), @r#"
    --- stderr
    error: unknown command `nothing`
    --- exit 2
    "#);
}

#[test]
fn the_format_can_precede_the_command() {
    let ask = "who-can get pods -n ns-1 -f fixtures/ns-1";
    assert_eq!(rolecall(&format!("-o json {ask}")), rolecall(&format!("{ask} -o json")));
    assert_eq!(rolecall(&format!("-o csv {ask}")), rolecall(&format!("{ask} -o csv")));
    assert_eq!(rolecall(&format!("-o json {ask} -o yaml")).exit, Some(2));
}

#[test]
fn kubectl_runs_it_as_a_plugin() {
    let mut plugin = Command::new(env!("CARGO_BIN_EXE_kubectl-rolecall"));
    plugin.current_dir(root()).env_clear();
    let help = run(plugin.arg("--help"), "");
    assert!(help.stdout.contains("Usage: kubectl rolecall [OPTIONS] <COMMAND>"), "{help}");
    let mut plugin = Command::new(env!("CARGO_BIN_EXE_kubectl-rolecall"));
    plugin.current_dir(root()).env_clear();
    let ask = "can-i get pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1";
    assert_snapshot!(run(plugin.args(split(ask)), "").stderr, @r#"hint: run `kubectl rolecall why get pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1` to see what would change the answer"#);
}

#[test]
fn a_kind_without_pods_is_not_a_subject() {
    for kind in ["service", "node", "secrets"] {
        let ran = rolecall(&format!("can-i list pods --for {kind}/x -f fixtures/ns-1"));
        let first = ran.stderr.lines().next().unwrap_or_default();
        assert_eq!(
            (first, ran.exit),
            (&*format!("error: `{kind}` is not a kind of subject"), Some(2))
        );
    }
}

#[test]
fn a_namespace_is_not_a_subject() {
    for command in ["can-i list pods --for", "why list pods --for", "rules --for"] {
        let ran = rolecall(&format!("{command} ns/ns-1 -n ns-1 -f fixtures/ns-1"));
        assert_eq!(ran.exit, Some(2), "{ran}");
        assert!(ran.stderr.contains("error: `ns/ns-1` is not a subject"), "{ran}");
        assert!(ran.stderr.contains("--for group/system:serviceaccounts:ns-1"), "{ran}");
    }
    let walk = rolecall("walk me -f fixtures/ns-1");
    assert_eq!(walk.exit, Some(2), "{walk}");
    assert!(walk.stderr.contains("hint: use `sa/NAME` instead of `me`"), "{walk}");
    assert!(!walk.stderr.contains("--for"), "{walk}");
}

#[test]
fn diff_has_its_own_form_of_overlay() {
    assert_snapshot!(rolecall("diff cluster fixtures/ns-1 --overlay"), @"
    --- stderr
    error: `diff` uses `overlay:PATH` instead of `--overlay`
    hint: run `rolecall diff cluster overlay:fixtures/ns-1` to see what applying the manifests would change
    --- exit 2
    ");
}
