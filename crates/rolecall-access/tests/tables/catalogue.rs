use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use insta::assert_snapshot;
use rolecall_access::risk::{Engine, Grading, all, find, severity, takes_over};
use rolecall_access::{KubernetesVersion, RuleCode};
use rolecall_rbac::{Authorizer, PolicyRule, Text};
use rolecall_source::facts::{self, Version};

use crate::risks::rule;

/// Resources with risks that Kubernetes does not serve.
const EXTENSIONS: [(&str, &str); 27] = [
    ("aadpodidentity.k8s.io", "azurepodidentityexceptions"),
    ("argoproj.io", "applications"),
    ("argoproj.io", "applicationsets"),
    ("argoproj.io", "cronworkflows"),
    ("argoproj.io", "workflows"),
    ("argoproj.io", "workflowtemplates"),
    ("config.gatekeeper.sh", "configs"),
    ("gateway.networking.k8s.io", "gatewayclasses"),
    ("gateway.networking.k8s.io", "gateways"),
    ("gateway.networking.k8s.io", "grpcroutes"),
    ("gateway.networking.k8s.io", "httproutes"),
    ("gateway.networking.k8s.io", "tcproutes"),
    ("gateway.networking.k8s.io", "tlsroutes"),
    ("gateway.networking.k8s.io", "udproutes"),
    ("helm.toolkit.fluxcd.io", "helmreleases"),
    ("kustomize.toolkit.fluxcd.io", "kustomizations"),
    ("kyverno.io", "clusterpolicies"),
    ("kyverno.io", "policies"),
    ("mutations.gatekeeper.sh", "assign"),
    ("mutations.gatekeeper.sh", "assignmetadata"),
    ("mutations.gatekeeper.sh", "modifyset"),
    ("operators.coreos.com", "clusterserviceversions"),
    ("operators.coreos.com", "subscriptions"),
    ("tekton.dev", "pipelineruns"),
    ("tekton.dev", "taskruns"),
    ("templates.gatekeeper.sh", "constrainttemplates"),
    ("", "nothing"),
];

const VERBS: [&str; 20] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "bind",
    "escalate",
    "impersonate",
    "impersonate:user-info",
    "impersonate:serviceaccount",
    "impersonate:arbitrary-node",
    "impersonate:associated-node",
    "approve",
    "attest",
    "sign",
    "use",
    "fresh",
];

/// Returns every resource and subresource with its group.
fn resources() -> BTreeSet<(Text, Text)> {
    let catalog = facts::catalog(Version::V1_36);
    let mut resources: BTreeSet<(Text, Text)> =
        EXTENSIONS.into_iter().map(|(group, name)| (group.into(), name.into())).collect();
    for served in catalog.resources() {
        resources.insert((served.group.clone(), served.resource.clone()));
        for subresource in rolecall_access::known::subresources_of(served) {
            let name = format!("{}/{subresource}", served.resource);
            resources.insert((served.group.clone(), name.into()));
        }
    }
    resources.insert(("policy".into(), "podsecuritypolicies".into()));
    resources.insert(("extensions".into(), "podsecuritypolicies".into()));
    resources.insert(("authentication.k8s.io".into(), "userextras/scopes".into()));
    resources
}

/// Returns the scopes in which access is enough: `c`luster-wide, in a `n`amespace, in the `s`ystem's.
fn scopes(allowed: rolecall_access::risk::Allowed) -> String {
    [(None, 'c'), (Some("shop"), 'n'), (Some("kube-system"), 's')]
        .into_iter()
        .filter(|(namespace, _)| allowed.counts_in(*namespace))
        .map(|(_, letter)| letter)
        .collect()
}

