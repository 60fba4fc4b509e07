//! The risks of a rule are exactly the ones that it grants.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use rolecall_check::Category;
use support::{bound, risks_of};

/// Checks what is said of the risks of rules that somebody holds everywhere, code by code.
#[track_caller]
fn check(rules: &str, expected: &[&str]) {
    let manifests = format!(
        r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: tested}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: tested}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tested}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}}]
"#
    );
    let findings = support::findings_of(&manifests).into_iter();
    let found: Vec<String> = findings
        .filter(|finding| finding.rule.category == Category::Risk && finding.reaches.is_none())
        .map(|finding| {
            let message = finding.message.replace("its holders can ", "");
            let message = message.replace(", in the whole cluster", "");
            format!("{} {} {message} [{}]", finding.rule.code, finding.severity, finding.fix)
        })
        .collect();
    assert_eq!(found, expected, "{rules}");
}

#[test]
fn only_the_kinds_that_are_granted_are_named() {
    check(
        "{apiGroups: [''], resources: [pods], verbs: [delete]}",
        &["RC549 medium delete Secrets, Pods, Services or workloads: `delete` on `pods` \
           [remove the verbs, or limit `delete` with `resourceNames`]"],
    );
    check(
        "{apiGroups: [batch], resources: [jobs], verbs: ['*']}",
        &[
            "RC502 critical do anything with Secrets, workloads, RBAC objects or identities: any verb on `jobs` \
           [list the required verbs]",
        ],
    );
}

#[test]
fn names_are_no_advice_for_verbs_without_them() {
    check(
        "{apiGroups: [''], resources: [secrets], verbs: [create]}",
        &["RC512 high create Secrets, and use them to create tokens if they can also read them \
           [remove `create`, unless the subject needs it]"],
    );
}

#[test]
fn verbs_that_do_no_harm_are_none() {
    for rule in [
        "{apiGroups: [batch], resources: [jobs], verbs: [update, patch]}",
        "{apiGroups: [''], resources: [configmaps], verbs: [create, delete]}",
        "{apiGroups: [''], resources: [persistentvolumeclaims], verbs: [create]}",
        "{apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [create]}",
    ] {
        check(rule, &[]);
    }
}

#[test]
fn webhooks_that_only_refuse_are_less_than_those_that_rewrite() {
    let rule = |resource: &str, verb: &str| {
        format!(
            "{{apiGroups: [admissionregistration.k8s.io], resources: [{resource}webhookconfigurations], verbs: [{verb}]}}"
        )
    };
    let codes = |rule: &str, expected: &str| {
        let findings = support::findings_of(&format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: a}}, rules: [{rule}]}}"
        ));
        let found: Vec<String> = findings
            .iter()
            .filter(|finding| finding.rule.category == Category::Risk)
            .map(|finding| finding.rule.code.to_string())
            .collect();
        assert_eq!(found, [expected], "{rule}");
    };
    codes(&rule("mutating", "patch"), "RC536");
    codes(&rule("mutating", "delete"), "RC559");
    codes(&rule("validating", "update"), "RC559");
}

#[test]
fn what_several_rules_of_a_role_do_is_said_once() {
    check(
        "{apiGroups: [a.example.com], resources: [widgets], verbs: ['*']}, \
         {apiGroups: [b.example.com], resources: [widgets], verbs: ['*']}, \
         {apiGroups: [c.example.com], resources: [widgets], verbs: ['*']}",
        &[
            "RC504 info allows any verb, as `rules[1]` and `rules[2]` do [list the required verbs or resources]",
        ],
    );
}

#[test]
fn creating_pods_is_graded_by_the_pod_security_level_of_the_namespace() {
    let rules = "{apiGroups: [''], resources: [pods], verbs: [create]}";
    let rows = [
        ("", "medium", true),
        ("---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop}}", "high", true),
        (
            "---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: privileged}}}",
            "high",
            true,
        ),
        (
            "---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}}",
            "medium",
            false,
        ),
    ];
    for (beside, severity, advises) in rows {
        let findings = support::findings_of(&bound("Role", "shop", rules, beside));
        let finding = findings.iter().find(|finding| finding.rule.is_called("RC515")).unwrap();
        assert_eq!(finding.severity.as_str(), severity, "{beside}");
        assert_eq!(finding.fix.contains("Pod Security"), advises, "{beside}: {}", finding.fix);
    }
}

#[test]
fn subjects_are_reported_whatever_role_they_are_bound_to() {
    let manifests = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: elsewhere}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:unauthenticated'}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:masters'}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:authenticated'}
- {kind: ServiceAccount, name: default, namespace: shop}
";
    let mut found: Vec<String> =
        risks_of(manifests).iter().map(|risk| risk.chars().take(5).collect()).collect();
    found.sort();
    assert_eq!(found, ["RC506", "RC507", "RC508", "RC509"]);
}

