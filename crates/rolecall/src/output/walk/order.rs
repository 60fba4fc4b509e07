//! The order and the number of the records of a walk.

use rolecall_rbac::Metadata;
use rolecall_walk::{HeldRole, WalkedIdentity};

use super::{AccessWalk, WalkedRole, id};
use crate::listing::{Keys, ListOptions, place};
use crate::resolved::label;

impl AccessWalk<'_> {
    /// Sorts and limits each list.
    #[must_use]
    pub(crate) fn arranged(mut self, list: &ListOptions) -> Self {
        let of_subject = |walked: &&WalkedIdentity<'_>| Keys {
            subject: label(&walked.identity),
            reach: walked.bindings.len(),
            ..Keys::default()
        };
        let of_role = |role: &WalkedRole<'_>| Keys {
            object: id(role.kind, role.namespace, role.name),
            namespace: role.namespace.to_owned(),
            place: role.role.map(|role| place(&role.metadata.origin)).unwrap_or_default(),
            ..Keys::default()
        };
        let of_held = |held: &&HeldRole<'_>| Keys {
            reach: held.bindings.len(),
            ..of_role(&WalkedRole::of_argument(held))
        };
        self.omitted =
            self.default_bindings.arrange(list, |(binding, _)| of_object(&binding.metadata))
                + self.pods.arrange(list, |pod| of_object(&pod.workload.metadata))
                + self.subjects.arrange(list, of_subject)
                + self.bindings.arrange(list, |binding| of_object(&binding.metadata))
                + self.roles.arrange(list, of_role)
                + self.holders.arrange(list, of_held);
        self
    }
}

/// Returns the keys by which objects are sorted.
fn of_object(metadata: &Metadata) -> Keys {
    Keys {
        object: metadata.name.to_string(),
        namespace: metadata.namespace.to_string(),
        place: place(&metadata.origin),
        ..Keys::default()
    }
}
