//! Names without a group and URL paths mean the requests that clients send and servers authorize.

use crate::command::{Ran, rolecall_with};

/// Custom resources with the names of built-in ones, and access to the latter.
const INPUT: &str = "\
{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: networkpolicies.crd.projectcalico.org},
spec: {group: crd.projectcalico.org, scope: Namespaced, names: {plural: networkpolicies, kind: NetworkPolicy, singular: networkpolicy},
versions: [{name: v1, served: true, storage: true}]}}
---
{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: ingresses.networking.internal.knative.dev},
spec: {group: networking.internal.knative.dev, scope: Namespaced, names: {plural: ingresses, kind: Ingress, singular: ingress},
versions: [{name: v1, served: true, storage: true}]}}
---
{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: deployments.a.example.com},
spec: {group: a.example.com, scope: Namespaced, names: {plural: deployments, kind: Deployment, singular: deployment, shortNames: [deploy]},
versions: [{name: v1, served: true, storage: true}]}}
---
{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: widgets.a.example.com},
spec: {group: a.example.com, scope: Namespaced, names: {plural: widgets, kind: Widget, singular: widget},
versions: [{name: v1, served: true, storage: true}]}}
---
{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: widgets.b.example.com},
spec: {group: b.example.com, scope: Namespaced, names: {plural: widgets, kind: Widget, singular: widget},
versions: [{name: v1, served: true, storage: true}]}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: shop}, rules: [
{apiGroups: [networking.k8s.io], resources: [networkpolicies, ingresses], verbs: [list]},
{apiGroups: [a.example.com], resources: [widgets], verbs: [list]},
{apiGroups: [''], resources: [pods], verbs: [list, create]},
{apiGroups: [apps], resources: [deployments], verbs: [list, get, patch]},
{apiGroups: [apps], resources: [deployments/scale], verbs: [update]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: r, namespace: shop},
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r},
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: any-url}, rules: [
{nonResourceURLs: ['/api/*', '/apis/*'], verbs: ['*']}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: any-url},
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: any-url},
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:authenticated'}]}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
";

fn asked(command: &str, ask: &str) -> Ran {
    let subject = if command == "who-can" { "" } else { "--for system:serviceaccount:shop:web" };
    rolecall_with(&format!("{command} {ask} {subject} -f - --defaults none"), INPUT)
}

#[test]
fn a_name_means_the_built_in_resource_rather_than_a_custom_one() {
    for name in [
        "networkpolicies",
        "networkpolicy",
        "NetworkPolicy",
        "netpol",
        "ingresses",
        "ing",
        "Ingress",
        "deployments",
        "deploy",
    ] {
        for command in ["can-i", "why"] {
            let ran = asked(command, &format!("list {name} -n shop"));
            assert_eq!((ran.exit, ran.stderr.as_str()), (Some(0), ""), "{command} {name}");
        }
        let ran = asked("who-can", &format!("list {name} -n shop"));
        assert!(ran.stdout.contains("web"), "{name}: {}", ran.stdout);
    }
}

#[test]
fn a_name_of_several_custom_resources_is_reported_as_ambiguous() {
    let warning = "warning: `widgets` is ambiguous: it can mean `widgets.a.example.com` and \
                   `widgets.b.example.com`; assuming `widgets.a.example.com`";
    for command in ["can-i", "why", "who-can", "can-i --verbs list,get --resources widgets"] {
        let ask = if command.contains("--verbs") { "" } else { "list widgets" };
        let ran = asked(command, &format!("{ask} -n shop"));
        assert!(ran.stderr.contains(warning), "{command}: {}", ran.stderr);
        let ran =
            asked(command, &format!("{ask} -n shop").replace("widgets", "widgets.b.example.com"));
        assert_eq!(ran.stderr.contains(warning), command.contains("--verbs"), "{command}");
    }
}

#[test]
fn a_suggestion_for_a_retired_group_is_a_built_in_group() {
    let ran = asked("can-i", "get ingresses.extensions -n shop");
    assert!(ran.stderr.contains("did you mean `ingresses.networking.k8s.io`?"), "{}", ran.stderr);
    let rules =
        "rules: [{apiGroups: [extensions], resources: [ingresses, deployments], verbs: [list]}]";
    let input = format!(
        "{INPUT}---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: old}}, \
         {rules}}}\n"
    );
    let found = rolecall_with("check -f - --defaults none -o json", &input).stdout;
    let fixes: Vec<&str> =
        found.lines().filter(|line| line.contains("\"fix\"") && line.contains(" in ")).collect();
    assert!(fixes.iter().any(|fix| fix.contains("networking.k8s.io")), "{fixes:?}");
    assert!(fixes.iter().all(|fix| !fix.contains("knative")), "{fixes:?}");
    assert!(fixes.iter().all(|fix| !fix.contains("a.example.com")), "{fixes:?}");
}

