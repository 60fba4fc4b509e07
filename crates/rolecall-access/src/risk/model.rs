use rolecall_rbac::sentence_list;

use super::ask::Asks;
use super::controller;
use super::implied::BROADER;
use crate::{Severity, Versions};

/// A risk of everyone who can make certain requests.
#[derive(Debug)]
pub struct Risk {
    /// The code of the finding, such as `RC510`. Entries with the same code are variants of one
    /// risk.
    pub code: &'static str,
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

impl Risk {
    /// Default values.
    pub(crate) const BASE: Self = Self {
        code: "",
        name: "",
        severity: Severity::Info,
        in_namespace: Severity::Info,
        grading: Grading::Scope,
        versions: Versions::ALL,
        only: Only::All,
        needs: &[],
        may: "",
        fix: "",
        fix_in_namespace: "",
    };

    /// Returns how to avoid the risk in a namespace or cluster-wide.
    pub fn fix_in(&self, namespace: Option<&str>) -> &'static str {
        match namespace {
            Some(_) if !self.fix_in_namespace.is_empty() => self.fix_in_namespace,
            _ => self.fix,
        }
    }

    /// Returns what holders of the risk can do with some verbs.
    pub fn may_with(&self, verbs: &[&str]) -> String {
        if self.code != "RC503" || verbs.is_empty() {
            return self.may.to_owned();
        }
        if let ["impersonate"] = verbs {
            return "act as any user, group or ServiceAccount (`impersonate` on everything)"
                .to_owned();
        }
        let quoted: Vec<String> = verbs.iter().map(|verb| format!("`{verb}`")).collect();
        format!("{} everything", sentence_list(&quoted))
    }

    /// Returns the highest severity of the narrower risks that count towards this one.
    fn gravest_included(&self) -> Option<Severity> {
        let narrower = BROADER.iter().filter(|(broad, _)| *broad == self.code);
        narrower
            .flat_map(|(_, narrow)| narrow.iter())
            .filter_map(|code| super::find(code))
            .map(|risk| risk.severity)
            .max()
    }

    /// Returns every severity of the risk with its condition, such as `high; critical cluster-wide
    /// cluster`.
    pub fn grades(&self) -> String {
        let wide = self.severity;
        let mut grades = vec![self.in_namespace.as_str().to_owned()];
        let mut add = |severity: Severity, place: &str| {
            grades.push(format!("{} {place}", severity.as_str()));
        };
        match self.grading {
            Grading::Scope => {}
            Grading::PodSecurity => {
                let open = Severity::High.max(self.in_namespace);
                add(open, "where the Namespace in the input enforces no Pod Security level");
            }
            Grading::Operator => {
                add(
                    Severity::Critical,
                    "where the operator in the input can take over the cluster",
                );
            }
        }
        if wide != self.in_namespace {
            add(wide, "in the whole cluster");
        }
        if let Some(gravest) = self.gravest_included().filter(|gravest| *gravest > wide) {
            add(gravest, "where it includes a risk of that severity");
        }
        if controller::may_be_needed(self, self.in_namespace) {
            let where_needed = match controller::needs_anywhere(self) {
                true => "for a controller of custom resources",
                false => "for a controller of custom resources in its own namespace",
            };
            add(Severity::Info, where_needed);
        }
        if self.code == "RC534" {
            add(Severity::High, "for approving requests of others alone");
        }
        grades.join("; ")
    }
}
