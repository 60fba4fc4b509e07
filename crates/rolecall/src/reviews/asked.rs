//! What reviews ask, and what was already answered, without answering them.

use rolecall_rbac::{Identity, Request};
use rolecall_yaml::stream::{Content, Piece};
use serde::Deserialize;

use super::answer::{Fields, Metadata, Text, aggregate, describe, review_kind, words};
use super::spec::Spec;

/// A review with the answer that it came with.
#[derive(Clone, Debug)]
pub(crate) struct AskedReview {
    /// Who asks; `None` for whoever sends the review.
    pub(crate) identity: Option<Identity>,
    /// What is asked.
    pub(crate) request: Request,
    /// Whether its status says yes.
    pub(crate) allowed: bool,
    /// Whether its status says that an authorizer denied it outright.
    pub(crate) denied: bool,
    /// Its status' reason.
    pub(crate) reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    allowed: bool,
    denied: bool,
    reason: String,
}

/// Returns the reviews in one piece of the input with their lines, or what is wrong with each.
pub(crate) fn asked(piece: &Piece) -> Vec<(usize, Result<AskedReview, String>)> {
    match &piece.content {
        Content::Malformed(why) => vec![(piece.line, Err(words(*why).to_owned()))],
        Content::Json(text) => vec![(piece.line, read(text))],
        Content::Yaml(text) => match crate::yaml::to_json_objects(text) {
            Ok(objects) => {
                objects.iter().map(|object| (piece.line, read(object.as_bytes()))).collect()
            }
            Err((line, why)) => vec![(piece.line + line, Err(why))],
        },
    }
}

fn read(text: &[u8]) -> Result<AskedReview, String> {
    let fields: Fields<'_> = serde_json::from_slice(text).map_err(describe)?;
    let kind: Text<'_> = fields.parse("kind")?;
    let api_version: Text<'_> = fields.parse("apiVersion")?;
    let metadata: Option<Metadata<'_>> = fields.parse("metadata")?;
    let namespace = metadata.and_then(|metadata| metadata.namespace).unwrap_or_default();
    let kind = review_kind(kind.as_deref(), api_version.as_deref())?;
    let spec: Option<Spec<'_>> = fields.parse("spec")?;
    let spec = spec.unwrap_or_default();
    let invalid = spec.invalid(kind, &namespace);
    if !invalid.is_empty() {
        return Err(format!("a server refuses this review: {}", aggregate(&invalid)));
    }
    let status: Option<Status> = fields.parse("status")?;
    let status = status.unwrap_or_default();
    Ok(AskedReview {
        identity: spec.identity(kind),
        request: spec.request(),
        allowed: status.allowed,
        denied: status.denied,
        reason: status.reason,
    })
}
