//! Refusals that do not name the user: a 403 with its URL, with a verb and a resource, or alone.

use std::collections::BTreeSet;

use memchr::memmem;
use rolecall_rbac::{Request, ResourceRequest, Target, Text, verb_of_method};

use super::fields::{is_group, is_resource, is_subresource};
use super::remark::shown;
use super::url::{self, Method};
use super::{Scan, Seen};

/// A refusal that does not name the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unnamed {
    /// The requests that the text describes; empty if unknown.
    pub requests: Vec<Request>,
    /// Whether the requests' namespace is known.
    pub place: Place,
    /// The reason why the user is missing.
    pub reason: UnnamedReason,
    /// An excerpt, safe to print.
    pub text: Text,
    /// The position and count.
    pub seen: Seen,
}

/// Whether a refused request's namespace is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The request has a namespace or is cluster-scoped.
    Known,
    /// The text names the resource, but not the namespace.
    Unknown,
}

/// The reason why a refusal does not name the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnnamedReason {
    /// The user was omitted or masked.
    LeftOut,
    /// The client prints the status code 403 and the URL, but not the server's sentence.
    UrlOnly,
    /// The same, but the method of the request is missing too: it is assumed to be a GET.
    UrlWithoutMethod,
    /// A Go client got a 403 without the server's sentence.
    NoStatus,
    /// A Go client shows the verb, the resource and the name, but not the subresource, if any: it
    /// does not decode the responses to raw requests, such as those for logs.
    NoSubresource,
    /// The client prints only the status code.
    CodeOnly,
    /// kubectl hides the refusal behind another error.
    Hidden,
}

/// The status code of a refusal.
pub(super) const CODE: &[u8] = b"403";
/// The message of Go clients for a response without a Status.
pub(super) const UNKNOWN: &[u8] = b"unknown (";
/// The message of old Go clients for a 403, before the words about the request.
pub(super) const NOT_ALLOWED: &[u8] = b"server does not allow access to the requested resource";
/// The message of `kubectl autoscale` after a refusal.
pub(super) const AUTOSCALE: &[u8] = b"incompatible with autoscaling/v1: empty input";

/// The result of reading at an anchor.
pub(super) type Found = (Vec<Request>, Place, UnnamedReason);

/// Reads `unknown (get deployments.apps web)`, the message of Go clients for a response without a
/// Status.
pub(super) fn at_unknown(before: &[u8], after: &[u8]) -> Option<Found> {
    of_method_words(before, after.strip_prefix(UNKNOWN)?)
}

/// Reads `get deployments.apps web)`, the words of Go clients about a request.
pub(super) fn of_method_words(before: &[u8], rest: &[u8]) -> Option<Found> {
    let end = memchr::memchr2(b')', b'\n', rest)?;
    let words = std::str::from_utf8(rest.get(..end)?).ok()?;
    let mut words = words.split(' ');
    let (method, resource, name) = (words.next()?, words.next()?, words.next().unwrap_or_default());
    let method_is_known = ["get", "post", "put", "patch", "delete"].contains(&method);
    if !method_is_known || words.next().is_some() {
        return None;
    }
    let query =
        if before.ends_with(b": ") && line_has(before, b"ailed to watch") { "watch" } else { "" };
    let verb = verb_of_method(method, name, query);
    // Only proxies have ports, as in `https:web:443`.
    let has_port = name.contains(':') && ["services", "pods", "nodes"].contains(&resource);
    let request = match has_port {
        true => of_words(verb, &format!("{resource}/proxy"), name)?,
        false => of_words(verb, resource, name)?,
    };
    if name.is_empty() || has_port || resource.contains('/') {
        return Some((vec![request], Place::Unknown, UnnamedReason::NoStatus));
    }
    // Only subresources of an object accept a POST.
    let requests = if method == "post" { Vec::new() } else { vec![request] };
    Some((requests, Place::Unknown, UnnamedReason::NoSubresource))
}

