//! Detects masked fields of a refusal.

/// Returns whether a field contains a placeholder for a secret, as written by people or CI systems.
pub(super) fn is_masked(text: &str) -> bool {
    const WORDS: [&str; 9] = [
        "redacted",
        "masked",
        "removed",
        "hidden",
        "anonymized",
        "omitted",
        "user",
        "username",
        "name",
    ];
    let lower = text.trim().to_ascii_lowercase();
    let inner =
        lower.trim_matches(['<', '>', '[', ']', '(', ')', '{', '}', '*', '_', '-', '.', ' ']);
    let is_bracketed = inner.len() + 2 <= lower.len();
    if lower.contains("***") || lower.contains("redacted") || lower.contains("•••") {
        return true;
    }
    let is_all = |mark: &str, least: usize| {
        lower.chars().count() >= least && lower.chars().all(|found| mark.contains(found))
    };
    is_all("*", 1) && lower.len() > 1
        || is_all("█▓▒░•·…", 1)
        || is_all("x", 3)
        || is_all("_", 2)
        || is_all(".", 2)
        || is_bracketed
            && lower.starts_with(['<', '[', '{'])
            && WORDS.iter().any(|word| inner.contains(word))
}

#[cfg(test)]
mod tests {
    use super::is_masked;

    #[test]
    fn placeholders_are_recognized() {
        for text in [
            "***",
            "system:serviceaccount:***:web",
            "<redacted>",
            "REDACTED",
            "xxxx",
            "[user]",
            "…",
            "<user-name>",
        ] {
            assert!(is_masked(text), "{text}");
        }
        for text in [
            "x",
            "*",
            "u",
            "ann",
            "system:serviceaccount:a:b",
            "name",
            "masked-app",
            "",
            "User",
            "a_b",
        ] {
            assert!(!is_masked(text), "{text}");
        }
    }
}
