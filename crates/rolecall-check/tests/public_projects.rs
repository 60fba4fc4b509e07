//! Shapes that public projects install, and that `check` once judged wrongly. The manifests are written
//! independently.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

/// Returns the findings of a code: severity, object, field and message.
fn found(manifests: &str, code: &str) -> Vec<String> {
    let findings = support::findings_of(manifests).into_iter();
    let findings = findings.filter(|finding| finding.rule.is_called(code));
    let shown = findings.map(|finding| {
        format!("{} {} {}: {}", finding.severity, finding.object, finding.field, finding.message)
    });
    shown.collect()
}

fn role(rules: &str) -> String {
    format!(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: tested}}\nrules: [{rules}]\n"
    )
}

/// An agent in `shop` with a rule, beside an operator that reads all Secrets.
fn beside_operator(kind: &str, rule: &str) -> String {
    let at = if kind == "RoleBinding" { ", namespace: shop" } else { "" };
    format!(
        "{}---
{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: operator, namespace: shop}}}}
---
{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: viewer, namespace: shop}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: agent{at}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tested}}
subjects: [{{kind: ServiceAccount, name: agent, namespace: shop}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: all-secrets}}
rules: [{{apiGroups: [''], resources: [secrets], verbs: [list]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: operator}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: all-secrets}}
subjects:
- {{kind: ServiceAccount, name: operator, namespace: shop}}
- {{apiGroup: rbac.authorization.k8s.io, kind: User, name: auditor}}
- {{apiGroup: rbac.authorization.k8s.io, kind: Group, name: auditors}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: admin}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: root}}]
",
        role(rule)
    )
}

#[test]
fn accounts_that_a_rule_names_are_named_with_their_access_and_severity() {
    let token = |name: &str| {
        format!(
            "{{apiGroups: [''], resources: [serviceaccounts/token], resourceNames: [{name}], verbs: [create]}}"
        )
    };
    let act = |what: &str, name: &str| {
        format!(
            "{{apiGroups: [''], resources: [{what}], resourceNames: ['{name}'], verbs: [impersonate]}}"
        )
    };
    let secrets = "can read all Secrets at once, in the whole cluster";
    let in_namespace = |how: &str| {
        vec![format!(
            "high RoleBinding shop/agent subjects[0]: `sa/shop:agent` {how} ServiceAccount `shop/operator`, which {secrets}"
        )]
    };
    let everywhere = |rest: &str| {
        vec![format!("high ClusterRoleBinding agent subjects[0]: `sa/shop:agent` {rest}")]
    };
    for (kind, rule, expected) in [
        ("RoleBinding", token("operator"), in_namespace("can request tokens of")),
        ("RoleBinding", act("serviceaccounts", "operator"), in_namespace("can impersonate")),
        (
            "RoleBinding",
            "{apiGroups: [''], resources: [pods], verbs: [create]}".to_owned(),
            in_namespace("can become"),
        ),
        (
            "RoleBinding",
            "{apiGroups: [''], resources: [pods/ephemeralcontainers], verbs: [patch]}".to_owned(),
            in_namespace("can become"),
        ),
        ("RoleBinding", token("viewer"), Vec::new()),
        ("RoleBinding", token("agent"), Vec::new()),
        // In a namespace, these grant nothing.
        ("RoleBinding", act("users", "auditor"), Vec::new()),
        (
            "ClusterRoleBinding",
            token("operator"),
            everywhere(&format!(
                "can request tokens of ServiceAccount `shop/operator`, which {secrets}"
            )),
        ),
        (
            "ClusterRoleBinding",
            act("users", "auditor"),
            everywhere(&format!("can impersonate user `auditor`, which {secrets}")),
        ),
        // Requests with a group also name a user.
        ("ClusterRoleBinding", act("groups", "auditors"), Vec::new()),
        (
            "ClusterRoleBinding",
            format!("{}, {}", act("groups", "auditors"), act("users", "nobody")),
            everywhere(&format!("can impersonate group `auditors`, whose members {secrets}")),
        ),
        (
            "ClusterRoleBinding",
            act("users", "root"),
            vec![
                "critical ClusterRoleBinding agent subjects[0]: `sa/shop:agent` can impersonate user `root`, which can do anything, in the whole cluster"
                    .to_owned(),
            ],
        ),
        // A subject that can act as anyone gains nothing from a name.
        (
            "ClusterRoleBinding",
            format!(
                "{}, {{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}}",
                token("operator")
            ),
            Vec::new(),
        ),
    ] {
        assert_eq!(found(&beside_operator(kind, &rule), "RC513"), expected, "{kind} {rule}");
    }
}

