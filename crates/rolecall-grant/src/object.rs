//! The objects of a plan.

use rolecall_rbac::{Binding, Gap, Metadata, ObjectKind, PolicyRule, Role, ServiceAccount, Text};

use crate::denied::Denied;

/// An object to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A ServiceAccount.
    ServiceAccount(ServiceAccount),
    /// A Role or ClusterRole.
    Role(GrantedRole),
    /// A RoleBinding or ClusterRoleBinding.
    Binding(Binding),
}

/// A role with the denials that each of its rules answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedRole {
    /// The role.
    pub role: Role,
    /// For each rule the denials it answers; a rule that was there before answers none.
    pub answers: Vec<Vec<Denied>>,
}

impl Object {
    /// Returns name, namespace and labels.
    pub fn metadata(&self) -> &Metadata {
        match self {
            Self::ServiceAccount(account) => &account.metadata,
            Self::Role(granted) => &granted.role.metadata,
            Self::Binding(binding) => &binding.metadata,
        }
    }

    /// Returns the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ServiceAccount(_) => "ServiceAccount",
            Self::Role(granted) => granted.role.kind(),
            Self::Binding(binding) => binding.kind(),
        }
    }

    /// Returns whether an object of the same kind and name may exist although it was not read.
    pub fn may_be_hidden_by(&self, gap: &Gap) -> bool {
        let metadata = self.metadata();
        gap.may_hide(&ObjectKind::new(self.kind()), &metadata.namespace, &metadata.name)
    }

    /// Returns the rules of a role.
    pub fn rules(&self) -> &[PolicyRule] {
        match self {
            Self::Role(granted) => &granted.role.rules,
            Self::ServiceAccount(_) | Self::Binding(_) => &[],
        }
    }

    /// ServiceAccounts first, then each namespace's roles before their bindings.
    pub(crate) fn order(&self) -> (bool, Text, Text, u8) {
        let metadata = self.metadata();
        let rank = match self {
            Self::ServiceAccount(_) => 0,
            Self::Role(_) => 1,
            Self::Binding(_) => 2,
        };
        (rank > 0, metadata.namespace.clone(), metadata.name.clone(), rank)
    }
}

/// The label of every object that is emitted.
pub(crate) const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "rolecall");

/// Returns the metadata of an object of ours.
pub(crate) fn managed(namespace: &str, name: &str) -> Metadata {
    let labels = [(MANAGED_BY.0.into(), MANAGED_BY.1.into())];
    Metadata { labels: labels.into(), ..Metadata::new(namespace, name) }
}

/// Returns whether an object carries our label.
pub fn is_managed(metadata: &Metadata) -> bool {
    metadata.label(MANAGED_BY.0).is_some_and(|value| **value == *MANAGED_BY.1)
}
