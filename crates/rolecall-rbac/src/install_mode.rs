//! Roles that an installer can bind in all namespaces instead of one.

use crate::Metadata;

/// The annotation of such Roles.
const ALL_NAMESPACES: &str = "rolecall.dev/all-namespaces";

impl Metadata {
    /// Returns whether OLM binds the rules of a Role in all namespaces if an administrator installs
    /// the operator for all namespaces.
    pub fn is_for_all_namespaces(&self) -> bool {
        !self.annotations.is_empty() && self.annotation(ALL_NAMESPACES).is_some()
    }

    /// Marks a Role as one that OLM can bind in all namespaces.
    pub fn mark_for_all_namespaces(&mut self) {
        self.annotate(ALL_NAMESPACES, "true");
    }
}
