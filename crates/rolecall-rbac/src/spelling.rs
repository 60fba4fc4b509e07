//! How alike words are spelled, for what was probably meant.

/// Returns how many letters have to be changed, added, taken away or swapped with their neighbour to
/// make one word of the other, no letter twice.
pub fn edit_distance(one: &str, other: &str) -> usize {
    let (one, other) = without_common_ends(one, other);
    strsim::osa_distance(one, other)
}

/// Returns the distance of two words where it is at most `most`, which most pairs of words are seen not
/// to be without a look at their letters.
pub fn edit_distance_within(one: &str, other: &str, most: usize) -> Option<usize> {
    let lengths = (one.chars().count(), other.chars().count());
    if lengths.0.abs_diff(lengths.1) > most {
        return None;
    }
    Some(edit_distance(one, other)).filter(|distance| *distance <= most)
}

/// Takes away what two words begin and end with alike.
fn without_common_ends<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    let pairs = one.char_indices().zip(other.chars());
    let start = pairs.take_while(|((_, a), b)| a == b).map(|((at, a), _)| at + a.len_utf8()).last();
    let start = start.unwrap_or_default();
    let (one, other) = (from(one, start), from(other, start));
    let pairs = one.chars().rev().zip(other.chars().rev());
    let end: usize = pairs.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    (until(one, end), until(other, end))
}

fn from(text: &str, start: usize) -> &str {
    text.get(start..).unwrap_or_default()
}

fn until(text: &str, end: usize) -> &str {
    text.get(..text.len() - end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_that_are_nearly_alike_are_near() {
        for (distance, one, other) in [
            (0, "pods", "pods"),
            (0, "", ""),
            (4, "", "pods"),
            (1, "pod", "pods"),
            (1, "pods", "posd"),
            (2, "cluster-role-0194", "cluster-role-1094x"),
            (1, "r\u{f6}le", "role"),
            (1, "\u{f6}\u{e9}", "\u{f6}\u{e8}"),
            (2, "aab", "ab-b"),
        ] {
            assert_eq!(edit_distance(one, other), distance, "{one} {other}");
            assert_eq!(edit_distance_within(one, other, distance), Some(distance));
            if distance > 0 {
                assert_eq!(edit_distance_within(one, other, distance - 1), None);
            }
        }
    }

    proptest! {
        #[test]
        fn common_ends_make_no_difference(one in "[ab\u{e9}]{0,7}", other in "[ab\u{e9}]{0,7}") {
            prop_assert_eq!(edit_distance(&one, &other), strsim::osa_distance(&one, &other));
        }
    }
}
