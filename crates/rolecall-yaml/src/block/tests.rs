use proptest::prelude::*;

use super::super::events;
use super::super::node::{Node, Value};
use super::{Skip, SkipRule, parse};

/// Compares the line reader with the event parser; returns whether the line reader accepted the
/// text.
#[track_caller]
fn reads_equally(text: &str) -> bool {
    let Some(document) = parse(text, 7, None) else { return false };
    assert_eq!(events::parse(text, 7), Ok(vec![document]), "{text:?}");
    true
}

#[test]
fn the_line_reader_accepts_plain_block_style() {
    for text in [
        "kind: Role\n",
        "kind: Role",
        "kind: Role\r\nrules:\r\n- verbs: [get, \"list\"] # why\r\n",
        "# first\n\nkind: Role # a role\nmetadata:\n\n  name: a\n# last\n",
        "rules:\n- verbs:\n  - get\n  - 'list'\n  resources: [ ]\n- verbs: []\n",
        "rules:\n  - verbs:\n      - get\n    resources: [\"\", 'a b', on, 1]\n  -\n    verbs: {}\n",
        "  a:\n    b:\n  c: ~\n",
        "a:\nb:\n  -\n    - x\nc:\n",
        "a:\n- - x\n  - - y\n- - z\n",
        "a:\n- b:\n  - c\n  d: e\n- f: g\n",
        "- a\n- b: c\n",
        "a: 1\nb: 2\na: 3\n",
        "1: a\ntrue: b\nnull-is-no-key: 2\n",
        "image: registry.example.com/app:20@sha256:ab\nurl: http://x/#y?z=\"1\"&w\n",
        "a: -1\nb: --flag=x: y\nc: - # no\n".split_once("b:").unwrap().0,
        "args:\n- --port=8080\n- -c\n- $(NAME)\n- 0644\n",
        "a: |\n  text: x\n    more\n\n  # text\n   \n\nb: |-\n  x\n c: y\n"
            .split_once(" c:")
            .unwrap()
            .0,
        "a:\n- |\n  x\n- b: |-\n    y\n # comment\n- c\n",
        "a: \"x # y\" # z\nb: 'x: y'\n",
    ] {
        assert!(reads_equally(text), "{text:?}");
    }
}

#[test]
fn the_line_reader_rejects_everything_else() {
    for text in [
        "",
        "# nothing\n",
        "text\n",
        "{kind: Role}\n",
        "kind: &a Role\n",
        "kind: *a\n",
        "kind: !!str Role\n",
        "\"kind\": Role\n",
        "? kind\n: Role\n",
        "<<: x\n",
        "kind: \"Ro\\x6ce\"\n",
        "kind: 'Ro''le'\n",
        "kind: \"Ro\nle\"\n",
        "kind: Ro\n  le\n",
        "kind:\n  Role\n",
        "kind:\tRole\n",
        "kind: R\u{f6}le\n",
        "a: x\rb: y\n",
        "a: {b: c}\n",
        "a: [b, [c]]\n",
        "a: [b,\n c]\n",
        "a: [b\n]\n",
        "a: [b\nc: d]\n",
        "a: [b,]\n",
        "a: >\n  x\n",
        "a: |+\n  x\n",
        "a: |2\n  x\n",
        "a: |\n  x",
        "a: |\nb: c\n",
        "a: b: c\n",
        "a: - b\n",
        "a: \"b\" c\n",
        "a: \"b\"#c\n",
        "a: [b]c\n",
        "a: @b\n",
        "a:\n- \n- b\n",
        "a: b\n  c: d\n",
        "a:\n    b: c\n  d: e\n",
        "a:\n  - b\n  c: d\n",
        "a: b\n- c\n",
        "- a\nb: c\n",
        "  a: b\nc: d\n",
        "---\na: b\n",
        "a: b\n...\n",
        "--- a\n",
        "%YAML 1.2\n",
    ] {
        assert!(!reads_equally(text), "{text:?}");
    }
    let key = "k".repeat(1025);
    assert!(!reads_equally(&format!("{key}: v\n")));
    let deep: String = (0..300).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(!reads_equally(&deep));
}

/// Checks that skipping the values of keys `b` has the same result as nulls in their place.
#[track_caller]
fn skipping_equals_null(text: &str) {
    let skipped = parse(text, 7, Some(|key| (key == "b").then_some(Skip::Anything)));
    let (Some(skipped), Ok(whole)) = (skipped, events::parse(text, 7)) else { return };
    assert_eq!(whole.len(), 1, "{text:?}");
    assert_eq!(without_b(skipped.root()), without_b(whole[0].root()), "{text:?}");
}

/// Formats a tree without the block values of keys `b`.
fn without_b(node: Node<'_>) -> String {
    let place = node.position();
    let shown = |(key, value): (Node<'_>, Node<'_>)| {
        let below = value.position().line > key.position().line;
        let passed = key.as_str() == Some("b") && (below || value.is_null());
        let value = if passed { "null".to_owned() } else { without_b(value) };
        format!("{key:?}: {value}", key = key.as_str())
    };
    match node.value() {
        Value::Mapping => format!("{place:?} {:?}", node.pairs().map(shown).collect::<Vec<_>>()),
        Value::Sequence => {
            format!("{place:?} {:?}", node.items().map(without_b).collect::<Vec<_>>())
        }
        scalar => format!("{place:?} {scalar:?}"),
    }
}

