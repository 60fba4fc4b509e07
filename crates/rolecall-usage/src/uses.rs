//! From one event to the requests that the server authorized.
//!
//! | event | requests |
//! |---|---|
//! | any | the request itself, of the impersonated user if there is one |
//! | impersonation | also the impersonator's requests for the parts of the other identity |
//! | `patch` or `update` with 201 | also `create`, with the name |
//! | WebSocket `get` of a Pod's streams | also `create` of them |
//! | 403 after "allow" | also the second request that was refused |
//! | 403 without a decision | only the refused request in the message: impersonation |

use std::borrow::Cow;

use crate::event::ObjectRef;
use crate::facts::{Decided, FactTarget, Facts, Person};
use crate::impersonation::{self, borrowed};
use crate::key::{Binding, Shape, ShapeTarget};
use crate::outcome::{Basis, Effect, Outcome, Via};
use crate::sentence::{self, Sentence};

/// The subresources whose WebSocket `get` needs `create`, too.
const STREAMS: [&str; 3] = ["attach", "exec", "portforward"];

/// Calls `count` with each request that an event shows.
pub(crate) fn for_each_use(facts: &Facts<'_>, mut count: impl FnMut(&Shape<'_>)) {
    let outcome = outcome_of(facts);
    let second = (facts.code == 403).then(|| sentence::read(&facts.message)).flatten();
    let effect = if facts.is_dry_run { Effect::DryRun } else { Effect::Real };
    let actor = facts.impersonated.as_ref().unwrap_or(&facts.user);
    if outcome == Outcome::Refused
        && facts.decision == Decided::Unstated
        && let Some(sentence) = &second
        && sentence.verb.starts_with("impersonate")
    {
        // The message names the other user's request, and the impersonator as its user.
        count(&shape(&facts.user, sentence.verb, &sentence.target, Outcome::Refused, effect));
        return;
    }
    let target = as_authorized(&facts.verb, &facts.target);
    let mut own = shape(actor, &facts.verb, &target, outcome, effect);
    own.via = via_of(facts, actor, outcome);
    own.binding = binding_of(&facts.reason);
    own.reason_group = group_of(&facts.reason);
    count(&own);
    if let Some(other) = &facts.impersonated {
        count_impersonation(facts, other, effect, &mut count);
    }
    if outcome.is_use() {
        count_implied(facts, &own, second.as_ref(), &mut count);
    }
}

