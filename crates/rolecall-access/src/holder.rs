use std::fmt;

use rolecall_rbac::{Authorizer, BoundRole, Identity, Metadata, Subject, SubjectKind, Text};

/// A subject whose access is compared or checked against an expectation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A group: its members have its access.
    Group(Text),
    /// A ServiceAccount, regardless of the notation in bindings.
    ServiceAccount {
        /// The namespace.
        namespace: Text,
        /// The name.
        name: Text,
    },
    /// Any other user.
    User(Text),
}

impl Holder {
    /// Returns the holder that a binding's subject refers to; `None` if the subject matches nobody.
    pub fn of_subject(subject: &Subject, binding: &Metadata) -> Option<Self> {
        match subject.kind {
            SubjectKind::User => Some(Self::of_user(&subject.name)),
            SubjectKind::Group => Some(Self::Group(subject.name.clone())),
            SubjectKind::ServiceAccount => Some(Self::ServiceAccount {
                namespace: subject.effective_namespace(binding)?.clone(),
                name: subject.name.clone(),
            }),
            SubjectKind::Other(_) => None,
        }
    }

    /// Returns the holder with a user name, which can be a ServiceAccount's.
    pub fn of_user(name: &Text) -> Self {
        match Identity::user(name).as_service_account() {
            Some(account) => Self::ServiceAccount {
                namespace: account.namespace.into(),
                name: account.name.into(),
            },
            None => Self::User(name.clone()),
        }
    }

    /// Returns the holder for an identity: its user, or its first group if it has no user name.
    pub fn of_identity(identity: &Identity) -> Self {
        match &*identity.user {
            "" => Self::Group(identity.groups.first().cloned().unwrap_or_default()),
            _ => Self::of_user(&identity.user),
        }
    }

    /// Returns the identity with its implied groups.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Group(name) => Identity::group(name),
            Self::ServiceAccount { namespace, name } => Identity::service_account(namespace, name),
            Self::User(name) => Identity::user(name),
        }
    }

    /// Returns whether the server allows it everything before it evaluates RBAC.
    pub fn is_privileged(&self) -> bool {
        self.identity().is_privileged()
    }

    /// Returns the groups that the subject is always in, without the subject itself.
    pub fn implied_groups(&self) -> Vec<Text> {
        let mut groups = self.identity().groups;
        if let Self::Group(own) = self {
            groups.retain(|group| group != own);
        }
        groups
    }

    /// Returns the bindings that name the subject itself, ClusterRoleBindings first.
    pub fn bindings<'a>(&self, authorizer: &'a Authorizer) -> Vec<BoundRole<'a>> {
        let own = match self {
            Self::Group(name) => Identity { groups: vec![name.clone()], ..Identity::default() },
            Self::ServiceAccount { .. } | Self::User(_) => {
                Identity { groups: Vec::new(), ..self.identity() }
            }
        };
        authorizer.bindings_of(&own)
    }
}

impl fmt::Display for Holder {
    /// Writes the subject in the command line's notation.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => write!(formatter, "group/{name}"),
            Self::ServiceAccount { namespace, name } => write!(formatter, "sa/{namespace}:{name}"),
            Self::User(name) => write!(formatter, "user/{name}"),
        }
    }
}
