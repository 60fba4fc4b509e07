//! The arguments of kubectl that determine its requests.

use rolecall_rbac::Catalog;

use super::flags::{Decides, Flags, decides, takes_value};
use super::{documents, proxy_address, subcommands};
use crate::need::{NeedName, NeedNamespace};
use crate::placeholder::{OWN_NAMESPACE, REDACTED, UNKNOWN};
use crate::{Input, Word, http};

/// Returns the words that determine the requests of a command line; none if it is not understood.
pub(crate) fn kept(words: &[Word]) -> Vec<Word> {
    if let Some(address) = proxy_address(words) {
        return vec![Word::text("proxy"), assigned("address", &address)];
    }
    let Some(flags) = Flags::parse(words) else { return Vec::new() };
    let Some((subcommand, operands)) = flags.operands.split_first() else { return Vec::new() };
    let Some(name) = subcommand.known().filter(|name| subcommands::is_understood(name)) else {
        return Vec::new();
    };
    let count = match name {
        // The arguments after the name run in the container.
        "run" | "exec" | "attach" => 1,
        "create" => 3,
        _ => operands.len(),
    };
    let mut kept = vec![subcommand.clone()];
    kept.extend(operands.iter().take(count).map(without_value));
    for (flag, values) in flags.given() {
        for value in values {
            if decides(flag) == Some(Decides::ByValue) {
                kept.push(assigned(flag, &decisive(flag, value)));
            } else if decides(flag) == Some(Decides::ByPresence) {
                let value = match takes_value(flag) {
                    true => Word::text(REDACTED),
                    false => value.clone(),
                };
                kept.push(assigned(flag, &value));
            }
        }
    }
    kept
}

/// Writes the objects that a command line reads, with the fields that affect access, as documents.
pub(crate) fn kept_document(input: &Input, catalog: &Catalog) -> Option<String> {
    let mut text = String::new();
    for object in documents::objects(input, catalog)? {
        let Some(served) = catalog.get(&object.group, &object.resource) else { continue };
        let version =
            if object.group.is_empty() { "v1".to_owned() } else { format!("{}/v1", object.group) };
        let name = match &object.name {
            NeedName::Known(name) if is_plain(name) => name,
            NeedName::Known(_) | NeedName::Collection | NeedName::Unknown => UNKNOWN,
        };
        text.push_str(&format!("apiVersion: {version}\nkind: {}\nmetadata:\n", served.kind));
        text.push_str(&format!("  name: {name}\n"));
        let namespace = match &object.namespace {
            None => None,
            Some(NeedNamespace::Known(namespace)) if is_plain(namespace) => Some(&**namespace),
            Some(NeedNamespace::Own) => Some(OWN_NAMESPACE),
            Some(_) => Some(UNKNOWN),
        };
        if let Some(namespace) = namespace {
            text.push_str(&format!("  namespace: {namespace}\n"));
        }
        text.push_str("---\n");
    }
    Some(text)
}

/// Returns whether a name has the same meaning in a here-document.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

/// Masks the value of `KEY=VALUE` arguments, such as those of `set env` and `annotate`.
fn without_value(operand: &Word) -> Word {
    match operand.split_once('=') {
        Some((mut key, _)) => {
            key.push_text(&format!("={REDACTED}"));
            key
        }
        None => operand.clone(),
    }
}

/// Removes the parts of a value that do not affect requests.
fn decisive(flag: &str, value: &Word) -> Word {
    match flag {
        "filename" if value.known() != Some("-") => Word::text(REDACTED),
        "for" if value.known() != Some("create") => Word::text(REDACTED),
        "raw" => http::without_query(value),
        _ => value.clone(),
    }
}

fn assigned(flag: &str, value: &Word) -> Word {
    let mut word = Word::text(&format!("--{flag}="));
    value.parts.iter().cloned().for_each(|part| word.push(part));
    word
}
