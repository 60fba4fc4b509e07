//! Splits the body of a list into its items and the envelope around them while it arrives.

use memchr::memchr2;

/// Finds the elements of a JSON object's `items` in chunks of any size.
///
/// Each item is passed on once it is complete, so at most one item is buffered. The rest of the
/// list is kept as the envelope: `{"kind":"PodList","metadata":{..},"items":[]}`. The splitter does
/// not validate the JSON; the parsers of the items and the envelope do.
#[derive(Debug, Default)]
pub struct Splitter {
    depth: u32,
    string: InString,
    /// The last string at the top level, which is a key until its value begins.
    key: Vec<u8>,
    /// Whether the top-level `items` array is open.
    in_items: bool,
    /// The beginning of an item that is still incomplete.
    item: Vec<u8>,
    envelope: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum InString {
    #[default]
    No,
    Yes,
    /// After a backslash.
    Escaped,
}

/// The depth inside the outermost object.
const OBJECT: u32 = 1;
/// The depth inside its `items`.
const ITEMS: u32 = 2;

/// The error for a body that is not a list of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAList;

impl Splitter {
    /// Processes the next chunk and passes on the items that it completes.
    pub fn push(&mut self, chunk: &[u8], on_item: &mut impl FnMut(&[u8])) -> Result<(), NotAList> {
        let mut position = 0;
        // The start of the current item or of the current piece of the envelope.
        let mut start = 0;
        while let Some(&byte) = chunk.get(position) {
            match self.string {
                InString::No => {}
                InString::Escaped => {
                    self.string = InString::Yes;
                    position += 1;
                    continue;
                }
                InString::Yes => {
                    let rest = chunk.get(position..).unwrap_or_default();
                    let length = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                    if self.depth == OBJECT {
                        self.key.extend_from_slice(rest.get(..length).unwrap_or_default());
                    }
                    position += length + 1;
                    match rest.get(length) {
                        Some(b'"') => self.string = InString::No,
                        Some(_) => self.string = InString::Escaped,
                        None => break,
                    }
                    continue;
                }
            }
            match byte {
                b'"' => {
                    if self.at_items() {
                        return Err(NotAList);
                    }
                    self.string = InString::Yes;
                    if self.depth == OBJECT {
                        self.key.clear();
                    }
                }
                b'{' | b'[' => {
                    if self.at_items() {
                        if byte == b'[' {
                            return Err(NotAList);
                        }
                        start = position;
                    } else if self.depth == OBJECT && byte == b'[' && self.key == b"items" {
                        self.in_items = true;
                        self.keep(chunk, start, position + 1);
                    }
                    self.depth += 1;
                }
                b'}' | b']' => {
                    if self.at_items() {
                        if byte == b'}' {
                            return Err(NotAList);
                        }
                        self.in_items = false;
                        self.key.clear();
                        start = position;
                    }
                    self.depth = self.depth.checked_sub(1).ok_or(NotAList)?;
                    if self.at_items() {
                        self.complete(chunk, start, position + 1, on_item);
                    }
                }
                b',' | b' ' | b'\n' | b'\r' | b'\t' => {}
                // A number, `null` or another scalar in place of an object.
                _ if self.at_items() => return Err(NotAList),
                _ => {}
            }
            position += 1;
        }
        if !self.in_items {
            self.keep(chunk, start, chunk.len());
        } else if self.depth > ITEMS {
            self.item.extend_from_slice(chunk.get(start..).unwrap_or_default());
        }
        Ok(())
    }

    /// Returns the envelope if the JSON is complete.
    pub fn finish(self) -> Result<Vec<u8>, NotAList> {
        let complete = self.depth == 0 && self.string == InString::No && !self.envelope.is_empty();
        if complete { Ok(self.envelope) } else { Err(NotAList) }
    }

