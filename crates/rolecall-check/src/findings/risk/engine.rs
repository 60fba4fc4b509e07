//! Which risks rules, roles and holders have: each a set of requests put to the evaluator's matcher.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rolecall_rbac::{Authorizer, Identity, PolicyRule, Request, Role, Target, Text, rule_allows};
use rustc_hash::FxBuildHasher;

use super::RISKS;
use super::ask::{ANYTHING, Risk, Scope};
use crate::KubernetesVersion;
use crate::access::AccessSet;

/// The requests of every risk, ready to be put to rules.
pub(crate) struct Engine {
    risks: Vec<Compiled>,
}

struct Compiled {
    risk: &'static Risk,
    /// For each need its requests, each with the scope in which it is made.
    needs: Vec<Vec<(Request, Scope)>>,
}

/// In which scopes one of a need's requests is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// With rights in every namespace and at the cluster scope.
    pub(crate) everywhere: bool,
    /// With rights in one namespace, whichever it is.
    pub(crate) in_namespace: bool,
    /// With rights in `kube-system`.
    pub(crate) in_system: bool,
}

impl Allowed {
    /// Returns whether rights in a namespace, or everywhere if that is `None`, are enough.
    pub(crate) fn counts_in(self, namespace: Option<&str>) -> bool {
        match namespace {
            None => self.everywhere,
            Some("kube-system") => self.in_system,
            Some(_) => self.in_namespace,
        }
    }

    fn add(&mut self, scope: Scope) {
        self.everywhere = true;
        self.in_namespace |= scope == Scope::Namespaced;
        self.in_system |= matches!(scope, Scope::Namespaced | Scope::System);
    }

    fn join(&mut self, other: Self) {
        self.everywhere |= other.everywhere;
        self.in_namespace |= other.in_namespace;
        self.in_system |= other.in_system;
    }
}

/// A risk that a rule has by itself.
#[derive(Clone)]
pub(crate) struct Hit {
    pub(crate) risk: &'static Risk,
    pub(crate) allowed: Allowed,
    /// Narrower ones that go without saying, but count in how bad it is.
    pub(crate) implied: Vec<&'static Risk>,
}

impl Engine {
    /// Builds the requests for a version of the server.
    pub(crate) fn new(version: KubernetesVersion) -> Self {
        let compile = |risk: &'static Risk| {
            let needs = risk.needs.iter().map(|need| {
                let asks = need.iter();
                asks.flat_map(|asks| {
                    asks.requests(version).into_iter().map(|request| (request, asks.scope))
                })
                .collect()
            });
            Compiled { risk, needs: needs.collect() }
        };
        let meant = |risk: &&&'static Risk| risk.meta.versions.contain(version.minor);
        Self { risks: RISKS.iter().filter(meant).map(|risk| compile(risk)).collect() }
    }

    /// Returns the risks that one rule has by itself, without those that a broader one says already.
    pub(crate) fn hits(&self, rule: &PolicyRule) -> Vec<Hit> {
        let mut hits: Vec<Hit> = self
            .risks
            .iter()
            .filter(|compiled| compiled.needs.len() == 1)
            .filter_map(|compiled| {
                let allowed = allowed(compiled.needs.first()?, rule);
                allowed.everywhere.then_some(Hit {
                    risk: compiled.risk,
                    allowed,
                    implied: Vec::new(),
                })
            })
            .collect();
        let codes: BTreeSet<&str> = hits.iter().map(|hit| hit.risk.meta.code).collect();
        let told = told_by_broader(&codes);
        let implied: Vec<&'static Risk> = hits
            .extract_if(.., |hit| told.contains(hit.risk.meta.code))
            .map(|hit| hit.risk)
            .collect();
        for hit in &mut hits {
            let code = hit.risk.meta.code;
            hit.implied = implied.iter().copied().filter(|risk| is_told(risk, code)).collect();
        }
        hits
    }

    /// Returns the risks that need several rights, each with its needs.
    pub(crate) fn combined(&self) -> impl Iterator<Item = (&'static Risk, Vec<Need<'_>>)> {
        let several = self.risks.iter().filter(|compiled| compiled.needs.len() > 1);
        several.map(|compiled| {
            (compiled.risk, compiled.needs.iter().map(|requests| Need { requests }).collect())
        })
    }

    /// Returns the requests of a risk that a rule allows, and those that it does not.
    pub(crate) fn split(&self, risk: &Risk, rule: &PolicyRule) -> (Vec<&Request>, Vec<&Request>) {
        let requests = self.requests_of(risk.meta.code).map(|(request, _)| request);
        requests.partition(|request| rule_allows(rule, request))
    }

    /// Returns the requests of which a risk's holders may make some, each with its scope.
    fn requests_of(&self, code: &str) -> impl Iterator<Item = &(Request, Scope)> {
        let of_code = self.risks.iter().filter(move |compiled| compiled.risk.meta.code == code);
        of_code.flat_map(|compiled| compiled.needs.iter().flatten())
    }

    /// Returns what a rule allows of each need.
    fn needs_met(&self, rule: &PolicyRule) -> Vec<Allowed> {
        let needs = self.risks.iter().flat_map(|compiled| &compiled.needs);
        needs.map(|requests| allowed(requests, rule)).collect()
    }
}

