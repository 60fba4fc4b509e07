//! Reads the server's sentence with other quotes, without quotes, or with a missing word.
//!
//! Accepts text that [`sentence`](super::sentence) rejects if it has only one interpretation: all
//! fields have the same quotes, contain neither quotes nor backslashes, and the first words agree
//! with the rest.

use rolecall_rbac::{Request, ResourceRequest};

use super::fields::{
    is_group, is_namespace, is_printable, is_resource, is_subresource, is_verb, unbroken,
};
use super::mask::is_masked;
use super::remark::{Doubt, Field};
use super::restore::BREAK;

/// A refused request; the user is optional.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loose {
    /// The user, unless it is missing or masked.
    pub(super) user: Option<String>,
    /// The request.
    pub(super) request: Request,
    /// The text after `: ` at the end of the sentence, up to the end of the line.
    pub(super) reason: String,
}

/// Reads the sentence whose `User` is at `place`; `None` if there is none.
pub(super) fn read(text: &[u8], place: usize) -> Option<Result<Loose, Doubt>> {
    let (head, after) = text.split_at_checked(place)?;
    let head = Head::read(head)?;
    let mut words = Words { rest: after.get(b"User".len()..)?, quote: Quote::None };
    if words.blanks().is_none() || !words.is_about_a_user() {
        return None;
    }
    Some(sentence(&head, words))
}

fn sentence(head: &Head<'_>, mut words: Words<'_>) -> Result<Loose, Doubt> {
    let user = words.user()?;
    words.literal(&["cannot"])?;
    words.blanks().ok_or(Doubt::CutOff)?;
    let verb = words.bare();
    let verb = std::str::from_utf8(verb).ok().filter(|verb| is_verb(verb));
    let verb = verb.ok_or(Doubt::Invalid { field: Field::Verb })?;
    let request = words.target(head, verb)?;
    Ok(Loose { user, request, reason: words.reason() })
}

/// The text before `User`.
enum Head<'t> {
    /// Only kubectl's `(Forbidden):`, as from old servers.
    Absent,
    /// Only `forbidden:`, as for URL paths.
    Forbidden,
    /// `deployments.apps "web" is`, as words.
    Object(&'t [u8]),
}

impl<'t> Head<'t> {
    fn read(head: &'t [u8]) -> Option<Self> {
        let head = trim_end(head);
        let announced = trim_end(head.strip_suffix(b":").unwrap_or(head));
        if announced.ends_with(b"(Forbidden)") {
            return Some(Self::Absent);
        }
        let head = announced.strip_suffix(b"orbidden")?;
        let head = head.strip_suffix(b"f").or_else(|| head.strip_suffix(b"F"))?;
        let head = trim_end(head);
        match head.strip_suffix(b"is").filter(|head| head.last().is_none_or(|byte| is_blank(*byte)))
        {
            Some(object) => Some(Self::Object(trim_end(object))),
            None => Some(Self::Forbidden),
        }
    }

    /// Returns the object's name if the head is about the same resource.
    fn name_of(&self, quote: Quote, resource: &str, group: &str) -> Result<String, Doubt> {
        let object = match self {
            Self::Absent => return Ok(String::new()),
            Self::Forbidden => return Err(Doubt::HeadDisagrees),
            Self::Object(object) => object,
        };
        let qualified = match group {
            "" => resource.to_owned(),
            group => format!("{resource}.{group}"),
        };
        let is_it = |head: &[u8]| {
            head.strip_suffix(qualified.as_bytes()).is_some_and(|before| {
                before
                    .last()
                    .is_none_or(|last| !(last.is_ascii_alphanumeric() || b"-_./".contains(last)))
            })
        };
        if is_it(object) {
            return Ok(String::new());
        }
        let (head, name) = quote.split_end(object).ok_or(Doubt::HeadDisagrees)?;
        if !is_it(trim_end(head)) {
            return Err(Doubt::HeadDisagrees);
        }
        match name {
            [] => Err(Doubt::Invalid { field: Field::Name }),
            name => plain(Field::Name, name),
        }
    }
}

/// The rest of a sentence.
struct Words<'t> {
    rest: &'t [u8],
    /// The quotes of the first field, which all fields use.
    quote: Quote,
}

/// The quotes around fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quote {
    /// No quotes.
    None,
    /// The same mark on both sides, after a number of backslashes.
    Mark { backslashes: usize, mark: &'static [u8] },
}

/// Quotation marks, longest first.
const MARKS: [&[u8]; 7] = [b"\"\"", b"\"", b"`\"", b"'", b"`", b"u0022", b"x22"];

