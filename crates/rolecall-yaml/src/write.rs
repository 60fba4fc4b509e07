//! Writes YAML that kubectl reads back unchanged.
//!
//! A string is unquoted only if every parser reads it as that string; kubectl follows YAML 1.1, in
//! which the namespace `on` is a boolean. Characters with an effect on parsers, terminals or CI
//! runners are escaped in double quotes. Reading the output returns the same value for any string.

use crate::printable::is_harmful;
use serde::Serialize;
use serde_yaml::Value;

use super::node;
use super::resolve;

/// The error for a value that YAML cannot express.
#[derive(Debug, thiserror::Error)]
#[error("cannot be written as YAML: {what}")]
pub struct WriteError {
    what: String,
}

/// The form of strings with several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineBreaks {
    /// `
    /// ` in double quotes, which keeps each name on one line.
    Escaped,
    /// A literal block, if its lines cannot be mistaken for anything else. For scripts and other
    /// long texts in files that are stored and compared.
    Kept,
}

/// Writes a value as one YAML document, without `---`.
pub fn to_string<T: Serialize>(value: &T, breaks: LineBreaks) -> Result<String, WriteError> {
    let failed = |what: String| WriteError { what };
    let value = serde_yaml::to_value(value).map_err(|error| failed(error.to_string()))?;
    let mut writer = Writer { text: String::new(), breaks };
    match &value {
        Value::Sequence(_) | Value::Mapping(_) if !is_empty(&value) => writer.entries(&value, 0),
        scalar => writer.after(scalar, 0, ""),
    }
    .map_err(failed)?;
    Ok(writer.text)
}

/// The longest key that can be written without `?`.
const LONGEST_KEY: usize = 128;

struct Writer {
    text: String,
    breaks: LineBreaks,
}

