//! Requests that are not granted unless the caller accepts the risk, with reasons.
//!
//! The catalogue in `rolecall-access` defines the risks and their severities. This is the policy
//! that decides which risks to refuse.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use std::sync::LazyLock;

use rolecall_access::risk::{
    Allowed, Engine, Grading, HeldRisk, Need, RiskIndex, find as catalogue,
};
use rolecall_access::{KubernetesVersion, RuleCode, Severity};
use rolecall_rbac::{Authorizer, Identity, PolicyRule, Request, ResourceRequest, Target, Text};

use crate::atom::{Atom, into_rules};
use crate::subject::RBAC_GROUP;

/// A reason to refuse a request unless the caller accepts the risk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// A `*`, which also grants access to everything that is added later.
    Wildcard {
        /// The part with the wildcard: verb, resource, API group or path.
        of: &'static str,
    },
    /// A risk of the catalogue, with the scope in which it would be held.
    Catalogued(HeldRisk),
    /// The subject is a group of all users or includes unauthenticated clients.
    Everyone {
        /// The user or group.
        subject: Text,
    },
}

/// The risks of creating Pods and workloads, which deploying into a namespace requires.
const DEPLOYING: [RuleCode; 2] = [RuleCode(515), RuleCode(516)];

/// One engine for each range of versions with different risks; a risk in any of them counts.
static ENGINES: LazyLock<[Engine<'static>; 3]> = LazyLock::new(|| {
    [KubernetesVersion { minor: 24 }, KubernetesVersion { minor: 34 }, KubernetesVersion::NEWEST]
        .map(|version| Engine::new(&NOTHING, version))
});

/// An empty inventory: requests are rated before the target of the grant is known.
static NOTHING: LazyLock<Authorizer> = LazyLock::new(Authorizer::default);

/// The risks of requests of one kind.
#[derive(Debug)]
struct RequestRisks {
    /// The risks of their rules alone, with the scopes.
    hits: Vec<(RuleCode, Allowed)>,
    /// The risks with several needs that the requests are a part of.
    parts: BTreeSet<RuleCode>,
}

