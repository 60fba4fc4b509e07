//! Rules that look odd and are not dead, and rules that look fine and are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use rolecall_check::Category;
use rolecall_source::facts::{self, Version};

/// Checks what is dead or broken about one rule of a ClusterRole that somebody is bound to.
#[track_caller]
fn check(rule: &str, expected: &[&str]) {
    let manifests = format!(
        r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: tested}}
rules: [{rule}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: tested}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tested}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}}]
"#
    );
    assert_eq!(dead_or_broken(&manifests), expected, "{rule}");
}

fn dead_or_broken(manifests: &str) -> Vec<String> {
    dead_or_broken_for(manifests, Version::V1_36)
}

fn dead_or_broken_for(manifests: &str, version: Version) -> Vec<String> {
    support::findings_for(manifests, version)
        .into_iter()
        .filter(|finding| matches!(finding.rule.category, Category::Dead | Category::Broken))
        .map(|finding| format!("{} {}", finding.rule.code, finding.field))
        .collect()
}

#[test]
fn what_install_manifests_write_is_not_dead() {
    for rule in [
        // Custom resources and their subresources, known to nobody here.
        "{apiGroups: [cert-manager.io], resources: [certificates, certificates/status, certificates/finalizers], verbs: [update]}",
        "{apiGroups: [argoproj.io], resources: [applications, appprojects], verbs: ['*']}",
        "{apiGroups: [app.k8s.io], resources: [applications], verbs: [get]}",
        "{apiGroups: [v1.example.com, v2beta1.example.com], resources: [widgets], verbs: [get]}",
        "{apiGroups: [gateway.networking.k8s.io], resources: [httproutes/finalizers], verbs: [update]}",
        "{apiGroups: [route.openshift.io], resources: [routes/custom-host], verbs: [create]}",
        "{apiGroups: [acme.cert-manager.io], resources: ['*'], verbs: [create, deletecollection]}",
        "{apiGroups: [snapshot.storage.k8s.io], resources: [volumesnapshots], verbs: [get]}",
        "{apiGroups: [serving.knative.dev], resources: ['*', '*/status', '*/finalizers'], verbs: [deletecollection]}",
        "{apiGroups: [gateway.networking.k8s.io, gateway.networking.x-k8s.io], resources: [listenersets, xlistenersets/status], verbs: [patch]}",
        "{apiGroups: [''], resources: [endpoints/restricted, namespaces/finalizers], verbs: [create, update]}",
        // Aggregated APIs.
        "{apiGroups: [metrics.k8s.io], resources: [pods, nodes], verbs: [get, list, watch]}",
        "{apiGroups: [custom.metrics.k8s.io, external.metrics.k8s.io], resources: ['*'], verbs: ['*']}",
        // Only authorization checks use these.
        "{apiGroups: [''], resources: [nodes/proxy, nodes/metrics, nodes/stats], verbs: [get]}",
        "{apiGroups: [apps], resources: [deployments/finalizers], verbs: [update]}",
        "{apiGroups: [''], resources: [services/finalizers, pods/finalizers], verbs: ['*']}",
        "{apiGroups: [certificates.k8s.io], resources: [signers], resourceNames: ['issuers.cert-manager.io/*'], verbs: [approve, sign]}",
        "{apiGroups: [cert-manager.io], resources: [signers], resourceNames: ['issuers.cert-manager.io/*'], verbs: [approve]}",
        "{apiGroups: [''], resources: [serviceaccounts/token], resourceNames: [cert-manager], verbs: [create]}",
        "{apiGroups: [''], resources: [users, groups, serviceaccounts], verbs: [impersonate]}",
        "{apiGroups: [authentication.k8s.io], resources: [userextras/scopes, uids], verbs: [impersonate]}",
        "{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [view], verbs: [bind]}",
        // Retired groups, and resources that were moved.
        "{apiGroups: [extensions, networking.k8s.io], resources: [ingresses, ingresses/status], verbs: [get, update]}",
        "{apiGroups: [extensions], resources: [daemonsets, deployments/scale, podsecuritypolicies], verbs: [get, use]}",
        "{apiGroups: [policy], resources: [podsecuritypolicies], resourceNames: [restricted], verbs: [use]}",
        "{apiGroups: ['', events.k8s.io], resources: [events], verbs: [create, patch]}",
        "{apiGroups: [coordination.k8s.io], resources: [leasecandidates], verbs: [get]}",
        "{apiGroups: [security.openshift.io], resources: [securitycontextconstraints], resourceNames: [anyuid], verbs: [use]}",
        // Groups and resources as a product: each resource needs only one of the groups.
        "{apiGroups: ['', apps, batch], resources: [pods, deployments, jobs, cronjobs], verbs: [list]}",
        // Wildcards.
        "{apiGroups: ['*'], resources: ['*/scale'], verbs: [get, update]}",
        "{apiGroups: [apps], resources: ['*/scale', '*/status'], verbs: [get]}",
        "{apiGroups: ['*'], resources: ['*', '*/*'], verbs: ['*']}",
        "{apiGroups: ['*'], resources: [pods, widgets, widgets/status, services/status], verbs: [get]}",
        "{nonResourceURLs: [/metrics, /healthz, '/api/*', '/apis/*', '*', /openapi/v2], verbs: [get, post]}",
        "{nonResourceURLs: [/api, /apis/apps/v1], verbs: ['*']}",
        // Names on verbs that partly have a name, and subresources that are created by name.
        "{apiGroups: [''], resources: [configmaps], resourceNames: [leader], verbs: [get, update, patch, delete]}",
        "{apiGroups: [''], resources: [configmaps], resourceNames: [leader], verbs: [get, create]}, {apiGroups: [''], resources: [configmaps], verbs: [create]}",
        // Virtual resources of other servers' authorization checks, and names that they match themselves.
        "{apiGroups: [projectcalico.org], resources: [tier.networkpolicies], resourceNames: ['app.*'], verbs: ['*']}",
        "{apiGroups: [external.metrics.k8s.io], resources: [queue_length], verbs: [list]}",
        "{apiGroups: [''], resources: [registry.example.com], resourceNames: [puller], verbs: [request-serviceaccounts-token-audience]}",
        "{apiGroups: [''], resources: ['*'], verbs: [request-serviceaccounts-token-audience]}",
        "{apiGroups: [''], resources: [pods/exec], resourceNames: [db-0], verbs: [create]}",
        // Custom verbs.
        "{apiGroups: [example.com], resources: [widgets], verbs: [publish, consume, admin]}",
        "{apiGroups: [''], resources: [pods/attach], verbs: [get, list, watch]}",
    ] {
        check(rule, &[]);
    }
}

