//! Walks from Pods to rules, and from roles to subjects.

use rolecall_rbac::{Binding, Gap, Role, RoleKind};
use rolecall_walk::{
    Account, HeldBinding, HeldRole, Holder, Holders, OwnerLink, Recipient, RoleState, Via, Walk,
    WalkedBinding, WalkedIdentity, WalkedPod,
};
use serde::Serialize;

use super::{Each, ObjectReference, RuleDetails, TextList};
use crate::resolved::label;

/// The output of `walk`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct AccessWalk<'a> {
    /// Pods, and the templates of workloads without Pods.
    pods: Each<'a, WalkedPod<'a>, PodDetails<'a>>,
    /// The subjects of the Pods and of the arguments, without duplicates.
    subjects: Each<'a, WalkedIdentity<'a>, SubjectDetails<'a>>,
    /// The roles in the arguments, with their subjects.
    roles: Each<'a, HeldRole<'a>, RoleDetails<'a>>,
    /// Gaps that could add to the result.
    gaps: Vec<String>,
}

/// A Pod and its bindings.
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
    owners: Vec<OwnerDetails<'a>>,
    /// Null for a static Pod, which has no identity.
    service_account: Option<&'a str>,
    token_mounted: TokenDetails<'a>,
    bindings: Vec<BindingDetails<'a>>,
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

/// A binding of a subject, with its rules.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BindingDetails<'a> {
    #[serde(flatten)]
    binding: ObjectReference<'a>,
    /// The matching subject in the binding.
    subject: ObjectReference<'a>,
    /// The kind of match: `ServiceAccount`, `User` or `Group`.
    via: &'static str,
    /// Whether it is a default binding for all users.
    everybodys: bool,
    role: ObjectReference<'a>,
    /// `found`, `not-found`, `unsupported` or `unread`.
    role_state: &'static str,
    rules: Vec<RuleDetails<'a>>,
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
    bindings: Vec<BindingDetails<'a>>,
}

/// A role and its subjects.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleDetails<'a> {
    #[serde(flatten)]
    role: ObjectReference<'a>,
    exists: bool,
    rules: Vec<RuleDetails<'a>>,
    /// The ClusterRoles that aggregate this one.
    included_in: Vec<ObjectReference<'a>>,
    bindings: Vec<HeldBindingDetails<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HeldBindingDetails<'a> {
    #[serde(flatten)]
    binding: ObjectReference<'a>,
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

impl<'a> AccessWalk<'a> {
    /// Copies a walk, and the subjects of roles.
    pub(crate) fn new(walk: &'a Walk<'a>, holders: &'a Holders<'a>) -> Self {
        let mut gaps: Vec<&Gap> = walk.gaps.iter().chain(&holders.gaps).collect();
        gaps.sort();
        gaps.dedup();
        Self {
            pods: Each::new(&walk.pods, |pod| PodDetails::new(walk, pod)),
            subjects: Each::new(&walk.identities, SubjectDetails::new),
            roles: Each::new(&holders.roles, |role| RoleDetails::new(holders, role)),
            gaps: gaps.into_iter().map(ToString::to_string).collect(),
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
            token_mounted: TokenDetails {
                value: token.mounted,
                because: token.reason.as_str(),
                containers: token.containers,
            },
            bindings: walked.map(bindings).unwrap_or_default(),
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
            bindings: bindings(walked),
        }
    }
}

impl<'a> RoleDetails<'a> {
    fn new(holders: &'a Holders<'a>, held: &'a HeldRole<'a>) -> Self {
        Self {
            role: match held.role {
                Some(role) => ObjectReference::role(role),
                None => {
                    ObjectReference::named(held.name.kind(), held.name.namespace, held.name.name)
                }
            },
            exists: held.role.is_some(),
            rules: held.role.map(rules).unwrap_or_default(),
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
            binding: ObjectReference::binding(held.binding),
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

fn bindings<'a>(walked: &'a WalkedIdentity<'a>) -> Vec<BindingDetails<'a>> {
    walked.bindings.iter().map(BindingDetails::new).collect()
}

impl<'a> BindingDetails<'a> {
    fn new(bound: &'a WalkedBinding<'a>) -> Self {
        let WalkedBinding { binding, subject, via, role } = bound;
        let role_ref = &binding.role_ref;
        // The namespace of the role, even if it does not exist.
        let namespace = match role_ref.kind {
            RoleKind::Role => &*binding.metadata.namespace,
            RoleKind::ClusterRole | RoleKind::Other(_) => "",
        };
        let missing = ObjectReference::named(role_ref.kind.as_str(), namespace, &role_ref.name);
        let (role, role_state, rules) = match role {
            RoleState::Found(role) => (ObjectReference::role(role), "found", rules(role)),
            RoleState::NotFound => (missing, "not-found", Vec::new()),
            RoleState::Unsupported => (missing, "unsupported", Vec::new()),
            RoleState::Unread => (missing, "unread", Vec::new()),
        };
        Self {
            binding: ObjectReference::binding(binding),
            subject: ObjectReference::subject(subject, &binding.metadata),
            via: match via {
                Via::ServiceAccount => "ServiceAccount",
                Via::User => "User",
                Via::Group(_) => "Group",
            },
            everybodys: bound.is_default_for_everyone(),
            role,
            role_state,
            rules,
        }
    }
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
