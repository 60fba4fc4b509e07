//! The least rights with which more could be read.

use rolecall_grant::{Config, Denied, plan, yaml_of};
use rolecall_rbac::{Authorizer, Identity, Request, ResourceRequest};
use rolecall_source::cluster::ForbiddenList;

/// Writes the least roles and bindings with which the server would give these lists; `None` when it
/// forbade none, or does not say to whom.
pub(crate) fn least(forbidden: &[ForbiddenList]) -> Option<String> {
    let denied: Vec<Denied> = forbidden
        .iter()
        // Whoever shows no credentials needs those, not rights.
        .filter(|list| !list.user.is_empty() && *list.user != *"system:anonymous")
        .map(|list| {
            let target = ResourceRequest {
                namespace: list.namespace.clone(),
                group: list.collection.group.into(),
                resource: list.collection.resource.into(),
                ..ResourceRequest::default()
            };
            Denied::new(Identity::user(&list.user), Request::resource("list", target))
        })
        .collect();
    if denied.is_empty() {
        return None;
    }
    let plan = plan(&Authorizer::default(), &denied, &Config::default());
    let yaml = yaml_of(&plan.objects);
    // What the comments say is on the screen already.
    let lines: Vec<&str> = yaml.lines().filter(|line| !line.starts_with('#')).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use rolecall_source::cluster::Needs;

    use super::*;

    fn forbidden(user: &str, namespace: &str, resource: &str) -> ForbiddenList {
        let collections = Needs::everything().collections();
        let collection = collections.into_iter().find(|it| it.resource == resource).unwrap();
        ForbiddenList { collection, namespace: namespace.into(), user: user.into() }
    }

    #[test]
    fn rights_are_no_more_than_the_refused_lists_need() {
        let lists = [
            forbidden("system:serviceaccount:ops:rolecall", "", "clusterroles"),
            forbidden("system:serviceaccount:ops:rolecall", "", "namespaces"),
            forbidden("system:serviceaccount:ops:rolecall", "shop", "rolebindings"),
        ];
        insta::assert_snapshot!(least(&lists).unwrap(), @r#"
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: rolecall:sa:ops:rolecall
          labels:
            app.kubernetes.io/managed-by: rolecall
        rules:
        - apiGroups: [""]
          resources: ["namespaces"]
          verbs: ["list"]
        - apiGroups: ["rbac.authorization.k8s.io"]
          resources: ["clusterroles"]
          verbs: ["list"]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: rolecall:sa:ops:rolecall
          labels:
            app.kubernetes.io/managed-by: rolecall
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: rolecall:sa:ops:rolecall
        subjects:
        - kind: ServiceAccount
          name: rolecall
          namespace: ops
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: rolecall:sa:ops:rolecall
          namespace: shop
          labels:
            app.kubernetes.io/managed-by: rolecall
        rules:
        - apiGroups: ["rbac.authorization.k8s.io"]
          resources: ["rolebindings"]
          verbs: ["list"]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          name: rolecall:sa:ops:rolecall
          namespace: shop
          labels:
            app.kubernetes.io/managed-by: rolecall
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: Role
          name: rolecall:sa:ops:rolecall
        subjects:
        - kind: ServiceAccount
          name: rolecall
          namespace: ops
        "#);
    }

    #[test]
    fn nobody_is_granted_anything_to_who_is_not_known() {
        assert_eq!(least(&[]), None);
        assert_eq!(least(&[forbidden("", "", "pods")]), None);
        assert_eq!(least(&[forbidden("system:anonymous", "", "pods")]), None);
    }
}
