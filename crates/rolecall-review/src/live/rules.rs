//! Many answers about one identity out of one: what a SelfSubjectRulesReview tells.
//!
//! A review lists the rules of ClusterRoleBindings and of one namespace's RoleBindings without
//! telling them apart. So it decides requests in that namespace; of others it only proves that they
//! are not allowed. It decides nothing when it is incomplete, and does not show what
//! `system:masters` may do.

use std::collections::HashMap;

use futures::StreamExt;
use rolecall_rbac::{Identity, PolicyRule, Request, Text, rule_allows};
use rustc_hash::FxBuildHasher;
use serde::Deserialize;

use super::{Call, Impersonation, LiveReviewer, PostError, REVIEWS, Transport, Way};
use crate::{Answer, Question, Reviewer, Verdict};

/// The rules that a review told.
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
    /// Some rules, which hold, but decide nothing that they do not allow; and why these are not all.
    Partial(Rules, String),
    /// Nothing: refused or failed.
    Useless,
}

impl<T: Transport> LiveReviewer<T> {
    /// Asks for the caller's rules in a namespace.
    pub async fn rules(&self, namespace: &Text) -> Result<RulesAnswer, T::Error> {
        match &self.caller.identity {
            Some(me) => self.rules_of(me, namespace, None).await,
            None => Ok(RulesAnswer::Useless),
        }
    }

    /// Asks for the rules of the caller, or of whom the caller impersonates.
    async fn rules_of(
        &self,
        identity: &Identity,
        namespace: &Text,
        impersonate: Option<Impersonation>,
    ) -> Result<RulesAnswer, T::Error> {
        if identity.is_privileged() || identity.is_node() || namespace.is_empty() {
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
    /// Answers by rules what somebody is asked so often in a namespace that a review of its rules
    /// pays: questions of the caller's own, and those that can only be put by impersonating. One
    /// question of each other such lot is put as it is, to learn whether that is so. The answers
    /// have no reasons; at most `at_once` calls are under way.
    pub async fn answer_by_rules(
        &self,
        questions: &[Question],
        at_once: usize,
    ) -> Result<Vec<Option<Answer>>, T::Error> {
        let mut lots: HashMap<(&Identity, &str), Lot<'_>, FxBuildHasher> = HashMap::default();
        for (position, question) in questions.iter().enumerate() {
            let key = (&*question.identity, question.request.namespace());
            lots.entry(key).or_insert(Lot { position, question, count: 0 }).count += 1;
        }
        let mut lots: Vec<Lot<'_>> =
            lots.into_values().filter(|lot| lot.count >= PAYS_FROM).collect();
        lots.sort_unstable_by_key(|lot| lot.position);
        let mut answers = vec![None; questions.len()];
        let mut known: HashMap<&Identity, Vec<Rules>, FxBuildHasher> = HashMap::default();
        let mut coming = futures::stream::iter(lots)
            .map(async |lot| (lot, self.probe(lot.question).await))
            .buffered(at_once.max(1));
        while let Some((lot, probed)) = coming.next().await {
            let (answer, rules) = probed?;
            if let Some(slot) = answers.get_mut(lot.position) {
                *slot = answer;
            }
            if let RulesAnswer::Complete(rules) = rules {
                known.entry(&lot.question.identity).or_default().push(rules);
            }
        }
        drop(coming);
        for (slot, question) in answers.iter_mut().zip(questions).filter(|(slot, _)| slot.is_none())
        {
            let mut rules = known.get(&*question.identity).into_iter().flatten();
            *slot = rules.find_map(|rules| rules.answer(&question.request));
        }
        Ok(answers)
    }

    /// Answers one question where that tells something, and asks for the rules where they pay.
    async fn probe(&self, question: &Question) -> Result<(Option<Answer>, RulesAnswer), T::Error> {
        let Question { identity, request } = question;
        let namespace = request.namespace().into();
        if self.is_me(identity) {
            return Ok((None, self.rules_of(identity, &namespace, None).await?));
        }
        let answer = self.review(question).await?;
        let rules = match self.next_way(question) {
            Some(Way::Impersonated) => {
                let somebody = Impersonation::of(identity);
                self.rules_of(identity, &namespace, Some(somebody)).await?
            }
            _ => RulesAnswer::Useless,
        };
        Ok((Some(answer), rules))
    }
}

/// The questions of one identity in one namespace.
#[derive(Clone, Copy)]
struct Lot<'q> {
    /// The first one's position among all questions.
    position: usize,
    /// The first one.
    question: &'q Question,
    count: usize,
}

/// From how many questions on one rules review is cheaper than as many access reviews.
const PAYS_FROM: usize = 4;
