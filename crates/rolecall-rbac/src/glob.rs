//! Names with wildcards: the one pattern syntax of all commands.

use std::fmt;

use crate::Text;

/// A name in which `*` matches any characters and `?` matches one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Glob {
    pattern: Text,
}

impl Glob {
    /// Builds a glob.
    pub fn new(pattern: impl Into<Text>) -> Self {
        Self { pattern: pattern.into() }
    }

    /// Returns the only name that matches; `None` for a pattern.
    pub fn as_name(&self) -> Option<&Text> {
        (!Self::is_pattern(&self.pattern)).then_some(&self.pattern)
    }

    /// Returns whether a text contains wildcards.
    pub fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?'])
    }

    /// Returns whether a name matches.
    pub fn matches(&self, name: &str) -> bool {
        let (mut pattern, mut rest) = (self.pattern.chars(), name.chars());
        // Where to resume when the last `*` matches one more character.
        let mut retry = None;
        loop {
            let mut ahead = pattern.clone();
            match (ahead.next(), rest.clone().next()) {
                (Some('*'), _) => {
                    pattern = ahead;
                    retry = Some((pattern.clone(), rest.clone()));
                    continue;
                }
                (Some('?'), Some(_)) => {
                    pattern = ahead;
                    rest.next();
                    continue;
                }
                (Some(wanted), Some(found)) if wanted == found => {
                    pattern = ahead;
                    rest.next();
                    continue;
                }
                (None, None) => return true,
                _ => {}
            }
            let Some((after_star, taken)) = &mut retry else { return false };
            if taken.next().is_none() {
                return false;
            }
            (pattern, rest) = (after_star.clone(), taken.clone());
        }
    }

    /// Returns a new name that matches and is not taken; `None` if a pattern without `*` leaves
    /// none.
    pub fn fresh(&self, is_taken: impl Fn(&str) -> bool) -> Option<Text> {
        (0..FRESH_TRIES)
            .map(|number| {
                let digit = char::from_digit(number % 10, 10).unwrap_or('0');
                self.pattern
                    .replace('*', &format!("other{number}"))
                    .replace('?', &digit.to_string())
            })
            .find(|name| !is_taken(name))
            .map(Into::into)
    }
}

/// The number of candidate names.
const FRESH_TRIES: u32 = 1000;

impl fmt::Display for Glob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_take_any_characters_and_question_marks_one() {
        for (pattern, name, expected) in [
            ("web", "web", true),
            ("web", "webs", false),
            ("*", "", true),
            ("team-*", "team-", true),
            ("team-*", "team", false),
            ("*-web-*", "a-web-web-b", true),
            ("*-web", "a-web-b-web", true),
            ("?", "ü", true),
            ("?", "", false),
            ("a?c*e", "abcde", true),
            ("a?c*e", "abcd", false),
            ("**a", "ba", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_do_not_explode() {
        let glob = Glob::new("*a".repeat(200));
        assert!(!glob.matches(&"a".repeat(199)));
        assert!(glob.matches(&"a".repeat(5000)));
    }

    #[test]
    fn a_fresh_name_matches_and_is_not_taken() {
        let taken = |name: &str| ["team-other0", "a0"].contains(&name);
        assert_eq!(Glob::new("team-*").fresh(taken).as_deref(), Some("team-other1"));
        assert_eq!(Glob::new("a?").fresh(taken).as_deref(), Some("a1"));
        assert_eq!(Glob::new("a0").fresh(taken), None);
    }
}
