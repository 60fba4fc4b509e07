//! Resources, subresources and verbs that authorization knows although discovery does not list
//! them.
//!
//! A rule is dead only if no server ever authorizes anything that it names. So this includes all
//! resources of any version, such as retired ones and those behind feature gates, and subresources
//! that exist only in authorization checks.

use rolecall_rbac::{
    Catalog, ServedResource, checked_subresources, is_checked_subresource, not_always_served,
};
pub use rolecall_rbac::{TOKEN_AUDIENCE_VERB, built_in_groups, is_built_in, is_not_always_served};

/// The verbs of requests about resources.
pub const RESOURCE_VERBS: [&str; 8] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// The verbs of requests for URLs: HTTP methods in lower case.
pub const URL_VERBS: [&str; 7] = ["get", "head", "post", "put", "patch", "delete", "options"];

/// The verbs that authorizing proxies ask about for the methods of URLs. kube-rbac-proxy asks about
/// `create` for POST and `update` for PUT.
pub const PROXY_VERBS: [&str; 2] = ["create", "update"];

/// The first parts of the URLs that API servers serve.
const SERVED_URLS: [&str; 13] = [
    ".well-known",
    "api",
    "apis",
    "debug",
    "flagz",
    "healthz",
    "livez",
    "logs",
    "metrics",
    "openapi",
    "openid",
    "readyz",
    "statusz",
];

/// Returns whether a URL belongs to another server, for which a proxy such as kube-rbac-proxy asks the API server:
/// the API server itself serves no such path. Its core API has no version other than `v1`.
pub fn is_of_other_server(url: &str) -> bool {
    let mut parts = url.trim_start_matches('/').split('/');
    match (parts.next(), parts.next()) {
        (Some("api"), Some(version)) => {
            version != "v1" && version.len() > 1 && !version.contains('*')
        }
        (Some(first), _) => {
            let first = first.trim_end_matches('*');
            !first.is_empty()
                && first != "version"
                && !first.starts_with("swagger")
                && !SERVED_URLS.contains(&first)
        }
        _ => false,
    }
}

/// The resources that each of these verbs applies to: API group and plural.
const ASKED_ABOUT: [(&str, &[(&str, &str)]); 11] = [
    ("approve", &[("certificates.k8s.io", "signers")]),
    ("attest", &[("certificates.k8s.io", "signers")]),
    ("bind", &[(RBAC, "roles"), (RBAC, "clusterroles")]),
    ("escalate", &[(RBAC, "roles"), (RBAC, "clusterroles")]),
    (
        "impersonate",
        &[
            ("", "users"),
            ("", "groups"),
            ("", "serviceaccounts"),
            (AUTHENTICATION, "uids"),
            (AUTHENTICATION, "userextras"),
        ],
    ),
    ("impersonate:arbitrary-node", &[(AUTHENTICATION, "nodes")]),
    ("impersonate:associated-node", &[(AUTHENTICATION, "nodes")]),
    ("impersonate:serviceaccount", &[(AUTHENTICATION, "serviceaccounts")]),
    (
        "impersonate:user-info",
        &[
            (AUTHENTICATION, "users"),
            (AUTHENTICATION, "groups"),
            (AUTHENTICATION, "uids"),
            (AUTHENTICATION, "userextras"),
        ],
    ),
    ("sign", &[("certificates.k8s.io", "signers")]),
    (
        "use",
        &[
            ("policy", "podsecuritypolicies"),
            ("extensions", "podsecuritypolicies"),
            ("security.openshift.io", "securitycontextconstraints"),
            ("", "securitycontextconstraints"),
        ],
    ),
];

const RBAC: &str = "rbac.authorization.k8s.io";
const AUTHENTICATION: &str = "authentication.k8s.io";

/// The modes of constrained impersonation (docs/semantics.md#impersonation).
pub const IMPERSONATION_MODES: [&str; 4] =
    ["arbitrary-node", "associated-node", "serviceaccount", "user-info"];

/// Returns the resources that a verb of authorization checks applies to; `None` for other verbs.
pub fn asked_about(verb: &str) -> Option<&'static [(&'static str, &'static str)]> {
    ASKED_ABOUT.iter().find(|(known, _)| *known == verb).map(|(_, asked)| *asked)
}

/// Returns the verbs that only authorization checks have, such as `impersonate`, each for its own resources.
pub fn asked_verbs() -> impl Iterator<Item = &'static str> {
    ASKED_ABOUT.iter().map(|(verb, _)| *verb)
}

