//! The other anchors of refusals: `forbidden`, `denied the request`, `Unauthorized`.

use memchr::memmem;
use rolecall_rbac::{Request, ResourceRequest, Text};

use super::fields::{is_printable, is_subresource, is_verb};
use super::peel::{self, Peeled};
use super::reader::LAYERS;
use super::remark::{Admission, Doubt, RemarkKind};
use super::restore::{self, Join};
use super::segment::{Segment, Window};
use super::unnamed::{self, Place, UnnamedReason};
use super::{audit, escalation, margin, quote, sentence, writes};

/// `forbidden` and `Forbidden`.
pub(super) const FORBIDDEN: &[u8] = b"orbidden";
/// The words in refusals of admission webhooks.
pub(super) const DENIED: &[u8] = b"denied the request";
/// `Unauthorized` and `unauthorized`.
pub(super) const UNAUTHORIZED: &[u8] = b"nauthorized";

/// The words in which client-go reports 401.
pub(super) const NO_CREDENTIALS: &[u8] = b"has asked for the client to provide credentials";

/// Reads the text around `forbidden`, except sentences, which have their own anchor.
pub(super) fn at_forbidden(segment: &mut Segment<'_>, place: usize) {
    let near = segment.window(place, 64, 64);
    let after = near.after().get(FORBIDDEN.len()..).unwrap_or_default();
    match near.before().last() {
        Some(b'f') if after.starts_with(b":") => at_announcement(segment, place),
        Some(b'F') if after.starts_with(b" (user=") => at_kubelet(segment, place),
        Some(b'F') if after.starts_with(b"): User ") => {
            segment.sentence(place + FORBIDDEN.len() + "): ".len());
        }
        Some(b'F') if after.starts_with(b"): ") && near.before().ends_with(b"server (F") => {
            at_kubectl(segment, place);
        }
        Some(b'f' | b'F') if !after.starts_with(b")") && is_about_a_user(&near) => {
            at_user(segment, place);
        }
        Some(b'F') => at_capital(segment, place),
        _ => {}
    }
}

/// Reads a sentence whose start has to be restored, or else a refusal that begins with a capital.
fn at_user(segment: &mut Segment<'_>, place: usize) {
    if !segment.restored_sentence(place + FORBIDDEN.len()) {
        at_capital(segment, place);
    }
}

/// Returns whether `User` follows shortly.
fn is_about_a_user(near: &Window<'_>) -> bool {
    let after = near.after().get(FORBIDDEN.len()..).unwrap_or_default();
    memmem::find(after, sentence::START).is_some()
}

/// Reads a single `Forbidden`, or one with a path.
fn at_capital(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 4 << 10, 4 << 10);
    let after = window.after().get(FORBIDDEN.len()..).unwrap_or_default();
    if let Some(found) = unnamed::at_quoted_path(after) {
        return segment.unnamed(found, place);
    }
    let Some(before) = window.before().strip_suffix(b"F") else { return };
    // The number has its own anchor.
    if before.ends_with(b"403 ") {
        return;
    }
    let starts = before.last().is_none_or(|byte| b"\n\r\"'(. \\".contains(byte));
    let ends = after.first().is_none_or(|byte| b"\n\r\"'.!),\\".contains(byte))
        || [&b"Exception"[..], b"Error"].iter().any(|word| after.starts_with(word));
    if starts && ends {
        segment.unnamed(unnamed::at_status(before, after), place);
    }
}

/// Reads an old escalation refusal without a preceding announcement.
pub(super) fn at_extra(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 64, 64);
    let is_announced = memmem::find(window.before(), FORBIDDEN).is_some();
    if !is_announced {
        at_escalation(segment, place, window.after().len());
    }
}

/// Reads an audit event.
pub(super) fn at_audit_decision(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 16 << 10, 256 << 10);
    if let Some((user, request)) = audit::read(window.line()) {
        segment.request(user, request, place);
    }
}

/// Reads `unknown (get pods)`.
pub(super) fn at_unknown(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 1 << 10, 1 << 10);
    if let Some(found) = unnamed::at_unknown(window.before(), window.after()) {
        segment.unnamed(found, place);
    }
}

