use std::fmt;

use rolecall_rbac::{Authorizer, BoundRole, Identity, Metadata, Subject, SubjectKind, Text};

/// Somebody whose access is compared or expected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A group: what it holds, each of its members holds.
    Group(Text),
    /// A ServiceAccount, however bindings name it.
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
    /// Returns whom a binding's subject means; `None` when it matches nobody.
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

    /// Returns the holder of a user name, which may be a ServiceAccount's.
    pub fn of_user(name: &Text) -> Self {
        match Identity::user(name).as_service_account() {
            Some(account) => Self::ServiceAccount {
                namespace: account.namespace.into(),
                name: account.name.into(),
            },
            None => Self::User(name.clone()),
        }
    }

    /// Returns the holder that an identity is: its user, or its first group where it has none.
    pub fn of_identity(identity: &Identity) -> Self {
        match &*identity.user {
            "" => Self::Group(identity.groups.first().cloned().unwrap_or_default()),
            _ => Self::of_user(&identity.user),
        }
    }

    /// Returns the identity, with the groups that come with it.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Group(name) => Identity::group(name),
            Self::ServiceAccount { namespace, name } => Identity::service_account(namespace, name),
            Self::User(name) => Identity::user(name),
        }
    }

    /// Returns whether the server allows it everything before RBAC is asked.
    pub fn is_privileged(&self) -> bool {
        self.identity().is_privileged()
    }

    /// Returns the groups that the subject is always in; a group is in itself not counted.
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
    /// Writes the subject as the command line takes it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => write!(formatter, "group/{name}"),
            Self::ServiceAccount { namespace, name } => write!(formatter, "sa/{namespace}:{name}"),
            Self::User(name) => write!(formatter, "user/{name}"),
        }
    }
}
