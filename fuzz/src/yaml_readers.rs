use rolecall_yaml::{Document, Node, Skip, parse, parse_chunk, split};
use serde::Deserialize;
use serde_json::Value;

/// Parses a text in several ways that must agree.
///
/// The line reader rejects every text with a line `---`, so a text after such a line is read by the
/// event reader.
pub fn yaml_readers(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let documents = parse(text, 7);
    // The event reader alone also reads these, where an additional `---` has a meaning.
    let has_markers = text.starts_with('\u{FEFF}')
        || text
            .split(['\n', '\r'])
            .any(|line| ["---", "...", "%"].iter().any(|marker| line.starts_with(marker)));
    if has_markers {
        return;
    }
    if let Ok([document]) = documents.as_deref() {
        let marked = format!("---\n{text}");
        let events = parse(&marked, 6);
        assert_eq!(events.as_deref(), Ok(std::slice::from_ref(document)), "{text:?}");
        skipping_equals_null(data, document);
    }
    documents_equal_file(data, documents.as_deref().ok());
}

/// The documents of a file, parsed one by one, equal the file parsed at once.
fn documents_equal_file(data: &[u8], whole: Option<&[Document<'_>]>) {
    let Some(whole) = whole else { return };
    let mut single = Vec::new();
    for chunk in split(data) {
        match parse_chunk(&chunk, None) {
            Ok(documents) => single.extend(values(&documents)),
            Err(error) => panic_with(data, &error),
        }
    }
    assert_eq!(single, values(whole), "{:?}", String::from_utf8_lossy(data));
}

#[track_caller]
fn panic_with(data: &[u8], error: &rolecall_yaml::ParseError) {
    let text = String::from_utf8_lossy(data);
    assert!(data.is_empty(), "one document of a valid file is invalid: {error} in {text:?}");
}

fn values(documents: &[Document<'_>]) -> Vec<Value> {
    let values = documents.iter().map(|document| value(document.root()));
    values.filter(|value| !value.is_null()).collect()
}

fn value(node: Node<'_>) -> Value {
    Value::deserialize(node).unwrap_or_default()
}

/// A document whose values of keys `b` are skipped equals the document with nulls in their place.
fn skipping_equals_null(data: &[u8], whole: &Document<'_>) {
    for chunk in split(data) {
        let skip = |key: &str| (key == "b").then_some(Skip::Anything);
        let Ok(documents) = parse_chunk(&chunk, Some(skip)) else { continue };
        let [skipped] = documents.as_slice() else { continue };
        let (skipped, whole) = (without_b(skipped.root()), without_b(whole.root()));
        assert_eq!(skipped, whole, "{:?}", String::from_utf8_lossy(data));
    }
}

/// Formats a tree without the block values of keys `b`, the only ones that are skipped.
fn without_b(node: Node<'_>) -> String {
    let entry = |(key, value): (Node<'_>, Node<'_>)| {
        let is_block = value.position().line > key.position().line;
        let is_skipped = key.as_str() == Some("b") && (is_block || value.is_null());
        let value = if is_skipped { "null".to_owned() } else { without_b(value) };
        format!("{}: {value}", self::value(key))
    };
    if node.is_mapping() {
        format!("{{{}}}", node.pairs().map(entry).collect::<Vec<_>>().join(", "))
    } else if node.is_list() {
        format!("[{}]", node.items().map(without_b).collect::<Vec<_>>().join(", "))
    } else {
        value(node).to_string()
    }
}
