//! Builds test clusters from text, one line per object, and formats walks.
//!
//! ```text
//! Pod shop/web-0 of StatefulSet/web as web +stored
//! ServiceAccount shop/web automount=false
//! Role shop/reader                             ClusterRole reader label=aggregate aggregates=label
//! RoleBinding shop/reader Role/reader ServiceAccount/shop:web Group/dev
//! unread RoleBinding shop
//! ```

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use std::fmt::Write as _;

use rolecall_rbac::{
    AggregationRule, Authorizer, Binding, Container, Gap, Inventory, InventoryBuilder,
    LabelSelector, Metadata, ObjectKind, Origin, Owner, PodLines, PodSpec, PolicyRule, Role,
    RoleKind, RoleRef, ServiceAccount, Subject, SubjectKind, TokenVolume, Unread, Workload,
};
use rolecall_walk::{Account, RoleState, Via, Walk, WalkedPod};

pub fn authorizer(cluster: &str) -> Authorizer {
    Authorizer::new(inventory(cluster))
}

pub fn inventory(cluster: &str) -> Inventory {
    let mut builder = InventoryBuilder::new();
    for line in cluster.lines().map(str::trim).filter(|line| !line.is_empty()) {
        add(&mut builder, line);
    }
    builder.build()
}

fn add(builder: &mut InventoryBuilder, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let metadata = || {
        let (namespace, name) = words[1].rsplit_once('/').unwrap_or(("", words[1]));
        Metadata { stored: words.contains(&"+stored"), ..Metadata::new(namespace, name) }
    };
    let option = |key: &str| words.iter().find_map(|word| word.strip_prefix(key));
    let flag = || option("automount=").map(|value| value == "true");
    let after = |key: &str| words.iter().position(|word| *word == key).map(|at| words[at + 1]);
    match words[0] {
        "unread" => builder.gap(Gap {
            unread: match words[1] {
                "anything" => Unread::Anything,
                kind => Unread::Kind {
                    kind: ObjectKind::new(kind),
                    namespace: words.get(2).map(|namespace| (*namespace).into()),
                },
            },
            because: "forbidden".into(),
            origin: Origin::Cluster,
        }),
        "ServiceAccount" => builder
            .service_account(ServiceAccount { metadata: metadata(), automount_token: flag() }),
        "Role" | "ClusterRole" => builder.role(Role {
            metadata: Metadata {
                labels: option("label=")
                    .map(|key| (key.into(), "true".into()))
                    .into_iter()
                    .collect(),
                ..metadata()
            },
            rules: [PolicyRule::default()].into(),
            aggregation: option("aggregates=").map(|key| AggregationRule {
                selectors: [LabelSelector {
                    match_labels: [(key.into(), "true".into())].into(),
                    ..LabelSelector::default()
                }]
                .into(),
            }),
        }),
        "RoleBinding" | "ClusterRoleBinding" => {
            let (kind, name) = words[2].split_once('/').unwrap();
            builder.binding(Binding {
                metadata: Metadata {
                    labels: option("label=")
                        .map(|label| ("kubernetes.io/bootstrapping".into(), label.into()))
                        .into_iter()
                        .collect(),
                    ..metadata()
                },
                role_ref: RoleRef {
                    api_group: "rbac.authorization.k8s.io".into(),
                    kind: match kind {
                        "Role" => RoleKind::Role,
                        "ClusterRole" => RoleKind::ClusterRole,
                        other => RoleKind::Other(other.into()),
                    },
                    name: name.into(),
                },
                subjects: words[3..]
                    .iter()
                    .filter(|word| word.contains('/'))
                    .map(subject)
                    .collect(),
            });
        }
        kind => {
            let owner = after("of").map(|owner| {
                let (kind, name) = owner.split_once('/').unwrap();
                Owner { kind: kind.into(), api_group: group(kind).into(), name: name.into() }
            });
            builder.workload(Workload {
                metadata: metadata(),
                kind: kind.into(),
                api_group: group(kind).into(),
                owner,
                pods: [PodSpec {
                    path: ".spec".into(),
                    annotations: [].into(),
                    service_account: after("as").unwrap_or_default().into(),
                    account_is_derived: false,
                    automount_token: flag(),
                    token_volumes: words
                        .iter()
                        .filter_map(|word| word.strip_prefix("token="))
                        .map(token_volume)
                        .collect(),
                    containers: words
                        .iter()
                        .filter_map(|word| word.strip_prefix("container="))
                        .map(container)
                        .collect(),
                    lines: PodLines::default(),
                }]
                .into(),
                mirror: words.contains(&"+mirror"),
            });
        }
    }
}

