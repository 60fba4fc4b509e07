//! Changes of roles and bindings.

use std::collections::BTreeSet;

use rolecall_rbac::{Binding, Inventory, Metadata, Role, Text};

/// A change of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// A role is created or gets other rules.
    Role(Role),
    /// A binding is created, or replaced because its role changes.
    Binding(Binding),
    /// A role is deleted.
    DeleteRole(Metadata),
    /// A binding is deleted.
    DeleteBinding(Metadata),
}

/// The changes, sorted: roles, bindings, deletions.
#[derive(Clone, Debug, Default)]
pub struct Tightened {
    /// The changes.
    pub edits: Vec<Edit>,
    /// The bindings that keep their role because it is shared with others, aggregated or built in, and to
    /// which a copy is proposed instead.
    pub copied: Vec<(Metadata, Text)>,
}

impl Edit {
    /// Returns the place among other edits.
    pub(crate) fn order(&self) -> (u8, Text, Text) {
        let (rank, metadata) = match self {
            Self::Role(role) => (0, &role.metadata),
            Self::Binding(binding) => (1, &binding.metadata),
            Self::DeleteBinding(metadata) => (2, metadata),
            Self::DeleteRole(metadata) => (3, metadata),
        };
        (rank, metadata.namespace.clone(), metadata.name.clone())
    }
}

impl Tightened {
    /// Returns the inventory after the changes.
    pub fn applied(&self, inventory: &Inventory) -> Inventory {
        let mut builder = inventory.clone().into_builder();
        let mut gone: BTreeSet<(bool, Text, Text)> = BTreeSet::new();
        for edit in &self.edits {
            match edit {
                Edit::Role(role) => builder.role(role.clone()),
                Edit::Binding(binding) => builder.binding(binding.clone()),
                Edit::DeleteRole(of) => {
                    gone.insert((false, of.namespace.clone(), of.name.clone()));
                }
                Edit::DeleteBinding(of) => {
                    gone.insert((true, of.namespace.clone(), of.name.clone()));
                }
            }
        }
        let is_gone = |is_binding, metadata: &Metadata| {
            gone.contains(&(is_binding, metadata.namespace.clone(), metadata.name.clone()))
        };
        builder.retain_roles(|role| !is_gone(false, &role.metadata));
        builder.retain_bindings(|binding| !is_gone(true, &binding.metadata));
        builder.build()
    }
}
