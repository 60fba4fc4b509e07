//! Keys that no server knows: what stands below them counts for nothing, though it was meant to.

use rolecall_rbac::edit_distance_within;

/// The fields of a pod spec that decide access.
const OF_POD_SPECS: [&str; 3] =
    ["serviceAccountName", "serviceAccount", "automountServiceAccountToken"];

/// Returns whether a key is another spelling of a field of pod specs that decides access. Others may be
/// fields that newer servers know.
pub(super) fn is_nearly_of_pod_specs(key: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    // Most keys are nothing like that.
    let length = key.len();
    (12..=32).contains(&length)
        && OF_POD_SPECS.iter().any(|known| {
            let known = plain(known);
            edit_distance_within(&plain(key), &known, 2).is_some()
        })
}
