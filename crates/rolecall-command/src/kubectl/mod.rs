//! The requests of kubectl.

mod create;
mod describe;
mod documents;
mod flags;
mod impersonation;
mod kept;
mod nodes;
mod pods;
mod subcommands;
mod target;

use rolecall_rbac::Catalog;

pub(super) use self::documents::named_kind;
use self::flags::Flags;
pub(super) use self::impersonation::needs_of_user;
pub(super) use self::kept::{kept, kept_document};
use super::{Input, Word};
use crate::need::Need;
use rolecall_rbac::KubernetesVersion;

/// Returns the needs of a command line; none if it uses another server or other credentials than those of
/// the Pod's ServiceAccount, or is not understood.
pub(super) fn needs(
    words: &[Word],
    input: &Input,
    catalog: &Catalog,
    version: KubernetesVersion,
) -> Vec<Need> {
    let Some(flags) = Flags::parse(words).filter(|flags| !flags.is_elsewhere()) else {
        return Vec::new();
    };
    let needs = subcommands::needs(&flags, input, catalog, version);
    match flags.impersonates() {
        true => impersonation::needs(&flags, &needs.unwrap_or_default(), version),
        false => needs.unwrap_or_default(),
    }
}

/// Returns whether oc behaves differently from kubectl.
pub(super) fn is_changed_by_oc(words: &[Word]) -> bool {
    let mut known = words.iter().filter_map(Word::known);
    known.any(|word| matches!(word, "debug" | "expose"))
}

/// Returns the address on which `kubectl proxy` listens.
pub(super) fn proxy_address(words: &[Word]) -> Option<Word> {
    // Its flags differ from those of other commands.
    let operand = |word: &&Word| !word.start().starts_with('-');
    if words.iter().find(operand)?.known() != Some("proxy") {
        return None;
    }
    let mut address = Word::text("127.0.0.1");
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if let Some(value) = word.strip_prefix("--address=") {
            address = value;
        } else if word.known() == Some("--address") {
            address = rest.next().cloned().unwrap_or(address);
        }
    }
    Some(address)
}
