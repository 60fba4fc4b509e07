//! Words for messages.

use rolecall_rbac::{Text, sentence_list};

/// Writes texts as a list: `` `a`, `b` and `c` ``.
pub(crate) fn listed<T: AsRef<str>>(texts: &[T]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text.as_ref())).collect();
    sentence_list(&quoted)
}

/// Writes a text in backticks; the empty one as `""`.
pub(crate) fn quote(text: &str) -> String {
    if text.is_empty() { "`\"\"`".to_owned() } else { format!("`{text}`") }
}

/// Formats API groups for messages: `` the core API group `""` ``, `` API group `apps` ``.
pub(crate) fn group_names<T: AsRef<str>>(groups: &[T]) -> String {
    match groups {
        [only] if only.as_ref().is_empty() => "the core API group `\"\"`".to_owned(),
        [only] => format!("API group `{}`", only.as_ref()),
        several => format!("the API groups {}", listed(several)),
    }
}

/// Returns the texts of a field for a fingerprint.
pub(crate) fn joined(texts: &[Text]) -> String {
    texts.iter().map(|text| &**text).collect::<Vec<_>>().join(",")
}
