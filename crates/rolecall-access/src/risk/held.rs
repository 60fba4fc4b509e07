use rolecall_rbac::Text;

use super::{Risk, find};
use crate::Severity;

/// A risk and where it is held: in a namespace, or everywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeldRisk {
    /// The code of the finding.
    pub code: &'static str,
    /// The namespace; `None` is everywhere.
    pub namespace: Option<Text>,
}

impl HeldRisk {
    /// Returns how bad the risk is where it is held.
    pub fn severity(&self) -> Severity {
        let everywhere = matches!(self.namespace.as_deref(), None | Some("kube-system"));
        match self.risk() {
            Some(risk) if everywhere => risk.severity,
            Some(risk) => risk.in_namespace,
            None => Severity::Info,
        }
    }

    /// Returns what its holder can do.
    pub fn may(&self) -> &'static str {
        self.risk().map_or("", |risk| risk.may)
    }

    /// Returns the risk.
    pub fn risk(&self) -> Option<&'static Risk> {
        find(self.code)
    }
}
