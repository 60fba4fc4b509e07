//! Unknown keys: servers ignore the values, although the author meant them to have an effect.

use rolecall_rbac::edit_distance_within;

/// The fields of a pod spec that affect access, in lower case.
const OF_POD_SPECS: [&str; 3] =
    ["serviceaccountname", "serviceaccount", "automountserviceaccounttoken"];

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
    // Fast path for most keys.
    if !(12..=32).contains(&key.len()) {
        return false;
    }
    let letters = key.bytes().filter(u8::is_ascii_alphanumeric);
    let plain: String = letters.map(|letter| char::from(letter.to_ascii_lowercase())).collect();
    OF_POD_SPECS.iter().any(|known| {
        plain.len().abs_diff(known.len()) <= 2 && edit_distance_within(&plain, known, 2).is_some()
    })
}
