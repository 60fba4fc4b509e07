use std::fmt;
use std::str::FromStr;

use jiff::civil;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// A day of the calendar, written `YYYY-MM-DD`.
///
/// The library has no clock: the caller passes today's date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

/// A text that is not a date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a date: use `YYYY-MM-DD`")]
pub struct DateError {
    /// The text.
    pub text: String,
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        // The parser also accepts other forms of ISO 8601.
        let date = text.parse::<civil::Date>().ok().filter(|date| date.to_string() == text);
        date.map(Self).ok_or_else(|| DateError { text: text.to_owned() })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_of_the_calendar() {
        for (text, expected) in [
            ("2026-11-22", true),
            ("2024-02-29", true),
            ("2000-02-29", true),
            ("2026-02-29", false),
            ("1900-02-29", false),
            ("2026-13-01", false),
            ("2026-00-01", false),
            ("2026-04-31", false),
            ("2026-04-00", false),
            ("2026-4-1", false),
            ("2026-04", false),
            ("2026-04-01-", false),
            ("tomorrow", false),
        ] {
            let date = text.parse::<Date>();
            assert_eq!(date.is_ok(), expected, "{text}");
            if let Ok(date) = date {
                assert_eq!(date.to_string(), text);
            }
        }
    }
}
