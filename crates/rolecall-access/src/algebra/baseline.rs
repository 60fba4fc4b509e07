use rolecall_rbac::{PolicyRule, Texts};

use super::{AccessSet, RuleSet};

/// Returns the access that Kubernetes grants to every client through its default roles
/// `system:basic-user`, `system:discovery`, `system:public-info-viewer` and
/// `system:service-account-issuer-discovery`: reviews of itself, and discovery. `only` and `diff`
/// ignore it.
pub fn baseline() -> AccessSet {
    let about_itself = [
        (
            "authorization.k8s.io",
            ["selfsubjectaccessreviews", "selfsubjectrulesreviews"].as_slice(),
        ),
        ("authentication.k8s.io", &["selfsubjectreviews"]),
    ]
    .map(|(group, resources)| PolicyRule {
        verbs: texts(&["create"]),
        api_groups: texts(&[group]),
        resources: texts(resources),
        ..PolicyRule::default()
    });
    let served = PolicyRule {
        verbs: texts(&["get"]),
        non_resource_urls: texts(&SERVED),
        ..PolicyRule::default()
    };
    RuleSet::of_rules(about_itself.iter().chain([&served])).everywhere()
}

const SERVED: [&str; 15] = [
    "/.well-known/openid-configuration",
    "/.well-known/openid-configuration/",
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/openid/v1/jwks",
    "/openid/v1/jwks/",
    "/readyz",
    "/version",
    "/version/",
];

fn texts(texts: &[&str]) -> Texts {
    texts.iter().map(|text| (*text).into()).collect()
}
