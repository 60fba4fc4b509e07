//! Completion in shells, through the protocol that each shell's script uses.

use std::process::Command;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::json;

use crate::command::{Ran, command, rolecall, root, run, split};
use crate::server::{Reply, Server};

/// Completes a line in bash, without a cluster.
fn complete(line: &str) -> String {
    complete_with(&mut command(), line)
}

fn complete_with(command: &mut Command, line: &str) -> String {
    let breaks = " \t\n\"'@><=;|&(:";
    let command = command.env("ROLECALL_COMPLETE", "bash").env("ROLECALL_WORDBREAKS", breaks);
    let ran = run(command.args(["--", &format!("rolecall {line}")]), "");
    assert_eq!((ran.exit, &*ran.stderr), (Some(0), ""), "{line}: {ran}");
    ran.stdout.lines().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_kind_of_value_has_candidates() {
    let rows = [
        ("can-", "can-i"),
        ("can-i --verb", "--verbs --verbose"),
        ("can-i g", "get"),
        ("can-i list,w", "list,watch"),
        ("can-i list,l", ""),
        ("can-i esc", "escalate"),
        ("can-i get dep", "deployments"),
        ("can-i get deployments.", "deployments.apps"),
        ("can-i get ingresses.", "ingresses.networking.k8s.io"),
        ("can-i get pods/l", "pods/log"),
        ("can-i get /hea", "/healthz"),
        ("can-i get pods --subresource ex", "exec"),
        ("can-i get pods --for s", "sa/ sts/"),
        ("can-i get pods --for sa/ -f fixtures/ns-1 -n ns-", "ns-1"),
        ("can-i --verbs get,de", "get,delete get,deletecollection"),
        ("who-can get secr", "secrets"),
        ("explain RC20", "RC201 RC202 RC203 RC204 RC205 RC206 RC207 RC208 RC209"),
        ("explain missing-r", "missing-role"),
        ("check --severity m", "medium"),
        ("check --fail-level n", "none"),
        ("check --only RC101,RC201", "RC101,RC201"),
        ("check --kubernetes-version 1.3", "1.37 1.36 1.35 1.34 1.33 1.32 1.31 1.30"),
        ("diff clus", "cluster"),
        ("diff README", "README.md"),
        ("walk -f fixtures/ns-", "fixtures/ns-1/"),
        ("help who", "who-can whoami"),
        ("completions k", "kubectl"),
    ];
    let found = rows.map(|(line, _)| (line, complete(line)));
    assert_eq!(found, rows.map(|(line, candidates)| (line, candidates.to_owned())));
}

#[test]
fn manifests_on_the_line_give_the_names() {
    let of = |rest: &str| complete(&format!("can-i get pods -f fixtures/ns-1 -n ns-1 {rest}"));
    assert_snapshot!(of("--for sa/"), @r#"sa/k-sa-1"#);
    assert_snapshot!(of("--for=sa/"), @r#"sa/k-sa-1"#);
    assert_snapshot!(of("--for deploy/"), @r#"deploy/lister"#);
    assert_snapshot!(of("-n ns"), @r#"ns-1"#);
    assert_snapshot!(of("--for group/system:a"), @r#"authenticated"#);
    assert_snapshot!(complete("walk -f fixtures/ns-1 role/"), @r#"role/ns-1/pod-lister"#);
    assert_snapshot!(complete("walk -f 'fixtures/ns-1' -n ns-1 rolebinding/pod-l"), @r#"rolebinding/pod-lister"#);
    // The terminal is not read, and a folder that is missing is not reported.
    assert_snapshot!(complete("walk -f - pod/"), @"");
    assert_snapshot!(complete("walk -f nowhere sa/"), @"");
}

/// Completes a line for another shell, and returns what its script reads.
fn complete_in(shell: &str, words: &[&str]) -> Ran {
    let index = (words.len() - 1).to_string();
    let mut command = command();
    command.env("ROLECALL_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", index);
    run(command.arg("--").args(words), "")
}

#[test]
fn each_shell_gets_its_format() {
    let namespaces = ["rolecall", "walk", "-f", "fixtures/ns-1", "-n", "ns"];
    let codes = ["rolecall", "explain", "RC101"];
    let system = ["rolecall", "rules", "-f", "fixtures/ns-1", "--for", "group/system:m"];
    for shell in ["bash", "elvish", "fish", "kubectl", "powershell", "zsh"] {
        assert_eq!(complete_in(shell, &namespaces).exit, Some(0), "{shell}");
    }
    assert_snapshot!(complete_in("zsh", &codes), @r#"
    RC101:missing-role
    --- exit 0
    "#);
    assert_snapshot!(complete_in("zsh", &system), @r#"
    group/system\:masters
    group/system\:monitoring
    --- exit 0
    "#);
    assert_snapshot!(complete_in("fish", &codes), @r#"
    RC101	missing-role
    --- exit 0
    "#);
    assert_snapshot!(complete_in("powershell", &codes), @r#"
    RC101	missing-role
    --- exit 0
    "#);
    assert_snapshot!(complete_in("elvish", &codes), @r#"
    RC101
    --- exit 0
    "#);
    assert_snapshot!(complete_in("kubectl", &codes), @r#"
    RC101	missing-role
    :4
    --- exit 0
    "#);
    assert_snapshot!(complete_in("kubectl", &["rolecall", "walk", "po"]), @r#"
    pod/
    :6
    --- exit 0
    "#);
    // zsh passes quotes as typed, and leaves out an empty last word.
    let mut zsh = command();
    zsh.env("ROLECALL_COMPLETE", "zsh").env("_CLAP_COMPLETE_INDEX", "5");
    let words = ["--", "rolecall", "walk", "-f", "'fixtures/ns-1'", "-n"];
    assert_snapshot!(run(zsh.args(words), ""), @r#"
    ns-1
    --- exit 0
    "#);
    // An unknown shell gets nothing, not even an error.
    assert_snapshot!(complete_in("tcsh", &codes), @r#"--- exit 1"#);
}

#[cfg(unix)]
#[test]
fn bash_completes_a_line() {
    let directory = std::path::Path::new(env!("CARGO_BIN_EXE_rolecall")).parent().unwrap();
    let script = r#"
        source <(rolecall completions bash)
        COMP_LINE=$1 COMP_POINT=${#1}
        _rolecall rolecall
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let bash = |line: &str| {
        let mut bash = Command::new("bash");
        bash.current_dir(root()).args(["-c", script, "bash", line]);
        let path = format!("{}:/usr/bin:/bin", directory.display());
        run(bash.env_clear().env("PATH", path), "")
    };
    if Command::new("bash").arg("--version").output().is_err() {
        return;
    }
    assert_snapshot!(bash("rolecall who-can get pods -f fixtures/ns-1 -n ns-"), @r#"
    ns-1
    --- exit 0
    "#);
    assert_snapshot!(bash("rolecall rules -f fixtures/ns-1 --for=group/system:m"), @r#"
    masters
    monitoring
    --- exit 0
    "#);
}

#[cfg(unix)]
#[test]
fn kubectl_runs_the_script_for_the_plugin() {
    let script = rolecall("completions kubectl").stdout;
    let directory = std::path::Path::new(env!("CARGO_BIN_EXE_rolecall")).parent().unwrap();
    let mut sh = Command::new("sh");
    sh.current_dir(root()).env_clear();
    sh.env("PATH", format!("{}:/usr/bin:/bin", directory.display()));
    // kubectl appends the words after `rolecall`.
    sh.args(["-c", &script, "sh"]).args(split("who-can get pods -f fixtures/ns-1 -n ns-"));
    assert_snapshot!(run(&mut sh, ""), @r#"
    ns-1
    :4
    --- exit 0
    "#);
}

/// Completes a line with the kubeconfig of a server.
fn complete_on(server: &Server, line: &str) -> String {
    complete_with(&mut server.command("admin", ""), line)
}

#[test]
fn the_cluster_gives_the_names() {
    let server = Server::of(&["ns-1"]);
    assert_snapshot!(complete_on(&server, "can-i -n "), @r#"ns-1"#);
    assert_snapshot!(complete_on(&server, "can-i -n ns-1 --for sa/"), @r#"sa/k-sa-1"#);
    assert_snapshot!(complete_on(&server, "can-i -n ns-1 --for deploy/"), @r#"deploy/lister"#);
    assert_snapshot!(complete_on(&server, "can-i get dep"), @r#"deployments"#);
    assert_snapshot!(complete_on(&server, "can-i --context "), @r#"test"#);
    assert_snapshot!(server.seen().join("\n"), @r#"
    GET /api
    GET /api/v1/namespaces
    GET /api/v1/namespaces/ns-1/replicationcontrollers
    GET /api/v1/namespaces/ns-1/serviceaccounts
    GET /apis
    GET /apis/apps/v1/namespaces/ns-1/daemonsets
    GET /apis/apps/v1/namespaces/ns-1/deployments
    GET /apis/apps/v1/namespaces/ns-1/replicasets
    GET /apis/apps/v1/namespaces/ns-1/statefulsets
    GET /apis/batch/v1/namespaces/ns-1/cronjobs
    GET /apis/batch/v1/namespaces/ns-1/jobs
    "#);
}

#[test]
fn a_slow_cluster_does_not_delay_the_user() {
    let server = Server::with(&["ns-1"], |_| {
        std::thread::sleep(Duration::from_secs(30));
        None
    });
    let started = Instant::now();
    // The built-in resources are known without a server.
    assert_eq!(complete_on(&server, "can-i get dep"), "deployments");
    assert_eq!(complete_on(&server, "can-i --for sa/"), "");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[cfg(unix)]
#[test]
fn a_credential_plugin_cannot_prompt() {
    let server = Server::of(&["ns-1"]);
    let exec = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "sh",
        "interactiveMode": "IfAvailable", "args": ["-c", "echo password: >&2; read -r word; exit 1"]});
    let kubeconfig = json!({"apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": server.url()}}],
        "users": [{"name": "u", "user": {"exec": exec}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]});
    let path = server.folder.path().join("exec.json");
    std::fs::write(&path, kubeconfig.to_string()).unwrap();
    let line = format!("can-i --kubeconfig {} -n ", path.display());
    assert_eq!(complete_with(command().env("PATH", "/usr/bin:/bin"), &line), "");
}

#[test]
fn a_refused_list_gives_no_candidates() {
    let server = Server::with(&["ns-1"], |seen| {
        let is_list = seen.path.starts_with("/api/v1/namespaces");
        is_list.then(|| Reply::failure(403, "Forbidden", "no"))
    });
    assert_eq!(complete_on(&server, "can-i -n "), "");
}
