//! Names with wildcards: the one pattern syntax of all commands.

use std::fmt;

use crate::Text;

/// A name in which `*` matches any characters and `?` matches one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Glob {
    pattern: Text,
}

/// A pattern with the notation of other tools, which would be taken literally and match nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobError {
    /// The pattern.
    pub pattern: Text,
    /// The character with another meaning in other tools.
    pub character: char,
    /// The position of the character, from 1.
    pub position: usize,
}

impl Glob {
    /// Parses a pattern, and rejects sets such as `[ab]` and alternatives such as `{a,b}`.
    pub fn parse(pattern: impl Into<Text>) -> Result<Self, GlobError> {
        let pattern = pattern.into();
        let is_foreign = |c: char| matches!(c, '[' | '{');
        match pattern.chars().enumerate().find(|(_, c)| is_foreign(*c)) {
            None => Ok(Self { pattern }),
            Some((before, character)) => {
                Err(GlobError { pattern, character, position: before + 1 })
            }
        }
    }

    /// Builds a glob from a text in which only `*` and `?` have a meaning.
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

impl fmt::Display for GlobError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pattern, character, position } = self;
        write!(
            formatter,
            "`{character}` at character {position} of `{pattern}` is not supported: patterns only have \
             `*` and `?`"
        )
    }
}

impl std::error::Error for GlobError {}

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
    fn the_notation_of_other_tools_is_an_error() {
        let text = |pattern: &str| Glob::parse(pattern).map_err(|error| error.to_string()).err();
        for pattern in ["web", "*-web", "a?", "**/x", "a]", "ü!"] {
            assert_eq!(text(pattern), None, "{pattern}");
        }
        for (pattern, expected) in [
            ("[", "`[` at character 1 of `[` is not supported: patterns only have `*` and `?`"),
            (
                "ü[ab]*",
                "`[` at character 2 of `ü[ab]*` is not supported: patterns only have `*` and `?`",
            ),
            (
                "x.{yml,yaml}",
                "`{` at character 3 of `x.{yml,yaml}` is not supported: patterns only have `*` and `?`",
            ),
        ] {
            assert_eq!(text(pattern).as_deref(), Some(expected));
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
