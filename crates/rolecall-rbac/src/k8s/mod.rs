//! Conversions between the model and the types of k8s-openapi, with the feature `k8s-openapi`.
//!
//! Programs built on kube can fill an [`Inventory`](crate::Inventory) from a reflector's store, send
//! a [`Request`](crate::Request) as an access review, and apply the roles that rolecall generates.
//! Readers of manifests and lists do not use these types, because they would hold whole objects.

mod read;
mod review;
mod write;

/// The API group of roles and bindings, which servers fill in where it is empty.
const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

#[cfg(test)]
mod tests {
    use k8s_openapi::api::authorization::v1::SelfSubjectAccessReviewSpec;
    use k8s_openapi::api::core::v1 as core_v1;
    use k8s_openapi::api::rbac::v1 as rbac_v1;
    use serde_json::{Value, json};

    use crate::{
        Binding, Identity, LabelSelector, Namespace, PolicyRule, Request, ResourceRequest, Role,
        ServiceAccount,
    };

    /// Converts an object to the model and back.
    macro_rules! round_trip {
        ($kubernetes:ty, $model:ty, $object:expr) => {{
            let object: $kubernetes = serde_json::from_value($object).unwrap();
            serde_json::to_value(<$kubernetes>::from(&<$model>::from(&object))).unwrap()
        }};
    }

    #[test]
    fn nothing_that_decides_access_is_lost() {
        let api = "rbac.authorization.k8s.io/v1";
        let group = "rbac.authorization.k8s.io";
        let rules = json!([
            {"apiGroups": ["", "apps"], "resources": ["pods", "pods/log"], "verbs": ["get"]},
            {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["a"], "verbs": ["*"]},
            {"nonResourceURLs": ["/metrics", "/healthz/*"], "verbs": ["get"]},
            {"verbs": []},
        ]);
        let role = json!({"apiVersion": api, "kind": "Role", "rules": rules,
            "metadata": {"name": "a", "namespace": "shop", "labels": {"x": "y", "z": ""}}});
        assert_eq!(round_trip!(rbac_v1::Role, Role, role.clone()), role);
        let selectors = json!([{"matchLabels": {"a": "b"}},
            {"matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]},
                {"key": "k", "operator": "Exists"}, {"key": "k", "operator": "Near"}]}, {}]);
        let cluster_role = json!({"apiVersion": api, "kind": "ClusterRole", "rules": rules,
            "metadata": {"name": "a"}, "aggregationRule": {"clusterRoleSelectors": selectors}});
        assert_eq!(round_trip!(rbac_v1::ClusterRole, Role, cluster_role.clone()), cluster_role);

        let subjects = json!([
            {"kind": "User", "name": "jane", "apiGroup": group},
            {"kind": "Group", "name": "dev", "apiGroup": group},
            {"kind": "ServiceAccount", "name": "web", "namespace": "shop"},
            {"kind": "ServiceAccount", "name": "web"},
            {"kind": "Robot", "name": "r2", "apiGroup": group},
        ]);
        let role_ref = json!({"apiGroup": group, "kind": "ClusterRole", "name": "view"});
        let binding = json!({"apiVersion": api, "kind": "RoleBinding", "roleRef": role_ref,
            "metadata": {"name": "a", "namespace": "shop"}, "subjects": subjects});
        assert_eq!(round_trip!(rbac_v1::RoleBinding, Binding, binding.clone()), binding);
        let binding = json!({"apiVersion": api, "kind": "ClusterRoleBinding", "roleRef": role_ref,
            "metadata": {"name": "a"}, "subjects": subjects});
        assert_eq!(round_trip!(rbac_v1::ClusterRoleBinding, Binding, binding.clone()), binding);

        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "a", "namespace": "shop",
                "annotations": {"eks.amazonaws.com/role-arn": "r"}},
            "automountServiceAccountToken": false});
        assert_eq!(round_trip!(core_v1::ServiceAccount, ServiceAccount, account.clone()), account);
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}});
        assert_eq!(round_trip!(core_v1::Namespace, Namespace, namespace.clone()), namespace);
    }

    #[test]
    fn a_missing_namespace_does_not_widen_a_grant() {
        let role = Role::from(&rbac_v1::Role::default());
        let binding = Binding::from(&rbac_v1::RoleBinding::default());
        assert!(!role.is_cluster_role() && !binding.is_cluster_role_binding());
        assert!(role.metadata.namespace_assumed && binding.metadata.namespace_assumed);
    }

    #[test]
    fn a_namespace_does_not_narrow_a_cluster_scoped_object() {
        let metadata = || k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
            namespace: Some("shop".into()),
            uid: Some("1".into()),
            ..Default::default()
        };
        let role = Role::from(&rbac_v1::ClusterRole { metadata: metadata(), ..Default::default() });
        let binding = Binding::from(&rbac_v1::ClusterRoleBinding {
            metadata: metadata(),
            ..Default::default()
        });
        assert!(role.is_cluster_role() && binding.is_cluster_role_binding());
        assert!(role.metadata.stored && !role.metadata.namespace_assumed);
        let local = Role::from(&rbac_v1::Role { metadata: metadata(), ..Default::default() });
        assert_eq!(&*local.metadata.namespace, "shop");
        assert!(!local.metadata.namespace_assumed);
    }

    #[test]
    fn empty_lists_and_missing_lists_are_equal() {
        let rule = rbac_v1::PolicyRule { api_groups: Some(Vec::new()), ..Default::default() };
        assert_eq!(PolicyRule::from(&rule), PolicyRule::default());
        let selector = k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector::default();
        assert_eq!(LabelSelector::from(&selector), LabelSelector::default());
    }

    #[test]
    fn requests_become_the_specs_of_reviews() {
        let pods = ResourceRequest {
            namespace: "shop".into(),
            resource: "pods".into(),
            subresource: "log".into(),
            ..ResourceRequest::default()
        };
        let value = |request: &Request| -> Value {
            serde_json::to_value(SelfSubjectAccessReviewSpec::from(request)).unwrap()
        };
        assert_eq!(
            value(&Request::resource("get", pods.clone())),
            json!({"resourceAttributes": {"namespace": "shop", "verb": "get", "resource": "pods",
                "subresource": "log"}})
        );
        let named = ResourceRequest {
            group: "apps".into(),
            resource: "deployments".into(),
            name: "web".into(),
            ..ResourceRequest::default()
        };
        assert_eq!(
            value(&Request::resource("get", named)),
            json!({"resourceAttributes": {"group": "apps", "verb": "get",
                "resource": "deployments", "name": "web"}})
        );
        assert_eq!(
            value(&Request::path("get", "/metrics")),
            json!({"nonResourceAttributes": {"path": "/metrics", "verb": "get"}})
        );
        let jane = Identity {
            user: "jane".into(),
            groups: vec!["dev".into()],
            uid: "7".into(),
            extra: [("k".into(), vec!["v".into()])].into(),
        };
        let spec = Request::resource("get", pods).review_of(&jane);
        assert_eq!(
            serde_json::to_value(spec).unwrap(),
            json!({"user": "jane", "groups": ["dev"], "uid": "7", "extra": {"k": ["v"]},
                "resourceAttributes": {"namespace": "shop", "verb": "get", "resource": "pods",
                    "subresource": "log"}})
        );
    }
}
