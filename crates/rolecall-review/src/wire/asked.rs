//! The questions of reviews, including reviews that already have a status.

use rolecall_rbac::{Identity, Request};
use rolecall_yaml::stream::Piece;
use serde::Deserialize;

use super::answer::{Fields, Metadata, Text, aggregate, review_kind};
use super::spec::Spec;
use super::{ReviewError, objects};

/// A review with the answer that it came with.
#[derive(Clone, Debug)]
pub struct AskedReview {
    /// The subject; `None` for the sender of the review.
    pub identity: Option<Identity>,
    /// The request.
    pub request: Request,
    /// Whether its status says yes.
    pub allowed: bool,
    /// Whether its status says that an authorizer denied it outright.
    pub denied: bool,
    /// Its status' reason.
    pub reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    allowed: bool,
    denied: bool,
    reason: String,
}

/// Returns the reviews in one piece of the input with their lines, or what is wrong with each.
pub fn asked(piece: &Piece) -> Vec<(usize, Result<AskedReview, ReviewError>)> {
    let mut asked = Vec::new();
    objects::each(piece, |line, object| asked.push((line, object.and_then(read))));
    asked
}

fn read(text: &[u8]) -> Result<AskedReview, ReviewError> {
    let fields = Fields::of(text)?;
    let kind: Text<'_> = fields.parse("kind")?;
    let api_version: Text<'_> = fields.parse("apiVersion")?;
    let metadata: Option<Metadata<'_>> = fields.parse("metadata")?;
    let namespace = metadata.and_then(|metadata| metadata.namespace).unwrap_or_default();
    let kind = review_kind(kind.as_deref(), api_version.as_deref())?;
    let spec: Option<Spec<'_>> = fields.parse("spec")?;
    let spec = spec.unwrap_or_default();
    let invalid = spec.invalid(kind, &namespace);
    if !invalid.is_empty() {
        return Err(ReviewError::Refused(aggregate(&invalid)));
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
