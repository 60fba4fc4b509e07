use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

fn read(text: &str) -> Result<Vec<Value>, String> {
    parse(text, 1)
        .map_err(|error| {
            format!("{}:{}: {}", error.position.line, error.position.column, error.what)
        })?
        .iter()
        .map(|document| Value::deserialize(document.root()).map_err(|error| error.to_string()))
        .collect()
}

#[track_caller]
fn check(text: &str, expected: Value) {
    assert_eq!(read(text), Ok(vec![expected]), "{text}");
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    assert_eq!(read(text), Err(expected.to_owned()), "{text}");
}

#[test]
fn all_styles_of_a_role_are_equal() {
    let role =
        json!({"kind": "Role", "rules": [{"verbs": ["get", "list"], "resources": ["pods"]}]});
    for text in [
        "kind: Role\nrules:\n- verbs: [get, list]\n  resources: [pods]\n",
        "kind: Role\nrules:\n  - verbs:\n      - get\n      - list\n    resources:\n      - pods\n",
        "kind: Role\r\nrules:\r\n- verbs: [get, list]\r\n  resources: [pods]\r\n",
        "\u{FEFF}{\"kind\": \"Role\", \"rules\": [{\"verbs\": [\"get\", \"list\"], \"resources\": [\"pods\"]}]}",
        "# a comment\n\"kind\": 'Role' # another\nrules: [{verbs: [\"get\", list], resources: [pods]}]\n",
        "  kind: Role\n  rules:\n  - verbs: [get, list]\n    resources: [pods]\n",
        "kind: Role\nx: &verbs [get, list]\nrules:\n- verbs: *verbs\n  resources: [pods]\n",
        "? kind\n: Role\nrules:\n- {\"verbs\":[get,list],\"resources\":[pods]}\n",
        "kind: !!str Role\nrules:\n-\n  verbs:\n  - get\n  - \"li\\x73t\"\n  resources: [pods]\n",
        "%YAML 1.1\n---\nkind: Role\nrules:\n- verbs: [get, list]\n  resources: [pods]\n...\n",
    ] {
        let mut read = read(text).unwrap();
        assert_eq!(read.len(), 1, "{text}");
        read[0].as_object_mut().unwrap().remove("x");
        assert_eq!(read[0], role, "{text}");
    }
}

#[test]
fn merge_keys_add_pairs_and_later_ones_win() {
    check(
        "a: &a {verbs: [get], resources: [pods]}\nb:\n  <<: *a\n  verbs: [list]\n",
        json!({
            "a": {"verbs": ["get"], "resources": ["pods"]},
            "b": {"verbs": ["list"], "resources": ["pods"]},
        }),
    );
    check(
        "b:\n  x: 1\n  <<: [{x: 2, w: 2}, {w: 3, z: 3}]\n",
        json!({"b": {"x": 2, "w": 2, "z": 3}}),
    );
    check("b: {<<: &m {x: &n 1}, w: *n, z: *m}\n", json!({"b": {"x": 1, "w": 1, "z": {"x": 1}}}));
    check("\"<<\": {x: 1}\n", json!({"<<": {"x": 1}}));
    check_error(
        "b:\n  <<: 3\n",
        "2:7: expected an object, or a list of objects, after the merge key `<<`",
    );
}

#[test]
fn keys_are_strings() {
    check("1: a\nTrue: b\n1.5: c\ny: d\n", json!({"1": "a", "true": "d", "1.5": "c"}));
    check_error("? [a]\n: b\n", "1:3: expected a string as the key, found a list or an object");
    check_error("~: b\n", "1:1: expected a key, found null");
}

#[test]
fn the_last_of_duplicate_keys_wins_and_is_reported() {
    let many: String = (0..40).map(|key| format!("k{}: {key}\n", key % 30)).collect();
    for (text, expected) in [
        ("a: 1\nb: 2\na: 3\na: 4\n", vec![("a", 1, 3), ("a", 3, 4)]),
        ("x:\n- {a: 1, a: 2}\n", vec![("a", 2, 2)]),
        ("a: &a {x: 1}\nb: {<<: *a, x: 2}\n", vec![]),
    ] {
        let documents = parse(text, 1).unwrap();
        let found: Vec<_> = documents[0]
            .duplicates()
            .iter()
            .map(|key| (key.key.as_str(), key.earlier.line, key.later.line))
            .collect();
        assert_eq!(found, expected, "{text}");
    }
    check("a: 1\nb: 2\na: 3\na: 4\n", json!({"a": 4, "b": 2}));
    let documents = parse(&many, 1).unwrap();
    assert_eq!(documents[0].duplicates().len(), 10);
    assert_eq!(documents[0].root().get("k3").map(|node| node.position().line), Some(34));
}

