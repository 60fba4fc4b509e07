use insta::assert_snapshot;
use rolecall_grant::{Risk, risks};
use rolecall_rbac::{Identity, Request};

use crate::support::{api, request};

fn shown(risk: &Risk) -> String {
    match risk {
        Risk::Wildcard { of } => format!("* for the {of}"),
        Risk::Catalogued(held) => match &held.namespace {
            None => held.code.to_string(),
            Some(namespace) => format!("{} in {namespace}", held.code),
        },
        Risk::Everyone { subject } => format!("everyone: {subject}"),
    }
}

fn of(identity: &Identity, request: &Request) -> String {
    risks(identity, request).iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// Every request that is refused in a namespace or cluster-wide, and near misses that are not.
const REQUESTS: [&str; 74] = [
    "get pods",
    "list pods",
    "delete pods",
    "create pods",
    "create deployments.apps",
    "update pods",
    "get pods/exec",
    "create pods/exec",
    "create pods/attach",
    "create pods/portforward",
    "update pods/ephemeralcontainers",
    "get pods/ephemeralcontainers",
    "get secrets",
    "list secrets",
    "get secrets name a",
    "update secrets",
    "update secrets name a",
    "create secrets",
    "delete secrets",
    "create serviceaccounts",
    "create serviceaccounts/token",
    "create serviceaccounts/token name a",
    "get serviceaccounts/token",
    "impersonate users",
    "impersonate users name a",
    "impersonate groups",
    "impersonate serviceaccounts",
    "impersonate uids.authentication.k8s.io",
    "impersonate users.example.com",
    "impersonate:user-info users.authentication.k8s.io",
    "impersonate:serviceaccount serviceaccounts.authentication.k8s.io name a",
    "impersonate-on:user-info:list pods",
    "escalate roles.rbac.authorization.k8s.io",
    "escalate clusterroles.rbac.authorization.k8s.io name a",
    "escalate roles.example.com",
    "bind clusterroles.rbac.authorization.k8s.io",
    "bind clusterroles.rbac.authorization.k8s.io name view",
    "bind roles.example.com",
    "create roles.rbac.authorization.k8s.io",
    "get roles.rbac.authorization.k8s.io",
    "patch clusterroles.rbac.authorization.k8s.io name a",
    "create rolebindings.rbac.authorization.k8s.io",
    "list rolebindings.rbac.authorization.k8s.io",
    "delete clusterrolebindings.rbac.authorization.k8s.io",
    "watch clusterrolebindings.rbac.authorization.k8s.io",
    "approve signers.certificates.k8s.io",
    "approve signers.certificates.k8s.io name example.com/a",
    "approve signers.example.com",
    "sign signers.certificates.k8s.io",
    "attest signers.certificates.k8s.io",
    "update certificatesigningrequests.certificates.k8s.io/approval",
    "get certificatesigningrequests.certificates.k8s.io/approval",
    "update certificatesigningrequests.certificates.k8s.io/status",
    "get certificatesigningrequests.certificates.k8s.io/status",
    "create certificatesigningrequests.certificates.k8s.io",
    "create mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "delete validatingwebhookconfigurations.admissionregistration.k8s.io",
    "get mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "create validatingadmissionpolicies.admissionregistration.k8s.io",
    "get nodes/proxy",
    "create nodes/proxy name a",
    "get nodes",
    "patch nodes",
    "create persistentvolumes",
    "update configmaps",
    "update configmaps name coredns",
    "patch namespaces",
    "create applications.argoproj.io",
    "use podsecuritypolicies.policy name privileged",
    "create apiservices.apiregistration.k8s.io",
    "* pods",
    "get *",
    "get pods.*",
    "get pods/*",
];

#[test]
fn requests_are_refused_for_their_risks_in_their_scope() {
    let mut lines = Vec::new();
    for text in REQUESTS {
        let in_cluster = of(&api(), &request(text));
        let (start, name) = text.split_once(" name ").unwrap_or((text, ""));
        let name = if name.is_empty() { String::new() } else { format!(" name {name}") };
        let in_namespace = |namespace: &str| {
            let found = of(&api(), &request(&format!("{start} in {namespace}{name}")));
            found.replace(&format!(" in {namespace}"), "")
        };
        let (shop, system) = (in_namespace("shop"), in_namespace("kube-system"));
        lines.push(format!("{text}: {in_cluster} | {shop} | {system}"));
    }
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn paths_and_wildcards_have_no_other_risks() {
    for (text, expected) in [
        ("get /metrics", ""),
        ("get /metrics/*", "* for the path"),
        ("* /metrics", "* for the verb"),
        ("* /metrics/*", "* for the path, * for the verb"),
        ("* secrets in shop", "* for the verb"),
        ("* *.* in shop", "* for the API group, * for the resource, * for the verb"),
        ("get */log in shop", "* for the resource"),
    ] {
        assert_eq!(of(&api(), &request(text)), expected, "{text}");
    }
    let risk = &risks(&api(), &request("get pods.*"))[0];
    assert_eq!(
        risk.to_string(),
        "a `*` for the API group grants more than requested, now and in the future"
    );
}

#[test]
fn groups_of_everyone_are_not_granted_anything() {
    let groups = |names: &[&str]| Identity {
        groups: names.iter().map(|name| (*name).into()).collect(),
        ..Identity::default()
    };
    for (identity, expected) in [
        (groups(&["system:authenticated"]), "system:authenticated"),
        (groups(&["system:authenticated:oauth"]), "system:authenticated:oauth"),
        (groups(&["system:unauthenticated"]), "system:unauthenticated"),
        (groups(&["system:serviceaccounts"]), "system:serviceaccounts"),
        (groups(&["system:serviceaccounts:shop"]), "system:serviceaccounts:shop"),
        (groups(&["", "system:authenticated"]), "system:authenticated"),
        (groups(&["devs", "system:authenticated"]), ""),
        (groups(&["system:nodes"]), ""),
        (groups(&[]), ""),
        (Identity::user("system:anonymous"), "system:anonymous"),
        (Identity::user("system:authenticated"), ""),
        (Identity::user("jane"), ""),
        (api(), ""),
    ] {
        let found = risks(&identity, &request("list pods in shop"));
        let shown: Vec<String> = found.iter().map(shown).collect();
        let expected =
            if expected.is_empty() { vec![] } else { vec![format!("everyone: {expected}")] };
        assert_eq!(shown, expected, "{identity:?}");
    }
    let risk = &risks(&Identity::user("system:anonymous"), &request("list pods in shop"))[0];
    assert_eq!(risk.to_string(), "`system:anonymous` includes everyone or unknown users");
    let narrower = "use a user, one of your groups or a ServiceAccount";
    assert_eq!(risk.narrower(&request("list pods in shop")), Some(narrower));
}

#[test]
fn each_refusal_suggests_something_narrower() {
    let mut lines = Vec::new();
    for text in REQUESTS {
        for scope in ["", " in shop"] {
            let (start, name) = text.split_once(" name ").unwrap_or((text, ""));
            let name = if name.is_empty() { String::new() } else { format!(" name {name}") };
            let text = format!("{start}{scope}{name}");
            let request = request(&text);
            for risk in risks(&api(), &request) {
                let narrower = risk.narrower(&request).unwrap_or("-");
                lines.push(format!("{text}: {risk}\n  {narrower}"));
            }
        }
    }
    assert_snapshot!(lines.join("\n"));
}
