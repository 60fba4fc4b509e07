use std::collections::BTreeSet;

use rolecall_access::risk::{Engine, HeldRisk, RiskIndex, find};
use rolecall_access::{AccessSet, KubernetesVersion, RuleCode, RuleSet, Severity};
use rolecall_rbac::{Authorizer, Identity, Inventory};
use rolecall_testing::cluster::cluster;

use crate::risks::rule;

pub(crate) fn engine(authorizer: &Authorizer) -> Engine<'_> {
    Engine::new(authorizer, KubernetesVersion::NEWEST)
}

/// Returns the risks of an identity, such as `RC515 critical; RC510 medium in shop`.
pub(crate) fn held(inventory: Inventory, identity: &Identity) -> String {
    let authorizer = Authorizer::new(inventory);
    let engine = engine(&authorizer);
    let shown: Vec<String> = RiskIndex::new(&engine)
        .risks_of(identity)
        .into_iter()
        .map(|risk| match &risk.namespace {
            None => format!("{} {}", risk.code, risk.severity),
            Some(namespace) => format!("{} {} in {namespace}", risk.code, risk.severity),
        })
        .collect();
    shown.join("; ")
}

pub(crate) fn jane() -> Identity {
    Identity::user("jane")
}

#[test]
fn an_identity_holds_the_risks_of_all_its_rules_by_scope() {
    for (objects, expected) in [
        ("ClusterRole r: get pods\n b: r -> user/jane", ""),
        ("ClusterRole r: get secrets\n b: r -> user/jane", "RC510 high"),
        ("ClusterRole r: get secrets\n b: r -> user/bob", ""),
        ("ClusterRole r: get secrets\n b: r -> group/system:authenticated", "RC510 high"),
        ("ClusterRole r: get secrets\n b: r -> user/jane in shop", "RC510 medium in shop"),
        (
            "ClusterRole r: get secrets\n b: r -> user/jane in kube-system",
            "RC510 high in kube-system",
        ),
        (
            "ClusterRole r: get secrets\n b: r -> user/jane in shop, web",
            "RC510 medium in shop; RC510 medium in web",
        ),
        // Not again in a namespace.
        (
            "ClusterRole r: get secrets\n b: r -> user/jane\n c: r -> user/jane in shop",
            "RC510 high",
        ),
        // Broader risks imply narrower ones of the same rule.
        ("ClusterRole r: get,list secrets\n b: r -> user/jane", "RC511 high"),
        ("ClusterRole r: get secrets; list secrets\n b: r -> user/jane", "RC510 high; RC511 high"),
        (
            "ClusterRole r: get secrets\n ClusterRole s: list secrets\n b: r -> user/jane\n c: s -> user/jane",
            "RC510 high; RC511 high",
        ),
        // The cluster-wide risk implies the other one only where one rule has both.
        (
            "ClusterRole r: get secrets\n ClusterRole s: list secrets\n b: r -> user/jane in shop\n c: s -> user/jane",
            "RC510 medium in shop; RC511 high",
        ),
        ("ClusterRole r: * *.*\n b: r -> user/jane", "RC501 critical"),
        ("ClusterRole r: * *.*\n b: r -> user/jane in shop", "RC501 high in shop"),
        ("ClusterRole r: get *.*\n b: r -> user/jane", "RC503 critical"),
        ("ClusterRole r: * secrets\n b: r -> user/jane", "RC502 high"),
        ("ClusterRole r: * pods\n b: r -> user/jane", "RC502 critical"),
        ("ClusterRole r: * pods\n b: r -> user/jane in shop", "RC502 medium in shop"),
        // Requests at the cluster scope count only there.
        ("ClusterRole r: get nodes/proxy\n b: r -> user/jane", "RC525 critical"),
        ("ClusterRole r: get nodes/proxy\n b: r -> user/jane in shop", ""),
        // Names count in `kube-system`, or if the rule names them.
        ("ClusterRole r: update configmaps\n b: r -> user/jane", "RC545 medium"),
        ("ClusterRole r: update configmaps\n b: r -> user/jane in shop", "RC545 info in shop"),
        (
            "ClusterRole r: update configmaps\n b: r -> user/jane in kube-system",
            "RC545 medium in kube-system; RC546 high in kube-system",
        ),
        ("ClusterRole r: update configmaps named coredns\n b: r -> user/jane", "RC546 high"),
        ("ClusterRole r: update configmaps named coredns\n b: r -> user/jane in shop", ""),
        (
            "ClusterRole r: update configmaps named aws-auth\n b: r -> user/jane in kube-system",
            "RC547 high in kube-system",
        ),
    ] {
        assert_eq!(held(cluster(objects), &jane()), expected, "{objects}");
    }
}

