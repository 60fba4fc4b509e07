//! Finds the risks of identities.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rolecall_rbac::{Binding, Identity, Request, Role, RuleGrant, Target, Text, rule_allows};
use rustc_hash::FxBuildHasher;

use super::HeldRisk;
use super::ask::{ANYTHING, Scope};
use super::assess::Assessor;
use super::engine::Engine;
use super::hit::{Allowed, Hit};
use super::implied::implied_by_broader;
use super::profile::{Profile, Profiles, address};
use crate::algebra::AccessSet;
use crate::holder::Holder;
use crate::{RuleCode, Severity};

/// Finds the risks that identities hold. Evaluates each role and each distinct rule once, because
/// many roles have the same rules.
#[derive(Debug)]
pub struct RiskIndex<'e, 'a> {
    engine: &'e Engine<'a>,
    assessor: Assessor<'e, 'a>,
    /// The profiles of roles that the engine does not have.
    profiles: Profiles,
    /// The risks of sets of roles that are all bound cluster-wide, by their addresses.
    everywhere: HashMap<Vec<usize>, BTreeSet<RuleCode>, FxBuildHasher>,
}

impl<'e, 'a> RiskIndex<'e, 'a> {
    /// Prepares the index for the engine's inventory.
    pub fn new(engine: &'e Engine<'a>) -> Self {
        Self {
            engine,
            assessor: Assessor::new(engine),
            profiles: HashMap::default(),
            everywhere: HashMap::default(),
        }
    }

    /// Returns the codes of the risks that an identity holds cluster-wide, without those that a
    /// broader one implies.
    pub fn risks_everywhere(&mut self, identity: &Identity) -> &BTreeSet<RuleCode> {
        let bound = self.engine.authorizer().bindings_in(identity, "");
        let roles: Vec<&'a Role> = bound.into_iter().filter_map(|bound| bound.role.ok()).collect();
        let key: Vec<usize> = roles.iter().map(|role| address(role)).collect();
        if !self.everywhere.contains_key(&key) {
            roles.iter().for_each(|role| self.profile(role));
            let mut codes: BTreeSet<RuleCode> = self.hits(None, &roles).keys().copied().collect();
            codes.extend(self.combined(None, &roles, &[]));
            let implied = implied_by_broader(&codes);
            codes.retain(|code| !implied.contains(code));
            self.everywhere.insert(key.clone(), codes);
        }
        self.everywhere.entry(key).or_default()
    }

    /// Returns the codes of all risks that an identity holds in a namespace, including cluster-wide
    /// ones and those that broader ones imply; sorted.
    pub fn codes_in(&mut self, identity: &Identity, namespace: &str) -> Vec<RuleCode> {
        let bound = self.engine.authorizer().bindings_in(identity, namespace);
        let mut codes = Vec::new();
        for bound in bound {
            let Ok(role) = bound.role else { continue };
            self.profile(role);
            let scope = (!bound.binding.is_cluster_role_binding()).then_some(namespace);
            let profile = self.profile_of(role);
            let all = profile.into_iter().flat_map(|profile| &profile.codes);
            let held = all.filter(|(_, allowed)| allowed.counts_in(scope));
            codes.extend(held.map(|(code, _)| *code));
        }
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// Returns whether a role that is bound in a namespace has one of some risks, even if implied.
    pub fn role_has_any(&mut self, role: &'a Role, namespace: &str, codes: &[RuleCode]) -> bool {
        self.profile(role);
        let profile = self.profile_of(role);
        let all = profile.into_iter().flat_map(|profile| &profile.codes);
        all.filter(|(_, allowed)| allowed.counts_in(Some(namespace)))
            .any(|(code, _)| codes.contains(code))
    }

    /// Returns whether the rules of an identity can add up to a risk with several needs. False means
    /// that they do not, wherever they are bound.
    pub fn can_combine(&mut self, identity: &Identity) -> bool {
        let mut met: Vec<bool> = Vec::new();
        for bound in self.engine.authorizer().bindings_of(identity) {
            let Ok(role) = bound.role else { continue };
            self.profile(role);
            let profile = self.profile_of(role);
            let needs = profile.map_or(&[][..], |profile| &profile.needs);
            met.resize(met.len().max(needs.len()), false);
            for (met, need) in met.iter_mut().zip(needs) {
                *met |= *need != Allowed::default();
            }
        }
        let mut first = 0;
        let several = self.engine.risks.iter().filter(|compiled| compiled.needs.len() > 1);
        let mut needs = several.map(|compiled| {
            let range = first..first + compiled.needs.len();
            first = range.end;
            range
        });
        needs.any(|needs| met.get(needs).is_some_and(|met| met.iter().all(|met| *met)))
    }

    /// Returns the bindings through which an identity holds a risk cluster-wide.
    pub fn bindings_with(&mut self, identity: &Identity, code: RuleCode) -> Vec<&'a Binding> {
        let mut bindings = Vec::new();
        for bound in self.engine.authorizer().bindings_in(identity, "") {
            let Ok(role) = bound.role else { continue };
            self.profile(role);
            let profile = self.profile_of(role);
            if profile.is_some_and(|profile| profile.hits.contains_key(&code)) {
                bindings.push(bound.binding);
            }
        }
        bindings
    }

