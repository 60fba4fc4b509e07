//! Paths and I/O errors as text.

use std::path::Path;

/// Formats a path with `/` as the separator and without a leading `./`.
pub(super) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if std::path::MAIN_SEPARATOR == '/' { text } else { text.replace('\\', "/").into() };
    match text.strip_prefix("./") {
        // `-` means stdin only on its own.
        None | Some("" | "-") => text.into_owned(),
        Some(rest) => rest.to_owned(),
    }
}

/// Formats an I/O error as a message.
pub(super) fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let (first, rest) = text.split_at_checked(1).unwrap_or((text, ""));
    format!("cannot be read: {}{rest}", first.to_lowercase())
}
