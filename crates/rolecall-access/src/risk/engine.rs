//! Which risks rules, roles and holders have: each a set of requests put to the evaluator's matcher.

use std::collections::BTreeSet;

use rolecall_rbac::{PolicyRule, Request, Target, rule_allows};

use super::ask::{ANYTHING, Scope};
use super::{Risk, catalogue};
use crate::KubernetesVersion;

/// The requests of every risk, ready to be put to rules.
#[derive(Debug)]
pub struct Engine {
    pub(super) risks: Vec<Compiled>,
}

#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) risk: &'static Risk,
    /// For each need its requests, each with the scope in which it is made.
    pub(super) needs: Vec<Vec<(Request, Scope)>>,
}

/// In which scopes one of a need's requests is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// With rights in every namespace and at the cluster scope.
    pub everywhere: bool,
    /// With rights in one namespace, whichever it is.
    pub in_namespace: bool,
    /// With rights in `kube-system`.
    pub in_system: bool,
}

impl Allowed {
    /// Returns whether rights in a namespace, or everywhere if that is `None`, are enough.
    pub fn counts_in(self, namespace: Option<&str>) -> bool {
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

    pub(super) fn join(&mut self, other: Self) {
        self.everywhere |= other.everywhere;
        self.in_namespace |= other.in_namespace;
        self.in_system |= other.in_system;
    }
}

/// A risk that a rule has by itself.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The risk.
    pub risk: &'static Risk,
    /// In which scopes the rule has it.
    pub allowed: Allowed,
    /// Narrower ones that go without saying, but count in how bad it is.
    pub implied: Vec<&'static Risk>,
}

impl Engine {
    /// Builds the requests for a version of the server.
    pub fn new(version: KubernetesVersion) -> Self {
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
        Self { risks: catalogue::all().filter(meant).map(compile).collect() }
    }

    /// Returns the risks that one rule has by itself, without those that a broader one says already.
    pub fn hits(&self, rule: &PolicyRule) -> Vec<Hit> {
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
        let codes: BTreeSet<&str> = hits.iter().map(|hit| hit.risk.code).collect();
        let told = told_by_broader(&codes);
        let implied: Vec<&'static Risk> =
            hits.extract_if(.., |hit| told.contains(hit.risk.code)).map(|hit| hit.risk).collect();
        for hit in &mut hits {
            let code = hit.risk.code;
            hit.implied = implied.iter().copied().filter(|risk| is_told(risk, code)).collect();
        }
        hits
    }

    /// Returns the names of objects that count for some risk where others do not.
    pub fn names(&self) -> BTreeSet<&str> {
        let requests = self.risks.iter().flat_map(|compiled| compiled.needs.iter().flatten());
        let names = requests.filter_map(|(request, _)| match &request.target {
            Target::Resource(target) => Some(&*target.name),
            Target::Path(_) => None,
        });
        names.filter(|name| !name.is_empty() && *name != ANYTHING).collect()
    }

    /// Returns the risks that need several rights, each with its needs.
    pub fn combined(&self) -> impl Iterator<Item = (&'static Risk, Vec<Need<'_>>)> {
        let several = self.risks.iter().filter(|compiled| compiled.needs.len() > 1);
        several.map(|compiled| {
            (compiled.risk, compiled.needs.iter().map(|requests| Need { requests }).collect())
        })
    }

    /// Returns the requests of a risk that a rule allows, and those that it does not.
    pub fn split(&self, risk: &Risk, rule: &PolicyRule) -> (Vec<&Request>, Vec<&Request>) {
        let requests = self.requests_of(risk.code).map(|(request, _)| request);
        requests.partition(|request| rule_allows(rule, request))
    }

    /// Returns the requests of which a risk's holders may make some, each with its scope.
    pub(super) fn requests_of(&self, code: &str) -> impl Iterator<Item = &(Request, Scope)> {
        let of_code = self.risks.iter().filter(move |compiled| compiled.risk.code == code);
        of_code.flat_map(|compiled| compiled.needs.iter().flatten())
    }

    /// Returns what a rule allows of each need.
    pub(super) fn needs_met(&self, rule: &PolicyRule) -> Vec<Allowed> {
        let needs = self.risks.iter().flat_map(|compiled| &compiled.needs);
        needs.map(|requests| allowed(requests, rule)).collect()
    }
}

/// One need of a risk.
#[derive(Debug)]
pub struct Need<'e> {
    requests: &'e [(Request, Scope)],
}

impl Need<'_> {
    /// Returns in which scopes a rule meets the need.
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

/// Returns whether a risk goes without saying beside another one.
fn is_told(risk: &Risk, by: &str) -> bool {
    BROADER
        .iter()
        .any(|(broad, narrow)| *broad == by && (narrow.is_empty() || narrow.contains(&risk.code)))
}

/// Returns the codes that the broader ones among them say already.
pub(super) fn told_by_broader(codes: &BTreeSet<&'static str>) -> BTreeSet<&'static str> {
    let mut told = BTreeSet::new();
    for (broad, narrow) in BROADER {
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

/// Risks that say others already: all others, where none are listed.
const BROADER: &[(&str, &[&str])] = &[
    ("RC501", &[]),
    ("RC503", &[]),
    // Lists hold the contents, and whoever makes Pods has no need to change those of others.
    ("RC511", &["RC510"]),
    ("RC515", &["RC517"]),
    ("RC536", &["RC559"]),
    (
        "RC502",
        &[
            "RC510", "RC511", "RC512", "RC515", "RC516", "RC517", "RC518", "RC519", "RC520",
            "RC521", "RC522", "RC523", "RC527", "RC530", "RC531", "RC542", "RC545", "RC549",
            "RC565", "RC567", "RC570",
        ],
    ),
];
