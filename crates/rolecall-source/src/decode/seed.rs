//! Building blocks that read strings, labels and single fields into interned values.
//!
//! Null means the empty value, as in Go's decoder.

use std::borrow::Cow;
use std::fmt;

use rolecall_rbac::{Labels, Text, Texts};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::strings::StringCache;

/// Reads values of any type with the methods of the visitor.
macro_rules! visits_any {
    ($($seed:ty),+) => {
        $(impl<'de> DeserializeSeed<'de> for $seed {
            type Value = <Self as Visitor<'de>>::Value;

            fn deserialize<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Self::Value, D::Error> {
                deserializer.deserialize_any(self)
            }
        })+
    };
}

pub(super) use visits_any;

/// Defines the expected value of a visitor, for messages.
macro_rules! expecting {
    ($expected:expr) => {
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str($expected)
        }
    };
}
pub(super) use expecting;

visits_any!(TextSeed<'_>, TextsSeed<'_>, LabelsSeed<'_>, FlagSeed);

/// Reads a string.
pub(super) struct TextSeed<'s>(pub(super) &'s mut StringCache);

impl<'de> Visitor<'de> for TextSeed<'_> {
    type Value = Text;

    expecting!("a string");

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(self.0.text(text))
    }

    fn visit_unit<E: Error>(self) -> Result<Text, E> {
        Ok(self.0.text(""))
    }
}

/// Reads a list of strings.
pub(super) struct TextsSeed<'s>(pub(super) &'s mut StringCache);

impl<'de> Visitor<'de> for TextsSeed<'_> {
    type Value = Texts;

    expecting!("a list of strings");

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Texts, A::Error> {
        let mut few = [""; FEW];
        let mut many = Vec::new();
        let mut length = 0;
        while let Some(text) = items.next_element::<Borrowed<'de>>()? {
            match (few.get_mut(length), text.0) {
                (Some(place), Cow::Borrowed(text)) if many.is_empty() => {
                    *place = text;
                    length += 1;
                }
                (_, text) => many.push(text),
            }
        }
        let few = few.get(..length).unwrap_or_default();
        if many.is_empty() {
            return Ok(self.0.list(few));
        }
        let all: Vec<&str> = few.iter().copied().chain(many.iter().map(|text| &**text)).collect();
        Ok(self.0.list(&all))
    }

    fn visit_unit<E: Error>(self) -> Result<Texts, E> {
        Ok(self.0.none())
    }
}

/// The number of strings in a list that are collected without allocating.
const FEW: usize = 16;

/// A string that borrows from the input if it contains no escapes. It is not cached, which suits
/// strings that are rarely repeated or only tested.
pub(super) struct Borrowed<'de>(pub(super) Cow<'de, str>);

impl<'de> Deserialize<'de> for Borrowed<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BorrowedVisitor;

        impl<'de> Visitor<'de> for BorrowedVisitor {
            type Value = Borrowed<'de>;

            expecting!("a string");

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Borrowed<'de>, E> {
                Ok(Borrowed(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Borrowed<'de>, E> {
                Ok(Borrowed(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E: Error>(self) -> Result<Borrowed<'de>, E> {
                Ok(Borrowed(Cow::Borrowed("")))
            }
        }

        deserializer.deserialize_any(BorrowedVisitor)
    }
}

/// Reads labels or annotations and keeps those whose key passes `keep`.
pub(super) struct LabelsSeed<'s> {
    pub(super) strings: &'s mut StringCache,
    pub(super) keep: fn(&str) -> bool,
}

impl<'de> Visitor<'de> for LabelsSeed<'_> {
    type Value = Labels;

    expecting!("an object of strings");

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
        self.strings.pairs.clear();
        loop {
            let seed = KeySeed(|key: &str| (self.keep)(key).then(|| self.strings.text(key)));
            let Some(key) = map.next_key_seed(seed)? else { break };
            match key {
                Some(key) => {
                    let value = map.next_value_seed(TextSeed(self.strings))?;
                    self.strings.pairs.push((key, value));
                }
                None => skip(&mut map)?,
            }
        }
        // The sort is stable, so the last of equal keys wins.
        let pairs = &mut self.strings.pairs;
        pairs.sort_by(|one, other| one.0.cmp(&other.0));
        pairs.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 = later.1.clone();
            }
            same
        });
        Ok(pairs.drain(..).collect())
    }

    fn visit_unit<E: Error>(self) -> Result<Labels, E> {
        Ok(Labels::default())
    }
}

/// Reads a boolean or null.
pub(super) struct FlagSeed;

impl<'de> Visitor<'de> for FlagSeed {
    type Value = Option<bool>;

    expecting!("true or false");

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Option<bool>, E> {
        Ok(Some(flag))
    }

    fn visit_unit<E: Error>(self) -> Result<Option<bool>, E> {
        Ok(None)
    }
}

/// Reads the value of a field as a string.
pub(super) fn text<'de, A: MapAccess<'de>>(
    map: &mut A,
    strings: &mut StringCache,
) -> Result<Text, A::Error> {
    map.next_value_seed(TextSeed(strings))
}

/// Reads the value of a field as a list of strings.
pub(super) fn texts<'de, A: MapAccess<'de>>(
    map: &mut A,
    strings: &mut StringCache,
) -> Result<Texts, A::Error> {
    map.next_value_seed(TextsSeed(strings))
}

/// Skips a value.
pub(super) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<serde::de::IgnoredAny>().map(|_| ())
}

/// Reads a value or null.
pub(super) struct OptionSeed<S>(pub(super) S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for OptionSeed<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for OptionSeed<S> {
    type Value = Option<S::Value>;

    expecting!("a value or null");

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads one field of an object, if present.
pub(super) struct OnlySeed<S> {
    pub(super) expected: &'static str,
    pub(super) name: &'static str,
    pub(super) seed: S,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for OnlySeed<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for OnlySeed<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.expected)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut seed, mut value) = (Some(self.seed), None);
        while let Some(wanted) = map.next_key_seed(KeySeed(|key: &str| key == self.name))? {
            match seed.take_if(|_| wanted) {
                Some(seed) => value = Some(map.next_value_seed(seed)?),
                None => skip(&mut map)?,
            }
        }
        Ok(value)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads a key and returns the result of a function.
pub(super) struct KeySeed<F>(pub(super) F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for KeySeed<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, T, F: FnOnce(&str) -> T> Visitor<'de> for KeySeed<F> {
    type Value = T;

    expecting!("a key");

    fn visit_str<E: Error>(self, key: &str) -> Result<T, E> {
        Ok((self.0)(key))
    }
}