impl Quote {
    /// Returns the quotes of the field at the start of a text.
    fn at(text: &[u8]) -> Self {
        let backslashes = text.iter().take_while(|byte| **byte == b'\\').count();
        let rest = text.get(backslashes..).unwrap_or_default();
        let mark = MARKS.iter().find(|mark| {
            let needs_backslash = mark.ends_with(b"22");
            rest.starts_with(mark) && (!needs_backslash || backslashes > 0)
        });
        match mark {
            // A pair of quotes can also be an empty field.
            Some(&b"\"\"") if rest.get(2).is_none_or(|byte| is_blank(*byte)) => {
                Self::Mark { backslashes, mark: b"\"" }
            }
            Some(mark) => Self::Mark { backslashes, mark },
            None => Self::None,
        }
    }

    fn strip_start(self, text: &[u8]) -> Option<&[u8]> {
        let Self::Mark { backslashes, mark } = self else { return Some(text) };
        let found = text.iter().take_while(|byte| **byte == b'\\').count();
        (found == backslashes).then(|| text.get(backslashes..)?.strip_prefix(mark)).flatten()
    }

    /// Splits a field off the start of a text.
    fn split_start(self, text: &[u8]) -> Option<(&[u8], &[u8])> {
        let Self::Mark { backslashes, mark } = self else {
            let end = text.iter().position(|byte| is_blank(*byte)).unwrap_or(text.len());
            return text.split_at_checked(end);
        };
        let content = self.strip_start(text)?;
        let end = memchr::memmem::find(content, mark)?;
        let end = end.checked_sub(backslashes)?;
        let rest = self.strip_start(content.get(end..)?)?;
        Some((content.get(..end)?, rest))
    }

    /// Splits a field off the end of a text.
    fn split_end(self, text: &[u8]) -> Option<(&[u8], &[u8])> {
        let Self::Mark { backslashes, mark } = self else {
            let start = text.iter().rposition(|byte| is_blank(*byte))?;
            return Some((text.get(..start)?, text.get(start + 1..)?));
        };
        let content = text.strip_suffix(mark)?;
        let content = content.get(..content.len().checked_sub(backslashes)?)?;
        let start = memchr::memmem::rfind(content, mark)?;
        let field = content.get(start + mark.len()..)?;
        let head = content.get(..start.checked_sub(backslashes)?)?;
        Some((head, field))
    }
}

impl<'t> Words<'t> {
    fn is_about_a_user(&self) -> bool {
        let ahead = self.rest.get(..self.rest.len().min(1 << 10)).unwrap_or_default();
        memchr::memmem::find(ahead, b"cannot").is_some() || memchr::memchr(BREAK, ahead).is_some()
    }

    fn blanks(&mut self) -> Option<()> {
        let length = self.rest.iter().take_while(|byte| is_blank(**byte)).count();
        self.rest = self.rest.get(length..)?;
        (length > 0).then_some(())
    }

    /// Takes all bytes up to the next whitespace.
    fn bare(&mut self) -> &'t [u8] {
        let end = self.rest.iter().position(|byte| is_blank(*byte)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Takes these words, each after whitespace.
    fn literal(&mut self, words: &[&str]) -> Result<(), Doubt> {
        for word in words {
            let _ = self.blanks();
            self.rest = match self.rest.strip_prefix(word.as_bytes()) {
                Some(rest) if rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric()) => rest,
                _ if self.rest.len() < word.len() => return Err(Doubt::CutOff),
                _ => return Err(Doubt::OtherWording),
            };
        }
        Ok(())
    }

    fn starts_with(&self, word: &str) -> bool {
        let mut ahead = Words { rest: self.rest, quote: self.quote };
        ahead.literal(&[word]).is_ok()
    }

    /// Takes the user, which is optional.
    fn user(&mut self) -> Result<Option<String>, Doubt> {
        if self.starts_with("cannot") {
            // The quotes can be missing together with the name.
            let resource = memchr::memmem::find(self.rest, b" resource ");
            let after = resource.and_then(|found| self.rest.get(found + " resource ".len()..));
            self.quote = after.map_or(Quote::None, Quote::at);
            return Ok(None);
        }
        self.quote = Quote::at(self.rest);
        let (user, rest) = self.quote.split_start(self.rest).ok_or(Doubt::CutOff)?;
        self.rest = rest;
        if user.is_empty() {
            return Ok(None);
        }
        let user = plain_or_masked(Field::User, user)?;
        Ok(user.filter(|user| !is_masked(user)))
    }

    /// Takes whitespace and a field, which can be empty if fields have no quotes.
    fn field(&mut self, field: Field) -> Result<String, Doubt> {
        self.blanks().ok_or(Doubt::CutOff)?;
        let quote = match (self.quote, Quote::at(self.rest)) {
            // Other fields can have quotes even if the user is missing or has none.
            (Quote::None, found) => found,
            (known, _) => known,
        };
        let (content, rest) = quote.split_start(self.rest).ok_or(Doubt::CutOff)?;
        self.rest = rest;
        plain(field, content)
    }

    fn group(&mut self) -> Result<String, Doubt> {
        let is_left_out =
            self.quote == Quote::None && (self.starts_with("in") || self.starts_with("at"));
        if is_left_out { Ok(String::new()) } else { self.field(Field::Group) }
    }

