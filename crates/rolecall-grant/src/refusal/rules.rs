//! Parses lists of rules in Go's format: `{APIGroups:["apps"], Resources:["deployments"],
//! Verbs:["get"]}`, and `PolicyRule{...}` or `{[get] [] [pods] [] []}` of old servers.

use memchr::memmem;
use rolecall_rbac::{PolicyRule, Text};

use super::margin;
use super::remark::shown;

/// The maximum number of bytes between two rules, such as margins, prefixes and log records.
const MOST_BETWEEN: usize = 600;
/// The maximum number of rules to read.
const MOST: usize = 2_000;

/// Reads the rules of a list, and returns whether it is truncated.
pub(super) fn read(text: &[u8]) -> (Vec<PolicyRule>, bool) {
    let mut rules = Vec::new();
    let mut rest = text;
    while let Some(start) = next_rule(rest).filter(|_| rules.len() < MOST) {
        let Some((rule, after)) = rest.get(start..).and_then(rule) else { return (rules, true) };
        rules.push(rule);
        rest = after;
    }
    (rules, is_cut_off(rest))
}

/// Returns whether a list ends with an ellipsis.
fn is_cut_off(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    rest.starts_with(b"...") || rest.starts_with("…".as_bytes())
}

/// Returns the start of the next rule's content.
fn next_rule(text: &[u8]) -> Option<usize> {
    let ahead = text.get(..text.len().min(MOST_BETWEEN))?;
    let end = memmem::find(ahead, b"orbidden").unwrap_or(ahead.len());
    let ahead = ahead.get(..end)?;
    memchr::memchr_iter(b'{', ahead).map(|brace| brace + 1).find(|start| {
        let rest = without_blanks(text.get(*start..).unwrap_or_default());
        rest.starts_with(b"[") && is_old(rest) || FIELDS.iter().any(|field| rest.starts_with(field))
            // Also accept a rule that is truncated in its first field's name.
            || rest.len() < 12 && !rest.is_empty() && FIELDS.iter().any(|field| field.starts_with(rest))
    })
}

const FIELDS: [&[u8]; 5] =
    [b"APIGroups:", b"Resources:", b"NonResourceURLs:", b"ResourceNames:", b"Verbs:"];

/// Reads one rule, starting after its brace.
fn rule(text: &[u8]) -> Option<(PolicyRule, &[u8])> {
    let mut rule = PolicyRule::default();
    let mut rest = without_blanks(text);
    if rest.starts_with(b"[") {
        return old_rule(rest);
    }
    loop {
        let field = FIELDS.iter().find(|field| rest.starts_with(field))?;
        let after = without_blanks(rest.get(field.len()..)?).strip_prefix(b"[")?;
        let (texts, after) = list(after)?;
        let target = match field.first() {
            Some(b'A') => &mut rule.api_groups,
            Some(b'N') => &mut rule.non_resource_urls,
            Some(b'V') => &mut rule.verbs,
            _ if field.starts_with(b"Resources") => &mut rule.resources,
            _ => &mut rule.resource_names,
        };
        *target = texts.into();
        let after = without_blanks(after);
        if let Some(after) = after.strip_prefix(b"}") {
            return Some((rule, after));
        }
        rest = without_blanks(after.strip_prefix(b",")?);
    }
}

/// Reads `"a" "b"]`, Go's format for slices of strings.
fn list(text: &[u8]) -> Option<(Vec<Text>, &[u8])> {
    let mut texts: Vec<Text> = Vec::new();
    let mut rest = text;
    loop {
        rest = without_blanks(rest);
        if let Some(after) = rest.strip_prefix(b"]") {
            return Some((texts, after));
        }
        // Lists from JSON or from people contain commas.
        rest = rest.strip_prefix(b",").map_or(rest, without_blanks);
        let (raw, after) = quoted_at(rest)?;
        texts.push(shown(&unbroken(raw)));
        rest = after;
    }
}

/// Removes line breaks and the margins after them from a quoted string.
fn unbroken(raw: &[u8]) -> Vec<u8> {
    let mut lines = raw.split(|byte| *byte == b'\n');
    let mut text = lines.next().unwrap_or_default().to_vec();
    for line in lines {
        while text.last().is_some_and(u8::is_ascii_whitespace) {
            text.pop();
        }
        text.extend_from_slice(margin::without_start(line));
    }
    text
}

fn is_old(text: &[u8]) -> bool {
    old_rule(text).is_some()
}

/// Reads `[get] <nil> [apps] [deployments] [] []}`: verbs, formerly attributes, groups, resources,
/// names and URLs.
fn old_rule(text: &[u8]) -> Option<(PolicyRule, &[u8])> {
    let mut rest = text;
    let mut lists: Vec<Vec<Text>> = Vec::new();
    while lists.len() < 5 {
        rest = without_blanks(rest);
        rest = rest
            .strip_prefix(b"<nil>")
            .or_else(|| rest.strip_prefix(b"{<nil> <nil>}"))
            .unwrap_or(rest);
        let content = without_blanks(rest).strip_prefix(b"[")?;
        let end = memchr::memchr(b']', content)?;
        let words = content.get(..end)?.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        lists.push(words.map(shown).collect());
        rest = content.get(end + 1..)?;
    }
    let after = without_blanks(rest).strip_prefix(b"}")?;
    let mut lists = lists.into_iter();
    let (verbs, mut groups) = (lists.next()?, lists.next()?);
    let (resources, names, urls) = (lists.next()?, lists.next()?, lists.next()?);
    if groups.is_empty() && !resources.is_empty() {
        groups.push("".into());
    }
    let rule = PolicyRule {
        verbs: verbs.into(),
        api_groups: groups.into(),
        resources: resources.into(),
        resource_names: names.into(),
        non_resource_urls: urls.into(),
    };
    Some((rule, after))
}

