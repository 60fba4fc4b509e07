use rolecall_rbac::Text;

use super::{Risk, all};
use crate::Severity;

/// A risk, where it is held, and how severe it is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeldRisk {
    /// The code of the finding.
    pub code: &'static str,
    /// The namespace; `None` is everywhere.
    pub namespace: Option<Text>,
    /// The severity, as `check` has it for the same grant.
    pub severity: Severity,
}

impl HeldRisk {
    /// Builds a risk with the severity that its scope alone gives it.
    pub fn by_scope(code: &'static str, namespace: Option<Text>) -> Self {
        let severity = super::find(code).map_or(Severity::Info, |risk| match &namespace {
            None => risk.severity,
            Some(namespace) if **namespace == *"kube-system" => risk.severity,
            Some(_) => risk.in_namespace,
        });
        Self { code, namespace, severity }
    }

    /// Returns the risk: the variant of its severity, where a code has several.
    pub fn risk(&self) -> Option<&'static Risk> {
        let variants = || all().filter(|risk| risk.code == self.code);
        variants().find(|risk| risk.severity == self.severity).or_else(|| variants().next())
    }

    /// Returns what its holder can do.
    pub fn may(&self) -> &'static str {
        self.risk().map_or("", |risk| risk.may)
    }
}
