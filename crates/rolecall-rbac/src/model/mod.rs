//! The RBAC objects of an inventory, as written and without validation.

mod applied;
mod binding;
mod inventory;
mod keep_last;
mod metadata;
mod role;
mod unknown_field;
mod workload;

pub use binding::{Binding, RoleKind, RoleRef, Subject, SubjectKind};
pub use inventory::{Inventory, InventoryBuilder, Replaced};
pub use metadata::{Labels, Metadata, Origin, shown_path};
pub use role::{AggregationRule, LabelOperator, LabelRequirement, LabelSelector, PolicyRule, Role};
pub use unknown_field::UnknownField;
pub use workload::{
    Container, NamedObject, Namespace, Owner, PodLines, PodSpec, ServiceAccount, TokenVolume,
    Variable, VariableValue, Workload,
};
