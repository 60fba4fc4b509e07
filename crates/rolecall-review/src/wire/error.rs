//! The reasons why a review cannot be answered.

use rolecall_yaml::ParseError;
use rolecall_yaml::stream::Malformed;

/// The reason why a part of the input is not answered, or is answered with an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// The input contains no object at this place.
    #[error("{}", words(*.0))]
    Malformed(Malformed),
    /// A document is not UTF-8.
    #[error("this is not UTF-8 text")]
    NotUtf8,
    /// A document is not YAML.
    #[error("this is not YAML: {0}")]
    NotYaml(ParseError),
    /// The object is not JSON of the form that reviews have.
    #[error("{0}")]
    NotJson(String),
    /// A field of the review has the wrong type.
    #[error("`{field}` is malformed: {what}")]
    MalformedField {
        /// The field.
        field: &'static str,
        /// The reason.
        what: String,
    },
    /// The object is not a review.
    #[error("`{0}` is not an access review of authorization.k8s.io")]
    NotAReview(String),
    /// A server refuses the review; the text is the server's.
    #[error("a server rejects this review: {0}")]
    Refused(String),
    /// The review is about its sender, who is not known.
    #[error("the review does not name a user")]
    NoSender,
    /// The answer cannot be written.
    #[error("the answer cannot be written: {0}")]
    Unwritable(#[source] std::io::Error),
}

fn words(malformed: Malformed) -> &'static str {
    match malformed {
        Malformed::LongObject => "larger than 1 MiB, the limit for a review",
        Malformed::LongDocument => "document larger than 16 MiB, the limit for a list of reviews",
        Malformed::CutOff => "the input ends in the middle of this object",
        Malformed::NotAnItem => "this is not a JSON object, and the rest of its list was not read",
        _ => "this is not a JSON object",
    }
}