/// One need of a risk.
pub(crate) struct Need<'e> {
    requests: &'e [(Request, Scope)],
}

impl Need<'_> {
    /// Returns in which scopes a rule meets the need.
    pub(crate) fn allowed_by(&self, rule: &PolicyRule) -> Allowed {
        allowed(self.requests, rule)
    }
}

fn allowed(requests: &[(Request, Scope)], rule: &PolicyRule) -> Allowed {
    let mut allowed = Allowed::default();
    for (request, scope) in requests {
        if rule_allows(rule, request) {
            allowed.add(*scope);
        }
    }
    allowed
}

/// Returns whether a risk goes without saying beside another one.
fn is_told(risk: &Risk, by: &str) -> bool {
    super::BROADER.iter().any(|(broad, narrow)| {
        *broad == by && (narrow.is_empty() || narrow.contains(&risk.meta.code))
    })
}

/// Returns the codes that the broader ones among them say already.
fn told_by_broader(codes: &BTreeSet<&'static str>) -> BTreeSet<&'static str> {
    let mut told = BTreeSet::new();
    for (broad, narrow) in super::BROADER {
        // What is told already tells nothing itself.
        if codes.contains(broad) && !told.contains(broad) {
            let narrower = |code: &&&str| match narrow {
                [] => **code != *broad,
                narrow => narrow.contains(*code),
            };
            told.extend(codes.iter().filter(narrower).copied());
        }
    }
    told
}

/// Returns a risk's request as it is made in a namespace, where a Namespace is asked about in itself.
fn asked_in(request: &Request, namespace: &str) -> Request {
    let mut request = request.clone().in_namespace(namespace);
    if let Target::Resource(target) = &mut request.target
        && target.group.is_empty()
        && *target.resource == *"namespaces"
        && *target.name == *ANYTHING
        && !target.namespace.is_empty()
    {
        target.name = target.namespace.clone();
    }
    request
}

/// What the rules of a role meet of every need, in the engine's order.
struct Profile {
    needs: Vec<Allowed>,
}

/// A risk and where it is held: in a namespace, or everywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeldRisk {
    /// The rule's code.
    pub code: &'static str,
    /// The namespace; `None` is everywhere.
    pub namespace: Option<Text>,
}

/// Tells the risks that identities hold, each role looked at only once, and so each rule: many roles
/// have the same.
pub struct RiskTeller<'a> {
    authorizer: &'a Authorizer,
    engine: Engine,
    /// What rules allow of each need.
    rules: HashMap<&'a PolicyRule, Vec<Allowed>, FxBuildHasher>,
    profiles: HashMap<*const Role, Profile, FxBuildHasher>,
    /// The risks that roles make up when all of them are bound everywhere.
    everywhere: HashMap<Vec<*const Role>, BTreeSet<&'static str>, FxBuildHasher>,
}

impl<'a> RiskTeller<'a> {
    /// Prepares for the identities of an inventory, as a version of the server sees them.
    pub fn new(authorizer: &'a Authorizer, version: KubernetesVersion) -> Self {
        Self {
            authorizer,
            engine: Engine::new(version),
            rules: HashMap::default(),
            profiles: HashMap::default(),
            everywhere: HashMap::default(),
        }
    }