fn line_has(before: &[u8], words: &[u8]) -> bool {
    let start = memchr::memrchr(b'\n', before).map_or(0, |found| found + 1);
    before.get(start..).is_some_and(|line| memmem::find(line, words).is_some())
}

/// Returns the request for `deployments.apps/scale`.
fn of_words(verb: &str, qualified: &str, name: &str) -> Option<Request> {
    let (qualified, subresource) = qualified.split_once('/').unwrap_or((qualified, ""));
    let (resource, group) = qualified.split_once('.').unwrap_or((qualified, ""));
    let is_valid = is_resource(resource)
        && is_group(group)
        && (subresource.is_empty() || is_subresource(subresource));
    let target = ResourceRequest {
        group: group.into(),
        resource: resource.into(),
        subresource: subresource.into(),
        name: name.into(),
        ..ResourceRequest::default()
    };
    is_valid.then(|| Request::resource(verb, target))
}

/// Reads `Forbidden: "/api/v1/endpoints?resourceVersion=0" (get endpoints)`, the format of Go
/// clients in 2017; `after` follows `Forbidden`.
pub(super) fn at_quoted_path(after: &[u8]) -> Option<Found> {
    let rest = after.strip_prefix(b": ")?;
    let backslashes = rest.iter().take_while(|byte| **byte == b'\\').count();
    let rest = rest.get(backslashes..)?.strip_prefix(b"\"")?;
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n'))?;
    let url = std::str::from_utf8(rest.get(..end)?).ok().filter(|url| url.starts_with('/'))?;
    let words = rest.get(end..)?;
    let open = words.iter().take(8).position(|byte| *byte == b'(')?;
    let method = words.get(open + 1..)?.split(|byte| *byte == b' ').next()?;
    let method = std::str::from_utf8(method).ok()?;
    let requests = url::requests(url, Method::Known(method));
    Some((requests, Place::Known, UnnamedReason::UrlOnly))
}

/// The distance from a status code within which to search for its URL.
const REACH: usize = 600;

/// Reads the text around the status code 403; `None` if it is part of another number.
pub(super) fn at_code(before: &[u8], after: &[u8]) -> Option<Found> {
    let rest = after.strip_prefix(CODE)?;
    let joins =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/');
    let is_number = !before.last().is_some_and(joins)
        && !rest
            .first()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !(matches!(rest, [b'.' | b':' | b',', digit, ..] if digit.is_ascii_digit()));
    if !is_number {
        return None;
    }
    let near = before.get(before.len().saturating_sub(REACH)..).unwrap_or_default();
    let ahead = rest.get(..rest.len().min(REACH)).unwrap_or_default();
    if let Some((requests, reason)) = url_near(near, ahead) {
        return Some((requests, Place::Known, reason));
    }
    let here = memchr::memrchr(b'\n', near).map_or(0, |found| found + 1);
    let line = near.get(here..).unwrap_or_default();
    let is_code = is_status(near, ahead) && !is_about_another_server(line, ahead);
    is_code.then(|| (Vec::new(), Place::Known, UnnamedReason::CodeOnly))
}

/// Reads the text around a single `Forbidden`.
pub(super) fn at_status(before: &[u8], after: &[u8]) -> Found {
    let near = before.get(before.len().saturating_sub(REACH)..).unwrap_or_default();
    let ahead = after.get(..after.len().min(REACH)).unwrap_or_default();
    match url_near(near, ahead) {
        Some((requests, reason)) => (requests, Place::Known, reason),
        None => (Vec::new(), Place::Known, UnnamedReason::CodeOnly),
    }
}

/// Returns whether a line of an access log or a client contains a URL of another server.
fn is_about_another_server(before: &[u8], after: &[u8]) -> bool {
    let ahead = after.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let words: [&[u8]; 6] =
        [b"://", b"\"GET /", b"\"POST /", b"\"PUT /", b"\"DELETE /", b"\"HEAD /"];
    words.iter().any(|word| memmem::find(before, word).or(memmem::find(ahead, word)).is_some())
}

