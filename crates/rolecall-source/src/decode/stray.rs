//! Unknown keys: servers ignore the values, although the author meant them to have an effect.

use rolecall_rbac::edit_distance_within;

/// The fields of a pod spec that affect access.
const OF_POD_SPECS: [&str; 3] =
    ["serviceAccountName", "serviceAccount", "automountServiceAccountToken"];

/// Returns whether a key is a misspelling of the field `known`, rather than another field: one letter
/// is wrong, or two of a long name.
pub(super) fn is_nearly(key: &str, known: &str) -> bool {
    let tolerated = if known.len() < 6 { 1 } else { 2 };
    key.len().abs_diff(known.len()) <= tolerated
        && edit_distance_within(&key.to_ascii_lowercase(), &known.to_ascii_lowercase(), tolerated)
            .is_some()
}

/// Returns whether a key is a misspelling of a field that affects access. Other unknown keys can be
/// fields of newer servers.
pub(super) fn is_nearly_of_pod_specs(key: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    // Fast path for most keys.
    let length = key.len();
    (12..=32).contains(&length)
        && OF_POD_SPECS.iter().any(|known| {
            let known = plain(known);
            edit_distance_within(&plain(key), &known, 2).is_some()
        })
}
