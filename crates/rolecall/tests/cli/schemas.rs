//! Every JSON output is valid against its documented schema.

use std::collections::BTreeSet;
use std::fs;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::command::{Ran, rolecall, root};
use crate::server::{Reply, Server, token};

/// Commands with documented JSON, and their schemas.
const OUTPUTS: &[(&str, &str)] = &[
    ("access-answer", "can-i list pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"),
    ("access-answer", "can-i get secrets --for deploy/lister -n ns-1 -f fixtures/ns-1"),
    ("access-answer", "can-i get /x --for user/a --as-group system:masters -f fixtures/ns-1"),
    (
        "access-answer",
        "can-i get no --for user/system:node:a --as-group system:nodes -f fixtures/ns-1",
    ),
    ("access-answer", "why get secrets --for sa/app -n v09-app -f fixtures/v09-dangling-role-ref"),
    (
        "access-answer",
        "why delete pods --for sa/app -n unread-document -f fixtures/unread-document",
    ),
    (
        "access-answer",
        "why list pods --for sa/deployer -n v02-ci -f fixtures/v02-user-names-serviceaccount",
    ),
    ("access-matrix", "can-i --for 'sa/*' -A -f fixtures/v15-resource-names --subresources"),
    ("access-matrix", "can-i --for deploy/lister --resources /metrics -n ns-1 -f fixtures/ns-1"),
    (
        "access-matrix-diff",
        "can-i --for sa/k-sa-1 -n ns-1 --diff-with user/jane --diff-with default -f fixtures/ns-1",
    ),
    ("access-holders", "who-can get configmaps -A -f fixtures/v01-implied-groups"),
    ("access-holders", "who-can get /healthz -f fixtures/unread-document"),
    ("access-holders", "who-can get pods -n a -n b -f fixtures/v09-dangling-role-ref"),
    ("access-walk", "walk -A -f fixtures/tokens"),
    ("access-walk", "walk -A -f fixtures/static-pod -f fixtures/custom-workloads"),
    ("access-walk", "walk role/pod-lister clusterrole/view 'sa/*' -n ns-1 -f fixtures/ns-1"),
    (
        "access-walk",
        "walk clusterrole/view -A -f fixtures/v01-implied-groups -f fixtures/unread-document",
    ),
    ("access-walk", "walk sa/app -n v09-app -f fixtures/v09-dangling-role-ref"),
    ("access-walk", "walk user/jane 'clusterrole/*' -f fixtures/v09-dangling-role-ref"),
    ("access-walk", "walk sa/app -f fixtures/v07-invalid-role-refs"),
    ("escalation-paths", "paths -f fixtures/delegated-bind --defaults none"),
    ("escalation-paths", "paths --all -f fixtures/ci-to-admin"),
    ("escalation-cut", "paths --cut -f fixtures/ci-to-admin"),
    ("risks", "risks -f fixtures/ci-to-admin"),
    ("risks", "risks -f fixtures/ns-1 -f fixtures/unread-document --limit 1 --show-system"),
    ("escalation-paths", "paths -f fixtures/ns-1 -f fixtures/unread-document --to secrets/ns-1"),
    ("findings", "check fixtures/v07-invalid-role-refs"),
    ("findings", "check fixtures/v18-rules-do-not-combine"),
    ("fix-plan", "fix delete pods --for sa/app -n unread-document -f fixtures/unread-document"),
    ("fix-plan", "fix get,create pods/log pods/exec --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"),
    (
        "fix-plan",
        "fix list services --for user/jane -n ns-1 -f fixtures/ns-1 --preflight --as joe --style reuse",
    ),
    (
        "fix-plan",
        "fix list pods --for deploy/tmp-api-contact -n project-swan -f fixtures/project-swan/before --dedicated-serviceaccount",
    ),
    ("fix-plan", "fix --from-errors fixtures/golden/forbidden-v1.36.jsonl -f fixtures/ns-1"),
    ("access-refusals", "why --from-errors fixtures/golden/forbidden-v1.36.jsonl -f fixtures/ns-1"),
    ("access-refusals", "why --from-errors fixtures/golden/refusals.jsonl -f fixtures/ns-1"),
    ("access-diff", "diff fixtures/refactoring/before fixtures/refactoring/after"),
    ("access-diff", "diff fixtures/unread-document fixtures/ns-1"),
    ("access-diff", "diff fixtures/v24-masters fixtures/v13-every-resource"),
    ("access-diff", "diff fixtures/v15-resource-names fixtures/v19-urls"),
    ("access-diff", "diff fixtures/ns-1 fixtures/ci-to-admin"),
    ("targets", "targets manifests"),
    ("rules-review", "rules --for sa/config-agent -n v15-app -f fixtures/v15-resource-names"),
    ("error", "can-i get pods --for sa/x -f nowhere"),
    ("error", "who-can get"),
    ("rules-review", "rules --for sa/app -n v09-app -f fixtures/v09-dangling-role-ref"),
];