    /// Evaluates the rules of a role once.
    fn profile(&mut self, role: &'a Role) {
        let Self { engine, assessor, profiles, .. } = self;
        if engine.profiles.get().is_none_or(|all| !all.contains_key(&address(role))) {
            profiles.entry(address(role)).or_insert_with(|| assessor.profile(role));
        }
    }

    fn profile_of(&self, role: &Role) -> Option<&Profile> {
        let known = self.engine.profiles.get().and_then(|all| all.get(&address(role)));
        known.or_else(|| self.profiles.get(&address(role)))
    }

    /// Returns the risks that an identity holds, sorted, without those that it holds in a wider
    /// scope.
    pub fn risks_of(&mut self, identity: &Identity) -> BTreeSet<HeldRisk> {
        let holder = Holder::of_identity(identity);
        let mut by_scope: BTreeMap<Option<Text>, Vec<&Role>> = BTreeMap::from([(None, vec![])]);
        for bound in self.engine.authorizer().bindings_of(identity) {
            let Ok(role) = bound.role else { continue };
            let namespace = &bound.binding.metadata.namespace;
            let scope = (!namespace.is_empty()).then(|| namespace.clone());
            by_scope.entry(scope).or_default().push(role);
            self.profile(role);
        }
        let everywhere = by_scope.get(&None).cloned().unwrap_or_default();
        let mut held = BTreeSet::new();
        let mut known_everywhere: BTreeSet<RuleCode> = BTreeSet::new();
        for (scope, roles) in by_scope {
            let namespace = scope.as_deref();
            let mut found: BTreeMap<RuleCode, Severity> = BTreeMap::new();
            for (code, hits) in self.hits(namespace, &roles) {
                let severities = hits.into_iter().filter_map(|hit| {
                    self.engine.severity(hit, namespace, &|| vec![holder.clone()])
                });
                if let Some(severity) = severities.max() {
                    found.insert(code, severity);
                }
            }
            let wider = scope.as_ref().map(|_| &*everywhere).unwrap_or_default();
            let single: BTreeSet<RuleCode> = found.keys().copied().collect();
            for position in self.combined_positions(namespace, &roles, wider) {
                let Some((risk, _)) = self.engine.combined().nth(position) else { continue };
                let severity = self.engine.severity_of_combined(risk, namespace, &holder);
                let known = found.entry(risk.code).or_insert(severity);
                *known = severity.max(*known);
            }
            let mut codes: BTreeSet<RuleCode> = found.keys().copied().collect();
            let implied = implied_by_broader(&codes);
            // Next to a rule for everything, a combination of rules adds nothing.
            codes.retain(|code| single.contains(code) || !implied.contains(code));
            codes.retain(|code| !known_everywhere.contains(code));
            if scope.is_none() {
                known_everywhere.extend(found.keys().copied());
                known_everywhere.extend(implied);
            }
            held.extend(codes.into_iter().filter_map(|code| {
                let severity = *found.get(&code)?;
                Some(HeldRisk { code, namespace: scope.clone(), severity })
            }));
        }
        held
    }

    /// Returns the risks that an identity holds only because of some of its access, sorted.
    pub fn risks_through(&mut self, identity: &Identity, access: &AccessSet) -> BTreeSet<HeldRisk> {
        let mut held = self.risks_of(identity);
        held.retain(|risk| self.rests_on(risk, access));
        held
    }