/// Returns the requests for the first API server URL in a text, as clients print it when dumping an
/// exception.
pub(super) fn in_dump(text: &[u8]) -> Vec<Request> {
    let text = text.get(..text.len().min(256 << 10)).unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let method = ["method: '", "method='", "\"method\":\""].iter().find_map(|mark| {
        let rest = text.get(text.find(mark)? + mark.len()..)?;
        rest.split(|c: char| !c.is_ascii_alphabetic()).next()
    });
    let method = method.map_or(Method::Unknown, Method::Known);
    for (start, _) in text.match_indices("://").take(200) {
        let scheme = text.get(..start).unwrap_or_default();
        let scheme = scheme.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let Some(rest) = text.get(start - scheme.len()..) else { continue };
        let end = rest.find(|c: char| c.is_whitespace() || "'\"\\)>,}]`".contains(c));
        let requests =
            url::requests(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default(), method);
        if requests.iter().any(|request| matches!(request.target, Target::Resource(_))) {
            return requests;
        }
    }
    Vec::new()
}

/// Returns the requests for the URL that belongs to a status code.
fn url_near(before: &[u8], after: &[u8]) -> Option<(Vec<Request>, UnnamedReason)> {
    let line = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let ahead = after.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let here = memchr::memrchr(b'\n', before).map_or(0, |found| found + 1);
    let (ahead, behind) = (line(ahead), line(before.get(here..).unwrap_or_default()));
    let marks = [
        "for url: ",
        "for url '",
        "for url \"",
        "for URL: ",
        "url='",
        "url=URL('",
        "url: '",
        "url: ",
        "_url: '",
        "\"url\":\"",
        "url=\"",
        " at: ",
        "uri=",
        "path=",
    ];
    let of = |text: &str, start: usize, method: Method<'_>| {
        let rest = text.get(start..)?;
        let end = rest
            .find(|c: char| c.is_whitespace() || "'\"\\)>,}]`".contains(c))
            .unwrap_or(rest.len());
        let found = url::requests(rest.get(..end)?, method);
        let reason = match method {
            Method::Known(_) => UnnamedReason::UrlOnly,
            // A watch and a WebSocket are always opened with a GET.
            Method::Unknown if found.iter().any(is_certainly_read) => UnnamedReason::UrlOnly,
            Method::Unknown => UnnamedReason::UrlWithoutMethod,
        };
        (!found.is_empty()).then_some((found, reason))
    };
    // A log in JSON has a whole stack trace on one line, with source code that names methods.
    let nearest = behind.rsplit("\\n").next().unwrap_or_default();
    let next = ahead.split("\\n").next().unwrap_or_default();
    let whole = format!("{nearest}403{next}");
    let method = method_of(&whole);
    let marked = |text: &str, find: fn(&str, &str) -> Option<usize>| {
        marks.iter().find_map(|mark| of(text, find(text, mark)? + mark.len(), method))
    };
    if let Some(found) = marked(&ahead, |text, mark| text.find(mark)) {
        return Some(found);
    }
    if let Some(found) = marked(&behind, |text, mark| text.rfind(mark)) {
        return Some(found);
    }
    // `GET https://host/api/v1/... 403`, `"GET /apis/... HTTP/1.1" 403`, `403 GET /api/v1/...`.
    let methods = ["GET ", "POST ", "PUT ", "PATCH ", "DELETE "];
    for (text, is_behind) in [(&behind, true), (&ahead, false)] {
        let starts = methods.iter().filter_map(|word| {
            let found = if is_behind { text.rfind(word) } else { text.find(word) }?;
            Some((found, found + word.len(), word.trim_end()))
        });
        let nearest = if is_behind { starts.max() } else { starts.min() };
        if let Some((_, start, method)) = nearest
            && let Some(found) = of(text, start, Method::Known(method))
        {
            return Some(found);
        }
    }
    // Any URL on the same line.
    for text in [&behind, &ahead] {
        for scheme in ["https://", "http://", "wss://", "ws://"] {
            if let Some(found) = text.find(scheme).and_then(|start| of(text, start, method)) {
                return Some(found);
            }
        }
    }
    None
}

