//! Reads the server's sentence: `pods "p" is forbidden: User "u" cannot get resource "pods" ...`.

use std::borrow::Cow;

use rolecall_rbac::{Request, ResourceRequest};

use super::fields::{
    checked, is_group, is_namespace, is_resource, is_subresource, is_verb, printable,
};
use super::peel::{self, Encoding};
use super::quote;
use super::remark::{Doubt, Field};
use super::restore::BREAK;

/// The first word of a refused request's sentence.
pub(super) const START: &[u8] = b"User";

/// The result of reading at the word `User`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading<'t> {
    /// Not a refusal.
    Nothing,
    /// Possibly one, in an encoding that must be decoded first.
    Encoded(Encoding),
    /// A refused request.
    Refused(Sentence<'t>),
    /// Text that resembles a refusal.
    Doubtful(Doubt),
}

/// A refused request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sentence<'t> {
    pub(super) user: Cow<'t, str>,
    pub(super) verb: &'t str,
    pub(super) target: SentenceTarget<'t>,
    /// The text after `: ` at the end of the sentence, up to the end of the line.
    pub(super) reason: &'t [u8],
}

/// The target of a refused request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SentenceTarget<'t> {
    Path(Cow<'t, str>),
    Resource {
        resource: Cow<'t, str>,
        group: Cow<'t, str>,
        /// Empty at the cluster scope.
        namespace: Cow<'t, str>,
        /// Empty if the request names no object.
        name: Cow<'t, str>,
    },
}

impl Sentence<'_> {
    /// Returns the refused request.
    pub(super) fn request(&self) -> Request {
        match &self.target {
            SentenceTarget::Path(path) => Request::path(self.verb, &**path),
            SentenceTarget::Resource { resource, group, namespace, name } => {
                let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
                Request::resource(
                    self.verb,
                    ResourceRequest {
                        namespace: (**namespace).into(),
                        group: (**group).into(),
                        resource: resource.into(),
                        subresource: subresource.into(),
                        name: (**name).into(),
                    },
                )
            }
        }
    }
}

/// Reads the sentence at `place`.
pub(super) fn read(text: &[u8], place: usize) -> Reading<'_> {
    let (head, after) = text.split_at(place.min(text.len()));
    let mut words = Words { rest: after.get(START.len()..).unwrap_or_default() };
    if words.blanks().is_err() {
        return peel::line_break_after(words.rest).map_or(Reading::Nothing, Reading::Encoded);
    }
    if !words.rest.starts_with(b"\"") {
        let cut_off = words.rest.is_empty() || matches!(words.rest.first(), Some(b'\\' | b'\n'));
        return match peel::encoding_after(words.rest) {
            Some(encoding) => Reading::Encoded(encoding),
            None if cut_off && Head::read(head) != Head::Unannounced => {
                Reading::Doubtful(Doubt::CutOff)
            }
            None => Reading::Nothing,
        };
    }
    let head = Head::read(head);
    match sentence(&head, words) {
        Ok(_) if head == Head::Unannounced => Reading::Doubtful(Doubt::Unannounced),
        Ok(sentence) => Reading::Refused(sentence),
        // People also use `User "x" cannot ...`.
        Err(_) if head == Head::Unannounced => Reading::Nothing,
        Err(doubt) => Reading::Doubtful(doubt),
    }
}

/// Continues at the quoted user.
fn sentence<'t>(head: &Head<'t>, mut words: Words<'t>) -> Result<Sentence<'t>, Doubt> {
    let user = words.quoted_here(Field::User)?;
    if user.is_empty() {
        return Err(Doubt::NoUser);
    }
    words.literal(&["cannot"])?;
    words.blanks()?;
    let verb = words.word();
    if matches!(verb, b"resource" | b"path") && words.at_quote_after_blanks() {
        return Err(Doubt::Invalid { field: Field::Verb });
    }
    words.blanks()?;
    let verb = std::str::from_utf8(verb)
        .ok()
        .filter(|verb| is_verb(verb))
        .ok_or(Doubt::Invalid { field: Field::Verb })?;
    let target = match words.word() {
        b"path" if words.at_quote_after_blanks() => {
            let path = words.quoted(Field::Path)?;
            if !matches!(head, Head::Forbidden | Head::Unannounced) {
                return Err(Doubt::HeadDisagrees);
            }
            if path.ends_with('*') {
                return Err(Doubt::PatternPath);
            }
            SentenceTarget::Path(checked(Field::Path, path, |path| path.starts_with('/'))?)
        }
        b"resource" if words.at_quote_after_blanks() => {
            let resource = words.quoted(Field::Resource)?;
            words.literal(&["in", "API", "group"])?;
            let group = checked(Field::Group, words.quoted(Field::Group)?, is_group)?;
            let namespace = words.scope()?;
            let name = head.name_of(&resource, &group)?;
            checked_resource(&resource)?;
            SentenceTarget::Resource { resource, group, namespace, name }
        }
        old_style => {
            if old_style.is_empty() || words.rest.is_empty() {
                return Err(Doubt::CutOff);
            }
            let (resource, group) = old_resource(old_style)?;
            let namespace = words.scope()?;
            let name = match head {
                Head::Absent => Cow::Borrowed(""),
                _ => head.name_of(&resource, &group)?,
            };
            checked_resource(&resource)?;
            SentenceTarget::Resource { resource, group, namespace, name }
        }
    };
    Ok(Sentence { user, verb, target, reason: reason(words.rest) })
}