/// Reads `the server does not allow access to the requested resource (get pods)`, the message of
/// old Go clients for a 403.
pub(super) fn at_not_allowed(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 1 << 10, 1 << 10);
    let after = window.after().get(unnamed::NOT_ALLOWED.len()..).unwrap_or_default();
    let found = after
        .strip_prefix(b" (")
        .and_then(|words| unnamed::of_method_words(window.before(), words))
        .unwrap_or((Vec::new(), Place::Known, UnnamedReason::CodeOnly));
    segment.unnamed(found, place);
}

/// Reads the text around the number 403.
pub(super) fn at_code(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 4 << 10, 4 << 10);
    if let Some(found) = unnamed::at_code(window.before(), window.after()) {
        segment.unnamed(found, place);
    }
}

/// Reads `roles.rbac.authorization.k8s.io "r" not found`, and `namespaces "n" not found`.
pub(super) fn at_not_found(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 1 << 10, 16);
    if let Some(write) = writes::at_not_found(window.before()) {
        segment.remark(RemarkKind::Write(write), place);
    }
}

/// Reads `The RoleBinding "b" is invalid: `, and the refusals of admission policies, whose default
/// reason is `Invalid`.
pub(super) fn at_invalid(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 1 << 10, 1 << 10);
    let problem = window.after().get(writes::INVALID.len()..).unwrap_or_default();
    let problem = problem.strip_prefix(b": ").unwrap_or(problem);
    if let admission @ Admission::Policy { .. } = Admission::classify(problem) {
        return segment.remark(RemarkKind::Admission(admission), place);
    }
    if let Some(write) = writes::at_invalid(window.before(), window.after()) {
        segment.remark(RemarkKind::Write(write), place);
    }
}

/// Reads `code = PermissionDenied desc = permission denied: applications, get, ...`.
pub(super) fn at_permission_denied(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 16, 200);
    let is_argo =
        ["applications", "projects", "repositories", "clusters", "logs", "exec", "accounts"]
            .iter()
            .any(|kind| {
                memmem::find(window.after(), format!("denied: {kind}").as_bytes()).is_some()
            });
    if is_argo {
        segment.remark(RemarkKind::OtherProgram { name: "Argo CD" }, place);
    }
}

/// Reads the message of kubectl when it was refused and continues with something else.
pub(super) fn at_autoscale(segment: &mut Segment<'_>, place: usize) {
    segment.unnamed((Vec::new(), Place::Known, UnnamedReason::Hidden), place);
}

/// Reads the text after `forbidden:`.
fn at_announcement(segment: &mut Segment<'_>, place: usize) {
    let place = place + FORBIDDEN.len() + 1;
    let window = segment.window(place, 4 << 10, 4 << 10);
    let rest = window.after().trim_ascii_start();
    if rest.starts_with(sentence::START) {
        let blanks = window.after().len() - rest.len();
        return segment.sentence(place + blanks);
    }
    let before = window.before();
    let unmargined = margin::without_start(rest);
    if is_escalation(unmargined) && at_escalation(segment, place, unmargined.len()) {
        return;
    }
    // The line is broken right after it, or inside the next word.
    let is_broken = window.after().iter().take(5).any(|byte| *byte == b'\n')
        || rest.starts_with(b"U")
        || memmem::find(rest.get(..rest.len().min(48)).unwrap_or_default(), sentence::START)
            .is_some();
    if is_broken && segment.restored_sentence(place) {
        return;
    }
    let Some(head) = before.strip_suffix(b" is forbidden:") else { return };
    let (head, rest) = undo_encodings(&window, head);
    let name = quote::opening(&head).and_then(|opening| {
        let (resource, name) = head.split_at(opening);
        let raw = name.get(1..name.len().checked_sub(1)?)?;
        Some((resource.trim_ascii_end().to_vec(), quote::unquote(raw)?.into_owned()))
    });
    let line_end = memchr::memchr(b'\n', &rest).unwrap_or(rest.len());
    let line = rest.get(..line_end).unwrap_or_default().trim_ascii();
    let kind = match name {
        Some((resource, pod)) if is_end(line) => {
            if !resource.ends_with(b"pods") {
                return;
            }
            RemarkKind::UpgradeNeedsCreate { pod: super::remark::shown(pod.as_bytes()) }
        }
        name => match Admission::classify(line) {
            // Webhooks have their own anchor.
            Admission::Webhook { .. } => return,
            _ if line
                .starts_with(b"must have cluster-admin privileges to use the aggregationRule") =>
            {
                RemarkKind::AggregationRule
            }
            // Without a name, the sentence can be unrelated.
            Admission::Other if name.is_none() => return,
            admission => RemarkKind::Admission(admission),
        },
    };
    segment.remark(kind, place);
}

