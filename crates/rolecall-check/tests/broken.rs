//! References to missing objects: their causes and reports.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use rolecall_check::{Category, RuleCode};
use rolecall_source::facts::Version;

/// The rest of the input, without the binding to check.
const SHOP: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: prometheus, namespace: monitoring}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: stock-reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
"#;

/// Returns the broken references of manifests, and the unused entries of `external`.
fn broken(manifests: &str) -> Vec<String> {
    support::findings_of(manifests)
        .into_iter()
        .filter(|finding| {
            finding.rule.category == Category::Broken || finding.rule.is_called("RC904")
        })
        .map(|finding| {
            let place = match finding.rule.code {
                RuleCode(904) => finding.object.name.to_string(),
                _ => finding.field.to_string(),
            };
            format!("{} {} {place}", finding.rule.code, finding.severity)
        })
        .collect()
}

/// Checks what is broken about a binding of the shop's.
#[track_caller]
fn check(binding: &str, role: &str, subject: &str, expected: &[&str]) {
    let (kind, namespace) = binding.split_once(' ').unwrap_or((binding, ""));
    let namespace =
        if namespace.is_empty() { String::new() } else { format!(", namespace: {namespace}") };
    let (role_kind, role) = role.split_once(' ').unwrap();
    let manifests = format!(
        "{SHOP}---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: tested{namespace}}}\n\
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {role_kind}, name: '{role}'}}\nsubjects: [{subject}]\n"
    );
    assert_eq!(broken(&manifests), expected, "{manifests}");
}

const WEB: &str = "{kind: ServiceAccount, name: web, namespace: shop}";

#[test]
fn a_role_is_missing_where_the_input_ought_to_hold_it() {
    for (binding, role, expected) in [
        ("RoleBinding shop", "ClusterRole view", None),
        // Spelled like one that is there.
        ("RoleBinding shop", "ClusterRole stock-raeder", Some("high")),
        ("RoleBinding shop", "Role view", Some("high")),
        ("ClusterRoleBinding", "ClusterRole system:auth-delegtor", Some("high")),
        // Named like what is there.
        ("RoleBinding shop", "ClusterRole stock-writer", Some("high")),
        ("RoleBinding shop", "ClusterRole web", Some("high")),
        ("RoleBinding shop", "ClusterRole prometheus:metrics", Some("high")),
        // In a namespace with other objects in the input.
        ("RoleBinding shop", "Role pod-reader", Some("high")),
        // The source is unknown.
        ("RoleBinding shop", "ClusterRole pod-reader", Some("info")),
        ("ClusterRoleBinding", "ClusterRole cilium", Some("info")),
        ("RoleBinding elsewhere", "Role pod-reader", Some("info")),
        // Objects that every cluster has.
        ("RoleBinding shop", "ClusterRole system:openshift:scc:anyuid", Some("info")),
        ("ClusterRoleBinding", "ClusterRole cluster-monitoring-view", Some("info")),
        ("RoleBinding kube-system", "Role metrics-reader", Some("info")),
        ("RoleBinding kube-system", "Role extension-apiserver-authentication-reader", None),
    ] {
        let expected: Vec<String> =
            expected.iter().map(|severity| format!("RC101 {severity} roleRef.name")).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(binding, role, WEB, &expected);
    }
}

#[test]
fn a_service_account_is_missing_where_the_input_ought_to_hold_it() {
    let account = |namespace: &str, name: &str| {
        format!("{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}")
    };
    let user = |name: &str| format!("{{kind: User, name: '{name}'}}");
    for (subject, expected) in [
        (account("shop", "web"), &[][..]),
        (account("shop", "default"), &[]),
        (account("shop", "worker"), &["RC102 medium subjects[0].name"]),
        (account("vault", "vault"), &["RC102 info subjects[0].name"]),
        (account("kube-system", "coredns"), &["RC102 info subjects[0].name"]),
        (account("kube-system", "job-controller"), &[]),
        // Spelled like one that is there.
        (account("shop", "wbe"), &["RC104 high subjects[0]"]),
        (account("monitorng", "prometheus"), &["RC104 high subjects[0]"]),
        (account("shop", "prometheus"), &["RC104 high subjects[0]"]),
        ("{kind: ServiceAccount, name: prometheus}".to_owned(), &["RC104 high subjects[0]"]),
        // Another product's, or so it seems.
        (account("vault", "prometheus"), &["RC104 low subjects[0]"]),
        // A rejected object is reported once.
        (account("shop", "Web"), &["RC105 high subjects[0].name"]),
        (account("shop", "'*'"), &["RC105 high subjects[0].name"]),
        // By its user name.
        (user("system:serviceaccount:shop:web"), &[]),
        (user("system:serviceaccount:shop:worker"), &["RC102 medium subjects[0].name"]),
        (user("system:serviceaccount:shop:wbe"), &["RC104 high subjects[0]"]),
        (user("jane"), &[]),
    ] {
        check("RoleBinding shop", "ClusterRole view", &subject, expected);
    }
}

