//! Walks from Pods to rules, and from roles to subjects.

mod order;

use std::collections::BTreeMap;
use std::io;

use rolecall_rbac::{Binding, Gap, Role, RoleKind};
use rolecall_walk::{
    Account, HeldBinding, HeldRole, Holder, Holders, OwnerLink, Recipient, RoleName, RoleState,
    Via, Walk, WalkedBinding, WalkedIdentity, WalkedPod,
};
use serde::Serialize;

use super::document::{Document, Each, Fields, Section, is_zero};
use super::{ObjectReference, RuleDetails, TextList};
use crate::resolved::label;

/// The output of `walk`: each object once, with references between them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct AccessWalk<'a> {
    /// Pods, and the templates of workloads without Pods.
    pods: Each<'a, &'a WalkedPod<'a>, PodDetails<'a>>,
    /// The default bindings of all users, which apply to each subject with the group.
    default_bindings: Each<'a, (&'a Binding, &'a str), DefaultBindingDetails>,
    /// The subjects of the Pods and of the arguments.
    subjects: Each<'a, &'a WalkedIdentity<'a>, SubjectDetails<'a>>,
    /// The bindings of the subjects and of the roles in the arguments.
    bindings: Each<'a, &'a Binding, BindingDetails<'a>>,
    /// The roles of the bindings and of the arguments.
    roles: Each<'a, WalkedRole<'a>, RoleDetails<'a>>,
    /// The subjects of the roles in the arguments.
    holders: Each<'a, &'a HeldRole<'a>, HeldRoleDetails<'a>>,
    /// Gaps that could add to the result.
    gaps: Vec<String>,
    /// The number of records that `--limit` leaves out.
    #[serde(skip_serializing_if = "is_zero")]
    omitted: usize,
}

/// A Pod, which refers to its subject.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PodDetails<'a> {
    /// A Pod, or a workload that will create Pods.
    #[serde(flatten)]
    pod: ObjectReference<'a>,
    /// The path of the template in the workload; absent for a Pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a str>,
    /// The owners, the direct one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owners: Vec<OwnerDetails<'a>>,
    /// Null for a static Pod, which has no identity.
    service_account: Option<&'a str>,
    /// The `subject` among the subjects; null for a static Pod.
    subject: Option<String>,
    token_mounted: TokenDetails<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OwnerDetails<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    api_group: &'a str,
    name: &'a str,
    /// Whether the owner itself was read.
    read: bool,
}

#[derive(Debug, Serialize)]
struct TokenDetails<'a> {
    /// Null if it depends on a ServiceAccount that was not read.
    value: Option<bool>,
    because: &'static str,
    /// The containers with a token.
    containers: Vec<&'a str>,
}

/// A binding.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BindingDetails<'a> {
    id: String,
    #[serde(flatten)]
    binding: ObjectReference<'a>,
    /// The `id` of its role.
    role: String,
}

/// A subject and its bindings.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SubjectDetails<'a> {
    subject: String,
    user: &'a str,
    groups: TextList<'a>,
    /// Whether the ServiceAccount exists; null if unknown, and for users and groups.
    exists: Option<bool>,
    bindings: Vec<BoundDetails>,
}

/// A default binding of all users.
#[derive(Debug, Serialize)]
struct DefaultBindingDetails {
    /// The `id` of the binding.
    binding: String,
    /// The group that it names.
    group: String,
}

/// A binding of a subject.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BoundDetails {
    /// The `id` of the binding.
    binding: String,
    /// The matching subject in the binding, in the notation of `--for`; absent for the subject itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// The kind of match: `ServiceAccount`, `User` or `Group`.
    via: &'static str,
}

/// A role and its rules.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleDetails<'a> {
    id: String,
    #[serde(flatten)]
    role: ObjectReference<'a>,
    /// `found`, `not-found`, `unsupported` or `unread`.
    state: &'static str,
    rules: Vec<RuleDetails<'a>>,
}

/// The subjects of a role.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HeldRoleDetails<'a> {
    /// The `id` of the role.
    role: String,
    /// The ClusterRoles that aggregate this one.
    included_in: Vec<ObjectReference<'a>>,
    bindings: Vec<HeldBindingDetails<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HeldBindingDetails<'a> {
    /// The `id` of the binding.
    binding: String,
    subjects: Vec<HolderDetails<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HolderDetails<'a> {
    #[serde(flatten)]
    subject: ObjectReference<'a>,
    /// The ServiceAccount; null for users, groups, and subjects that match nothing.
    service_account: Option<ObjectReference<'a>>,
    exists: Option<bool>,
    /// The Pods that run as the ServiceAccount.
    pods: Vec<PodReference<'a>>,
    /// For a group of ServiceAccounts, the number of these and of their Pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<MemberCounts>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberCounts {
    service_accounts: usize,
    pods: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PodReference<'a> {
    #[serde(flatten)]
    pod: ObjectReference<'a>,
    owners: Vec<OwnerDetails<'a>>,
}

/// A role by name, as a binding or an argument refers to it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct WalkedRole<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    role: Option<&'a Role>,
    state: &'static str,
}