    /// Returns the number of buffered bytes: the incomplete item and the envelope.
    pub fn held(&self) -> usize {
        self.item.len() + self.envelope.len() + self.key.len()
    }

    /// Returns whether the position is between two items.
    fn at_items(&self) -> bool {
        self.in_items && self.depth == ITEMS
    }

    fn keep(&mut self, chunk: &[u8], start: usize, end: usize) {
        self.envelope.extend_from_slice(chunk.get(start..end).unwrap_or_default());
    }

    fn complete(
        &mut self,
        chunk: &[u8],
        start: usize,
        end: usize,
        on_item: &mut impl FnMut(&[u8]),
    ) {
        let tail = chunk.get(start..end).unwrap_or_default();
        if self.item.is_empty() {
            on_item(tail);
        } else {
            self.item.extend_from_slice(tail);
            on_item(&self.item);
            self.item.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits a text in chunks of a given size; returns the items, then the envelope.
    fn split(text: &str, chunk_size: usize) -> Result<Vec<String>, NotAList> {
        let mut splitter = Splitter::default();
        let mut found = Vec::new();
        for chunk in text.as_bytes().chunks(chunk_size) {
            splitter.push(chunk, &mut |item| {
                found.push(String::from_utf8_lossy(item).into_owned());
            })?;
        }
        found.push(String::from_utf8_lossy(&splitter.finish()?).into_owned());
        Ok(found)
    }

    #[test]
    fn items_do_not_depend_on_chunk_sizes() {
        let cases: [(&str, &[&str]); 8] = [
            (
                r#"{"kind":"PodList","metadata":{"continue":"x"},"items":[{"a":1},{"b":[{}]}]}"#,
                &[
                    r#"{"a":1}"#,
                    r#"{"b":[{}]}"#,
                    r#"{"kind":"PodList","metadata":{"continue":"x"},"items":[]}"#,
                ],
            ),
            // Servers other than kube-apiserver can send the items first.
            (
                r#"{"items": [ {"a":"]}"} ] , "kind":"L"}"#,
                &[r#"{"a":"]}"}"#, r#"{"items": [] , "kind":"L"}"#],
            ),
            (r#"{"items":[{"a":"\"}\\"},{}]}"#, &[r#"{"a":"\"}\\"}"#, "{}", r#"{"items":[]}"#]),
            (r#"{"items":[]}"#, &[r#"{"items":[]}"#]),
            (r#"{"items":null,"kind":"L"}"#, &[r#"{"items":null,"kind":"L"}"#]),
            // Only a top-level key `items` counts.
            (
                r#"{"metadata":{"items":[{}]},"a":"items","b":[{"x":1}]}"#,
                &[r#"{"metadata":{"items":[{}]},"a":"items","b":[{"x":1}]}"#],
            ),
            (r#"{"items":{"items":[{}]}}"#, &[r#"{"items":{"items":[{}]}}"#]),
            ("{\"items\":[\n{\"ä\":\"ö\"}\n]}\n", &["{\"ä\":\"ö\"}", "{\"items\":[]}\n"]),
        ];
        for (text, expected) in cases {
            for chunk_size in [1, 2, 3, 7, text.len()] {
                assert_eq!(split(text, chunk_size).unwrap(), expected, "{text} by {chunk_size}");
            }
        }
    }

    #[test]
    fn other_bodies_are_not_lists() {
        for text in [
            "",
            "{",
            r#"{"items":["#,
            r#"{"items":[{"a":1}"#,
            r#"{"items":["a"]}"#,
            r#"{"items":[1]}"#,
            r#"{"items":[null]}"#,
            r#"{"items":[[]]}"#,
            r#"{"items":[}]}"#,
            r#"{"items":[]"#,
            "}",
            r#"{"a":"b"#,
        ] {
            for chunk_size in [1, 4, text.len().max(1)] {
                assert_eq!(split(text, chunk_size), Err(NotAList), "{text} by {chunk_size}");
            }
        }
    }
}
