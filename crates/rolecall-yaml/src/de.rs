//! Deserializes `#[derive(Deserialize)]` types from nodes, as strictly as the API server: without
//! coercion.

use std::fmt;

use serde::de::{
    self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};

use super::node::{Children, Node, Position, Value};

/// A value of the wrong type and its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The start of the value.
    pub position: Position,
    /// The expected and the actual type.
    pub what: String,
    /// The fields and indexes that lead to the value, innermost first.
    path: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
}

impl DecodeError {
    /// Returns the path of the field, such as `rules[2].verbs`; empty for the whole document.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in self.path.iter().rev() {
            match step {
                Step::Index(index) => path.push_str(&format!("[{index}]")),
                Step::Field(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
            }
        }
        path
    }

    fn new(what: impl Into<String>) -> Self {
        Self { position: Position::default(), what: what.into(), path: Vec::new() }
    }

    fn at(mut self, position: Position) -> Self {
        if self.position == Position::default() {
            self.position = position;
        }
        self
    }

    fn within(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        if !path.is_empty() {
            write!(formatter, "{path}: ")?;
        }
        formatter.write_str(&self.what)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let unquoted = match found {
            Unexpected::Bool(true) => Some(", YAML reads `y`, `yes` and `on` as true"),
            Unexpected::Bool(false) => Some(", YAML reads `n`, `no` and `off` as false"),
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => Some(""),
            _ => None,
        };
        let found = match found {
            Unexpected::Bool(_) => "a boolean",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
            Unexpected::Char(_) | Unexpected::Str(_) => "a string",
            Unexpected::Unit | Unexpected::Option => "null",
            Unexpected::Seq => "a list",
            Unexpected::Map => "an object",
            _ => "something else",
        };
        let expected = expected.to_string();
        let advice = match unquoted {
            Some(words) if expected.contains("string") => format!(": quote it{words}"),
            _ => String::new(),
        };
        Self::new(format!("expected {expected}, found {found}{advice}"))
    }

    fn invalid_value(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, found {length} items"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("expected one of `{}`, found `{variant}`", expected.join("`, `")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("the field `{field}` is not one of `{}`", expected.join("`, `")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the field `{field}` is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("duplicate field `{field}`"))
    }
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let result = match self.value() {
            Value::Null | Value::Overridden => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(text) => visit_number(text, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Sequence => visitor.visit_seq(Items { children: self.children(), index: 0 }),
            Value::Mapping => visitor.visit_map(Pairs { children: self.children(), pair: None }),
        };
        result.map_err(|error| error.at(self.position()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let Some(text) = self.as_str() else {
            let found = self.describe();
            return Err(
                DecodeError::new(format!("expected a string, found {found}")).at(self.position())
            );
        };
        visitor
            .visit_enum(text.into_deserializer())
            .map_err(|error: DecodeError| error.at(self.position()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if matches!(self.value(), Value::Sequence) {
            // Derived types would read the items as their fields in order.
            return Err(de::Error::invalid_type(Unexpected::Seq, &visitor))
                .map_err(|error: DecodeError| error.at(self.position()));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier
    }
}

struct Items<'de> {
    children: Children<'de>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(node) = self.children.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(node).map(Some).map_err(|error| error.within(Step::Index(index)))
    }
}

struct Pairs<'de> {
    children: Children<'de>,
    /// The pair of the current key.
    pair: Option<(Node<'de>, Node<'de>)>,
}

impl<'de> MapAccess<'de> for Pairs<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        while let (Some(key), Some(value)) = (self.children.next(), self.children.next()) {
            if *key.value() != Value::Overridden {
                self.pair = Some((key, value));
                return seed.deserialize(key).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let Some((key, value)) = self.pair.take() else {
            return Err(DecodeError::new("expected a key before its value"));
        };
        seed.deserialize(value)
            .map_err(|error| error.within(Step::Field(key.as_str().unwrap_or_default().to_owned())))
    }
}

fn visit_number<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, DecodeError> {
    let digits = text.replace('_', "");
    let (negative, magnitude) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.strip_prefix('+').unwrap_or(&digits)),
    };
    let lower = magnitude.to_ascii_lowercase();
    let integer = if let Some(hex) = lower.strip_prefix("0x") {
        u64::from_str_radix(hex, 16)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        u64::from_str_radix(octal, 8)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        u64::from_str_radix(binary, 2)
    } else if lower.len() > 1 && lower.starts_with('0') {
        u64::from_str_radix(&lower, 8)
    } else {
        lower.parse()
    };
    match integer {
        Ok(value) if !negative => visitor.visit_u64(value),
        Ok(value) => match 0i64.checked_sub_unsigned(value) {
            Some(value) => visitor.visit_i64(value),
            None => visitor.visit_f64(-(value as f64)),
        },
        Err(_) => {
            let value = match lower.as_str() {
                ".inf" => f64::INFINITY,
                ".nan" => f64::NAN,
                other => other.parse().unwrap_or(f64::NAN),
            };
            visitor.visit_f64(if negative { -value } else { value })
        }
    }
}
