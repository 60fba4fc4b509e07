//! Clusters with workloads, one line for each object.
//!
//! ```text
//! Pod shop/web-0 of StatefulSet/web as web +stored
//! ServiceAccount shop/web automount=false
//! Role shop/reader                             ClusterRole reader label=aggregate aggregates=label
//! RoleBinding shop/reader Role/reader ServiceAccount/shop:web Group/dev
//! unread RoleBinding shop
//! ```

use rolecall_rbac::{
    AggregationRule, Authorizer, Binding, Container, Gap, Inventory, InventoryBuilder,
    LabelSelector, Metadata, ObjectKind, Origin, Owner, PodLines, PodSpec, PolicyRule, Role,
    RoleKind, RoleRef, ServiceAccount, Subject, SubjectKind, Texts, TokenVolume, Unread, Workload,
};

/// Builds the evaluator of a cluster.
pub fn authorizer(cluster: &str) -> Authorizer {
    Authorizer::new(inventory(cluster))
}

/// Reads a cluster.
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
        "ServiceAccount" => builder.service_account(ServiceAccount {
            metadata: metadata(),
            automount_token: flag(),
            secrets: Texts::default(),
        }),
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
                    node: after("on").unwrap_or_default().into(),
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
