//! Reads objects and lists of objects, described by tables of their fields.
//!
//! Null means the empty value, as in Go's decoder.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::seed::{KeySeed, expecting, skip};
use super::strings::StringCache;

/// A value that is read from an object field by field; [`fields`] implements it.
pub(super) trait Fields<'de>: Sized {
    /// The description of the object in messages, such as `a rule`.
    const EXPECTED: &'static str;
    /// The description of a list of these objects.
    const LIST: &'static str;
    /// The fields that are read.
    type Field: Copy;

    /// Returns the field with a name.
    fn field(name: &str) -> Option<Self::Field>;

    /// Reads the value of a field.
    fn read<A: MapAccess<'de>>(
        &mut self,
        field: Self::Field,
        map: &mut A,
        strings: &mut StringCache,
    ) -> Result<(), A::Error>;

    /// Returns whether an unknown key is worth recording, because servers do not know it either.
    fn is_stray(_key: &str) -> bool {
        false
    }

    /// Records an unknown key.
    fn note_stray(&mut self, key: &str, strings: &mut StringCache) {
        strings.stray.push(key.to_owned());
    }
}

/// A value that exists without any field: the value of null.
pub(super) trait Empty {
    /// Returns the value.
    fn empty(strings: &StringCache) -> Self;
}

/// Implements [`Fields`]: what messages call the object and a list of them, and for each field its
/// name and the expression that reads it, with the names for the value, the object and the cache.
macro_rules! fields {
    (
        $type:ty: $expected:literal $(in $list:literal)?, |$value:ident, $map:ident, $strings:ident| {
            $($field:ident = $name:pat => $read:expr;)+
        }
        $($stray:item)*
    ) => {
        const _: () = {
            #[derive(Clone, Copy)]
            pub(super) enum Field {
                $($field,)+
            }

            impl<'de> Fields<'de> for $type {
                const EXPECTED: &'static str = $expected;
                const LIST: &'static str = concat!("a list", $(" of ", $list)?);
                type Field = Field;

                fn field(name: &str) -> Option<Field> {
                    match name {
                        $($name => Some(Field::$field),)+
                        _ => None,
                    }
                }

                fn read<A: serde::de::MapAccess<'de>>(
                    &mut self,
                    field: Field,
                    $map: &mut A,
                    $strings: &mut StringCache,
                ) -> Result<(), A::Error> {
                    let $value = self;
                    match field {
                        $(Field::$field => $read,)+
                    }
                    Ok(())
                }

                $($stray)*
            }
        };
    };
}
pub(super) use fields;

/// Reads an object with [`Fields`].
pub(super) struct ObjectSeed<'s, T> {
    /// The value so far.
    pub(super) value: T,
    pub(super) strings: &'s mut StringCache,
}

impl<'s, T: Empty> ObjectSeed<'s, T> {
    /// Starts with the empty value.
    pub(super) fn new(strings: &'s mut StringCache) -> Self {
        Self { value: T::empty(strings), strings }
    }
}

impl<'de, T: Fields<'de>> DeserializeSeed<'de> for ObjectSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Fields<'de>> Visitor<'de> for ObjectSeed<'_, T> {
    type Value = T;

    expecting!(T::EXPECTED);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let Self { mut value, strings } = self;
        let mut stray = None;
        while let Some(field) = map.next_key_seed(KeySeed(|key: &str| {
            let field = T::field(key);
            if field.is_none() && T::is_stray(key) {
                stray = Some(key.to_owned());
            }
            field
        }))? {
            match field {
                Some(field) => value.read(field, &mut map, strings)?,
                None => {
                    if let Some(key) = stray.take() {
                        value.note_stray(&key, strings);
                    }
                    skip(&mut map)?;
                }
            }
        }
        Ok(value)
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(self.value)
    }
}

/// Reads a list of objects with [`Fields`].
pub(super) struct ListSeed<'s, T>(&'s mut StringCache, PhantomData<T>);

impl<'s, T> ListSeed<'s, T> {
    /// Starts with the empty list.
    pub(super) fn new(strings: &'s mut StringCache) -> Self {
        Self(strings, PhantomData)
    }
}

impl<'de, T: Fields<'de> + Empty> DeserializeSeed<'de> for ListSeed<'_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Fields<'de> + Empty> Visitor<'de> for ListSeed<'_, T> {
    type Value = Vec<T>;

    expecting!(T::LIST);

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let (strings, mut list) = (self.0, Vec::new());
        loop {
            let before = strings.stray.len();
            let Some(item) = items.next_element_seed(ObjectSeed::new(strings))? else {
                return Ok(list);
            };
            if strings.stray.len() > before {
                strings.stray_below(before, &format!("[{}]", list.len()));
            }
            list.push(item);
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }
}

/// Reads the value of a field as a list of objects.
pub(super) fn list<'de, A: MapAccess<'de>, T: Fields<'de> + Empty>(
    map: &mut A,
    strings: &mut StringCache,
) -> Result<Vec<T>, A::Error> {
    map.next_value_seed(ListSeed::new(strings))
}
