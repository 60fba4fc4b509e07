//! The subjects that are dangerous.

use rolecall_access::risk::HeldRisk;
use rolecall_check::Severity;
use rolecall_paths::{Reached, Subject};
use rolecall_rbac::Binding;

use crate::runners::Runner;

/// A subject with the ends that it can reach and the risks that it holds.
pub(crate) struct RiskRow<'a> {
    pub(crate) subject: Subject,
    /// The worst severity of its ends and risks.
    pub(crate) severity: Severity,
    /// Whether it is cluster-admin by its own bindings.
    pub(crate) is_admin: bool,
    /// The ends of its paths, the worst first.
    pub(crate) ends: Vec<Reached<'a>>,
    /// The risks that it holds, the worst first.
    pub(crate) risks: Vec<HeldRisk>,
    /// The namespace and the workloads of a ServiceAccount; `None` if a gap could hide some.
    pub(crate) runners: Option<Vec<(String, Runner<'a>)>>,
    /// The bindings that name it.
    pub(crate) bindings: Vec<&'a Binding>,
}
