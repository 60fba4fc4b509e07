//! What a word for a kind of objects means.

use rolecall_rbac::{Catalog, Workload};

/// Returns whether a word means a workload's kind: as the kind, a plural, a short name, any of them
/// with the API group behind a dot.
pub(crate) fn is_kind(catalog: &Catalog, workload: &Workload, word: &str) -> bool {
    let (word, group) = match word.split_once('.') {
        Some((word, group)) => (word, Some(group)),
        None => (word, None),
    };
    if group.is_some_and(|group| *group != *workload.api_group) {
        return false;
    }
    let word = word.to_lowercase();
    let kind = workload.kind.to_lowercase();
    word == kind
        || word.strip_suffix('s') == Some(&kind)
        || catalog
            .named(&word)
            .any(|served| served.kind == workload.kind && *served.group == *workload.api_group)
}
