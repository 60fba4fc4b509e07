//! Writes YAML that kubectl reads back as it was meant.
//!
//! `serde_yaml` leaves unquoted what YAML 1.2 takes for text, but kubectl reads YAML 1.1, where a
//! namespace `on` is a boolean. What it would misread is quoted afterwards.

use std::borrow::Cow;

use serde::Serialize;

use super::node::Value;
use super::resolve;

/// A value that YAML cannot express.
#[derive(Debug, thiserror::Error)]
#[error("cannot be written as YAML: {what}")]
pub struct WriteError {
    what: String,
}

/// Writes a value as one YAML document, without `---`.
pub fn to_string<T: Serialize>(value: &T) -> Result<String, WriteError> {
    let text =
        serde_yaml::to_string(value).map_err(|error| WriteError { what: error.to_string() })?;
    Ok(quote_misread(&text))
}

/// Quotes keys and values that kubectl would not take for text, though they were text.
fn quote_misread(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    // The column that lines of a block scalar are indented beyond.
    let mut block: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let mut column = line.len() - content.len();
        if block.is_some_and(|block| column > block || content == "\n") {
            quoted.push_str(line);
            continue;
        }
        quoted.push_str(line.get(..column).unwrap_or_default());
        let mut rest = content.trim_end_matches('\n');
        let mut marker = column;
        while let Some(item) = ["- ", "? ", ": "].iter().find_map(|mark| rest.strip_prefix(mark)) {
            let passed = rest.len() - item.len();
            quoted.push_str(rest.get(..passed).unwrap_or_default());
            marker = column;
            column += passed;
            rest = item;
        }
        let value = match split_key(rest) {
            Some((key, separator, value)) => {
                marker = column;
                quoted.push_str(&unmistakable(key));
                quoted.push_str(separator);
                value
            }
            None => rest,
        };
        block = value.starts_with(['|', '>']).then_some(marker);
        quoted.push_str(&unmistakable(value));
        if line.ends_with('\n') {
            quoted.push('\n');
        }
    }
    quoted
}

/// Splits `key: value` into key, separator and value.
fn split_key(text: &str) -> Option<(&str, &str, &str)> {
    let start = match text.chars().next()? {
        '|' | '>' | '[' | '{' => return None,
        quote @ ('"' | '\'') => closing_quote(text, quote)?,
        _ => 0,
    };
    let rest = text.get(start..)?;
    let colon = start + rest.find(": ").or_else(|| rest.strip_suffix(':').map(str::len))?;
    let (key, rest) = text.split_at_checked(colon)?;
    let separator = if rest.starts_with(": ") { 2 } else { 1 };
    let (separator, value) = rest.split_at_checked(separator)?;
    Some((key, separator, value))
}

/// Returns where the quoted text that `text` starts with ends.
fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && quote == '"' {
            characters.next();
        } else if character == quote {
            if quote == '\'' && characters.next_if(|(_, next)| *next == quote).is_some() {
                continue;
            }
            return Some(at + 1);
        }
    }
    None
}

fn unmistakable(text: &str) -> Cow<'_, str> {
    let written_by_type = matches!(text, "" | "null" | "true" | "false")
        || (!text.contains('_') && matches!(resolve::plain(text.into()), Value::Number(_)));
    let misread = text == "<<" || !matches!(resolve::plain(text.into()), Value::String(_));
    if misread && !written_by_type { format!("'{text}'").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn words_that_kubectl_takes_for_something_else_are_quoted() {
        let value = json!({
            "on": ["yes", "n", "1_000", "true", true, 1, 1.5, null, "", "on: off", "y:"],
            "off": "no\nyes\n- on\n",
            "<<": {"y": {"no": "8_0"}},
            "z": [[{"n": "y"}]],
        });
        assert_eq!(
            to_string(&value).unwrap(),
            "'<<':
  'y':
    'no': '8_0'
'off': |
  no
  yes
  - on
'on':
- 'yes'
- 'n'
- '1_000'
- 'true'
- true
- 1
- 1.5
- null
- ''
- 'on: off'
- 'y:'
z:
- - 'n': 'y'
"
        );
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z]{0,8}",
            "(y|n|on|no|yes|off|true|null|~|<<|1_0|0x1|\\.5|- a|a: b|#|\\||>)",
            "([ -~]|\n|é|\t){0,12}",
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            text().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(text(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn what_is_written_is_read_back(value in value()) {
            let text = to_string(&value).unwrap();
            let documents = crate::yaml::parse(&text, 1).map_err(|error| {
                TestCaseError::fail(format!("{error:?}\n{text}"))
            })?;
            let read = documents.first().map(|document| Value::deserialize(document.root()));
            prop_assert_eq!(read, Some(Ok(value)), "{}", text);
        }
    }
}