#[test]
fn what_is_external_is_not_missing() {
    let config = |external: &str| {
        format!(
            "{SHOP}---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: tested, namespace: shop}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: stock-writer}}
subjects: [{{kind: ServiceAccount, name: vault, namespace: vault}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: cache, namespace: shop}}
spec: {{template: {{spec: {{serviceAccountName: cache, containers: [{{name: cache}}]}}}}}}
---
apiVersion: rolecall.dev/v1
kind: CheckConfig
external: {external}
"
        )
    };
    let role = "RC101 high roleRef.name";
    let account = "RC102 info subjects[0].name";
    for (external, expected) in [
        ("[]", &[role, account][..]),
        ("[ClusterRole stock-writer, ServiceAccount vault/vault]", &[]),
        ("['clusterrole/stock-*', 'sa/vault/*']", &[]),
        ("['ServiceAccount */*']", &[role]),
        ("['ServiceAccount shop/cache']", &[role, account]),
        ("[Role shop/stock-writer]", &["RC904 low Role shop/stock-writer", role, account]),
        ("[ServiceAccount shop/web]", &["RC904 low ServiceAccount shop/web", role, account]),
    ] {
        assert_eq!(broken(&config(external)), expected, "{external}");
    }
}

#[test]
fn unserved_versions_are_reported() {
    for (version, old, new) in [
        ("v1", None, None),
        ("v1beta1", None, Some("RC106")),
        ("v1alpha1", None, Some("RC106")),
        ("v2", Some("RC106"), Some("RC106")),
        ("'v1 '", Some("RC106"), Some("RC106")),
    ] {
        let version = version.trim_matches('\'');
        let manifests = format!(
            "apiVersion: 'rbac.authorization.k8s.io/{version}'\nkind: RoleBinding\nmetadata: {{name: a, namespace: shop}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}\n\
             subjects: [{{kind: Group, name: developers}}]\n"
        );
        for (server, expected) in [(Version::V1_20, old), (Version::V1_36, new)] {
            let findings = support::findings_for(&manifests, server);
            let codes: Vec<String> =
                findings.iter().map(|finding| finding.rule.code.to_string()).collect();
            assert_eq!(codes, expected.as_slice(), "{version}");
        }
    }
}

/// A custom kind has the subresources that its definition declares.
#[test]
fn subresources_that_a_definition_does_not_declare_are_dead() {
    let found = |resources: &str| -> Vec<String> {
        let manifests = format!(
            "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.example.com}}
spec:
  group: example.com
  names: {{plural: widgets, kind: Widget}}
  scope: Namespaced
  versions: [{{name: v1, subresources: {{status: {{}}}}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: widgets}}
rules: [{{apiGroups: [example.com], resources: {resources}, verbs: [get]}}]
"
        );
        let findings = support::findings_of(&manifests).into_iter();
        findings
            .filter(|finding| finding.rule.category == Category::Dead)
            .map(|finding| format!("{} {} {}", finding.rule.code, finding.severity, finding.field))
            .collect()
    };
    assert_eq!(found("[widgets, widgets/status, widgets/finalizers, widgets/publish]"), [""; 0]);
    assert_eq!(found("[gadgets/scale]"), [""; 0]);
    assert_eq!(found("[widgets/scale]"), ["RC205 low rules[0].resources[0]"]);
}

#[test]
fn roles_spelled_like_a_missing_one_are_named_nearest_first() {
    let role = |kind: &str, namespace: &str, name: &str| {
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: '{name}'{namespace}}}\nrules: []\n"
        )
    };
    let binding = |kind: &str, namespace: &str, role: &str, name: &str| {
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: '{name}'{namespace}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {role}, name: order-reader}}\nsubjects: [{WEB}]\n"
        )
    };
    let (shop, stock) = (", namespace: shop", ", namespace: stock");
    let manifests = [
        SHOP.to_owned(),
        role("ClusterRole", "", "order-readers"),
        role("ClusterRole", "", "odrer-reader"),
        role("ClusterRole", "", "order-writer"),
        role("Role", shop, "order-raeders"),
        role("Role", shop, "orders-reader"),
        role("Role", stock, "order-reader"),
        binding("RoleBinding", shop, "Role", "a"),
        binding("RoleBinding", stock, "ClusterRole", "b"),
        binding("ClusterRoleBinding", "", "ClusterRole", "c"),
        binding("RoleBinding", shop, "Role", "d"),
    ];
    let findings = support::findings_of(&manifests.concat());
    let shown = findings.iter().filter(|finding| finding.rule.is_called("RC101"));
    let shown: Vec<String> =
        shown.map(|finding| format!("{}: {}", finding.object.name, finding.fix)).collect();
    let of_cluster = "`ClusterRole odrer-reader` and `ClusterRole order-readers`";
    let of_shop =
        "`ClusterRole odrer-reader`, `ClusterRole order-readers` and `Role orders-reader`";
    assert_eq!(
        shown,
        [
            format!("a: refer to {of_shop} if you meant that one"),
            format!("b: refer to `Role order-reader`, {of_cluster} if you meant that one"),
            format!("c: refer to {of_cluster} if you meant that one"),
            format!("d: refer to {of_shop} if you meant that one"),
        ]
    );
}

