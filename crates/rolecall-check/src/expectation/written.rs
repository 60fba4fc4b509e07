//! Values whose notation in the file differs from their type.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use rolecall_paths::Sink;
use rolecall_rbac::{LabelOperator, LabelRequirement, LabelSelector, Text};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::FormatError;

/// A value that is written as a string or as an object.
pub(super) trait StringOrObject: FromStr<Err = FormatError> + TryFrom<Self::Object> {
    /// The object.
    type Object;
    /// The expectation in error messages.
    const EXPECTED: &'static str;
}

/// Reads a value that is written as a string or as an object.
pub(super) fn string_or_object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: StringOrObject,
    T::Object: Deserialize<'de>,
    <T as TryFrom<T::Object>>::Error: fmt::Display,
{
    deserializer.deserialize_any(Either(PhantomData))
}

struct Either<T>(PhantomData<T>);

impl<'de, T> Visitor<'de> for Either<T>
where
    T: StringOrObject,
    T::Object: Deserialize<'de>,
    <T as TryFrom<T::Object>>::Error: fmt::Display,
{
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let object = T::Object::deserialize(MapAccessDeserializer::new(map))?;
        T::try_from(object).map_err(A::Error::custom)
    }
}

macro_rules! impl_deserialize {
    ($($name:ty),+) => {
        $(impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::written::string_or_object(deserializer)
            }
        })+
    };
}

pub(super) use impl_deserialize;

/// The end of a path.
pub(super) struct WrittenSink(pub(super) Sink);

impl<'de> Deserialize<'de> for WrittenSink {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Sink::parse(&text).map(Self).map_err(D::Error::custom)
    }
}

/// A label selector.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct WrittenSelector {
    match_labels: BTreeMap<Text, Text>,
    match_expressions: Vec<WrittenRequirement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRequirement {
    key: Text,
    operator: WrittenOperator,
    #[serde(default)]
    values: Vec<Text>,
}

#[derive(Deserialize)]
enum WrittenOperator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl From<WrittenSelector> for LabelSelector {
    fn from(written: WrittenSelector) -> Self {
        let requirement = |written: WrittenRequirement| LabelRequirement {
            key: written.key,
            operator: match written.operator {
                WrittenOperator::In => LabelOperator::In,
                WrittenOperator::NotIn => LabelOperator::NotIn,
                WrittenOperator::Exists => LabelOperator::Exists,
                WrittenOperator::DoesNotExist => LabelOperator::DoesNotExist,
            },
            values: written.values.into(),
        };
        Self {
            match_labels: written.match_labels.into_iter().collect(),
            match_expressions: written.match_expressions.into_iter().map(requirement).collect(),
        }
    }
}
