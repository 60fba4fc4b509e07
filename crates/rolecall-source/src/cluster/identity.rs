//! The caller's identity, from the server or from the credentials.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::AuthInfo;
use rolecall_rbac::{Identity, Text};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::Cluster;
use super::certificate::CertificateSubject;
use super::error::{RequestError, ShownCertificate};
use super::request::Call;
use super::token::TokenClaims;

/// The credential that the client presents to the server.
#[derive(Clone, Debug)]
pub(super) enum Secret {
    Nothing,
    Token(SecretString),
    /// The client certificate without its key.
    Certificate(Vec<u8>),
    Password(String),
}

/// The caller's credential and the identity that it contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// No credential.
    Nothing,
    /// A bearer token, with its claims if it is a JSON Web Token.
    Token(Option<Box<TokenClaims>>),
    /// A client certificate, with its subject if it can be parsed.
    Certificate(Option<CertificateSubject>),
    /// A user name with a password.
    Password {
        /// The user name.
        user: String,
    },
}

/// The caller's identity and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoAmI {
    /// The user name, groups, uid and extra attributes.
    pub identity: Identity,
    /// The source of the identity.
    pub source: IdentitySource,
}

/// The source of a caller's identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// The server reported all of it.
    Server,
    /// The server does not report it (before 1.27, or the caller is not allowed to ask). The
    /// identity comes from the impersonation options, the token or the certificate.
    Credential,
    /// A refusal names the user; the groups are unknown.
    Refusal,
}

const VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// A path that no server serves. The refusal names the user.
const NO_SUCH_PATH: &str = "/rolecall-whoami";

/// The user of a request without credentials.
const ANONYMOUS: &str = "system:anonymous";

impl Cluster {
    /// Asks the server for the caller's identity, and falls back to the credentials. Returns `None`
    /// when neither contains it.
    pub async fn who_am_i(&self) -> Result<Option<WhoAmI>, RequestError> {
        for version in VERSIONS {
            match self.self_subject_review(version).await {
                Ok(identity) => {
                    return Ok(Some(WhoAmI { identity, source: IdentitySource::Server }));
                }
                Err(RequestError::Refused(refusal)) if refusal.is_not_found() => {}
                Err(error @ (RequestError::NotKubernetes { .. } | RequestError::Refused(_)))
                    if !error.is_fatal() && error.refusal().is_none_or(|it| !it.is_forbidden()) =>
                {
                    self.prove_kubernetes().await?;
                    return Err(error);
                }
                Err(RequestError::Refused(refusal))
                    if refusal.is_forbidden() && !refusal.is_of_impersonation() =>
                {
                    return Ok(self.identity_without_server(user_of_refusal(&refusal.message)));
                }
                Err(error) => return Err(error),
            }
        }
        // Servers that are not Kubernetes also answer 404 for an unknown path.
        self.prove_kubernetes().await?;
        let user = match self.fetch(&Call::get(NO_SUCH_PATH)).await {
            Err(error) if error.is_fatal() => return Err(error),
            Err(RequestError::Refused(refusal)) if refusal.is_forbidden() => {
                user_of_refusal(&refusal.message)
            }
            _ => None,
        };
        Ok(self.identity_without_server(user))
    }

    /// Returns the caller's credential.
    pub fn credential(&self) -> Credential {
        match &*self.secret {
            Secret::Nothing => Credential::Nothing,
            Secret::Token(token) => {
                Credential::Token(TokenClaims::read(token.expose_secret()).map(Box::new))
            }
            Secret::Certificate(pem) => Credential::Certificate(CertificateSubject::read(pem)),
            Secret::Password(user) => Credential::Password { user: user.clone() },
        }
    }