/// Skips whitespace, margins, and escaped line breaks.
fn without_blanks(text: &[u8]) -> &[u8] {
    let mut rest = margin::without_start(text);
    loop {
        let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
        let after = rest.get(slashes..).unwrap_or_default();
        match after.first() {
            Some(b'n' | b'r' | b't') if slashes > 0 => {
                rest = margin::without_start(after.get(1..).unwrap_or_default());
            }
            _ => return rest,
        }
    }
}

/// Quotation marks, in any encoding.
const QUOTES: [&[u8]; 14] = [
    b"\"",
    b"'",
    b"`",
    b"u0022",
    b"x22",
    b"&quot;",
    b"&#34;",
    b"&#x22;",
    b"&amp;quot;",
    b"%22",
    "\u{201c}".as_bytes(),
    "\u{201d}".as_bytes(),
    "\u{201e}".as_bytes(),
    b"&ldquo;",
];
/// The closing marks of typographic quotes.
const CLOSING: [&[u8]; 5] =
    ["\u{201d}".as_bytes(), "\u{201c}".as_bytes(), "\u{201f}".as_bytes(), b"&rdquo;", b"&ldquo;"];

/// Splits a quoted string off the start of a text; returns its content and the rest.
pub(super) fn quoted_at(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let slashes = text.iter().take_while(|byte| **byte == b'\\').count();
    let rest = text.get(slashes..)?;
    let quote = QUOTES.iter().find(|quote| rest.starts_with(quote))?;
    let content = rest.get(quote.len()..)?;
    let is_typographic = CLOSING.contains(quote) || **quote == *"\u{201e}".as_bytes();
    if is_typographic {
        let (end, closing) = CLOSING
            .iter()
            .filter_map(|closing| Some((memmem::find(content, closing)?, closing)))
            .min()?;
        return Some((content.get(..end)?, content.get(end + closing.len()..)?));
    }
    let mut from = 0;
    loop {
        let found = memmem::find(content.get(from..)?, quote)? + from;
        let before = content.get(..found)?;
        let found_slashes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        if found_slashes == slashes {
            return Some((before.get(..found - slashes)?, content.get(found + quote.len()..)?));
        }
        from = found + quote.len();
    }
}

/// Splits a quoted string off the end of a text; returns the text before it and its content.
pub(super) fn quoted_before(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let quote = QUOTES.iter().chain(&CLOSING).find(|quote| text.ends_with(quote))?;
    let content = text.strip_suffix(*quote)?;
    let slashes = content.iter().rev().take_while(|byte| **byte == b'\\').count();
    let content = content.get(..content.len() - slashes)?;
    let start = QUOTES.iter().chain(&CLOSING).filter_map(|quote| {
        let start = memmem::rfind(content, quote)?;
        Some((start, start + quote.len()))
    });
    let (start, end) = start.max()?;
    Some((content.get(..start.checked_sub(slashes)?)?, content.get(end..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_rules(text: &str) -> String {
        let (rules, cut_off) = read(text.as_bytes());
        let texts =
            |texts: &[Text]| texts.iter().map(|text| &**text).collect::<Vec<&str>>().join(",");
        let rules = rules.iter().map(|rule| {
            format!(
                "{} {}/{}{}{}",
                texts(&rule.verbs),
                texts(&rule.api_groups),
                texts(&rule.resources),
                texts(&rule.non_resource_urls),
                texts(&rule.resource_names),
            )
        });
        format!(
            "{}{}",
            rules.collect::<Vec<String>>().join("; "),
            if cut_off { " ..." } else { "" }
        )
    }

    #[test]
    fn rules_are_read_in_every_form() {
        let list = r#"{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}
{NonResourceURLs:["/metrics"], Verbs:["get"]}"#;
        let expected = "get,list apps/deployments; get //metrics";
        let json = serde_json::to_string(list).unwrap();
        let twice = serde_json::to_string(&json).unwrap();
        let records = list.lines().map(|line| {
            serde_json::json!({"log": format!("{line}\n"), "time": "2026-01-01T00:00:00Z"})
                .to_string()
        });
        let forms = [
            list.to_owned(),
            format!(" {}`", list.replace('\n', " ")),
            json,
            twice,
            list.replace('"', "&quot;"),
            list.replace('"', "”"),
            format!("│ {}", list.replace('\n', "\n│ ")),
            list.replace(" Verbs", "\n    Verbs").replace("deploy", "deploy\n  | "),
            records.collect::<Vec<String>>().join("\n"),
        ];
        for form in forms {
            assert_eq!(shown_rules(&form), expected, "{form}");
        }
        let old = r#" [PolicyRule{Resources:["pods"], APIGroups:[""], Verbs:["get"]} PolicyRule{NonResourceURLs:["/x"], Verbs:["get"]}]"#;
        assert_eq!(shown_rules(old), "get /pods; get //x");
        assert_eq!(
            shown_rules(" [{[get list] [] [pods] [] []} {[get] <nil> [] [] [] [/x]}]"),
            "get,list /pods; get //x"
        );
    }

    #[test]
    fn a_list_that_ends_inside_a_rule_is_cut_off() {
        assert_eq!(shown_rules("{Verbs:[\"get\"]}\n{APIGroups:[\"a"), "get / ...");
        assert_eq!(shown_rules("{Verbs:[\"get\"]}\n{APIG"), "get / ...");
        assert_eq!(shown_rules("{Verbs:[\"get\"]}; resolution errors: [x]"), "get /");
        assert_eq!(shown_rules("{Verbs:[\"get\"]} x is forbidden: {Verbs:[\"list\"]}"), "get /");
    }
}
