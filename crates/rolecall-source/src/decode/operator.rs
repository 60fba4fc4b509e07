//! The ServiceAccounts, roles and bindings that OLM creates from a ClusterServiceVersion.
//!
//! OLM grants `permissions` in the namespace of the operator and `clusterPermissions` in every
//! namespace (docs/semantics.md#workloads). It generates the names; here a role and its binding are named
//! after the ClusterServiceVersion and the ServiceAccount. A ClusterServiceVersion read from a
//! server adds nothing, because the server also stores the objects that OLM created.

use std::collections::BTreeMap;

use rolecall_rbac::{
    Binding, Metadata, PolicyRule, Role, RoleKind, RoleRef, ServiceAccount, Subject, SubjectKind,
    Text, Texts, Unread,
};
use serde::Deserialize;
use serde::de::DeserializeSeed;

use super::Decoder;
use super::fields::ListSeed;
use super::identity::{Identity, RBAC_GROUP};
use super::node::text_of;
use rolecall_yaml::{DecodeError, Node};

/// The namespace of bundles that are not installed yet.
const PLACEHOLDER: &str = "placeholder";

/// The rules of one of the two lists of a ClusterServiceVersion, by ServiceAccount.
type Permissions = BTreeMap<Text, Vec<PolicyRule>>;

/// Where OLM grants the rules of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// In the namespace of the operator or, if the operator supports it, in all namespaces.
    Namespace {
        is_for_all: bool,
    },
    Cluster,
}

/// Returns whether a ClusterServiceVersion can be installed for all namespaces.
fn is_for_all_namespaces(spec: Node<'_>) -> bool {
    let mut modes = spec.get("installModes").into_iter().flat_map(|modes| modes.items());
    modes.any(|mode| {
        mode.get("type").and_then(Node::as_str) == Some("AllNamespaces")
            && mode.get("supported").is_some_and(|it| bool::deserialize(it).unwrap_or_default())
    })
}

impl Decoder {
    /// Adds the objects that OLM would create for the permissions in a ClusterServiceVersion.
    pub(super) fn operator_version(&mut self, node: Node<'_>, identity: &Identity) {
        self.custom(node, identity);
        let is_stored = self.stored || text_of(node, "uid").is_some();
        let Some(name) = text_of(node, "name").filter(|_| !is_stored) else { return };
        let spec = ["spec", "install", "spec"]
            .iter()
            .try_fold(node, |node, key| node.get(key).filter(|value| !value.is_null()));
        let Some(spec) = spec else { return };
        let is_for_all = node.get("spec").is_some_and(is_for_all_namespaces);
        for (list, scope) in [
            ("permissions", Scope::Namespace { is_for_all }),
            ("clusterPermissions", Scope::Cluster),
        ] {
            let Some(permissions) = spec.get(list) else { continue };
            match self.permissions(permissions) {
                Ok(permissions) => {
                    for (account, rules) in permissions {
                        self.operator_grant(node, name, &account, rules, scope);
                    }
                }
                Err(error) => self.malformed(node, identity, &error, Unread::Anything),
            }
        }
    }

    fn permissions(&mut self, list: Node<'_>) -> Result<Permissions, DecodeError> {
        let mut permissions = Permissions::new();
        for entry in list.items() {
            let account = entry.get("serviceAccountName").and_then(Node::as_str);
            let account = self.strings.text(account.unwrap_or("default"));
            let of_account = permissions.entry(account).or_default();
            if let Some(rules) = entry.get("rules") {
                of_account.extend(ListSeed::new(&mut self.strings).deserialize(rules)?);
            }
        }
        Ok(permissions)
    }

    fn operator_grant(
        &mut self,
        node: Node<'_>,
        operator: &str,
        account: &Text,
        rules: Vec<PolicyRule>,
        scope: Scope,
    ) {
        let is_cluster_wide = scope == Scope::Cluster;
        let namespace = text_of(node, "namespace");
        let assumed = self.default_namespace.clone();
        let metadata = Metadata {
            namespace_assumed: namespace.is_none_or(|namespace| namespace == PLACEHOLDER),
            origin: self.place.origin(node.position().line),
            ..Metadata::new(
                namespace.map_or(assumed, |namespace| self.strings.text(namespace)),
                account.clone(),
            )
        };
        let subject = Subject {
            kind: SubjectKind::ServiceAccount,
            name: account.clone(),
            namespace: metadata.namespace.clone(),
            api_group: self.strings.text(""),
        };
        let name = self.strings.text(&format!("{operator}-{account}"));
        let mut of_role = Metadata { name: name.clone(), ..metadata.clone() };
        if is_cluster_wide {
            of_role.namespace = self.strings.text("");
            of_role.namespace_assumed = false;
        }
        if scope == (Scope::Namespace { is_for_all: true }) {
            of_role.mark_for_all_namespaces();
        }
        let role_ref = RoleRef {
            api_group: self.strings.text(RBAC_GROUP),
            kind: if is_cluster_wide { RoleKind::ClusterRole } else { RoleKind::Role },
            name,
        };
        let builder = &mut self.batch.builder;
        builder.implied_service_account(ServiceAccount {
            metadata,
            automount_token: None,
            secrets: Texts::default(),
        });
        let binding =
            Binding { metadata: of_role.clone(), role_ref, subjects: Box::new([subject]) };
        builder.binding(binding);
        builder.role(Role { metadata: of_role, rules: rules.into(), aggregation: None });
    }
}

