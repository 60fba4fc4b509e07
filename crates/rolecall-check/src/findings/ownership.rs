//! Whether the input should contain an object that it refers to.
//!
//! A repository rarely contains a whole cluster. If it should clearly define an object itself but does not,
//! that is a mistake; objects that other software might install are at most worth a remark.

use rolecall_rbac::Binding;

use super::{accounts, roles};
use crate::context::Context;
use crate::{ExternalKind, Severity};

/// The expected source of an object that is not in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The input itself, so the object is missing.
    Input,
    /// The source is unknown.
    Unknown,
    /// The cluster's distribution or add-ons, according to its name or namespace.
    Others,
}

/// ClusterRoles of distributions, in addition to those whose names begin with `system:`.
const OF_DISTRIBUTIONS: [&str; 12] = [
    "basic-user",
    "cluster-debugger",
    "cluster-monitoring-view",
    "cluster-reader",
    "cluster-status",
    "registry-admin",
    "registry-editor",
    "registry-viewer",
    "self-access-reviewer",
    "self-provisioner",
    "storage-admin",
    "sudoer",
];

impl Owner {
    /// Returns the expected source of a role that a binding refers to.
    pub(super) fn of_role(context: &Context<'_>, binding: &Binding) -> Self {
        let name = &*binding.role_ref.name;
        let is_known = context.is_complete(|gap| gap.may_hide_role_of(binding));
        match binding.role_ref.kind {
            _ if is_known => Self::Input,
            rolecall_rbac::RoleKind::Role => {
                Self::of_namespaced(context, &binding.metadata.namespace)
            }
            _ if name.starts_with("system:") || OF_DISTRIBUTIONS.contains(&name) => Self::Others,
            _ if roles::may_be_renamed(context, binding) => Self::Unknown,
            _ if context.names().has_namesake(name) => Self::Input,
            _ => Self::Unknown,
        }
    }

    /// Returns the expected source of a ServiceAccount that bindings or workloads name. A repository that
    /// defines some ServiceAccounts of a namespace is expected to define all of them.
    pub(super) fn of_account(context: &Context<'_>, namespace: &str, name: &str) -> Self {
        if context.is_complete(|gap| gap.may_hide_service_account(namespace)) {
            Self::Input
        } else if is_of_the_cluster(namespace) {
            Self::Others
        } else if accounts::may_be_renamed(context, name) {
            Self::Unknown
        } else if !context.inventory().service_accounts_in(namespace).is_empty() {
            Self::Input
        } else {
            Self::Unknown
        }
    }

    /// Returns the expected source of an object in a namespace.
    fn of_namespaced(context: &Context<'_>, namespace: &str) -> Self {
        if is_of_the_cluster(namespace) {
            Self::Others
        } else if holds(context, namespace) {
            Self::Input
        } else {
            Self::Unknown
        }
    }

    /// Returns the severity of an object that is not in the input; `missing` is the severity if nothing else
    /// can have created it.
    pub(super) fn severity(self, missing: Severity) -> Severity {
        match self {
            Self::Input => missing,
            Self::Unknown | Self::Others => Severity::Info,
        }
    }

    /// Returns the severity of an object that is not in the input, if similar objects might be the intended ones.
    pub(super) fn severity_beside_lookalikes(self, missing: Severity) -> Severity {
        match self {
            Self::Input => missing,
            Self::Unknown => Severity::Low,
            Self::Others => Severity::Info,
        }
    }

    /// Describes that the object does not exist.
    pub(super) fn absence(self) -> &'static str {
        match self {
            Self::Input => "does not exist",
            Self::Unknown | Self::Others => "is not in the input",
        }
    }

    /// Returns the fix: to correct the reference, or to list the object as external.
    pub(super) fn fix(self, fix: &str, kind: ExternalKind, namespace: &str, name: &str) -> String {
        let object = match namespace {
            "" => format!("{} {name}", kind.as_str()),
            namespace => format!("{} {namespace}/{name}", kind.as_str()),
        };
        match self {
            Self::Input => fix.to_owned(),
            Self::Unknown | Self::Others => {
                format!("{fix}, or list `{object}` under `external:` in rolecall.yaml")
            }
        }
    }
}

/// Returns whether a namespace belongs to the cluster, with add-ons from many sources.
fn is_of_the_cluster(namespace: &str) -> bool {
    namespace.starts_with("kube-")
        || namespace == "openshift"
        || namespace.starts_with("openshift-")
}

/// Returns whether the input contains a namespace, or anything in it except bindings.
fn holds(context: &Context<'_>, namespace: &str) -> bool {
    let inventory = context.inventory();
    !inventory.service_accounts_in(namespace).is_empty()
        || !inventory.workloads_in(namespace).is_empty()
        || context.names().has_namespace(namespace)
}
