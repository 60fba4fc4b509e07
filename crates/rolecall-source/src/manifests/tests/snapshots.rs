//! Snapshots and the default roles that they replace.

use super::*;

#[test]
fn a_snapshot_round_trips() {
    let pods = "apiVersion: v1
kind: Pod
metadata: {name: p, namespace: x, uid: u, annotations: {kubernetes.io/config.mirror: m}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, controller: true}]}
spec:
  serviceAccountName: 'on'
  automountServiceAccountToken: false
  initContainers: [{name: i, image: y}]
  containers:
  - {name: c, image: z, args: [\"yes\"], command: [a], volumeMounts: [{name: v, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]}
  volumes: [{name: v, projected: {sources: [{serviceAccountToken: {audience: me}}]}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, uid: u}
spec: {template: {metadata: {annotations: {rolecall.dev/needs: x}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w, namespace: x, uid: u}
spec: {templates: [{name: a}, {serviceAccountName: step}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: agg, uid: u, labels: {a: 'no'}}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {x: y}, matchExpressions: [{key: k, operator: In, values: [v]}]}]}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: x, uid: u}
roleRef: {kind: ClusterRole, name: agg}
subjects: [{kind: User, name: u}, {kind: ServiceAccount, name: s}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: s, namespace: x, uid: u}
automountServiceAccountToken: false
";
    for (files, paths) in [
        (vec![("a.yaml", pods)], vec!["a.yaml"]),
        (vec![("a.yaml", pods), ("b.yaml", ROLE), ("c.yaml", "kind: Role\n\tx")], vec!["."]),
        (vec![], vec!["missing.yaml"]),
    ] {
        let bytes: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
        let written = Input::new(&bytes).load(&paths, "");
        let kept: &crate::snapshot::KeptCommand<'_> =
            &|container| container.command.iter().map(ToString::to_string).collect();
        let mut snapshot = Vec::new();
        crate::snapshot::write(&written.inventory, &written.catalog, kept, &mut snapshot).unwrap();
        let again = Input::new(&[("s.yaml", &snapshot)]).load(&["s.yaml"], "");
        let text = String::from_utf8(snapshot).unwrap();
        assert!(again.problems.is_empty(), "{text}");
        assert_eq!(again.catalog.resources(), written.catalog.resources());
        assert_eq!(again.defaults, None);
        let mut twice = Vec::new();
        crate::snapshot::write(&again.inventory, &again.catalog, kept, &mut twice).unwrap();
        assert_eq!(String::from_utf8(twice).unwrap(), text);
    }
}

/// CoreDNS sets the label of default roles on its role.
#[test]
fn default_roles_are_assumed_unless_the_input_contains_them() {
    let role = |name: &str| {
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: {name}\n  \
             labels: {{kubernetes.io/bootstrapping: rbac-defaults}}\n"
        )
    };
    for (names, assumed) in [
        (&["system:coredns"][..], true),
        (&["cluster-admin"], true),
        (&["cluster-admin", "system:discovery"], false),
    ] {
        let text: String = names.iter().map(|name| role(name)).collect();
        let config = LoadConfig {
            paths: vec!["-".into()],
            default_namespace: "default".to_owned(),
            defaults: Defaults::Auto,
            selection: Selection::Everything,
            exclude: Vec::new(),
        };
        let loaded = load(&config, text.as_bytes());
        assert_eq!(loaded.inventory.role("", "view").is_some(), assumed, "{names:?}");
        assert_eq!(loaded.problems, [], "{names:?}");
    }
}