/// Returns, for each resource, the risks with the verbs that have them; also those that need other
/// access too, with the number of the need.
fn matrix() -> String {
    let authorizer = Authorizer::default();
    let engine = Engine::new(&authorizer, KubernetesVersion::NEWEST);
    let mut lines = String::new();
    for (group, resource) in resources() {
        let mut risks: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for verb in VERBS {
            let rule = PolicyRule {
                verbs: [verb.into()].into(),
                api_groups: [group.clone()].into(),
                resources: [resource.clone()].into(),
                ..PolicyRule::default()
            };
            for hit in engine.hits(&rule) {
                // Of several variants, `'` marks those that are not the first.
                let is_first = std::ptr::eq(find(hit.risk.code).unwrap(), hit.risk);
                let variant = if is_first { "" } else { "'" };
                let code = format!("{}{variant} {}", hit.risk.code, scopes(hit.allowed));
                risks.entry(code).or_default().push(verb);
            }
            for (risk, needs) in engine.combined() {
                for (number, need) in (1..).zip(&needs) {
                    let scopes = scopes(need.allowed_by(&rule));
                    if !scopes.is_empty() {
                        let code = format!("{}({number}/{}) {scopes}", risk.code, needs.len());
                        risks.entry(code).or_default().push(verb);
                    }
                }
            }
        }
        if risks.is_empty() {
            continue;
        }
        let shown: Vec<String> =
            risks.iter().map(|(code, verbs)| format!("{code} {}", verbs.join(","))).collect();
        let group = if group.is_empty() { "core" } else { &group };
        writeln!(lines, "{resource} {group}: {}", shown.join("; ")).unwrap();
    }
    lines
}

#[test]
fn each_verb_on_each_resource_has_its_risks() {
    assert_snapshot!(matrix());
}

#[test]
fn every_verb_on_a_sensitive_kind_is_full_control_of_it() {
    let authorizer = Authorizer::default();
    let engine = Engine::new(&authorizer, KubernetesVersion::NEWEST);
    let mut found = Vec::new();
    for (group, resource) in resources() {
        let rule = PolicyRule {
            verbs: ["*".into()].into(),
            api_groups: [group].into(),
            resources: [resource.clone()].into(),
            ..PolicyRule::default()
        };
        for hit in engine.hits(&rule) {
            if hit.risk.code == RuleCode(502) {
                found.push(format!("{resource} {}", scopes(hit.allowed)));
            }
        }
    }
    assert_eq!(
        found.join(", "),
        "groups c, pods cns, replicationcontrollers cns, secrets cns, users c, daemonsets cns, \
         deployments cns, replicasets cns, statefulsets cns, cronjobs cns, jobs cns, \
         clusterrolebindings c, clusterroles c, rolebindings cns, roles cns"
    );
}

#[test]
fn risks_of_every_resource_need_a_wildcard() {
    let authorizer = Authorizer::default();
    let engine = Engine::new(&authorizer, KubernetesVersion::NEWEST);
    let codes = |text: &str| -> BTreeSet<RuleCode> {
        engine.hits(&rule(text)).iter().map(|hit| hit.risk.code).collect()
    };
    for verb in VERBS {
        let is_usual = rolecall_access::known::is_resource_verb(verb) || verb == "impersonate";
        let found = codes(&format!("{verb} *.*")).contains(&RuleCode(503));
        assert_eq!(found, is_usual, "{verb} *.*");
        assert!(!codes(&format!("{verb} *")).contains(&RuleCode(503)), "{verb} *");
        for group in ["", ".apps", ".batch", ".networking.k8s.io", ".rbac.authorization.k8s.io"] {
            let found = codes(&format!("{verb} *{group}")).contains(&RuleCode(565));
            assert_eq!(found, verb == "create", "{verb} *{group}");
        }
        assert!(!codes(&format!("{verb} *.example.com")).contains(&RuleCode(565)), "{verb}");
    }
    assert_eq!(codes("* *.*"), BTreeSet::from([RuleCode(501)]));
    assert!(!codes("* *").contains(&RuleCode(501)));
    assert!(!codes("* *.apps").contains(&RuleCode(501)));
}

#[test]
fn older_servers_have_other_risks() {
    let authorizer = Authorizer::default();
    for (text, risk, before_25, before_35, newest) in [
        ("get pods/exec", "RC518", true, true, false),
        ("get pods/attach", "RC519", true, true, false),
        ("get pods/portforward", "RC521", true, true, false),
        ("create pods/exec", "RC518", true, true, true),
        ("use podsecuritypolicies.policy", "RC555", true, false, false),
        ("use podsecuritypolicies.extensions", "RC555", true, false, false),
        ("impersonate:user-info uids.authentication.k8s.io", "RC533", false, false, true),
        ("impersonate uids.authentication.k8s.io", "RC532", true, true, true),
    ] {
        for (minor, expected) in
            [(24, before_25), (25, before_35), (34, before_35), (35, newest), (36, newest)]
        {
            let engine = Engine::new(&authorizer, KubernetesVersion { minor });
            let hits = engine.hits(&rule(text));
            let found = hits.iter().any(|hit| hit.risk.code.to_string() == risk);
            assert_eq!(found, expected, "{text} in 1.{minor}");
        }
    }
}

