//! One review and its status.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;

use rolecall_rbac::{Authorizer, Identity, Request, Verdict, VerdictKind};
use rolecall_yaml::json;
use rolecall_yaml::stream::Piece;
use serde::Serialize;

use super::fields::{Fields, Head};
use super::spec::{Kind, Spec};
use super::{ReviewError, objects};
use crate::{Answer, Question};

/// Answers reviews.
#[derive(Clone, Copy)]
pub struct Responder<'a> {
    /// The evaluator; `None` if only a server answers.
    pub authorizer: Option<&'a Authorizer>,
    /// The sender of SelfSubjectAccessReviews, if it is known.
    pub me: Option<&'a Identity>,
    /// The server's answers to open questions.
    pub known: &'a Known,
}

/// A server's answers to questions.
pub type Known = HashMap<(Identity, Request), Answer>;

/// The result of one piece of the input: one review or a YAML list of reviews.
#[derive(Debug, Default)]
pub struct Answered {
    /// The objects with their status, one per line.
    pub output: Vec<u8>,
    /// The pieces that are not valid reviews, each with its line.
    pub errors: Vec<(usize, ReviewError)>,
    /// The questions whose answers depend on unread input.
    pub open: Vec<Question>,
    /// The number of reviews that name a ServiceAccount without its groups.
    pub without_groups: usize,
}

/// A review's `status`, as a server writes it.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    allowed: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    denied: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    evaluation_error: String,
}

impl Responder<'_> {
    /// Answers one piece of the input.
    pub fn answer(&self, piece: &Piece) -> Answered {
        let mut answered = Answered::default();
        objects::each(piece, |line, object| match object {
            Ok(text) => self.answer_json(text, line, &mut answered),
            Err(error) => answered.errors.push((line, error)),
        });
        answered
    }

    fn answer_json(&self, text: &[u8], line: usize, answered: &mut Answered) {
        let before = answered.output.len();
        if let Err(error) = self.try_answer(text, line, answered) {
            answered.output.truncate(before);
            answered.errors.push((line, error));
        }
    }

    fn try_answer(
        &self,
        text: &[u8],
        line: usize,
        answered: &mut Answered,
    ) -> Result<(), ReviewError> {
        let fields = Fields::of(text)?;
        let Head { kind, spec, invalid } = fields.head()?;
        let status = match invalid {
            None => self.decide(kind, &spec, answered)?,
            Some(message) => {
                answered.errors.push((line, ReviewError::Refused(message.clone())));
                Status { evaluation_error: message, ..Status::default() }
            }
        };
        write_answer(&mut answered.output, &fields, &status).map_err(ReviewError::Unwritable)
    }

    fn decide(
        &self,
        kind: Kind,
        spec: &Spec<'_>,
        answered: &mut Answered,
    ) -> Result<Status, ReviewError> {
        let identity = match (spec.identity(kind), self.me) {
            (Some(identity), _) => Cow::Owned(identity),
            (None, Some(me)) => Cow::Borrowed(me),
            (None, None) => return Err(ReviewError::NoSender),
        };
        answered.without_groups += usize::from(!identity.missing_groups().is_empty());
        let key = (identity.into_owned(), spec.request());
        if let Some(answer) = self.known.get(&key)
            && (answer.verdict != VerdictKind::Unknown || self.authorizer.is_none())
        {
            let is_open = answer.verdict == VerdictKind::Unknown;
            answered.open.extend(is_open.then(|| question(key)));
            return Ok(Status::of(answer));
        }
        let Some(authorizer) = self.authorizer else {
            answered.open.push(question(key));
            let evaluation_error = "the server was not asked".to_owned();
            return Ok(Status { evaluation_error, ..Status::default() });
        };
        let decision = authorizer.authorize(&key.0, &key.1);
        let mut status = Status { reason: decision.reason(), ..Status::default() };
        match &decision.verdict {
            Verdict::Allowed { .. } => status.allowed = true,
            Verdict::NoOpinion => {}
            Verdict::Unknown { gaps } => {
                let gaps: Vec<String> = gaps.iter().map(|gap| format!("not read: {gap}")).collect();
                status.evaluation_error = gaps.join("; ");
                answered.open.push(question(key));
            }
        }
        Ok(status)
    }
}

impl Status {
    /// Writes a server's answer as the server does.
    fn of(answer: &Answer) -> Self {
        let (reason, evaluation_error) = match answer.verdict {
            VerdictKind::Unknown => (String::new(), answer.reason.clone()),
            _ => (answer.reason.clone(), String::new()),
        };
        Self {
            allowed: answer.verdict == VerdictKind::Allowed,
            denied: answer.verdict == VerdictKind::Denied,
            reason,
            evaluation_error,
        }
    }
}

fn question((identity, request): (Identity, Request)) -> Question {
    Question { identity: identity.into(), request }
}

/// Writes the object on one line, with its status replaced, or added at the end.
fn write_answer(out: &mut Vec<u8>, fields: &Fields<'_>, status: &Status) -> io::Result<()> {
    out.push(b'{');
    for (name, value) in fields.0.iter().filter(|(name, _)| name != "status") {
        json::write(out, name)?;
        out.push(b':');
        json::copy(out, &on_one_line(value.get()))?;
        out.push(b',');
    }
    out.extend(b"\"status\":");
    json::write(out, status)?;
    out.extend(b"}\n");
    Ok(())
}

/// Returns JSON text without the line breaks between its tokens, and the blanks around them.
fn on_one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(['\n', '\r']) {
        return Cow::Borrowed(text);
    }
    let mut in_string = false;
    let mut escaped = false;
    let kept = text.chars().filter(|c| {
        if in_string {
            in_string = escaped || *c != '"';
            escaped = !escaped && *c == '\\';
            return true;
        }
        in_string = *c == '"';
        !c.is_ascii_whitespace()
    });
    Cow::Owned(kept.collect())
}

/// Returns whether a piece might be a review of its sender.
pub fn may_be_of_sender(piece: &Piece) -> bool {
    let text = piece.text();
    memchr::memmem::find(text, b"SelfSubject").is_some() || text.contains(&b'\\')
}