#[test]
fn a_verb_that_a_program_can_ask_about_is_a_minor_finding() {
    let rule = |verb: &str| {
        role(&format!("{{apiGroups: [''], resources: [serviceaccounts/token], verbs: [{verb}]}}"))
    };
    for (verb, severity) in [
        ("subscribe", "low"),
        ("raed", "high"),
        ("lst", "high"),
        ("POST", "high"),
        ("descr", "low"),
    ] {
        let found = found(&rule(verb), "RC206");
        assert!(matches!(&*found, [one] if one.starts_with(severity)), "{verb}: {found:?}");
    }
}

#[test]
fn permissions_of_an_operator_can_be_installed_for_all_namespaces() {
    let version = |modes: &str| {
        format!(
            "{{apiVersion: operators.coreos.com/v1alpha1, kind: ClusterServiceVersion, metadata: {{name: op.v1, namespace: placeholder}}, \
             spec: {{installModes: [{modes}], install: {{strategy: deployment, spec: {{permissions: [{{serviceAccountName: op, rules: [\
             {{apiGroups: [''], resources: [nodes], verbs: [list]}}, {{apiGroups: [''], resources: [namespaces], verbs: [get, list]}}]}}]}}}}}}}}"
        )
    };
    let all = |supported: &str| format!("{{type: AllNamespaces, supported: {supported}}}");
    for (modes, severities) in [
        (all("true"), ["info", "info"]),
        (all("false"), ["high", "medium"]),
        ("{type: OwnNamespace, supported: true}".to_owned(), ["high", "medium"]),
    ] {
        let found = found(&version(&modes), "RC208");
        let shown: Vec<&str> = found.iter().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(shown, severities, "{modes}: {found:?}");
        let is_said = found.iter().all(|line| line.contains("unless OLM installs"));
        assert_eq!(is_said, severities[0] == "info", "{found:?}");
    }
}

#[test]
fn cluster_scoped_resources_of_one_role_are_one_finding() {
    let manifests = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tested, namespace: shop}
rules:
- {apiGroups: [''], resources: [nodes], verbs: [list]}
- {apiGroups: [''], resources: [pods], verbs: [list]}
- {apiGroups: [storage.k8s.io], resources: [storageclasses], verbs: [list]}
- {apiGroups: [''], resources: [namespaces], verbs: [get, list]}
";
    let found = rolecall_check::fold(support::findings_of(manifests)).into_iter();
    let found = found.filter(|finding| finding.rule.is_called("RC208"));
    let shown: Vec<String> = found.map(|finding| finding.message.clone()).collect();
    assert_eq!(
        shown,
        [
            "`nodes` is cluster-scoped: a Role cannot grant it (also RC208 in `rules[2]` and `rules[3]`)"
        ]
    );
}

#[test]
fn invalid_names_of_accounts_are_reported_once_and_placeholders_are_minor() {
    let account = |name: &str, namespace: &str| {
        format!(
            "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {name}, namespace: {namespace}}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: tested, namespace: shop}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects: [{{kind: ServiceAccount, name: {name}, namespace: shop}}]
"
        )
    };
    let starts = |manifests: &str| -> Vec<String> {
        let found = found(manifests, "RC105");
        found.iter().filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect()
    };
    assert_eq!(
        starts(&account("gateway-", "shop")),
        ["high ServiceAccount shop/gateway- metadata.name"]
    );
    assert_eq!(
        starts(&account("web", "TEAMNAMESPACE")),
        ["info ServiceAccount TEAMNAMESPACE/web metadata.namespace"]
    );
    assert_eq!(
        starts(&account("web", "Team")),
        ["high ServiceAccount Team/web metadata.namespace"]
    );
    // The only account that is similar has the same invalid name.
    let alone = account("gateway-", "shop")
        .replace("kind: ServiceAccount, metadata", "kind: ConfigMap, metadata");
    let findings = support::findings_of(&alone);
    let finding = findings.iter().find(|finding| finding.rule.is_called("RC105")).unwrap();
    assert_eq!((finding.field.to_string().as_str(), &*finding.fix), ("subjects[0].name", ""));
}

