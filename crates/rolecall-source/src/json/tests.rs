use std::io::Read;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::decode::Place;

/// A reader that gives out a few bytes at a time.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(buffer.len());
        let mut start = self.0.take(length as u64);
        let read = start.read(buffer)?;
        self.0 = &self.0[read..];
        Ok(read)
    }
}

fn load(text: &str) -> Batch {
    let mut decoder = Decoder::new(&Place::File("a.json".into()), "default");
    read(&mut Trickle(text.as_bytes(), 7777), Vec::new(), &mut decoder).unwrap();
    decoder.batch
}

/// Says which objects were read, where, and what went wrong.
fn report(batch: Batch) -> Vec<String> {
    let mut lines: Vec<String> = batch
        .builder
        .build()
        .roles()
        .iter()
        .map(|role| {
            let verbs = role.rules.iter().map(|rule| rule.verbs.join(",")).collect::<Vec<_>>();
            let position = role.metadata.origin.position().unwrap_or_default();
            format!("{} {position} {}", role.metadata.name, verbs.join(" "))
        })
        .collect();
    lines.extend(batch.problems.iter().map(ToString::to_string));
    lines
}

fn role(name: &str, filler: usize) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {
            "name": name,
            "namespace": "x",
            "managedFields": [{"apiVersion": "v1", "kind": "Role", "metadata": {"n": 1}}, {"apiVersion": "v1", "kind": "Role", "metadata": {"n": "}, {\"apiVersion\""}}],
            "annotations": {"filler": "\\\" {[é".repeat(filler)},
        },
        "rules": [{"verbs": ["get", "li\"st"]}],
    })
}

fn roles(count: usize, filler: usize) -> Vec<Value> {
    (0..count).map(|index| role(&format!("r{index:05}"), filler)).collect()
}

#[test]
fn long_lists_are_read_alike_however_they_are_written() {
    for (count, filler) in [(1, 100_000), (3, 40_000), (400, 100), (2_000, 1)] {
        let roles = roles(count, filler);
        let compact = serde_json::to_string(&roles).unwrap();
        let pretty = serde_json::to_string_pretty(&roles).unwrap();
        let lines: String = roles.iter().map(|role| format!("{role}\n")).collect();
        let joined: String = roles.iter().map(Value::to_string).collect();
        let streamed: String =
            roles.iter().map(|role| serde_json::to_string_pretty(role).unwrap() + "\n").collect();
        for text in [
            format!("{{\"apiVersion\":\"v1\",\"items\":{compact},\"kind\":\"List\"}}"),
            format!(
                "{{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"items\":{pretty}}}\n"
            ),
            format!("{{\"items\":{pretty},\"kind\":\"List\"}}"),
            compact.clone(),
            lines,
            joined,
            streamed,
            format!("{}\n{{\"kind\":\"List\",\"items\":{compact}}}", role("r00000", 1)),
        ] {
            let batch = load(&text);
            assert_eq!(batch.problems, []);
            let names: Vec<_> = batch
                .builder
                .build()
                .roles()
                .iter()
                .map(|it| it.metadata.name.to_string())
                .collect();
            let expected: Vec<_> = (0..count).map(|index| format!("r{index:05}")).collect();
            assert_eq!(names, expected, "{} {filler} {}", names.len(), &text[..60]);
        }
    }
}

#[test]
fn broken_items_are_named_and_the_others_count() {
    let roles = roles(2_000, 1);
    let lines: Vec<String> = roles.iter().map(Value::to_string).collect();
    for (broken, expected) in [
        ("{\"apiVersion\": \"v1\" \"kind\": 1}", "a.json:1002:21: expected `,` or `}`"),
        ("{\"apiVersion\": tru}", "a.json:1002:19: expected `true`, `false` or `null`"),
    ] {
        let mut items = lines.clone();
        items[1000] = broken.to_owned();
        let text = format!("{{\"kind\":\"List\",\"items\":[\n{}]}}", items.join(",\n"));
        let report = report(load(&text));
        assert_eq!(report.len(), 2_000);
        assert_eq!(report[1999], expected);
        assert_eq!(report[1998], "r01999 a.json:2001 get,li\"st");
    }
    let text = format!("{{\"kind\":\"List\",\"items\":[\n{}", lines.join(",\n"));
    let found = report(load(&text[..text.len() - 10]));
    assert_eq!(found.len(), 2_000);
    assert!(found[1999].starts_with("a.json:2001:"), "{}", found[1999]);
    let found = report(load(&text));
    assert_eq!(found.last().unwrap(), "a.json:2001:322: expected `,` or `]`");
}

fn item() -> impl Strategy<Value = Value> {
    let text = "[a-z{}\\[\\]\",: \\\\\n]{0,12}";
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let any = leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text, inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    ("[a-c]{1,3}", prop::collection::btree_map("[a-z]{1,6}", any, 0..4)).prop_map(
        |(name, extra)| {
            let mut role = role(&name, 0);
            role["status"] = Value::Object(extra.into_iter().collect());
            role
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
    #[test]
    fn where_blocks_end_makes_no_difference(
        items in prop::collection::vec(item(), 1..20),
        block in 1usize..400,
        indented in any::<bool>(),
    ) {
        let list = json!({"kind": "List", "items": items});
        let text = if indented { serde_json::to_string_pretty(&list) } else { serde_json::to_string(&list) }.unwrap();
        let mut decoder = Decoder::new(&Place::File("a.json".into()), "default");
        let mut reader = text.as_bytes();
        let mut reading =
            Reading { source: Source::with_block(&mut reader, Vec::new(), block), decoder: &mut decoder };
        reading.values().unwrap();
        let batch = decoder.batch;
        prop_assert_eq!(&batch.problems, &[]);
        prop_assert_eq!(batch.objects, items.len());
        let names: Vec<_> = batch.builder.roles().iter().map(|role| role.metadata.name.to_string()).collect();
        let expected: Vec<_> = items.iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect();
        prop_assert_eq!(names, expected);
        let lines: Vec<_> = batch.builder.roles().iter().map(|role| role.metadata.origin.position()).collect();
        let whole = load(&text);
        let expected: Vec<_> = whole.builder.roles().iter().map(|role| role.metadata.origin.position()).collect();
        prop_assert_eq!(lines, expected);
    }
}
