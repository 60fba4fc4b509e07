//! Decodes the environment of a container: variables whose values can be names of objects.

use std::fmt;

use rolecall_rbac::{Text, Variable, VariableValue};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::seed::{Fields, Items, ObjectSeed, OnlySeed, TextSeed};
use super::strings::StringCache;

/// Reads `env`: whether a variable configures kubectl, and the variables whose values can be names.
pub(super) struct Environment<'s> {
    strings: &'s mut StringCache,
    sets_kubeconfig: bool,
    variables: Vec<Variable>,
}

impl<'s> Environment<'s> {
    pub(super) fn new(strings: &'s mut StringCache) -> Self {
        Self { strings, sets_kubeconfig: false, variables: Vec::new() }
    }
}

impl<'de> Items<'de> for Environment<'_> {
    const EXPECTED: &'static str = "a list of environment variables";
    type Output = (bool, Vec<Variable>);

    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error> {
        let fields = VariableFields { strings: self.strings, name: None, value: None };
        let Some((name, value)) = items.next_element_seed(ObjectSeed(fields))? else {
            return Ok(false);
        };
        let Some(name) = name else { return Ok(true) };
        self.sets_kubeconfig |= sets_kubeconfig(&name);
        // The last variable with a name wins.
        self.variables.retain(|known| known.name != name);
        self.variables.extend(value.map(|value| Variable { name, value }));
        Ok(true)
    }

    fn finish(self) -> Self::Output {
        (self.sets_kubeconfig, self.variables)
    }
}

struct VariableFields<'s> {
    strings: &'s mut StringCache,
    name: Option<Text>,
    value: Option<VariableValue>,
}

#[derive(Clone, Copy)]
enum VariableField {
    Name,
    Value,
    ValueFrom,
}

impl<'de> Fields<'de> for VariableFields<'_> {
    const EXPECTED: &'static str = "an environment variable";
    type Field = VariableField;
    type Output = (Option<Text>, Option<VariableValue>);

    fn field(name: &str) -> Option<VariableField> {
        Some(match name {
            "name" => VariableField::Name,
            "value" => VariableField::Value,
            "valueFrom" => VariableField::ValueFrom,
            _ => return None,
        })
    }

    fn read<A: MapAccess<'de>>(
        &mut self,
        field: VariableField,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match field {
            VariableField::Name => self.name = Some(map.next_value_seed(TextSeed(self.strings))?),
            VariableField::Value => {
                let value = map.next_value_seed(ObjectNameSeed(self.strings))?;
                self.value = value.map(VariableValue::Text);
            }
            VariableField::ValueFrom => {
                let path = OnlySeed {
                    expected: "a field reference",
                    name: "fieldPath",
                    seed: TextSeed(self.strings),
                };
                let seed = OnlySeed { expected: "a source", name: "fieldRef", seed: path };
                self.value = match map.next_value_seed(seed)?.flatten().as_deref() {
                    Some("metadata.namespace") => Some(VariableValue::OwnNamespace),
                    Some("spec.serviceAccountName") => Some(VariableValue::OwnServiceAccount),
                    _ => None,
                };
            }
        }
        Ok(())
    }

    fn finish(self) -> Self::Output {
        (self.name, self.value)
    }
}

/// Reads a string that can be the name of an object, and skips any other value.
struct ObjectNameSeed<'s>(&'s mut StringCache);

impl<'de> DeserializeSeed<'de> for ObjectNameSeed<'_> {
    type Value = Option<Text>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ObjectNameSeed<'_> {
    type Value = Option<Text>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
        let is_name = (1..=63).contains(&text.len()) && text.bytes().all(is_plain);
        Ok(is_name.then(|| self.0.text(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// Returns whether a variable configures kubectl's server or user.
pub(super) fn sets_kubeconfig(name: &str) -> bool {
    matches!(name, "KUBECONFIG" | "KUBERNETES_SERVICE_HOST" | "KUBERNETES_MASTER")
}
