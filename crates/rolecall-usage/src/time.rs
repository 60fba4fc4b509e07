//! Times of events, as microseconds since 1970.

/// A time in microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
/// The length of an hour.
pub(crate) const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Parses an RFC 3339 time, such as `2026-11-30T03:12:01.758947Z`; a blank can separate date and time.
pub fn parse_time(text: &str) -> Option<Micros> {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| -> Option<i64> {
        bytes.get(range)?.iter().try_fold(0, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
        })
    };
    let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"T t") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
    let is_valid = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !is_valid {
        return None;
    }
    let mut rest = bytes.get(19..)?;
    let mut fraction = 0;
    if let [b'.' | b',', after @ ..] = rest {
        let length = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, behind) = after.split_at(length);
        for place in 0..6 {
            let digit = number.get(place).map_or(0, |byte| i64::from(byte - b'0'));
            fraction = fraction * 10 + digit;
        }
        rest = behind;
    }
    let zone = rest.trim_ascii_start();
    let offset = match zone {
        [] | [b'Z' | b'z'] | b"UTC" | b"+00:00" | b"+00" => 0,
        [sign @ (b'+' | b'-'), hours @ ..] => offset(hours)? * if *sign == b'+' { 1 } else { -1 },
        _ => return None,
    };
    let clock = hour * HOUR + minute * MINUTE + second * SECOND + fraction;
    Some(days_since_1970(year, month, day) * DAY + clock - offset)
}

/// Parses `hh:mm`, `hhmm` or `hh`.
fn offset(text: &[u8]) -> Option<i64> {
    let digits: Vec<i64> = text
        .iter()
        .filter(|byte| **byte != b':')
        .map(|byte| byte.is_ascii_digit().then(|| i64::from(byte - b'0')))
        .collect::<Option<_>>()?;
    match digits.as_slice() {
        [a, b] => Some((a * 10 + b) * HOUR),
        [a, b, c, d] => Some((a * 10 + b) * HOUR + (c * 10 + d) * MINUTE),
        _ => None,
    }
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Writes a time according to RFC 3339, without a fraction if that is zero.
pub fn write_time(time: Micros) -> String {
    let (days, clock) = (time.div_euclid(DAY), time.rem_euclid(DAY));
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (clock / HOUR, clock / MINUTE % 60);
    let (second, fraction) = (clock / SECOND % 60, clock % SECOND);
    let start = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if fraction == 0 { format!("{start}Z") } else { format!("{start}.{fraction:06}Z") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_of_all_formats_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some("1970-01-01T00:00:00Z")),
            ("2026-11-30T03:12:01.758947Z", Some("2026-11-30T03:12:01.758947Z")),
            ("2026-11-30T03:12:01.7589471Z", Some("2026-11-30T03:12:01.758947Z")),
            ("2026-11-30T03:12:01.5+02:00", Some("2026-11-30T01:12:01.500000Z")),
            ("2024-02-29 23:59:59", Some("2024-02-29T23:59:59Z")),
            ("2024-02-29 23:59:59+00", Some("2024-02-29T23:59:59Z")),
            ("2026-13-01T00:00:00Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(parse_time(text).map(write_time).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_written_time_is_read_again(time in 0_i64..4_000_000_000_000_000) {
            prop_assert_eq!(parse_time(&write_time(time)), Some(time));
        }
    }
}
