//! Escalation refusals: `is attempting to grant RBAC permissions not currently held`.

use rolecall_rbac::{PolicyRule, Text, Texts};

use super::fields::printable;
use super::peel::{self, Encoding};
use super::remark::{Doubt, Field};
use super::{Seen, quote};

/// The server refused a role or binding that grants more than its writer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// Who wrote it.
    pub user: Text,
    /// The writer's groups, as the server names them.
    pub groups: Vec<Text>,
    /// What was written, such as `roles.rbac.authorization.k8s.io`.
    pub resource: Text,
    /// The object's name.
    pub name: Text,
    /// The rules that the writer does not hold, as the server lists them.
    pub missing: Vec<PolicyRule>,
    /// Whether the list ends before it is complete.
    pub cut_off: bool,
    /// Where and how often.
    pub seen: Seen,
}

/// What follows `is forbidden: `.
#[derive(Debug)]
pub(super) enum Reading {
    /// No escalation refusal.
    Nothing,
    /// Perhaps one, in an encoding that must be undone first.
    Encoded(Encoding),
    /// One.
    Found(Box<Escalation>),
    /// Something that looks like one.
    Doubtful(Doubt),
}

/// Reads an escalation refusal from the head before `is forbidden: ` and what follows it.
pub(super) fn read(head: &[u8], rest: &[u8]) -> Reading {
    let Some(user) = rest.strip_prefix(b"user ") else { return Reading::Nothing };
    if !user.starts_with(b"\"") {
        return peel::encoding_after(user).map_or(Reading::Nothing, Reading::Encoded);
    }
    match escalation(head, user) {
        Ok(Some(escalation)) => Reading::Found(Box::new(escalation)),
        Ok(None) => Reading::Nothing,
        Err(doubt) => Reading::Doubtful(doubt),
    }
}

fn escalation(head: &[u8], user: &[u8]) -> Result<Option<Escalation>, Doubt> {
    let (user, rest) = quote::split(user).ok_or(Doubt::CutOff)?;
    let Some(rest) = rest.strip_prefix(b" (groups=[") else { return Ok(None) };
    let (groups, rest) = list(rest).ok_or(Doubt::CutOff)?;
    let Some(rest) =
        rest.strip_prefix(b") is attempting to grant RBAC permissions not currently held:")
    else {
        return Ok(None);
    };
    let (resource, name) = head_of(head)?;
    let (missing, cut_off) = rules(rest);
    if missing.is_empty() {
        return Err(Doubt::CutOff);
    }
    Ok(Some(Escalation {
        user: printable(Field::User, user)?.as_ref().into(),
        groups: groups.to_vec(),
        resource,
        name,
        missing,
        cut_off,
        seen: Seen { line: 0, count: 1 },
    }))
}

/// Splits `roles.rbac.authorization.k8s.io "r"` off the end of what stands before `is forbidden:`.
fn head_of(head: &[u8]) -> Result<(Text, Text), Doubt> {
    let head = head.trim_ascii_end();
    let (qualified, name) = match quote::opening(head) {
        Some(opening) => {
            let (qualified, name) = head.split_at(opening);
            let name = name.get(1..name.len().saturating_sub(1)).unwrap_or_default();
            (qualified.trim_ascii_end(), printable(Field::Name, name)?)
        }
        None => (head, "".into()),
    };
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let start = qualified.len() - qualified.iter().rev().take_while(|byte| is_part(byte)).count();
    let resource = String::from_utf8_lossy(qualified.get(start..).unwrap_or_default());
    Ok((resource.as_ref().into(), name.as_ref().into()))
}

/// Reads the rules, one a line, and says whether the last one is cut off.
fn rules(text: &[u8]) -> (Vec<PolicyRule>, bool) {
    let mut rules = Vec::new();
    let mut rest = text;
    while let Some(next) = rest.strip_prefix(b"\n").and_then(|rest| rest.strip_prefix(b"{")) {
        let Some((rule, after)) = rule(next) else { return (rules, true) };
        rules.push(rule);
        rest = after;
    }
    (rules, false)
}

/// Reads `APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}`.
fn rule(text: &[u8]) -> Option<(PolicyRule, &[u8])> {
    let mut rule = PolicyRule::default();
    let mut rest = text;
    loop {
        let colon = memchr::memchr(b':', rest)?;
        let (field, after) = rest.split_at(colon);
        let target = match field {
            b"APIGroups" => &mut rule.api_groups,
            b"Resources" => &mut rule.resources,
            b"NonResourceURLs" => &mut rule.non_resource_urls,
            b"ResourceNames" => &mut rule.resource_names,
            b"Verbs" => &mut rule.verbs,
            _ => return None,
        };
        let (texts, after) = list(after.strip_prefix(b":[")?)?;
        *target = texts;
        if let Some(after) = after.strip_prefix(b"}") {
            return Some((rule, after));
        }
        rest = after.strip_prefix(b", ")?;
    }
}

/// Reads `"a" "b"]`, Go's way of writing a slice of strings.
fn list(text: &[u8]) -> Option<(Texts, &[u8])> {
    let mut texts: Vec<Text> = Vec::new();
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix(b"]") {
            return Some((texts.into(), after));
        }
        let next = if texts.is_empty() { rest } else { rest.strip_prefix(b" ")? };
        let (raw, after) = quote::split(next)?;
        texts.push(printable(Field::Name, raw).ok()?.as_ref().into());
        rest = after;
    }
}
