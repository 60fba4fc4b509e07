//! The severities of a risk as text.

use super::model::Controllers;
use super::{Grading, Risk, catalogue, controller};
use crate::{RuleCode, Severity};

impl Risk {
    /// Returns the highest severity of the narrower risks that count towards this one.
    fn gravest_included(&self) -> Option<Severity> {
        let narrower = catalogue::all().filter(|risk| risk.implied_by.contains(&self.code.0));
        narrower.map(|risk| risk.severity).max()
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
                add(open, "if the Namespace in the input enforces no Pod Security level");
            }
            Grading::Operator => {
                add(Severity::Critical, "if the operator in the input can take over the cluster");
            }
        }
        if wide != self.in_namespace {
            add(wide, "in the whole cluster");
        }
        if let Some(gravest) = self.gravest_included().filter(|gravest| *gravest > wide) {
            add(gravest, "if it includes a risk of that severity");
        }
        if controller::may_be_needed(self, self.in_namespace) {
            let where_needed = match self.controllers {
                Controllers::Anywhere => "for a controller of custom resources",
                _ => "for a controller of custom resources in its own namespace",
            };
            add(Severity::Info, where_needed);
        }
        if self.code == RuleCode(534) {
            add(Severity::High, "for approving only requests of others");
        }
        grades.join("; ")
    }
}
