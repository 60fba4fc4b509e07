//! The bodies of reviews, and the statuses that come back.

use k8s_openapi::api::authorization::v1::{
    LocalSubjectAccessReview, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
    SelfSubjectRulesReview, SelfSubjectRulesReviewSpec, SubjectAccessReview,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use rolecall_rbac::{Identity, Request, VerdictKind};
use serde::{Deserialize, Serialize};

use crate::Answer;

/// Writes a SubjectAccessReview: can `identity` do this? In a namespace it becomes a
/// LocalSubjectAccessReview.
pub(crate) fn subject_access_review(
    identity: &Identity,
    request: &Request,
    namespace: Option<&str>,
) -> Vec<u8> {
    let spec = request.review_of(identity);
    let Some(namespace) = namespace else {
        return write(&SubjectAccessReview { spec, ..SubjectAccessReview::default() });
    };
    let metadata = ObjectMeta { namespace: Some(namespace.to_owned()), ..ObjectMeta::default() };
    write(&LocalSubjectAccessReview { metadata, spec, ..LocalSubjectAccessReview::default() })
}

/// Writes a SelfSubjectAccessReview: can I do this?
pub(crate) fn self_subject_access_review(request: &Request) -> Vec<u8> {
    let spec = SelfSubjectAccessReviewSpec::from(request);
    write(&SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() })
}

/// Writes a SelfSubjectRulesReview: what can I do in this namespace?
pub(crate) fn self_subject_rules_review(namespace: &str) -> Vec<u8> {
    let spec = SelfSubjectRulesReviewSpec { namespace: Some(namespace.to_owned()) };
    write(&SelfSubjectRulesReview { spec, ..SelfSubjectRulesReview::default() })
}

/// Reads the status of an access review; `None` if the body is not a review, or has no status.
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

fn write(review: &impl Serialize) -> Vec<u8> {
    // Kubernetes' types always have a JSON form.
    serde_json::to_vec(review).unwrap_or_default()
}

#[derive(Deserialize)]
struct Reviewed {
    kind: String,
    status: Status,
}

/// A status in which every server writes `allowed`. k8s-openapi's type reads a missing one as "no".
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
            r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","metadata":{},"spec":{"resourceAttributes":{"group":"apps","name":"web","namespace":"dev","resource":"deployments","subresource":"scale","verb":"get"}}}"#
        );
        assert_eq!(
            text(self_subject_access_review(&Request::path("get", "/metrics"))),
            r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","metadata":{},"spec":{"nonResourceAttributes":{"path":"/metrics","verb":"get"}}}"#
        );
        let pods = Request::resource(
            "list",
            ResourceRequest { resource: "pods".into(), ..ResourceRequest::default() },
        );
        assert_eq!(
            text(subject_access_review(&Identity::service_account("a", "b"), &pods, None)),
            r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","metadata":{},"spec":{"groups":["system:serviceaccounts","system:serviceaccounts:a","system:authenticated"],"resourceAttributes":{"resource":"pods","verb":"list"},"user":"system:serviceaccount:a:b"}}"#
        );
        let jane = Identity {
            user: "jane".into(),
            groups: Vec::new(),
            uid: "7".into(),
            extra: [("k".into(), vec!["v".into(), "w".into()])].into(),
        };
        assert_eq!(
            text(subject_access_review(&jane, &scale(), Some("dev"))),
            r#"{"apiVersion":"authorization.k8s.io/v1","kind":"LocalSubjectAccessReview","metadata":{"namespace":"dev"},"spec":{"extra":{"k":["v","w"]},"resourceAttributes":{"group":"apps","name":"web","namespace":"dev","resource":"deployments","subresource":"scale","verb":"get"},"uid":"7","user":"jane"}}"#
        );
    }

    #[test]
    fn statuses_distinguish_denials_from_errors() {
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
            // No server answers "no" by omitting the field.
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