#[test]
fn a_role_is_not_said_to_grant_what_only_cluster_role_bindings_do() {
    let rules =
        "{apiGroups: [''], resources: [users, groups, serviceaccounts], verbs: [impersonate]}";
    assert_eq!(
        risks_of(&bound("Role", "shop", rules, "")),
        [
            "RC532 high its holders can act as others, in namespace `shop`: `impersonate` on `serviceaccounts`"
        ]
    );
}

#[test]
fn an_unbound_role_is_judged_in_its_namespace() {
    let manifests = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: leader-election, namespace: widget-system}
rules:
- {apiGroups: [''], resources: [configmaps, nodes/proxy], verbs: [get, update]}
";
    assert_eq!(
        risks_of(manifests),
        [
            "RC545 info anyone bound to it could change the settings of workloads and cluster services, \
          in namespace `widget-system`"
        ]
    );
}

#[test]
fn approving_client_certificates_is_a_risk_without_creating_requests() {
    let approve = "{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}, \
        {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [approve]}";
    let create = "{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests], verbs: [create]}";
    assert_eq!(
        risks_of(&bound("ClusterRole", "", approve, "")),
        [
            "RC534 high `user/jane` can approve client certificates that others request, for any user, \
          in the whole cluster"
        ]
    );
    assert_eq!(
        risks_of(&bound("ClusterRole", "", &format!("{create}, {approve}"), "")),
        [
            "RC534 critical `user/jane` can issue client certificates for any user, in the whole cluster",
            "RC572 critical `user/jane` can become cluster-admin in 3 steps: approve its own certificate (X20) \
             to gain `user/system:kube-controller-manager`, then request a token (X01) to gain \
             `sa/kube-system:clusterrole-aggregation-controller`, then change its own role (X17); \
             assumes that the cluster has the default roles of Kubernetes"
        ]
    );
}

#[test]
fn a_verb_over_everything_is_named() {
    let rule = |verb: &str| format!("{{apiGroups: ['*'], resources: ['*'], verbs: [{verb}]}}");
    let first = |verb: &str| risks_of(&bound("ClusterRole", "", &rule(verb), "")).remove(0);
    assert_eq!(
        first("update"),
        "RC503 critical its holders can `update` everything, in the whole cluster"
    );
    assert_eq!(
        first("impersonate"),
        "RC503 critical its holders can act as any user, group or ServiceAccount \
         (`impersonate` on everything), in the whole cluster"
    );
}

#[test]
fn deleting_collections_is_as_bad_as_deleting() {
    for verb in ["delete", "deletecollection"] {
        let rules = format!(
            "{{apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [{verb}]}}"
        );
        let found = risks_of(&bound("ClusterRole", "", &rules, ""));
        assert!(found.iter().any(|risk| risk.starts_with("RC542 medium")), "{verb}: {found:?}");
    }
}

#[test]
fn named_resources_of_every_group_are_worth_a_line() {
    let rules = "{apiGroups: ['*'], resources: [widgets], verbs: [get]}";
    assert_eq!(
        risks_of(&bound("ClusterRole", "", rules, "")),
        ["RC504 info allows resources of these names in every API group"]
    );
}

#[test]
fn settings_that_are_published_are_no_leak() {
    let manifests = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: cluster-info, namespace: kube-public}
rules: [{apiGroups: [''], resources: [configmaps], resourceNames: [cluster-info], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: cluster-info, namespace: kube-public}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: cluster-info}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: 'system:anonymous'}]
";
    let found = risks_of(manifests);
    assert!(matches!(&*found, [risk] if risk.starts_with("RC507 low")), "{found:?}");
}

#[test]
fn all_subjects_of_a_combination_are_named() {
    let rules =
        "{apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [get, patch]}";
    let more = "- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: platform}\n\
                - {kind: ServiceAccount, name: deployer, namespace: ci}\n";
    let manifests = bound("Role", "shop", rules, "").replace(
        "subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]\n",
        &format!(
            "subjects:\n- {{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}}\n{more}"
        ),
    );
    let findings = support::findings_of(&manifests);
    let finding = findings.iter().find(|finding| finding.rule.is_called("RC531")).unwrap();
    assert!(
        finding.message.starts_with("`group/platform` and 2 others can"),
        "{}",
        finding.message
    );
    assert_eq!(finding.subjects, ["group/platform", "sa/ci:deployer", "user/jane"]);
}