    async fn self_subject_review(&self, version: &str) -> Result<Identity, RequestError> {
        let api_version = format!("authentication.k8s.io/{version}");
        let path = format!("/apis/{api_version}/selfsubjectreviews");
        let body = json!({"apiVersion": api_version, "kind": "SelfSubjectReview"}).to_string();
        let answer = self.post(&path, body.into_bytes(), None).await?;
        let review: Review = self.parse(&path, &answer)?;
        if review.kind != "SelfSubjectReview" || review.status.user_info.username.is_empty() {
            let server = self.server.to_string();
            return Err(RequestError::NotKubernetes { server, path });
        }
        let user = review.status.user_info;
        let texts = |strings: Vec<String>| strings.into_iter().map(Text::from).collect::<Vec<_>>();
        Ok(Identity {
            user: user.username.into(),
            uid: user.uid.into(),
            groups: texts(user.groups),
            extra: user
                .extra
                .into_iter()
                .map(|(key, values)| (key.into(), texts(values)))
                .collect(),
        })
    }

    /// Returns the identity in the credentials, unless the server named another user.
    fn identity_without_server(&self, named: Option<String>) -> Option<WhoAmI> {
        let own = self.own_identity();
        match (own, named) {
            // A proxy can add its own credentials to a request that has none.
            (Some(own), None) if *own.user == *ANONYMOUS => None,
            (Some(own), None) => Some((own, IdentitySource::Credential)),
            (Some(own), Some(named)) if *own.user == *named => {
                Some((own, IdentitySource::Credential))
            }
            (_, Some(named)) => Some((Identity::user(&named), IdentitySource::Refusal)),
            (None, None) => None,
        }
        .map(|(identity, source)| WhoAmI { identity, source })
    }

    fn own_identity(&self) -> Option<Identity> {
        if let Some(user) = &self.impersonated {
            return Some((**user).clone());
        }
        match self.credential() {
            Credential::Certificate(Some(subject)) if self.certificate == ShownCertificate::Yes => {
                Some(
                    subject
                        .organizations
                        .iter()
                        .fold(Identity::user(&subject.common_name), |identity, group| {
                            identity.with_group(group)
                        }),
                )
            }
            Credential::Token(Some(claims)) if claims.service_account.is_some() => {
                Some(Identity::user(&claims.subject))
            }
            Credential::Nothing => Some(Identity::user(ANONYMOUS)),
            _ => None,
        }
    }
}

impl Secret {
    /// Keeps the part of a kubeconfig user that identifies the caller.
    pub(super) fn of(user: &AuthInfo) -> Self {
        if let Some(token) = &user.token {
            return Self::Token(token.clone());
        }
        if let (Some(name), Some(_)) = (&user.username, &user.password) {
            return Self::Password(name.clone());
        }
        let inline = user.client_certificate_data.as_ref();
        let pem = inline
            .and_then(|data| STANDARD.decode(data).ok())
            .or_else(|| std::fs::read(user.client_certificate.as_ref()?).ok());
        pem.map_or(Self::Nothing, Self::Certificate)
    }
}

/// Returns the impersonated identity. Explicit groups replace the implicit groups of a
/// ServiceAccount, and the server adds `system:authenticated`.
pub(super) fn impersonated(user: &AuthInfo) -> Option<Identity> {
    let name = user.impersonate.as_ref()?;
    let groups = user.impersonate_groups.as_deref().unwrap_or_default();
    let mut identity = Identity::user(name);
    if identity.as_service_account().is_some() && !groups.is_empty() {
        identity.groups = vec!["system:authenticated".into()];
    }
    identity.uid = user.impersonate_uid.as_deref().unwrap_or_default().into();
    for (key, values) in user.impersonate_user_extra.iter().flatten() {
        let values = values.iter().map(|value| Text::from(value.as_str())).collect();
        identity.extra.insert(key.as_str().into(), values);
    }
    Some(groups.iter().fold(identity, |identity, group| identity.with_group(group)))
}

/// Returns the user that a refusal names, as in `User "jane" cannot get path "/x"`.
pub(super) fn user_of_refusal(message: &str) -> Option<String> {
    let (_, after) = message.split_once("User ")?;
    let (name, _) = after.split_once(" cannot ")?;
    serde_json::from_str(name).ok().filter(|name: &String| !name.is_empty())
}

#[derive(Deserialize)]
struct Review {
    kind: String,
    status: ReviewStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReviewStatus {
    user_info: UserInfo,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UserInfo {
    username: String,
    uid: String,
    groups: Vec<String>,
    extra: BTreeMap<String, Vec<String>>,
}