#[test]
fn resources_that_match_nothing_are_dead() {
    let rows = [
        ("[pods/*]", "RC201 rules[0].resources[0]"),
        ("['*/*']", "RC201 rules[0].resources[0]"),
        ("[pod]", "RC202 rules[0].resources[0]"),
        ("[Pods]", "RC202 rules[0].resources[0]"),
        ("[po]", "RC202 rules[0].resources[0]"),
        ("[Secret]", "RC202 rules[0].resources[0]"),
        ("[pod/log]", "RC202 rules[0].resources[0]"),
        ("[pods, deploy]", "RC202 rules[0].resources[1]"),
        ("[deployments]", "RC203 rules[0].resources[0]"),
        ("[pods, roles, rolebindings]", "RC203 rules[0].resources[1]"),
        ("[serviceacounts]", "RC204 rules[0].resources[0]"),
        ("[proxy/nodes]", "RC204 rules[0].resources[0]"),
        ("[nonsense]", "RC204 rules[0].resources[0]"),
        ("[pods/logs]", "RC205 rules[0].resources[0]"),
        ("[services/exec]", "RC205 rules[0].resources[0]"),
        ("['*/logs']", "RC205 rules[0].resources[0]"),
    ];
    for (resources, expected) in rows {
        check(&format!("{{apiGroups: [''], resources: {resources}, verbs: [get]}}"), &[expected]);
    }
    check(
        "{apiGroups: [example.com], resources: [Widgets, 'widgets/*'], verbs: [get]}",
        &["RC204 rules[0].resources[0]", "RC201 rules[0].resources[1]"],
    );
    check("{apiGroups: ['*'], resources: [Pods], verbs: [get]}", &["RC202 rules[0].resources[0]"]);
}

