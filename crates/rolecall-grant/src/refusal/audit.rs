//! Reads audit events that contain a refusal only as annotations, without the server's sentence.

use rolecall_rbac::{Request, ResourceRequest, Text};
use serde::Deserialize;

use super::fields::{is_group, is_namespace, is_printable, is_resource, is_subresource, is_verb};

/// The anchor: every audit event of a refused request contains it.
pub(super) const ANCHOR: &[u8] = br#"authorization.k8s.io/decision":"forbid""#;
/// The anchor in events that another program has formatted.
pub(super) const SPACED_ANCHOR: &[u8] = br#"authorization.k8s.io/decision": "forbid""#;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    verb: String,
    user: User,
    impersonated_user: Option<User>,
    object_ref: Option<ObjectRef>,
    #[serde(rename = "requestURI", default)]
    request_uri: String,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ObjectRef {
    resource: String,
    namespace: String,
    name: String,
    api_group: String,
    subresource: String,
}

/// Reads the refused user and request from one line of an audit log.
///
/// Lines with the server's sentence are read through that sentence.
pub(super) fn read(line: &[u8]) -> Option<(Text, Request)> {
    if memchr::memmem::find(line, b" cannot ").is_some() {
        return None;
    }
    let event: Event = serde_json::from_slice(line).ok()?;
    let user = event.impersonated_user.unwrap_or(event.user).username;
    let printable = |text: &str| text.chars().all(is_printable);
    if user.is_empty() || !printable(&user) || !is_verb(&event.verb) {
        return None;
    }
    let request = match event.object_ref {
        Some(object) => {
            let valid = is_resource(&object.resource)
                && is_group(&object.api_group)
                && (object.namespace.is_empty() || is_namespace(&object.namespace))
                && (object.subresource.is_empty() || is_subresource(&object.subresource))
                && printable(&object.name);
            let resource = ResourceRequest {
                namespace: object.namespace.into(),
                group: object.api_group.into(),
                resource: object.resource.into(),
                subresource: object.subresource.into(),
                name: object.name.into(),
            };
            valid.then(|| Request::resource(event.verb, resource))?
        }
        None => {
            let path = event.request_uri.split('?').next().unwrap_or_default();
            let valid = path.starts_with('/') && !path.ends_with('*') && printable(path);
            valid.then(|| Request::path(event.verb, path))?
        }
    };
    Some((user.into(), request))
}
