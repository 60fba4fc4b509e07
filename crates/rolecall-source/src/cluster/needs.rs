//! The objects that a command needs from a cluster, and their collections.

use rolecall_rbac::{PolicyRule, Text};

/// The objects to read from a cluster. Nothing else is requested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Whether to read ClusterRoles and ClusterRoleBindings.
    pub cluster_roles: bool,
    /// The namespaces to read Roles and RoleBindings in.
    pub roles: Reach,
    /// The namespaces to read ServiceAccounts in.
    pub service_accounts: Reach,
    /// Whether to read Namespaces.
    pub namespaces: bool,
    /// The namespaces to read Pods in, with the objects that own them.
    pub pods: Reach,
    /// The namespaces to read the objects with Pod templates in.
    pub workloads: Reach,
    /// The namespaces to read when a list of all namespaces is refused.
    pub fall_back: Vec<Text>,
}

/// The namespaces to read objects of a kind in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// No namespace.
    #[default]
    Nowhere,
    /// Some namespaces.
    Namespaces(Vec<Text>),
    /// All namespaces.
    Everywhere,
}

/// A collection of objects that an API server lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Collection {
    /// The kind of the objects.
    pub kind: &'static str,
    /// The API group; empty for core.
    pub group: &'static str,
    /// The versions to try, in order.
    pub versions: &'static [&'static str],
    /// The plural resource name, as in rules.
    pub resource: &'static str,
    /// Whether the objects are namespaced.
    pub namespaced: bool,
}

/// The parts of an object that are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Everything that an inventory keeps.
    Whole,
    /// The metadata and owner.
    Owners,
}

/// A collection to read.
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

/// The kinds between Pods and the workloads that users create.
const OWNERS: [Collection; 2] =
    [namespaced("apps", "replicasets", "ReplicaSet"), namespaced("batch", "jobs", "Job")];

const WORKLOADS: [Collection; 5] = [
    namespaced("apps", "daemonsets", "DaemonSet"),
    namespaced("apps", "deployments", "Deployment"),
    namespaced("apps", "statefulsets", "StatefulSet"),
    // Servers before 1.21 serve CronJobs as v1beta1 only.
    Collection { versions: &["v1", "v1beta1"], ..namespaced("batch", "cronjobs", "CronJob") },
    namespaced("", "replicationcontrollers", "ReplicationController"),
];

impl Needs {
    /// Returns the needs of all commands together, in all namespaces.
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

    /// Returns the rules that allow reading all of it: one per API group, sorted. They belong into
    /// a ClusterRole if anything is read in all namespaces, else into Roles.
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

    /// Returns the needed collections.
    pub fn collections(&self) -> Vec<Collection> {
        self.wants().into_iter().map(|want| want.collection).collect()
    }

    /// Returns the needed lists.
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
    fn the_rules_for_needs_contain_each_resource_once() {
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
            exclude: Vec::new(),
        };
        let loaded = crate::manifests::load(&config, std::io::empty());
        let role = loaded.inventory.role("", "rolecall-reader").unwrap();
        let wanted = Needs::everything().rules();
        assert_eq!(rolecall_rbac::subtract(&wanted, &role.rules), []);
        assert_eq!(rolecall_rbac::subtract(&role.rules, &wanted), []);
    }
}
