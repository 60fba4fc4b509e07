//! The fields of `audit.k8s.io/v1` events that count, borrowed from the text.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// An event, without the fields that no answer depends on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event<'a> {
    #[serde(borrow, default)]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) api_version: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) level: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) stage: Cow<'a, str>,
    /// The URL as written: nearly all events are understood without it.
    #[serde(borrow, default, rename = "requestURI")]
    pub(crate) request_uri: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) verb: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) user: Option<User<'a>>,
    #[serde(borrow, default)]
    pub(crate) impersonated_user: Option<User<'a>>,
    #[serde(borrow, default)]
    pub(crate) authentication_metadata: Option<AuthenticationMetadata<'a>>,
    #[serde(borrow, default)]
    pub(crate) object_ref: Option<ObjectRef<'a>>,
    #[serde(borrow, default)]
    pub(crate) response_status: Option<ResponseStatus<'a>>,
    #[serde(borrow, default)]
    pub(crate) request_received_timestamp: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) stage_timestamp: Cow<'a, str>,
    /// The time before Kubernetes 1.9.
    #[serde(borrow, default)]
    pub(crate) timestamp: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) annotations: Option<Annotations<'a>>,
}

/// A user.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct User<'a> {
    #[serde(borrow, default)]
    pub(crate) username: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) uid: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) groups: Option<Groups<'a>>,
    #[serde(borrow, default)]
    pub(crate) extra: Option<&'a RawValue>,
}

/// The names of groups.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Groups<'a>(#[serde(borrow)] pub(crate) Vec<Group<'a>>);

/// The name of a group.
#[derive(Debug, Deserialize)]
pub(crate) struct Group<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Why impersonation was allowed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthenticationMetadata<'a> {
    #[serde(borrow, default)]
    pub(crate) impersonation_constraint: Cow<'a, str>,
}

/// The object of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectRef<'a> {
    #[serde(borrow, default)]
    pub(crate) resource: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) namespace: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) api_group: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) subresource: Cow<'a, str>,
}

/// The answer of the server.
#[derive(Debug, Deserialize)]
pub(crate) struct ResponseStatus<'a> {
    #[serde(default)]
    pub(crate) code: u16,
    /// The message as written: it only matters for refusals.
    #[serde(borrow, default)]
    pub(crate) message: Option<&'a RawValue>,
}

/// The decision of the authorizers.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Annotations<'a> {
    #[serde(borrow, default, rename = "authorization.k8s.io/decision")]
    pub(crate) decision: Cow<'a, str>,
    #[serde(borrow, default, rename = "authorization.k8s.io/reason")]
    pub(crate) reason: Cow<'a, str>,
}

/// The attributes of a user that count.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Extra<'a> {
    #[serde(borrow, default, rename = "authentication.kubernetes.io/pod-name")]
    pub(crate) pod: Vec<Group<'a>>,
}

impl Event<'_> {
    /// Returns whether the record is an audit event and not another object with some of its fields.
    pub(crate) fn is_audit(&self) -> bool {
        let known = self.kind == "Event" && self.api_version.starts_with("audit.k8s.io/");
        // Pipelines drop the type of the object.
        let untyped = self.kind.is_empty() && !self.stage.is_empty() && self.user.is_some();
        known || untyped
    }
}

/// Returns the text of a JSON string.
pub(crate) fn unquoted(raw: Option<&RawValue>) -> Cow<'_, str> {
    let Some(raw) = raw.map(RawValue::get) else { return Cow::Borrowed("") };
    let plain = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match plain {
        Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
        Some(_) => Cow::Owned(serde_json::from_str(raw).unwrap_or_default()),
        None => Cow::Borrowed(""),
    }
}
