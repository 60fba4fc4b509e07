//! The requests that rows ask about, and the rules that allow them.

use std::borrow::Cow;
use std::collections::HashMap;

use rolecall_rbac::{PolicyRule, Request, ResourceRequest, Text};
use rustc_hash::FxBuildHasher;

use crate::names::Names;

/// A resource that rows ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Resource {
    Token,
    Pods,
    Deployments,
    StatefulSets,
    DaemonSets,
    ReplicaSets,
    ReplicationControllers,
    CronJobs,
    Jobs,
    Exec,
    Attach,
    EphemeralContainers,
    Secrets,
    Accounts,
    RoleBindings,
    Roles,
    ClusterRoles,
    Namespaces,
    ConfigMaps,
    Users,
    Groups,
    ClusterRoleBindings,
    CertificateRequests,
    Approvals,
    Signers,
    NodeProxy,
    Webhooks,
    Policies,
    PolicyBindings,
    ApiServices,
    CustomDefinitions,
    PersistentVolumes,
    LimitedAccounts,
    LimitedUsers,
    LimitedGroups,
    LimitedNodes,
}

use Resource as R;

/// The verbs that rows ask about; on the resources of constrained impersonation, `Impersonate` is
/// the verb of the mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Verb {
    Create,
    Update,
    Patch,
    Get,
    List,
    Watch,
    Impersonate,
    Bind,
    Escalate,
    Approve,
}

use Verb as V;

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const AUTHENTICATION: &str = "authentication.k8s.io";

/// The API group, plural, subresource and verbs of each resource, in the order of [`Resource`].
const TABLE: [(Resource, &str, &str, &str, &[Verb]); 36] = [
    (R::Token, "", "serviceaccounts", "token", &[V::Create]),
    (R::Pods, "", "pods", "", &[V::Create, V::Update, V::Patch]),
    (R::Deployments, "apps", "deployments", "", &[V::Create, V::Update, V::Patch]),
    (R::StatefulSets, "apps", "statefulsets", "", &[V::Create, V::Update, V::Patch]),
    (R::DaemonSets, "apps", "daemonsets", "", &[V::Create, V::Update, V::Patch]),
    (R::ReplicaSets, "apps", "replicasets", "", &[V::Create, V::Update, V::Patch]),
    (
        R::ReplicationControllers,
        "",
        "replicationcontrollers",
        "",
        &[V::Create, V::Update, V::Patch],
    ),
    (R::CronJobs, "batch", "cronjobs", "", &[V::Create, V::Update, V::Patch]),
    (R::Jobs, "batch", "jobs", "", &[V::Create, V::Patch]),
    (R::Exec, "", "pods", "exec", &[V::Create, V::Get]),
    (R::Attach, "", "pods", "attach", &[V::Create, V::Get]),
    (R::EphemeralContainers, "", "pods", "ephemeralcontainers", &[V::Update, V::Patch]),
    (R::Secrets, "", "secrets", "", &[V::Create, V::Patch, V::Get, V::List, V::Watch]),
    (R::Accounts, "", "serviceaccounts", "", &[V::Impersonate]),
    (R::RoleBindings, RBAC, "rolebindings", "", &[V::Create, V::Update, V::Patch]),
    (R::Roles, RBAC, "roles", "", &[V::Create, V::Update, V::Patch, V::Bind, V::Escalate]),
    (
        R::ClusterRoles,
        RBAC,
        "clusterroles",
        "",
        &[V::Create, V::Update, V::Patch, V::Bind, V::Escalate],
    ),
    (R::Namespaces, "", "namespaces", "", &[V::Update, V::Patch]),
    (R::ConfigMaps, "", "configmaps", "", &[V::Update, V::Patch]),
    (R::Users, "", "users", "", &[V::Impersonate]),
    (R::Groups, "", "groups", "", &[V::Impersonate]),
    (R::ClusterRoleBindings, RBAC, "clusterrolebindings", "", &[V::Create, V::Update, V::Patch]),
    (
        R::CertificateRequests,
        CERTIFICATES,
        "certificatesigningrequests",
        "",
        &[V::Create, V::Patch],
    ),
    (R::Approvals, CERTIFICATES, "certificatesigningrequests", "approval", &[V::Update, V::Patch]),
    (R::Signers, CERTIFICATES, "signers", "", &[V::Approve]),
    (R::NodeProxy, "", "nodes", "proxy", &[V::Get, V::Create]),
    (
        R::Webhooks,
        ADMISSION,
        "mutatingwebhookconfigurations",
        "",
        &[V::Create, V::Update, V::Patch],
    ),
    (R::Policies, ADMISSION, "mutatingadmissionpolicies", "", &[V::Create, V::Update, V::Patch]),
    (
        R::PolicyBindings,
        ADMISSION,
        "mutatingadmissionpolicybindings",
        "",
        &[V::Create, V::Update, V::Patch],
    ),
    (
        R::ApiServices,
        "apiregistration.k8s.io",
        "apiservices",
        "",
        &[V::Create, V::Update, V::Patch],
    ),
    (
        R::CustomDefinitions,
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "",
        &[V::Create, V::Update, V::Patch],
    ),
    (R::PersistentVolumes, "", "persistentvolumes", "", &[V::Create, V::Patch]),
    (R::LimitedAccounts, AUTHENTICATION, "serviceaccounts", "", &[V::Impersonate]),
    (R::LimitedUsers, AUTHENTICATION, "users", "", &[V::Impersonate]),
    (R::LimitedGroups, AUTHENTICATION, "groups", "", &[V::Impersonate]),
    (R::LimitedNodes, AUTHENTICATION, "nodes", "", &[V::Impersonate]),
];

