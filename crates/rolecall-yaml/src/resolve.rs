//! Resolves scalars like kubectl's conversion from YAML to JSON.
//!
//! kubectl uses go-yaml v2 with the rules of YAML 1.1: unquoted `yes`, `on` and even `y` are
//! booleans, and dates are strings.

use std::borrow::Cow;

use super::node::Value;

/// Resolves an unquoted scalar without a tag.
pub(super) fn plain(text: Cow<'_, str>) -> Value<'_> {
    match text.as_bytes().first() {
        None => return Value::Null,
        Some(b'+' | b'-' | b'0'..=b'9' | b'.') => {
            if is_number(&text) {
                return Value::Number(text);
            }
        }
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => {
            match word(&text) {
                Some(Word::Bool(value)) => return Value::Bool(value),
                Some(Word::Null) => return Value::Null,
                None => {}
            }
        }
        Some(_) => {}
    }
    Value::String(text)
}

/// Resolves a scalar with a tag of the core schema, or returns the error.
pub(super) fn tagged<'a>(tag: &str, text: Cow<'a, str>) -> Result<Value<'a>, String> {
    let misfit = |text: &str| format!("expected a value that is a `!!{tag}`, found `{text}`");
    match tag {
        "str" | "timestamp" => Ok(Value::String(text)),
        "binary" => Err("the tag `!!binary` is not supported: write the text itself".to_owned()),
        "null" | "bool" | "int" | "float" => match (tag, plain(text)) {
            ("null", Value::Null) => Ok(Value::Null),
            ("bool", Value::Bool(value)) => Ok(Value::Bool(value)),
            ("int", Value::Number(number)) if is_integer(&number) => Ok(Value::Number(number)),
            ("float", Value::Number(number)) => Ok(Value::Number(number)),
            (_, Value::String(text) | Value::Number(text)) => Err(misfit(&text)),
            (_, Value::Bool(value)) => Err(misfit(&value.to_string())),
            _ => Err(misfit("")),
        },
        _ => Ok(Value::String(text)),
    }
}

enum Word {
    Bool(bool),
    Null,
}

fn word(text: &str) -> Option<Word> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(Word::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Word::Bool(false))
        }
        "~" | "null" | "Null" | "NULL" => Some(Word::Null),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    if text.starts_with('.') {
        return is_float(text) || is_special_float(text);
    }
    if is_special_float(text) {
        return true;
    }
    if text.contains('_') {
        let text = text.replace('_', "");
        return is_integer(&text) || is_float(&text);
    }
    is_integer(text) || is_float(text)
}

fn is_special_float(text: &str) -> bool {
    matches!(text, ".nan" | ".NaN" | ".NAN")
        || matches!(text.strip_prefix(['+', '-']).unwrap_or(text), ".inf" | ".Inf" | ".INF")
}

/// Returns whether Go's `strconv.ParseInt` accepts a number of any size with base 0.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text).as_bytes();
    let all =
        |digits: &[u8], allowed: fn(&u8) -> bool| !digits.is_empty() && digits.iter().all(allowed);
    match digits {
        [b'0', b'x' | b'X', rest @ ..] => all(rest, u8::is_ascii_hexdigit),
        [b'0', b'o' | b'O', rest @ ..] => all(rest, |digit| matches!(digit, b'0'..=b'7')),
        [b'0', b'b' | b'B', rest @ ..] => all(rest, |digit| matches!(digit, b'0' | b'1')),
        [b'0', rest @ ..] if !rest.is_empty() => all(rest, |digit| matches!(digit, b'0'..=b'7')),
        _ => all(digits, u8::is_ascii_digit),
    }
}

/// Returns whether a text matches `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = unsigned.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let has_whole = whole.len() < unsigned.len();
    let rest = match whole.strip_prefix('.') {
        Some(fraction) => {
            let rest = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
            if !has_whole && rest.len() == fraction.len() {
                return false;
            }
            rest
        }
        None if has_whole => whole,
        None => return false,
    };
    match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
        }
        None => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unquoted_scalars_resolve_as_in_kubectl() {
        let kinds = |words: &[&'static str]| -> Vec<&'static str> {
            words
                .iter()
                .map(|word| match plain(Cow::Borrowed(word)) {
                    Value::Null => "null",
                    Value::Bool(true) => "true",
                    Value::Bool(false) => "false",
                    Value::Number(_) => "number",
                    Value::String(_) => "string",
                    _ => "other",
                })
                .collect()
        };
        for (expected, words) in [
            ("null", ["", "~", "null", "Null", "NULL"].as_slice()),
            ("true", &["y", "Y", "yes", "YES", "true", "True", "on", "On"]),
            ("false", &["n", "N", "no", "NO", "false", "False", "off", "OFF"]),
            (
                "number",
                &[
                    "0",
                    "1",
                    "-1",
                    "+7",
                    "1_000",
                    "0x1F",
                    "0o17",
                    "017",
                    "08",
                    "0b11",
                    "1.5",
                    "1.",
                    ".5",
                    "1e3",
                    "1.5E-3",
                    "-.5",
                    ".inf",
                    "-.Inf",
                    "+.INF",
                    ".nan",
                    "123456789012345678901234567890",
                ],
            ),
            (
                "string",
                &[
                    "yEs",
                    "nULL",
                    "tru",
                    "TRue",
                    "1.2.3",
                    "v1",
                    "2001-01-01",
                    "0xZZ",
                    "0b12",
                    "-",
                    "+",
                    ".",
                    "..",
                    "1e",
                    "e5",
                    "*",
                    "get",
                    "<<",
                    "10Gi",
                    "100m",
                    ".5_0",
                    "1:30",
                    "-.nan",
                    "0x",
                ],
            ),
        ] {
            assert_eq!(kinds(words), vec![expected; words.len()], "{words:?}");
        }
    }

    #[test]
    fn a_tag_overrides_or_rejects_a_scalar() {
        let check = |tag: &str, text: &'static str, expected: Result<Value<'static>, &str>| {
            assert_eq!(
                tagged(tag, Cow::Borrowed(text)),
                expected.map_err(str::to_owned),
                "!!{tag} {text}"
            );
        };
        check("str", "123", Ok(Value::String("123".into())));
        check("int", "0x1F", Ok(Value::Number("0x1F".into())));
        check("float", "1", Ok(Value::Number("1".into())));
        check("bool", "yes", Ok(Value::Bool(true)));
        check("null", "", Ok(Value::Null));
        check("int", "pods", Err("expected a value that is a `!!int`, found `pods`"));
        check("bool", "1", Err("expected a value that is a `!!bool`, found `1`"));
        check("binary", "UG9k", Err("the tag `!!binary` is not supported: write the text itself"));
    }
}