#[test]
fn groups_that_cannot_be_are_dead() {
    let rows = [
        ("[core]", "[pods]", "RC203 rules[0].apiGroups[0]"),
        ("[v1]", "[pods, secrets]", "RC203 rules[0].apiGroups[0]"),
        ("[apps/v1]", "[deployments]", "RC203 rules[0].apiGroups[0]"),
        ("[app]", "[deployments]", "RC203 rules[0].apiGroups[0]"),
        ("[rbac]", "[roles]", "RC203 rules[0].apiGroups[0]"),
        ("[rbac.authorisation.k8s.io]", "[roles]", "RC203 rules[0].apiGroups[0]"),
        ("[networking]", "[ingresses]", "RC203 rules[0].apiGroups[0]"),
        ("['', core]", "[pods]", "RC203 rules[0].apiGroups[1]"),
        ("[apps]", "[pods, ingresses]", "RC203 rules[0].resources[0]"),
    ];
    for (groups, resources, expected) in rows {
        let rule = format!("{{apiGroups: {groups}, resources: {resources}, verbs: [get]}}");
        let all = dead_or_broken(&format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: x}}, rules: [{rule}]}}"
        ));
        assert_eq!(all.first().map(String::as_str), Some(expected), "{rule}");
    }
}

#[test]
fn verbs_that_nothing_is_asked_with_are_dead() {
    let rows = [
        ("[GET]", "[pods]", "RC206 rules[0].verbs[0]"),
        ("[get, read]", "[pods]", "RC206 rules[0].verbs[1]"),
        ("[lisst]", "[pods]", "RC206 rules[0].verbs[0]"),
        ("[frobnicate]", "[pods]", "RC206 rules[0].verbs[0]"),
        ("[list]", "[pods/exec]", "RC206 rules[0].verbs"),
        ("[get, list]", "[bindings]", "RC206 rules[0].verbs"),
        ("[list]", "[pods/log]", "RC206 rules[0].verbs"),
    ];
    for (verbs, resources, expected) in rows {
        let rule = format!("{{apiGroups: [''], resources: {resources}, verbs: {verbs}}}");
        check(&rule, &[expected]);
    }
    check("{nonResourceURLs: [/metrics], verbs: [list]}", &["RC206 rules[0].verbs[0]"]);
    check("{nonResourceURLs: [/metrics], verbs: [GET]}", &["RC206 rules[0].verbs[0]"]);
    check(
        "{apiGroups: [example.com], resources: [widgets], verbs: [Get]}",
        &["RC206 rules[0].verbs[0]"],
    );
}

#[test]
fn names_on_verbs_without_names_are_dead() {
    for verbs in ["[create]", "[list]", "[create, list, watch]", "[deletecollection]"] {
        check(
            &format!(
                "{{apiGroups: [''], resources: [configmaps], resourceNames: [x], verbs: {verbs}}}"
            ),
            &["RC207 rules[0].resourceNames"],
        );
    }
    // Beside verbs that carry a name.
    for verbs in ["[get, update, create]", "[get, list, watch]", "[delete, deletecollection]"] {
        check(
            &format!(
                "{{apiGroups: [''], resources: [configmaps], resourceNames: [x], verbs: {verbs}}}"
            ),
            &["RC207 rules[0].resourceNames"],
        );
    }
    check(
        "{apiGroups: [''], resources: [configmaps], resourceNames: [x], verbs: [get, list, create]}",
        &["RC207 rules[0].resourceNames", "RC207 rules[0].resourceNames"],
    );
    // A rule that another one covers is reported as such.
    check(
        "{apiGroups: [''], resources: [secrets], verbs: [list]}, \
         {apiGroups: [''], resources: [secrets], resourceNames: [x], verbs: [list]}",
        &["RC212 rules[1]"],
    );
}

