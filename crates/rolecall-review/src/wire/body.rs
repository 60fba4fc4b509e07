//! The bodies of reviews, and the statuses that come back.

use std::collections::BTreeMap;

use rolecall_rbac::{Identity, Request, Target, VerdictKind};
use serde::{Deserialize, Serialize};

use crate::Answer;

/// The version that every server since 1.6 has.
const API_VERSION: &str = "authorization.k8s.io/v1";

/// Writes a SubjectAccessReview: may `identity` do this? In a namespace it becomes a
/// LocalSubjectAccessReview.
pub(crate) fn subject_access_review(
    identity: &Identity,
    request: &Request,
    namespace: Option<&str>,
) -> Vec<u8> {
    let kind = if namespace.is_some() { "LocalSubjectAccessReview" } else { "SubjectAccessReview" };
    let extra = identity
        .extra
        .iter()
        .map(|(key, values)| (&**key, values.iter().map(|value| &**value).collect()))
        .collect();
    let groups = identity.groups.iter().map(|group| &**group).collect();
    let spec =
        Spec { user: &identity.user, groups, uid: &identity.uid, extra, ..Spec::new(request) };
    write(&Review { api_version: API_VERSION, kind, metadata: Metadata { namespace }, spec })
}

/// Writes a SelfSubjectAccessReview: may I do this?
pub(crate) fn self_subject_access_review(request: &Request) -> Vec<u8> {
    let metadata = Metadata { namespace: None };
    let spec = Spec::new(request);
    write(&Review { api_version: API_VERSION, kind: "SelfSubjectAccessReview", metadata, spec })
}

/// Reads the status of an access review; `None` when the body is none, or has no status.
pub(crate) fn answer(body: &[u8]) -> Option<Answer> {
    let reviewed: Reviewed = serde_json::from_slice(body).ok()?;
    let status =
        Some(reviewed.status).filter(|_| reviewed.kind.ends_with("SubjectAccessReview"))?;
    let Status { allowed, denied, reason, evaluation_error } = status;
    let verdict = match (allowed, denied, evaluation_error.is_empty()) {
        (true, _, _) => VerdictKind::Allowed,
        (false, true, _) => VerdictKind::Denied,
        (false, false, true) => VerdictKind::NoOpinion,
        // An authorizer that failed might have allowed it.
        (false, false, false) => VerdictKind::Unknown,
    };
    let words = match (verdict, reason.is_empty()) {
        (VerdictKind::Allowed, _) => reason,
        (_, true) => evaluation_error,
        (_, false) if evaluation_error.is_empty() => reason,
        (_, false) => format!("{reason}; {evaluation_error}"),
    };
    Some(Answer::new(verdict, words))
}

fn write(review: &Review<'_>) -> Vec<u8> {
    // Texts and lists of texts: there is nothing that could fail.
    serde_json::to_vec(review).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a> {
    api_version: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Metadata<'a>,
    spec: Spec<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    namespace: Option<&'a str>,
}

impl Metadata<'_> {
    fn is_empty(&self) -> bool {
        self.namespace.is_none()
    }
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_attributes: Option<ResourceAttributes<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    non_resource_attributes: Option<NonResourceAttributes<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    user: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    uid: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extra: BTreeMap<&'a str, Vec<&'a str>>,
}

#[derive(Serialize)]
struct ResourceAttributes<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    verb: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    group: &'a str,
    resource: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subresource: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
}

#[derive(Serialize)]
struct NonResourceAttributes<'a> {
    path: &'a str,
    verb: &'a str,
}

impl<'a> Spec<'a> {
    fn new(request: &'a Request) -> Self {
        let verb = &request.verb;
        match &request.target {
            Target::Resource(target) => Self {
                resource_attributes: Some(ResourceAttributes {
                    namespace: &target.namespace,
                    verb,
                    group: &target.group,
                    resource: &target.resource,
                    subresource: &target.subresource,
                    name: &target.name,
                }),
                ..Self::default()
            },
            Target::Path(path) => Self {
                non_resource_attributes: Some(NonResourceAttributes { path, verb }),
                ..Self::default()
            },
        }
    }
}

#[derive(Deserialize)]
struct Reviewed {
    kind: String,
    status: Status,
}