/// The number of verbs.
const VERBS: usize = 10;

/// The kinds of objects that create Pods, and whether their Pod template can be changed.
pub(crate) const WORKLOADS: [(Resource, &str, &str); 7] = [
    (R::Deployments, "apps", "Deployment"),
    (R::StatefulSets, "apps", "StatefulSet"),
    (R::DaemonSets, "apps", "DaemonSet"),
    (R::ReplicaSets, "apps", "ReplicaSet"),
    (R::ReplicationControllers, "", "ReplicationController"),
    (R::CronJobs, "batch", "CronJob"),
    (R::Jobs, "batch", "Job"),
];

/// The mode in which a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mode {
    /// As oneself.
    Direct,
    /// As an impersonated ServiceAccount, with rights that are limited to some verbs.
    Account,
    /// As an impersonated user, with such rights.
    User,
    /// As an impersonated node, with such rights.
    Node,
}

impl Mode {
    /// The modes of constrained impersonation.
    pub(crate) const LIMITED: [Self; 3] = [Self::Account, Self::User, Self::Node];

    /// Returns the mode's name in verbs.
    fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "",
            Self::Account => "serviceaccount",
            Self::User => "user-info",
            Self::Node => "arbitrary-node",
        }
    }
}

/// The number of a need.
pub(crate) type NeedId = u16;

/// A verb on a resource, in a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Need {
    pub(crate) mode: Mode,
    pub(crate) resource: Resource,
    pub(crate) verb: Verb,
}

impl Need {
    /// Returns the need to make a request as oneself.
    pub(crate) const fn new(resource: Resource, verb: Verb) -> Self {
        Self { mode: Mode::Direct, resource, verb }
    }

    pub(crate) const fn id(self) -> NeedId {
        ((self.mode as usize * TABLE.len() + self.resource as usize) * VERBS + self.verb as usize)
            as NeedId
    }

    /// Returns whether a need with this number is only useful together with others that the same
    /// identity must meet.
    pub(crate) fn is_joint(id: NeedId) -> bool {
        let id = usize::from(id);
        let (mode, resource) = (id / VERBS / TABLE.len(), id / VERBS % TABLE.len());
        let resource = TABLE.get(resource).map(|row| row.0);
        mode != Mode::Direct as usize
            || resource.is_some_and(|resource| {
                matches!(
                    resource,
                    R::RoleBindings
                        | R::Roles
                        | R::ClusterRoles
                        | R::ClusterRoleBindings
                        | R::Approvals
                        | R::Signers
                        | R::Users
                        | R::Groups
                        | R::Accounts
                        | R::LimitedAccounts
                        | R::LimitedUsers
                        | R::LimitedGroups
                        | R::LimitedNodes
                )
            })
    }

    /// Returns the verb as rules write it.
    pub(crate) fn verb(self) -> Cow<'static, str> {
        let verb = match self.verb {
            V::Create => "create",
            V::Update => "update",
            V::Patch => "patch",
            V::Get => "get",
            V::List => "list",
            V::Watch => "watch",
            V::Bind => "bind",
            V::Escalate => "escalate",
            V::Approve => "approve",
            V::Impersonate => match self.resource {
                R::LimitedAccounts => "impersonate:serviceaccount",
                R::LimitedUsers | R::LimitedGroups => "impersonate:user-info",
                R::LimitedNodes => "impersonate:arbitrary-node",
                _ => "impersonate",
            },
        };
        match self.mode {
            Mode::Direct => verb.into(),
            mode => format!("impersonate-on:{}:{verb}", mode.as_str()).into(),
        }
    }

    /// Returns the request for the object of a name, which can be empty.
    pub(crate) fn request(self, namespace: &str, name: &str) -> Request {
        let (_, group, resource, subresource, _) = self.resource.row();
        let target = ResourceRequest {
            namespace: namespace.into(),
            group: group.into(),
            resource: resource.into(),
            subresource: subresource.into(),
            name: name.into(),
        };
        Request::resource(&*self.verb(), target)
    }
}

