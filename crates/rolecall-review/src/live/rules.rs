//! Answers many questions about one identity from a SelfSubjectRulesReview.
//!
//! A review lists the rules of ClusterRoleBindings and of one namespace's RoleBindings without
//! distinguishing them. So it decides requests in that namespace; for other requests it can only
//! show that they are not allowed. A review in an impossible namespace lists only the rules of
//! ClusterRoleBindings, which decide cluster-scoped requests. A review decides nothing if it is
//! incomplete, and it does not include the access of `system:masters`.
//!
//! ```text
//! questions -> batches: one identity, one namespace -> rules -> answers -> [ samples ] -> answers
//! ```
//!
//! Rules reviews only work for the caller or the identity that it impersonates. If access reviews
//! also work for others, they verify a sample of the answers, because a proxy can drop
//! impersonation headers.

use rolecall_rbac::{Identity, PolicyRule, Request, Text, VerdictKind, rule_allows};
use serde::Deserialize;

use super::{Call, Impersonation, LiveReviewer, PostError, REVIEWS, Transport};
use crate::Answer;
use crate::wire::body::self_subject_rules_review;

/// The rules from a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Empty for rules of ClusterRoleBindings only.
    namespace: Text,
    rules: Vec<PolicyRule>,
}

/// The result of a rules review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RulesAnswer {
    /// All rules.
    Complete(Rules),
    /// Some rules, which are valid but cannot prove that a request is not allowed, and the reason
    /// for the omissions.
    Partial(Rules, String),
    /// Nothing: refused or failed.
    Useless,
}

impl<T: Transport> LiveReviewer<T> {
    /// Requests the caller's rules in a namespace.
    pub async fn rules(&self, namespace: &Text) -> Result<RulesAnswer, T::Error> {
        match &self.caller.identity {
            Some(me) => self.rules_of(me, namespace, None).await,
            None => Ok(RulesAnswer::Useless),
        }
    }

    /// Requests the rules of the caller or of the identity that it impersonates.
    pub(super) async fn rules_of(
        &self,
        identity: &Identity,
        namespace: &Text,
        impersonate: Option<Impersonation>,
    ) -> Result<RulesAnswer, T::Error> {
        if identity.is_privileged() {
            return Ok(RulesAnswer::Useless);
        }
        let asked = if namespace.is_empty() { NOWHERE } else { namespace };
        let call = Call {
            path: format!("{REVIEWS}/selfsubjectrulesreviews"),
            body: self_subject_rules_review(asked),
            impersonate,
        };
        match self.send(call).await {
            Ok(body) => Ok(read(&body, namespace)),
            Err(PostError::Fatal(error)) => Err(error),
            Err(_) => Ok(RulesAnswer::Useless),
        }
    }
}

impl Rules {
    /// Returns the rules.
    pub fn rules(&self) -> &[PolicyRule] {
        &self.rules
    }

    /// Returns the namespace of the rules; empty for rules of ClusterRoleBindings only.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Answers a request of the caller if the rules decide it.
    pub fn answer(&self, request: &Request) -> Option<Answer> {
        let is_here = request.namespace() == &*self.namespace;
        let allows = self.rules.iter().any(|rule| rule_allows(rule, request));
        let verdict = match (allows, is_here) {
            (true, true) => VerdictKind::Allowed,
            (true, false) if self.namespace.is_empty() => VerdictKind::Allowed,
            // Either a RoleBinding's rule, which does not apply outside its namespace, or a
            // ClusterRoleBinding's, which does.
            (true, false) => return None,
            (false, true) => VerdictKind::NoOpinion,
            // Cluster-wide rules would be listed here too.
            (false, false) if request.namespace().is_empty() => VerdictKind::NoOpinion,
            (false, false) => return None,
        };
        Some(Answer::new(verdict, ""))
    }
}

fn read(body: &[u8], namespace: &Text) -> RulesAnswer {
    let Ok(review) = serde_json::from_slice::<Review>(body) else { return RulesAnswer::Useless };
    if review.kind != "SelfSubjectRulesReview" {
        return RulesAnswer::Useless;
    }
    let Status { incomplete, evaluation_error, resource_rules, non_resource_rules } = review.status;
    let texts = |strings: Vec<String>| strings.into_iter().map(Text::from).collect();
    let resources = resource_rules.into_iter().flatten().map(|rule| PolicyRule {
        verbs: texts(rule.verbs),
        api_groups: texts(rule.api_groups),
        resources: texts(rule.resources),
        resource_names: texts(rule.resource_names),
        ..PolicyRule::default()
    });
    let paths = non_resource_rules.into_iter().flatten().map(|rule| PolicyRule {
        verbs: texts(rule.verbs),
        non_resource_urls: texts(rule.non_resource_urls),
        ..PolicyRule::default()
    });
    let rules = resources.chain(paths).collect();
    let rules = Rules { namespace: namespace.clone(), rules };
    match evaluation_error.filter(|error| !error.is_empty()) {
        Some(error) => RulesAnswer::Partial(rules, error),
        None if incomplete => RulesAnswer::Partial(rules, String::new()),
        None => RulesAnswer::Complete(rules),
    }
}

#[derive(Deserialize)]
struct Review {
    kind: String,
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    incomplete: bool,
    evaluation_error: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    resource_rules: Option<Vec<Rule>>,
    #[serde(deserialize_with = "Option::deserialize")]
    non_resource_rules: Option<Vec<Rule>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    resource_names: Vec<String>,
    #[serde(rename = "nonResourceURLs")]
    non_resource_urls: Vec<String>,
}

/// A namespace that no server can create because its name is invalid.
const NOWHERE: &str = "no.namespace";