/// What every server writes has to be there; to go without `allowed` is no way to say no.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    allowed: bool,
    #[serde(default)]
    denied: bool,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    evaluation_error: String,
}

#[cfg(test)]
mod tests {
    use rolecall_rbac::ResourceRequest;

    use super::*;

    fn text(body: Vec<u8>) -> String {
        String::from_utf8(body).unwrap()
    }

    fn scale() -> Request {
        Request::resource(
            "get",
            ResourceRequest {
                namespace: "dev".into(),
                group: "apps".into(),
                resource: "deployments".into(),
                subresource: "scale".into(),
                name: "web".into(),
            },
        )
    }

    #[test]
    fn bodies_are_what_kubectl_would_send() {
        assert_eq!(
            text(self_subject_access_review(&scale())),
            r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"namespace":"dev","verb":"get","group":"apps","resource":"deployments","subresource":"scale","name":"web"}}}"#
        );
        assert_eq!(
            text(self_subject_access_review(&Request::path("get", "/metrics"))),
            r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"nonResourceAttributes":{"path":"/metrics","verb":"get"}}}"#
        );
        let pods = Request::resource(
            "list",
            ResourceRequest { resource: "pods".into(), ..ResourceRequest::default() },
        );
        assert_eq!(
            text(subject_access_review(&Identity::service_account("a", "b"), &pods, None)),
            r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"resourceAttributes":{"verb":"list","resource":"pods"},"user":"system:serviceaccount:a:b","groups":["system:serviceaccounts","system:serviceaccounts:a","system:authenticated"]}}"#
        );
        let jane = Identity {
            user: "jane".into(),
            groups: Vec::new(),
            uid: "7".into(),
            extra: [("k".into(), vec!["v".into(), "w".into()])].into(),
        };
        assert_eq!(
            text(subject_access_review(&jane, &scale(), Some("dev"))),
            r#"{"apiVersion":"authorization.k8s.io/v1","kind":"LocalSubjectAccessReview","metadata":{"namespace":"dev"},"spec":{"resourceAttributes":{"namespace":"dev","verb":"get","group":"apps","resource":"deployments","subresource":"scale","name":"web"},"user":"jane","uid":"7","extra":{"k":["v","w"]}}}"#
        );
    }

    #[test]
    fn statuses_are_read_with_denials_and_errors_told_apart() {
        let rows = [
            (r#"{"allowed":true,"reason":"R"}"#, Some((VerdictKind::Allowed, "R"))),
            (r#"{"allowed":true,"evaluationError":"E"}"#, Some((VerdictKind::Allowed, ""))),
            (r#"{"allowed":false}"#, Some((VerdictKind::NoOpinion, ""))),
            (r#"{"allowed":false,"reason":"R"}"#, Some((VerdictKind::NoOpinion, "R"))),
            (r#"{"allowed":false,"denied":true,"reason":"R"}"#, Some((VerdictKind::Denied, "R"))),
            (r#"{"allowed":false,"evaluationError":"E"}"#, Some((VerdictKind::Unknown, "E"))),
            (
                r#"{"allowed":false,"reason":"R","evaluationError":"E"}"#,
                Some((VerdictKind::Unknown, "R; E")),
            ),
            // No server says "no" by saying nothing.
            ("{}", None),
            (r#"{"denied":false}"#, None),
            (r#"{"allowed":null}"#, None),
            (r#"{"allowed":"false"}"#, None),
            ("null", None),
        ];
        for (status, expected) in rows {
            let expected = expected.map(|(verdict, reason)| Answer::new(verdict, reason));
            let body = format!(r#"{{"kind":"SubjectAccessReview","status":{status}}}"#);
            assert_eq!(answer(body.as_bytes()), expected, "{status}");
        }
        for body in [
            "{}",
            "<html>",
            r#"{"status":{"allowed":false}}"#,
            r#"{"kind":"SubjectAccessReview"}"#,
            r#"{"kind":"Status","status":{"allowed":false}}"#,
            r#"{"kind":"Status","status":"Failure"}"#,
        ] {
            assert_eq!(answer(body.as_bytes()), None, "{body}");
        }
    }
}
