//! Notes for the person who applies the objects.

use rolecall_access::risk::HeldRisk;
use rolecall_rbac::Text;

use crate::generated::Generated;

/// A fact that the person who applies the objects should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// The ServiceAccount of a grant does not exist.
    NoServiceAccount {
        /// Its namespace.
        namespace: Text,
        /// Its name.
        name: Text,
    },
    /// The subject is the ServiceAccount of all Pods that do not name one.
    DefaultServiceAccount {
        /// Its namespace.
        namespace: Text,
    },
    /// The namespace of an object does not exist.
    NoNamespace {
        /// The namespace.
        name: Text,
    },
    /// No existing role fits, so the subject gets a dedicated one.
    NothingToReuse {
        /// The namespace; empty for the cluster.
        namespace: Text,
    },
    /// No role belongs to the subject alone, so it gets a dedicated one.
    NothingToExtend {
        /// The namespace; empty for the cluster.
        namespace: Text,
    },
    /// The reused role is aggregated and so can grow.
    Aggregated {
        /// The ClusterRole.
        role: Text,
    },
    /// A role with the preferred name belongs to another subject, so another name is used.
    NameTaken {
        /// The namespace; empty for the cluster.
        namespace: Text,
        /// The preferred name.
        name: Text,
    },
    /// A role with the preferred name exists and its bindings could not be read, so another name is
    /// used.
    NameInDoubt {
        /// The namespace; empty for the cluster.
        namespace: Text,
        /// The preferred name.
        name: Text,
    },
    /// `create` and `deletecollection` cannot be limited to one object.
    WiderThanNamed {
        /// The verb.
        verb: Text,
        /// The resource.
        resource: Text,
    },
    /// The subject can create Pods in a namespace, which lets it act as any ServiceAccount there.
    RunsPods {
        /// The namespace.
        namespace: Text,
    },
    /// The subject gains access that `check` reports as a risk.
    Risk {
        /// The risk, with its scope and severity.
        risk: HeldRisk,
    },
    /// A name is generated, so the grant is for all objects.
    NameDropped {
        /// The generator.
        generated: Generated,
        /// The verb.
        verb: Text,
        /// The resource.
        resource: Text,
        /// The name.
        name: Text,
    },
    /// A name is generated, but the grant is limited to it anyway.
    NameKept {
        /// The generator.
        generated: Generated,
        /// The verb.
        verb: Text,
        /// The resource.
        resource: Text,
        /// The name.
        name: Text,
    },
    /// Constrained impersonation also requires a permission on the impersonated identity.
    HalfOfImpersonation {
        /// The verb of that permission, such as `impersonate:user-info`.
        verb: Text,
    },
}
