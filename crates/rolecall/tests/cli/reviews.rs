use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use insta::assert_snapshot;

use crate::command::{command, rolecall, rolecall_with, split};

const ASK: &str = "can-i --reviews - -f fixtures/ns-1";

const SPEC: &str = r#""spec":{"user":"system:serviceaccount:ns-1:k-sa-1","groups":["system:serviceaccounts","system:serviceaccounts:ns-1","system:authenticated"],"resourceAttributes":{"verb":"list","resource":"pods","namespace":"ns-1"}}"#;

#[test]
fn reviews_are_printed_with_their_status() {
    let input = format!(
        "{{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SubjectAccessReview\",\"metadata\":{{\"name\":\"kept\"}},{SPEC},\"also\":[1.50,null]}}\n{{{SPEC},\"status\":{{\"allowed\":false}}}}\n"
    );
    assert_snapshot!(rolecall_with(ASK, &input), @r#"
    {"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","metadata":{"name":"kept"},"spec":{"user":"system:serviceaccount:ns-1:k-sa-1","groups":["system:serviceaccounts","system:serviceaccounts:ns-1","system:authenticated"],"resourceAttributes":{"verb":"list","resource":"pods","namespace":"ns-1"}},"also":[1.50,null],"status":{"allowed":true,"reason":"RBAC: allowed by RoleBinding \"pod-lister/ns-1\" of Role \"pod-lister\" to ServiceAccount \"k-sa-1/ns-1\""}}
    {"spec":{"user":"system:serviceaccount:ns-1:k-sa-1","groups":["system:serviceaccounts","system:serviceaccounts:ns-1","system:authenticated"],"resourceAttributes":{"verb":"list","resource":"pods","namespace":"ns-1"}},"status":{"allowed":true,"reason":"RBAC: allowed by RoleBinding \"pod-lister/ns-1\" of Role \"pod-lister\" to ServiceAccount \"k-sa-1/ns-1\""}}
    --- exit 0
    "#);
}

#[test]
fn lists_and_pretty_json_and_yaml_are_read() {
    let pretty = format!("[\n  {{\n    {SPEC}\n  }}\n]\n");
    let list = format!("{{\"kind\":\"List\",\"items\":[{{{SPEC}}},\n{{{SPEC}}}]}}");
    let yaml = "\
# two
apiVersion: authorization.k8s.io/v1
kind: LocalSubjectAccessReview
metadata: {namespace: ns-1}
spec:
  user: system:serviceaccount:ns-1:k-sa-1
  resourceAttributes: {verb: list, resource: pods, namespace: ns-1}
---
kind: List
items:
- spec: {user: jane, nonResourceAttributes: {path: /healthz, verb: get}}
";
    assert_snapshot!(rolecall_with(ASK, &pretty), @r#"
    {"spec":{"user":"system:serviceaccount:ns-1:k-sa-1","groups":["system:serviceaccounts","system:serviceaccounts:ns-1","system:authenticated"],"resourceAttributes":{"verb":"list","resource":"pods","namespace":"ns-1"}},"status":{"allowed":true,"reason":"RBAC: allowed by RoleBinding \"pod-lister/ns-1\" of Role \"pod-lister\" to ServiceAccount \"k-sa-1/ns-1\""}}
    --- exit 0
    "#);
    assert_snapshot!(rolecall_with(ASK, &list), @r#"
    {"spec":{"user":"system:serviceaccount:ns-1:k-sa-1","groups":["system:serviceaccounts","system:serviceaccounts:ns-1","system:authenticated"],"resourceAttributes":{"verb":"list","resource":"pods","namespace":"ns-1"}},"status":{"allowed":true,"reason":"RBAC: allowed by RoleBinding \"pod-lister/ns-1\" of Role \"pod-lister\" to ServiceAccount \"k-sa-1/ns-1\""}}
    {"spec":{"user":"system:serviceaccount:ns-1:k-sa-1","groups":["system:serviceaccounts","system:serviceaccounts:ns-1","system:authenticated"],"resourceAttributes":{"verb":"list","resource":"pods","namespace":"ns-1"}},"status":{"allowed":true,"reason":"RBAC: allowed by RoleBinding \"pod-lister/ns-1\" of Role \"pod-lister\" to ServiceAccount \"k-sa-1/ns-1\""}}
    --- exit 0
    "#);
    assert_snapshot!(rolecall_with(ASK, yaml), @r#"
    {"apiVersion":"authorization.k8s.io/v1","kind":"LocalSubjectAccessReview","metadata":{"namespace":"ns-1"},"spec":{"resourceAttributes":{"namespace":"ns-1","resource":"pods","verb":"list"},"user":"system:serviceaccount:ns-1:k-sa-1"},"status":{"allowed":true,"reason":"RBAC: allowed by RoleBinding \"pod-lister/ns-1\" of Role \"pod-lister\" to ServiceAccount \"k-sa-1/ns-1\""}}
    {"spec":{"nonResourceAttributes":{"path":"/healthz","verb":"get"},"user":"jane"},"status":{"allowed":false}}
    --- stderr
    note: 1 review names a ServiceAccount without its own groups, first at stdin:1; only the groups in the review apply, as on a server
    --- exit 0
    "#);
}

#[test]
fn self_reviews_need_an_identity() {
    let review = r#"{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"resourceAttributes":{"verb":"list","resource":"pods","namespace":"ns-1"}}}"#;
    assert_snapshot!(rolecall_with(ASK, review), @r#"
    --- stderr
    error: stdin:1: the review does not name a user: pass `--as USER`
    --- exit 2
    "#);
    assert_snapshot!(
        rolecall_with(&format!("{ASK} --as system:serviceaccount:ns-1:k-sa-1"), review),
        @r#"
        {"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"resourceAttributes":{"verb":"list","resource":"pods","namespace":"ns-1"}},"status":{"allowed":true,"reason":"RBAC: allowed by RoleBinding \"pod-lister/ns-1\" of Role \"pod-lister\" to ServiceAccount \"k-sa-1/ns-1\""}}
        --- exit 0
        "#
    );
}

#[test]
fn a_malformed_line_is_reported_and_the_rest_answered() {
    let input = format!(
        "{{{SPEC}}}\nnot json\n{{\"spec\":\n{{{SPEC}}}\n{{\"spec\":{{\"user\":5}}}}\n{{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}}\n42\n{{{SPEC}}}\n"
    );
    assert_snapshot!(rolecall_with(ASK, &input), @r#"
    {"spec":{"user":"system:serviceaccount:ns-1:k-sa-1","groups":["system:serviceaccounts","system:serviceaccounts:ns-1","system:authenticated"],"resourceAttributes":{"verb":"list","resource":"pods","namespace":"ns-1"}},"status":{"allowed":true,"reason":"RBAC: allowed by RoleBinding \"pod-lister/ns-1\" of Role \"pod-lister\" to ServiceAccount \"k-sa-1/ns-1\""}}
    {"spec":{"user":"system:serviceaccount:ns-1:k-sa-1","groups":["system:serviceaccounts","system:serviceaccounts:ns-1","system:authenticated"],"resourceAttributes":{"verb":"list","resource":"pods","namespace":"ns-1"}},"status":{"allowed":true,"reason":"RBAC: allowed by RoleBinding \"pod-lister/ns-1\" of Role \"pod-lister\" to ServiceAccount \"k-sa-1/ns-1\""}}
    {"spec":{"user":"system:serviceaccount:ns-1:k-sa-1","groups":["system:serviceaccounts","system:serviceaccounts:ns-1","system:authenticated"],"resourceAttributes":{"verb":"list","resource":"pods","namespace":"ns-1"}},"status":{"allowed":true,"reason":"RBAC: allowed by RoleBinding \"pod-lister/ns-1\" of Role \"pod-lister\" to ServiceAccount \"k-sa-1/ns-1\""}}
    --- stderr
    error: stdin:2: this is not a JSON object
    error: stdin:3: this is not a JSON object
    error: stdin:5: `spec` is malformed: invalid type: integer `5`, expected a string
    error: stdin:6: `v1 Pod` is not an access review of authorization.k8s.io
    error: stdin:7: this is not a JSON object
    --- exit 2
    "#);
}

/// A server rejects each of these with this message.
#[test]
fn invalid_reviews_have_the_servers_messages() {
    let local = r#""kind":"LocalSubjectAccessReview","metadata":{"namespace":"a"}"#;
    let resource = r#""resourceAttributes":{"verb":"get","resource":"pods","namespace":"b"}"#;
    let path = r#""nonResourceAttributes":{"path":"/x","verb":"get"}"#;
    let input = [
        r#"{"spec":{"user":"jane"}}"#.to_owned(),
        format!(r#"{{"spec":{{"user":"jane",{resource},{path}}}}}"#),
        format!(r#"{{"spec":{{{path}}}}}"#),
        r#"{}"#.to_owned(),
        format!(r#"{{{local},"spec":{{"user":"jane",{resource}}}}}"#),
        format!(r#"{{{local},"spec":{{"user":"jane",{path}}}}}"#),
        r#"{"spec":{"user":"jane","resourceAttributes":{"verb":"list","resource":"pods","fieldSelector":{}}}}"#.to_owned(),
        r#"{"spec":{"user":"jane","resourceAttributes":{"verb":"list","resource":"pods","labelSelector":{"rawSelector":"a=b","requirements":[{"key":"a","operator":"Exists"}]}}}}"#.to_owned(),
    ];
    assert_snapshot!(rolecall_with(ASK, &input.join("\n")), @r#"
    {"spec":{"user":"jane"},"status":{"allowed":false,"evaluationError":"spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"}}
    {"spec":{"user":"jane","resourceAttributes":{"verb":"get","resource":"pods","namespace":"b"},"nonResourceAttributes":{"path":"/x","verb":"get"}},"status":{"allowed":false,"evaluationError":"spec.nonResourceAttributes: Invalid value: cannot be specified in combination with resourceAttributes"}}
    {"spec":{"nonResourceAttributes":{"path":"/x","verb":"get"}},"status":{"allowed":false,"evaluationError":"spec.user: Invalid value: \"\": at least one of user or group must be specified"}}
    {"status":{"allowed":false,"evaluationError":"[spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified, spec.user: Invalid value: \"\": at least one of user or group must be specified]"}}
    {"kind":"LocalSubjectAccessReview","metadata":{"namespace":"a"},"spec":{"user":"jane","resourceAttributes":{"verb":"get","resource":"pods","namespace":"b"}},"status":{"allowed":false,"evaluationError":"spec.resourceAttributes.namespace: Invalid value: \"b\": must match metadata.namespace"}}
    {"kind":"LocalSubjectAccessReview","metadata":{"namespace":"a"},"spec":{"user":"jane","nonResourceAttributes":{"path":"/x","verb":"get"}},"status":{"allowed":false,"evaluationError":"spec.nonResourceAttributes: Invalid value: disallowed on this kind of request"}}
    {"spec":{"user":"jane","resourceAttributes":{"verb":"list","resource":"pods","fieldSelector":{}}},"status":{"allowed":false,"evaluationError":"spec.resourceAttributes.fieldSelector.requirements: Required value: when spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required"}}
    {"spec":{"user":"jane","resourceAttributes":{"verb":"list","resource":"pods","labelSelector":{"rawSelector":"a=b","requirements":[{"key":"a","operator":"Exists"}]}}},"status":{"allowed":false,"evaluationError":"spec.resourceAttributes.labelSelector.rawSelector: Invalid value: \"a=b\": may not specified at the same time as requirements"}}
    --- stderr
    error: stdin:1: a server rejects this review: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified
    error: stdin:2: a server rejects this review: spec.nonResourceAttributes: Invalid value: cannot be specified in combination with resourceAttributes
    error: stdin:3: a server rejects this review: spec.user: Invalid value: "": at least one of user or group must be specified
    error: stdin:4: a server rejects this review: [spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified, spec.user: Invalid value: "": at least one of user or group must be specified]
    error: stdin:5: a server rejects this review: spec.resourceAttributes.namespace: Invalid value: "b": must match metadata.namespace
    error: stdin:6: a server rejects this review: spec.nonResourceAttributes: Invalid value: disallowed on this kind of request
    error: stdin:7: a server rejects this review: spec.resourceAttributes.fieldSelector.requirements: Required value: when spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required
    error: stdin:8: a server rejects this review: spec.resourceAttributes.labelSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements
    --- exit 2
    "#);
}

#[test]
fn unread_input_is_an_evaluation_error() {
    let review = r#"{"spec":{"user":"jane","resourceAttributes":{"verb":"list","resource":"pods","namespace":"unread-document"}}}"#;
    assert_snapshot!(
        rolecall_with(
            "can-i --reviews - -f fixtures/unread-document --keep-going --defaults none",
            review
        ),
        @r#"
        {"spec":{"user":"jane","resourceAttributes":{"verb":"list","resource":"pods","namespace":"unread-document"}},"status":{"allowed":false,"evaluationError":"not read: a document at fixtures/unread-document/invalid.yaml:7: expected `,` or `}`"}}
        --- stderr
        warning: fixtures/unread-document/invalid.yaml:7:9: expected `,` or `}`
        warning: 1 answer is unknown, because something could not be read; see the field `evaluationError`
        --- exit 3
        "#
    );
}

#[test]
fn dangling_roles_are_the_reason_of_a_denial() {
    let review = r#"{"spec":{"user":"system:serviceaccount:v09-app:app","resourceAttributes":{"verb":"delete","resource":"pods","namespace":"v09-app"}}}"#;
    assert_snapshot!(
        rolecall_with("can-i --reviews - -f fixtures/v09-dangling-role-ref", review),
        @r#"
        {"spec":{"user":"system:serviceaccount:v09-app:app","resourceAttributes":{"verb":"delete","resource":"pods","namespace":"v09-app"}},"status":{"allowed":false,"reason":"RBAC: [clusterrole.rbac.authorization.k8s.io \"v09-metrics-reader\" not found, role.rbac.authorization.k8s.io \"view\" not found]"}}
        --- stderr
        note: 1 review names a ServiceAccount without its own groups, first at stdin:1; only the groups in the review apply, as on a server
        --- exit 0
        "#
    );
}

#[test]
fn v1beta1_calls_the_groups_group() {
    let review = r#"{"apiVersion":"authorization.k8s.io/v1beta1","kind":"SubjectAccessReview","spec":{"group":["system:masters"],"nonResourceAttributes":{"path":"/","verb":"get"}}}"#;
    assert_snapshot!(rolecall_with(ASK, review), @r#"
    {"apiVersion":"authorization.k8s.io/v1beta1","kind":"SubjectAccessReview","spec":{"group":["system:masters"],"nonResourceAttributes":{"path":"/","verb":"get"}},"status":{"allowed":true}}
    --- exit 0
    "#);
}

#[test]
fn yaml_is_read_as_in_manifests() {
    let ask = |namespace: &str| {
        let review = format!(
            "spec: {{user: jo, resourceAttributes: {{verb: get, resource: pods, namespace: {namespace}}}}}\n"
        );
        rolecall_with("can-i --reviews - -f fixtures/ns-1", &review)
    };
    assert_eq!(ask("'on'").exit, Some(0));
    for (namespace, found) in
        [("on", "boolean `true`"), ("n", "boolean `false`"), ("1_0", "integer")]
    {
        let ran = ask(namespace);
        assert_eq!((ran.exit, &*ran.stdout), (Some(2), ""), "{namespace}");
        assert!(ran.stderr.contains(&format!("invalid type: {found}")), "{ran}");
    }
}

#[test]
fn stdin_cannot_be_used_twice() {
    assert_snapshot!(rolecall("can-i --reviews - -f -"), @r#"
    --- stderr
    error: `-f -` and `--reviews -` cannot both be stdin
    hint: pass `--reviews FILE` to read the reviews from a file
    --- exit 2
    "#);
    assert_snapshot!(rolecall("can-i --reviews no-such-file -f fixtures/ns-1"), @r#"
    --- stderr
    error: no-such-file: no such file or directory
    --- exit 2
    "#);
    assert_snapshot!(rolecall("can-i --reviews - -f fixtures/ns-1 -o csv"), @r#"
    --- stderr
    error: `--reviews` only supports JSON lines
    hint: pass `-o json` to print JSON lines, or omit the option
    --- exit 2
    "#);
}

#[test]
fn answers_are_written_to_a_pipe_immediately() {
    let mut child =
        command().args(split(ASK)).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        writeln!(stdin, "{{{SPEC}}}").unwrap();
        let answer = answers.next().unwrap().unwrap();
        assert!(answer.contains("\"allowed\":true"), "{answer}");
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
