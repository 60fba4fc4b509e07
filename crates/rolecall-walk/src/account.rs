//! The identity of a Pod and its bindings.

use rolecall_rbac::{
    Authorizer, Binding, BoundRole, Gap, Identity, Problem, Role, ServiceAccount,
    ServiceAccountName, Subject, SubjectKind, Workload, is_template,
};

/// An identity and all its bindings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedIdentity<'a> {
    /// The user name and groups.
    pub identity: Identity,
    /// The state of its ServiceAccount; `None` for other users and for groups.
    pub account: Option<Account<'a>>,
    /// Its bindings, ClusterRoleBindings first, each kind sorted by namespace and name.
    pub bindings: Vec<WalkedBinding<'a>>,
    /// The gaps that can hide more bindings or rules.
    pub gaps: Vec<Gap>,
}

/// A ServiceAccount, as far as the input shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account<'a> {
    /// It exists.
    Exists(&'a ServiceAccount),
    /// The ServiceAccount `default`, which a controller creates in every namespace.
    Implied,
    /// Its name is not written: the operator of a custom resource creates it.
    MadeByOperator,
    /// Its name is a placeholder, such as `$ACCOUNT`.
    Template,
    /// It does not exist, so the server rejects Pods that name it.
    Missing,
    /// It might exist: ServiceAccounts in its namespace could not be read.
    Unread,
}

/// A binding that applies to an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkedBinding<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// The first subject that matches.
    pub subject: &'a Subject,
    /// The way in which the subject matches.
    pub via: Via<'a>,
    /// The role that it refers to.
    pub role: RoleState<'a>,
}

/// The way in which a binding's subject matches an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via<'a> {
    /// By the ServiceAccount's namespace and name.
    ServiceAccount,
    /// By the user name, which for a ServiceAccount is `system:serviceaccount:NAMESPACE:NAME`.
    User,
    /// By a group of the identity.
    Group(&'a str),
}

/// The target of a binding's roleRef.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleState<'a> {
    /// A role.
    Found(&'a Role),
    /// A role that does not exist.
    NotFound,
    /// An unsupported kind, or a kind that such a binding cannot refer to.
    Unsupported,
    /// A role that could not be read.
    Unread,
}

impl<'a> WalkedIdentity<'a> {
    /// Looks up an identity's account and bindings.
    pub(crate) fn new(authorizer: &'a Authorizer, identity: Identity) -> Self {
        let account = identity.as_service_account().map(|name| Account::find(authorizer, name));
        let bindings = authorizer
            .bindings_of(&identity)
            .into_iter()
            .map(|bound| WalkedBinding::new(authorizer, &bound))
            .collect();
        let gaps = authorizer.gaps_of(&identity);
        Self { identity, account, bindings, gaps }
    }
}

impl<'a> Account<'a> {
    /// Looks up a ServiceAccount.
    pub fn find(authorizer: &'a Authorizer, name: ServiceAccountName<'_>) -> Self {
        let inventory = authorizer.inventory();
        let ServiceAccountName { namespace, name } = name;
        if let Some(account) = inventory.service_account(namespace, name) {
            return Self::Exists(account);
        }
        if is_template(name) || is_template(namespace) {
            return Self::Template;
        }
        let makes_it = |workload: &Workload| {
            let mut pods = workload.pods.iter();
            pods.any(|pod| pod.account_is_derived && pod.service_account_name() == name)
        };
        // A controller of Kubernetes creates `default`.
        if name != "default" && inventory.workloads_in(namespace).iter().any(makes_it) {
            return Self::MadeByOperator;
        }
        if inventory.gaps().iter().any(|gap| gap.may_hide_service_account(namespace)) {
            return Self::Unread;
        }
        if name == "default" { Self::Implied } else { Self::Missing }
    }
}

impl<'a> WalkedBinding<'a> {
    fn new(authorizer: &'a Authorizer, bound: &BoundRole<'a>) -> Self {
        let BoundRole { binding, subject, role } = *bound;
        let via = match subject.kind {
            SubjectKind::ServiceAccount => Via::ServiceAccount,
            SubjectKind::Group => Via::Group(&subject.name),
            SubjectKind::User | SubjectKind::Other(_) => Via::User,
        };
        Self { binding, subject, via, role: RoleState::new(authorizer, binding, role) }
    }

    /// Returns whether this is one of the default bindings that grant the same, such as discovery,
    /// to everyone or every ServiceAccount.
    pub fn is_default_for_everyone(&self) -> bool {
        let is_bootstrapped = || {
            let label = self.binding.metadata.label("kubernetes.io/bootstrapping");
            label.is_some_and(|value| &**value == "rbac-defaults")
        };
        matches!(
            self.via,
            Via::Group(
                "system:authenticated" | "system:unauthenticated" | "system:serviceaccounts"
            )
        ) && is_bootstrapped()
    }
}

impl<'a> RoleState<'a> {
    /// Distinguishes a role that does not exist from one that could not be read.
    pub(crate) fn new(
        authorizer: &'a Authorizer,
        binding: &Binding,
        role: Result<&'a Role, Problem<'_>>,
    ) -> Self {
        let gaps = authorizer.inventory().gaps();
        match role {
            Ok(role) => Self::Found(role),
            Err(Problem::UnsupportedRoleKind { .. }) => Self::Unsupported,
            Err(Problem::RoleNotFound { .. })
                if gaps.iter().any(|gap| gap.may_hide_role_of(binding)) =>
            {
                Self::Unread
            }
            Err(Problem::RoleNotFound { .. }) => Self::NotFound,
        }
    }
}