#[test]
fn roles_are_other_softwares_where_clusterroles_named_like_them_are() {
    let binding = |kind: &str, role: &str| {
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}Binding\nmetadata: {{name: '{role}', namespace: shop}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: {role}}}\nsubjects: [{WEB}]\n"
        )
    };
    for (bindings, expected) in [
        (binding("Role", "external-attacher-cfg"), vec!["RC101 high roleRef.name"]),
        (
            binding("ClusterRole", "external-attacher-runner")
                + &binding("Role", "external-attacher-cfg"),
            vec!["RC101 info roleRef.name", "RC101 info roleRef.name"],
        ),
        (
            binding("ClusterRole", "external-attacher-runner") + &binding("Role", "web-config"),
            vec!["RC101 info roleRef.name", "RC101 high roleRef.name"],
        ),
    ] {
        assert_eq!(broken(&format!("{SHOP}{bindings}")), expected, "{bindings}");
    }
}

#[test]
fn a_service_account_that_a_build_can_move_is_no_lookalike() {
    const BINDING: &str = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}\n\
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\n\
        subjects: [{kind: ServiceAccount, name: operator, namespace: product}]\n";
    for (annotations, expected) in
        [("", vec!["RC104 low subjects[0]"]), ("rolecall.dev/unbuilt: 'true'", vec![])]
    {
        let manifests = format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: operator, namespace: system, annotations: {{{annotations}}}}}\n{BINDING}"
        );
        assert_eq!(broken(&manifests), expected, "{annotations}");
    }
}

#[test]
fn namespaces_that_a_build_fills_in_are_not_required() {
    for (annotations, expected) in [
        ("", "RC105 high subjects[0].namespace"),
        ("rolecall.dev/completed-by-build: 'true'", "RC105 info subjects[0].namespace"),
    ] {
        let manifests = format!(
            "{SHOP}---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
             metadata: {{name: x, annotations: {{{annotations}}}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}\n\
             subjects: [{{kind: ServiceAccount, name: web}}]\n"
        );
        assert_eq!(broken(&manifests), [expected], "{annotations}");
    }
}

#[test]
fn a_namespace_that_only_got_an_account_from_the_input_has_accounts_of_others() {
    const ACCOUNT: &str =
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: extra, namespace: product}\n---\n";
    const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: product}\n---\n";
    for (kind, others, expected) in [
        ("ClusterRoleBinding", "", "RC102 info subjects[0].name"),
        ("ClusterRoleBinding", NAMESPACE, "RC102 medium subjects[0].name"),
        ("RoleBinding", "", "RC102 medium subjects[0].name"),
    ] {
        let manifests = format!(
            "{others}{ACCOUNT}apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: x, namespace: product}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}\n\
             subjects: [{{kind: ServiceAccount, name: operator-core, namespace: product}}]\n"
        );
        assert_eq!(broken(&manifests), [expected], "{kind} {others}");
    }
}
