//! JSON of any size, one record at a time.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The fields of documents that are lists of records.
const LISTS: [&str; 8] =
    ["items", "events", "logEvents", "records", "results", "entries", "logs", "value"];

/// Calls `sink` with each record of documents that follow one another: the elements of a list, those of a
/// field that is a list, or the document itself.
pub(super) fn for_each_record(
    text: impl Read,
    sink: &mut dyn FnMut(&str),
) -> Result<(), serde_json::Error> {
    let mut reader = BufReader::with_capacity(1 << 20, text);
    while has_more(&mut reader)? {
        let mut document = serde_json::Deserializer::from_reader(&mut reader);
        match document.deserialize_any(Document { sink }) {
            Ok(()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Skips white space, and returns whether a document follows.
fn has_more(reader: &mut impl BufRead) -> Result<bool, serde_json::Error> {
    loop {
        let buffer = reader.fill_buf().map_err(serde_json::Error::io)?;
        if buffer.is_empty() {
            return Ok(false);
        }
        let blank = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let is_end = blank < buffer.len();
        reader.consume(blank);
        if is_end {
            return Ok(true);
        }
    }
}

/// A whole document.
struct Document<'s> {
    sink: &'s mut dyn FnMut(&str),
}

/// A field that should be a list.
struct List<'s> {
    sink: &'s mut dyn FnMut(&str),
    is_list: &'s mut bool,
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(element) = sequence.next_element::<Box<RawValue>>()? {
            (self.sink)(element.get());
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut others = Vec::new();
        let mut has_list = false;
        while let Some(key) = map.next_key::<String>()? {
            if LISTS.contains(&&*key) {
                let mut is_list = false;
                map.next_value_seed(List { sink: &mut *self.sink, is_list: &mut is_list })?;
                has_list |= is_list;
            } else {
                others.push((key, map.next_value::<Box<RawValue>>()?));
            }
        }
        if !has_list {
            let object: serde_json::Map<String, serde_json::Value> = others
                .into_iter()
                .map(|(key, value)| (key, serde_json::from_str(value.get()).unwrap_or_default()))
                .collect();
            (self.sink)(&serde_json::Value::Object(object).to_string());
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        *self.is_list = true;
        while let Some(element) = sequence.next_element::<Box<RawValue>>()? {
            (self.sink)(element.get());
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