#[test]
fn a_reserved_name_of_the_wrong_kind_is_nobodys() {
    for (kind, name, expected) in [
        ("Group", "system:anonymous", Some("remove it")),
        ("User", "system:unauthenticated", Some("remove it")),
        ("User", "system:masters", Some("remove it")),
        ("User", "system:authenticated", Some("use `kind: Group` if you meant that one")),
        ("User", "system:nodes", Some("use `kind: Group` if you meant that one")),
        ("Group", "system:kube-scheduler", Some("use `kind: User` if you meant that one")),
        ("User", "system:serviceaccount:a:b:c", Some("use `system:serviceaccount:NAMESPACE:NAME`")),
        (
            "Group",
            "system:serviceaccounts:a:b",
            Some("use `system:serviceaccounts:NAMESPACE` with an existing namespace"),
        ),
        ("Group", "system:nodes", None),
        ("Group", "system:serviceaccounts:shop", None),
        ("User", "system:serviceaccount:${NS:-a}:b", None),
        ("User", "system:kube-scheduler", None),
    ] {
        let manifest = format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: x, namespace: shop}}, \
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}, \
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: '{name}'}}]}}"
        );
        let found = support::findings_of(&manifest).into_iter();
        let found = found
            .filter(|finding| finding.rule.is_called("RC215"))
            .map(|finding| finding.fix.clone())
            .next();
        assert_eq!(found.as_deref(), expected, "{kind} {name}");
    }
}

#[test]
fn a_verb_without_requests_is_reported_once_with_the_right_group() {
    for (groups, resources, verbs, expected) in [
        ("''", "pods", "proxy", "RC206 rules[0].verbs[0]"),
        ("''", "services", "redirect", "RC206 rules[0].verbs[0]"),
        ("''", "users", "get, list", "RC206 rules[0].verbs"),
        ("''", "pods, users", "get", ""),
        ("certificates.k8s.io", "signers", "get, update", "RC206 rules[0].verbs"),
        ("authentication.k8s.io", "userextras/scopes", "get", "RC206 rules[0].verbs"),
        ("''", "uids", "impersonate", "RC203 rules[0].resources[0]"),
        ("''", "userextras/scopes", "impersonate", "RC203 rules[0].resources[0]"),
        ("''", "signers", "approve", "RC203 rules[0].resources[0]"),
        ("authentication.k8s.io", "users, groups", "impersonate", "RC206 rules[0].verbs[0]"),
        ("metrics.k8s.io", "pods", "get, list", ""),
    ] {
        let found = dead_or_broken(&format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: x}}, \
             rules: [{{apiGroups: [{groups}], resources: [{resources}], verbs: [{verbs}]}}]}}"
        ));
        assert_eq!(found.join(" "), expected, "{groups} {resources} {verbs}");
    }
    let manifest = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: x}, \
        rules: [{apiGroups: [authentication.k8s.io], resources: [users, groups], verbs: [impersonate]}]}";
    let fixes = support::findings_of(manifest)
        .into_iter()
        .filter(|finding| finding.rule.is_called("RC206"))
        .map(|finding| finding.fix.clone());
    assert_eq!(fixes.collect::<Vec<_>>(), ["use the API group `\"\"`"]);
}

#[test]
fn a_role_may_name_its_own_namespace_but_not_list_them() {
    let role = |rule: &str| {
        dead_or_broken(&format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {{name: x, namespace: shop}}, rules: [{rule}]}}"
        ))
    };
    assert_eq!(role("{apiGroups: [''], resources: [namespaces], verbs: [get]}"), [""; 0]);
    assert_eq!(
        role("{apiGroups: [''], resources: [namespaces], verbs: [list]}"),
        ["RC208 rules[0].resources[0]"]
    );
    assert_eq!(
        role("{apiGroups: [''], resources: [nodes/proxy, pods], verbs: [get]}"),
        ["RC208 rules[0].resources[0]"]
    );
    assert_eq!(role("{apiGroups: [example.com, ''], resources: [nodes], verbs: [get]}"), [""; 0]);
    // Nodes of metrics-server are cluster-scoped, its Pods are not.
    assert_eq!(
        role("{apiGroups: [metrics.k8s.io], resources: [nodes, pods], verbs: [get, list]}"),
        ["RC208 rules[0].resources[0]"]
    );
    assert_eq!(role("{apiGroups: [metrics.k8s.io], resources: [pods], verbs: [list]}"), [""; 0]);
    // A server asks for `bind` in the namespace of the binding, for `escalate` where the role is.
    let group = "apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles]";
    for verbs in ["[bind]", "['*']"] {
        assert_eq!(role(&format!("{{{group}, verbs: {verbs}}}")), [""; 0], "{verbs}");
    }
    for verbs in ["[bind, escalate]", "[bind, get, escalate]"] {
        let found = role(&format!("{{{group}, verbs: {verbs}}}"));
        assert_eq!(found, ["RC208 rules[0].verbs[1]"], "{verbs}");
    }
    assert_eq!(
        role("{apiGroups: [''], resources: [pods, namespaces], verbs: [get, list]}"),
        ["RC208 rules[0].verbs[1]"]
    );
    assert_eq!(
        role("{apiGroups: ['', apps], resources: [namespaces/status], verbs: [get, list]}"),
        [""; 0]
    );
    assert_eq!(role(&format!("{{{group}, verbs: [escalate]}}")), ["RC208 rules[0].resources[0]"]);
}

