//! Resolved subjects.

use rolecall_rbac::Identity;

/// A resolved subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// User name and groups.
    pub(crate) identity: Identity,
    /// The workload in the argument, if any.
    pub(crate) workload: Option<WorkloadName>,
}

/// The workload that names a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WorkloadName {
    /// The kind.
    pub(crate) kind: String,
    /// The namespace.
    pub(crate) namespace: String,
    /// The name.
    pub(crate) name: String,
}

/// Returns the SUBJECT notation of an identity: `sa/NAMESPACE:NAME`, `user/NAME` or `group/NAME`.
pub(crate) fn label(identity: &Identity) -> String {
    match (identity.as_service_account(), &*identity.user) {
        (Some(account), _) => format!("sa/{}:{}", account.namespace, account.name),
        (None, "") => format!("group/{}", identity.groups.first().map_or("", |group| group)),
        (None, user) => format!("user/{user}"),
    }
}