fn is_escalation(rest: &[u8]) -> bool {
    rest.starts_with(b"user") || rest.starts_with(b"attempt to grant")
}

/// Returns whether only the end of the surrounding string is left.
fn is_end(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b'"' | b'\'' | b'\\' | b'}' | b')' | b','))
}

/// Decodes the text according to the quote at the end of the head; returns head and rest.
fn undo_encodings(window: &Window<'_>, head: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let tail = window.before().len() - head.len();
    let mut current = Peeled { text: window.text.to_vec(), place: window.place };
    for _ in 0..LAYERS {
        let head = current.text.get(..current.place.saturating_sub(tail)).unwrap_or_default();
        match peel::encoding_before(head) {
            Some(encoding) if quote::opening(head).is_none() => {
                current = peel::peel(&current.text, current.place, encoding);
            }
            _ => break,
        }
    }
    let (head, rest) = current.text.split_at(current.place.min(current.text.len()));
    let head = head.get(..head.len().saturating_sub(tail)).unwrap_or_default();
    (head.to_vec(), rest.to_vec())
}

/// Reads an escalation refusal; `left` is the length of the window from its first word. Returns
/// whether it is one.
fn at_escalation(segment: &mut Segment<'_>, place: usize, left: usize) -> bool {
    let near = segment.window(place, 4 << 10, 4 << 10);
    let start = place + near.after().len().saturating_sub(left);
    let window = segment.window(place, 4 << 10, 256 << 10);
    let rest = window.after().get(start - place..).unwrap_or_default();
    let before = window.before();
    let head = before.strip_suffix(b":").and_then(|head| head.strip_suffix(b"forbidden"));
    let head = head.unwrap_or_default().trim_ascii_end();
    let head = head.strip_suffix(b"is").unwrap_or_default();
    match escalation::read(head, rest) {
        None => return false,
        Some(Ok(found)) => segment.escalation(found, place),
        Some(Err(doubt)) => segment.remark(RemarkKind::Doubtful(doubt), place),
    }
    true
}

/// Reads `Forbidden (user=U, verb=get, resource=nodes, subresource(s)=[pods proxy])`, a kubelet's
/// refusal. Any of the subresources is sufficient; the first is the narrowest.
fn at_kubelet(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 16, 2 << 10);
    let after = window.after().get(FORBIDDEN.len()..).unwrap_or_default();
    let end = after.iter().position(|byte| *byte == b')' || *byte == b'\n');
    // The closing parenthesis of `subresource(s)` comes first.
    let end = match end {
        Some(end) if after.get(..end).is_some_and(|text| text.ends_with(b"subresource(s")) => {
            let rest = after.get(end + 1..).unwrap_or_default();
            rest.iter().position(|byte| *byte == b')').map(|found| end + 1 + found)
        }
        end => end,
    };
    let read = |text: &[u8]| -> Option<(Text, Request)> {
        let text = std::str::from_utf8(text).ok()?.strip_prefix(" (user=")?;
        let (user, rest) = text.split_once(", verb=")?;
        let (verb, rest) = rest.split_once(", resource=nodes, subresource")?;
        let subresource = rest.strip_prefix("(s)=[").or_else(|| rest.strip_prefix('='))?;
        let end = subresource.find([']', ' ', ',']).unwrap_or(subresource.len());
        let subresource = subresource.get(..end)?;
        let valid = !user.is_empty()
            && user.chars().all(is_printable)
            && is_verb(verb)
            && is_subresource(subresource);
        let target = ResourceRequest {
            resource: "nodes".into(),
            subresource: subresource.into(),
            ..ResourceRequest::default()
        };
        valid.then(|| (user.into(), Request::resource(verb, target)))
    };
    let found = end.and_then(|end| read(after.get(..end)?)).or_else(|| {
        let restored = restore::restore(window.text, window.place, Join::Words);
        let text: Vec<u8> = restored
            .text
            .get(restored.place + FORBIDDEN.len()..)?
            .iter()
            .map(|byte| if *byte == restore::BREAK { b' ' } else { *byte })
            .collect();
        let end = memmem::find(&text, b"(s)=").map_or(0, |found| found + 4);
        let end = end + text.get(end..)?.iter().position(|byte| *byte == b')')?;
        read(text.get(..end)?)
    });
    match found {
        Some((user, _)) if asks_for_the_server(&user, &segment.window(place, 200, 400)) => {
            segment.remark(RemarkKind::KubeletRefusesServer { user }, place);
        }
        Some((user, request)) => segment.request(user, request, place),
        None => segment.remark(RemarkKind::Doubtful(Doubt::OtherWording), place),
    }
}

