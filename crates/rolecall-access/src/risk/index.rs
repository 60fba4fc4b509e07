//! Which risks identities hold.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rolecall_rbac::{Authorizer, Identity, PolicyRule, Request, Role, Target, Text};
use rustc_hash::FxBuildHasher;

use super::HeldRisk;
use super::ask::{ANYTHING, Scope};
use super::engine::{Allowed, Engine, told_by_broader};
use crate::KubernetesVersion;
use crate::algebra::AccessSet;

/// What the rules of a role meet of every need, in the engine's order.
#[derive(Debug)]
struct Profile {
    needs: Vec<Allowed>,
}

/// Finds the risks that identities hold; looks at each role once, and at each rule once, because many
/// roles have the same rules.
#[derive(Debug)]
pub struct RiskIndex<'a> {
    authorizer: &'a Authorizer,
    engine: Engine,
    /// What rules allow of each need.
    rules: HashMap<&'a PolicyRule, Vec<Allowed>, FxBuildHasher>,
    profiles: HashMap<*const Role, Profile, FxBuildHasher>,
    /// The risks that roles make up when all of them are bound everywhere.
    everywhere: HashMap<Vec<*const Role>, BTreeSet<&'static str>, FxBuildHasher>,
}

impl<'a> RiskIndex<'a> {
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
    pub fn risks_everywhere(&mut self, identity: &Identity) -> &BTreeSet<&'static str> {
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
                codes.insert(compiled.risk.code);
            }
        }
        codes
    }
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
