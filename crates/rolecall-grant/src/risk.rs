//! Requests that are not granted unless the caller accepts the risk, and why.
//!
//! What carries a risk, and how severe it is, the catalogue of `rolecall-access` says. This is the
//! policy: which of it is refused.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use std::sync::LazyLock;

use rolecall_access::risk::{
    Allowed, Engine, Grading, HeldRisk, Need, RiskIndex, find as catalogue,
};
use rolecall_access::{KubernetesVersion, Severity};
use rolecall_rbac::{Authorizer, Identity, PolicyRule, Request, ResourceRequest, Target, Text};

use crate::atom::{Atom, into_rules};
use crate::subject::RBAC_GROUP;

/// A reason not to grant a request unless the caller accepts the risk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// A `*`, which also grants what will exist one day.
    Wildcard {
        /// What the wildcard stands for: verb, resource, API group or path.
        of: &'static str,
    },
    /// A risk of the catalogue, and where it would be held.
    Catalogued(HeldRisk),
    /// The subject is everybody, or nobody known.
    Everybody {
        /// The user or group.
        subject: Text,
    },
}

/// What deploying into a namespace takes: to create Pods and what makes them.
const DEPLOYING: [&str; 2] = ["RC515", "RC516"];

/// The risks of versions that differ: what one of them has is a risk.
static ENGINES: LazyLock<[Engine<'static>; 3]> = LazyLock::new(|| {
    [KubernetesVersion { minor: 24 }, KubernetesVersion { minor: 34 }, KubernetesVersion::NEWEST]
        .map(|version| Engine::new(&NOTHING, version))
});

/// An inventory that says nothing: requests are rated before it is known where they are granted.
static NOTHING: LazyLock<Authorizer> = LazyLock::new(Authorizer::default);

/// What requests of one kind have to do with risks.
#[derive(Debug)]
struct Known {
    /// The risks that their rules have by themselves, and where they count.
    hits: Vec<(&'static str, Allowed)>,
    /// The risks of which they are a part that further rights complete.
    parts: BTreeSet<&'static str>,
}

/// A verb, API group, resource and name; a name that means nothing to any risk is left out.
type Kind = (Text, Text, Text, Option<&'static str>);

thread_local! {
    /// Logs repeat requests that differ in names and namespaces alone.
    static KNOWN: RefCell<BTreeMap<Kind, Rc<Known>>> = const { RefCell::new(BTreeMap::new()) };
}

/// How many kinds of requests are kept; a text may hold any number.
const KEPT: usize = 4096;

/// The names that mean something to a risk.
static NAMES: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| ENGINES.iter().flat_map(Engine::names).collect());

/// A name that means nothing to any risk.
const OTHER: &str = "-";

/// Returns what a request has to do with risks; nothing for a path.
fn known(request: &Request) -> Option<Rc<Known>> {
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
        let known = Rc::new(Known::of(&needed(&request)));
        kept.insert(kind, Rc::clone(&known));
        Some(known)
    })
}

impl Known {
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
        // How severe it is to write what an operator applies, the rights of the operator say.
        let by_operator = hits
            .iter()
            .map(|(code, _)| *code)
            .filter(|code| catalogue(code).is_some_and(|risk| risk.grading == Grading::Operator));
        let parts = combined.chain(by_operator).collect();
        Self { hits, parts }
    }
}

/// Returns why a request should not be granted unless the caller accepts the risk.
pub fn risks(identity: &Identity, request: &Request) -> Vec<Risk> {
    let mut risks = of_request(request);
    risks.extend(of_subject(identity));
    risks.sort();
    risks
}

