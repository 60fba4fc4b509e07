//! The fields of a review, and the question in them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::ReviewError;
use super::spec::{Kind, Spec};

/// The fields of a review in order, with their unparsed values.
pub(super) struct Fields<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

/// The question of a review.
pub(super) struct Head<'a> {
    pub(super) kind: Kind,
    pub(super) spec: Spec<'a>,
    /// The message of a server that rejects the question; `None` for a valid one.
    pub(super) invalid: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
}

type Text<'a> = Option<Cow<'a, str>>;

impl<'a> Fields<'a> {
    /// Reads the fields of an object.
    pub(super) fn of(text: &'a [u8]) -> Result<Self, ReviewError> {
        serde_json::from_slice(text).map_err(|error| ReviewError::NotJson(describe(error)))
    }

    /// Reads the question.
    pub(super) fn head(&self) -> Result<Head<'a>, ReviewError> {
        let kind: Text<'_> = self.parse("kind")?;
        let api_version: Text<'_> = self.parse("apiVersion")?;
        let metadata: Option<Metadata<'_>> = self.parse("metadata")?;
        let namespace = metadata.and_then(|metadata| metadata.namespace).unwrap_or_default();
        let kind = review_kind(kind.as_deref(), api_version.as_deref())?;
        let spec: Spec<'_> = self.parse("spec")?.unwrap_or_default();
        let invalid = spec.invalid(kind, &namespace);
        let invalid = (!invalid.is_empty()).then(|| aggregate(&invalid));
        Ok(Head { kind, spec, invalid })
    }

    /// Reads the last field with a name; `None` if it is missing or null.
    pub(super) fn parse<T: Deserialize<'a>>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, ReviewError> {
        let field = self.0.iter().rev().find(|(field, _)| field == name);
        field.map_or(Ok(None), |(_, value)| {
            serde_json::from_str(value.get())
                .map_err(|error| ReviewError::MalformedField { field: name, what: describe(error) })
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut fields = Vec::with_capacity(5);
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(FieldsVisitor).map(Self)
    }
}

/// Returns the kind of review that an object is.
fn review_kind(kind: Option<&str>, api_version: Option<&str>) -> Result<Kind, ReviewError> {
    let group = api_version.map(|version| version.split_once('/').map_or("", |(group, _)| group));
    let parsed = kind.map_or(Some(Kind::Subject), Kind::parse);
    match (parsed, group) {
        (Some(kind), None | Some("authorization.k8s.io")) => Ok(kind),
        _ => {
            let version = api_version.map_or_else(String::new, |version| format!("{version} "));
            let kind = kind.unwrap_or("object without kind");
            Err(ReviewError::NotAReview(format!("{version}{kind}")))
        }
    }
}

/// Joins messages as servers do.
fn aggregate(messages: &[String]) -> String {
    match messages {
        [only] => only.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// Returns a parse error's message without its position, which counts from the object's beginning.
fn describe(error: serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.get(..at).unwrap_or_default().to_owned(),
        None => text,
    }
}
