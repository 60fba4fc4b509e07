//! From a role to its holders: the walk in reverse.

use std::collections::BTreeSet;

use rolecall_rbac::{
    Authorizer, Binding, Gap, Identity, Role, RoleKind, ServiceAccount, ServiceAccountName,
    Subject, SubjectKind, Unread,
};

use crate::account::Account;
use crate::walk::{SpecKey, Walk, WalkIndex};

/// A Role, or a ClusterRole when its namespace is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// The name.
    pub name: &'a str,
}

/// The holders of some roles, and their Pods.
#[derive(Clone, Debug, Default)]
pub struct Holders<'a> {
    /// The roles, in the requested order.
    pub roles: Vec<HeldRole<'a>>,
    /// The Pods of the ServiceAccounts among the holders; [`Holder::pods`] contains positions in
    /// it.
    pub walk: Walk<'a>,
    /// The gaps that can hide more bindings of the roles, or Pods.
    pub gaps: Vec<Gap>,
}

/// A role and its bindings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRole<'a> {
    /// The role's namespace and name.
    pub name: RoleName<'a>,
    /// The role; `None` if bindings refer to it but it does not exist.
    pub role: Option<&'a Role>,
    /// The ClusterRoles that aggregate this one and therefore contain its rules.
    pub included_in: Vec<&'a Role>,
    /// Its bindings, ClusterRoleBindings first, each kind sorted by namespace and name.
    pub bindings: Vec<HeldBinding<'a>>,
}

/// A binding of a role, and its recipients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBinding<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// Its subjects, in their written order.
    pub holders: Vec<Holder<'a>>,
}

/// A subject of a binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder<'a> {
    /// The subject as written.
    pub subject: &'a Subject,
    /// The recipient of the grant.
    pub recipient: Recipient<'a>,
    /// The Pods of the ServiceAccount, by position among the walk's Pods; empty for groups, whose
    /// Pods are only counted.
    pub pods: Vec<usize>,
}

/// The recipient of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient<'a> {
    /// A ServiceAccount, named as such or by its user name.
    ServiceAccount {
        /// Its namespace and name.
        name: ServiceAccountName<'a>,
        /// The state of the ServiceAccount.
        account: Account<'a>,
    },
    /// A user.
    User,
    /// A group, and the ServiceAccounts in it.
    Group {
        /// The known ServiceAccounts.
        members: &'a [ServiceAccount],
        /// The number of Pods and pod templates that use them.
        pods: usize,
    },
    /// Nobody: a ServiceAccount without namespace in a ClusterRoleBinding, or an unknown kind.
    Nobody,
}

/// Returns the holders of roles, existing or not, and for each of `bindings` the holders of its
/// role through that binding only. The result is empty if both lists are.
pub fn holders<'a>(
    authorizer: &'a Authorizer,
    names: &[RoleName<'a>],
    bindings: &[&'a Binding],
) -> Holders<'a> {
    if names.is_empty() && bindings.is_empty() {
        return Holders::default();
    }
    let index = WalkIndex::new(authorizer);
    let named = names.iter().map(|name| HeldRole::new(authorizer, &index, *name));
    let through = bindings.iter().map(|binding| HeldRole::through(authorizer, &index, binding));
    let mut roles: Vec<HeldRole<'a>> = named.chain(through).collect();
    let mut accounts: BTreeSet<ServiceAccountName<'a>> = BTreeSet::new();
    for holder in holders_of(&mut roles) {
        if let Recipient::ServiceAccount { name, .. } = holder.recipient {
            accounts.insert(name);
        }
    }
    let mut specs: Vec<SpecKey> = accounts
        .iter()
        .flat_map(|account| index.run_as(account.namespace, account.name))
        .copied()
        .collect();
    // The walk keeps this order, so a key's rank is its Pod's position. Accounts do not share Pods,
    // so keys are unique.
    specs.sort_unstable();
    let identities = accounts
        .iter()
        .map(|account| Identity::service_account(account.namespace, account.name))
        .collect();
    for holder in holders_of(&mut roles) {
        if let Recipient::ServiceAccount { name, .. } = holder.recipient {
            let run_as = index.run_as(name.namespace, name.name);
            holder.pods = run_as.iter().filter_map(|key| specs.binary_search(key).ok()).collect();
        }
    }
    let walk = index.walk(specs, identities);
    let gaps = gaps(authorizer, &roles, &walk);
    Holders { roles, walk, gaps }
}