#[test]
fn what_servers_publish_themselves_is_not_critical_for_anyone() {
    let bound_to = |role: &str, group: &str| {
        let manifests = format!(
            "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: b}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: '{role}'}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: Group, name: '{group}'}}]
"
        );
        risks_of(&manifests)
    };
    for (role, group, expected) in [
        ("system:public-info-viewer", "system:unauthenticated", "RC507 low"),
        ("system:service-account-issuer-discovery", "system:unauthenticated", "RC507 low"),
        ("system:discovery", "system:authenticated", "RC508 low"),
        ("view", "system:unauthenticated", "RC507 critical"),
        ("system:monitoring", "system:unauthenticated", "RC507 critical"),
    ] {
        let found = bound_to(role, group);
        assert!(found.iter().any(|risk| risk.starts_with(expected)), "{role}: {found:?}");
    }
}

#[test]
fn gitops_resources_are_graded_by_the_rights_of_their_operator() {
    let rules =
        "{apiGroups: [kustomize.toolkit.fluxcd.io], resources: [kustomizations], verbs: [create]}";
    let operator = |role: &str| {
        format!(
            "---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: flux}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{{kind: ServiceAccount, name: kustomize-controller, namespace: flux-system}}]
"
        )
    };
    for (beside, severity) in [
        (String::new(), "medium"),
        (operator("view"), "medium"),
        (operator("cluster-admin"), "critical"),
    ] {
        let found = risks_of(&bound("Role", "shop", rules, &beside));
        let expected = format!("RC552 {severity}");
        assert!(found.iter().any(|risk| risk.starts_with(&expected)), "{expected}: {found:?}");
    }
    let own = |image: &str| {
        let workload = runs("flux-system", "kustomize-controller", image);
        let found = risks_of(&bound("ClusterRole", "", rules, &workload).replace(
            "{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}",
            "{kind: ServiceAccount, name: kustomize-controller, namespace: flux-system}",
        ));
        found.iter().any(|risk| risk.starts_with("RC552"))
    };
    assert!(!own("ghcr.io/fluxcd/kustomize-controller:v1.7.0"));
    // A name alone, which anyone can choose, excuses nothing.
    assert!(own("example.com/shop/web:1"));
}

/// Returns a Deployment that runs an image as a ServiceAccount.
fn runs(namespace: &str, account: &str, image: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: tested, namespace: {namespace}}}
spec: {{template: {{spec: {{serviceAccountName: {account}, containers: [{{name: a, image: '{image}'}}]}}}}}}
"
    )
}

#[test]
fn programs_that_need_a_risk_to_work_are_not_reproached_for_it() {
    let rules = "{apiGroups: [''], resources: [persistentvolumes], verbs: [create]}";
    for (name, image, severity) in [
        ("web", "example.com/web:1", "high"),
        ("web", "registry.k8s.io/sig-storage/csi-provisioner:v5.3.0", "info"),
        ("csi-nfs-controller-sa", "example.com/web:1", "high"),
        ("calico-csi-longhorn", "example.com/hongkong/contours:1", "high"),
    ] {
        let manifests = bound("ClusterRole", "", rules, &runs("storage", name, image)).replace(
            "{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}",
            &format!("{{kind: ServiceAccount, name: {name}, namespace: storage}}"),
        );
        let found = risks_of(&manifests);
        let expected = format!("RC540 {severity}");
        assert!(found.iter().any(|risk| risk.starts_with(&expected)), "{expected}: {found:?}");
    }
}

#[test]
fn the_risks_of_one_rule_are_one_finding() {
    let rules = "{apiGroups: [apps], resources: [deployments], verbs: [create, delete]}";
    let pod = "---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {serviceAccountName: web, containers: [{name: a, image: b}]}}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop}}
";
    let manifests = bound("ClusterRole", "", rules, pod).replace(
        "{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}",
        "{kind: ServiceAccount, name: web, namespace: shop}",
    );
    let folded = rolecall_check::fold(support::findings_of(&manifests));
    let risks: Vec<String> = folded
        .iter()
        .filter(|finding| finding.rule.category == Category::Risk)
        .map(|finding| {
            let related: Vec<String> =
                finding.related.iter().map(|related| related.object.to_string()).collect();
            format!("{} {}: {}", finding.rule.code, finding.message, related.join(", "))
        })
        .collect();
    assert_eq!(
        risks,
        [
            "RC572 `sa/shop:web` can become cluster-admin in 2 steps: create or change a workload (X03) to gain \
             `sa/kube-system:clusterrole-aggregation-controller`, then change its own role (X17); \
             assumes that the cluster has the default roles of Kubernetes (also RC516 and RC549 in \
             `ClusterRole tested`; RC557): Deployment shop/web, ClusterRole tested, \
             ClusterRoleBinding tested, ClusterRole system:controller:clusterrole-aggregation-controller, \
             ClusterRoleBinding system:controller:clusterrole-aggregation-controller"
        ]
    );
}
