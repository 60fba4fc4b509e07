use super::RISKS;
use super::ask::Risk;
use super::engine::HeldRisk;
use crate::{RuleMeta, Severity};

impl HeldRisk {
    /// Returns the rule that describes the risk.
    pub fn meta(&self) -> Option<&'static RuleMeta> {
        self.risk().map(|risk| risk.meta)
    }

    /// Returns how bad the risk is where it is held.
    pub fn severity(&self) -> Severity {
        let everywhere = matches!(self.namespace.as_deref(), None | Some("kube-system"));
        match self.risk() {
            Some(risk) if everywhere => risk.meta.severity,
            Some(risk) => risk.in_namespace,
            None => Severity::Info,
        }
    }

    /// Returns what its holder may do.
    pub fn may(&self) -> &'static str {
        self.risk().map_or("", |risk| risk.may)
    }

    fn risk(&self) -> Option<&'static Risk> {
        RISKS.iter().find(|risk| risk.meta.code == self.code).copied()
    }
}
