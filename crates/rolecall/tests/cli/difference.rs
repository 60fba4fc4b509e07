//! `can-i --diff-with`.

use std::fs;

use insta::assert_snapshot;
use serde_json::json;

use crate::command::{command, rolecall, run, split};
use crate::server::{Server, token};

const ASK: &str = "can-i --for sa/k-sa-1 --resources pods,pods/log,nodes -n ns-1 -f fixtures/ns-1";

#[test]
fn subjects_differ() {
    let ask = |others: &str| rolecall(&format!("{ASK} {others}"));
    assert_snapshot!(ask("--diff-with user/jane"), @"
    RESOURCE   VERB   sa/ns-1:k-sa-1   user/jane
    pods       list   yes              no
    --- stderr
    note: 24 answers compared; 1 differs
    --- exit 1
    ");
    assert_snapshot!(ask("--diff-with user/jane --diff-with group/system:masters --verbs get,list"), @"
    RESOURCE   VERB   sa/ns-1:k-sa-1   user/jane   group/system:masters
    nodes      get    no               no          yes
    nodes      list   no               no          yes
    pods       get    no               no          yes
    pods       list   yes              no          yes
    pods/log   get    no               no          yes
    pods/log   list   no               no          yes
    --- stderr
    note: 12 answers compared; 6 differ
    --- exit 1
    ");
    assert_snapshot!(ask("--diff-with sa/ns-1:k-sa-1"), @"
    --- stderr
    note: 24 answers compared; none differs
    --- exit 0
    ");
}

#[test]
fn namespaces_differ() {
    assert_snapshot!(rolecall(&format!("{ASK} --diff-with default")), @"
    RESOURCE   VERB   ns-1   default
    pods       list   yes    no
    --- stderr
    note: 24 answers compared; 1 differs
    --- exit 1
    ");
}

#[test]
fn a_single_question_can_be_compared() {
    let ask = "can-i list pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 --diff-with default";
    assert_snapshot!(rolecall(ask), @"
    RESOURCE   VERB   ns-1   default
    pods       list   yes    no
    --- stderr
    note: 1 answer compared; 1 differs
    --- exit 1
    ");
}

#[test]
fn differences_in_structured_formats() {
    let ask = |output: &str| rolecall(&format!("{ASK} --diff-with default -q -o {output}")).stdout;
    assert_snapshot!(ask("csv"), @"
    subject,namespace,verb,group,resource,subresource,name,path,verdict,default
    sa/ns-1:k-sa-1,ns-1,list,,pods,,,,allowed,denied
    ");
    assert_snapshot!(ask("markdown"), @"
    | resource | verb | ns-1 | default |
    |---|---|---|---|
    | pods | list | yes | no |
    ");
    assert_snapshot!(ask("yaml"), @"
    apiVersion: rolecall.dev/v1
    kind: AccessMatrixDiff
    compared: 24
    unknown: 0
    differences:
    - subject: sa/ns-1:k-sa-1
      namespace: ns-1
      verb: list
      group: ''
      resource: pods
      subresource: ''
      name: ''
      path: ''
      verdict: allowed
      others:
      - with: default
        verdict: denied
    ");
}

#[test]
fn unread_cells_do_not_differ() {
    let ask = "can-i --for sa/app --verbs get,delete --resources pods -n unread-document";
    let ask = format!("{ask} -f fixtures/unread-document --keep-going --diff-with default");
    assert_snapshot!(rolecall(&ask), @"
    --- stderr
    warning: fixtures/unread-document/invalid.yaml:7:9: expected `,` or `}`
    note: 0 answers compared; none differs
    warning: 2 answers are unknown and were not compared
    --- exit 3
    ");
}

#[test]
fn invalid_operands_are_errors() {
    assert_snapshot!(rolecall(&format!("{ASK} --diff-with Prod")), @"
    --- stderr
    error: `Prod` is not a subject, a namespace or a context
    hint: use `sa/NAME`, `NAMESPACE` or `context:NAME` instead of `Prod`
    --- exit 2
    ");
    assert_snapshot!(rolecall(&format!("{ASK} --diff-with context:prod")), @r#"
    --- stderr
    error: manifests have no context
    hint: run `rolecall diff fixtures/ns-1 cluster:prod -n ns-1` to compare manifests with a cluster
    --- exit 2
    "#);
    assert_snapshot!(rolecall("can-i --resources pods --mode both --diff-with default"), @"
    --- stderr
    error: `--diff-with` does not support `--mode both`
    hint: pass `--mode live` to compare the answers of the server
    --- exit 2
    ");
}

#[test]
fn the_server_answers_comparisons() {
    let server = Server::of(&["ns-1"]);
    let ask = "can-i --for sa/k-sa-1 --resources pods -n ns-1 --mode live --diff-with default";
    assert_snapshot!(server.rolecall("admin", ask), @"
    RESOURCE   VERB   ns-1   default
    pods       list   yes    no
    --- stderr
    note: 8 answers compared; 1 differs
    --- exit 1
    ");
}

#[test]
fn clusters_differ() {
    let (one, two) = (Server::of(&["ns-1"]), Server::of(&["project-swan/after"]));
    let config = one.folder.path().join("both");
    let admin = token("admin", &json!({}));
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "one",
        "contexts": [
            {"name": "one", "context": {"cluster": "one", "user": "admin"}},
            {"name": "two", "context": {"cluster": "two", "user": "admin"}}],
        "clusters": [
            {"name": "one", "cluster": {"server": one.url()}},
            {"name": "two", "cluster": {"server": two.url()}}],
        "users": [{"name": "admin", "user": {"token": admin}}],
    });
    fs::write(&config, kubeconfig.to_string()).unwrap();
    for mode in ["local", "live"] {
        let ask = "can-i --for sa/ns-1:k-sa-1 --for me --resources pods -n ns-1";
        let mut command = command();
        command.args(split(&format!("{ask} --diff-with context:two --mode {mode}")));
        command.env("KUBECONFIG", &config);
        let ran = run(&mut command, "");
        assert_eq!(ran.exit, Some(1), "{ran}");
        insta::allow_duplicates! {
            assert_snapshot!(ran.stdout, @"
            SUBJECT          RESOURCE   VERB   context:one   context:two
            sa/ns-1:k-sa-1   pods       list   yes           no
            ");
        }
    }
}
