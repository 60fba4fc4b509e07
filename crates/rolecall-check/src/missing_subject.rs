//! Subjects that do not exist.

use rolecall_rbac::{Binding, ServiceAccount};

/// A subject of a checked binding that names a ServiceAccount outside the input.
pub(crate) struct MissingSubject<'a> {
    pub(crate) binding: &'a Binding,
    pub(crate) index: usize,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    /// ServiceAccounts that might be the intended ones, the most similar first.
    pub(crate) lookalikes: Vec<&'a ServiceAccount>,
}
