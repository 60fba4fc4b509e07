//! What a command needs of a cluster, and the collections that hold it.

use rolecall_rbac::{PolicyRule, Text};

/// What to read of a cluster; nothing else is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Whether ClusterRoles and ClusterRoleBindings are needed.
    pub cluster_roles: bool,
    /// Where Roles and RoleBindings are needed.
    pub roles: Reach,
    /// Where ServiceAccounts are needed.
    pub service_accounts: Reach,
    /// Whether Namespaces are needed.
    pub namespaces: bool,
    /// Where Pods are needed, with the objects that own them.
    pub pods: Reach,
    /// Where the objects that make Pods are needed, with their Pod templates.
    pub workloads: Reach,
    /// The namespaces to read instead when reading everywhere is refused.
    pub fall_back: Vec<Text>,
}

/// Where objects of a kind are needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Nowhere.
    #[default]
    Nowhere,
    /// In some namespaces.
    Namespaces(Vec<Text>),
    /// In all namespaces.
    Everywhere,
}

/// A collection of objects that an API server lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Collection {
    /// The kind of its objects.
    pub kind: &'static str,
    /// The API group; empty for core.
    pub group: &'static str,
    /// The versions to ask for, until one is served.
    pub versions: &'static [&'static str],
    /// The plural, as rules write it.
    pub resource: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

/// How much of a collection's objects is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// All that an inventory keeps.
    Whole,
    /// Who owns them.
    Owners,
}

/// One collection that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Want {
    pub(super) collection: Collection,
    pub(super) reach: Reach,
    pub(super) detail: Detail,
}

const RBAC: &str = "rbac.authorization.k8s.io";

const fn namespaced(group: &'static str, resource: &'static str, kind: &'static str) -> Collection {
    Collection { kind, group, versions: &["v1"], resource, namespaced: true }
}

const fn cluster_scoped(
    group: &'static str,
    resource: &'static str,
    kind: &'static str,
) -> Collection {
    Collection { kind, group, versions: &["v1"], resource, namespaced: false }
}

const CLUSTER_ROLES: [Collection; 2] = [
    cluster_scoped(RBAC, "clusterroles", "ClusterRole"),
    cluster_scoped(RBAC, "clusterrolebindings", "ClusterRoleBinding"),
];

const ROLES: [Collection; 2] =
    [namespaced(RBAC, "roles", "Role"), namespaced(RBAC, "rolebindings", "RoleBinding")];

const SERVICE_ACCOUNTS: [Collection; 1] = [namespaced("", "serviceaccounts", "ServiceAccount")];

const NAMESPACES: [Collection; 1] = [cluster_scoped("", "namespaces", "Namespace")];

const PODS: [Collection; 1] = [namespaced("", "pods", "Pod")];

/// What stands between Pods and the workloads that people name.
const OWNERS: [Collection; 2] =
    [namespaced("apps", "replicasets", "ReplicaSet"), namespaced("batch", "jobs", "Job")];

const WORKLOADS: [Collection; 5] = [
    namespaced("apps", "daemonsets", "DaemonSet"),
    namespaced("apps", "deployments", "Deployment"),
    namespaced("apps", "statefulsets", "StatefulSet"),
    // Servers before 1.21 serve CronJobs as a beta.
    Collection { versions: &["v1", "v1beta1"], ..namespaced("batch", "cronjobs", "CronJob") },
    namespaced("", "replicationcontrollers", "ReplicationController"),
];

impl Needs {
    /// Everything that any command reads, everywhere.
    pub fn everything() -> Self {
        Self {
            cluster_roles: true,
            roles: Reach::Everywhere,
            service_accounts: Reach::Everywhere,
            namespaces: true,
            pods: Reach::Everywhere,
            workloads: Reach::Everywhere,
            fall_back: Vec::new(),
        }
    }

    /// Returns the rules that let a caller read all of it: one for each API group, sorted. They are
    /// for a ClusterRole when anything is needed everywhere, else for Roles in the namespaces.
    pub fn rules(&self) -> Vec<PolicyRule> {
        let mut wanted = self.collections();
        wanted.sort_by_key(|collection| (collection.group, collection.resource));
        wanted
            .chunk_by(|left, right| left.group == right.group)
            .map(|of_group| PolicyRule {
                verbs: [Text::from("list")].into(),
                api_groups: of_group.iter().take(1).map(|first| first.group.into()).collect(),
                resources: of_group.iter().map(|collection| collection.resource.into()).collect(),
                ..PolicyRule::default()
            })
            .collect()
    }

