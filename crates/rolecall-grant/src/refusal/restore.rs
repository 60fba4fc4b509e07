//! Undoes changes that terminals, consoles, chats and log collectors make to a text: broken lines,
//! margins, prefixes, colors, typographic quotes, HTML and percent encoding.
//!
//! Only used if a refusal cannot be read verbatim. Ambiguous changes are not undone, so the readers
//! reject the text.

use super::peel::Peeled;
use super::{margin, quote};

/// The mark of a broken line. The readers treat it as whitespace between words and reject it in a
/// quoted field.
pub(super) const BREAK: u8 = 0x0c;

/// The way to join a broken line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// The line was broken between words.
    Words,
    /// The line was broken at a fixed width, and trailing spaces were lost.
    Width,
    /// The line was broken anywhere.
    Letters,
}

impl Join {
    /// Every way, the most common first.
    pub(super) const ALL: [Self; 3] = [Self::Words, Self::Width, Self::Letters];
}

/// The maximum number of lines before and after the line of interest that can belong to it.
const LINES: (usize, usize) = (4, 24);
/// The maximum number of bytes before and after the place of interest to process.
const REACH: (usize, usize) = (1 << 10, 3 << 10);

/// Returns the text around a place with all changes undone.
pub(super) fn restore(text: &[u8], place: usize, join: Join) -> Restored {
    let joined = joined(text, place, join);
    let has_width = joined.has_width;
    let decoded = decoded(Peeled { text: joined.text, place: joined.place });
    let Peeled { text, place } = typewritten(decoded);
    Restored { text, place, has_width }
}

/// A joined and decoded text.
#[derive(Debug)]
pub(super) struct Restored {
    /// The text.
    pub(super) text: Vec<u8>,
    /// The new position of the place of interest.
    pub(super) place: usize,
    /// Whether its lines were broken at a fixed width, so that spaces were lost only at the ends of
    /// shorter lines.
    pub(super) has_width: bool,
}

/// Joins the lines around a place, without margins, prefixes and colors.
fn joined(text: &[u8], place: usize, join: Join) -> Restored {
    let (before, after) = text.split_at(place.min(text.len()));
    let before = before.get(before.len().saturating_sub(REACH.0)..).unwrap_or_default();
    let after = after.get(..after.len().min(REACH.1)).unwrap_or_default();
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |position| position + 1);
    let (earlier, begun) = before.split_at(line_start);
    let mut lines = after.split(|byte| *byte == b'\n');
    let rest = lines.next().unwrap_or_default();
    let own: Vec<u8> = [begun, rest].concat();
    let begun = match earlier.strip_suffix(b"\n") {
        Some(earlier) => {
            let last = earlier.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            margin::without_prefix(begun, last)
        }
        None => begun,
    };
    let mut earlier = kept_before(earlier);
    let mut later: Vec<&[u8]> = lines
        .take(LINES.1)
        .take_while(|line| !margin::is_blank(margin::stripped(line, &own)))
        .collect();
    if join == Join::Width {
        later = margin::unindented(&later, &own);
        earlier = margin::unindented(&earlier, &own);
    } else {
        later.iter_mut().for_each(|line| *line = margin::stripped(line, &own));
        earlier.iter_mut().for_each(|line| *line = margin::stripped(line, &own));
    }
    let all = earlier.iter().copied().chain([&*own]).chain(later.iter().copied());
    let mut joined = Joined::new(all, join);
    for line in earlier {
        joined.push(line);
        joined.push_break(line, begun);
    }
    joined.push_start(begun);
    let place = joined.text.len();
    joined.push(rest);
    let mut last: &[u8] = &own;
    for line in later {
        joined.push_break(last, line);
        joined.push(line);
        last = line;
    }
    Restored { has_width: joined.has_width, text: joined.text, place }
}

/// Returns a whole text after joining lines that were broken at a fixed width.
pub(super) fn unwrapped(text: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let lines = margin::unindented(&lines, b"");
    let mut joined = Joined::new(lines.iter().copied(), Join::Width);
    let mut last: Option<&[u8]> = None;
    for line in lines {
        if let Some(last) = last {
            joined.push_break(last, line);
        }
        joined.push(line);
        last = Some(line);
    }
    joined.text
}

fn width_of(line: &[u8]) -> usize {
    String::from_utf8_lossy(margin::without_end(line)).chars().count()
}