/// Counts what the impersonator was allowed: an event names the other user only then.
fn count_impersonation(
    facts: &Facts<'_>,
    other: &Person<'_>,
    effect: Effect,
    count: &mut impl FnMut(&Shape<'_>),
) {
    for credit in impersonation::credits(facts, other) {
        let mut shape = shape(&facts.user, &credit.verb, &credit.target, Outcome::Allowed, effect);
        shape.basis = Basis::Implied;
        shape.via = if is_master(&facts.user) { Via::Masters } else { Via::Unstated };
        count(&shape);
    }
}

/// Counts the second request that the server authorized or refused inside an allowed one.
fn count_implied(
    facts: &Facts<'_>,
    own: &Shape<'_>,
    refused: Option<&Sentence<'_>>,
    count: &mut impl FnMut(&Shape<'_>),
) {
    let FactTarget::Object(object) = &facts.target else { return };
    let is_stream = &*facts.verb == "get"
        && object.api_group.is_empty()
        && &*object.resource == "pods"
        && STREAMS.contains(&&*object.subresource);
    let creates = matches!(&*facts.verb, "patch" | "update") && object.subresource.is_empty();
    let target = borrowed(&facts.target);
    let (verb, target, outcome) = match (facts.code, refused) {
        (101, _) if is_stream => ("create", &target, Outcome::Allowed),
        (201, _) if creates => ("create", &target, Outcome::Allowed),
        // Messages about other users quote the answers to a controller or webhook.
        (403, Some(sentence)) if sentence.user == own.user && sentence.verb != own.verb => {
            (sentence.verb, &sentence.target, Outcome::Refused)
        }
        // The message of these ends before the sentence.
        (403, None) if is_stream => ("create", &target, Outcome::Refused),
        _ => return,
    };
    // The same authorizer decides both, but a different rule can allow each.
    let via = match (outcome, own.via) {
        (Outcome::Refused, _) | (_, Via::Rbac) => Via::Unstated,
        (_, via) => via,
    };
    let target = shape_target(target);
    let binding = Binding::default();
    count(&Shape { verb, target, outcome, via, basis: Basis::Implied, binding, ..own.clone() });
}

/// Decides the outcome from the decision, and without one from the code.
fn outcome_of(facts: &Facts<'_>) -> Outcome {
    match (facts.code, facts.decision) {
        (401, Decided::Unstated) => Outcome::Unauthenticated,
        (403, Decided::Allow) => Outcome::Rejected,
        (_, Decided::Allow) => Outcome::Allowed,
        (_, Decided::Forbid) => Outcome::Refused,
        (403, Decided::Unstated) => Outcome::Refused,
        // The server answers these before it authorizes a request.
        (400 | 429, Decided::Unstated) => Outcome::Unknown,
        (0, Decided::Unstated) => Outcome::Unknown,
        (_, Decided::Unstated) => Outcome::Allowed,
    }
}

fn via_of(facts: &Facts<'_>, actor: &Person<'_>, outcome: Outcome) -> Via {
    if !outcome.is_use() {
        return Via::Unstated;
    }
    if !facts.reason.is_empty() {
        return Via::of_reason(&facts.reason);
    }
    if is_master(actor) {
        Via::Masters
    } else if actor.name.starts_with("system:node:") && is_in(actor, "system:nodes") {
        Via::Node
    } else if facts.decision == Decided::Allow && actor.groups.is_some() {
        // RBAC always gives a reason, but formats without groups can lack it.
        Via::Other
    } else {
        Via::Unstated
    }
}

fn is_master(person: &Person<'_>) -> bool {
    is_in(person, "system:masters")
}

fn is_in(person: &Person<'_>, group: &str) -> bool {
    person.groups.iter().flatten().any(|it| &**it == group)
}

/// Returns the target as the authorizer saw it: a new object has no name yet.
fn as_authorized<'a>(verb: &str, target: &'a FactTarget<'_>) -> FactTarget<'a> {
    match borrowed(target) {
        FactTarget::Object(object) if verb == "create" && object.subresource.is_empty() => {
            FactTarget::Object(ObjectRef { name: Cow::Borrowed(""), ..object })
        }
        target => target,
    }
}

fn shape<'s>(
    person: &'s Person<'_>,
    verb: &'s str,
    target: &'s FactTarget<'_>,
    outcome: Outcome,
    effect: Effect,
) -> Shape<'s> {
    Shape {
        user: &person.name,
        groups: person.groups.as_deref(),
        reason_group: "",
        pod: &person.pod,
        verb,
        target: shape_target(target),
        outcome,
        via: Via::Unstated,
        basis: Basis::Request,
        effect,
        binding: Binding::default(),
    }
}

fn shape_target<'s>(target: &'s FactTarget<'_>) -> ShapeTarget<'s> {
    match target {
        FactTarget::Path(path) => ShapeTarget::Path(path),
        FactTarget::Object(object) => ShapeTarget::Object {
            group: &object.api_group,
            resource: &object.resource,
            subresource: &object.subresource,
            namespace: &object.namespace,
            name: &object.name,
        },
    }
}

/// Reads `RBAC: allowed by RoleBinding "viewers/shop" of ClusterRole "view" to ...`, or the same of an
/// access policy.
fn binding_of(reason: &str) -> Binding<'_> {
    let read = || {
        let (source, rest) = reason.split_once(':')?;
        let rest = rest.strip_prefix(" allowed by ")?;
        let (kind, rest) = rest.split_once(' ')?;
        let rest = rest.strip_prefix('"')?;
        // A principal of EKS can contain any character, but a name of Kubernetes no quote.
        let (name, _) = match source {
            "RBAC" => rest.split_once('"')?,
            _ => rest.split_once("\" of ")?,
        };
        Some(Binding { kind, name })
    };
    read().unwrap_or_default()
}

/// Returns the group to which a reason says the permission was given.
fn group_of(reason: &str) -> &str {
    let read = || {
        let (before, group) = reason.strip_suffix('"')?.rsplit_once('"')?;
        before.ends_with(" to Group ").then_some(group)
    };
    read().unwrap_or_default()
}
