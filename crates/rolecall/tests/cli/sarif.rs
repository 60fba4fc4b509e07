//! SARIF for code scanning: valid, exact and stable.

use std::fs;

use serde_json::{Value, json};

use crate::command::{command, rolecall, rolecall_with, root, run, split};

/// The inputs: fixtures with findings of most kinds, one from stdin, and one without findings.
const INPUTS: &[&str] = &[
    "fixtures/v07-invalid-role-refs",
    "fixtures/v12-stars-that-match-nothing",
    "fixtures/v18-rules-do-not-combine",
    "fixtures/v21-special-verbs",
    "fixtures/v23-nulls-and-lists",
    "fixtures/ns-1 fixtures/prueba-rbac fixtures/tokens",
    "./fixtures/expected-access --expectations docs/examples/rolecall.yaml",
    "- --defaults none",
];

fn sarif(input: &str) -> Value {
    let ran = rolecall_with(&format!("check {input} -o sarif"), MANY);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{input}: {error}: {ran}"))
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

const MANY: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
- apiGroups: ['']
  resources: [pod, secrets, 'pods/*', Secrets]
  verbs: ['get', lst]
";

#[test]
fn every_log_is_valid_by_the_schema() {
    let path = root().join("crates/rolecall/tests/schemas/sarif-2.1.0.json");
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut count = 0;
    for input in INPUTS {
        let log = sarif(input);
        let errors: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{input}: {errors:#?}");
        count += results(&log).len();
    }
    assert!(count > 20, "{count}");
    let nothing = rolecall("check fixtures/ns-1 --severity critical -o sarif");
    let nothing: Value = serde_json::from_str(&nothing.stdout).unwrap();
    assert!(validator.is_valid(&nothing) && results(&nothing).is_empty());
    // Make sure that the schema rejects something.
    let mut wrong = sarif(INPUTS[0]);
    wrong["runs"][0]["results"][0]["level"] = json!("high");
    assert!(!validator.is_valid(&wrong));
}

/// The requirements of code scanning beyond the schema.
#[test]
fn every_result_has_a_rule_a_place_and_a_unique_fingerprint() {
    for input in INPUTS {
        let log = sarif(input);
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        let mut prints = Vec::new();
        for result in results(&log) {
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"], "{input}");
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri == "stdin" || root().join(uri).is_file(), "{uri}");
            assert!(place["region"]["startLine"].as_u64().unwrap() > 0);
            prints.push(result["partialFingerprints"]["rolecall/v1"].as_str().unwrap().to_owned());
        }
        let count = prints.len();
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), count, "{input}");
    }
}

/// Checks a file; returns the code, the text of the region and the fingerprint of each finding.
fn found(name: &str, text: &str) -> Vec<(String, String, String)> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    let mut command = command();
    command.args(split(&format!("check {name} -o sarif --severity low"))).current_dir(&folder);
    let log: Value = serde_json::from_str(&run(&mut command, "").stdout).unwrap();
    let lines: Vec<&str> = text.split('\n').collect();
    let texts = results(&log).iter().map(|result| {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let of = |field: &str| usize::try_from(region[field].as_u64().unwrap()).unwrap();
        let (start, end) = (of("startLine") - 1, of("endLine") - 1);
        let there = match start == end {
            true => {
                let characters = lines[start].chars();
                let from = of("startColumn") - 1;
                characters.skip(from).take(of("endColumn") - 1 - from).collect()
            }
            false => format!("lines {} to {}", start + 1, end + 1),
        };
        let print = result["partialFingerprints"]["rolecall/v1"].as_str().unwrap();
        (result["ruleId"].as_str().unwrap().to_owned(), there, print.to_owned())
    });
    texts.collect()
}

fn places(found: &[(String, String, String)]) -> Vec<String> {
    let mut places: Vec<String> =
        found.iter().map(|(code, there, _)| format!("{code} {there}")).collect();
    places.sort();
    places
}

#[test]
fn regions_are_exact_in_yaml_and_json() {
    let yaml = places(&found("a.yaml", MANY));
    insta::assert_snapshot!(yaml.join("\n"), @r#"
    RC201 'pods/*'
    RC202 Secrets
    RC202 pod
    RC206 lst
    "#);
    let object: Value = serde_yaml::from_str(MANY).unwrap();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [object]});
    for text in [serde_json::to_string_pretty(&list).unwrap(), list.to_string()] {
        let json = places(&found("a.json", &text));
        let codes = |places: &[String]| -> Vec<String> {
            places.iter().map(|place| place.split(' ').next().unwrap().to_owned()).collect()
        };
        assert_eq!(codes(&json), codes(&yaml));
        for item in ["\"pod\"", "\"pods/*\"", "\"Secrets\"", "\"lst\""] {
            assert!(json.iter().any(|place| place.ends_with(item)), "{item}: {json:?}");
        }
    }
}

#[test]
fn fingerprints_are_stable_when_lines_items_and_files_move() {
    let prints = |name: &str, text: &str| -> Vec<String> {
        let mut prints: Vec<String> =
            found(name, text).into_iter().map(|(.., print)| print).collect();
        prints.sort();
        prints
    };
    let before = prints("a.yaml", MANY);
    let first = "rules:\n# A comment.\n- {apiGroups: [''], resources: [nodes], verbs: [get]}\n";
    let moved = format!("---\n{}", MANY.replace("rules:\n", first));
    let after = prints("b.yaml", &moved);
    let gone: Vec<&String> = before.iter().filter(|print| !after.contains(print)).collect();
    assert!(gone.is_empty() && !before.is_empty(), "{gone:?}");
}
