//! Decodes the environment of a container: variables whose values can be names of objects.

use std::fmt;

use rolecall_rbac::{Text, Variable, VariableValue};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fields::{Empty, Fields, fields};
use super::seed::{OnlySeed, TextSeed, expecting, text, visits_any};
use super::strings::StringCache;

/// Returns whether a variable configures kubectl, and the variables whose values can be names. The
/// last variable with a name wins.
pub(super) fn environment(variables: Vec<EnvVariable>) -> (bool, Vec<Variable>) {
    let (mut configures, mut kept) = (false, Vec::<Variable>::new());
    for EnvVariable { name, value } in variables {
        let Some(name) = name else { continue };
        configures |= sets_kubeconfig(&name);
        kept.retain(|known| known.name != name);
        kept.extend(value.map(|value| Variable { name, value }));
    }
    (configures, kept)
}

/// A variable, with its value if that can be a name.
pub(super) struct EnvVariable {
    name: Option<Text>,
    value: Option<VariableValue>,
}

impl Empty for EnvVariable {
    fn empty(_strings: &StringCache) -> Self {
        Self { name: None, value: None }
    }
}

fields! {
    EnvVariable: "an environment variable" in "environment variables", |variable, map, strings| {
        Name = "name" => variable.name = Some(text(map, strings)?);
        Value = "value" => {
            let value = map.next_value_seed(ObjectNameSeed(strings))?;
            variable.value = value.map(VariableValue::Text);
        };
        ValueFrom = "valueFrom" => {
            let (expected, name) = ("a field reference", "fieldPath");
            let seed = OnlySeed { expected, name, seed: TextSeed(strings) };
            let seed = OnlySeed { expected: "a source", name: "fieldRef", seed };
            variable.value = match map.next_value_seed(seed)?.flatten().as_deref() {
                Some("metadata.namespace") => Some(VariableValue::OwnNamespace),
                Some("spec.serviceAccountName") => Some(VariableValue::OwnServiceAccount),
                _ => None,
            };
        };
    }
}

/// Reads a string that can be the name of an object, and skips any other value.
struct ObjectNameSeed<'s>(&'s mut StringCache);

visits_any!(ObjectNameSeed<'_>);

impl<'de> Visitor<'de> for ObjectNameSeed<'_> {
    type Value = Option<Text>;

    expecting!("a value");

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
