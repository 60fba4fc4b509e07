//! Converts a generated review into a question.

use rolecall_rbac::{Identity, Request, ResourceRequest, Text};
use serde_json::Value;

/// Returns the identity and the request of a review.
pub(super) fn of(review: &Value) -> (Identity, Request) {
    let spec = &review["spec"];
    let attributes = &spec["resourceAttributes"];
    let text = |value: &Value| Text::from(value.as_str().unwrap_or_default());
    let identity = Identity {
        user: text(&spec["user"]),
        groups: items(&spec["groups"]).map(text).collect(),
        ..Identity::default()
    };
    let target = ResourceRequest {
        namespace: text(&attributes["namespace"]),
        group: text(&attributes["group"]),
        resource: text(&attributes["resource"]),
        subresource: text(&attributes["subresource"]),
        name: Text::default(),
    };
    (identity, Request::resource(text(&attributes["verb"]), target))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