#[test]
fn several_rules_add_up_to_a_risk_if_they_count_in_its_scope() {
    let delete = "ClusterRole d: delete pods";
    let nodes = "ClusterRole n: patch nodes";
    for (bindings, expected) in [
        ("b: d -> user/jane\n c: n -> user/jane", "RC524 high; RC526 high; RC549 medium"),
        ("b: d -> user/jane\n c: n -> user/bob", "RC549 medium"),
        (
            "b: d -> user/jane in shop\n c: n -> user/jane",
            "RC526 high; RC524 medium in shop; RC549 info in shop",
        ),
        ("b: d -> user/jane\n c: n -> user/jane in shop", "RC549 medium"),
        ("b: d -> user/jane in shop\n c: n -> user/jane in shop", "RC549 info in shop"),
    ] {
        let mut found: Vec<String> =
            held(cluster(&format!("{delete}\n{nodes}\n{bindings}")), &jane())
                .split("; ")
                .map(str::to_owned)
                .collect();
        found.sort();
        let mut expected: Vec<&str> = expected.split("; ").collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "{bindings}");
    }
    // Of two variants of a risk, the most severe one counts.
    let approve = "update certificatesigningrequests/approval.certificates.k8s.io; \
                   approve signers.certificates.k8s.io";
    for (rules, expected) in [
        (approve.to_owned(), "RC534 high"),
        (
            format!("{approve}; create certificatesigningrequests.certificates.k8s.io"),
            "RC534 critical",
        ),
    ] {
        let text = format!("ClusterRole r: {rules}\n b: r -> user/jane");
        assert_eq!(held(cluster(&text), &jane()), expected);
    }
    // Next to a rule for everything, a combination adds nothing.
    let all = "ClusterRole r: * *.*\n ClusterRole d: delete pods; patch nodes\n b: r -> user/jane\n c: d -> user/jane";
    assert_eq!(held(cluster(all), &jane()), "RC501 critical; RC526 high; RC549 medium");
}