/// Reads `deployments.extensions/scale`, the format of servers up to 1.11.
fn old_resource(word: &[u8]) -> Result<(Cow<'_, str>, Cow<'_, str>), Doubt> {
    let invalid = Doubt::Invalid { field: Field::Resource };
    let word = std::str::from_utf8(word).map_err(|_| invalid.clone())?;
    let (qualified, subresource) = match word.split_once('/') {
        Some((qualified, subresource)) => (qualified, Some(subresource)),
        None => (word, None),
    };
    let (resource, group) = qualified.split_once('.').unwrap_or((qualified, ""));
    if !is_group(group) {
        return Err(invalid);
    }
    let resource = match subresource {
        Some(subresource) => Cow::Owned(format!("{resource}/{subresource}")),
        None => Cow::Borrowed(resource),
    };
    Ok((resource, Cow::Borrowed(group)))
}

fn checked_resource(combined: &str) -> Result<(), Doubt> {
    let (resource, subresource) = match combined.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource)),
        None => (combined, None),
    };
    if is_resource(resource) && subresource.is_none_or(is_subresource) {
        Ok(())
    } else {
        Err(Doubt::Invalid { field: Field::Resource })
    }
}

/// Returns the server's reason: the text after a colon, without words that a client appends.
fn reason(rest: &[u8]) -> &[u8] {
    let Some(reason) = rest.strip_prefix(b": ") else { return b"" };
    let end = memchr::memchr(b'\n', reason).unwrap_or(reason.len()).min(500);
    let reason = reason.get(..end).unwrap_or_default().trim_ascii();
    // kube-rs appends the reason of the Status and the Status.
    if reason.starts_with(b"Forbidden (") { b"" } else { reason }
}

/// The text before `User`.
#[derive(Debug, PartialEq, Eq)]
enum Head<'t> {
    /// Something else.
    Unannounced,
    /// Only kubectl's `(Forbidden):`, as from servers up to 1.6.
    Absent,
    /// Only `forbidden:`, as for URL paths.
    Forbidden,
    /// `deployments.apps "web" is forbidden:`.
    Resource {
        /// Text that ends with the resource and its group.
        qualified: &'t [u8],
        /// The quoted name's content.
        name: Option<&'t [u8]>,
    },
}

impl<'t> Head<'t> {
    fn read(head: &'t [u8]) -> Self {
        let head = trim_end_blanks(head);
        let Some(subject) = head.strip_suffix(b"forbidden:") else {
            let is_absent = head.ends_with(b"(Forbidden):");
            return if is_absent { Self::Absent } else { Self::Unannounced };
        };
        let trimmed = trim_end_blanks(subject);
        let Some(subject) = trimmed.strip_suffix(b"is").filter(|_| trimmed.len() < subject.len())
        else {
            return Self::Forbidden;
        };
        let trimmed = trim_end_blanks(subject);
        let Some(opening) = quote::opening(trimmed) else {
            return Self::Resource { qualified: trimmed, name: None };
        };
        let (qualified, name) = trimmed.split_at(opening);
        let name = name.get(1..name.len().saturating_sub(1)).unwrap_or_default();
        Self::Resource { qualified: trim_end_blanks(qualified), name: Some(name) }
    }

    /// Returns the object's name if the head is about the same resource.
    fn name_of(&self, combined: &str, group: &str) -> Result<Cow<'t, str>, Doubt> {
        let (qualified, name) = match self {
            Self::Resource { qualified, name } => (qualified, name),
            Self::Unannounced => return Ok(Cow::Borrowed("")),
            Self::Absent | Self::Forbidden => return Err(Doubt::HeadDisagrees),
        };
        let (resource, _) = combined.split_once('/').unwrap_or((combined, ""));
        let before = qualified
            .strip_suffix(group.as_bytes())
            .and_then(|rest| if group.is_empty() { Some(rest) } else { rest.strip_suffix(b".") })
            .and_then(|rest| rest.strip_suffix(resource.as_bytes()))
            .ok_or(Doubt::HeadDisagrees)?;
        if !ends_a_word(before) {
            return Err(Doubt::HeadDisagrees);
        }
        match name {
            None => Ok(Cow::Borrowed("")),
            Some([]) => Err(Doubt::Invalid { field: Field::Name }),
            Some(name) => printable(Field::Name, name),
        }
    }
}