#[cfg(test)]
mod tests {
    use rolecall_rbac::{Authorizer, Identity, Request, ResourceRequest, Verdict};

    use crate::manifests::{Defaults, LoadConfig, Loaded, Selection, load};

    const BUNDLE: &str = r#"{"apiVersion": "operators.coreos.com/v1alpha1", "kind": "ClusterServiceVersion",
        "metadata": {"name": "etcd.v1", "namespace": "ops"},
        "spec": {"install": {"strategy": "deployment", "spec": {
            "permissions": [
                {"serviceAccountName": "etcd", "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]},
                {"serviceAccountName": "etcd", "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]}],
            "clusterPermissions": [
                {"serviceAccountName": "etcd", "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}]}],
            "deployments": [{"name": "etcd", "spec": {"template": {"spec":
                {"serviceAccountName": "etcd", "containers": [{"name": "etcd", "image": "etcd"}]}}}}]}}}}"#;

    fn loaded(text: &str) -> Loaded {
        let config = LoadConfig {
            paths: vec!["-".into()],
            default_namespace: "default".to_owned(),
            defaults: Defaults::None,
            selection: Selection::Everything,
            exclude: Vec::new(),
        };
        load(&config, text.as_bytes())
    }

    fn verdict(loaded: Loaded, verb: &str, resource: &str, namespace: &str) -> &'static str {
        let request = ResourceRequest {
            resource: resource.into(),
            namespace: namespace.into(),
            ..ResourceRequest::default()
        };
        let identity = Identity::service_account("ops", "etcd");
        let authorizer = Authorizer::new(loaded.inventory);
        match authorizer.authorize(&identity, &Request::resource(verb, request)).verdict {
            Verdict::Allowed { .. } => "allowed",
            Verdict::NoOpinion => "denied",
            Verdict::Unknown { .. } => "unknown",
        }
    }

    #[test]
    fn olm_grants_permissions_in_the_namespace_and_cluster_permissions_in_all() {
        for (verb, resource, namespace, expected) in [
            ("list", "pods", "ops", "allowed"),
            ("get", "secrets", "ops", "allowed"),
            ("list", "pods", "default", "denied"),
            ("get", "nodes", "", "allowed"),
            ("get", "nodes", "default", "allowed"),
            ("list", "nodes", "", "denied"),
        ] {
            let verdict = verdict(loaded(BUNDLE), verb, resource, namespace);
            assert_eq!(verdict, expected, "{verb} {resource} in `{namespace}`");
        }
    }

    #[test]
    fn olm_creates_the_service_account_unless_the_bundle_contains_it() {
        let account = |loaded: &Loaded| {
            let account = loaded.inventory.service_account("ops", "etcd");
            account.map(|account| account.automount_token)
        };
        assert_eq!(account(&loaded(BUNDLE)), Some(None));
        let own = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: etcd, namespace: ops}\n\
                   automountServiceAccountToken: false\n";
        for text in [format!("{BUNDLE}\n{own}"), format!("{own}---\n{BUNDLE}\n")] {
            let loaded = loaded(&text);
            assert_eq!(loaded.problems, []);
            assert_eq!(account(&loaded), Some(Some(false)));
        }
    }

    #[test]
    fn a_stored_cluster_service_version_adds_nothing() {
        let stored =
            BUNDLE.replace("\"name\": \"etcd.v1\"", "\"name\": \"etcd.v1\", \"uid\": \"1\"");
        let loaded = loaded(&stored);
        assert_eq!(loaded.inventory.workloads().len(), 1);
        assert_eq!(verdict(loaded, "list", "pods", "ops"), "denied");
    }

    #[test]
    fn malformed_permissions_are_a_gap_for_everything() {
        let loaded = loaded(&BUNDLE.replace("[\"pods\"]", "\"pods\""));
        assert_eq!(loaded.problems.len(), 1);
        assert_eq!(verdict(loaded, "list", "pods", "ops"), "unknown");
    }
}