fn group(kind: &str) -> &'static str {
    match kind {
        "Pod" => "",
        "Job" | "CronJob" => "batch",
        "Rollout" => "argoproj.io",
        _ => "apps",
    }
}

fn subject(word: &&str) -> Subject {
    let (kind, name) = word.split_once('/').unwrap();
    let (namespace, name) = match kind {
        "ServiceAccount" => name.split_once(':').unwrap_or(("", name)),
        _ => ("", name),
    };
    Subject {
        kind: match kind {
            "User" => SubjectKind::User,
            "Group" => SubjectKind::Group,
            "ServiceAccount" => SubjectKind::ServiceAccount,
            other => SubjectKind::Other(other.into()),
        },
        name: name.into(),
        namespace: namespace.into(),
        api_group: "".into(),
    }
}

/// Parses `NAME[:AUDIENCE]@CONTAINER`.
fn token_volume(text: &str) -> TokenVolume {
    let (volume, mounted_by) = text.split_once('@').unwrap_or((text, ""));
    let (name, audience) = volume.split_once(':').unwrap_or((volume, ""));
    TokenVolume {
        name: name.into(),
        audience: audience.into(),
        mounted_by: mounted_by.split(',').filter(|name| !name.is_empty()).map(Into::into).collect(),
    }
}

/// Parses `NAME`, followed by `!` if something is mounted at the token's path.
fn container(text: &str) -> Container {
    let name = text.trim_end_matches('!');
    Container { name: name.into(), covers_token_path: name != text, ..Container::default() }
}

/// Formats a walk, one line per Pod, identity or gap.
pub fn show(walk: &Walk<'_>) -> String {
    let mut text = String::new();
    for pod in &walk.pods {
        writeln!(text, "{}", show_pod(walk, pod)).unwrap();
    }
    for walked in &walk.identities {
        let identity = &walked.identity;
        let account = match &walked.account {
            None => String::new(),
            Some(Account::Exists(_)) => " exists".into(),
            Some(Account::Implied) => " implied".into(),
            Some(Account::MadeByOperator) => " made by its operator".into(),
            Some(Account::Template) => " template".into(),
            Some(Account::Missing) => " missing".into(),
            Some(Account::Unread) => " unread".into(),
        };
        writeln!(
            text,
            "{}{account}",
            if identity.user.is_empty() { &identity.groups[0] } else { &identity.user }
        )
        .unwrap();
        for bound in &walked.bindings {
            let via = match bound.via {
                Via::ServiceAccount => "ServiceAccount".into(),
                Via::User => "User".into(),
                Via::Group(group) => format!("Group {group}"),
            };
            let role = match bound.role {
                RoleState::Found(role) => format!("{} {}", role.kind(), role.metadata.name),
                RoleState::NotFound => format!("{} not found", bound.binding.role_ref.name),
                RoleState::Unsupported => format!("{} unsupported", bound.binding.role_ref.name),
                RoleState::Unread => format!("{} unread", bound.binding.role_ref.name),
            };
            let everybodys = if bound.is_default_for_everyone() { ", everybody's" } else { "" };
            let binding = &bound.binding.metadata;
            writeln!(
                text,
                "  {}/{} via {via}: {role}{everybodys}",
                binding.namespace, binding.name
            )
            .unwrap();
        }
        for gap in &walked.gaps {
            writeln!(text, "  not read: {gap}").unwrap();
        }
    }
    for gap in &walk.gaps {
        writeln!(text, "not read: {gap}").unwrap();
    }
    text
}

fn show_pod(walk: &Walk<'_>, pod: &WalkedPod<'_>) -> String {
    let metadata = &pod.workload.metadata;
    let mut text = format!("{} {}/{}", pod.workload.kind, metadata.namespace, metadata.name);
    for link in &pod.owners() {
        let read = if link.workload.is_some() { "" } else { "?" };
        write!(text, " < {} {}{read}", link.owner.kind, link.owner.name).unwrap();
    }
    match pod.identity {
        Some(identity) => write!(text, " as {}", walk.identities[identity].identity.user).unwrap(),
        None => text.push_str(" as nobody"),
    }
    text
}

/// Formats whether and why a token is mounted, and the containers.
pub fn show_token(pod: &WalkedPod<'_>) -> String {
    let mounted = match pod.token().mounted {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    let reason = pod.token().reason.as_str();
    format!("{mounted} {reason} {}", pod.token().containers.join(",")).trim_end().to_owned()
}
