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
    /// The denials that each rule answers; empty for existing rules.
    pub answers: Vec<Vec<Denied>>,
}

impl Object {
    /// Returns the metadata.
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

    /// Returns whether a gap can hide an object of the same kind and name.
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

    /// Sorts ServiceAccounts first, then roles before bindings in each namespace.
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

/// The label of every generated object.
pub(crate) const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "rolecall");

/// Returns the metadata of a generated object.
pub(crate) fn managed(namespace: &str, name: &str) -> Metadata {
    let labels = [(MANAGED_BY.0.into(), MANAGED_BY.1.into())];
    Metadata { labels: labels.into(), ..Metadata::new(namespace, name) }
}

/// Returns whether an object has the label of generated objects.
pub fn is_managed(metadata: &Metadata) -> bool {
    metadata.label(MANAGED_BY.0).is_some_and(|value| **value == *MANAGED_BY.1)
}
