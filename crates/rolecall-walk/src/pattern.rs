//! Names with wildcards.

use std::fmt;

/// A name in which `*` stands for any characters and `?` for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Takes a name as it was written.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns whether a text has wildcards.
    pub fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?'])
    }

    /// Returns whether a whole name matches.
    pub fn matches(&self, name: &str) -> bool {
        let pattern: Vec<char> = self.0.chars().collect();
        let name: Vec<char> = name.chars().collect();
        let (mut at_pattern, mut at_name) = (0, 0);
        // Where to go on when the rest does not fit: after the last star, one character later.
        let mut retry: Option<(usize, usize)> = None;
        while let Some(character) = name.get(at_name) {
            match pattern.get(at_pattern) {
                Some('*') => {
                    retry = Some((at_pattern + 1, at_name));
                    at_pattern += 1;
                }
                Some(expected) if *expected == '?' || expected == character => {
                    at_pattern += 1;
                    at_name += 1;
                }
                _ => {
                    let Some((after_star, from)) = retry else { return false };
                    retry = Some((after_star, from + 1));
                    (at_pattern, at_name) = (after_star, from + 1);
                }
            }
        }
        pattern.iter().skip(at_pattern).all(|rest| *rest == '*')
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_whole_names() {
        for (pattern, name, expected) in [
            ("web", "web", true),
            ("web", "web-0", false),
            ("web-*", "web-0", true),
            ("web-*", "web", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("*deploy*", "argocd-deployer", true),
            ("*deploy*", "depl-oy", false),
            ("web-?", "web-0", true),
            ("web-?", "web-10", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("**x", "yyx", true),
            ("münchen-?", "münchen-ü", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_do_not_explode() {
        let pattern = Pattern::new("*a".repeat(200));
        assert!(!pattern.matches(&"a".repeat(199)));
        assert!(pattern.matches(&"a".repeat(5000)));
    }
}