/// Returns whether only a GET can lead to a request, whose URL says that it is a watch, or reads
/// logs or metrics.
fn is_certainly_read(request: &Request) -> bool {
    match &request.target {
        Target::Resource(target) => {
            *request.verb == *"watch" || matches!(&*target.subresource, "log" | "exec" | "attach")
        }
        Target::Path(_) => true,
    }
}

fn method_of(line: &str) -> Method<'_> {
    ["POST", "PUT", "PATCH", "DELETE", "GET"]
        .into_iter()
        .find(|method| line.split(|c: char| !c.is_ascii_alphabetic()).any(|word| word == *method))
        .map_or(Method::Unknown, Method::Known)
}

/// Returns whether the surrounding words identify the number as a status code.
fn is_status(before: &[u8], after: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    let words = before.get(before.len().saturating_sub(24)..).unwrap_or_default();
    let words = String::from_utf8_lossy(words).to_ascii_lowercase();
    let words = words.trim_end_matches(['"', '\'', ':', '=', ' ', '(', '[', '\\', '`']);
    let named = [
        "status",
        "code",
        "statuscode",
        "status_code",
        "response",
        "http/1.1",
        "http/2",
        "http/2.0",
        "http",
        "error",
        "exception",
    ];
    let after = after.trim_ascii_start();
    let follows = after.get(..after.len().min(12)).unwrap_or_default();
    named.iter().any(|name| words.ends_with(name)) || memmem::find(follows, b"orbidden").is_some()
}

/// Drops refusals without a user if the text contains more elsewhere: the sentence with the user, or
/// another refusal if only the status code is known.
pub(super) fn drop_redundant(scan: &mut Scan) {
    let key = |request: &Request, place: Place| match &request.target {
        Target::Resource(target) => {
            let namespace =
                if place == Place::Known { target.namespace.clone() } else { Text::from("*") };
            [target.group.clone(), target.resource.clone(), target.subresource.clone(), namespace]
        }
        Target::Path(path) => [Text::from("/"), path.clone(), "".into(), "".into()],
    };
    let known: BTreeSet<[Text; 4]> = scan
        .denials
        .iter()
        .map(|denial| &denial.request)
        .flat_map(|request| [key(request, Place::Known), key(request, Place::Unknown)])
        .collect();
    // The URL of a refused role or binding does not show that it was a write.
    let written: BTreeSet<(&str, &str)> =
        scan.escalations.iter().map(|found| (&*found.resource, &*found.name)).collect();
    let is_write = |request: &Request| match &request.target {
        Target::Resource(target) => {
            let resource = format!("{}.{}", target.resource, target.group);
            written.iter().any(|(written, name)| {
                *written == resource && (target.name.is_empty() || *target.name == **name)
            })
        }
        Target::Path(_) => false,
    };
    scan.unnamed.retain(|found| {
        !found
            .requests
            .iter()
            .any(|request| known.contains(&key(request, found.place)) || is_write(request))
    });
    let says_more = !scan.denials.is_empty()
        || !scan.escalations.is_empty()
        || !scan.remarks.is_empty()
        || scan.unnamed.iter().any(|found| !found.requests.is_empty());
    if says_more {
        scan.unnamed
            .retain(|found| !found.requests.is_empty() || found.reason == UnnamedReason::Hidden);
    }
}

/// Makes an excerpt of a line from the text before and after a place, without secrets.
pub(super) fn excerpt(before: &[u8], after: &[u8]) -> Text {
    let before = rolecall_command::masked_line(&String::from_utf8_lossy(before));
    let skipped = before.chars().count().saturating_sub(100);
    let before: String = before.chars().skip(skipped).collect();
    let start = if skipped > 0 { "..." } else { "" };
    let line = format!("{start}{}{}", before.trim_start(), String::from_utf8_lossy(after));
    shown(line.trim().as_bytes())
}
