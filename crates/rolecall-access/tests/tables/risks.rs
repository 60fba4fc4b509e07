use insta::assert_snapshot;
use rolecall_access::risk::{
    ANONYMOUS, AUTHENTICATED, Allowed, DEFAULT_ACCOUNT, Engine, MASTERS, Scoped, WILDCARD, all,
    grades, wildcard,
};
use rolecall_access::{KubernetesVersion, RuleCode, Severity};
use rolecall_rbac::{Authorizer, PolicyRule};

use rolecall_testing::cluster::cluster;

/// Returns the rule in the notation of clusters.
pub(crate) fn rule(text: &str) -> PolicyRule {
    let inventory = cluster(&format!("ClusterRole r: {text}"));
    inventory.roles()[0].rules[0].clone()
}

/// Returns the risks of each rule with their severities in the whole cluster, in `kube-system` and in
/// another namespace; `-` where the rule does not have the risk.
fn risks(objects: &str, rules: &[&str]) -> String {
    let authorizer = Authorizer::new(cluster(objects));
    let engine = Engine::new(&authorizer, KubernetesVersion::NEWEST);
    let mut lines = Vec::new();
    for text in rules {
        let hits = engine.hits(&rule(text));
        let shown: Vec<String> = hits
            .iter()
            .map(|hit| {
                let severities = [None, Some("kube-system"), Some("shop")].map(|namespace| {
                    let counts = hit.allowed.counts_in(namespace);
                    let severity = engine.severity(hit, namespace, &Vec::new);
                    match severity.filter(|_| counts) {
                        Some(severity) => severity.as_str(),
                        None => "-",
                    }
                });
                let implied = hit.implied.iter().map(|hit| hit.risk.code);
                let implied = implied.map(|code| format!("+{code}")).collect::<String>();
                format!("{}{implied} {}", hit.risk.code, severities.join("/"))
            })
            .collect();
        lines.push(format!("{text}: {}", shown.join("; ")));
    }
    lines.join("\n")
}