#[test]
fn positions_refer_to_the_file() {
    let documents = parse("kind: Role\nrules:\n  - verbs: [get, list]\n", 10).unwrap();
    let root = documents[0].root();
    let rules = root.get("rules").unwrap();
    let verbs = rules.items().next().unwrap().get("verbs").unwrap();
    let places: Vec<_> = [root, rules, verbs, verbs.items().nth(1).unwrap()]
        .iter()
        .map(|node| (node.position().line, node.position().column))
        .collect();
    assert_eq!(places, [(10, 1), (12, 3), (12, 12), (12, 18)]);
}

#[test]
fn alias_bombs_cycles_and_deep_nesting_are_errors() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    check_error(&bomb, "6:40: anchors and aliases expand to more than 1000000 nodes");
    check_error("a: &a [*a]\n", "1:8: the alias refers to a node that contains it");
    check_error("a: *b\n", "1:4: the alias refers to an undefined anchor");
    check_error(&format!("a: {}", "[".repeat(5000)), "1:259: nested deeper than 255 levels");
    check_error(&"- ".repeat(5000), "1:511: nested deeper than 255 levels");
    let mut tower = "a0: &a0 [x]\n".to_owned();
    for level in 1..1200 {
        tower.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    check_error(&tower, "512:14: nested deeper than 512 levels");
}

#[test]
fn errors_have_a_position_and_an_expectation() {
    check_error(
        "kind: Role\n\tname: x\n",
        "2:1: expected spaces, found a tab: YAML is not indented with tabs",
    );
    check_error("a: [b, c\nd e\n", "1:4: expected the bracket that closes `[`");
    check_error("a: \"b", "1:4: expected the closing quote");
    check_error("a: \"b\n", "2:1: expected the closing quote of the string that starts above");
    check_error(
        "a: b: c\n",
        "1:5: a `:` is not allowed here: check the indentation, or quote the string",
    );
    check_error(
        "a: 1\n b: 2\n",
        "2:3: a `:` is not allowed here: check the indentation, or quote the string",
    );
    check_error("a: 1\nb\n", "2:1: expected `:` after the key");
    check_error("a:\n  - b\n c: d\n", "3:2: expected a key at the indentation of the keys before");
    check_error(
        "verbs: *\n",
        "1:8: expected a name after `&` or `*`: quote the string if the character is meant literally",
    );
    check_error(
        "a: {{ .Values.x }}\n",
        "1:5: expected a string as the key, found a list or an object",
    );
    check_error(
        "{{- if .Values.x }}\na: 1\n{{- end }}\n",
        "1:3: \"-\" is only valid inside a block",
    );
    check_error("a: !!int x\n", "1:10: expected a value that is a `!!int`, found `x`");
}

#[test]
fn types_are_not_coerced_and_errors_have_a_path() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(expecting = "an object")]
    struct Role {
        name: String,
        #[serde(default)]
        rules: Vec<Rule>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(expecting = "a rule")]
    struct Rule {
        verbs: Vec<String>,
    }
    for (text, expected) in [
        ("name: 123\n", "1:7 name: expected a string, found a number: quote it"),
        (
            "name: yes\n",
            "1:7 name: expected a string, found a boolean: quote it, YAML reads `y`, `yes` and `on` as true",
        ),
        (
            "name: a\nrules:\n- verbs: [get, {}]\n",
            "3:16 rules[0].verbs[1]: expected a string, found an object",
        ),
        ("name: a\nrules:\n- verbs: [a]\n- x\n", "4:3 rules[1]: expected a rule, found a string"),
        ("rules: []\n", "1:1 the field `name` is missing"),
        ("[]\n", "1:1 expected an object, found a list"),
    ] {
        let documents = parse(text, 1).unwrap();
        let error = Role::deserialize(documents[0].root()).unwrap_err();
        let position = error.position;
        assert_eq!(format!("{}:{} {error}", position.line, position.column), expected, "{text}");
    }
}

#[test]
fn errors_show_bytes_that_are_not_utf8() {
    let chunk = Chunk { bytes: b"a: 1\nb: \xFF\n", first_line: 7 };
    let error = parse_chunk(&chunk, None).unwrap_err();
    assert_eq!((error.position.line, error.position.column), (8, 4));
    assert_eq!(error.what, "expected UTF-8 text, found the byte 0xff");
}
