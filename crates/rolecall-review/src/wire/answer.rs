//! One review and its status.

use std::borrow::Cow;
use std::collections::HashMap;
use std::{fmt, io};

use rolecall_rbac::{Authorizer, Identity, Request, Verdict, VerdictKind};
use rolecall_yaml::json;
use rolecall_yaml::stream::Piece;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::spec::{Kind, Spec};
use super::{ReviewError, objects};
use crate::{Answer, Question};

/// Answers reviews.
#[derive(Clone, Copy)]
pub struct Responder<'a> {
    /// The evaluator; `None` where only a server answers.
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
    /// The objects with their status, one a line.
    pub output: Vec<u8>,
    /// The pieces that are not valid reviews, each with its line.
    pub errors: Vec<(usize, ReviewError)>,
    /// The questions whose answers something unread decides.
    pub open: Vec<Question>,
    /// How many reviews name a ServiceAccount without its own groups.
    pub without_groups: usize,
}

/// The fields of a review in their order, their values as they stand.
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

#[derive(Debug, Deserialize)]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    pub(super) namespace: Option<Cow<'a, str>>,
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
        let fields: Fields<'_> = Fields::of(text)?;
        let kind: Text<'_> = fields.parse("kind")?;
        let api_version: Text<'_> = fields.parse("apiVersion")?;
        let metadata: Option<Metadata<'_>> = fields.parse("metadata")?;
        let namespace = metadata.and_then(|metadata| metadata.namespace).unwrap_or_default();
        let kind = review_kind(kind.as_deref(), api_version.as_deref())?;
        let spec: Option<Spec<'_>> = fields.parse("spec")?;
        let spec = spec.unwrap_or_default();
        let invalid = spec.invalid(kind, &namespace);
        let status = if invalid.is_empty() {
            self.decide(kind, &spec, answered)?
        } else {
            let texts = aggregate(&invalid);
            answered.errors.push((line, ReviewError::Refused(texts.clone())));
            Status { evaluation_error: texts, ..Status::default() }
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

pub(super) type Text<'a> = Option<Cow<'a, str>>;

/// Returns the kind of review that an object is.
pub(super) fn review_kind(
    kind: Option<&str>,
    api_version: Option<&str>,
) -> Result<Kind, ReviewError> {
    let group = api_version.map(|version| version.split_once('/').map_or("", |(group, _)| group));
    let parsed = kind.map_or(Some(Kind::Subject), Kind::parse);
    match (parsed, group) {
        (Some(kind), None | Some("authorization.k8s.io")) => Ok(kind),
        _ => {
            let version = api_version.map_or_else(String::new, |version| format!("{version} "));
            let kind = kind.unwrap_or("object without kind");
            Err(ReviewError::NotAReview(format!("{version}{kind}")))
        }
    }
}

/// Writes the object on one line, its status replaced or added at the end.
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

impl<'a> Fields<'a> {
    /// Reads the fields of an object.
    pub(super) fn of(text: &'a [u8]) -> Result<Self, ReviewError> {
        serde_json::from_slice(text).map_err(|error| ReviewError::NotJson(describe(error)))
    }

    /// Reads the last field of that name; one that is missing or null is `None`.
    pub(super) fn parse<T: Deserialize<'a>>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, ReviewError> {
        let field = self.0.iter().rev().find(|(field, _)| field == name);
        field.map_or(Ok(None), |(_, value)| {
            serde_json::from_str(value.get())
                .map_err(|error| ReviewError::MalformedField { field: name, what: describe(error) })
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut fields = Vec::with_capacity(5);
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(FieldsVisitor).map(Self)
    }
}

/// Returns whether a piece might be a review of its sender.
pub fn may_be_of_sender(piece: &Piece) -> bool {
    let text = piece.text();
    memchr::memmem::find(text, b"SelfSubject").is_some() || text.contains(&b'\\')
}

/// Joins messages as servers do.
pub(super) fn aggregate(messages: &[String]) -> String {
    match messages {
        [only] => only.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

/// Returns a parse error's message without its position, which counts from the object's beginning.
fn describe(error: serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.get(..at).unwrap_or_default().to_owned(),
        None => text,
    }
}