impl Writer {
    /// Writes the entries of a collection. The first one continues the current line.
    fn entries(&mut self, collection: &Value, indent: usize) -> Result<(), String> {
        match collection {
            Value::Sequence(items) => {
                for (position, item) in items.iter().enumerate() {
                    self.indent(position, indent);
                    self.text.push('-');
                    self.item(item, indent + 2)?;
                }
            }
            Value::Mapping(mapping) => {
                for (position, (key, value)) in mapping.iter().enumerate() {
                    self.indent(position, indent);
                    self.pair(key, value, indent)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn indent(&mut self, position: usize, indent: usize) {
        if position > 0 {
            self.text.extend(std::iter::repeat_n(' ', indent));
        }
    }

    /// Writes the value after `-`, `?` or `:`, which starts on the same line.
    fn item(&mut self, value: &Value, indent: usize) -> Result<(), String> {
        match value {
            Value::Sequence(_) | Value::Mapping(_) if !is_empty(value) => {
                self.text.push(' ');
                self.entries(value, indent)
            }
            scalar => self.after(scalar, indent, " "),
        }
    }

    fn pair(&mut self, key: &Value, value: &Value, indent: usize) -> Result<(), String> {
        let written = match key {
            Value::String(text) => scalar(text),
            Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => {
                return Err("a key that is not a string".to_owned());
            }
            other => scalar_value(other)?,
        };
        if written.len() > LONGEST_KEY {
            self.text.push_str("? ");
            self.text.push_str(&written);
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n(' ', indent));
            self.text.push(':');
            return self.item(value, indent + 2);
        }
        self.text.push_str(&written);
        self.text.push(':');
        match value {
            Value::Sequence(_) | Value::Mapping(_) if !is_empty(value) => {
                let deeper = if value.is_mapping() { indent + 2 } else { indent };
                self.text.push('\n');
                self.text.extend(std::iter::repeat_n(' ', deeper));
                self.entries(value, deeper)
            }
            scalar => self.after(scalar, indent + 2, " "),
        }
    }

    /// Writes a scalar or an empty collection, and ends the line.
    fn after(&mut self, value: &Value, indent: usize, space: &str) -> Result<(), String> {
        self.text.push_str(space);
        match value {
            Value::String(text) if self.breaks == LineBreaks::Kept && is_block(text) => {
                self.text.push_str(if text.ends_with('\n') { "|" } else { "|-" });
                for line in text.lines() {
                    self.text.push('\n');
                    if !line.is_empty() {
                        self.text.extend(std::iter::repeat_n(' ', indent.max(2)));
                        self.text.push_str(line);
                    }
                }
            }
            other => self.text.push_str(&scalar_value(other)?),
        }
        self.text.push('\n');
        Ok(())
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Sequence(items) => items.is_empty(),
        Value::Mapping(pairs) => pairs.is_empty(),
        _ => false,
    }
}

fn scalar_value(value: &Value) -> Result<String, String> {
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => scalar(text),
        Value::Sequence(_) => "[]".to_owned(),
        Value::Mapping(_) => "{}".to_owned(),
        Value::Tagged(_) => return Err("a value with a tag".to_owned()),
    })
}

/// Writes a string unquoted if possible, else in single quotes, or in double quotes if it needs
/// escapes.
pub fn scalar(text: &str) -> String {
    if text.chars().any(is_harmful) || text.contains("##") {
        double_quoted(text)
    } else if is_plain(text) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Writes a string in double quotes, and escapes all characters with an effect on parsers, terminals
/// or CI runners.
pub fn double_quoted(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    escaped.push('"');
    let mut previous = '\0';
    for character in text.chars() {
        match (character, u32::from(character)) {
            ('"' | '\\', _) => escaped.extend(['\\', character]),
            ('\n', _) => escaped.push_str("\\n"),
            ('\t', _) => escaped.push_str("\\t"),
            ('\r', _) => escaped.push_str("\\r"),
            // CI runners execute commands from lines with `##[`, `##vso[` or `##teamcity[`.
            ('#', code) if previous == '#' => escaped.push_str(&format!("\\x{code:02x}")),
            (_, code @ ..=0xff) if is_harmful(character) => {
                escaped.push_str(&format!("\\x{code:02x}"));
            }
            (_, code @ ..=0xffff) if is_harmful(character) => {
                escaped.push_str(&format!("\\u{code:04x}"));
            }
            (_, code) if is_harmful(character) => escaped.push_str(&format!("\\U{code:08x}")),
            _ => escaped.push(character),
        }
        previous = character;
    }
    escaped.push('"');
    escaped
}

/// Returns whether every parser reads an unquoted string as that string.
fn is_plain(text: &str) -> bool {
    const INDICATORS: &str = ",[]{}#&*!|>'\"%@`";
    let mut characters = text.chars();
    let starts_plainly = match (characters.next(), characters.next()) {
        (None, _) | (Some(' '), _) => false,
        (Some('-' | '?' | ':'), second) => second.is_some_and(|second| second != ' '),
        (Some(first), _) => !INDICATORS.contains(first),
    };
    starts_plainly
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text != "<<"
        && matches!(resolve::plain(text.into()), node::Value::String(_))
}

/// Returns whether a multi-line string can be a literal block whose lines cannot be mistaken for
/// anything else.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let is_harmless = |line: &str| {
        !line.starts_with([' ', '\t'])
            && !line.starts_with("::")
            && !line.contains("##")
            && !line.chars().any(|character| character != '\t' && is_harmful(character))
    };
    let first = body.lines().next().unwrap_or_default();
    let indented = |line: &str| {
        let line = line.trim_start_matches(' ');
        line.is_empty() || is_harmless(line)
    };
    body.contains('\n')
        && !body.ends_with('\n')
        && !first.is_empty()
        && is_harmless(first)
        && body.split('\n').all(indented)
        && body.lines().all(|line| !line.ends_with(' ') && !line.ends_with('\r'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn ambiguous_words_are_quoted() {
        let value = json!({
            "on": ["yes", "n", "1_000", "true", true, 1, 1.5, null, "", "on: off", "y:"],
            "off": "no\nyes\n- on\n",
            "<<": {"y": {"no": "8_0"}},
            "z": [[{"n": "y"}]],
        });
        assert_eq!(
            to_string(&value, LineBreaks::Kept).unwrap(),
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

    #[test]
    fn names_stay_on_one_line_and_are_not_ci_commands() {
        let value = json!([
            "ja\u{2028}ne",
            "a\n::stop-commands::x",
            "##[group]x",
            "##vso[task.complete]",
            "a\u{202e}b\u{85}",
            "it's \"a\"\n",
        ]);
        let escaped = [
            r#"- "ja\u2028ne""#,
            r#"- "a\n::stop-commands::x""#,
            r##"- "#\x23[group]x""##,
            r##"- "#\x23vso[task.complete]""##,
            r#"- "a\u202eb\x85""#,
            r#"- "it's \"a\"\n""#,
        ];
        assert_eq!(
            to_string(&value, LineBreaks::Escaped).unwrap().lines().collect::<Vec<_>>(),
            escaped
        );
        assert_eq!(
            to_string(&json!({"on": "a\nb"}), LineBreaks::Escaped).unwrap(),
            "'on': \"a\\nb\"\n"
        );
        assert_eq!(
            to_string(&json!(["a\n::error::x"]), LineBreaks::Kept).unwrap(),
            "- \"a\\n::error::x\"\n"
        );
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z]{0,8}",
            "(y|n|on|no|yes|off|true|null|~|<<|1_0|0x1|\\.5|- a|a: b|#|\\||>)",
            "([ -~]|\n|é|\t){0,12}",
            // Characters with an effect on parsers, terminals or CI runners.
            "([ab:#\\[ ]|[\n\r\u{85}\u{2028}\u{2029}\u{FEFF}\u{7f}\u{9b}\u{fffe}]){0,6}",
            any::<String>(),
            "[a-z\n]{120,140}",
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
        fn written_strings_round_trip(
            value in value(),
            breaks in prop_oneof![Just(LineBreaks::Escaped), Just(LineBreaks::Kept)],
        ) {
            let text = to_string(&value, breaks).unwrap();
            let documents = crate::parse(&text, 1).map_err(|error| {
                TestCaseError::fail(format!("{error:?}\n{text}"))
            })?;
            let read = documents.first().map(|document| Value::deserialize(document.root()));
            prop_assert_eq!(read, Some(Ok(value)), "{}", text);
        }
    }
}
