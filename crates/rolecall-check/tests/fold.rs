//! Findings with one cause are folded into one.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use std::collections::BTreeSet;

use rolecall_check::Category;

/// Folds what is found in manifests, and returns the risks that stay.
fn folded(manifests: &str) -> Vec<String> {
    let found = rolecall_check::fold(support::findings_of(manifests)).into_iter();
    let risks = found.filter(|finding| finding.rule.category == Category::Risk);
    let shown = risks.map(|finding| {
        let also = finding.message.split_once(" (also ").map_or("", |(_, also)| also);
        let also = also.trim_end_matches(')');
        format!("{} {} {}: {also}", finding.rule.code, finding.severity, finding.object)
    });
    shown.collect()
}

fn role(name: &str, rules: &[&str]) -> String {
    let rules = rules.join(", ");
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}}}\nrules: [{rules}]\n"
    )
}

/// Binds a ClusterRole to ServiceAccount `shop/op`: everywhere, or in a namespace.
fn granted(name: &str, namespace: &str) -> String {
    let (kind, metadata) = match namespace {
        "" => ("ClusterRoleBinding", format!("{{name: {name}}}")),
        _ => ("RoleBinding", format!("{{name: {name}, namespace: {namespace}}}")),
    };
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {metadata}\n\
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}\n\
         subjects: [{{kind: ServiceAccount, name: op, namespace: shop}}]\n"
    )
}

const LIST_SECRETS: &str = "{apiGroups: [''], resources: [secrets], verbs: [list]}";

const CREATE_PODS: &str = "{apiGroups: [''], resources: [pods], verbs: [create]}";

const WRITE_SERVICES: &str = "{apiGroups: [''], resources: [services], verbs: [create, update]}";

const WRITE_WEBHOOKS: &str = "{apiGroups: [admissionregistration.k8s.io], \
    resources: [mutatingwebhookconfigurations], verbs: [create, update]}";

const OWN_STATUS: &str =
    "{apiGroups: [shop.example.com], resources: [carts/status], verbs: [update]}";

#[test]
fn the_risks_of_a_role_are_one_finding_except_critical_ones() {
    let rows: &[(&[&str], &[&str])] = &[
        (
            &[LIST_SECRETS, CREATE_PODS, WRITE_SERVICES],
            &["RC572 critical ClusterRoleBinding x: RC511, RC515 and RC542 in `ClusterRole x`"],
        ),
        (
            &[WRITE_WEBHOOKS, CREATE_PODS, LIST_SECRETS],
            &["RC536 critical ClusterRole x: RC511 in `rules[2]`, RC515 in `rules[1]`, RC572 in \
               `ClusterRoleBinding x`"],
        ),
        (&[LIST_SECRETS, LIST_SECRETS], &["RC511 high ClusterRole x: RC511 in `rules[1]`"]),
        (&[WRITE_SERVICES], &["RC542 medium ClusterRole x: "]),
    ];
    for (rules, expected) in rows {
        assert_eq!(folded(&(role("x", rules) + &granted("x", ""))), *expected, "{rules:?}");
    }
}

#[test]
fn the_same_risk_through_several_roles_of_one_holder_is_one_finding() {
    let roles = role("a", &[LIST_SECRETS]) + &role("b", &[WRITE_SERVICES, LIST_SECRETS]);
    let everywhere = roles.clone() + &granted("a", "") + &granted("b", "");
    assert_eq!(
        folded(&everywhere),
        ["RC511 high ClusterRole a: RC511 and RC542 in `ClusterRole b`"]
    );
    // In different scopes they are different risks.
    let here_and_there = roles + &granted("a", "") + &granted("b", "shop");
    assert_eq!(
        folded(&here_and_there),
        ["RC511 high ClusterRole a: ", "RC511 medium ClusterRole b: "]
    );
}