impl<'a> WalkedRole<'a> {
    fn of_binding(binding: &'a Binding, state: RoleState<'a>) -> Self {
        let (role, state) = match state {
            RoleState::Found(role) => (Some(role), "found"),
            RoleState::NotFound => (None, "not-found"),
            RoleState::Unsupported => (None, "unsupported"),
            RoleState::Unread => (None, "unread"),
        };
        let (kind, namespace, name) = role_named_by(binding);
        Self { kind, namespace, name, role, state }
    }

    fn of_argument(held: &HeldRole<'a>) -> Self {
        let RoleName { namespace, name, .. } = held.name;
        let state = if held.role.is_some() { "found" } else { "not-found" };
        Self { kind: held.name.kind(), namespace, name, role: held.role, state }
    }
}

/// Returns the kind, namespace and name of the role that a binding refers to.
fn role_named_by(binding: &Binding) -> (&str, &str, &str) {
    let role_ref = &binding.role_ref;
    // The namespace of the role, even if it does not exist.
    let namespace = match role_ref.kind {
        RoleKind::Role => &*binding.metadata.namespace,
        RoleKind::ClusterRole | RoleKind::Other(_) => "",
    };
    (role_ref.kind.as_str(), namespace, &role_ref.name)
}

/// Returns the `id` of an object, such as `Role shop/web` or `ClusterRole view`.
fn id(kind: &str, namespace: &str, name: &str) -> String {
    let mut id = String::with_capacity(kind.len() + namespace.len() + name.len() + 2);
    id.push_str(kind);
    id.push(' ');
    if !namespace.is_empty() {
        id.push_str(namespace);
        id.push('/');
    }
    id.push_str(name);
    id
}

fn id_of_binding(binding: &Binding) -> String {
    id(binding.kind(), &binding.metadata.namespace, &binding.metadata.name)
}

impl<'a> AccessWalk<'a> {
    /// Copies a walk, and the subjects of roles.
    pub(crate) fn new(walk: &'a Walk<'a>, holders: &'a Holders<'a>) -> Self {
        let mut gaps: Vec<&Gap> = walk.gaps.iter().chain(&holders.gaps).collect();
        gaps.sort();
        gaps.dedup();
        let walked = || walk.identities.iter().flat_map(|walked| &walked.bindings);
        let held = || holders.roles.iter().flat_map(|role| &role.bindings);
        let bindings: BTreeMap<(&str, &str), &Binding> = walked()
            .map(|bound| bound.binding)
            .chain(held().map(|held| held.binding))
            .map(|binding| ((&*binding.metadata.namespace, &*binding.metadata.name), binding))
            .collect();
        let roles: BTreeMap<(&str, &str, &str), WalkedRole<'a>> = walked()
            .map(|bound| WalkedRole::of_binding(bound.binding, bound.role))
            .chain(holders.roles.iter().map(WalkedRole::of_argument))
            .map(|role| ((role.namespace, role.kind, role.name), role))
            .collect();
        let default_bindings: BTreeMap<(&str, &str), (&Binding, &str)> = walked()
            .filter(|bound| bound.is_default_for_everyone())
            .filter_map(|bound| match bound.via {
                Via::Group(group) => Some((bound.binding, group)),
                Via::ServiceAccount | Via::User => None,
            })
            .map(|(binding, group)| ((&*binding.metadata.name, group), (binding, group)))
            .collect();
        Self {
            default_bindings: Each::new(default_bindings.into_values(), |(binding, group)| {
                DefaultBindingDetails { binding: id_of_binding(binding), group: group.to_owned() }
            }),
            pods: Each::new(&walk.pods, |pod| PodDetails::new(walk, pod)),
            subjects: Each::new(&walk.identities, SubjectDetails::new),
            bindings: Each::new(bindings.into_values(), BindingDetails::new),
            roles: Each::new(roles.into_values(), RoleDetails::new),
            holders: Each::new(&holders.roles, |role| HeldRoleDetails::new(holders, role)),
            gaps: gaps.into_iter().map(ToString::to_string).collect(),
            omitted: 0,
        }
    }
}

impl Document for AccessWalk<'_> {
    const KIND: &'static str = "AccessWalk";

    fn sections(&self) -> Vec<Section<'_>> {
        vec![
            Section { key: "pods", record: "pod", list: &self.pods },
            Section {
                key: "defaultBindings",
                record: "defaultBinding",
                list: &self.default_bindings,
            },
            Section { key: "subjects", record: "subject", list: &self.subjects },
            Section { key: "bindings", record: "binding", list: &self.bindings },
            Section { key: "roles", record: "role", list: &self.roles },
            Section { key: "holders", record: "holders", list: &self.holders },
        ]
    }

    fn tail(&self, fields: &mut Fields) -> io::Result<()> {
        fields.add("gaps", &self.gaps)?;
        match self.omitted {
            0 => Ok(()),
            omitted => fields.add("omitted", &omitted),
        }
    }
}

