use std::io::{self, Read};

use rolecall_yaml::json::{ItemDecoder, ListHead, read};
use rolecall_yaml::{ParseError, Position};
use serde_json::Value;

/// The length of an input that spans several blocks.
const SEVERAL_BLOCKS: usize = 600 << 10;

/// Reads a stream of JSON values, alone and repeated over several blocks, as a stream and as a list,
/// and compares the objects with those that serde_json reads.
pub fn json_segments(data: &[u8]) {
    // The first byte chooses how many bytes each read returns.
    let Some((first, text)) = data.split_first() else { return };
    let step = usize::from(*first) * 257 + 1;
    let stripped = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut values = serde_json::Deserializer::from_slice(stripped).into_iter::<Value>();
    let valid: Vec<Value> = values.by_ref().map_while(Result::ok).collect();
    // serde_json keeps the last of duplicate keys, a stream yields the items of both.
    let known = valid.iter().map(items_keys).sum::<usize>();
    if memmem_count(stripped, b"items") != known {
        return;
    }
    let is_valid = serde_json::Deserializer::from_slice(stripped)
        .into_iter::<Value>()
        .all(|value| value.is_ok());
    let expected: Vec<&Value> = valid.iter().flat_map(flatten).collect();
    let found = objects(text, step);
    if is_valid {
        assert_eq!(found.broken, Vec::<String>::new(), "{}", shown(text));
        assert_eq!(found.objects(), expected, "{}", shown(text));
    } else {
        // The values before the error are read; a list is read up to the error.
        let before = found.objects().into_iter().take(expected.len()).collect::<Vec<_>>();
        assert_eq!(before, expected, "{}", shown(text));
    }
    if is_valid && !valid.is_empty() {
        over_several_blocks(stripped, &valid, step);
    }
}

/// Repeats valid values until they span several blocks.
fn over_several_blocks(text: &[u8], valid: &[Value], step: usize) {
    let times = SEVERAL_BLOCKS / (text.len() + 1);
    if times > 2000 {
        return;
    }
    let once: Vec<&Value> = valid.iter().flat_map(flatten).collect();
    let stream = [text, b"\n"].concat().repeat(times);
    let found = objects(&stream, step);
    assert_eq!(found.broken, Vec::<String>::new(), "{}", shown(text));
    assert!(
        found.objects().chunks(once.len().max(1)).all(|chunk| chunk == once),
        "{}",
        shown(text)
    );
    assert_eq!(found.objects().len(), once.len() * times, "{}", shown(text));

    let items: Vec<String> = valid.iter().map(Value::to_string).collect();
    let list =
        format!("{{\"kind\":\"List\",\"items\":[{}]}}", vec![items.join(","); times].join(",\n"));
    let found = objects(list.as_bytes(), step);
    assert_eq!(found.broken, Vec::<String>::new(), "{}", shown(text));
    assert!(
        found.objects().chunks(once.len().max(1)).all(|chunk| chunk == once),
        "{}",
        shown(text)
    );
    assert_eq!(found.objects().len(), once.len() * times, "{}", shown(text));
}

/// Returns the objects in a value: the items of a list, or the value itself.
fn flatten(value: &Value) -> Vec<&Value> {
    match (value, value.get("items")) {
        (Value::Array(items), _) | (Value::Object(_), Some(Value::Array(items))) => {
            items.iter().flat_map(flatten).collect()
        }
        _ => vec![value],
    }
}

/// Counts the keys and texts that contain `items`.
fn items_keys(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(items_keys).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| memmem_count(key.as_bytes(), b"items") + items_keys(value))
            .sum(),
        Value::String(text) => memmem_count(text.as_bytes(), b"items"),
        _ => 0,
    }
}

fn memmem_count(text: &[u8], word: &[u8]) -> usize {
    text.windows(word.len()).filter(|window| *window == word).count()
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// Reads a text a few bytes at a time.
fn objects(text: &[u8], step: usize) -> Objects {
    let mut objects = Objects::default();
    let result = read(&mut Trickle(text, step), Vec::new(), &mut objects);
    assert!(result.is_ok(), "reading from memory fails: {result:?}");
    objects
}

struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(buffer.len());
        let read = self.0.take(length as u64).read(buffer)?;
        self.0 = self.0.get(read..).unwrap_or_default();
        Ok(read)
    }
}

/// Collects the decoded values and the errors.
#[derive(Debug, Default)]
struct Objects {
    values: Vec<Value>,
    broken: Vec<String>,
}

impl Objects {
    fn objects(&self) -> Vec<&Value> {
        self.values.iter().flat_map(flatten).collect()
    }
}

impl ItemDecoder for Objects {
    type Batch = Self;
    type List = ();
    type Siblings = ();

    fn item(
        &mut self,
        text: &str,
        _: Option<&()>,
        _: Position,
    ) -> Result<usize, serde_json::Error> {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        if let Some(value) = values.next() {
            self.values.push(value?);
        }
        Ok(values.byte_offset())
    }

    fn broken(&mut self, error: &ParseError) {
        self.broken.push(format!("{:?}: {error}", error.position));
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
        self.values.extend(batch.values);
        self.broken.extend(batch.broken);
    }
}
