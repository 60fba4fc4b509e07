//! Metadata of credentials, without the credentials themselves.

use rolecall_source::cluster::{BoundObject, CertificateSubject, Credential, TokenClaims};
use serde::Serialize;

use crate::time;

/// The credential of the caller.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CredentialDetails<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<ClaimDetails<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateDetails<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClaimDetails<'a> {
    issuer: &'a str,
    subject: &'a str,
    audience: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warn_after: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_account: Option<BoundDetails<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<BoundDetails<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<BoundDetails<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<BoundDetails<'a>>,
    legacy: bool,
}

#[derive(Debug, Serialize)]
struct BoundDetails<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    uid: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateDetails<'a> {
    common_name: &'a str,
    organizations: &'a [String],
    not_before: String,
    not_after: String,
}

impl<'a> CredentialDetails<'a> {
    /// Copies the metadata of a credential.
    pub(crate) fn new(credential: &'a Credential) -> Self {
        let nothing = Self { kind: "none", claims: None, certificate: None, user: None };
        match credential {
            Credential::Nothing => nothing,
            Credential::Token(claims) => {
                Self { kind: "token", claims: claims.as_deref().map(ClaimDetails::new), ..nothing }
            }
            Credential::Certificate(subject) => Self {
                kind: "certificate",
                certificate: subject.as_ref().map(CertificateDetails::new),
                ..nothing
            },
            Credential::Password { user } => Self { kind: "password", user: Some(user), ..nothing },
        }
    }
}

impl<'a> ClaimDetails<'a> {
    fn new(claims: &'a TokenClaims) -> Self {
        let bound = |object: &'a Option<BoundObject>| {
            object.as_ref().map(|object| BoundDetails { name: &object.name, uid: &object.uid })
        };
        Self {
            issuer: &claims.issuer,
            subject: &claims.subject,
            audience: &claims.audience,
            issued_at: claims.issued_at.map(time::written),
            not_before: claims.not_before.map(time::written),
            expires: claims.expires.map(time::written),
            warn_after: claims.warn_after.map(time::written),
            namespace: &claims.namespace,
            service_account: bound(&claims.service_account),
            pod: bound(&claims.pod),
            node: bound(&claims.node),
            secret: bound(&claims.secret),
            legacy: claims.is_legacy,
        }
    }
}

impl<'a> CertificateDetails<'a> {
    fn new(subject: &'a CertificateSubject) -> Self {
        Self {
            common_name: &subject.common_name,
            organizations: &subject.organizations,
            not_before: time::written(subject.not_before),
            not_after: time::written(subject.not_after),
        }
    }
}
