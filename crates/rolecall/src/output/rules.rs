//! SelfSubjectRulesReview, as in `authorization.k8s.io/v1`.

use std::collections::BTreeMap;

use rolecall_rbac::{Identity, PolicyRule, RulesReview};
use serde::Serialize;

use super::RuleDetails;
use crate::resolved::label;

/// The review that a server would return to the subject.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SelfSubjectRulesReview<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: ReviewMetadata,
    spec: ReviewSpec<'a>,
    status: ReviewStatus<'a>,
}

/// The annotation with the subject, for which the API has no field.
#[derive(Debug, Serialize)]
struct ReviewMetadata {
    annotations: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
struct ReviewSpec<'a> {
    namespace: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReviewStatus<'a> {
    resource_rules: Vec<RuleDetails<'a>>,
    non_resource_rules: Vec<RuleDetails<'a>>,
    incomplete: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    evaluation_error: &'a str,
}

impl<'a> SelfSubjectRulesReview<'a> {
    /// Builds the review from rules for resources or URLs, but never both.
    pub(crate) fn new(
        identity: &Identity,
        namespace: &'a str,
        rules: impl Iterator<Item = &'a PolicyRule>,
        incomplete: bool,
        evaluation_error: &'a str,
    ) -> Self {
        let (of_urls, of_resources): (Vec<_>, Vec<_>) =
            rules.partition(|rule| rule.resources.is_empty());
        let details =
            |rules: Vec<&'a PolicyRule>| rules.into_iter().map(RuleDetails::new).collect();
        Self {
            api_version: "authorization.k8s.io/v1",
            kind: "SelfSubjectRulesReview",
            metadata: ReviewMetadata {
                annotations: BTreeMap::from([("rolecall.dev/subject", label(identity))]),
            },
            spec: ReviewSpec { namespace },
            status: ReviewStatus {
                resource_rules: details(of_resources),
                non_resource_rules: details(of_urls),
                incomplete,
                evaluation_error,
            },
        }
    }
}

impl SelfSubjectRulesReview<'_> {
    /// Says how many rules are left out.
    #[must_use]
    pub(crate) fn with_omitted(mut self, rules: usize) -> Self {
        if rules > 0 {
            self.metadata.annotations.insert("rolecall.dev/omitted", rules.to_string());
        }
        self
    }

    /// Names the rules that a build which was not run can change, for which servers have no place either.
    #[must_use]
    pub(crate) fn with_unbuilt(mut self, rules: impl Iterator<Item = String>) -> Self {
        let rules: Vec<String> = rules.collect();
        if !rules.is_empty() {
            self.metadata.annotations.insert("rolecall.dev/unbuilt", rules.join("; "));
        }
        self
    }
}

/// Joins the reasons for an incomplete list, with the server's wording if it has one.
pub(crate) fn evaluation_error(identity: &Identity, review: &RulesReview<'_>) -> String {
    let node = identity
        .is_node()
        .then(|| "node authorizer does not support user rule resolution".to_owned());
    let mut texts: Vec<String> = review.problems.iter().map(ToString::to_string).collect();
    texts.sort();
    texts.dedup();
    let gaps = review.gaps.iter().map(|gap| format!("not read: {gap}"));
    let texts: Vec<String> = node.into_iter().chain(texts).chain(gaps).collect();
    match &*texts {
        [only] => only.clone(),
        [] => String::new(),
        several => format!("[{}]", several.join(", ")),
    }
}
