//! Default grants have no risk that `check` rates critical or high, except for creating Pods and
//! workloads in one namespace.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use proptest::prelude::*;
use rolecall_access::risk::{Engine, RiskIndex};
use rolecall_access::{KubernetesVersion, RuleCode, Severity};
use rolecall_grant::{Config, Denied, Scope, overlay, plan};
use rolecall_rbac::{Request, ResourceRequest};
use support::{api, authorizer};

const VERBS: [&str; 16] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "impersonate",
    "bind",
    "escalate",
    "approve",
    "sign",
    "use",
    "*",
    "impersonate:user-info",
];

const RESOURCES: [(&str, &str); 36] = [
    ("", "pods"),
    ("", "pods/exec"),
    ("", "pods/eviction"),
    ("", "pods/ephemeralcontainers"),
    ("", "secrets"),
    ("", "configmaps"),
    ("", "serviceaccounts"),
    ("", "serviceaccounts/token"),
    ("", "nodes"),
    ("", "nodes/proxy"),
    ("", "nodes/status"),
    ("", "persistentvolumes"),
    ("", "namespaces"),
    ("", "services"),
    ("", "services/status"),
    ("", "events"),
    ("", "users"),
    ("", "groups"),
    ("", "replicationcontrollers"),
    ("apps", "deployments"),
    ("apps", "daemonsets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("rbac.authorization.k8s.io", "roles"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("certificates.k8s.io", "certificatesigningrequests"),
    ("certificates.k8s.io", "certificatesigningrequests/approval"),
    ("certificates.k8s.io", "signers"),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
    ("apiregistration.k8s.io", "apiservices"),
    ("policy", "podsecuritypolicies"),
    ("authentication.k8s.io", "users"),
    ("authentication.k8s.io", "userextras/scopes"),
    ("*", "*"),
    ("apps", "*"),
];

const NAMES: [&str; 6] =
    ["", "", "web", "coredns", "aws-auth", "kubernetes.io/kube-apiserver-client"];

fn any_request() -> impl Strategy<Value = Request> {
    use proptest::sample::select;
    (
        select(VERBS.to_vec()),
        select(RESOURCES.to_vec()),
        select(vec!["", "shop", "shop", "kube-system"]),
        select(NAMES.to_vec()),
    )
        .prop_map(|(verb, (group, combined), namespace, name)| {
            let (resource, subresource) = combined.split_once('/').unwrap_or((combined, ""));
            Request::resource(
                verb,
                ResourceRequest {
                    namespace: namespace.into(),
                    group: group.into(),
                    resource: resource.into(),
                    subresource: subresource.into(),
                    name: name.into(),
                },
            )
        })
}

proptest! {
    #[test]
    fn default_grants_are_never_critical_and_high_only_for_deploying(
        requests in proptest::collection::vec(any_request(), 1..12),
        scope in proptest::sample::select(vec![Scope::AsAsked, Scope::AsAsked, Scope::ClusterWide]),
    ) {
        let before = authorizer(&[]);
        let denied: Vec<Denied> =
            requests.into_iter().map(|request| Denied::new(api(), request)).collect();
        let plan = plan(&before, &denied, &Config { scope, ..Config::default() });
        let after = overlay(&before, &plan.objects);
        let engine = Engine::new(&after, KubernetesVersion::NEWEST);
        let mut index = RiskIndex::new(&engine);
        for held in index.risks_of(&api()) {
            let is_deploying =
                held.namespace.is_some() && matches!(held.code, RuleCode(515 | 516));
            prop_assert!(held.severity <= Severity::High, "{held:?} {:?}", plan.objects);
            prop_assert!(held.severity < Severity::High || is_deploying, "{held:?} {:?}", plan.objects);
        }
        // Refused requests stay denied, and the others are allowed.
        for answer in &plan.answers {
            let is_refused = plan.refused.iter().any(|refused| refused.denied == answer.denied);
            prop_assert!(answer.after.is_allowed() || is_refused, "{answer:?}");
        }
    }
}
