//! Credits the uses in logs to the grants that allow them.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Authorizer, Grant, Identity, Request, Target, Text};

use crate::counts::Counts;
use crate::outcome::{Effect, Via};
use crate::tally::Used;

/// The place of a rule: namespace and name of its binding, and its index in the role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GrantKey {
    /// The binding's namespace; empty for a ClusterRoleBinding.
    pub namespace: Text,
    /// The binding's name.
    pub binding: Text,
    /// The index of the rule in the role.
    pub rule: usize,
}

/// A request that a rule allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The subject.
    pub identity: Identity,
    /// The request. Of requests with too many names to keep, the name is empty, or one that the rule names.
    pub request: Request,
    /// Whether the log has more names for it than were kept.
    pub many: bool,
    /// How often and when.
    pub counts: Counts,
    /// The Pods that made it.
    pub pods: Vec<Text>,
    /// The authorizer that the log names.
    pub via: Via,
}

/// The uses of each rule of each binding.
#[derive(Clone, Debug, Default)]
pub struct Credits {
    /// The requests that each rule allowed.
    pub by_grant: BTreeMap<GrantKey, Vec<Credit>>,
    /// Allowed requests that RBAC does not allow here: another authorizer allowed them, or the roles have
    /// changed since.
    pub uncredited: Vec<Credit>,
    /// The users who created or changed roles or bindings.
    pub rbac_writers: BTreeSet<Text>,
}

/// The most names of rules that are tried for requests with names that were not kept.
const TRIED: usize = 1_000;

/// Credits each allowed request to every grant that allows it.
///
/// The reason in a log names one grant. Every other one would have allowed the request as well, so none is
/// called unused because of the order in which the server finds them.
pub fn credit(authorizer: &Authorizer, uses: impl IntoIterator<Item = Used>) -> Credits {
    let mut credits = Credits::default();
    for used in uses.into_iter().filter(|used| used.kind.outcome.is_use()) {
        let kind = &used.kind;
        if kind.identity.user.is_empty() {
            continue;
        }
        if kind.effect == Effect::Real && writes_rbac(&kind.request) {
            credits.rbac_writers.insert(kind.identity.user.clone());
        }
        let named =
            used.names.iter().map(|(name, counts)| (kind.request_for(name), false, *counts));
        let many = used.many.iter().flat_map(|counts| {
            let candidates = candidates(authorizer, &used);
            candidates.into_iter().map(|request| (request, true, *counts))
        });
        for (request, many, counts) in named.chain(many) {
            let credit = Credit {
                identity: kind.identity.clone(),
                request,
                many,
                counts,
                pods: used.pods.clone(),
                via: kind.via,
            };
            credits.add(authorizer, credit);
        }
    }
    credits
}

impl Credits {
    fn add(&mut self, authorizer: &Authorizer, credit: Credit) {
        let decision = authorizer.authorize_as_written(&credit.identity, &credit.request);
        let rolecall_rbac::Verdict::Allowed { by } = decision.verdict else {
            if !credit.many {
                self.uncredited.push(credit);
            }
            return;
        };
        for grant in by {
            let Grant::Rule(grant) = grant else { continue };
            let key = GrantKey {
                namespace: grant.binding.metadata.namespace.clone(),
                binding: grant.binding.metadata.name.clone(),
                rule: grant.rule_index,
            };
            self.by_grant.entry(key).or_default().push(credit.clone());
        }
    }
}

/// Returns requests that stand for those whose names were not kept: without a name, and with each name or
/// path in a rule of the subject.
fn candidates(authorizer: &Authorizer, used: &Used) -> Vec<Request> {
    let kind = &used.kind;
    let review = authorizer.rules_for(&kind.identity, kind.request.namespace());
    let names: BTreeSet<&Text> = match &kind.request.target {
        Target::Resource(_) => {
            review.rules.iter().flat_map(|of| of.rule.resource_names.iter()).collect()
        }
        Target::Path(_) => {
            review.rules.iter().flat_map(|of| of.rule.non_resource_urls.iter()).collect()
        }
    };
    let is_path = matches!(kind.request.target, Target::Path(_));
    let unnamed = (!is_path).then(|| kind.request_for(""));
    let named = names.into_iter().take(TRIED).map(|name| kind.request_for(name));
    unnamed.into_iter().chain(named).collect()
}

/// Returns whether a request creates or changes roles or bindings, for which the server also compares the
/// rights of the user with those that it grants.
fn writes_rbac(request: &Request) -> bool {
    let Target::Resource(target) = &request.target else { return false };
    &*target.group == "rbac.authorization.k8s.io"
        && matches!(&*request.verb, "create" | "update" | "patch")
}
