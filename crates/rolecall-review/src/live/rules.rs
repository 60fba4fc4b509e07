//! Many answers about oneself out of one: what a SelfSubjectRulesReview tells.
//!
//! A review lists the rules of ClusterRoleBindings and of one namespace's RoleBindings without
//! telling them apart. So it decides requests in that namespace; of others it only proves that they
//! are not allowed. It decides nothing when it is incomplete, and does not show what
//! `system:masters` may do.

use std::collections::BTreeMap;

use rolecall_rbac::{Identity, PolicyRule, Request, Text, rule_allows};
use serde::Deserialize;

use super::{Call, LiveReviewer, PostError, REVIEWS, Transport};
use crate::{Answer, Question, Verdict};

/// The rules that a review told, all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    namespace: Text,
    rules: Vec<PolicyRule>,
}

/// What a rules review came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RulesAnswer {
    /// All rules.
    Complete(Rules),
    /// Nothing that can be relied on: incomplete, refused or failed.
    Useless,
}

impl<T: Transport> LiveReviewer<T> {
    /// Asks for the caller's rules in a namespace.
    pub async fn rules(&self, namespace: &Text) -> Result<RulesAnswer, T::Error> {
        let is_privileged = self.caller.identity.as_ref().is_none_or(Identity::is_privileged);
        let is_node = self.caller.identity.as_ref().is_some_and(Identity::is_node);
        if is_privileged || is_node || namespace.is_empty() {
            return Ok(RulesAnswer::Useless);
        }
        let call = Call {
            path: format!("{REVIEWS}/selfsubjectrulesreviews"),
            body: serde_json::json!({
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectRulesReview",
                "spec": {"namespace": &**namespace},
            })
            .to_string()
            .into_bytes(),
            impersonate: None,
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

    /// Answers a request of the caller's, where the rules decide it.
    pub fn answer(&self, request: &Request) -> Option<Answer> {
        let allows = self.rules.iter().any(|rule| rule_allows(rule, request));
        let verdict = match (allows, request.namespace() == &*self.namespace) {
            (true, true) => Verdict::Allowed,
            // A RoleBinding's rule, which does not count outside of its namespace, or a
            // ClusterRoleBinding's, which does.
            (true, false) => return None,
            (false, true) => Verdict::NoOpinion,
            // What counts everywhere counts here too.
            (false, false) if request.namespace().is_empty() => Verdict::NoOpinion,
            (false, false) => return None,
        };
        Some(Answer::new(verdict, ""))
    }
}

fn read(body: &[u8], namespace: &Text) -> RulesAnswer {
    let Ok(review) = serde_json::from_slice::<Review>(body) else { return RulesAnswer::Useless };
    let Status { incomplete, evaluation_error, resource_rules, non_resource_rules } = review.status;
    if incomplete || evaluation_error.is_some_and(|error| !error.is_empty()) {
        return RulesAnswer::Useless;
    }
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
    RulesAnswer::Complete(Rules { namespace: namespace.clone(), rules })
}

#[derive(Deserialize)]
struct Review {
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    incomplete: bool,
    evaluation_error: Option<String>,
    resource_rules: Option<Vec<Rule>>,
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

impl<T: Transport> LiveReviewer<T> {
    /// Answers the caller's own questions by its rules, in each namespace in which there are so many
    /// that it pays. The answers have no reasons.
    pub async fn answer_by_rules(
        &self,
        questions: &[Question],
    ) -> Result<Vec<Option<Answer>>, T::Error> {
        let mut namespaces: BTreeMap<&str, usize> = BTreeMap::new();
        let is_mine = |question: &&Question| self.is_me(&question.identity);
        for question in questions.iter().filter(is_mine) {
            *namespaces.entry(question.request.namespace()).or_default() += 1;
        }
        let mut known = Vec::new();
        for (namespace, _) in namespaces.into_iter().filter(|(_, count)| *count >= PAYS_FROM) {
            if let RulesAnswer::Complete(rules) = self.rules(&namespace.into()).await? {
                known.push(rules);
            }
        }
        let answer = |question: &Question| {
            let mine = Some(question).filter(is_mine)?;
            known.iter().find_map(|rules| rules.answer(&mine.request))
        };
        Ok(questions.iter().map(answer).collect())
    }
}

/// From how many questions on one rules review is cheaper than as many access reviews.
const PAYS_FROM: usize = 4;