#[test]
fn each_risk_has_a_name_severities_an_effect_and_a_fix() {
    let rows: Vec<String> = all()
        .map(|risk| {
            let grading = match risk.grading {
                Grading::Scope => "",
                Grading::PodSecurity => " by Pod security",
                Grading::Operator => " by operator",
            };
            let takes_over = if takes_over(risk.code) { " takes over" } else { "" };
            let in_namespace = match risk.fix_in(Some("shop")) {
                fix if fix == risk.fix_in(None) => String::new(),
                fix => format!("\n  in a namespace: {fix}"),
            };
            format!(
                "{} {} {}/{}{grading}{takes_over} ({})\n  {}\n  {}{in_namespace}\n  {}",
                risk.code,
                risk.name,
                risk.severity,
                risk.in_namespace,
                risk.versions,
                risk.may,
                risk.fix,
                risk.grades()
            )
        })
        .collect();
    assert_snapshot!(rows.join("\n"));
    for risk in all() {
        assert_eq!(severity(risk.code), find(risk.code).map(|first| first.severity));
    }
    assert!(find(RuleCode(0)).is_none());
    assert!(severity(RuleCode(0)).is_none());
    assert!(!takes_over(RuleCode(0)));
}

#[test]
fn risks_of_certain_names_need_these_names() {
    let authorizer = Authorizer::default();
    let engine = Engine::new(&authorizer, KubernetesVersion::NEWEST);
    let old = Engine::new(&authorizer, KubernetesVersion { minor: 24 });
    let rbac = "rbac.authorization.k8s.io";
    for (text, expected) in [
        ("update configmaps named coredns".to_owned(), "RC546"),
        ("patch configmaps named coredns".to_owned(), "RC546"),
        ("update configmaps named aws-auth".to_owned(), "RC547"),
        ("create configmaps named coredns".to_owned(), ""),
        ("update configmaps named other".to_owned(), ""),
        ("impersonate groups named system:masters".to_owned(), "RC532"),
        ("impersonate groups named other".to_owned(), ""),
        ("impersonate users named system:masters".to_owned(), ""),
        (format!("bind clusterroles.{rbac} named cluster-admin"), "RC529"),
        (format!("bind clusterroles.{rbac} named admin"), "RC529"),
        (format!("bind clusterroles.{rbac} named edit"), "RC529"),
        (format!("bind clusterroles.{rbac} named view"), ""),
        (format!("bind roles.{rbac} named admin"), ""),
        ("get secrets named a".to_owned(), ""),
        ("use podsecuritypolicies.policy named privileged".to_owned(), ""),
    ] {
        let codes = |engine: &Engine<'_>, text: &str| -> String {
            let hits = engine.hits(&rule(text));
            hits.iter().map(|hit| hit.risk.code.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(codes(&engine, &text), expected, "{text}");
        let is_policy = text.starts_with("use");
        let expected = if is_policy { "RC555" } else { expected };
        assert_eq!(codes(&old, &text), expected, "{text} in 1.24");
    }
    let signers = |name: &str| format!("approve,sign signers.certificates.k8s.io named {name}");
    for (name, expected) in [
        ("kubernetes.io/kube-apiserver-client", "RC534 RC534 RC535"),
        ("kubernetes.io/*", "RC534 RC534 RC535"),
        ("example.com/*", ""),
    ] {
        let rule = rule(&signers(name));
        let met: Vec<String> = engine
            .combined()
            .filter(|(_, needs)| needs.iter().any(|need| need.allowed_by(&rule).counts_in(None)))
            .map(|(risk, _)| risk.code.to_string())
            .collect();
        assert_eq!(met.join(" "), expected, "{name}");
    }
    let names: Vec<&str> = engine.names().into_iter().collect();
    assert_eq!(
        names,
        [
            "admin",
            "aws-auth",
            "cluster-admin",
            "coredns",
            "edit",
            "kubernetes.io/*",
            "kubernetes.io/kube-apiserver-client",
            "system:masters",
        ]
    );
}
