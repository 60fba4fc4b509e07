//! The fields of `audit.k8s.io/v1` events that count, borrowed from the text.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

/// An event, without the fields that no answer depends on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event<'a> {
    #[serde(borrow, default)]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) level: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) stage: Cow<'a, str>,
    /// The URL as written: nearly all events are understood without it.
    #[serde(borrow, default, rename = "requestURI")]
    pub(crate) request_uri: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) verb: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) user: Option<User<'a>>,
    #[serde(borrow, default)]
    pub(crate) impersonated_user: Option<User<'a>>,
    #[serde(borrow, default)]
    pub(crate) authentication_metadata: Option<AuthenticationMetadata<'a>>,
    #[serde(borrow, default)]
    pub(crate) object_ref: Option<ObjectRef<'a>>,
    #[serde(borrow, default)]
    pub(crate) response_status: Option<ResponseStatus<'a>>,
    #[serde(borrow, default)]
    pub(crate) request_received_timestamp: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) stage_timestamp: Cow<'a, str>,
    /// The time before Kubernetes 1.9.
    #[serde(borrow, default)]
    pub(crate) timestamp: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) annotations: Option<Annotations<'a>>,
}

/// A user.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct User<'a> {
    #[serde(borrow, default)]
    pub(crate) username: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) uid: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) groups: Option<Groups<'a>>,
    #[serde(borrow, default)]
    pub(crate) extra: Option<&'a RawValue>,
}

/// The names of groups.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Groups<'a>(#[serde(borrow)] pub(crate) Vec<Group<'a>>);

/// The name of a group.
#[derive(Debug, Deserialize)]
pub(crate) struct Group<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Why impersonation was allowed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthenticationMetadata<'a> {
    #[serde(borrow, default)]
    pub(crate) impersonation_constraint: Cow<'a, str>,
}

/// The object of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectRef<'a> {
    #[serde(borrow, default)]
    pub(crate) resource: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) namespace: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) api_group: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) subresource: Cow<'a, str>,
}

/// The answer of the server.
#[derive(Debug, Deserialize)]
pub(crate) struct ResponseStatus<'a> {
    #[serde(default)]
    pub(crate) code: u16,
    /// The message as written: it only matters for refusals.
    #[serde(borrow, default)]
    pub(crate) message: Option<&'a RawValue>,
}

/// The decision of the authorizers.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Annotations<'a> {
    #[serde(borrow, default, rename = "authorization.k8s.io/decision")]
    pub(crate) decision: Cow<'a, str>,
    #[serde(borrow, default, rename = "authorization.k8s.io/reason")]
    pub(crate) reason: Quoted<'a>,
}

/// A string that usually contains quotation marks.
#[derive(Debug, Default)]
pub(crate) struct Quoted<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Quoted<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        text_of(raw.get()).map(Self).map_err(D::Error::custom)
    }
}

/// The attributes of a user that count.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Extra<'a> {
    #[serde(borrow, default, rename = "authentication.kubernetes.io/pod-name")]
    pub(crate) pod: Vec<Group<'a>>,
}

impl Event<'_> {
    /// Returns whether the record is an audit event and not another object with some of its fields.
    pub(crate) fn is_audit(&self) -> bool {
        let known = self.kind == "Event" && self.api_version.starts_with("audit.k8s.io/");
        // Pipelines drop the type of the object.
        let untyped = self.kind.is_empty() && !self.stage.is_empty() && self.user.is_some();
        known || untyped
    }
}

/// Returns the text of a JSON string; nothing for other values.
pub(crate) fn unquoted(raw: Option<&RawValue>) -> Cow<'_, str> {
    raw.and_then(|raw| text_of(raw.get()).ok()).unwrap_or_default()
}

/// Reads a JSON string. If only quotation marks are escaped, this takes one allocation.
fn text_of(json: &str) -> serde_json::Result<Cow<'_, str>> {
    let plain = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(plain) = plain else { return serde_json::from_str(json).map(Cow::Owned) };
    let mut escapes = memchr::memchr_iter(b'\\', plain.as_bytes()).peekable();
    if escapes.peek().is_none() {
        return Ok(Cow::Borrowed(plain));
    }
    let mut text = String::with_capacity(plain.len());
    let mut start = 0;
    for escape in escapes {
        match plain.get(escape + 1..escape + 2) {
            Some("\"") => text.push_str(plain.get(start..escape).unwrap_or_default()),
            _ => return serde_json::from_str(json).map(Cow::Owned),
        }
        start = escape + 1;
    }
    text.push_str(plain.get(start..).unwrap_or_default());
    Ok(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// JSON strings with every kind of escape, some of them invalid.
    fn json() -> impl Strategy<Value = String> {
        let parts = vec![
            "a",
            "é",
            "u",
            "n",
            r#"\""#,
            r"\\",
            r"\n",
            r"\u00e9",
            r"\ud83d\ude00",
            r"\ud83d",
            r"\",
            "\t",
        ];
        proptest::collection::vec(proptest::sample::select(parts), 0..8)
            .prop_map(|parts| format!("\"{}\"", parts.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn strings_are_read_like_by_a_json_parser(json in json()) {
            let expected = serde_json::from_str::<String>(&json).ok();
            let read = serde_json::from_str::<Quoted<'_>>(&json).ok();
            prop_assert_eq!(read.map(|quoted| quoted.0.into_owned()), expected);
        }
    }

    #[test]
    fn other_values_are_not_strings() {
        for json in ["null", "1", "[]", "{}", "true"] {
            assert!(text_of(json).is_err(), "{json}");
        }
    }
}
