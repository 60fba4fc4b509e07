use std::io::Read;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A reader that returns a few bytes at a time.
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

/// Collects the names of objects with their lines, and the errors.
#[derive(Debug, Default, PartialEq)]
struct Names {
    named: Vec<(String, u32)>,
    broken: Vec<String>,
}

impl ItemDecoder for Names {
    type Batch = Self;
    type List = ();
    type Siblings = ();

    fn item(
        &mut self,
        text: &str,
        _: Option<&()>,
        position: Position,
    ) -> Result<usize, serde_json::Error> {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let value = values.next().unwrap_or(Ok(Value::Null))?;
        // A wrong guess at a boundary first yields a part of an object.
        let name = value["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        self.named.push((name, position.line));
        Ok(values.byte_offset())
    }

    fn broken(&mut self, error: &ParseError) {
        let Position { line, column } = error.position;
        self.broken.push(format!("{line}:{column}: {error}"));
    }

    fn enter_list(&mut self, _: &ListHead) {}

    fn siblings(&self) {}

    fn with<T>((): &(), work: impl FnOnce(&mut Self) -> T) -> (Self, T) {
        let mut sibling = Self::default();
        let result = work(&mut sibling);
        (sibling, result)
    }

    fn replace(&mut self, batch: Self) -> Self {
        std::mem::replace(self, batch)
    }

    fn append(&mut self, batch: Self) {
        self.named.extend(batch.named);
        self.broken.extend(batch.broken);
    }
}

fn load(text: &str) -> Names {
    let mut names = Names::default();
    read(&mut Trickle(text.as_bytes(), 7777), Vec::new(), &mut names).unwrap();
    names
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
fn the_format_of_a_long_list_does_not_matter() {
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
            let read = load(&text);
            assert_eq!(read.broken, [] as [&str; 0]);
            let mut names: Vec<_> = read.named.into_iter().map(|(name, _)| name).collect();
            // The last text contains the first object twice.
            names.dedup();
            let expected: Vec<_> = (0..count).map(|index| format!("r{index:05}")).collect();
            assert_eq!(names, expected, "{} {filler} {}", names.len(), &text[..60]);
        }
    }
}

#[test]
fn broken_items_are_reported_and_the_others_kept() {
    let roles = roles(2_000, 1);
    let lines: Vec<String> = roles.iter().map(Value::to_string).collect();
    for (broken, expected) in [
        ("{\"apiVersion\": \"v1\" \"kind\": 1}", "1002:21: expected `,` or `}`"),
        ("{\"apiVersion\": tru}", "1002:19: expected `true`, `false` or `null`"),
    ] {
        let mut items = lines.clone();
        items[1000] = broken.to_owned();
        let text = format!("{{\"kind\":\"List\",\"items\":[\n{}]}}", items.join(",\n"));
        let read = load(&text);
        assert_eq!(read.broken, [expected]);
        assert_eq!(read.named.len(), 1_999);
        assert_eq!(read.named[1998], ("r01999".to_owned(), 2001));
    }
    let text = format!("{{\"kind\":\"List\",\"items\":[\n{}", lines.join(",\n"));
    let found = load(&text[..text.len() - 10]);
    assert_eq!(found.named.len(), 1_999);
    assert_eq!(found.broken, ["2001:311: expected the closing quote, found the end of the file"]);
    let found = load(&text);
    assert_eq!(found.broken, ["2001:322: expected `,` or `]`"]);
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
        let mut names = Names::default();
        let mut reader = text.as_bytes();
        let source = Source::with_block(&mut reader, Vec::new(), block);
        Reading { source, decoder: &mut names }.values().unwrap();
        let expected: Vec<_> =
            items.iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect();
        let found: Vec<_> = names.named.iter().map(|(name, _)| name.as_str()).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(names, load(&text));
    }
}