#[test]
fn needs_of_controllers_are_informational() {
    for (rules, namespace, expected) in [
        // In any namespace they write what their resources ask for.
        (&[WRITE_SERVICES][..], "", "RC542 medium"),
        (&[WRITE_SERVICES, OWN_STATUS], "", "RC542 info"),
        // In their own namespace they keep Secrets and run Pods.
        (&[LIST_SECRETS], "shop", "RC511 medium"),
        (&[LIST_SECRETS, OWN_STATUS], "shop", "RC511 info"),
        (&[LIST_SECRETS, OWN_STATUS], "bank", "RC511 medium"),
        (&[CREATE_PODS, OWN_STATUS], "shop", "RC515 info"),
        // Wildcards keep their severity.
        (&[LIST_SECRETS, OWN_STATUS], "", "RC511 high"),
        (&[CREATE_PODS, OWN_STATUS], "", "RC572 critical"),
        // Writing the status of built-in kinds does not make a subject such a controller.
        (
            &[
                WRITE_SERVICES,
                "{apiGroups: [apps], resources: [deployments/status], verbs: [update]}",
            ],
            "",
            "RC542 medium",
        ),
    ] {
        let found = folded(&(role("x", rules) + &granted("x", namespace)));
        assert!(found[0].starts_with(expected), "{expected}: {found:?}");
    }
}

#[test]
fn each_workload_with_reported_access_is_listed_once() {
    let everything = role("x", &["{apiGroups: ['*'], resources: ['*'], verbs: ['*']}"]);
    let mut manifests = everything + &granted("x", "");
    for number in 0..300 {
        manifests += &format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w{number}, namespace: shop}}\n\
             spec: {{template: {{spec: {{serviceAccountName: op, containers: [{{name: c, image: i}}]}}}}}}\n"
        );
    }
    let found = rolecall_check::fold(support::findings_of(&manifests));
    let run_with_access = found.iter().flat_map(|finding| &finding.related);
    let run_with_access = run_with_access.filter(|related| related.note == "runs with this access");
    let names: BTreeSet<_> = run_with_access.clone().map(|related| &related.object.name).collect();
    assert_eq!((run_with_access.count(), names.len()), (300, 300));
}

/// Folds what is found in manifests, and returns the code and the fix of the risks that stay.
fn fixes(manifests: &str) -> Vec<String> {
    let found = rolecall_check::fold(support::findings_of(manifests)).into_iter();
    let risks = found.filter(|finding| finding.rule.category == Category::Risk);
    risks.map(|finding| format!("{}: {}", finding.rule.code, finding.fix)).collect()
}

#[test]
fn a_path_is_part_of_the_finding_about_the_rule_that_opens_it() {
    let webhooks = "{apiGroups: [admissionregistration.k8s.io], \
        resources: [mutatingwebhookconfigurations], verbs: [update]}";
    let objects = |rules: &[&str]| format!("{}{}", role("op", rules), granted("op", ""));
    assert_eq!(
        fixes(&objects(&[webhooks])),
        ["RC536: limit the rule to the holder's own configurations, with `resourceNames`"]
    );
    // The changes that stop the other paths are added.
    assert_eq!(
        fixes(&objects(&[webhooks, CREATE_PODS])),
        ["RC536: limit the rule to the holder's own configurations, with `resourceNames`; grant \
          `create` on `pods` (`rules[1]` of ClusterRole `op`) with RoleBindings in the namespaces \
          that need it, not in the whole cluster"]
    );
    // Minor risks of the rules that a path names are part of it.
    let secrets = "{apiGroups: [''], resources: [secrets], verbs: [create, list]}";
    assert_eq!(
        fixes(&objects(&[secrets])),
        ["RC572: grant `create` and `list` on `secrets` (`rules[0]` of ClusterRole `op`) with \
          RoleBindings in the namespaces that need it, not in the whole cluster"]
    );
}

#[test]
fn a_default_account_with_several_bindings_is_one_finding() {
    let default = |namespace: &str| granted("r", namespace).replace("name: op", "name: default");
    let pod = "---\n{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {containers: []}}\n";
    let objects = [
        role("r", &["{apiGroups: [''], resources: [configmaps], verbs: [get]}"]),
        default("shop"),
        default("shop").replace("name: r, namespace: shop}", "name: s, namespace: shop}"),
        pod.to_owned(),
    ];
    let found = rolecall_check::fold(support::findings_of(&objects.concat()));
    let of_default: Vec<&rolecall_check::Finding> =
        found.iter().filter(|it| it.rule.code == rolecall_check::RuleCode(401)).collect();
    let [only] = *of_default else { panic!("{of_default:?}") };
    assert!(only.message.contains("(also RC401 in `RoleBinding shop/s`"), "{}", only.message);
}