#[test]
fn codes_are_listed_by_scope() {
    let authorizer = Authorizer::new(cluster(
        "ClusterRole r: get,list secrets
         ClusterRole d: delete pods
         ClusterRole n: patch nodes
         Role shop/p: create pods
         a: r -> user/jane
         b: d -> user/jane in shop
         c: n -> user/jane
         e: p -> user/jane in shop
         f: missing -> user/jane in shop",
    ));
    let engine = engine(&authorizer);
    let mut index = RiskIndex::new(&engine);
    let codes = |codes: &BTreeSet<RuleCode>| {
        codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    for _ in 0..2 {
        assert_eq!(codes(index.risks_everywhere(&jane())), "RC511 RC526");
    }
    assert_eq!(codes(index.risks_everywhere(&Identity::user("bob"))), "");
    let mut codes_in = |namespace| codes(&index.codes_in(&jane(), namespace).into_iter().collect());
    assert_eq!(codes_in(""), "RC510 RC511 RC526");
    assert_eq!(codes_in("web"), "RC510 RC511 RC526");
    assert_eq!(codes_in("shop"), "RC510 RC511 RC515 RC526 RC549");
}

#[test]
fn roles_and_bindings_are_found_by_risk() {
    let authorizer = Authorizer::new(cluster(
        "ClusterRole r: get,list secrets; get pods
         ClusterRole s: get secrets
         ClusterRole n: get nodes/proxy
         a: r -> user/jane
         b: s -> user/jane
         c: n -> user/jane
         d: r -> user/jane in shop
         e: missing -> user/jane",
    ));
    let engine = engine(&authorizer);
    let mut index = RiskIndex::new(&engine);
    for (code, expected) in [("RC511", "a"), ("RC510", "b"), ("RC525", "c"), ("RC515", "")] {
        let bindings = index.bindings_with(&jane(), code.parse().unwrap());
        let names: Vec<&str> = bindings.iter().map(|it| &*it.metadata.name).collect();
        assert_eq!(names.join(" "), expected, "{code}");
    }
    for (role, codes, expected) in [
        ("r", &["RC511"][..], true),
        // Implied by RC511.
        ("r", &["RC510"], true),
        ("r", &["RC515", "RC510"], true),
        ("r", &["RC515"], false),
        ("r", &[], false),
        ("s", &["RC511"], false),
        // Counts at the cluster scope only.
        ("n", &["RC525"], false),
    ] {
        let role = authorizer.inventory().role("", role).unwrap();
        let codes: Vec<RuleCode> = codes.iter().map(|code| code.parse().unwrap()).collect();
        assert_eq!(index.role_has_any(role, "shop", &codes), expected, "{codes:?}");
    }
}

#[test]
fn a_risk_rests_on_the_requests_that_it_needs() {
    let authorizer = Authorizer::new(cluster(
        "ClusterRole r: get secrets; patch namespaces; get nodes/proxy; update configmaps named coredns
         a: r -> user/jane
         b: r -> user/jane in shop",
    ));
    let engine = engine(&authorizer);
    let mut index = RiskIndex::new(&engine);
    let everywhere = |text: &str| RuleSet::of_rules([&rule(text)]).everywhere();
    let within =
        |text: &str, namespace: &str| RuleSet::of_rules([&rule(text)]).within([namespace.into()]);
    for (code, namespace, access, expected) in [
        ("RC510", None, everywhere("get secrets"), true),
        ("RC510", None, everywhere("list secrets"), false),
        ("RC510", None, within("get secrets", "shop"), false),
        ("RC510", Some("shop"), within("get secrets", "shop"), true),
        ("RC510", Some("web"), within("get secrets", "shop"), false),
        ("RC525", None, everywhere("get nodes/proxy"), true),
        ("RC525", Some("shop"), within("get nodes/proxy", "shop"), false),
        ("RC546", None, within("update configmaps", "kube-system"), true),
        ("RC546", None, within("update configmaps", "shop"), false),
        // A request for a Namespace is in that Namespace and has its name.
        ("RC539", Some("shop"), within("patch namespaces named shop", "shop"), true),
        ("RC539", Some("shop"), within("patch namespaces named web", "shop"), false),
        ("RC539", Some("web"), within("patch namespaces named shop", "shop"), false),
        ("RC539", None, everywhere("patch namespaces"), true),
        ("RC539", None, everywhere("patch namespaces named shop"), false),
    ] {
        let risk = HeldRisk::by_scope(code.parse().unwrap(), namespace.map(Into::into));
        assert_eq!(index.rests_on(&risk, &access), expected, "{code} in {namespace:?}");
    }
    let through = |index: &mut RiskIndex<'_, '_>, access: &AccessSet| -> Vec<String> {
        index.risks_through(&jane(), access).iter().map(|risk| risk.code.to_string()).collect()
    };
    assert_eq!(through(&mut index, &everywhere("get secrets")), ["RC510"]);
    assert_eq!(through(&mut index, &AccessSet::nothing()), [""; 0]);
    assert_eq!(through(&mut index, &AccessSet::everything()), ["RC510", "RC525", "RC539", "RC546"]);
}

#[test]
fn the_severity_by_scope_alone_is_that_of_the_catalogue() {
    for (code, namespace, severity, may) in [
        ("RC515", None, Severity::Critical, "run Pods as any ServiceAccount"),
        ("RC515", Some("kube-system"), Severity::Critical, "run Pods as any ServiceAccount"),
        ("RC515", Some("shop"), Severity::Medium, "run Pods as any ServiceAccount"),
        ("RC534", None, Severity::Critical, "issue client certificates for any user"),
        ("RC000", None, Severity::Info, ""),
    ] {
        let risk = HeldRisk::by_scope(code.parse().unwrap(), namespace.map(Into::into));
        assert_eq!((risk.severity, risk.may()), (severity, may), "{code} {namespace:?}");
    }
    // The variant with the severity describes the risk.
    let high = HeldRisk { severity: Severity::High, ..HeldRisk::by_scope(RuleCode(534), None) };
    assert_eq!(high.may(), "approve client certificates that others request, for any user");
    let other = HeldRisk { severity: Severity::Low, ..high };
    assert_eq!(other.may(), "issue client certificates for any user");
}

#[test]
fn the_effect_of_one_verb_on_everything_names_the_verb() {
    let everything = find(RuleCode(503)).unwrap();
    for (verbs, expected) in [
        (&[][..], "use a verb on every resource"),
        (&["get"], "`get` everything"),
        (&["get", "list"], "`get` and `list` everything"),
        (
            &["impersonate"],
            "act as any user, group or ServiceAccount (`impersonate` on everything)",
        ),
        (&["get", "impersonate"], "`get` and `impersonate` everything"),
    ] {
        assert_eq!(everything.may_with(verbs), expected);
    }
    assert_eq!(find(RuleCode(510)).unwrap().may_with(&["get"]), find(RuleCode(510)).unwrap().may);
    let authorizer = Authorizer::new(cluster(
        "ClusterRole r: get,list *.*; list,watch *.*; get pods\n b: r -> user/jane",
    ));
    let engine = engine(&authorizer);
    let index = RiskIndex::new(&engine);
    let bound = authorizer.bindings_of(&jane());
    let role = bound[0].role.unwrap();
    let grants: Vec<rolecall_rbac::RuleGrant<'_>> = role
        .rules
        .iter()
        .enumerate()
        .map(|(rule_index, rule)| rolecall_rbac::RuleGrant {
            binding: bound[0].binding,
            subject: bound[0].subject,
            role,
            rule_index,
            rule,
        })
        .collect();
    let risk = HeldRisk::by_scope(RuleCode(503), None);
    assert_eq!(index.may(&risk, &grants), "`get`, `list` and `watch` everything");
    assert_eq!(index.may(&HeldRisk::by_scope(RuleCode(0), None), &grants), "");
}

#[test]
fn requests_of_a_risk_are_split_by_what_a_rule_grants_in_a_scope() {
    let authorizer = Authorizer::default();
    let engine = engine(&authorizer);
    for (code, text, namespace, granted, others) in [
        ("RC511", "list secrets", Some("shop"), 1, 1),
        ("RC511", "list,watch secrets", None, 2, 0),
        ("RC525", "get nodes/proxy", None, 1, 1),
        ("RC525", "get nodes/proxy", Some("shop"), 0, 2),
        ("RC546", "update configmaps", Some("kube-system"), 1, 1),
        ("RC546", "update configmaps", Some("shop"), 0, 2),
        ("RC546", "update configmaps", None, 1, 1),
        ("RC529", "bind clusterroles.rbac.authorization.k8s.io", Some("shop"), 4, 1),
    ] {
        let rule = rule(text);
        let (found, rest) = engine.split(find(code.parse().unwrap()).unwrap(), &rule, namespace);
        assert_eq!((found.len(), rest.len()), (granted, others), "{text} {namespace:?}");
    }
}