#[test]
fn the_path_of_a_resource_is_answered_as_the_request_for_the_resource() {
    for (ask, exit, meant) in [
        ("get /api/v1/namespaces/shop/pods", 0, "list pods in namespace shop"),
        ("get /api/v1/namespaces/shop/pods?limit=5", 0, "list pods in namespace shop"),
        ("get /api/v1/namespaces/shop/pods/web-0", 1, "get pods \"web-0\" in namespace shop"),
        ("post /api/v1/namespaces/shop/pods", 0, "create pods in namespace shop"),
        ("get /api/v1/watch/namespaces/shop/pods", 1, "watch pods in namespace shop"),
        ("get /api/v1/pods", 1, "list pods at the cluster scope"),
        (
            "get /apis/apps/v1/namespaces/shop/deployments",
            0,
            "list deployments.apps in namespace shop",
        ),
        (
            "patch /apis/apps/v1/namespaces/shop/deployments/x",
            0,
            "patch deployments.apps \"x\" in namespace shop",
        ),
        (
            "put /apis/apps/v1/namespaces/shop/deployments/x/scale",
            0,
            "update deployments.apps/scale \"x\" in namespace shop",
        ),
        (
            "delete /apis/apps/v1/namespaces/shop/deployments",
            1,
            "deletecollection deployments.apps in namespace shop",
        ),
    ] {
        for command in ["can-i", "why"] {
            let ran = asked(command, &format!("{ask} -n other"));
            let note = format!(" is the path of a resource: checking `{meant}`");
            assert!(ran.stderr.contains(&note), "{command} {ask}: {}", ran.stderr);
            assert_eq!(ran.exit, Some(exit), "{command} {ask}: {}", ran.stdout);
        }
        for scope in ["-n other", "-A"] {
            let ran = asked("who-can", &format!("{ask} {scope}"));
            assert_eq!(ran.stdout.contains("web"), exit == 0, "{ask} {scope}: {}", ran.stdout);
            assert!(!ran.stdout.contains("system:authenticated"), "{ask}: {}", ran.stdout);
        }
        let ran = asked("can-i", &format!("{} -n shop", ask.replacen(' ', ",options ", 1)));
        assert_eq!(ran.stdout.contains("yes"), exit == 0, "{ask}: {}", ran.stdout);
    }
    for path in ["/api", "/api/v1", "/apis/apps/v1", "/api/v1/"] {
        let ran = asked("can-i", &format!("get {path}"));
        assert!(!ran.stderr.contains("is the path of a resource"), "{path}: {}", ran.stderr);
    }
}

#[test]
fn a_note_about_namespaces_names_the_role_bindings_that_count() {
    for (ask, note) in [
        (
            "get namespaces/team-a",
            "note: `namespaces/team-a` is cluster-scoped: a RoleBinding can grant it only for the \
             Namespace that the RoleBinding is in",
        ),
        (
            "list namespaces",
            "note: `namespaces` is cluster-scoped, so RoleBindings cannot grant it",
        ),
        ("get nodes", "note: `nodes` is cluster-scoped, so RoleBindings cannot grant it"),
    ] {
        let ran = asked("who-can", &format!("{ask} -A"));
        assert!(ran.stderr.contains(note), "{ask}: {}", ran.stderr);
    }
}

#[test]
fn stored_rules_of_an_aggregated_role_count_beside_roles_of_manifests() {
    let input = |metadata: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: sum{metadata}}}, \
             aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{to: sum}}}}]}}, \
             rules: [{{apiGroups: [''], resources: [configmaps], verbs: [get]}}]}}\n---\n\
             {{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: part, labels: {{to: sum}}}}, \
             rules: [{{apiGroups: [''], resources: [secrets], verbs: [get]}}]}}\n---\n\
             {{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {{name: b}}, \
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sum}}, \
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}}]}}\n"
        )
    };
    for (metadata, secrets, note) in [
        (", resourceVersion: '5'", 1, "its stored rules differ"),
        (", uid: a-b", 1, "its stored rules differ"),
        ("", 0, "a controller overwrites its own rules"),
    ] {
        for (resource, exit) in [("secrets", secrets), ("configmaps", 1 - secrets)] {
            let ask = format!("can-i get {resource} --for user/jane -A -f - --defaults none");
            let ran = rolecall_with(&ask, &input(metadata));
            assert_eq!(ran.exit, Some(exit), "{metadata} {resource}: {}", ran.stdout);
            assert!(ran.stderr.contains(note), "{metadata} {resource}: {}", ran.stderr);
        }
    }
}