#[test]
fn skipped_values_are_parsed_and_discarded() {
    let skip_b: SkipRule = |key| (key == "b").then_some(Skip::Anything);
    for text in [
        "b:\n  c: 1\nd: 2\n",
        "b:\n- c: 1\n- e\nd: 2\n",
        "b:\n  - \"x y\"\n# comment \"\n  - 'z'\n",
        "a: 1\nb:\n    c: {}\n    f: [g]\n\n",
        "b: # why\r\n  c: |\r\n    d:\r\n  e: 1\r\nf: 2\r\n",
        "b:\n  b:\n    b: 1\n  b:\n  - b: 2\n",
        "b:\nc: 1\n",
    ] {
        skipping_equals_null(text);
        let document = parse(text, 1, Some(skip_b)).unwrap();
        assert!(document.root().get("b").unwrap().is_null(), "{text:?}");
    }
    // Invalid YAML is still an error inside skipped values.
    for text in ["b:\n  c: \"x\nd: 1\"\n", "b:\n  c: 1\n d: 2\n", "b:\n- c: d: e\n", "b:\n- *c\n"] {
        assert!(parse(text, 1, Some(skip_b)).is_none(), "{text:?}");
    }
    let skip_objects: SkipRule =
        |key| (key == "b").then_some(Skip::ObjectsWithout(|text| text != "x"));
    for (passed, text) in [
        (true, "b:\n- c: d\n  e:\n    f: [g]\n"),
        (true, "b:\n  - c: d\n  - {}\n"),
        (false, "b:\n- c: x\n"),
        (false, "b:\n- c\n"),
        (false, "b:\n  c: d\n"),
        (false, "b:\n- - c\n"),
    ] {
        assert_eq!(parse(text, 1, Some(skip_objects)).is_some(), passed, "{text:?}");
    }
}

/// A piece of a valid or invalid line.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a", "kind", "b.c/d-e", "1", "on", "~", "-", "- ", "-1", "--x", ":", ": ", ":  ", " ",
        "  ", "#", " # c", "\"x\"", "'y z'", "\"\\n\"", "''", "\"\"", "[", "]", "{}", "{", "}",
        ",", ", ", "[]", "[a, 'b']", "|", "|-", ">", "&a ", "*a", "!!str ", "?", "? ", "<<", "%",
        "@", "`", "$(X)", "http://x", "=", "\\", "\t", "\u{e9}", "\r", "---", "...", "(", "+1",
        ".5", "/", "_", "*", "0x1", "\u{85}", "\u{7f}",
    ])
}

/// A line that is usually valid.
fn line() -> impl Strategy<Value = String> {
    let item = prop_oneof![3 => Just(""), 2 => Just("- "), 1 => Just("-   "), 1 => Just("- - ")];
    let key = prop_oneof![
        6 => prop::sample::select(vec!["a: ", "b: ", "c:", "d:  ", "e.f/g: "]).prop_map(str::to_owned),
        2 => Just(String::new()),
        1 => piece().prop_map(str::to_owned),
    ];
    let value = prop_oneof![
        4 => Just(String::new()),
        4 => prop::sample::select(vec!["x", "\"y z\"", "'w'", "1", "yes", "[]", "{}", "[a, \"b\", 1 ]", "|", "|-", "a b # c", "~"])
            .prop_map(str::to_owned),
        2 => prop::collection::vec(piece(), 1..4).prop_map(|pieces| pieces.concat()),
    ];
    let end = prop_oneof![12 => Just("\n"), 1 => Just("\r\n"), 1 => Just(" \n"), 1 => Just("\n\n"), 1 => Just(" # c\n"), 1 => Just("")];
    (0usize..6, item, key, value, end).prop_map(|(spaces, item, key, value, end)| {
        format!("{}{item}{key}{value}{end}", " ".repeat(spaces))
    })
}

/// Lines that are indented like an earlier line, or one level deeper.
pub(crate) fn nested() -> impl Strategy<Value = String> {
    let line = (any::<prop::sample::Index>(), 0usize..4, prop::collection::vec(line(), 1));
    prop::collection::vec(line, 1..14).prop_map(|lines| {
        let mut indentations = vec![0];
        let mut text = String::new();
        for (index, deeper, line) in lines {
            let indentation = index.get(&indentations) + if deeper == 3 { 2 } else { 0 };
            indentations.push(indentation);
            text.push_str(&" ".repeat(indentation));
            text.push_str(line.concat().trim_start_matches(' '));
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]
    #[test]
    fn random_lines_are_read_alike(lines in prop::collection::vec(line(), 0..10)) {
        reads_equally(&lines.concat());
        skipping_equals_null(&lines.concat());
    }

    #[test]
    fn random_nesting_is_read_alike(text in nested()) {
        reads_equally(&text);
        skipping_equals_null(&text);
    }

    #[test]
    fn random_pieces_are_read_alike(pieces in prop::collection::vec(prop_oneof![4 => piece(), 1 => Just("\n"), 1 => Just("\n  ")], 0..24)) {
        reads_equally(&pieces.concat());
        skipping_equals_null(&pieces.concat());
    }
}