/// Returns whether a kubelet refused the API server's client certificate: kubectl never connects to
/// a kubelet directly.
fn asks_for_the_server(user: &str, window: &Window<'_>) -> bool {
    const SERVERS: [&str; 6] = [
        "kubernetes",
        "kube-apiserver",
        "kube-apiserver-kubelet-client",
        "apiserver-kubelet-client",
        "system:kube-apiserver",
        "kubelet-api",
    ];
    let line = window.line();
    let has = |words: &[u8]| memmem::find(line, words).is_some();
    let is_kubectls =
        has(b"Error from server") || has(b"unable to upgrade connection") || has(b"( pods/");
    SERVERS.contains(&user) || is_kubectls && !user.starts_with("system:serviceaccount:")
}

/// Reads `Error from server (Forbidden): <html>...</html> (get pods)`, kubectl's message for a 403
/// without a Status of the API server.
fn at_kubectl(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 64, 4 << 10);
    let after = window.after().get(FORBIDDEN.len() + 3..).unwrap_or_default();
    let line_end = memchr::memchr(b'\n', after).unwrap_or(after.len());
    let line = after.get(..line_end).unwrap_or_default().trim_ascii_end();
    let has = |words: &[u8]| memmem::find(line, words).is_some();
    let words = line.strip_suffix(b")").and_then(|line| {
        let open = memchr::memrchr(b'(', line)?;
        let words = line.get(open + 1..)?;
        // A kubelet's `subresource(s)=[metrics proxy]` has the same ending.
        let is_plain = !words.iter().any(|byte| b"=[])".contains(byte));
        is_plain.then(|| words.split(|byte| *byte == b' ').count())
    });
    let anchors = [&b"forbidden:"[..], DENIED, b"denied request", unnamed::NOT_ALLOWED];
    if line.starts_with(b"unknown (") || anchors.into_iter().any(has) {
        return;
    }
    if words == Some(2) && !line.starts_with(b"error when") {
        segment.remark(RemarkKind::Intermediary, place);
    } else if !has(FORBIDDEN) {
        segment.unnamed((Vec::new(), Place::Known, UnnamedReason::CodeOnly), place);
    }
}

/// Reads `admission webhook "w" denied the request`.
pub(super) fn at_denied(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 600, 16);
    let head = window.before().trim_ascii_end();
    let (head, _) = undo_encodings(&Window { place: head.len(), ..window }, head);
    let Some(opening) = quote::opening(&head) else { return };
    let (words, name) = head.split_at(opening);
    if words.ends_with(b"admission webhook ") {
        let name = name.get(1..name.len().saturating_sub(1)).unwrap_or_default();
        let name = super::remark::shown(name);
        segment.remark(RemarkKind::Admission(Admission::Webhook { name }), place);
    }
}

/// Reads the message of client-go about a 401.
pub(super) fn at_no_credentials(segment: &mut Segment<'_>, place: usize) {
    segment.remark(RemarkKind::Unauthorized, place);
}

/// Reads the two messages with which other clients report 401.
pub(super) fn at_unauthorized(segment: &mut Segment<'_>, place: usize) {
    let window = segment.window(place, 80, 16);
    let before = window.before();
    let is_reason = before.strip_suffix(b"\"U").is_some_and(|before| {
        let between = before.iter().rev().take_while(|byte| b"\"\\: ".contains(byte)).count();
        before.get(..before.len() - between).is_some_and(|before| before.ends_with(b"reason"))
    });
    if before.ends_with(b"logged in to the server (U") || is_reason {
        segment.remark(RemarkKind::Unauthorized, place);
    }
}
