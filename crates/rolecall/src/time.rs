//! Human-readable times of tokens and certificates.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A Unix time in seconds.
pub(crate) type Seconds = i64;

/// Returns the current time.
pub(crate) fn now() -> Seconds {
    Timestamp::now().as_second()
}

/// Returns the current date in UTC, as `YYYY-MM-DD`.
pub(crate) fn today() -> String {
    TimeZone::UTC.to_datetime(Timestamp::now()).date().to_string()
}

/// Formats a time according to RFC 3339, or as a number if it is out of range.
pub(crate) fn written(time: Seconds) -> String {
    Timestamp::from_second(time).map_or_else(|_| time.to_string(), |time| time.to_string())
}

/// Formats a time with its distance from now: `2026-01-01T00:00:00Z (in 42 min)`.
pub(crate) fn from(now: Seconds, time: Seconds) -> String {
    let distance = time.saturating_sub(now);
    let length = length(distance.saturating_abs());
    let relative = if distance >= 0 { format!("in {length}") } else { format!("{length} ago") };
    format!("{} ({relative})", written(time))
}

/// Formats a duration in its largest unit.
pub(crate) fn length(seconds: Seconds) -> String {
    const MINUTE: Seconds = 60;
    const HOUR: Seconds = 60 * MINUTE;
    const DAY: Seconds = 24 * HOUR;
    match seconds {
        ..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ if seconds < 2 * DAY => "1 day".to_owned(),
        _ => format!("{} days", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_relative_to_now() {
        for (time, expected) in [
            (1_000, "1970-01-01T00:16:40Z (in 0 s)"),
            (1_059, "1970-01-01T00:17:39Z (in 59 s)"),
            (940, "1970-01-01T00:15:40Z (1 min ago)"),
            (8_300, "1970-01-01T02:18:20Z (in 2 h)"),
            (90_000, "1970-01-02T01:00:00Z (in 1 day)"),
            (-900_000, "1969-12-21T14:00:00Z (10 days ago)"),
            (i64::MAX, "9223372036854775807 (in 106751991167300 days)"),
        ] {
            assert_eq!(from(1_000, time), expected);
        }
    }
}
