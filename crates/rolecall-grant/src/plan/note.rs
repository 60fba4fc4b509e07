//! What to know before the objects are applied.

use rolecall_rbac::Text;

use crate::generated::Generated;

/// Something that the person who applies the objects should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// A ServiceAccount that gets a grant does not exist.
    NoServiceAccount {
        /// Its namespace.
        namespace: Text,
        /// Its name.
        name: Text,
    },
    /// The subject is the ServiceAccount of every Pod that names none.
    DefaultServiceAccount {
        /// Its namespace.
        namespace: Text,
    },
    /// A namespace that gets objects does not exist.
    NoNamespace {
        /// The namespace.
        name: Text,
    },
    /// No existing role fits, so the subject gets one of its own.
    NothingToReuse {
        /// The namespace; empty for the cluster.
        namespace: Text,
    },
    /// No role is bound to the subject alone, so it gets one of its own.
    NothingToExtend {
        /// The namespace; empty for the cluster.
        namespace: Text,
    },
    /// The existing role that is bound takes in the rules of others, and so may grow.
    Aggregated {
        /// The ClusterRole.
        role: Text,
    },
    /// A role of the right name belongs to somebody else, so another name is used.
    NameTaken {
        /// The namespace; empty for the cluster.
        namespace: Text,
        /// The name that is taken.
        name: Text,
    },
    /// A role of the right name exists, and who is bound to it was not read, so another name is used.
    NameInDoubt {
        /// The namespace; empty for the cluster.
        namespace: Text,
        /// The name.
        name: Text,
    },
    /// Nothing limits `create` and `deletecollection` to one object.
    WiderThanNamed {
        /// The verb.
        verb: Text,
        /// The resource.
        resource: Text,
    },
    /// The subject can create Pods in a namespace, and so run as any ServiceAccount there.
    RunsPods {
        /// The namespace.
        namespace: Text,
    },
    /// A name is generated, so that the grant is for all objects.
    NameDropped {
        /// What generates the name.
        generated: Generated,
        /// The verb.
        verb: Text,
        /// The resource.
        resource: Text,
        /// The name.
        name: Text,
    },
    /// A name is generated, and the grant is limited to it all the same.
    NameKept {
        /// What generates the name.
        generated: Generated,
        /// The verb.
        verb: Text,
        /// The resource.
        resource: Text,
        /// The name.
        name: Text,
    },
    /// Constrained impersonation also takes a right to the identity that is taken on.
    HalfOfImpersonation {
        /// The verb of that right, such as `impersonate:user-info`.
        verb: Text,
    },
}