/// Schemas of input files, with the document that describes them. Other tests use these schemas.
const INPUTS: &[(&str, &str)] = &[("check-config", "docs/configuration.md")];

/// Schemas of outputs that need other programs; `targets.rs` validates them.
const RENDERED: &[&str] = &["access-diffs"];

/// Commands that use a cluster.
const LIVE_OUTPUTS: &[(&str, &str)] = &[
    ("access-answer", "can-i list pods --for sa/k-sa-1 -n ns-1 --mode live"),
    ("access-answer", "can-i get secrets --for user/forbidden -n ns-1 --mode live"),
    ("access-answer", "can-i get secrets --for user/webhook -n ns-1 --mode live"),
    ("access-answer", "can-i get secrets --for user/broken -n ns-1 --mode live"),
    ("access-comparison", "can-i --for sa/k-sa-1 --resources pods -n ns-1 --mode both"),
    ("access-comparison", "can-i --for user/webhook --resources pods -n ns-1 --mode both"),
    ("access-matrix", "can-i --for user/forbidden --for sa/k-sa-1 -n ns-1 --mode live"),
    ("access-walk", "walk -n ns-1"),
    ("diagnosis", "doctor --server http://127.0.0.1:1 --serviceaccount-dir fixtures"),
    ("usage-report", "usage crates/rolecall-usage/tests/data/native-1.36.jsonl.gz"),
    ("usage-report", "usage Cargo.toml"),
    (
        "unused-report",
        "unused --usage docs/examples/least-privilege/audit.log -f docs/examples/least-privilege",
    ),
    ("whoami", "whoami"),
];

#[test]
fn every_output_is_valid() {
    for (schema, arguments) in OUTPUTS {
        check(schema, arguments, &rolecall(&format!("{arguments} -o json")));
    }
}

#[test]
fn every_output_about_a_cluster_is_valid() {
    let server = Server::with(&["ns-1"], |seen| {
        let answers = [
            (
                "forbidden",
                json!({"allowed": false, "denied": true, "reason": "a policy forbids it"}),
            ),
            ("webhook", json!({"allowed": true, "reason": "a webhook allows it"})),
            ("broken", json!({"allowed": false, "evaluationError": "a webhook failed"})),
        ];
        let is_about = |user: &str| seen.body.contains(&format!("\"user\":\"{user}\""));
        let answer = answers.iter().find(|(user, _)| is_about(user))?;
        Some(Reply::json(&json!({"kind": "SubjectAccessReview", "status": answer.1})))
    });
    for (schema, arguments) in LIVE_OUTPUTS {
        let user = if *schema == "diagnosis" { None } else { Some("admin") };
        let arguments = &format!("{arguments} -o json");
        let ran = user.map_or_else(|| rolecall(arguments), |user| server.rolecall(user, arguments));
        check(schema, arguments, &ran);
    }
    let folder = server.folder.path();
    let claims = json!({"exp": 4_102_444_800_u64, "nbf": 1, "iat": 1, "kubernetes.io": {
        "namespace": "ns-1", "warnafter": 2, "serviceaccount": {"name": "k-sa-1", "uid": "u1"},
        "pod": {"name": "p"}, "node": {"name": "n", "uid": "u2"}}});
    std::fs::write(folder.join("token"), token("system:serviceaccount:ns-1:k-sa-1", &claims))
        .unwrap();
    let arguments = format!(
        "doctor --server {} --serviceaccount-dir {} -o json",
        server.url(),
        folder.display()
    );
    check("diagnosis", &arguments, &rolecall(&arguments));
}