fn holders_of<'r, 'a>(roles: &'r mut [HeldRole<'a>]) -> impl Iterator<Item = &'r mut Holder<'a>> {
    roles.iter_mut().flat_map(|role| &mut role.bindings).flat_map(|binding| &mut binding.holders)
}

impl<'a> HeldRole<'a> {
    fn new(authorizer: &'a Authorizer, index: &WalkIndex<'a>, name: RoleName<'a>) -> Self {
        let inventory = authorizer.inventory();
        let role = inventory.role(name.namespace, name.name);
        let included_in = role
            .filter(|role| role.is_cluster_role())
            .into_iter()
            .flat_map(|role| {
                inventory.roles().iter().filter(move |other| {
                    other.metadata.name != role.metadata.name
                        && other.aggregation.as_ref().is_some_and(|aggregation| {
                            aggregation.selectors.iter().any(|s| s.matches(&role.metadata))
                        })
                })
            })
            .collect();
        let bindings = authorizer
            .bindings_to(name.namespace, name.name)
            .into_iter()
            .map(|binding| HeldBinding::new(authorizer, index, binding))
            .collect();
        Self { name, role, included_in, bindings }
    }

    /// Returns the role of a binding, held through this binding only.
    fn through(authorizer: &'a Authorizer, index: &WalkIndex<'a>, binding: &'a Binding) -> Self {
        let namespace = match binding.role_ref.kind {
            RoleKind::Role => &*binding.metadata.namespace,
            RoleKind::ClusterRole | RoleKind::Other(_) => "",
        };
        let name = RoleName { namespace, name: &binding.role_ref.name };
        let is_role = !matches!(binding.role_ref.kind, RoleKind::Other(_));
        let inventory = authorizer.inventory();
        Self {
            name,
            role: inventory.role(namespace, name.name).filter(|_| is_role),
            included_in: Vec::new(),
            bindings: vec![HeldBinding::new(authorizer, index, binding)],
        }
    }
}

impl<'a> HeldBinding<'a> {
    fn new(authorizer: &'a Authorizer, index: &WalkIndex<'a>, binding: &'a Binding) -> Self {
        let holders = binding.subjects.iter().map(|subject| Holder {
            subject,
            recipient: Recipient::new(authorizer, index, binding, subject),
            pods: Vec::new(),
        });
        Self { binding, holders: holders.collect() }
    }
}

impl<'a> Recipient<'a> {
    fn new(
        authorizer: &'a Authorizer,
        index: &WalkIndex<'a>,
        binding: &'a Binding,
        subject: &'a Subject,
    ) -> Self {
        let account = |name: ServiceAccountName<'a>| Self::ServiceAccount {
            name,
            account: Account::find(authorizer, name),
        };
        match subject.kind {
            SubjectKind::ServiceAccount => {
                let namespace = subject.effective_namespace(&binding.metadata);
                namespace.map_or(Self::Nobody, |namespace| {
                    account(ServiceAccountName { namespace, name: &subject.name })
                })
            }
            SubjectKind::User => {
                ServiceAccountName::parse(&subject.name).map_or(Self::User, account)
            }
            SubjectKind::Group => {
                let members = authorizer.members(&subject.name);
                let pods = index.count_run_as_member_of(&subject.name);
                Self::Group { members, pods }
            }
            SubjectKind::Other(_) => Self::Nobody,
        }
    }
}

/// Returns the gaps that can hide a binding of the roles, a role, or a Pod of their holders.
fn gaps(authorizer: &Authorizer, roles: &[HeldRole<'_>], walk: &Walk<'_>) -> Vec<Gap> {
    authorizer
        .inventory()
        .gaps()
        .iter()
        .filter(|gap| {
            walk.gaps.contains(gap)
                || roles.iter().any(|held| {
                    let namespace = held.name.namespace;
                    // A ClusterRole can be bound in any namespace, a Role only in its own.
                    (namespace.is_empty() && gap.may_hide_any_binding())
                        || (!namespace.is_empty() && may_hide_role_binding(gap, namespace))
                        || (held.role.is_none() && gap.may_hide_role(namespace, held.name.name))
                })
        })
        .cloned()
        .collect()
}

fn may_hide_role_binding(gap: &Gap, namespace: &str) -> bool {
    matches!(gap.unread, Unread::Anything)
        || (gap.may_hide_binding(namespace) && !gap.may_hide_binding(""))
}

impl RoleName<'_> {
    /// Returns `Role` or `ClusterRole`.
    pub fn kind(&self) -> &'static str {
        if self.namespace.is_empty() { "ClusterRole" } else { "Role" }
    }
}
