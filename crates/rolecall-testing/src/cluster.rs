//! Clusters in a compact notation.
//!
//! ```text
//! ClusterRole a: get,list pods; update deployments.apps named web; get /healthz
//! Role blue/b: * *.*
//! one: a -> sa/blue:app, user/jane            a ClusterRoleBinding
//! two: b -> group/dev in blue, red            RoleBindings, to the Role of that name if there is one
//! account: blue/app tier=web                  a ServiceAccount with labels
//! namespace: blue tier=web                    a Namespace with labels
//! deployment: blue/web of app tier=web        a Deployment, its ServiceAccount and labels
//! unread: RoleBinding in blue                 a gap
//! ```

use rolecall_rbac::{
    Binding, Gap, Inventory, InventoryBuilder, Labels, Metadata, Namespace, ObjectKind, Origin,
    PodLines, PodSpec, PolicyRule, Role, RoleKind, RoleRef, ServiceAccount, Subject, SubjectKind,
    Text, Texts, Unread, Workload,
};

/// Parses a cluster; every object's origin is `cluster.yaml` with its line.
pub fn cluster(text: &str) -> Inventory {
    let mut builder = InventoryBuilder::new();
    for (line, statement) in (1..).zip(text.lines()).map(|(line, text)| (line, text.trim())) {
        let origin = Origin::File { path: "cluster.yaml".into(), line };
        if !statement.is_empty() {
            read(&mut builder, statement, origin);
        }
    }
    builder.build()
}

fn read(builder: &mut InventoryBuilder, statement: &str, origin: Origin) {
    let (what, rest) = statement.split_once(": ").expect("`WHAT: ...`");
    let metadata = |name: &str| match name.split_once('/') {
        Some((namespace, name)) => {
            Metadata { origin: origin.clone(), ..Metadata::new(namespace, name) }
        }
        None => Metadata { origin: origin.clone(), ..Metadata::new("", name) },
    };
    let (name, labels) = rest.split_once(' ').unwrap_or((rest, ""));
    let labelled = || Metadata { labels: self::labels(labels), ..metadata(name) };
    match what.split_once(' ') {
        Some(("Role" | "ClusterRole", name)) => builder.role(Role {
            metadata: metadata(name),
            rules: rest.split("; ").map(rule).collect(),
            aggregation: None,
        }),
        None if what == "account" => builder.service_account(ServiceAccount {
            metadata: labelled(),
            automount_token: None,
            secrets: Texts::default(),
        }),
        None if what == "namespace" => builder.namespace(Namespace { metadata: labelled() }),
        None if what == "deployment" => builder.workload(deployment(rest, metadata(name))),
        None if what == "unread" => {
            let (kind, namespace) = rest.split_once(" in ").unwrap_or((rest, ""));
            builder.gap(Gap {
                unread: Unread::Kind {
                    kind: ObjectKind::new(kind),
                    namespace: (!namespace.is_empty()).then(|| namespace.into()),
                },
                because: "forbidden".into(),
                origin: Origin::Cluster,
            });
        }
        _ => bindings(builder, what, rest, &origin),
    }
}

fn deployment(text: &str, metadata: Metadata) -> Workload {
    let (_, rest) = text.split_once(" of ").expect("`NAME of SERVICEACCOUNT`");
    let (account, labels) = rest.split_once(' ').unwrap_or((rest, ""));
    Workload {
        metadata: Metadata { labels: self::labels(labels), ..metadata },
        kind: "Deployment".into(),
        api_group: "apps".into(),
        owner: None,
        pods: [PodSpec {
            path: ".spec.template.spec".into(),
            service_account: account.into(),
            account_is_derived: false,
            annotations: Labels::default(),
            automount_token: None,
            token_volumes: Box::default(),
            containers: Box::default(),
            node: "".into(),
            lines: PodLines::default(),
        }]
        .into(),
        mirror: false,
    }
}

fn bindings(builder: &mut InventoryBuilder, name: &str, rest: &str, origin: &Origin) {
    let (role, rest) = rest.split_once(" -> ").expect("`ROLE -> SUBJECTS`");
    let (subjects, namespaces) = rest.split_once(" in ").unwrap_or((rest, ""));
    for namespace in namespaces.split(", ") {
        let is_role =
            |known: &Role| *known.metadata.namespace == *namespace && *known.metadata.name == *role;
        let own = !namespace.is_empty() && builder.roles().iter().any(is_role);
        builder.binding(Binding {
            metadata: Metadata { origin: origin.clone(), ..Metadata::new(namespace, name) },
            role_ref: RoleRef {
                api_group: "rbac.authorization.k8s.io".into(),
                kind: if own { RoleKind::Role } else { RoleKind::ClusterRole },
                name: role.into(),
            },
            subjects: subjects.split(", ").map(subject).collect(),
        });
    }
}

fn subject(text: &str) -> Subject {
    let (kind, name) = text.split_once('/').expect("`KIND/NAME`");
    let (kind, namespace, name) = match kind {
        "sa" => {
            let (namespace, name) = name.split_once(':').expect("`sa/NAMESPACE:NAME`");
            (SubjectKind::ServiceAccount, namespace, name)
        }
        "user" => (SubjectKind::User, "", name),
        _ => (SubjectKind::Group, "", name),
    };
    Subject { kind, name: name.into(), namespace: namespace.into(), api_group: "".into() }
}

fn rule(text: &str) -> PolicyRule {
    let (text, names) = text.split_once(" named ").unwrap_or((text, ""));
    let (verbs, targets) = text.split_once(' ').expect("`VERBS RESOURCES`");
    let rule =
        PolicyRule { verbs: list(verbs), resource_names: list(names), ..PolicyRule::default() };
    if targets.starts_with('/') {
        return PolicyRule { non_resource_urls: list(targets), ..rule };
    }
    let (resources, group) = targets.split_once('.').unwrap_or((targets, ""));
    PolicyRule { api_groups: [group.into()].into(), resources: list(resources), ..rule }
}

fn list(text: &str) -> Texts {
    text.split(',').filter(|part| !part.is_empty()).map(Text::from).collect()
}

fn labels(text: &str) -> Labels {
    let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.into(), value.into())).collect()
}