#[test]
fn each_rule_has_its_risks_in_its_scopes() {
    let rules = [
        "get pods",
        "create pods",
        "create pods/exec",
        "get pods/exec",
        "create pods/ephemeralcontainers",
        "patch pods/ephemeralcontainers",
        "get secrets",
        "list secrets",
        "get secrets named a",
        "create serviceaccounts/token",
        "impersonate users",
        "impersonate groups named system:masters",
        "impersonate serviceaccounts",
        "bind clusterroles.rbac.authorization.k8s.io",
        "bind clusterroles.rbac.authorization.k8s.io named view",
        "escalate clusterroles.rbac.authorization.k8s.io",
        "escalate roles.rbac.authorization.k8s.io",
        "create rolebindings.rbac.authorization.k8s.io",
        "get nodes/proxy",
        "create nodes/proxy",
        "patch nodes",
        "delete nodes",
        "create deployments.apps",
        "update daemonsets.apps",
        "approve signers.certificates.k8s.io",
        "update certificatesigningrequests/approval.certificates.k8s.io",
        "create mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "create persistentvolumes",
        "create services/proxy",
        "patch namespaces",
        "update configmaps named coredns",
        "update configmaps named aws-auth",
        "update configmaps",
        "create endpoints",
        "deletecollection pods",
        "* *.*",
        "* *",
        "get /logs/*",
        "* *",
    ];
    assert_snapshot!(risks("", &rules), @r#"
    get pods: 
    create pods: RC515 critical/critical/medium
    create pods/exec: RC518 high/high/medium
    get pods/exec: 
    create pods/ephemeralcontainers: 
    patch pods/ephemeralcontainers: RC520 high/high/medium
    get secrets: RC510 high/high/medium
    list secrets: RC511 high/high/medium
    get secrets named a: 
    create serviceaccounts/token: RC514 critical/critical/high
    impersonate users: RC532 critical/-/-
    impersonate groups named system:masters: RC532 critical/-/-
    impersonate serviceaccounts: RC532 critical/critical/high
    bind clusterroles.rbac.authorization.k8s.io: RC529 critical/critical/high
    bind clusterroles.rbac.authorization.k8s.io named view: 
    escalate clusterroles.rbac.authorization.k8s.io: RC528 critical/-/-
    escalate roles.rbac.authorization.k8s.io: RC528 critical/critical/high
    create rolebindings.rbac.authorization.k8s.io: RC530 medium/medium/low
    get nodes/proxy: RC525 critical/-/-
    create nodes/proxy: RC525 critical/-/-
    patch nodes: RC526 high/-/-
    delete nodes: 
    create deployments.apps: RC516 critical/critical/medium
    update daemonsets.apps: RC516 critical/critical/medium
    approve signers.certificates.k8s.io: 
    update certificatesigningrequests/approval.certificates.k8s.io: 
    create mutatingwebhookconfigurations.admissionregistration.k8s.io: RC536 critical/-/-
    create persistentvolumes: RC540 high/-/-
    create services/proxy: 
    patch namespaces: RC539 high/high/medium
    update configmaps named coredns: RC546 high/high/-
    update configmaps named aws-auth: RC547 high/high/-
    update configmaps: RC545 medium/medium/info; RC546 -/high/-
    create endpoints: RC542 medium/medium/info
    deletecollection pods: RC549 medium/medium/info
    * *.*: RC501+RC502+RC503+RC565+RC510+RC511+RC512+RC514+RC515+RC516+RC517+RC518+RC519+RC520+RC521+RC522+RC523+RC548+RC549+RC570+RC525+RC526+RC540+RC541+RC527+RC528+RC529+RC530+RC532+RC533+RC569+RC536+RC537+RC538+RC539+RC550+RC551+RC559+RC566+RC568+RC542+RC543+RC544+RC545+RC546+RC552+RC553 critical/critical/high
    * *: RC502+RC565+RC510+RC511+RC512+RC515+RC516+RC517+RC518+RC519+RC520+RC521+RC522+RC523+RC549+RC570+RC542+RC545 critical/critical/medium; RC514 critical/critical/high; RC548 low/low/info; RC525 critical/-/-; RC526 high/-/-; RC540 high/-/-; RC541 low/low/info; RC532 critical/critical/high; RC539 high/high/medium; RC544 medium/medium/low; RC546 -/high/-
    get /logs/*: 
    * *: RC502+RC565+RC510+RC511+RC512+RC515+RC516+RC517+RC518+RC519+RC520+RC521+RC522+RC523+RC549+RC570+RC542+RC545 critical/critical/medium; RC514 critical/critical/high; RC548 low/low/info; RC525 critical/-/-; RC526 high/-/-; RC540 high/-/-; RC541 low/low/info; RC532 critical/critical/high; RC539 high/high/medium; RC544 medium/medium/low; RC546 -/high/-
    "#);
}

#[test]
fn the_severity_of_starting_pods_depends_on_pod_security() {
    for (labels, expected) in [
        ("pod-security.kubernetes.io/enforce=baseline", "enforced"),
        ("pod-security.kubernetes.io/enforce=restricted", "enforced"),
        ("pod-security.kubernetes.io/enforce=privileged", "open"),
        ("tier=web", "open"),
    ] {
        let authorizer = Authorizer::new(cluster(&format!("namespace: shop {labels}")));
        let engine = Engine::new(&authorizer, KubernetesVersion::NEWEST);
        let found = format!("{:?}", engine.pod_security("shop")).to_lowercase();
        assert_eq!(found, expected, "{labels}");
        assert_eq!(format!("{:?}", engine.pod_security("other")), "Unknown");
    }
    assert_snapshot!(risks("namespace: shop tier=web", &["create pods"]), @r#"create pods: RC515 critical/critical/high"#);
    let enforced = "namespace: shop pod-security.kubernetes.io/enforce=baseline";
    assert_snapshot!(risks(enforced, &["create pods"]), @r#"create pods: RC515 critical/critical/medium"#);
}

#[test]
fn access_counts_in_the_scopes_in_which_it_is_allowed() {
    for (everywhere, in_system, in_namespace) in
        [(true, false, false), (false, true, false), (false, false, true)]
    {
        let allowed = Allowed { everywhere, in_namespace, in_system };
        assert_eq!(allowed.counts_in(None), everywhere);
        assert_eq!(allowed.counts_in(Some("kube-system")), in_system);
        assert_eq!(allowed.counts_in(Some("shop")), in_namespace);
    }
}

#[test]
fn findings_on_subjects_and_wildcards_have_a_severity_for_each_scope() {
    use Severity::{Critical, High, Info, Low, Medium};
    for (scoped, cluster, namespace) in [
        (WILDCARD, Low, Info),
        (MASTERS, Critical, High),
        (ANONYMOUS, Critical, High),
        (AUTHENTICATED, High, Medium),
        (DEFAULT_ACCOUNT, Medium, Low),
    ] as [(Scoped, Severity, Severity); 5]
    {
        let found = [None, Some("kube-system"), Some("shop")].map(|of| scoped.severity_in(of));
        assert_eq!(found, [cluster, cluster, namespace], "{}", scoped.code);
        let shown = format!("{namespace}; {cluster} in the whole cluster");
        assert_eq!(grades(scoped.code), Some(shown));
    }
    assert!(all().all(|risk| grades(risk.code).is_some()));
    assert_eq!(grades(RuleCode(0)), None);
}

#[test]
fn wildcards_are_found_in_the_field_that_has_them() {
    let every = "create,delete,deletecollection,get,list,patch,update,watch";
    for (text, expected) in [
        ("* *", Some("verbs")),
        ("* pods", Some("verbs")),
        ("get *", Some("resources")),
        ("get pods", None),
        ("get pods.*", Some("apiGroups")),
        (&*format!("{every} pods"), Some("verbs")),
        (&*format!("{every} *"), Some("resources")),
        ("create,delete,get,list,patch,update,watch pods", None),
        ("get /healthz", None),
        ("* /healthz", Some("verbs")),
    ] {
        let found = wildcard(&rule(text));
        assert_eq!(found.map(|(field, _)| field), expected, "{text}");
    }
    let effects: Vec<&str> = ["* *", "* pods", "get *", "get pods.*"]
        .into_iter()
        .filter_map(|text| Some(wildcard(&rule(text))?.1))
        .collect();
    assert_eq!(
        effects,
        [
            "allows any verb on any resource of an API group",
            "allows any verb",
            "allows any resource of an API group",
            "allows resources of these names in every API group",
        ]
    );
}
