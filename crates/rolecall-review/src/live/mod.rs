//! A server as a reviewer.
//!
//! A caller asks about itself with SelfSubjectAccessReviews, and about others with
//! SubjectAccessReviews. If it cannot create those, it uses LocalSubjectAccessReviews in the
//! request's namespace. If it cannot create those either, it can impersonate the others if the user
//! asked for it, because audit logs record each attempt. A refused route is not tried again.

mod batches;
mod route;
mod rules;

use rolecall_rbac::{Identity, Request, Target, VerdictKind};

pub use self::batches::Evidence;
use self::route::Routes;
pub use self::rules::{Rules, RulesAnswer};
use crate::wire::body;
use crate::{Answer, Question, Reviewer};

/// A request to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The path.
    pub path: String,
    /// The JSON body.
    pub body: Vec<u8>,
    /// The identity to impersonate.
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

/// The identity that a request impersonates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impersonation {
    /// The `Impersonate-User` header.
    pub user: String,
    /// The `Impersonate-Group` headers.
    pub groups: Vec<String>,
    /// The `Impersonate-Uid` header; empty for none.
    pub uid: String,
    /// The `Impersonate-Extra-KEY` headers.
    pub extra: Vec<(String, String)>,
}

/// Sends calls to a server.
pub trait Transport: Sync {
    /// The error after which no call can succeed.
    type Error: Send;

    /// Posts a call, retries while the server is too busy, and returns the response body.
    fn post(
        &self,
        call: Call,
    ) -> impl Future<Output = Result<Vec<u8>, PostError<Self::Error>>> + Send;
}

/// The reason why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostError<E> {
    /// The caller lacks the permission or the server does not serve it, with the server's message.
    Refused(String),
    /// This call failed.
    Failed(String),
    /// All further calls will fail.
    Fatal(E),
}

/// Asks a server.
#[derive(Debug)]
pub struct LiveReviewer<T> {
    transport: T,
    caller: Caller,
    routes: Routes,
}

/// The client that asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The identity that the server authenticates it as, if known.
    pub identity: Option<Identity>,
    /// Whether it already impersonates that identity, so that it cannot impersonate another one.
    pub is_impersonated: bool,
    /// The means of asking about others.
    pub means: Means,
}

/// The means of asking about others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Means {
    /// Only access reviews.
    #[default]
    Reviews,
    /// Access reviews, and impersonation if those are refused. Audit logs are often monitored for
    /// impersonation attempts.
    Impersonation,
}

const REVIEWS: &str = "/apis/authorization.k8s.io/v1";

/// The route by which a question reaches the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    /// SelfSubjectAccessReview.
    Myself,
    /// SubjectAccessReview.
    Anyone,
    /// LocalSubjectAccessReview.
    InNamespace,
    /// SelfSubjectAccessReview under impersonation.
    Impersonated,
}

impl<T: Transport> LiveReviewer<T> {
    /// Builds a reviewer.
    pub fn new(transport: T, caller: Caller) -> Self {
        Self { transport, caller, routes: Routes::default() }
    }

    /// Returns whether an identity is the caller's.
    fn is_me(&self, identity: &Identity) -> bool {
        self.caller.identity.as_ref() == Some(identity)
    }

    /// Returns whether the caller impersonates the identities that it asks about.
    fn impersonates(&self) -> bool {
        self.caller.means == Means::Impersonation && !self.caller.is_impersonated
    }

    /// Returns the server's messages for refused kinds of reviews.
    pub fn refusals(&self) -> Vec<String> {
        self.routes.refusals()
    }

    async fn send(&self, call: Call) -> Result<Vec<u8>, PostError<T::Error>> {
        self.transport.post(call).await
    }

    /// Returns the possible routes for a question, best first.
    fn possible(&self, question: &Question) -> Vec<Route> {
        let Question { identity, request } = question;
        if self.is_me(identity) {
            return vec![Route::Myself];
        }
        let mut routes = vec![Route::Anyone];
        if local_namespace(request).is_some() {
            routes.push(Route::InNamespace);
        }
        if !identity.user.is_empty() && self.impersonates() {
            routes.push(Route::Impersonated);
        }
        routes
    }

    /// Returns the best route for a question that has not been refused yet.
    fn next_route(&self, question: &Question) -> Option<Route> {
        let is_open = |route: &Route| self.routes.refused(&route.key(question)).is_none();
        self.possible(question).into_iter().find(is_open)
    }
}

impl<T: Transport> Reviewer for LiveReviewer<T> {
    type Error = T::Error;

    async fn review(&self, question: &Question) -> Result<Answer, T::Error> {
        let mut refused = Vec::new();
        for route in self.possible(question) {
            let key = route.key(question);
            if let Some(refusal) = self.routes.refused(&key) {
                refused.push(refusal);
                continue;
            }
            match self.send(route.call(question)).await {
                Ok(body) => {
                    return Ok(body::answer(&body).unwrap_or_else(|| {
                        Answer::new(VerdictKind::Unknown, "the server's answer is not a review")
                    }));
                }
                Err(PostError::Refused(refusal)) => {
                    self.routes.refuse(key, &refusal);
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

impl Route {
    fn call(self, question: &Question) -> Call {
        let Question { identity, request } = question;
        match self {
            Self::Myself => Call::self_subject_access_review(request, None),
            Self::Impersonated => {
                Call::self_subject_access_review(request, Some(Impersonation::of(identity)))
            }
            Self::Anyone => Call {
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

    /// Returns the key under which a refusal of this route is remembered.
    fn key(self, question: &Question) -> String {
        match self {
            Self::Myself => "me".to_owned(),
            Self::Anyone => "anyone".to_owned(),
            Self::InNamespace => format!("in {}", question.request.namespace()),
            Self::Impersonated => {
                let Identity { user, groups, .. } = &*question.identity;
                format!("as {user} of {}", groups.join(","))
            }
        }
    }
}

/// Returns the namespace for a local review of a request: its own, if it is a valid name.
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
    /// Impersonates an identity. Omits the groups that the server adds by itself, because each
    /// named group requires permission: `system:authenticated`, and a ServiceAccount's implied
    /// groups if it has no others.
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