    fn target(&mut self, head: &Head<'_>, verb: &str) -> Result<Request, Doubt> {
        if self.starts_with("path") {
            self.literal(&["path"])?;
            let path = self.field(Field::Path)?;
            return match head {
                Head::Object(_) => Err(Doubt::HeadDisagrees),
                _ if path.ends_with('*') => Err(Doubt::PatternPath),
                _ if !path.starts_with('/') => Err(Doubt::Invalid { field: Field::Path }),
                _ => Ok(Request::path(verb, path)),
            };
        }
        let (combined, group) = if self.starts_with("resource") {
            self.literal(&["resource"])?;
            let combined = self.field(Field::Resource)?;
            self.literal(&["in", "API", "group"])?;
            (combined, self.group()?)
        } else {
            // Servers up to 1.11 wrote `deployments.extensions/scale`, OpenShift 3 `all pods`.
            let _ = self.starts_with("all").then(|| self.literal(&["all"]));
            self.blanks().ok_or(Doubt::CutOff)?;
            let qualified = plain(Field::Resource, self.bare())?;
            let (qualified, subresource) = match qualified.split_once('/') {
                Some((qualified, subresource)) => (qualified, format!("/{subresource}")),
                None => (&*qualified, String::new()),
            };
            let (resource, group) = qualified.split_once('.').unwrap_or((qualified, ""));
            (format!("{resource}{subresource}"), group.to_owned())
        };
        let namespace = self.scope()?;
        let (resource, subresource) = combined.split_once('/').unwrap_or((&combined, ""));
        let is_whole = !combined.ends_with('/') && is_resource(resource);
        if !is_whole || !(subresource.is_empty() || is_subresource(subresource)) {
            return Err(Doubt::Invalid { field: Field::Resource });
        }
        if !is_group(&group) {
            return Err(Doubt::Invalid { field: Field::Group });
        }
        let name = head.name_of(self.quote, resource, &group)?;
        Ok(Request::resource(
            verb,
            ResourceRequest {
                namespace: namespace.into(),
                group: group.into(),
                resource: resource.into(),
                subresource: subresource.into(),
                name: name.into(),
            },
        ))
    }

    /// Takes the scope, and returns the namespace.
    fn scope(&mut self) -> Result<String, Doubt> {
        if self.starts_with("at") {
            self.literal(&["at", "the", "cluster", "scope"])?;
            return Ok(String::new());
        }
        self.literal(&["in"])?;
        if self.starts_with("the") {
            self.literal(&["the"])?;
            if self.starts_with("cluster") {
                self.literal(&["cluster"])?;
                return Ok(String::new());
            }
        }
        let word = if self.starts_with("project") { "project" } else { "namespace" };
        self.literal(&[word])?;
        let namespace = self.field(Field::Namespace)?;
        let namespace = match self.quote {
            Quote::None => namespace.trim_end_matches(['.', ',', ';', ':', ')', '`']).to_owned(),
            Quote::Mark { .. } => namespace,
        };
        match is_namespace(&namespace) {
            true => Ok(namespace),
            false => Err(Doubt::Invalid { field: Field::Namespace }),
        }
    }

    /// Takes the server's reason.
    fn reason(&self) -> String {
        let Some(reason) = self.rest.strip_prefix(b":") else { return String::new() };
        let end = memchr::memchr(b'\n', reason).unwrap_or(reason.len()).min(500);
        let reason = String::from_utf8_lossy(reason.get(..end).unwrap_or_default());
        let reason = reason.replace(char::from(BREAK), " ").replace('\\', "");
        if reason.trim_start().starts_with("RBAC: ") {
            reason.trim().to_owned()
        } else {
            String::new()
        }
    }
}

/// Takes a field that no encoding changes.
fn plain(field: Field, content: &[u8]) -> Result<String, Doubt> {
    match plain_or_masked(field, content)? {
        Some(text) if is_masked(&text) => Err(Doubt::Masked { field }),
        Some(text) => Ok(text),
        None => Err(Doubt::Masked { field }),
    }
}

/// Takes a field; `None` if it is certainly masked.
fn plain_or_masked(field: Field, content: &[u8]) -> Result<Option<String>, Doubt> {
    let text = std::str::from_utf8(content).map_err(|_| Doubt::Invalid { field })?;
    let text = &unbroken(field, text).ok_or(Doubt::Unprintable { field })?;
    if text.chars().any(|character| !is_printable(character)) {
        return Err(Doubt::Unprintable { field });
    }
    if is_masked(text) {
        return Ok(None);
    }
    if text.contains(['"', '\\', '\'', '`', '&', '%']) || text.len() > 253 {
        return Err(Doubt::Invalid { field });
    }
    Ok(Some(text.to_owned()))
}

fn is_blank(byte: u8) -> bool {
    byte == BREAK || matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn trim_end(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take_while(|byte| is_blank(**byte)).count();
    text.get(..text.len() - blanks).unwrap_or_default()
}