#[test]
fn a_server_that_asks_about_tiers_by_name_is_asked_whatever_the_verb() {
    check(
        "{apiGroups: [projectcalico.org], resources: [tier.networkpolicies, tier.globalnetworkpolicies], \
         resourceNames: [shop, shop.*], verbs: [create, delete, get, list, update, watch]}",
        &[],
    );
    check(
        "{apiGroups: [example.com], resources: [widgets], resourceNames: [x], verbs: [create]}",
        &["RC207 rules[0].resourceNames"],
    );
}

#[test]
fn default_roles_are_neither_broken_nor_dead() {
    for version in Version::ALL {
        let manifests = facts::default_objects(version);
        assert_eq!(dead_or_broken_for(manifests, version), [""; 0], "{version:?}");
        // Under other names nothing excuses them: what is left is true, a rule that another one of its
        // role covers, a binding without subjects, and `list` and `watch` of one object.
        let renamed = manifests
            .replace("\"name\":\"system:", "\"name\":\"renamed:")
            .replace("\"name\": \"system:", "\"name\": \"renamed:");
        let mut found: Vec<String> = support::findings_for(&renamed, version)
            .into_iter()
            .filter(|finding| matches!(finding.rule.category, Category::Dead | Category::Broken))
            .map(|finding| format!("{} {}", finding.rule.code, finding.object))
            .collect();
        found.retain(|line| {
            line != "RC212 ClusterRole renamed:controller:namespace-controller"
                && line
                    != "RC212 ClusterRole renamed:controller:storage-version-migrator-controller"
                && line != "RC207 ClusterRole renamed:kube-scheduler"
                && line != "RC210 ClusterRoleBinding renamed:node"
        });
        assert_eq!(found, [""; 0], "{version:?}");
    }
}

/// Returns a rule with as many resources that no server serves.
fn unserved(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|index| format!("thing{index}s")).collect();
    format!("{{apiGroups: [apps], resources: [{}], verbs: [get]}}", names.join(", "))
}

#[test]
fn many_unserved_resources_of_a_rule_are_one_finding() {
    let few: Vec<String> = (0..20).map(|at| format!("RC204 rules[0].resources[{at}]")).collect();
    check(&unserved(20), &few.iter().map(String::as_str).collect::<Vec<_>>());
    check(&unserved(21), &["RC204 rules[0].resources[0]"]);
    check(&unserved(100_000), &["RC204 rules[0].resources[0]"]);
    // A likely misspelling among them is still reported with its correction.
    check(
        &unserved(30).replace("thing7s", "deploymants"),
        &["RC204 rules[0].resources[0]", "RC204 rules[0].resources[7]"],
    );
}

#[test]
fn thousands_of_rules_with_unserved_resources_are_checked_in_linear_time() {
    let rules: Vec<String> = (0..5_000)
        .map(|index| format!("{{apiGroups: [apps], resources: [thing{index}s], verbs: [get]}}"))
        .collect();
    let expected: Vec<String> =
        (0..5_000).map(|at| format!("RC204 rules[{at}].resources[0]")).collect();
    check(&rules.join(", "), &expected.iter().map(String::as_str).collect::<Vec<_>>());
}