/// A text under construction.
struct Joined {
    text: Vec<u8>,
    /// The length of the longest line.
    width: usize,
    /// Whether several lines have this length, which indicates a fixed width.
    has_width: bool,
    join: Join,
}

/// Returns the non-blank lines directly before the line of interest.
fn kept_before(earlier: &[u8]) -> Vec<&[u8]> {
    let earlier = earlier.strip_suffix(b"\n").unwrap_or(earlier);
    let mut kept: Vec<&[u8]> = earlier
        .rsplit(|byte| *byte == b'\n')
        .take_while(|line| !margin::is_blank(line))
        .take(LINES.0)
        .collect();
    kept.reverse();
    kept
}

impl Joined {
    fn new<'t>(lines: impl Iterator<Item = &'t [u8]>, join: Join) -> Self {
        let widths: Vec<usize> = lines.map(width_of).collect();
        let width = widths.iter().copied().max().unwrap_or_default();
        let has_width = widths.iter().filter(|other| **other == width).count() > 1;
        Self { text: Vec::new(), width, has_width, join }
    }

    /// Joins two lines. A line that starts with a quote can belong to another message, so it must
    /// not close an open quote.
    fn push_break(&mut self, last: &[u8], next: &[u8]) {
        match self.join {
            Join::Words => self.text.push(BREAK),
            Join::Width if self.has_width && width_of(last) == self.width => {}
            _ if starts_with_quote(next) => self.text.push(b'\n'),
            Join::Width if width_of(last) < self.width => self.text.push(b' '),
            Join::Width | Join::Letters => {}
        }
    }

    fn push(&mut self, line: &[u8]) {
        self.push_start(margin::without_end(line));
    }

    /// Appends a line without color escape sequences.
    fn push_start(&mut self, line: &[u8]) {
        let mut rest = line;
        while let Some(found) = rest.iter().position(|byte| matches!(byte, 0x1b | b'[')) {
            let (before, from) = rest.split_at(found);
            self.text.extend_from_slice(before);
            let used = color(from);
            let kept = usize::from(used == 0);
            self.text.extend_from_slice(from.get(..kept).unwrap_or_default());
            rest = from.get(used.max(1)..).unwrap_or_default();
        }
        self.text.extend_from_slice(rest);
    }
}

fn starts_with_quote(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'"' | b'\'' | b'`' | b'\\' | b'&'))
        || TYPOGRAPHIC.iter().any(|quote| line.starts_with(quote.as_bytes()))
}

/// Returns the length of the color at the start of a text: an escape sequence, or the rest of one
/// without the escape character. An escaped one is part of a name.
fn color(text: &[u8]) -> usize {
    let escape = usize::from(text.starts_with(b"\x1b"));
    let Some(codes) = text.get(escape..).and_then(|text| text.strip_prefix(b"[")) else { return 0 };
    let digits = codes.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    match codes.get(digits) {
        Some(b'm' | b'K') if digits > 0 || escape > 0 => escape + digits + 2,
        _ => 0,
    }
}

/// Decodes percent encoding and HTML if the words around the place use them.
fn decoded(mut text: Peeled) -> Peeled {
    for _ in 0..3 {
        let rest = text.text.get(text.place..).unwrap_or_default();
        let head = rest.get(..rest.len().min(24)).unwrap_or_default();
        let has = |word: &[u8]| memchr::memmem::find(head, word).is_some();
        let decode: fn(&[u8]) -> Vec<u8> = if has(b"%20") || has(b"%22") || has(b"%25") {
            |text| percent_decoded(text, false)
        } else if has(b"+%22") || has(b"+User+") {
            |text| percent_decoded(text, true)
        } else if has(b"&amp;") || has(b"&quot;") || has(b"&#") || has(b"&nbsp;") || has(b"quo;") {
            html_decoded
        } else {
            return text;
        };
        let (before, after) = text.text.split_at(text.place.min(text.text.len()));
        let mut decoded = decode(before);
        let place = decoded.len();
        decoded.extend_from_slice(&decode(after));
        text = Peeled { text: decoded, place };
    }
    text
}