#[test]
fn a_placeholder_for_the_namespace_of_a_bundle_is_not_a_missing_account() {
    let manifests = |namespace: &str| {
        format!(
            "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: gateway, namespace: operators}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: gateway}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects: [{{kind: ServiceAccount, name: gateway, namespace: {namespace}}}]
"
        )
    };
    let real = "---\n{apiVersion: v1, kind: Namespace, metadata: {name: placeholder}}\n";
    for (manifests, count) in [
        (manifests("placeholder"), 0),
        (manifests("placeholder") + real, 1),
        (manifests("other"), 1),
    ] {
        let found: Vec<String> =
            ["RC102", "RC104"].iter().flat_map(|code| found(&manifests, code)).collect();
        assert_eq!(found.len(), count, "{manifests}: {found:?}");
    }
}

#[test]
fn an_empty_role_beside_aggregated_ones_is_kept_on_purpose() {
    let role = |labels: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: widgets-admin, labels: {{{labels}}}}}, rules: []}}"
        )
    };
    for (labels, severity) in [
        ("example.com/aggregate-to-widgets-admin: 'true'", "info"),
        ("rbac.authorization.k8s.io/aggregate-to-admin: 'true'", "info"),
        ("app: widgets", "low"),
    ] {
        let found = found(&role(labels), "RC210");
        assert!(matches!(&*found, [one] if one.starts_with(severity)), "{labels}: {found:?}");
    }
}

#[test]
fn a_config_map_that_is_published_to_all_users_by_name_is_a_minor_finding() {
    let manifests = |names: &str, resources: &str| {
        format!(
            "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: info, namespace: pipelines}}
rules: [{{apiGroups: [''], resources: [{resources}], {names}verbs: [get]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: info, namespace: pipelines}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: info}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:authenticated'}}]
"
        )
    };
    for (names, resources, severity) in [
        ("resourceNames: [pipelines-info], ", "configmaps", "low"),
        ("", "configmaps", "medium"),
        ("resourceNames: [pipelines-info], ", "secrets", "medium"),
    ] {
        let found = found(&manifests(names, resources), "RC508");
        assert!(matches!(&*found, [one] if one.starts_with(severity)), "{names}: {found:?}");
    }
}

/// A base as `helm template` writes it without a namespace, and its build.
fn release(namespace: &str, account: &str) -> String {
    let base = |namespace: &str, account: &str| {
        format!(
            "apiVersion: v1
kind: ServiceAccount
metadata: {{name: operator{account}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: operator}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects:
- {{kind: ServiceAccount, name: operator, namespace: {namespace}}}
"
        )
    };
    format!(
        "# base/rbac.yaml\n{}---\n# kustomization.yaml\nnamespace: shop\nresources: [base/rbac.yaml]\n---\n# kustomize build\n{}",
        base(namespace, account),
        base("shop", ", namespace: shop")
    )
}

#[test]
fn a_release_without_a_namespace_moves_with_its_account() {
    for (namespace, account, count) in [
        ("default", "", 0),
        ("monitoring", "", 1),
        ("default", ", namespace: default", 0),
        ("default", ", namespace: other", 1),
    ] {
        let found = found(&release(namespace, account), "RC702");
        assert_eq!(found.len(), count, "{namespace} {account}: {found:?}");
    }
}

#[test]
fn a_base_can_leave_the_namespace_of_its_subjects_to_an_overlay() {
    let base = |account: &str| {
        format!(
            "apiVersion: v1
kind: ServiceAccount
metadata: {{name: {account}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: agent}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects:
- {{kind: ServiceAccount, name: agent}}
"
        )
    };
    let built = |account: &str, namespace: &str| {
        let base = base(account);
        format!(
            "# base/rbac.yaml\n{base}---\n# kustomization.yaml\n{namespace}resources: [base/rbac.yaml]\n---\n# kustomize build\n{base}"
        )
    };
    for (manifests, severity) in [
        (built("agent", ""), "info"),
        (built("other", ""), "high"),
        (built("agent", "namespace: shop\n"), "high"),
        (base("agent"), "high"),
    ] {
        let found = found(&manifests, "RC105");
        assert!(matches!(&*found, [one] if one.starts_with(severity)), "{manifests}: {found:?}");
    }
}

#[test]
fn a_pod_of_an_embedded_object_for_another_namespace_needs_no_account_here() {
    let addon = |namespace: &str| {
        format!(
            "apiVersion: addon.example.com/v1
kind: AddOnTemplate
metadata: {{name: hello, namespace: hub}}
spec:
  manifests:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: hello{namespace}}}
    spec:
      template:
        spec: {{serviceAccountName: hello-agent, containers: [{{name: hello, image: hello}}]}}
"
        )
    };
    for (namespace, count) in [(", namespace: agents", 0), (", namespace: hub", 1), ("", 1)] {
        let found = found(&addon(namespace), "RC405");
        assert_eq!(found.len(), count, "{namespace}: {found:?}");
    }
}

/// A workload in `ops` that runs as the ServiceAccount `app`, which holds some rules cluster-wide.
fn operator(rules: &str, workload: &str) -> String {
    let workload = match workload {
        "" => String::new(),
        account => format!(
            "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app, namespace: ops}}
spec: {{template: {{spec: {{serviceAccountName: {account}, containers: [{{name: app, image: example.com/app}}]}}}}}}
"
        ),
    };
    format!(
        "{}---
{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: app, namespace: ops}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: app}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tested}}
subjects: [{{kind: ServiceAccount, name: app, namespace: ops}}]
{workload}",
        role(rules)
    )
}