#[track_caller]
fn check(schema: &str, arguments: &str, ran: &Ran) {
    let validator = validator(schema);
    let mut values = serde_json::Deserializer::from_str(&ran.stdout).into_iter::<Value>();
    let mut count = 0;
    for value in values.by_ref() {
        let value = value.unwrap_or_else(|error| panic!("{arguments}: {error}: {ran}"));
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{arguments}: {errors:#?}");
        count += 1;
    }
    assert!(count > 0, "{arguments}: {ran}");
}

#[test]
fn every_schema_is_valid_used_and_described() {
    let used: BTreeSet<&str> =
        OUTPUTS.iter().chain(LIVE_OUTPUTS).map(|(schema, _)| *schema).collect();
    for entry in fs::read_dir(root().join("docs/schemas")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let schema: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        let input = INPUTS.iter().find(|(input, _)| *input == name);
        assert!(
            name == "common"
                || input.is_some()
                || used.contains(&*name)
                || RENDERED.contains(&&*name),
            "add a row for {name} to OUTPUTS"
        );
        let document = input.map_or("docs/json.md", |(_, document)| document);
        let text = fs::read_to_string(root().join(document)).unwrap();
        let link = format!("schemas/{name}.json");
        assert!(text.contains(&link), "describe docs/{link} in {document}");
    }
}

/// Make sure that the schemas reject something.
#[test]
fn schemas_reject_undocumented_output() {
    let ran = rolecall("can-i list pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 -o json");
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    let validator = validator("access-answer");
    assert!(validator.is_valid(&answer));
    for path in ["/kind", "/cell/verdict", "/cell/by/0/rule/verbs", "/subject/groups"] {
        let mut wrong = answer.clone();
        *wrong.pointer_mut(path).unwrap() = Value::from("other");
        assert!(!validator.is_valid(&wrong), "{path}");
    }
    let mut extended = answer.clone();
    extended["cell"]["more"] = Value::from(1);
    assert!(!validator.is_valid(&extended));
}

/// Resolves schemas by the last segment of their URI.
struct Folder;

impl jsonschema::Retrieve for Folder {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.as_str().rsplit('/').next().unwrap_or_default();
        Ok(serde_json::from_str(&fs::read_to_string(root().join("docs/schemas").join(name))?)?)
    }
}

pub(crate) fn validator(name: &str) -> Validator {
    let path = root().join(format!("docs/schemas/{name}.json"));
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::options().with_retriever(Folder).build(&schema).unwrap()
}

/// The name of a record and the key of its list.
const RECORDS: [(&str, &str); 14] = [
    ("pod", "pods"),
    ("defaultBinding", "defaultBindings"),
    ("subject", "subjects"),
    ("binding", "bindings"),
    ("role", "roles"),
    ("holders", "holders"),
    ("finding", "findings"),
    ("holder", "holders"),
    ("gained", "gained"),
    ("lost", "lost"),
    ("undecided", "undecided"),
    ("risk", "risks"),
    ("openedPath", "openedPaths"),
    ("closedPath", "closedPaths"),
];

#[test]
fn json_lines_contain_the_same_as_the_document() {
    let kinds = ["access-holders", "access-walk", "findings", "access-diff", "risks"];
    for (_, arguments) in OUTPUTS.iter().filter(|(schema, _)| kinds.contains(schema)) {
        let document = rolecall(&format!("{arguments} -o json"));
        let lines = rolecall(&format!("{arguments} -o jsonl"));
        assert_eq!((document.exit, &document.stderr), (lines.exit, &lines.stderr), "{arguments}");
        let expected: Value = serde_json::from_str(&document.stdout).unwrap();
        let mut found = json!({});
        for line in lines.stdout.lines() {
            let mut record: Value = serde_json::from_str(line).unwrap();
            let name = record.as_object_mut().unwrap().remove("record").unwrap();
            match RECORDS.iter().find(|(record, _)| name == *record) {
                Some((_, key)) => {
                    let list = &mut found[key];
                    match list.as_array_mut() {
                        Some(list) => list.push(record),
                        None => *list = json!([record]),
                    }
                }
                None => {
                    assert_eq!(name, "document");
                    for (key, value) in record.as_object().unwrap() {
                        found[key] = value.clone();
                    }
                }
            }
        }
        for (_, key) in RECORDS {
            if expected.get(key).is_some_and(|list| list == &json!([])) {
                found[key] = json!([]);
            }
        }
        assert_eq!(found, expected, "{arguments}");
    }
}