    /// Returns what the holder of a risk can do with some rules.
    pub fn may(&self, risk: &HeldRisk, by: &[RuleGrant<'_>]) -> String {
        let Some(kind) = risk.risk() else { return String::new() };
        let mut verbs: Vec<&str> = Vec::new();
        for grant in by {
            let (granted, _) = self.engine.split(kind, grant.rule, risk.namespace.as_deref());
            for request in granted {
                if !verbs.contains(&&*request.verb) {
                    verbs.push(&request.verb);
                }
            }
        }
        kind.may_with(&verbs)
    }

    /// Returns the rules among `grants` that grant some request of a risk, in their order.
    pub fn grants_behind<'g>(
        &self,
        risk: &HeldRisk,
        grants: &[RuleGrant<'g>],
    ) -> Vec<RuleGrant<'g>> {
        let requests = self.requests_in(risk);
        let of_risk = |grant: &&RuleGrant<'g>| {
            let allows = |request: &Request| rule_allows(grant.rule, request);
            let is_in_scope = |request: &Request| match &request.target {
                _ if grant.binding.is_cluster_role_binding() => true,
                Target::Path(_) => false,
                Target::Resource(target) => target.namespace == grant.binding.metadata.namespace,
            };
            requests.iter().any(|request| is_in_scope(request) && allows(request))
        };
        grants.iter().filter(of_risk).copied().collect()
    }

    /// Returns whether a risk depends on some access.
    pub fn rests_on(&self, risk: &HeldRisk, access: &AccessSet) -> bool {
        self.requests_in(risk).iter().any(|request| access.contains(request))
    }

    /// Returns the alternative requests of a risk in the scope in which it is held.
    fn requests_in(&self, risk: &HeldRisk) -> Vec<Request> {
        let requests = self.engine.requests_of(risk.code).map(|(request, scope)| {
            let namespace = match scope {
                Scope::Cluster => "",
                Scope::System => "kube-system",
                Scope::Namespaced => risk.namespace.as_deref().unwrap_or_default(),
            };
            asked_in(request, namespace)
        });
        requests.collect()
    }

    /// Returns the risks of single rules in roles that are bound in a scope, by code.
    fn hits(&self, namespace: Option<&str>, roles: &[&Role]) -> BTreeMap<RuleCode, Vec<&Hit>> {
        let mut found: BTreeMap<RuleCode, Vec<&Hit>> = BTreeMap::new();
        for profile in self.profiles_of(roles) {
            for (code, hit) in &profile.hits {
                if hit.allowed.counts_in(namespace) {
                    found.entry(*code).or_default().push(hit);
                }
            }
        }
        found
    }

    fn combined(
        &self,
        namespace: Option<&str>,
        roles: &[&Role],
        everywhere: &[&Role],
    ) -> BTreeSet<RuleCode> {
        let positions = self.combined_positions(namespace, roles, everywhere);
        let risks = positions
            .into_iter()
            .filter_map(|position| self.engine.combined().nth(position).map(|(risk, _)| risk.code));
        risks.collect()
    }

    /// Returns the risks with several needs that roles bound in a scope and cluster-wide roles add
    /// up to.
    fn combined_positions(
        &self,
        namespace: Option<&str>,
        roles: &[&Role],
        everywhere: &[&Role],
    ) -> Vec<usize> {
        let (roles, everywhere) = (self.profiles_of(roles), self.profiles_of(everywhere));
        let meets =
            |profile: &Profile, need: usize| profile.needs.get(need).copied().unwrap_or_default();
        let several = self.engine.risks.iter().filter(|compiled| compiled.needs.len() > 1);
        let mut positions = Vec::new();
        let mut first = 0;
        for (position, compiled) in several.enumerate() {
            let mut needs = first..first + compiled.needs.len();
            first = needs.end;
            let met = needs.all(|need| {
                roles.iter().any(|profile| meets(profile, need).counts_in(namespace))
                    || everywhere.iter().any(|profile| meets(profile, need).everywhere)
            });
            if met {
                positions.push(position);
            }
        }
        positions
    }

    fn profiles_of(&self, roles: &[&Role]) -> Vec<&Profile> {
        roles.iter().filter_map(|role| self.profile_of(role)).collect()
    }
}

/// Returns a risk's request in a namespace; a request for a Namespace is in that Namespace.
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
