use rolecall_rbac::Text;

use super::{Risk, all};
use crate::{RuleCode, Severity};

/// A risk with the scope in which it is held, and its severity there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeldRisk {
    /// The code of the finding.
    pub code: RuleCode,
    /// The namespace; `None` means cluster-wide.
    pub namespace: Option<Text>,
    /// The severity, equal to the one in `check` for the same grant.
    pub severity: Severity,
}

impl HeldRisk {
    /// Builds a risk with the severity for its scope alone.
    pub fn by_scope(code: RuleCode, namespace: Option<Text>) -> Self {
        let severity = super::find(code).map_or(Severity::Info, |risk| match &namespace {
            None => risk.severity,
            Some(namespace) if **namespace == *"kube-system" => risk.severity,
            Some(_) => risk.in_namespace,
        });
        Self { code, namespace, severity }
    }

    /// Returns the catalogue's risk; for a code with variants, the one with this severity.
    pub fn risk(&self) -> Option<&'static Risk> {
        let variants = || all().filter(|risk| risk.code == self.code);
        variants().find(|risk| risk.severity == self.severity).or_else(|| variants().next())
    }

    /// Returns what its holder can do.
    pub fn may(&self) -> &'static str {
        self.risk().map_or("", |risk| risk.may)
    }
}
