//! The questions of reviews, including reviews that already have a status.

use rolecall_rbac::{Identity, Request};
use rolecall_yaml::stream::Piece;
use serde::Deserialize;

use super::fields::{Fields, Head};
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
    /// Whether its status says that an authorizer denied it explicitly.
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

/// Returns the reviews in one piece of the input with their lines, or their errors.
pub fn asked(piece: &Piece) -> Vec<(usize, Result<AskedReview, ReviewError>)> {
    let mut asked = Vec::new();
    objects::each(piece, |line, object| asked.push((line, object.and_then(read))));
    asked
}

fn read(text: &[u8]) -> Result<AskedReview, ReviewError> {
    let fields = Fields::of(text)?;
    let Head { kind, spec, invalid } = fields.head()?;
    if let Some(message) = invalid {
        return Err(ReviewError::Refused(message));
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
