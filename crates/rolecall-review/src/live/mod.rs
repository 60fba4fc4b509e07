//! A server as a reviewer.
//!
//! A caller asks about itself with SelfSubjectAccessReviews, and about others with
//! SubjectAccessReviews; where it may not create those, with LocalSubjectAccessReviews in the namespace
//! of the request. Where it may not create those either it can impersonate the others, if that is wanted:
//! audit logs show each attempt. What was refused once is not tried again.

mod lots;
mod rules;
mod way;

use rolecall_rbac::{Identity, Request, Target, VerdictKind};

pub use self::lots::Evidence;
pub use self::rules::{Rules, RulesAnswer};
use self::way::Ways;
use crate::wire::body;
use crate::{Answer, Question, Reviewer};

/// What goes to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The path.
    pub path: String,
    /// The JSON.
    pub body: Vec<u8>,
    /// Whom to impersonate with it.
    pub impersonate: Option<Impersonation>,
}

impl Call {
    fn self_subject_access_review(request: &Request, impersonate: Option<Impersonation>) -> Self {
        Self {
            path: format!("{REVIEWS}/selfsubjectaccessreviews"),
            body: body::self_subject_access_review(request),
            impersonate,
        }
    }
}

/// Whom a request impersonates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impersonation {
    /// `Impersonate-User`.
    pub user: String,
    /// `Impersonate-Group`, each.
    pub groups: Vec<String>,
    /// `Impersonate-Uid`; empty for none.
    pub uid: String,
    /// `Impersonate-Extra-KEY`, each value.
    pub extra: Vec<(String, String)>,
}

/// Takes calls to a server.
pub trait Transport: Sync {
    /// Why nothing gets through any more.
    type Error: Send;

    /// Posts a call, as often as the server is too busy, and returns the body of its answer.
    fn post(
        &self,
        call: Call,
    ) -> impl Future<Output = Result<Vec<u8>, PostError<Self::Error>>> + Send;
}

/// Why a call got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostError<E> {
    /// The caller may not do that, or the server does not serve it; in the server's words.
    Refused(String),
    /// This call failed.
    Failed(String),
    /// Every call will fail.
    Fatal(E),
}

/// Asks a server.
#[derive(Debug)]
pub struct LiveReviewer<T> {
    transport: T,
    caller: Caller,
    ways: Ways,
}

/// Whoever asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Whom the server takes it for, if that is known.
    pub identity: Option<Identity>,
    /// Whether it impersonates that identity already, so that it cannot be yet another.
    pub is_impersonated: bool,
    /// By what means it asks about others.
    pub means: Means,
}

/// By what means a caller asks about others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Means {
    /// Access reviews alone.
    #[default]
    Reviews,
    /// Access reviews, and impersonation where those are refused: an attempt to impersonate somebody is
    /// what audit logs are watched for.
    Impersonation,
}

const REVIEWS: &str = "/apis/authorization.k8s.io/v1";

/// How a question is put to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// SelfSubjectAccessReview.
    Myself,
    /// SubjectAccessReview.
    Anybody,
    /// LocalSubjectAccessReview.
    InNamespace,
    /// SelfSubjectAccessReview under impersonation.
    Impersonated,
}

impl<T: Transport> LiveReviewer<T> {
    /// Builds a reviewer.
    pub fn new(transport: T, caller: Caller) -> Self {
        Self { transport, caller, ways: Ways::default() }
    }

    /// Returns whether an identity is the caller's own.
    fn is_me(&self, identity: &Identity) -> bool {
        self.caller.identity.as_ref() == Some(identity)
    }

    /// Returns whether the caller impersonates those whom it asks about.
    fn impersonates(&self) -> bool {
        self.caller.means == Means::Impersonation && !self.caller.is_impersonated
    }

    /// Returns which kinds of review were refused, in the server's words.
    pub fn refusals(&self) -> Vec<String> {
        self.ways.refusals()
    }

    async fn send(&self, call: Call) -> Result<Vec<u8>, PostError<T::Error>> {
        self.transport.post(call).await
    }

