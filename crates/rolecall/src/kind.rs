//! Words for kinds of objects.

use rolecall_rbac::{Catalog, Workload};

/// Returns whether a word means the kind of a workload: the kind, its plural or a short name, optionally with
/// the API group after a dot.
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