#[test]
fn operators_run_pods_for_their_resources_by_design() {
    const STATUS: &str = "{apiGroups: [example.com], resources: [widgets/status], verbs: [update]}";
    const WORKLOADS: &str = "{apiGroups: [apps], resources: [deployments], verbs: [create]}";
    const PODS: &str = "{apiGroups: [''], resources: [pods], verbs: [create, patch]}";
    const SECRETS: &str = "{apiGroups: [''], resources: [secrets], verbs: [list]}";
    const EXEC: &str = "{apiGroups: [''], resources: [pods/exec], verbs: [create]}";
    let all = |rules: &[&str]| rules.join(", ");
    let severities = |rules: &str, workload: &str| -> Vec<String> {
        let findings = support::findings_of(&operator(rules, workload)).into_iter();
        let risks = findings.filter(|finding| finding.rule.code >= rolecall_check::RuleCode(510));
        let mut shown: Vec<String> =
            risks.map(|finding| format!("{} {}", finding.rule.code, finding.severity)).collect();
        shown.sort();
        shown.dedup();
        shown
    };
    for (rules, workload, expected) in [
        (all(&[STATUS, WORKLOADS]), "app", "RC516 info, RC572 info"),
        (all(&[STATUS, PODS]), "app", "RC515 info, RC572 info"),
        (all(&[STATUS, WORKLOADS, SECRETS]), "app", "RC511 info, RC516 info, RC572 info"),
        // Rights that it can do without keep their severity.
        (all(&[STATUS, WORKLOADS, EXEC]), "app", "RC516 info, RC518 high, RC557 high, RC572 info"),
        // Without workloads, the Secrets can be limited.
        (all(&[STATUS, SECRETS]), "app", "RC511 high, RC557 high"),
        // Neither a controller, nor a program of the repository.
        (all(&[WORKLOADS]), "app", "RC516 critical, RC557 high, RC572 critical"),
        (all(&[STATUS, WORKLOADS]), "", "RC516 critical, RC572 critical"),
        (all(&[STATUS, WORKLOADS]), "other", "RC516 critical, RC572 critical"),
    ] {
        assert_eq!(severities(&rules, workload).join(", "), expected, "{rules} {workload}");
    }
    // Other holders do not need it.
    let shared = operator(&all(&[STATUS, WORKLOADS]), "app").replace(
        "subjects: [{kind: ServiceAccount, name: app, namespace: ops}]",
        "subjects: [{kind: ServiceAccount, name: app, namespace: ops}, {apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]",
    );
    assert!(found(&shared, "RC516").iter().all(|line| line.starts_with("critical")), "{shared}");
}