/// Returns whether a resource's name can start after this text: nothing, a separator, or a color.
fn ends_a_word(text: &[u8]) -> bool {
    match text.last() {
        None => true,
        Some(b'm') => {
            let digits = |byte: &u8| byte.is_ascii_digit() || *byte == b';';
            let without = text.strip_suffix(b"m").unwrap_or_default();
            let codes = without.iter().rev().take_while(|byte| digits(byte)).count();
            without.get(..without.len() - codes).is_some_and(|rest| rest.ends_with(b"\x1b["))
        }
        Some(last) => !(last.is_ascii_alphanumeric() || b"-_./".contains(last)),
    }
}

/// The rest of a sentence, read word by word.
struct Words<'t> {
    rest: &'t [u8],
}

impl<'t> Words<'t> {
    /// Skips required whitespace.
    fn blanks(&mut self) -> Result<(), Doubt> {
        let trimmed = trim_start_blanks(self.rest);
        if trimmed.len() == self.rest.len() {
            return Err(self.broken());
        }
        self.rest = trimmed;
        Ok(())
    }

    /// Takes all bytes up to the next whitespace.
    fn word(&mut self) -> &'t [u8] {
        let end = self.rest.iter().position(|byte| byte.is_ascii_whitespace());
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    fn at_quote_after_blanks(&self) -> bool {
        let trimmed = trim_start_blanks(self.rest);
        trimmed.len() < self.rest.len() && trimmed.starts_with(b"\"")
    }

    /// Takes these words, each after whitespace.
    fn literal(&mut self, words: &[&str]) -> Result<(), Doubt> {
        for word in words {
            self.blanks()?;
            self.rest = match self.rest.strip_prefix(word.as_bytes()) {
                Some(rest) => rest,
                None => return Err(self.broken_in(word.as_bytes())),
            };
        }
        Ok(())
    }

    /// Takes whitespace and a quoted field.
    fn quoted(&mut self, field: Field) -> Result<Cow<'t, str>, Doubt> {
        self.blanks()?;
        self.quoted_here(field)
    }

    /// Takes a quoted field.
    fn quoted_here(&mut self, field: Field) -> Result<Cow<'t, str>, Doubt> {
        if !self.rest.starts_with(b"\"") {
            return Err(self.broken());
        }
        let (raw, rest) = quote::split(self.rest).ok_or(Doubt::CutOff)?;
        self.rest = rest;
        match quote::undo_html(raw) {
            Cow::Borrowed(raw) => printable(field, raw),
            Cow::Owned(raw) => Ok(Cow::Owned(printable(field, &raw)?.into_owned())),
        }
    }

    /// Takes `in the namespace "n"` or `at the cluster scope`, and returns the namespace.
    fn scope(&mut self) -> Result<Cow<'t, str>, Doubt> {
        if trim_start_blanks(self.rest).starts_with(b"a") {
            self.literal(&["at", "the", "cluster", "scope"])?;
            let ended = self.rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric());
            return if ended { Ok(Cow::Borrowed("")) } else { Err(Doubt::OtherWording) };
        }
        self.literal(&["in", "the", "namespace"])?;
        checked(Field::Namespace, self.quoted(Field::Namespace)?, is_namespace)
    }

    /// Returns the doubt about unexpected text.
    fn broken(&self) -> Doubt {
        let rest = trim_start_blanks(self.rest);
        let ends = ["...", "\u{2026}", "[...]", "(truncated", "[truncated"];
        match self.rest.first() {
            None | Some(b'\n' | b'\r' | b'"' | b'\\') => Doubt::CutOff,
            Some(_) if ends.iter().any(|end| rest.starts_with(end.as_bytes())) => Doubt::CutOff,
            Some(_) => Doubt::OtherWording,
        }
    }

    /// Returns the doubt about a word that might be truncated.
    fn broken_in(&self, word: &[u8]) -> Doubt {
        let left = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (left, rest) = self.rest.split_at(left);
        if word.starts_with(left) { Words { rest }.broken() } else { Doubt::OtherWording }
    }
}

/// Skips spaces, and the line breaks at which YAML folds long strings and indents the next line.
fn trim_start_blanks(text: &[u8]) -> &[u8] {
    let mut rest = text;
    loop {
        rest = match rest {
            [b' ' | b'\t' | BREAK, rest @ ..] => rest,
            [b'\n', b' ' | b'\t', rest @ ..] | [b'\r', b'\n', b' ' | b'\t', rest @ ..] => rest,
            _ => return rest,
        };
    }
}

fn trim_end_blanks(text: &[u8]) -> &[u8] {
    let end = text.len() - text.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    let (kept, blanks) = text.split_at(end);
    // Only a line break before an indented line is YAML folding.
    match memchr::memrchr(b'\n', blanks) {
        Some(line_break) if line_break + 1 == blanks.len() => text,
        _ => kept,
    }
}