impl<'a> PodDetails<'a> {
    fn new(walk: &'a Walk<'a>, pod: &'a WalkedPod<'a>) -> Self {
        let walked = pod.identity.and_then(|identity| walk.identities.get(identity));
        let token = pod.token();
        Self {
            pod: ObjectReference::new(&pod.workload.kind, &pod.workload.metadata),
            template: (!pod.is_pod()).then_some(&*pod.spec.path),
            owners: owners(&pod.owners()),
            service_account: walked.map(|_| pod.spec.service_account_name()),
            subject: walked.map(|walked| label(&walked.identity)),
            token_mounted: TokenDetails {
                value: token.mounted,
                because: token.reason.as_str(),
                containers: token.containers,
            },
        }
    }
}

impl<'a> SubjectDetails<'a> {
    fn new(walked: &'a WalkedIdentity<'a>) -> Self {
        Self {
            subject: label(&walked.identity),
            user: &walked.identity.user,
            groups: TextList(&walked.identity.groups),
            exists: exists(walked.account),
            bindings: walked
                .bindings
                .iter()
                .filter(|bound| !bound.is_default_for_everyone())
                .map(|bound| BoundDetails::new(bound, &label(&walked.identity)))
                .collect(),
        }
    }
}

impl BoundDetails {
    fn new(bound: &WalkedBinding<'_>, holder: &str) -> Self {
        let WalkedBinding { binding, subject, via, .. } = bound;
        let subject = subject.notation(&binding.metadata);
        Self {
            binding: id_of_binding(binding),
            subject: Some(subject).filter(|subject| subject != holder),
            via: match via {
                Via::ServiceAccount => "ServiceAccount",
                Via::User => "User",
                Via::Group(_) => "Group",
            },
        }
    }
}

impl<'a> BindingDetails<'a> {
    fn new(binding: &'a Binding) -> Self {
        let (kind, namespace, name) = role_named_by(binding);
        Self {
            id: id_of_binding(binding),
            binding: ObjectReference::binding(binding),
            role: id(kind, namespace, name),
        }
    }
}

impl<'a> RoleDetails<'a> {
    fn new(walked: WalkedRole<'a>) -> Self {
        let WalkedRole { kind, namespace, name, role, state } = walked;
        Self {
            id: id(kind, namespace, name),
            role: match role {
                Some(role) => ObjectReference::role(role),
                None => ObjectReference::named(kind, namespace, name),
            },
            state,
            rules: role.map(rules).unwrap_or_default(),
        }
    }
}

impl<'a> HeldRoleDetails<'a> {
    fn new(holders: &'a Holders<'a>, held: &'a HeldRole<'a>) -> Self {
        Self {
            role: id(held.name.kind(), held.name.namespace, held.name.name),
            included_in: held.included_in.iter().map(|role| ObjectReference::role(role)).collect(),
            bindings: held
                .bindings
                .iter()
                .map(|held| HeldBindingDetails::new(holders, held))
                .collect(),
        }
    }
}

impl<'a> HeldBindingDetails<'a> {
    fn new(holders: &'a Holders<'a>, held: &'a HeldBinding<'a>) -> Self {
        Self {
            binding: id_of_binding(held.binding),
            subjects: held
                .holders
                .iter()
                .map(|holder| HolderDetails::new(&holders.walk, held.binding, holder))
                .collect(),
        }
    }
}

impl<'a> HolderDetails<'a> {
    fn new(walk: &'a Walk<'a>, binding: &'a Binding, holder: &'a Holder<'a>) -> Self {
        let account = match holder.recipient {
            Recipient::ServiceAccount { name, account } => Some((name, account)),
            _ => None,
        };
        let pods = holder.pods.iter().filter_map(|position| walk.pods.get(*position));
        Self {
            subject: ObjectReference::subject(holder.subject, &binding.metadata),
            service_account: account.map(|(name, _)| {
                ObjectReference::named("ServiceAccount", name.namespace, name.name)
            }),
            exists: exists(account.map(|(_, account)| account)),
            pods: pods
                .map(|pod| PodReference {
                    pod: ObjectReference::new(&pod.workload.kind, &pod.workload.metadata),
                    owners: owners(&pod.owners()),
                })
                .collect(),
            members: match holder.recipient {
                Recipient::Group { members, pods } => {
                    Some(MemberCounts { service_accounts: members.len(), pods })
                }
                _ => None,
            },
        }
    }
}

fn owners<'a>(links: &[OwnerLink<'a>]) -> Vec<OwnerDetails<'a>> {
    links
        .iter()
        .map(|OwnerLink { owner, workload }| OwnerDetails {
            kind: &owner.kind,
            api_group: &owner.api_group,
            name: &owner.name,
            read: workload.is_some(),
        })
        .collect()
}

fn rules(role: &Role) -> Vec<RuleDetails<'_>> {
    role.rules.iter().map(RuleDetails::new).collect()
}

/// Returns whether a ServiceAccount exists, if known.
fn exists(account: Option<Account<'_>>) -> Option<bool> {
    match account? {
        Account::Exists(_) | Account::Implied => Some(true),
        Account::Missing => Some(false),
        Account::Unread | Account::MadeByOperator | Account::Template => None,
    }
}