    /// Returns the collections that are needed.
    pub fn collections(&self) -> Vec<Collection> {
        self.wants().into_iter().map(|want| want.collection).collect()
    }

    /// Returns the lists that are needed.
    pub(super) fn wants(&self) -> Vec<Want> {
        let everywhere = |needed: bool| if needed { Reach::Everywhere } else { Reach::Nowhere };
        let owners = if self.workloads == Reach::Nowhere { &self.pods } else { &self.workloads };
        let owners_detail =
            if self.workloads == Reach::Nowhere { Detail::Owners } else { Detail::Whole };
        let parts: [(&[Collection], Reach, Detail); 7] = [
            (&CLUSTER_ROLES, everywhere(self.cluster_roles), Detail::Whole),
            (&ROLES, self.roles.clone(), Detail::Whole),
            (&SERVICE_ACCOUNTS, self.service_accounts.clone(), Detail::Whole),
            (&NAMESPACES, everywhere(self.namespaces), Detail::Whole),
            (&PODS, self.pods.clone(), Detail::Whole),
            (&OWNERS, owners.clone(), owners_detail),
            (&WORKLOADS, self.workloads.clone(), Detail::Whole),
        ];
        parts
            .into_iter()
            .filter(|(_, reach, _)| *reach != Reach::Nowhere)
            .flat_map(|(collections, reach, detail)| {
                collections.iter().map(move |collection| Want {
                    collection: *collection,
                    reach: reach.clone(),
                    detail,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(needs: &Needs) -> Vec<(&'static str, Detail)> {
        needs.wants().iter().map(|want| (want.collection.resource, want.detail)).collect()
    }

    #[test]
    fn only_what_is_needed_is_listed() {
        let whole = |resource| (resource, Detail::Whole);
        let owners = |resource| (resource, Detail::Owners);
        assert_eq!(lists(&Needs::default()), []);
        assert_eq!(
            lists(&Needs { cluster_roles: true, roles: Reach::Everywhere, ..Needs::default() }),
            ["clusterroles", "clusterrolebindings", "roles", "rolebindings"].map(whole)
        );
        assert_eq!(
            lists(&Needs { pods: Reach::Everywhere, ..Needs::default() }),
            [whole("pods"), owners("replicasets"), owners("jobs")]
        );
        assert_eq!(
            lists(&Needs { workloads: Reach::Namespaces(vec!["a".into()]), ..Needs::default() }),
            [
                "replicasets",
                "jobs",
                "daemonsets",
                "deployments",
                "statefulsets",
                "cronjobs",
                "replicationcontrollers"
            ]
            .map(whole)
        );
    }

    #[test]
    fn the_rules_for_a_need_name_each_resource_once() {
        let needs = Needs {
            cluster_roles: true,
            service_accounts: Reach::Everywhere,
            pods: Reach::Everywhere,
            ..Needs::default()
        };
        let rules: Vec<String> = needs
            .rules()
            .iter()
            .map(|rule| format!("{:?} {:?} {:?}", rule.verbs, rule.api_groups, rule.resources))
            .collect();
        assert_eq!(
            rules,
            [
                r#"["list"] [""] ["pods", "serviceaccounts"]"#,
                r#"["list"] ["apps"] ["replicasets"]"#,
                r#"["list"] ["batch"] ["jobs"]"#,
                r#"["list"] ["rbac.authorization.k8s.io"] ["clusterrolebindings", "clusterroles"]"#,
            ]
        );
    }

    #[test]
    fn the_reader_role_grants_exactly_what_is_listed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../manifests/cluster/clusterrole.yaml");
        let config = crate::manifests::LoadConfig {
            paths: vec![path.into()],
            default_namespace: "default".to_owned(),
            defaults: crate::manifests::Defaults::None,
            selection: crate::manifests::Selection::Everything,
        };
        let loaded = crate::manifests::load(&config, std::io::empty());
        let role = loaded.inventory.role("", "rolecall-reader").unwrap();
        let wanted = Needs::everything().rules();
        assert_eq!(rolecall_rbac::subtract(&wanted, &role.rules), []);
        assert_eq!(rolecall_rbac::subtract(&role.rules, &wanted), []);
    }
}
