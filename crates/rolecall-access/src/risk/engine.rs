//! Finds the risks of rules, by matching them against sets of requests.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use rolecall_rbac::{Authorizer, PolicyRule, Request, Target, rule_allows};

use super::ask::{ANYTHING, Scope};
use super::by_resource::ByResource;
use super::compiled::Compiled;
use super::controller::may_be_needed;
use super::hit::{Allowed, Hit};
use super::implied::implied_by_broader;
use super::model::Only;
use super::profile::Profiles;
use super::program::Program;
use super::surroundings::{PodSecurity, Surroundings};
use super::{Grading, Risk, catalogue};
use crate::holder::Holder;
use crate::{KubernetesVersion, RuleCode, Severity};

/// The catalogue compiled for an inventory: the requests of every risk.
#[derive(Debug)]
pub struct Engine<'a> {
    pub(super) risks: Vec<Compiled>,
    by_resource: ByResource,
    surroundings: Surroundings<'a>,
    /// The risks of roles that were assessed together.
    pub(super) profiles: OnceLock<Profiles>,
}

impl<'a> Engine<'a> {
    /// Compiles the catalogue for an inventory and a server version.
    pub fn new(authorizer: &'a Authorizer, version: KubernetesVersion) -> Self {
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
        let meant = |risk: &&'static Risk| risk.versions.contain(version.minor);
        let risks: Vec<Compiled> = catalogue::all().filter(meant).map(compile).collect();
        Self {
            by_resource: ByResource::new(&risks),
            risks,
            surroundings: Surroundings::new(authorizer),
            profiles: OnceLock::new(),
        }
    }

    /// Returns the risks of one rule, without those that a broader one implies.
    pub fn hits(&self, rule: &PolicyRule) -> Vec<Hit> {
        let mut hits: Vec<Hit> = self
            .concerning(rule)
            .filter(|compiled| compiled.needs.len() == 1)
            .filter_map(|compiled| {
                let allowed = self.allowed(compiled.risk, compiled.needs.first()?, rule);
                (allowed != Allowed::default()).then(|| Hit {
                    risk: compiled.risk,
                    allowed,
                    implied: Vec::new(),
                    operators: operators(compiled, rule),
                })
            })
            .collect();
        // Of the variants of a risk, the first and most severe one counts.
        hits.dedup_by(|later, earlier| later.risk.code == earlier.risk.code);
        let codes: BTreeSet<RuleCode> = hits.iter().map(|hit| hit.risk.code).collect();
        let implied_codes = implied_by_broader(&codes);
        if implied_codes.is_empty() {
            return hits;
        }
        let implied: Vec<Hit> =
            hits.extract_if(.., |hit| implied_codes.contains(&hit.risk.code)).collect();
        for hit in &mut hits {
            let broad = hit.risk;
            let narrower = implied.iter().filter(|narrow| narrow.risk.is_implied_by(broad));
            hit.implied = narrower.cloned().collect();
        }
        hits
    }

    /// Returns the severity of a risk for some holders; `None` if the holders are the components of
    /// the operator that the risk is about.
    pub fn severity(
        &self,
        hit: &Hit,
        namespace: Option<&str>,
        holders: &dyn Fn() -> Vec<Holder>,
    ) -> Option<Severity> {
        let is_purpose = |risk: &Risk| {
            !risk.purpose_of.is_empty() && {
                let holders = holders();
                let mut each = holders.iter();
                !holders.is_empty() && each.all(|holder| self.surroundings.is_purpose(risk, holder))
            }
        };
        if hit.risk.grading == Grading::Operator && is_purpose(hit.risk) {
            return None;
        }
        let takes_over = |rule: &PolicyRule| self.takes_over(rule);
        let severity = |hit: &Hit| {
            if is_purpose(hit.risk) {
                return Severity::Info;
            }
            let severity =
                self.surroundings.severity(&takes_over, hit.risk, &hit.operators, namespace);
            let is_needed = may_be_needed(hit.risk, severity)
                && self.surroundings.is_needed(hit.risk, namespace, &holders());
            if is_needed { Severity::Info } else { severity }
        };
        hit.parts_in(namespace).map(severity).max()
    }

    /// Returns the severity of a risk with several needs for a holder.
    pub fn severity_of_combined(
        &self,
        risk: &Risk,
        namespace: Option<&str>,
        holder: &Holder,
    ) -> Severity {
        let severity = self.surroundings.severity_by_scope(risk, namespace);
        let is_needed = || {
            may_be_needed(risk, severity)
                && self.surroundings.is_needed(risk, namespace, std::slice::from_ref(holder))
        };
        if self.surroundings.is_purpose(risk, holder) || is_needed() {
            return Severity::Info;
        }
        severity
    }

    /// Returns whether a holder is the ServiceAccount of a controller of custom resources.
    pub fn is_controller(&self, holder: &Holder) -> bool {
        self.surroundings.is_controller(holder)
    }

    /// Returns whether a workload that runs as a holder contains one of some well-known programs.
    pub fn runs(&self, holder: &Holder, programs: &[Program]) -> bool {
        self.surroundings.runs(holder, programs)
    }