fn percent_decoded(text: &[u8], plus_is_blank: bool) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let byte = match first {
            b'%' => after.get(..2).and_then(quote::hexadecimal).and_then(|v| u8::try_from(v).ok()),
            _ => None,
        };
        match byte {
            Some(byte) => {
                decoded.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push(if plus_is_blank && *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    decoded
}

fn html_decoded(text: &[u8]) -> Vec<u8> {
    const ENTITIES: [(&[u8], u8); 24] = [
        (b"&quot;", b'"'),
        (b"&#34;", b'"'),
        (b"&#034;", b'"'),
        (b"&#x22;", b'"'),
        (b"&ldquo;", b'"'),
        (b"&rdquo;", b'"'),
        (b"&bdquo;", b'"'),
        (b"&laquo;", b'"'),
        (b"&raquo;", b'"'),
        (b"&#8220;", b'"'),
        (b"&#8221;", b'"'),
        (b"&#8222;", b'"'),
        (b"&#x201c;", b'"'),
        (b"&#x201d;", b'"'),
        (b"&nbsp;", b' '),
        (b"&#160;", b' '),
        (b"&#xa0;", b' '),
        (b"&amp;", b'&'),
        (b"&#38;", b'&'),
        (b"&lt;", b'<'),
        (b"&gt;", b'>'),
        (b"&#39;", b'\''),
        (b"&#x27;", b'\''),
        (b"&apos;", b'\''),
    ];
    quote::replace(text, &ENTITIES)
}

/// Typographic quotes from word processors, chats and web pages.
const TYPOGRAPHIC: [&str; 15] = [
    "\u{201c}", "\u{201d}", "\u{201e}", "\u{201f}", "\u{ab}", "\u{bb}", "\u{2033}", "\u{2036}",
    "\u{ff02}", "\u{301d}", "\u{301e}", "\u{2018}", "\u{2019}", "\u{201a}", "\u{201b}",
];
/// Special spaces from web pages.
const BLANKS: [&str; 4] = ["\u{a0}", "\u{2007}", "\u{202f}", "\u{3000}"];

/// Replaces typographic quotes if they surround the user's name; otherwise they are part of names.
fn typewritten(text: Peeled) -> Peeled {
    let (before, after) = text.text.split_at(text.place.min(text.text.len()));
    let head = after.get(..after.len().min(40)).unwrap_or_default();
    let has = |marks: &[&str]| {
        marks.iter().any(|mark| memchr::memmem::find(head, mark.as_bytes()).is_some())
    };
    let quoted = has(&TYPOGRAPHIC) && memchr::memchr(b'"', head).is_none();
    if !quoted && !has(&BLANKS) {
        return text;
    }
    let replaced = |text: &[u8]| -> Vec<u8> {
        let mut text = String::from_utf8_lossy(text).into_owned();
        for blank in BLANKS {
            text = text.replace(blank, " ");
        }
        if quoted {
            for quote in TYPOGRAPHIC {
                text = text.replace(quote, "\"");
            }
        }
        text.into_bytes()
    };
    let mut written = replaced(before);
    let place = written.len();
    written.extend_from_slice(&replaced(after));
    Peeled { text: written, place }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, join: Join, expected: &str) {
        let place = text.find('@').unwrap();
        let restored = restore(text.replacen('@', "", 1).as_bytes(), place, join);
        let mut shown = String::from_utf8(restored.text).unwrap();
        shown.insert(restored.place, '@');
        assert_eq!(shown.replace('\u{c}', "~"), expected);
    }

    #[test]
    fn broken_lines_are_joined_without_their_margins() {
        check(
            "x is\n│ forbidden: @User \"u\"\n│ cannot",
            Join::Words,
            "x is~forbidden: @User \"u\"~cannot",
        );
        check("x @Us\ner \"u\" can\nnot", Join::Letters, "x @User \"u\" cannot");
        check("x @Use\nr \"u\"\ncan\nnot", Join::Width, "x @User \"u\"can not");
        check("@User \"u\n\"next", Join::Letters, "@User \"u\n\"next");
        check("a\n\nb @User\n\nc", Join::Words, "b @User");
        check(
            "2026-01-01T00:00:00.1Z x @User\n2026-01-01T00:00:00.12Z cannot",
            Join::Words,
            "2026-01-01T00:00:00.1Z x @User~cannot",
        );
    }

    #[test]
    fn colors_and_encodings_are_removed() {
        check("\u{1b}[31mx \u{1b}[1m@User\u{1b}[0m y [0m z [x]", Join::Words, "x @User y  z [x]");
        check("x%20is%20@User%20%22u%22", Join::Words, "x is @User \"u\"");
        check("x is @User &amp;quot;u&amp;quot;", Join::Words, "x is @User \"u\"");
        check("x is @User “u”", Join::Words, "x is @User \"u\"");
        check("x is @User \"“u”\"", Join::Words, "x is @User \"“u”\"");
    }
}
