//! Compares spellings, to suggest corrections.

/// Returns the number of letters to substitute, insert, delete or transpose to turn one word into
/// the other, where no letter changes twice.
pub fn edit_distance(one: &str, other: &str) -> usize {
    let (one, other) = without_common_ends(one, other);
    strsim::osa_distance(one, other)
}

/// Returns the distance of two words if it is at most `most`; rejects most pairs quickly.
pub fn edit_distance_within(one: &str, other: &str, most: usize) -> Option<usize> {
    if one.is_ascii() && other.is_ascii() && letters_apart(one, other) > most {
        return None;
    }
    let (one, other) = without_common_ends(one, other);
    if one.chars().count().abs_diff(other.chars().count()) > most {
        return None;
    }
    Some(strsim::osa_distance(one, other)).filter(|distance| *distance <= most)
}

/// Returns a lower bound of the distance that is fast to compute: an edit adds one letter at most to
/// those of each word that the other lacks.
fn letters_apart(one: &str, other: &str) -> usize {
    let letters = |word: &str| word.bytes().fold(0u64, |set, letter| set | 1 << (letter % 64));
    let (one, other) = (letters(one), letters(other));
    (one & !other).count_ones().max((other & !one).count_ones()) as usize
}

/// Removes the common prefix and suffix of two words.
fn without_common_ends<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    let alike = |(a, b): &(&u8, &u8)| a == b;
    let mut start = one.as_bytes().iter().zip(other.as_bytes()).take_while(alike).count();
    // Different characters can start with the same bytes.
    while !one.is_char_boundary(start) || !other.is_char_boundary(start) {
        start -= 1;
    }
    let one = one.get(start..).unwrap_or_default();
    let other = other.get(start..).unwrap_or_default();
    let (bytes, others) = (one.as_bytes().iter().rev(), other.as_bytes().iter().rev());
    let mut end = bytes.zip(others).take_while(alike).count();
    while !one.is_char_boundary(one.len() - end) || !other.is_char_boundary(other.len() - end) {
        end -= 1;
    }
    let until = |text: &'a str| text.get(..text.len() - end).unwrap_or_default();
    (until(one), until(other))
}

/// Joins items in a sentence: `a, b and c`.
pub fn sentence_list<T: AsRef<str>>(items: &[T]) -> String {
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        text += match index {
            0 => "",
            _ if index + 1 == items.len() => " and ",
            _ => ", ",
        };
        text += item.as_ref();
    }
    text
}

/// Returns whether a name is a placeholder: `$NAME`, `${NAME}`, `{{ .Name }}`, `<name>`, `%NAME%` or
/// a value that SOPS has encrypted.
pub fn is_template(name: &str) -> bool {
    // Without an early exit, compilers turn this into vector instructions.
    let is_mark = |byte: u8| matches!(byte, b'$' | b'<' | b'>' | b'{' | b'}');
    name.bytes().fold(false, |found, byte| found | is_mark(byte))
        || (name.starts_with('%') && name.ends_with('%'))
        || name.starts_with("ENC[")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_end_with_and() {
        for (items, text) in [
            (&[][..], ""),
            (&["a"], "a"),
            (&["a", "b"], "a and b"),
            (&["a", "b", "c"], "a, b and c"),
        ] {
            assert_eq!(sentence_list(items), text);
        }
    }

    #[test]
    fn similar_words_have_small_distances() {
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
        fn common_prefixes_and_suffixes_do_not_change_the_distance(one in "[a-d\u{e9}]{0,7}", other in "[a-d\u{e9}]{0,7}") {
            let distance = strsim::osa_distance(&one, &other);
            prop_assert_eq!(edit_distance(&one, &other), distance);
            for most in 0..4 {
                let within = Some(distance).filter(|distance| *distance <= most);
                prop_assert_eq!(edit_distance_within(&one, &other, most), within);
            }
        }
    }
}
