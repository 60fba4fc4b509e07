//! Escalation refusals: `is attempting to grant RBAC permissions not currently held`.
//!
//! They do not need a grant, but list the rules that their writer lacks. They are read in any form:
//! quoted and escaped in any way, on one line or several, with margins and prefixes, and in the
//! wording of servers up to 1.10.

use memchr::memmem;
use rolecall_rbac::{PolicyRule, Text};

use super::remark::{Doubt, shown};
use super::rules::{self, quoted_at, quoted_before};
use super::{Seen, margin};

/// A role or binding that the server refused because it grants more than its writer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// The user who wrote it.
    pub user: Text,
    /// The writer's groups, as listed by the server.
    pub groups: Vec<Text>,
    /// The resource, such as `roles.rbac.authorization.k8s.io`.
    pub resource: Text,
    /// The object's name.
    pub name: Text,
    /// The rules that the writer does not hold, as listed by the server.
    pub missing: Vec<PolicyRule>,
    /// Whether the list is truncated.
    pub cut_off: bool,
    /// The position and count.
    pub seen: Seen,
}

/// The words in every refusal of current servers.
const HELD: &[u8] = b"not currently held";
/// The words in every refusal of servers up to 1.10.
pub(super) const EXTRA: &[u8] = b"attempt to grant extra privileges:";
/// The maximum distance of these words from `is forbidden:`; groups can come in between.
const REACH: usize = 16 << 10;

/// Reads an escalation refusal from the text before and after `is forbidden:`; `None` if it is
/// another refusal.
pub(super) fn read(head: &[u8], rest: &[u8]) -> Option<Result<Box<Escalation>, Doubt>> {
    let (resource, name) = written(head);
    let ahead = rest.get(..rest.len().min(REACH)).unwrap_or_default();
    let (user, groups, list) = if let Some(start) = memmem::find(ahead, EXTRA).filter(|at| *at < 64)
    {
        let list = rest.get(start + EXTRA.len()..).unwrap_or_default();
        let end = memmem::find(list, b"user=&{").unwrap_or(list.len());
        let (list, user) = list.split_at(end);
        let user = user.get(b"user=&{".len()..).unwrap_or_default();
        (shown(until(user, b" ")), old_groups(user), list)
    } else {
        let end = next_refusal(ahead);
        let Some(start) = position_of_words(ahead.get(..end)?, HELD) else {
            let is_one = memmem::find(ahead.get(..end)?, b"is attempting to grant").is_some();
            return is_one.then_some(Err(Doubt::CutOff));
        };
        let before = ahead.get(..start).unwrap_or_default();
        let (user, after) =
            quoted_at(margin::without_start(before.get(b"user".len()..)?)).unwrap_or((b"", before));
        (shown(user), groups(after), rest.get(start + HELD.len()..).unwrap_or_default())
    };
    let (missing, cut_off) = rules::read(list);
    if missing.is_empty() {
        return Some(Err(Doubt::CutOff));
    }
    let seen = Seen { line: 0, count: 1 };
    Some(Ok(Box::new(Escalation { user, groups, resource, name, missing, cut_off, seen })))
}

/// Returns the position of words that whitespace and margins can separate.
fn position_of_words(text: &[u8], words: &[u8]) -> Option<usize> {
    if let Some(found) = memmem::find(text, words) {
        return Some(found);
    }
    // Only the end of the last word matters.
    let last = words.rsplit(|byte| *byte == b' ').next()?;
    let first = memmem::find(text, b"currently")?;
    let found = memmem::find(text.get(first..)?, last)? + first;
    (found - first < 64).then(|| (found + last.len()).saturating_sub(words.len()))
}

/// Returns the start of the next refusal, or the end of the text.
fn next_refusal(text: &[u8]) -> usize {
    memmem::find(text, b"orbidden").unwrap_or(text.len())
}

fn until<'t>(text: &'t [u8], end: &[u8]) -> &'t [u8] {
    memmem::find(text, end).and_then(|end| text.get(..end)).unwrap_or(text)
}

/// Reads the names between `(groups=[` and `])`.
fn groups(text: &[u8]) -> Vec<Text> {
    let mut rest = until(text, b"]");
    let mut groups = Vec::new();
    while let Some(start) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'&' | 0xe2))
    {
        rest = rest.get(start..).unwrap_or_default();
        match quoted_at(rest) {
            Some((group, after)) => {
                groups.push(shown(group));
                rest = after;
            }
            None => rest = rest.get(1..).unwrap_or_default(),
        }
    }
    groups
}

/// Reads `name uid [group group] map[]}`.
fn old_groups(text: &[u8]) -> Vec<Text> {
    let Some(open) = memchr::memchr(b'[', until(text, b"}")) else { return Vec::new() };
    let list = until(text.get(open + 1..).unwrap_or_default(), b"]");
    list.split(|byte| *byte == b' ').filter(|group| !group.is_empty()).map(shown).collect()
}

/// Splits `roles.rbac.authorization.k8s.io "r"` off the end of the text before `is forbidden:`.
fn written(head: &[u8]) -> (Text, Text) {
    let head = head.trim_ascii_end();
    let (qualified, name) = quoted_before(head).unwrap_or((head, b""));
    let qualified = qualified.trim_ascii_end();
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let start = qualified.len() - qualified.iter().rev().take_while(|byte| is_part(byte)).count();
    (shown(qualified.get(start..).unwrap_or_default()), shown(name))
}