/// A verb, API group, resource and name; a name that no risk depends on is left out.
type Kind = (Text, Text, Text, Option<&'static str>);

thread_local! {
    /// A cache, because logs repeat requests with only different names and namespaces.
    static KNOWN: RefCell<BTreeMap<Kind, Rc<RequestRisks>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The maximum number of cached kinds, because input is unbounded.
const KEPT: usize = 4096;

/// The names that some risk depends on.
static NAMES: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| ENGINES.iter().flat_map(Engine::names).collect());

/// A name that no risk depends on.
const OTHER: &str = "-";

/// Returns the risks of a request; `None` for a path.
fn known(request: &Request) -> Option<Rc<RequestRisks>> {
    let Target::Resource(target) = &request.target else { return None };
    let mut request = Request::resource(request.verb.clone(), target.clone());
    let name = match &*target.name {
        "" => None,
        name => Some(NAMES.get(name).copied().unwrap_or(OTHER)),
    };
    if let Target::Resource(target) = &mut request.target {
        target.name = name.unwrap_or_default().into();
    }
    let kind = (request.verb.clone(), target.group.clone(), target.combined(), name);
    KNOWN.with_borrow_mut(|kept| {
        if let Some(known) = kept.get(&kind) {
            return Some(Rc::clone(known));
        }
        if kept.len() >= KEPT {
            kept.clear();
        }
        let known = Rc::new(RequestRisks::of(&needed(&request)));
        kept.insert(kind, Rc::clone(&known));
        Some(known)
    })
}

impl RequestRisks {
    fn of(rules: &[PolicyRule]) -> Self {
        let hits = ENGINES
            .iter()
            .flat_map(|engine| rules.iter().flat_map(|rule| engine.hits(rule)))
            .flat_map(|hit| {
                let implied = hit.implied.into_iter().map(|hit| (hit.risk.code, hit.allowed));
                std::iter::once((hit.risk.code, hit.allowed)).chain(implied).collect::<Vec<_>>()
            })
            .collect::<Vec<_>>();
        let is_part = |needs: &[Need<'_>]| {
            needs.iter().any(|need| rules.iter().any(|rule| need.allowed_by(rule).everywhere))
        };
        let combined = ENGINES.iter().flat_map(Engine::combined);
        let combined = combined.filter(|(_, needs)| is_part(needs)).map(|(risk, _)| risk.code);
        // The severity of writing an operator's objects depends on the operator's permissions.
        let by_operator = hits
            .iter()
            .map(|(code, _)| *code)
            .filter(|code| catalogue(*code).is_some_and(|risk| risk.grading == Grading::Operator));
        let parts = combined.chain(by_operator).collect();
        Self { hits, parts }
    }
}

/// Returns the reasons to refuse a request unless the caller accepts the risk.
pub fn risks(identity: &Identity, request: &Request) -> Vec<Risk> {
    let mut risks = of_request(request);
    risks.extend(of_subject(identity));
    risks.sort();
    risks
}

/// Returns whether granting a rule requires `Risky::Granted`, in a namespace or, with an empty one,
/// cluster-wide.
pub fn is_risky(rule: &PolicyRule, identity: &Identity, namespace: &str) -> bool {
    Atom::of_rule(rule).into_iter().any(|atom| {
        let request = match atom {
            Atom::Path { path, verb } => Request { verb, target: Target::Path(path) },
            Atom::Resource { group, resource, name, verb } => {
                let (resource, subresource) = resource.split_once('/').unwrap_or((&resource, ""));
                Request::resource(
                    verb,
                    ResourceRequest {
                        namespace: namespace.into(),
                        group,
                        resource: resource.into(),
                        subresource: subresource.into(),
                        name: name.unwrap_or_else(|| "".into()),
                    },
                )
            }
        };
        !risks(identity, &request).is_empty()
    })
}

/// Returns whether a grant allows its holder to run Pods in one namespace, and so to act as any
/// ServiceAccount there. Deploying requires no more than this.
pub(crate) fn runs_pods(request: &Request) -> bool {
    !request.namespace().is_empty()
        && held(request).iter().any(|held| DEPLOYING.contains(&held.code))
}

/// Returns the refused risks that an identity gains only by a combination of grants that are
/// harmless individually.
pub(crate) fn added_up(
    before: &Authorizer,
    after: &Authorizer,
    identity: &Identity,
) -> BTreeSet<HeldRisk> {
    let engine = Engine::new(after, KubernetesVersion::NEWEST);
    let mut risks = RiskIndex::new(&engine).risks_of(identity);
    risks.retain(is_refused);
    if !risks.is_empty() {
        let engine = Engine::new(before, KubernetesVersion::NEWEST);
        let held = RiskIndex::new(&engine).risks_of(identity);
        risks.retain(|risk| !held.contains(risk));
    }
    risks
}

/// Returns whether a request is part of a risk with several needs.
pub fn may_add_up(request: &Request) -> bool {
    known(request).is_some_and(|known| !known.parts.is_empty())
}

/// Returns whether a request is part of a risk.
pub(crate) fn is_part_of(request: &Request, risk: &HeldRisk) -> bool {
    let in_scope =
        risk.namespace.as_deref().is_none_or(|namespace| namespace == request.namespace());
    in_scope && known(request).is_some_and(|known| known.parts.contains(&risk.code))
}

fn of_request(request: &Request) -> Vec<Risk> {
    let any_verb = &*request.verb == "*";
    let wildcards = match &request.target {
        Target::Path(path) => vec![(any_verb, "verb"), (path.ends_with('*'), "path")],
        Target::Resource(target) => vec![
            (any_verb, "verb"),
            (&*target.group == "*", "API group"),
            (&*target.resource == "*" || &*target.subresource == "*", "resource"),
        ],
    };
    let wildcards: Vec<Risk> = wildcards
        .into_iter()
        .filter_map(|(applies, of)| applies.then_some(Risk::Wildcard { of }))
        .collect();
    match &request.target {
        Target::Resource(_) if wildcards.is_empty() => catalogued(request),
        _ => wildcards,
    }
}

/// Returns the risks of the catalogue for which a request is refused.
fn catalogued(request: &Request) -> Vec<Risk> {
    let mut risks = held(request);
    risks.retain(is_refused);
    let scope = Some(request.namespace()).filter(|namespace| !namespace.is_empty());
    if let Target::Resource(target) = &request.target
        && let Some(code) = escalation(&request.verb, target)
    {
        risks.insert(HeldRisk::by_scope(code, scope.map(Text::from)));
    }
    risks.into_iter().map(Risk::Catalogued).collect()
}

/// Returns the risk of a request that lets its holder act with the permissions of others. It is
/// refused in any namespace, for a single object as well as for all objects, and even as one of
/// several needs.
fn escalation(verb: &str, target: &ResourceRequest) -> Option<RuleCode> {
    let writes = !matches!(verb, "get" | "list" | "watch");
    Some(match (verb, (&*target.group, &*target.resource, &*target.subresource)) {
        (verb, _) if verb.starts_with("impersonate:") || verb.starts_with("impersonate-on:") => {
            RuleCode(533)
        }
        ("impersonate", ("" | "authentication.k8s.io", _, _)) => RuleCode(532),
        ("escalate", (RBAC_GROUP, _, _)) => RuleCode(528),
        ("bind", (RBAC_GROUP, _, _)) => RuleCode(529),
        ("approve", ("certificates.k8s.io", "signers", _)) => RuleCode(534),
        ("sign", ("certificates.k8s.io", "signers", _)) => RuleCode(535),
        (_, ("certificates.k8s.io", "certificatesigningrequests", "approval")) if writes => {
            RuleCode(534)
        }
        (_, ("certificates.k8s.io", "certificatesigningrequests", "status")) if writes => {
            RuleCode(535)
        }
        (_, (RBAC_GROUP, "roles" | "clusterroles", "")) if writes => RuleCode(527),
        (_, (RBAC_GROUP, "rolebindings" | "clusterrolebindings", "")) if writes => RuleCode(530),
        (verb, ("admissionregistration.k8s.io", resource, "")) if writes => {
            let deletes = verb.starts_with("delete");
            match resource {
                "mutatingwebhookconfigurations" if !deletes => RuleCode(536),
                "mutatingwebhookconfigurations" | "validatingwebhookconfigurations" => {
                    RuleCode(559)
                }
                "*" => RuleCode(536),
                _ => RuleCode(537),
            }
        }
        (_, ("", "secrets", "")) if target.namespace.is_empty() && writes => RuleCode(512),
        (_, ("", "secrets", "")) if target.namespace.is_empty() => RuleCode(510),
        (_, ("", "pods", "exec")) => RuleCode(518),
        (_, ("", "pods", "attach")) => RuleCode(519),
        (_, ("", "pods", "ephemeralcontainers")) if writes => RuleCode(520),
        (_, ("", "nodes", "proxy")) => RuleCode(525),
        ("create", ("", "serviceaccounts", "token")) => RuleCode(514),
        _ => return None,
    })
}

fn is_refused(risk: &HeldRisk) -> bool {
    match risk.severity {
        Severity::Critical => true,
        Severity::High => risk.namespace.is_none() || !DEPLOYING.contains(&risk.code),
        Severity::Medium | Severity::Low | Severity::Info => false,
    }
}

/// Returns the risks of granting a request in a namespace or, with an empty one, everywhere, that a report
/// would contain. Deploying has a note with more details.
pub(crate) fn reported(request: &Request, namespace: &str) -> BTreeSet<HeldRisk> {
    let mut risks = held_in(request, namespace);
    risks.retain(|risk| {
        let is_deploying = risk.namespace.is_some() && DEPLOYING.contains(&risk.code);
        risk.severity >= Severity::Medium && !is_deploying
    });
    risks
}

/// Returns whether the catalogue rates a request as a risk of medium or higher severity.
pub(crate) fn is_rated(request: &Request) -> bool {
    held(request).iter().any(|risk| risk.severity >= Severity::Medium)
}

/// Returns the risks of the smallest rules for a request, in its scope.
fn held(request: &Request) -> BTreeSet<HeldRisk> {
    held_in(request, request.namespace())
}

fn held_in(request: &Request, namespace: &str) -> BTreeSet<HeldRisk> {
    let scope = Some(namespace).filter(|namespace| !namespace.is_empty());
    let known = known(request);
    let hits = known.iter().flat_map(|known| &known.hits);
    hits.filter(|(_, allowed)| allowed.counts_in(scope))
        .map(|(code, _)| HeldRisk::by_scope(*code, scope.map(Text::from)))
        .collect()
}

/// Returns the smallest rules that allow a request.
fn needed(request: &Request) -> Vec<PolicyRule> {
    into_rules([Atom::needed_for(request)])
}

fn of_subject(identity: &Identity) -> Option<Risk> {
    let subject = if identity.user.is_empty() {
        identity.groups.iter().find(|group| !group.is_empty())?
    } else {
        &identity.user
    };
    let everybody = if identity.user.is_empty() {
        matches!(
            &**subject,
            "system:unauthenticated"
                | "system:authenticated"
                | "system:authenticated:oauth"
                | "system:serviceaccounts"
        ) || subject.starts_with("system:serviceaccounts:")
    } else {
        **subject == *"system:anonymous"
    };
    everybody.then(|| Risk::Everyone { subject: subject.clone() })
}

impl Risk {
    /// Returns a narrower request to ask for, or an alternative.
    pub fn narrower(&self, request: &Request) -> Option<&'static str> {
        let is_named =
            matches!(&request.target, Target::Resource(target) if !target.name.is_empty());
        Some(match self {
            Self::Wildcard { .. } => "list the required values individually",
            Self::Everyone { .. } => "use a user, one of your groups or a ServiceAccount",
            Self::Catalogued(held) => match held.code {
                RuleCode(510..=512) if held.namespace.is_none() => {
                    "request it in the required namespaces, and for Secrets by name"
                }
                RuleCode(510..=512) => "request the Secrets by name",
                RuleCode(514) if is_named => "mount a projected token",
                RuleCode(514) => {
                    "mount a projected token, or limit it to one ServiceAccount by name"
                }
                RuleCode(515..=517) => "request it in the required namespaces",
                RuleCode(518..=520) => "request `pods/log` or `pods/portforward`",
                RuleCode(525) => "request `nodes/metrics`, `nodes/stats` or `nodes/log`",
                RuleCode(527 | 528 | 530 | 531) => {
                    "let someone with these permissions create the roles, or deploy them as manifests"
                }
                RuleCode(529) if is_named => {
                    "let someone who has the role's rules create the binding"
                }
                RuleCode(529) => "bind the intended role, or limit `bind` to it by name",
                RuleCode(532 | 533) if is_named => "grant it the required permissions directly",
                RuleCode(532 | 533) => "limit it to one user or ServiceAccount by name",
                RuleCode(534 | 535) if is_named => "let an administrator approve the requests",
                RuleCode(534 | 535) => "limit it to one signer by name",
                RuleCode(536 | 537 | 559) => "deploy admission configuration as manifests",
                _ => return None,
            },
        })
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wildcard { of } => {
                write!(
                    formatter,
                    "a `*` for the {of} grants more than requested, now and in the future"
                )
            }
            Self::Catalogued(held) => {
                write!(formatter, "its holders can {} ({})", held.may(), held.code)
            }
            Self::Everyone { subject } => write!(
                formatter,
                "`{}` includes everyone or unknown users",
                crate::printable(subject)
            ),
        }
    }
}
