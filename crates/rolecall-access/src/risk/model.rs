use rolecall_rbac::sentence_list;

use super::Program;
use super::ask::Asks;
use crate::{RuleCode, Severity, Versions};

/// A risk of everyone who can make certain requests.
#[derive(Debug)]
pub struct Risk {
    /// The code of the finding. Entries with the same code are variants of one risk.
    pub code: RuleCode,
    /// The name of the finding.
    pub name: &'static str,
    /// The severity of holding it cluster-wide or in `kube-system`.
    pub severity: Severity,
    /// The severity of holding it in another namespace.
    pub in_namespace: Severity,
    /// The other influence on the severity.
    pub grading: Grading,
    /// The Kubernetes versions that have it.
    pub versions: Versions,
    /// The rules that count.
    pub(crate) only: Only,
    /// Whether cluster-wide holders can take over the cluster.
    pub(crate) takes_over: bool,
    /// Whether it implies all other risks.
    pub(crate) implies_all: bool,
    /// The numbers of the codes of broader risks that imply it.
    pub(crate) implied_by: &'static [u16],
    /// Where controllers of custom resources cannot work without it.
    pub(crate) controllers: Controllers,
    /// The programs that cannot work without it.
    pub(crate) purpose_of: &'static [Program],
    /// The needs; a holder must be allowed at least one request of each.
    pub(crate) needs: &'static [&'static [Asks]],
    /// The effect: what the holders can do.
    pub may: &'static str,
    /// How to avoid it.
    pub fix: &'static str,
    /// How to avoid it in one namespace, if different.
    pub(crate) fix_in_namespace: &'static str,
}

/// The influences on the severity of a risk other than its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grading {
    /// None.
    Scope,
    /// Whether Pod Security Admission keeps Pods of the namespace from taking over their node.
    PodSecurity,
    /// The access of the operator that acts on the objects.
    Operator,
}

/// The rules that count for a risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Only {
    /// All.
    All,
    /// Cluster-wide, only rules that name the object; for other rules it is part of a broader risk.
    NamedEverywhere,
    /// On clusters that look like EKS all rules, elsewhere only rules that name the object.
    Eks,
}

/// Where controllers of custom resources cannot work without a risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Controllers {
    /// Nowhere.
    Nowhere,
    /// In any namespace.
    Anywhere,
    /// In their own namespace, which contains their own objects.
    AtHome,
}

/// Defines methods that set one field each.
macro_rules! setters {
    ($($method:ident($field:ident: $type:ty);)+) => {
        $(pub(crate) const fn $method(self, $field: $type) -> Self {
            Self { $field, ..self }
        })+
    };
}

/// Builds the rows of the catalogue: each method sets the field of its name.
impl Risk {
    pub(crate) const fn new(
        code: u16,
        name: &'static str,
        severity: Severity,
        in_namespace: Severity,
    ) -> Self {
        Self {
            code: RuleCode(code),
            name,
            severity,
            in_namespace,
            grading: Grading::Scope,
            versions: Versions::ALL,
            only: Only::All,
            takes_over: false,
            implies_all: false,
            implied_by: &[],
            controllers: Controllers::Nowhere,
            purpose_of: &[],
            needs: &[],
            may: "",
            fix: "",
            fix_in_namespace: "",
        }
    }

    setters! {
        graded(grading: Grading);
        versions(versions: Versions);
        only(only: Only);
        implied_by(implied_by: &'static [u16]);
        needed_by_controllers(controllers: Controllers);
        purpose_of(purpose_of: &'static [Program]);
        needs(needs: &'static [&'static [Asks]]);
        may(may: &'static str);
        fix(fix: &'static str);
        fix_in_namespace(fix_in_namespace: &'static str);
    }

    pub(crate) const fn takes_over(self) -> Self {
        Self { takes_over: true, ..self }
    }

    pub(crate) const fn implies_all(self) -> Self {
        Self { implies_all: true, ..self }
    }
}

impl Risk {
    /// Returns whether a broader risk implies this one.
    pub(super) fn is_implied_by(&self, broader: &Self) -> bool {
        broader.implies_all || self.implied_by.contains(&broader.code.0)
    }

    /// Returns how to avoid the risk in a namespace or cluster-wide.
    pub fn fix_in(&self, namespace: Option<&str>) -> &'static str {
        match namespace {
            Some(_) if !self.fix_in_namespace.is_empty() => self.fix_in_namespace,
            _ => self.fix,
        }
    }

    /// Returns what holders of the risk can do with some verbs.
    pub fn may_with(&self, verbs: &[&str]) -> String {
        if self.code != RuleCode(503) || verbs.is_empty() {
            return self.may.to_owned();
        }
        if let ["impersonate"] = verbs {
            return "act as any user, group or ServiceAccount (`impersonate` on everything)"
                .to_owned();
        }
        let quoted: Vec<String> = verbs.iter().map(|verb| format!("`{verb}`")).collect();
        format!("{} everything", sentence_list(&quoted))
    }
}
