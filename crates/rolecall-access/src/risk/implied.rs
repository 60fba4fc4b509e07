//! Risks that broader risks imply.

use std::collections::BTreeSet;

/// Risks that imply others; an empty list means all others.
pub(super) const BROADER: &[(&str, &[&str])] = &[
    ("RC501", &[]),
    ("RC503", &[]),
    // Lists include the contents, and creating Pods makes changes to existing Pods redundant.
    ("RC511", &["RC510"]),
    ("RC515", &["RC517"]),
    ("RC536", &["RC559"]),
    (
        "RC502",
        &[
            "RC510", "RC511", "RC512", "RC515", "RC516", "RC517", "RC518", "RC519", "RC520",
            "RC521", "RC522", "RC523", "RC527", "RC530", "RC531", "RC542", "RC545", "RC549",
            "RC565", "RC567", "RC570",
        ],
    ),
];

/// Returns whether a risk implies another one.
pub(super) fn is_implied(code: &str, by: &str) -> bool {
    BROADER
        .iter()
        .any(|(broad, narrow)| *broad == by && (narrow.is_empty() || narrow.contains(&code)))
}

/// Returns the codes that broader ones among them imply.
pub(super) fn implied_by_broader(codes: &BTreeSet<&'static str>) -> BTreeSet<&'static str> {
    let mut implied = BTreeSet::new();
    for (broad, narrow) in BROADER {
        // A risk that is already implied implies nothing further.
        if codes.contains(broad) && !implied.contains(broad) {
            let narrower = |code: &&&str| match narrow {
                [] => **code != *broad,
                narrow => narrow.contains(*code),
            };
            implied.extend(codes.iter().filter(narrower).copied());
        }
    }
    implied
}
