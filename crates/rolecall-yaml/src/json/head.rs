//! The fields of a list before and after its items.

/// The form of an object, judging by its beginning.
#[derive(Debug, PartialEq)]
pub(super) enum Head {
    /// A list whose items start after the bracket at an offset.
    List(ListHead),
    /// Any other value.
    Object,
    /// Unknown: more bytes are needed.
    Short,
}

/// The fields of a list before its items.
#[derive(Debug, Default, PartialEq)]
pub struct ListHead {
    /// The offset of the bracket before the items.
    pub(super) bracket: usize,
    /// The list's `apiVersion`.
    pub api_version: Option<String>,
    /// The list's `kind`.
    pub kind: Option<String>,
    /// The JSON of `metadata`.
    pub metadata: Option<Vec<u8>>,
}

/// Returns whether the text starts like a list.
pub(super) fn starts_list(text: &[u8]) -> bool {
    matches!(head(text), Head::List(_))
}

/// Reads the fields of an object up to its items.
pub(super) fn head(text: &[u8]) -> Head {
    let mut list = ListHead::default();
    let Some(mut rest) = text.strip_prefix(b"{") else { return Head::Object };
    loop {
        rest = rest.trim_ascii_start();
        let (key, value) = match field(rest) {
            Field::Found(key, value) => (key, value),
            Field::Short => return Head::Short,
            Field::None => return Head::Object,
        };
        let length = match value.first() {
            None => return Head::Short,
            Some(b'[') if key == b"items" => {
                list.bracket = text.len() - value.len();
                return Head::List(list);
            }
            Some(b'"' | b'{') => match length(value) {
                Length::Found(length) => length,
                Length::Short => return Head::Short,
                Length::Broken => return Head::Object,
            },
            Some(_) => return Head::Object,
        };
        let (this, after) = value.split_at(length);
        match key {
            b"apiVersion" => list.api_version = serde_json::from_slice(this).ok(),
            b"kind" => {
                list.kind = serde_json::from_slice(this).ok();
                if !list.kind.as_ref().is_some_and(|kind| kind.ends_with("List")) {
                    return Head::Object;
                }
            }
            b"metadata" => list.metadata = Some(this.to_vec()),
            _ => return Head::Object,
        }
        rest = match after.trim_ascii_start() {
            [] => return Head::Short,
            [b',', rest @ ..] => rest,
            _ => return Head::Object,
        };
    }
}

/// A key and its value at the start of a text.
pub(super) enum Field<'t> {
    /// The key without quotes, and the text from the value on.
    Found(&'t [u8], &'t [u8]),
    Short,
    None,
}

/// Reads a key and its colon.
pub(super) fn field(text: &[u8]) -> Field<'_> {
    if text.is_empty() {
        return Field::Short;
    }
    match length(text) {
        Length::Found(length) if text.starts_with(b"\"") => {
            let (key, after) = text.split_at(length);
            let key = key.get(1..length - 1).unwrap_or_default();
            match after.trim_ascii_start() {
                [] => Field::Short,
                [b':', value @ ..] => Field::Found(key, value.trim_ascii_start()),
                _ => Field::None,
            }
        }
        Length::Short => Field::Short,
        _ => Field::None,
    }
}

/// The length of the value at the start of a text.
pub(super) enum Length {
    Found(usize),
    Short,
    Broken,
}

/// Returns the length of the value at the start of `text`.
pub(super) fn length(text: &[u8]) -> Length {
    if !matches!(text.first(), Some(b'"' | b'{' | b'[')) {
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        return match text.iter().position(|byte| !word(byte)) {
            Some(0) => Length::Broken,
            Some(length) => Length::Found(length),
            None => Length::Short,
        };
    }
    let mut values =
        serde_json::Deserializer::from_slice(text).into_iter::<serde::de::IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => Length::Found(values.byte_offset()),
        Some(Err(error)) if !is_cut_short(&error, text) => Length::Broken,
        _ => Length::Short,
    }
}

/// Returns whether an error can be caused by the end of the text. serde_json has a separate error
/// for a number without digits.
pub(super) fn is_cut_short(error: &serde_json::Error, text: &[u8]) -> bool {
    error.is_eof() || matches!(text.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E'))
}