impl Resource {
    /// Returns all resources.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    fn row(self) -> (Self, &'static str, &'static str, &'static str, &'static [Verb]) {
        let found = TABLE.get(self as usize).copied();
        found.unwrap_or((self, "", "", "", &[]))
    }
}

/// Matches rules to needs.
#[derive(Debug)]
pub(crate) struct NeedIndex {
    /// The resources by the texts of rules that match them, without `*`.
    by_text: HashMap<String, Vec<Resource>, FxBuildHasher>,
}

/// The needs that one rule meets.
#[derive(Clone, Debug)]
pub(crate) struct RuleNeeds {
    /// The position of the rule in its role.
    pub(crate) rule: usize,
    /// The needs.
    pub(crate) needs: Box<[NeedId]>,
    /// The names for which it meets them.
    pub(crate) names: Names,
}

impl RuleNeeds {
    /// Returns whether the rule meets a need that must be met together with others by the same
    /// identity.
    pub(crate) fn is_joint(&self) -> bool {
        !self.names.any || self.needs.iter().any(|need| Need::is_joint(*need)) || self.applies()
    }

    /// Returns whether the rule allows one half of creating objects by server-side apply.
    fn applies(&self) -> bool {
        Resource::all().any(|resource| {
            let has = |verb| self.needs.contains(&Need::new(resource, verb).id());
            has(Verb::Create) != has(Verb::Patch)
        })
    }
}

impl NeedIndex {
    pub(crate) fn new() -> Self {
        let mut by_text: HashMap<String, Vec<Resource>, FxBuildHasher> = HashMap::default();
        for (resource, _, plural, subresource, _) in TABLE {
            if subresource.is_empty() {
                by_text.entry(plural.to_owned()).or_default().push(resource);
                continue;
            }
            by_text.entry(format!("{plural}/{subresource}")).or_default().push(resource);
            by_text.entry(format!("*/{subresource}")).or_default().push(resource);
        }
        Self { by_text }
    }

    /// Returns the needs in some modes that a rule meets; `None` if it meets none.
    pub(crate) fn of(
        &self,
        rule: &PolicyRule,
        position: usize,
        modes: &[Mode],
    ) -> Option<RuleNeeds> {
        let has = |texts: &[Text], wanted: &str| texts.iter().any(|text| **text == *wanted);
        let mut resources: Vec<Resource> = Vec::new();
        if has(&rule.resources, "*") {
            resources.extend(TABLE.iter().map(|row| row.0));
        } else {
            let found = rule.resources.iter().filter_map(|text| self.by_text.get(&**text));
            resources.extend(found.flatten().copied());
        }
        if resources.is_empty() {
            return None;
        }
        let (any_group, any_verb) = (has(&rule.api_groups, "*"), has(&rule.verbs, "*"));
        let mut needs = Vec::new();
        for resource in resources {
            let (_, group, _, _, verbs) = resource.row();
            if !any_group && !has(&rule.api_groups, group) {
                continue;
            }
            for mode in modes {
                for verb in verbs {
                    let need = Need { mode: *mode, resource, verb: *verb };
                    let is_asked = *mode == Mode::Direct || (*verb as usize) <= V::Watch as usize;
                    if is_asked && (any_verb || has(&rule.verbs, &need.verb())) {
                        needs.push(need.id());
                    }
                }
            }
        }
        needs.sort_unstable();
        needs.dedup();
        (!needs.is_empty()).then(|| RuleNeeds {
            rule: position,
            needs: needs.into(),
            names: Names::of(rule),
        })
    }
}

/// Returns whether a rule allows every verb on every resource in every group.
pub(crate) fn is_everything(rule: &PolicyRule) -> bool {
    let star = |texts: &[Text]| texts.iter().any(|text| &**text == "*");
    star(&rule.verbs)
        && star(&rule.api_groups)
        && star(&rule.resources)
        && rule.resource_names.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_resources() {
        for (position, (resource, ..)) in TABLE.iter().enumerate() {
            assert_eq!(*resource as usize, position);
        }
    }
}