/// Returns whether a rule grants what only `Risky::Granted` grants, in a namespace or with an
/// empty one everywhere.
pub(crate) fn is_risky(rule: &PolicyRule, identity: &Identity, namespace: &str) -> bool {
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

/// Returns whether a grant lets its holder run its own Pods in one namespace, and so as any
/// ServiceAccount there. That is no more than a deployer needs.
pub(crate) fn runs_pods(request: &Request) -> bool {
    !request.namespace().is_empty()
        && held(request).iter().any(|held| DEPLOYING.contains(&held.code))
}

/// Returns the refused risks that an identity holds only with further rights: those that several
/// rights add up to, of which each alone is harmless.
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

/// Returns whether a request is part of some risk that takes further rights.
pub(crate) fn may_add_up(request: &Request) -> bool {
    known(request).is_some_and(|known| !known.parts.is_empty())
}

/// Returns whether a request is among those that a risk takes.
pub(crate) fn is_part_of(request: &Request, risk: &HeldRisk) -> bool {
    let in_scope =
        risk.namespace.as_deref().is_none_or(|namespace| namespace == request.namespace());
    in_scope && known(request).is_some_and(|known| known.parts.contains(risk.code))
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

/// Returns the risk of a request with which its holder acts with the rights of others. It is refused in
/// any namespace, for one object as well as for all, and where it is only one part of what the risk
/// takes.
fn escalation(verb: &str, target: &ResourceRequest) -> Option<&'static str> {
    let writes = !matches!(verb, "get" | "list" | "watch");
    Some(match (verb, (&*target.group, &*target.resource, &*target.subresource)) {
        (verb, _) if verb.starts_with("impersonate:") || verb.starts_with("impersonate-on:") => {
            "RC533"
        }
        ("impersonate", ("" | "authentication.k8s.io", _, _)) => "RC532",
        ("escalate", (RBAC_GROUP, _, _)) => "RC528",
        ("bind", (RBAC_GROUP, _, _)) => "RC529",
        ("approve", ("certificates.k8s.io", "signers", _)) => "RC534",
        ("sign", ("certificates.k8s.io", "signers", _)) => "RC535",
        (_, ("certificates.k8s.io", "certificatesigningrequests", "approval")) if writes => "RC534",
        (_, ("certificates.k8s.io", "certificatesigningrequests", "status")) if writes => "RC535",
        (_, (RBAC_GROUP, "roles" | "clusterroles", "")) if writes => "RC527",
        (_, (RBAC_GROUP, "rolebindings" | "clusterrolebindings", "")) if writes => "RC530",
        (_, ("admissionregistration.k8s.io", _, "")) if writes => "RC536",
        (_, ("", "secrets", "")) if target.namespace.is_empty() && writes => "RC512",
        (_, ("", "secrets", "")) if target.namespace.is_empty() => "RC510",
        (_, ("", "pods", "exec")) => "RC518",
        (_, ("", "pods", "attach")) => "RC519",
        (_, ("", "pods", "ephemeralcontainers")) if writes => "RC520",
        (_, ("", "nodes", "proxy")) => "RC525",
        ("create", ("", "serviceaccounts", "token")) => "RC514",
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

/// Returns the risks that the least rules for a request have by themselves, where it is made.
fn held(request: &Request) -> BTreeSet<HeldRisk> {
    let scope = Some(request.namespace()).filter(|namespace| !namespace.is_empty());
    let known = known(request);
    let hits = known.iter().flat_map(|known| &known.hits);
    hits.filter(|(_, allowed)| allowed.counts_in(scope))
        .map(|(code, _)| HeldRisk::by_scope(code, scope.map(Text::from)))
        .collect()
}

/// Returns the least rules that allow a request.
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
    everybody.then(|| Risk::Everybody { subject: subject.clone() })
}

impl Risk {
    /// Returns what to ask for instead of a request, or how else to get what it is for.
    pub fn narrower(&self, request: &Request) -> Option<&'static str> {
        let is_named =
            matches!(&request.target, Target::Resource(target) if !target.name.is_empty());
        Some(match self {
            Self::Wildcard { .. } => "name what is needed, one by one",
            Self::Everybody { .. } => "name a user, a group of yours or a ServiceAccount",
            Self::Catalogued(held) => match held.code {
                "RC510" | "RC511" | "RC512" if held.namespace.is_none() => {
                    "ask in the namespaces that are needed, for the Secrets by name"
                }
                "RC510" | "RC511" | "RC512" => "ask for the Secrets by name",
                "RC514" if is_named => "mount a projected token",
                "RC514" => "mount a projected token, or limit it to one ServiceAccount by name",
                "RC515" | "RC516" | "RC517" => "ask in the namespaces that are needed",
                "RC518" | "RC519" | "RC520" => "ask for `pods/log` or `pods/portforward`",
                "RC525" => "ask for `nodes/metrics`, `nodes/stats` or `nodes/log`",
                "RC527" | "RC528" | "RC530" | "RC531" => {
                    "let someone who holds the rights write the roles, or deliver them as manifests"
                }
                "RC529" if is_named => "let someone who holds the role's rules write the binding",
                "RC529" => "bind the one role that is meant, or limit `bind` to it by name",
                "RC532" | "RC533" if is_named => "grant it what it would do as somebody else",
                "RC532" | "RC533" => "limit it to one user or ServiceAccount by name",
                "RC534" | "RC535" if is_named => "let an administrator approve what is asked for",
                "RC534" | "RC535" => "limit it to one signer by name",
                "RC536" | "RC537" | "RC559" => "deliver admission configuration as manifests",
                _ => return None,
            },
        })
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wildcard { of } => {
                write!(formatter, "a `*` for the {of} grants what nobody asked for, now and later")
            }
            Self::Catalogued(held) => {
                write!(formatter, "its holders can {} ({})", held.may(), held.code)
            }
            Self::Everybody { subject } => write!(
                formatter,
                "`{}` stands for everybody, or for nobody known",
                crate::printable(subject)
            ),
        }
    }
}
