use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The code of a rule, such as `RC510`: the number after `RC`, which never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleCode(pub u16);

/// A text that is not a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a code such as `RC510`")]
pub struct RuleCodeError {
    /// The text.
    pub text: String,
}

impl FromStr for RuleCode {
    type Err = RuleCodeError;

    fn from_str(text: &str) -> Result<Self, RuleCodeError> {
        let digits = text.strip_prefix("RC").filter(|digits| digits.len() == 3);
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let number = digits.and_then(|digits| digits.parse().ok());
        number.map(Self).ok_or_else(|| RuleCodeError { text: text.to_owned() })
    }
}

impl fmt::Display for RuleCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RC{:03}", self.0)
    }
}

impl Serialize for RuleCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_as_they_are_read() {
        assert_eq!("RC510".parse(), Ok(RuleCode(510)));
        assert_eq!(RuleCode(510).to_string(), "RC510");
        for text in ["", "510", "rc510", "RC51", "RC5100", "RC+10", "RC51x"] {
            assert_eq!(text.parse::<RuleCode>(), Err(RuleCodeError { text: text.to_owned() }));
        }
    }
}