/// Returns the verb of URLs that a verb of resources or a method in capitals means; `None` if it is
/// unclear.
pub fn url_verb_for(verb: &str) -> Option<&'static str> {
    let lower = verb.to_ascii_lowercase();
    match &*lower {
        "list" | "watch" | "read" | "view" => Some("get"),
        "create" => Some("post"),
        "update" => Some("put"),
        lower => URL_VERBS.into_iter().find(|method| *method == lower),
    }
}

/// Returns the Kubernetes release that no longer serves a resource of a built-in group.
pub fn removed_in(group: &str, resource: &str) -> Option<u16> {
    Some(match (group, resource) {
        ("auditregistration.k8s.io", "auditsinks") => 19,
        ("batch", "scheduledjobs") => 8,
        ("extensions", "ingresses") => 22,
        ("extensions", "horizontalpodautoscalers" | "jobs") => 9,
        ("extensions", "thirdpartyresources") => 8,
        ("extensions", _) => 16,
        ("policy", "podsecuritypolicies") => 25,
        ("settings.k8s.io", "podpresets") => 20,
        ("networking.k8s.io", "clustercidrs") => 31,
        (
            "resource.k8s.io",
            "podschedulingcontexts" | "resourceclaimparameters" | "resourceclassparameters",
        ) => 32,
        ("resource.k8s.io", "resourceclasses") => 31,
        _ => return None,
    })
}

/// Verbs that only authorization checks use.
const CHECKED_VERBS: [&str; 9] = [
    "approve",
    "attest",
    "bind",
    "escalate",
    "impersonate",
    TOKEN_AUDIENCE_VERB,
    "sign",
    "unsafeproxy",
    "use",
];

/// Returns whether some server authorizes requests for a resource of a built-in group.
pub fn has_resource(catalog: &Catalog, group: &str, resource: &str) -> bool {
    catalog.get(group, resource).is_some() || is_not_always_served(group, resource)
}

/// Returns whether a resource exists only in authorization checks, such as `users`: no server stores
/// objects of it.
pub fn is_only_checked(served: &ServedResource) -> bool {
    served.is_virtual && !served.verbs.iter().any(|verb| is_resource_verb(verb))
}

/// Returns whether some server authorizes requests for a subresource in a built-in group.
pub fn has_subresource(catalog: &Catalog, group: &str, resource: &str, subresource: &str) -> bool {
    is_checked_subresource(group, resource, subresource)
        || match catalog.get(group, resource) {
            Some(served) if served.is_virtual => true,
            Some(served) => served.subresources.iter().any(|known| *known.name == *subresource),
            None => is_not_always_served(group, resource),
        }
}

/// Returns whether any resource of a group has a subresource of that name.
pub fn group_has_subresource(catalog: &Catalog, group: &str, subresource: &str) -> bool {
    subresource == "finalizers"
        || group == "extensions"
        || catalog.resources().iter().any(|served| {
            *served.group == *group
                && (served.subresources.iter().any(|known| *known.name == *subresource)
                    || is_checked_subresource(group, &served.resource, subresource))
        })
        || not_always_served(group)
            .iter()
            .any(|resource| is_checked_subresource(group, resource, subresource))
}

/// Returns the names of a served resource's subresources, sorted.
pub fn subresources_of(served: &ServedResource) -> Vec<String> {
    let checked = checked_subresources(&served.group, &served.resource).map(str::to_owned);
    let mut names: Vec<String> = served
        .subresources
        .iter()
        .map(|subresource| subresource.name.to_string())
        .chain(checked)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Returns whether any authorization check uses a verb.
pub fn is_verb(verb: &str) -> bool {
    verb == "*"
        || RESOURCE_VERBS.contains(&verb)
        || CHECKED_VERBS.contains(&verb)
        || verb.strip_prefix("impersonate:").is_some_and(is_mode)
        || verb
            .strip_prefix("impersonate-on:")
            .and_then(|rest| rest.split_once(':'))
            .is_some_and(|(mode, _)| is_mode(mode))
}

fn is_mode(word: &str) -> bool {
    IMPERSONATION_MODES.contains(&word)
}

/// Returns whether requests use a verb, and not only special authorization checks.
pub fn is_resource_verb(verb: &str) -> bool {
    RESOURCE_VERBS.contains(&verb)
}