    /// Returns the codes of the risks that an identity holds everywhere, without those that a broader
    /// one says already.
    pub(crate) fn risks_everywhere(&mut self, identity: &Identity) -> &BTreeSet<&'static str> {
        let bound = self.authorizer.bindings_in(identity, "");
        let roles: Vec<&'a Role> = bound.into_iter().filter_map(|bound| bound.role.ok()).collect();
        let key: Vec<*const Role> = roles.iter().map(|role| std::ptr::from_ref(*role)).collect();
        if !self.everywhere.contains_key(&key) {
            roles.iter().for_each(|role| self.profile(role));
            let mut codes = self.codes(&None, &roles, &[]);
            let told = told_by_broader(&codes);
            codes.retain(|code| !told.contains(code));
            self.everywhere.insert(key.clone(), codes);
        }
        self.everywhere.entry(key).or_default()
    }

    /// Looks at the rules of a role, unless that was done.
    fn profile(&mut self, role: &'a Role) {
        let Self { engine, rules, profiles, .. } = self;
        profiles.entry(role).or_insert_with(|| {
            let count = engine.risks.iter().map(|compiled| compiled.needs.len()).sum();
            let mut needs = vec![Allowed::default(); count];
            for rule in &*role.rules {
                let met = rules.entry(rule).or_insert_with(|| engine.needs_met(rule));
                needs.iter_mut().zip(met).for_each(|(need, met)| need.join(*met));
            }
            Profile { needs }
        });
    }

    /// Returns the risks that an identity holds, sorted, without those that a broader one or a wider
    /// scope says already.
    pub fn risks_of(&mut self, identity: &Identity) -> BTreeSet<HeldRisk> {
        let mut by_scope: BTreeMap<Option<Text>, Vec<&Role>> = BTreeMap::from([(None, vec![])]);
        for bound in self.authorizer.bindings_of(identity) {
            let Ok(role) = bound.role else { continue };
            let namespace = &bound.binding.metadata.namespace;
            let scope = (!namespace.is_empty()).then(|| namespace.clone());
            by_scope.entry(scope).or_default().push(role);
            self.profile(role);
        }
        let everywhere = by_scope.get(&None).cloned().unwrap_or_default();
        let mut held = BTreeSet::new();
        let mut told_everywhere = BTreeSet::new();
        for (scope, roles) in by_scope {
            let wider = scope.as_ref().map(|_| &*everywhere).unwrap_or_default();
            let mut codes = self.codes(&scope, &roles, wider);
            let told = told_by_broader(&codes);
            codes.retain(|code| !told.contains(code) && !told_everywhere.contains(code));
            if scope.is_none() {
                told_everywhere.extend(codes.iter().copied());
                told_everywhere.extend(told);
            }
            held.extend(codes.into_iter().map(|code| HeldRisk { code, namespace: scope.clone() }));
        }
        held
    }

    /// Returns the risks that an identity holds thanks to some of its access, sorted: the others it
    /// would hold without that.
    pub fn risks_through(&mut self, identity: &Identity, access: &AccessSet) -> BTreeSet<HeldRisk> {
        let mut held = self.risks_of(identity);
        held.retain(|risk| self.rests_on(risk, access));
        held
    }

    /// Returns whether some access is among what a risk is made of.
    pub fn rests_on(&self, risk: &HeldRisk, access: &AccessSet) -> bool {
        let mut requests = self.engine.requests_of(risk.code);
        requests.any(|(request, scope)| {
            let namespace = match scope {
                Scope::Cluster => "",
                Scope::System => "kube-system",
                Scope::Namespaced => risk.namespace.as_deref().unwrap_or_default(),
            };
            access.contains(&asked_in(request, namespace))
        })
    }

    /// Returns the codes of the risks that roles bound in a scope, and everywhere, make up.
    fn codes(
        &self,
        scope: &Option<Text>,
        roles: &[&Role],
        everywhere: &[&Role],
    ) -> BTreeSet<&'static str> {
        let profiles = |roles: &[&Role]| -> Vec<&Profile> {
            roles.iter().filter_map(|role| self.profiles.get(&std::ptr::from_ref(*role))).collect()
        };
        let (roles, everywhere) = (profiles(roles), profiles(everywhere));
        let meets =
            |profile: &Profile, need: usize| profile.needs.get(need).copied().unwrap_or_default();
        let mut codes = BTreeSet::new();
        let mut first = 0;
        for compiled in &self.engine.risks {
            let needs = first..first + compiled.needs.len();
            first = needs.end;
            let met = needs.clone().all(|need| {
                roles.iter().any(|role| meets(role, need).counts_in(scope.as_deref()))
                    || everywhere.iter().any(|role| meets(role, need).everywhere)
            });
            if met && !needs.is_empty() {
                codes.insert(compiled.risk.meta.code);
            }
        }
        codes
    }
}
