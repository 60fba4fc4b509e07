//! The identity that makes a request.

use std::collections::BTreeMap;

use crate::{Metadata, Subject, SubjectKind, Text, is_template};

/// The prefix of every ServiceAccount's user name.
const SERVICE_ACCOUNT_PREFIX: &str = "system:serviceaccount:";
const ALL_SERVICE_ACCOUNTS: Text = arcstr::literal!("system:serviceaccounts");
const AUTHENTICATED: Text = arcstr::literal!("system:authenticated");
const UNAUTHENTICATED: Text = arcstr::literal!("system:unauthenticated");

/// A user name and its groups, as the authorizer sees them.
///
/// Groups are used verbatim. The constructors add the implied ones (docs/semantics.md#identities), because a
/// SubjectAccessReview for a ServiceAccount without its three groups under-reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The user name; empty for a group without a user.
    pub user: Text,
    /// The groups.
    pub groups: Vec<Text>,
    /// The user's unique id; only live reviews send it.
    pub uid: Text,
    /// Extra attributes; only live reviews send them.
    pub extra: BTreeMap<Text, Vec<Text>>,
}

/// A ServiceAccount's namespace and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceAccountName<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// The name.
    pub name: &'a str,
}

impl Identity {
    /// Returns the identity of a binding's subject; `None` if it matches nobody.
    pub fn of_subject(subject: &Subject, binding: &Metadata) -> Option<Self> {
        match subject.kind {
            SubjectKind::User => Some(Self::user(&subject.name)),
            SubjectKind::Group => Some(Self::group(&subject.name)),
            SubjectKind::ServiceAccount => {
                let namespace = subject.effective_namespace(binding)?;
                Some(Self::service_account(namespace, &subject.name))
            }
            SubjectKind::Other(_) => None,
        }
    }

    /// Returns the identity of a ServiceAccount's token, with its three groups.
    pub fn service_account(namespace: &str, name: &str) -> Self {
        Self {
            user: arcstr::format!("{SERVICE_ACCOUNT_PREFIX}{namespace}:{name}"),
            groups: vec![
                ALL_SERVICE_ACCOUNTS,
                arcstr::format!("{ALL_SERVICE_ACCOUNTS}:{namespace}"),
                AUTHENTICATED,
            ],
            ..Self::default()
        }
    }

    /// Returns the identity of a user without known groups; the user name of a ServiceAccount or
    /// `system:anonymous` gets its implied groups.
    pub fn user(name: &str) -> Self {
        if let Some(account) = ServiceAccountName::parse(name) {
            return Self::service_account(account.namespace, account.name);
        }
        let group = match name {
            "system:anonymous" => UNAUTHENTICATED,
            _ => AUTHENTICATED,
        };
        Self { user: name.into(), groups: vec![group], ..Self::default() }
    }

    /// Returns the identity of an unnamed member of a group: no user name, and the groups that
    /// every member of that group also has.
    pub fn group(name: &str) -> Self {
        let mut groups: Vec<Text> = vec![name.into()];
        if name.starts_with("system:serviceaccounts:") {
            groups.push(ALL_SERVICE_ACCOUNTS);
        }
        if name != AUTHENTICATED && name != UNAUTHENTICATED {
            groups.push(AUTHENTICATED);
        }
        Self { groups, ..Self::default() }
    }

    /// Adds a group unless it is already present.
    #[must_use]
    pub fn with_group(mut self, group: &str) -> Self {
        if !self.groups.iter().any(|present| **present == *group) {
            self.groups.push(group.into());
        }
        self
    }

    /// Returns the ServiceAccount with this user name.
    pub fn as_service_account(&self) -> Option<ServiceAccountName<'_>> {
        ServiceAccountName::parse(&self.user)
    }

    /// Returns whether the identity is in a group.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|present| **present == *group)
    }

    /// Returns whether the server allows everything before it evaluates RBAC.
    pub fn is_privileged(&self) -> bool {
        self.is_in("system:masters")
    }

    /// Returns whether the Node authorizer also decides about this identity, which takes a node's
    /// user name and the group `system:nodes` (docs/semantics.md#the-authorizer-chain).
    pub fn is_node(&self) -> bool {
        self.has_node_name() && self.is_in("system:nodes")
    }

    /// Returns whether this is a node's user name without its group, so that only RBAC decides.
    pub fn is_node_without_group(&self) -> bool {
        self.has_node_name() && !self.is_in("system:nodes")
    }

    fn has_node_name(&self) -> bool {
        self.user.starts_with("system:node:")
    }

    /// Returns the implied groups that a ServiceAccount lacks; a review that lists groups verbatim
    /// under-reports without them.
    pub fn missing_groups(&self) -> Vec<Text> {
        let Some(account) = self.as_service_account() else { return Vec::new() };
        let in_namespace = |group: &Text| {
            let rest = group.strip_prefix(&*ALL_SERVICE_ACCOUNTS);
            rest.and_then(|rest| rest.strip_prefix(':')) == Some(account.namespace)
        };
        let mut missing = Vec::new();
        if !self.is_in(&ALL_SERVICE_ACCOUNTS) {
            missing.push(ALL_SERVICE_ACCOUNTS);
        }
        // Nearly all identities have it, so it is compared without being written.
        if !self.groups.iter().any(in_namespace) {
            missing.push(arcstr::format!("{ALL_SERVICE_ACCOUNTS}:{}", account.namespace));
        }
        if !self.is_in(&AUTHENTICATED) {
            missing.push(AUTHENTICATED);
        }
        missing
    }
}

impl<'a> ServiceAccountName<'a> {
    /// Splits the user name `system:serviceaccount:NAMESPACE:NAME`; `None` for any other user.
    pub fn parse(user: &'a str) -> Option<Self> {
        let (namespace, name) = split(user.strip_prefix(SERVICE_ACCOUNT_PREFIX)?)?;
        let valid = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| {
                    byte.is_ascii_lowercase()
                        || byte.is_ascii_digit()
                        || byte == b'-'
                        || byte == b'.'
                })
        };
        // Manifests can contain placeholders.
        let valid = |part: &str| valid(part) || is_template(part);
        (valid(namespace) && valid(name)).then_some(Self { namespace, name })
    }

    /// Returns whether the namespace or the name is a placeholder, such as `${ACCOUNT}`.
    pub fn is_template(&self) -> bool {
        is_template(self.namespace) || is_template(self.name)
    }
}

/// Splits at the first colon outside braces: the default of `${NAMESPACE:-shop}` belongs to the variable.
fn split(name: &str) -> Option<(&str, &str)> {
    let mut depth = 0_u32;
    let colon = name.bytes().position(|byte| {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        byte == b':' && depth == 0
    })?;
    Some((name.get(..colon)?, name.get(colon + 1..)?))
}