    /// Returns whether Pods of a namespace can take over their node.
    pub fn pod_security(&self, namespace: &str) -> PodSecurity {
        self.surroundings.pod_security(namespace)
    }

    /// Returns whether a cluster-wide rule lets its holders take over the cluster.
    fn takes_over(&self, rule: &PolicyRule) -> bool {
        self.risks.iter().any(|compiled| {
            let risk = compiled.risk;
            risk.severity == Severity::Critical
                && risk.takes_over
                && compiled.needs.len() == 1
                && compiled.needs.iter().flatten().any(|(request, _)| rule_allows(rule, request))
        })
    }

    /// Returns the authorizer of the inventory.
    pub fn authorizer(&self) -> &'a Authorizer {
        self.surroundings.authorizer
    }

    /// Returns the object names that some risk depends on.
    pub fn names(&self) -> BTreeSet<&str> {
        let requests = self.risks.iter().flat_map(|compiled| compiled.needs.iter().flatten());
        let names = requests.filter_map(|(request, _)| match &request.target {
            Target::Resource(target) => Some(&*target.name),
            Target::Path(_) => None,
        });
        names.filter(|name| !name.is_empty() && *name != ANYTHING).collect()
    }

    /// Returns the risks with several needs, and these needs.
    pub fn combined(&self) -> impl Iterator<Item = (&'static Risk, Vec<Need<'_>>)> {
        let several = self.risks.iter().filter(|compiled| compiled.needs.len() > 1);
        several.map(|compiled| {
            (compiled.risk, compiled.needs.iter().map(|requests| Need { requests }).collect())
        })
    }

    /// Returns the requests of a risk that a rule allows in a scope, and the other requests.
    pub fn split(
        &self,
        risk: &Risk,
        rule: &PolicyRule,
        namespace: Option<&str>,
    ) -> (Vec<&Request>, Vec<&Request>) {
        let (mut granted, mut others) = (Vec::new(), Vec::new());
        for (request, scope) in self.requests_of(risk.code) {
            let counts = match scope {
                Scope::Namespaced => true,
                Scope::System => matches!(namespace, None | Some("kube-system")),
                Scope::Cluster => namespace.is_none(),
            };
            match counts && rule_allows(rule, request) {
                true => granted.push(request),
                false => others.push(request),
            }
        }
        (granted, others)
    }

    /// Returns the alternative requests of a risk, each with its scope.
    pub(super) fn requests_of(&self, code: RuleCode) -> impl Iterator<Item = &(Request, Scope)> {
        let of_code = self.risks.iter().filter(move |compiled| compiled.risk.code == code);
        of_code.flat_map(|compiled| compiled.needs.iter().flatten())
    }

    /// Returns the scopes in which a rule meets each need of the risks with several needs.
    pub(super) fn needs_met(&self, rule: &PolicyRule) -> Vec<Allowed> {
        let concerning = self.by_resource.concerning(rule);
        let can_be_met = |position: usize| {
            concerning.as_ref().is_none_or(|some| some.binary_search(&position).is_ok())
        };
        let several = self.risks.iter().enumerate().filter(|(_, it)| it.needs.len() > 1);
        let needs =
            several.flat_map(|(position, it)| it.needs.iter().map(move |it| (position, it)));
        needs
            .map(|(position, requests)| match can_be_met(position) {
                true => allowed(requests, rule),
                false => Allowed::default(),
            })
            .collect()
    }

    /// Returns the risks with requests that a rule can allow, in their order.
    fn concerning(&self, rule: &PolicyRule) -> impl Iterator<Item = &Compiled> {
        let positions = self.by_resource.concerning(rule);
        let all = if positions.is_none() { &*self.risks } else { &[] };
        let some = positions.into_iter().flatten().filter_map(|position| self.risks.get(position));
        all.iter().chain(some)
    }

    fn allowed(&self, risk: &Risk, requests: &[(Request, Scope)], rule: &PolicyRule) -> Allowed {
        let mut allowed = allowed(requests, rule);
        if allowed.everywhere && rule.resource_names.is_empty() {
            match risk.only {
                Only::All => {}
                Only::NamedEverywhere => allowed.everywhere = false,
                Only::Eks if self.surroundings.is_eks() => {}
                Only::Eks => allowed = Allowed::default(),
            }
        }
        allowed
    }
}

/// One need of a risk.
#[derive(Debug)]
pub struct Need<'e> {
    requests: &'e [(Request, Scope)],
}

impl Need<'_> {
    /// Returns the scopes in which a rule meets the need.
    pub fn allowed_by(&self, rule: &PolicyRule) -> Allowed {
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

/// Returns the operators that act on the objects that a rule allows to write.
fn operators(compiled: &Compiled, rule: &PolicyRule) -> Vec<Program> {
    if compiled.risk.grading != Grading::Operator {
        return Vec::new();
    }
    let requests = compiled.needs.iter().flatten().map(|(request, _)| request);
    let mut operators: Vec<Program> = requests
        .filter(|request| rule_allows(rule, request))
        .filter_map(|request| match &request.target {
            Target::Resource(resource) => Program::acting_on(&resource.group, &resource.resource),
            Target::Path(_) => None,
        })
        .collect();
    operators.sort_unstable();
    operators.dedup();
    operators
}
