//! Building blocks that read strings, lists and objects into interned values.
//!
//! Null means the empty value, as in Go's decoder.

use std::borrow::Cow;
use std::fmt;

use rolecall_rbac::{Labels, Text, Texts};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::strings::StringCache;

/// Reads a string.
pub(super) struct TextSeed<'s>(pub(super) &'s mut StringCache);

impl<'de> DeserializeSeed<'de> for TextSeed<'_> {
    type Value = Text;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextSeed<'_> {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(self.0.text(text))
    }

    fn visit_unit<E: Error>(self) -> Result<Text, E> {
        Ok(self.0.text(""))
    }
}

/// Reads a string that is rarely repeated, such as a name, without caching it.
pub(super) struct OwnTextSeed;

impl<'de> DeserializeSeed<'de> for OwnTextSeed {
    type Value = Text;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
        Borrowed::deserialize(deserializer).map(|text| Text::from(&*text.0))
    }
}

/// Reads a string and keeps only the result of a test.
pub(super) struct TestSeed(pub(super) fn(&str) -> bool);

impl<'de> DeserializeSeed<'de> for TestSeed {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        Borrowed::deserialize(deserializer).map(|text| (self.0)(&text.0))
    }
}

/// Reads a list of strings.
pub(super) struct TextsSeed<'s>(pub(super) &'s mut StringCache);

impl<'de> DeserializeSeed<'de> for TextsSeed<'_> {
    type Value = Texts;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Texts, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TextsSeed<'_> {
    type Value = Texts;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of strings")
    }

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

/// A string that borrows from the input if it contains no escapes.
struct Borrowed<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Borrowed<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BorrowedVisitor;

        impl<'de> Visitor<'de> for BorrowedVisitor {
            type Value = Borrowed<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

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

impl<'de> DeserializeSeed<'de> for LabelsSeed<'_> {
    type Value = Labels;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Labels, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for LabelsSeed<'_> {
    type Value = Labels;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
        self.strings.pairs.clear();
        while let Some(key) =
            map.next_key_seed(KeptKeySeed { strings: self.strings, keep: self.keep })?
        {
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

struct KeptKeySeed<'s> {
    strings: &'s mut StringCache,
    keep: fn(&str) -> bool,
}

impl<'de> DeserializeSeed<'de> for KeptKeySeed<'_> {
    type Value = Option<Text>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeptKeySeed<'_> {
    type Value = Option<Text>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Option<Text>, E> {
        Ok((self.keep)(key).then(|| self.strings.text(key)))
    }
}

/// Reads a boolean or null.
pub(super) struct FlagSeed;

impl<'de> DeserializeSeed<'de> for FlagSeed {
    type Value = Option<bool>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<bool>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FlagSeed {
    type Value = Option<bool>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("true or false")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Option<bool>, E> {
        Ok(Some(flag))
    }

    fn visit_unit<E: Error>(self) -> Result<Option<bool>, E> {
        Ok(None)
    }
}

/// A value that is read from an object field by field. Without any field it is the value of null.
pub(super) trait Fields<'de>: Sized {
    /// The description of the object in messages, such as `a rule`.
    const EXPECTED: &'static str;
    /// The fields that are read.
    type Field: Copy;
    /// The resulting value.
    type Output;

    /// Returns the field with a name.
    fn field(name: &str) -> Option<Self::Field>;

    /// Reads the value of a field.
    fn read<A: MapAccess<'de>>(&mut self, field: Self::Field, map: &mut A) -> Result<(), A::Error>;

    /// Returns whether an unknown key is worth recording, because servers do not know it either.
    fn is_stray(_key: &str) -> bool {
        false
    }

    /// Records an unknown key.
    fn note_stray(&mut self, _key: &str) {}

    /// Returns the result.
    fn finish(self) -> Self::Output;
}

/// Reads an object with [`Fields`].
pub(super) struct ObjectSeed<T>(pub(super) T);

impl<'de, T: Fields<'de>> DeserializeSeed<'de> for ObjectSeed<T> {
    type Value = T::Output;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Output, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Fields<'de>> Visitor<'de> for ObjectSeed<T> {
    type Value = T::Output;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(T::EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<T::Output, A::Error> {
        let mut stray = None;
        while let Some(field) = {
            let seed = KeySeed { field: T::field, is_stray: T::is_stray, stray: &mut stray };
            map.next_key_seed(seed)?
        } {
            match field {
                Some(field) => self.0.read(field, &mut map)?,
                None => {
                    if let Some(key) = stray.take() {
                        self.0.note_stray(&key);
                    }
                    skip(&mut map)?;
                }
            }
        }
        Ok(self.0.finish())
    }

    fn visit_unit<E: Error>(self) -> Result<T::Output, E> {
        Ok(self.0.finish())
    }
}

/// Reads a key as a field, and keeps unknown keys that are worth recording.
struct KeySeed<'n, T> {
    field: fn(&str) -> Option<T>,
    is_stray: fn(&str) -> bool,
    stray: &'n mut Option<String>,
}

impl<'de, T> DeserializeSeed<'de> for KeySeed<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, T> Visitor<'de> for KeySeed<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Option<T>, E> {
        let field = (self.field)(key);
        if field.is_none() && (self.is_stray)(key) {
            *self.stray = Some(key.to_owned());
        }
        Ok(field)
    }
}

/// A value that is read from a list item by item.
pub(super) trait Items<'de>: Sized {
    /// The description of the list in messages, such as `a list of rules`.
    const EXPECTED: &'static str;
    /// The resulting value.
    type Output;

    /// Reads the next item; false at the end.
    fn read<A: SeqAccess<'de>>(&mut self, items: &mut A) -> Result<bool, A::Error>;

    /// Returns the result.
    fn finish(self) -> Self::Output;
}

/// Reads a list with [`Items`].
pub(super) struct ListSeed<T>(pub(super) T);

impl<'de, T: Items<'de>> DeserializeSeed<'de> for ListSeed<T> {
    type Value = T::Output;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Output, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Items<'de>> Visitor<'de> for ListSeed<T> {
    type Value = T::Output;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(T::EXPECTED)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<T::Output, A::Error> {
        while self.0.read(&mut items)? {}
        Ok(self.0.finish())
    }

    fn visit_unit<E: Error>(self) -> Result<T::Output, E> {
        Ok(self.0.finish())
    }
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

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value or null")
    }

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
        while let Some(wanted) = map.next_key_seed(NameSeed(self.name))? {
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

/// Reads a key and returns whether it has this name.
pub(super) struct NameSeed(pub(super) &'static str);

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}
