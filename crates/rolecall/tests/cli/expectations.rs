//! The schema of expectations, the document and what is read are one.

use std::fs;

use rolecall_check::expectation::Expectations;
use rolecall_source::yaml;
use serde::Deserialize;
use serde_json::Value;

use crate::command::root;
use crate::schemas::validator;

/// Reads a file as the command does.
fn read(text: &str) -> Result<Expectations, String> {
    let documents = yaml::parse(text, 1).map_err(|error| error.to_string())?;
    Expectations::deserialize(documents[0].root()).map_err(|error| error.to_string())
}

/// Reads a file as a schema sees it.
fn json(text: &str) -> Value {
    Value::deserialize(yaml::parse(text, 1).unwrap()[0].root()).unwrap()
}

#[test]
fn every_example_is_read_and_valid() {
    let document = fs::read_to_string(root().join("docs/expectations.md")).unwrap();
    let validator = validator("expectations");
    let blocks = document.split("```yaml\n").skip(1);
    let examples: Vec<&str> = blocks.filter_map(|block| block.split("```").next()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        read(example).unwrap_or_else(|error| panic!("{error}\n{example}"));
        let errors: Vec<String> =
            validator.iter_errors(&json(example)).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{example}");
    }
}

/// What expectations are read, each in a file of its own.
const READ: &[&str] = &[
    "{subjects: [user/a], only: []}",
    "{subjects: ['sa/*:*', 'group/*'], except: [group/b], can: [get pods], optional: true}",
    "{subjects: [system:serviceaccount:a:b], cannot: ['* * in *'], name: a, reason: b}",
    "{subjects: [serviceaccount/a:b, users/a, groups/a], can: ['get,list pods,pods/log in a,<own>']}",
    "{subjects: [user/a], can: ['get /metrics,/healthz/*'], namespaces: [a, b-*, <own>]}",
    "{subjects: [{serviceAccounts: {}}, {workloads: {kinds: [Job], names: [a*]}}], can: [get pods]}",
    "{subjects: [{serviceAccounts: {selector: {matchLabels: {a: b}}}}], can: [get pods]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: [pods], apiGroups: ['', apps]}]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: [pods], resourceNames: ['', a]}]}",
    "{subjects: [user/a], can: [{verbs: [get], nonResourceURLs: ['*']}]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: [a], namespaces: [{matchExpressions: [{key: a, operator: Exists}]}]}]}",
];

/// What expectations are not.
const REFUSED: &[&str] = &[
    "{subjects: [], can: [get pods]}",
    "{can: [get pods]}",
    "{subjects: [user/a]}",
    "{subjects: [user/a], can: []}",
    "{subjects: [user/a], can: [get pods], kan: []}",
    "{subjects: [a], can: [get pods]}",
    "{subjects: [user/], can: [get pods]}",
    "{subjects: [sa/a], can: [get pods]}",
    "{subjects: ['sa/:a'], can: [get pods]}",
    "{subjects: [deploy/a], can: [get pods]}",
    "{subjects: [{}], can: [get pods]}",
    "{subjects: [{serviceAccounts: {}, workloads: {}}], can: [get pods]}",
    "{subjects: [{serviceAccounts: {kinds: [a]}}], can: [get pods]}",
    "{subjects: [{workloads: {namespaces: [<own>]}}], can: [get pods]}",
    "{subjects: [user/a], can: [pods]}",
    "{subjects: [user/a], can: [get pods in]}",
    "{subjects: [user/a], can: [get pods at a]}",
    "{subjects: [user/a], can: ['get,,list pods']}",
    "{subjects: [user/a], can: ['get /metrics in a']}",
    "{subjects: [user/a], can: [{verbs: [], resources: [a]}]}",
    "{subjects: [user/a], can: [{verbs: [''], resources: [a]}]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: ['']}]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: [a], apiGroups: []}]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: [a], namespaces: []}]}",
    "{subjects: [user/a], can: [get pods], namespaces: []}",
    "{subjects: [user/a], can: [{resources: [a]}]}",
    "{subjects: [user/a], can: [{verbs: [get]}]}",
    "{subjects: [user/a], can: [{verbs: [get], resources: [a], nonResourceURLs: [/a]}]}",
    "{subjects: [user/a], can: [{verbs: [get], nonResourceURLs: [/a], namespaces: [a]}]}",
    "{subjects: [user/a], can: [get pods], namespaces: ['']}",
    "{subjects: [user/a], can: [get pods], namespaces: a}",
    "{subjects: [user/a], can: [get pods], namespaces: [{matchLabels: {a: 1}}]}",
    "{subjects: [user/a], can: [get pods], namespaces: [{matchExpressions: [{key: a, operator: Is}]}]}",
    "{subjects: [user/a], can: [get pods], optional: sometimes}",
];

#[test]
fn the_schema_accepts_what_is_read_and_nothing_else() {
    let validator = validator("expectations");
    let files = READ.iter().map(|text| (text, true));
    for (expectation, expected) in files.chain(REFUSED.iter().map(|text| (text, false))) {
        let text = format!(
            "apiVersion: rolecall.dev/v1\nkind: Expectations\nexpectations:\n- {expectation}\n"
        );
        assert_eq!(read(&text).is_ok(), expected, "{expectation}: {:?}", read(&text));
        assert_eq!(validator.is_valid(&json(&text)), expected, "schema: {expectation}");
    }
    for (file, expected) in [
        ("{apiVersion: rolecall.dev/v1, kind: Expectations, expectations: []}", true),
        ("{apiVersion: rolecall.dev/v2, kind: Expectations, expectations: []}", false),
        ("{apiVersion: rolecall.dev/v1, kind: Expectation, expectations: []}", false),
        ("{apiVersion: rolecall.dev/v1, kind: Expectations}", false),
        ("{apiVersion: rolecall.dev/v1, kind: Expectations, expectations: [], more: 1}", false),
    ] {
        assert_eq!(read(file).is_ok(), expected, "{file}");
        assert_eq!(validator.is_valid(&json(file)), expected, "schema: {file}");
    }
}