    /// Returns the ways to put a question, best first.
    fn possible(&self, question: &Question) -> Vec<Way> {
        let Question { identity, request } = question;
        if self.is_me(identity) {
            return vec![Way::Myself];
        }
        let mut ways = vec![Way::Anybody];
        if local_namespace(request).is_some() {
            ways.push(Way::InNamespace);
        }
        if !identity.user.is_empty() && self.impersonates() {
            ways.push(Way::Impersonated);
        }
        ways
    }

    /// Returns the best way to put a question that was not refused so far.
    fn next_way(&self, question: &Question) -> Option<Way> {
        let is_open = |way: &Way| self.ways.refused(&way.key(question)).is_none();
        self.possible(question).into_iter().find(is_open)
    }
}

impl<T: Transport> Reviewer for LiveReviewer<T> {
    type Error = T::Error;

    async fn review(&self, question: &Question) -> Result<Answer, T::Error> {
        let mut refused = Vec::new();
        for way in self.possible(question) {
            let key = way.key(question);
            if let Some(refusal) = self.ways.refused(&key) {
                refused.push(refusal);
                continue;
            }
            match self.send(way.call(question)).await {
                Ok(body) => {
                    return Ok(body::answer(&body).unwrap_or_else(|| {
                        Answer::new(VerdictKind::Unknown, "the server's answer is no review")
                    }));
                }
                Err(PostError::Refused(refusal)) => {
                    self.ways.refuse(key, &refusal);
                    refused.push(refusal);
                }
                Err(PostError::Failed(error)) => {
                    return Ok(Answer::new(VerdictKind::Unknown, error));
                }
                Err(PostError::Fatal(error)) => return Err(error),
            }
        }
        let mut reasons: Vec<String> = Vec::new();
        for reason in refused {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        Ok(Answer::new(VerdictKind::Unknown, reasons.join("; ")))
    }
}

impl Way {
    fn call(self, question: &Question) -> Call {
        let Question { identity, request } = question;
        match self {
            Self::Myself => Call::self_subject_access_review(request, None),
            Self::Impersonated => {
                Call::self_subject_access_review(request, Some(Impersonation::of(identity)))
            }
            Self::Anybody => Call {
                path: format!("{REVIEWS}/subjectaccessreviews"),
                body: body::subject_access_review(identity, request, None),
                impersonate: None,
            },
            Self::InNamespace => {
                let namespace = local_namespace(request).unwrap_or_default();
                Call {
                    path: format!("{REVIEWS}/namespaces/{namespace}/localsubjectaccessreviews"),
                    body: body::subject_access_review(identity, request, Some(namespace)),
                    impersonate: None,
                }
            }
        }
    }

    /// Returns what a refusal of this way is a refusal of.
    fn key(self, question: &Question) -> String {
        match self {
            Self::Myself => "me".to_owned(),
            Self::Anybody => "anybody".to_owned(),
            Self::InNamespace => format!("in {}", question.request.namespace()),
            Self::Impersonated => {
                let Identity { user, groups, .. } = &*question.identity;
                format!("as {user} of {}", groups.join(","))
            }
        }
    }
}

/// Returns the namespace in which a request can be reviewed locally: its own, if its name is one.
fn local_namespace(request: &Request) -> Option<&str> {
    let Target::Resource(target) = &request.target else { return None };
    let is_name = !target.namespace.is_empty()
        && target
            .namespace
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    is_name.then_some(&*target.namespace)
}

impl Impersonation {
    /// Impersonates an identity. What the server adds by itself is left out, for each group that is
    /// named has to be allowed: `system:authenticated`, and a ServiceAccount's own groups when it
    /// has no others.
    fn of(identity: &Identity) -> Self {
        let own = Identity::user(&identity.user).groups;
        let is_usual = identity.as_service_account().is_some()
            && identity.groups.iter().all(|group| own.contains(group));
        let groups = identity
            .groups
            .iter()
            .filter(|group| !is_usual && &***group != "system:authenticated")
            .map(|group| group.to_string())
            .collect();
        let extra = identity
            .extra
            .iter()
            .flat_map(|(key, values)| {
                values.iter().map(move |value| (key.to_string(), value.to_string()))
            })
            .collect();
        Self { user: identity.user.to_string(), groups, uid: identity.uid.to_string(), extra }
    }
}

#[cfg(test)]
mod tests;
