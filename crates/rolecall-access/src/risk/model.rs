use super::ask::Asks;
use crate::{Severity, Versions};

/// A risk that is held by anyone who can make certain requests.
#[derive(Debug)]
pub struct Risk {
    /// The code of the finding, such as `RC510`.
    pub code: &'static str,
    /// The name of the finding.
    pub name: &'static str,
    /// The severity of holding it everywhere, or in `kube-system`.
    pub severity: Severity,
    /// The severity of holding it in another namespace.
    pub in_namespace: Severity,
    /// The Kubernetes versions that have it.
    pub versions: Versions,
    /// The rights that it takes: of each of these at least one request.
    pub(crate) needs: &'static [&'static [Asks]],
    /// What its holders can do.
    pub may: &'static str,
    /// How to avoid it.
    pub fix: &'static str,
}
