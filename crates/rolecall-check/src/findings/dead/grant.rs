//! Checks a rule before it is written, in the same way as existing rules.

use rolecall_rbac::{Catalog, PolicyRule, Subject};

use super::{glob_resource_name, literal_url, unknown_verb, unmatchable_subject, wrong_api_group};
use crate::fate::{self, Dead};
use crate::words::{group_names, listed, quote};

/// The reason why no request matches a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadGrant {
    /// The problem, as a sentence without a full stop.
    pub message: String,
    /// The correction, in the imperative.
    pub fix: String,
}

/// Returns the reason why no request matches a rule; `None` if a request can match.
///
/// `fix` must not write rules that `check` would report. Unknown custom resources might exist.
pub fn dead_grant(rule: &PolicyRule, catalog: &Catalog) -> Option<DeadGrant> {
    let verb = rule.verbs.iter().find_map(|verb| {
        let (fix, _) = unknown_verb::dead_verb(catalog, rule, verb)?;
        Some(DeadGrant { message: format!("no request uses the verb {}", quote(verb)), fix })
    });
    verb.or_else(|| dead_group(rule, catalog))
        .or_else(|| dead_resource(rule, catalog))
        .or_else(|| misplaced_verb(rule, catalog))
        .or_else(|| unserved_verb(rule, catalog))
        .or_else(|| dead_url(rule))
        .or_else(|| dead_name(rule, catalog))
}

/// Returns the reason why no request comes from a subject, such as a user with the name of a group.
pub fn dead_subject(subject: &Subject) -> Option<DeadGrant> {
    let (message, fix) = unmatchable_subject::unmatchable(subject)?;
    Some(DeadGrant { message: message.to_owned(), fix })
}

fn misplaced_verb(rule: &PolicyRule, catalog: &Catalog) -> Option<DeadGrant> {
    rule.verbs.iter().find_map(|verb| {
        let (message, fix) = unknown_verb::asked_elsewhere(catalog, rule, verb)?;
        Some(DeadGrant { message, fix })
    })
}

fn unserved_verb(rule: &PolicyRule, catalog: &Catalog) -> Option<DeadGrant> {
    let (message, fix) = unknown_verb::unserved_verbs(rule, catalog)?;
    Some(DeadGrant { message, fix })
}

fn dead_url(rule: &PolicyRule) -> Option<DeadGrant> {
    rule.non_resource_urls.iter().find_map(|url| {
        let (what, fix) = literal_url::dead_url(url)?;
        Some(DeadGrant { message: format!("{} matches no request: {what}", quote(url)), fix })
    })
}

fn dead_name(rule: &PolicyRule, catalog: &Catalog) -> Option<DeadGrant> {
    if glob_resource_name::names_may_have_stars(catalog, rule) {
        return None;
    }
    let name = rule.resource_names.iter().find(|name| name.contains('*'))?;
    let message = format!("{} is compared literally: no object has that name", quote(name));
    let fix = match &**name {
        "*" => "omit the name for all objects".to_owned(),
        _ => "list the name of each object".to_owned(),
    };
    Some(DeadGrant { message, fix })
}

fn dead_group(rule: &PolicyRule, catalog: &Catalog) -> Option<DeadGrant> {
    rule.api_groups.iter().find_map(|group| {
        let fix = match fate::of_group(rule, group, catalog)? {
            Some("") => "omit it: the core group has no name".to_owned(),
            Some(meant) => format!("use `{meant}`"),
            None => wrong_api_group::correction(group),
        };
        Some(DeadGrant { message: format!("{} is not an API group", quote(group)), fix })
    })
}

fn dead_resource(rule: &PolicyRule, catalog: &Catalog) -> Option<DeadGrant> {
    rule.resources.iter().find_map(|entry| {
        let (message, fix) = match fate::of_resource(rule, entry, catalog)? {
            Dead::SubresourceWildcard => {
                (format!("{} matches no request", quote(entry)), "list each subresource".to_owned())
            }
            Dead::Spelling { meant, .. } => {
                (format!("{} is not a resource", quote(entry)), format!("use `{}`", meant.resource))
            }
            Dead::Group { meant } => {
                let meant: Vec<String> = meant.iter().map(|group| quote(group)).collect();
                (
                    format!("{} is not in {}", quote(entry), group_names(&rule.api_groups)),
                    format!("use the API group {}", meant.join(" or ")),
                )
            }
            Dead::Resource { similar } => (
                format!("{} has no resource {}", group_names(&rule.api_groups), quote(entry)),
                match &*similar {
                    [] => "correct the name or the API group".to_owned(),
                    similar => format!("use {}", listed(similar)),
                },
            ),
            Dead::Subresource { subresource, existing } => (
                format!("{} has no subresource {}", quote(entry), quote(subresource)),
                match &*existing {
                    [] => "request the resource itself".to_owned(),
                    existing => format!("use one of {}", listed(existing)),
                },
            ),
        };
        Some(DeadGrant { message, fix })
    })
}

#[cfg(test)]
mod tests {
    use rolecall_rbac::{CatalogBuilder, ServedResource, Subresource};

    use super::*;

    #[test]
    fn what_no_request_matches_is_not_worth_writing() {
        let mut builder = CatalogBuilder::new();
        let texts = |verbs: &[&str]| verbs.iter().map(|verb| (*verb).into()).collect::<Vec<_>>();
        for (group, resource) in [("", "pods"), ("apps", "deployments")] {
            builder.add(ServedResource {
                group: group.into(),
                resource: resource.into(),
                singular: "".into(),
                kind: "".into(),
                namespaced: true,
                short_names: Vec::new(),
                verbs: texts(&["get", "list", "create", "patch"]),
                subresources: vec![Subresource { name: "log".into(), verbs: texts(&["get"]) }],
                is_virtual: false,
            });
        }
        let catalog = builder.build();
        for (verb, group, resource, dead) in [
            ("get", "", "pods", None),
            ("bind", "example.com", "widgets", None),
            ("impersonate", "", "users", None),
            ("proxy", "", "pods", Some("no request uses the verb `proxy`")),
            ("redirect", "", "services", Some("no request uses the verb `redirect`")),
            ("get", "", "users", Some("no request uses `get` on `users`")),
            (
                "update",
                "certificates.k8s.io",
                "signers",
                Some("no request uses `update` on `signers`"),
            ),
            (
                "get",
                "authentication.k8s.io",
                "userextras/scopes",
                Some("no request uses `get` on `userextras/scopes`"),
            ),
            (
                "impersonate",
                "authentication.k8s.io",
                "users",
                Some(
                    "no request uses the verb `impersonate` on `users` in API group \
                     `authentication.k8s.io`",
                ),
            ),
            ("impersonate", "", "uids", Some("`uids` is not in the core API group `\"\"`")),
            ("get", "metrics.k8s.io", "pods", None),
            ("impersonate", "", "pods", Some("no request uses the verb `impersonate` on `pods`")),
            (
                "escalate",
                "apps",
                "deployments",
                Some("no request uses the verb `escalate` on `deployments`"),
            ),
            ("use", "example.com", "widgets", None),
            ("update", "apps", "deployments/finalizers", None),
            ("scale", "apps", "deployments", Some("no request uses the verb `scale`")),
            ("get", "core", "pods", Some("`core` is not an API group")),
            ("get", "app", "deployments", Some("`app` is not an API group")),
            ("get", "", "deployments", Some("`deployments` is not in the core API group `\"\"`")),
            ("get", "apps", "foos", Some("API group `apps` has no resource `foos`")),
            ("get", "", "pods/logs", Some("`pods/logs` has no subresource `logs`")),
            ("list", "", "pods/log", Some("`pods/log` serves only `get`, not `list`")),
        ] {
            let rule = PolicyRule {
                verbs: [verb.into()].into(),
                api_groups: [group.into()].into(),
                resources: [resource.into()].into(),
                ..PolicyRule::default()
            };
            let found = dead_grant(&rule, &catalog).map(|dead| dead.message);
            assert_eq!(found.as_deref(), dead, "{verb} {group} {resource}");
        }
    }

    #[test]
    fn urls_and_names_that_no_request_has_are_not_worth_writing() {
        let mut builder = CatalogBuilder::new();
        builder.add(ServedResource {
            group: "".into(),
            resource: "pods".into(),
            singular: "".into(),
            kind: "Pod".into(),
            namespaced: true,
            short_names: Vec::new(),
            verbs: vec!["get".into()],
            subresources: Vec::new(),
            is_virtual: false,
        });
        let catalog = builder.build();
        let url = |verb: &str, url: &str| PolicyRule {
            verbs: [verb.into()].into(),
            non_resource_urls: [url.into()].into(),
            ..PolicyRule::default()
        };
        let named = |verb: &str, name: &str| PolicyRule {
            verbs: [verb.into()].into(),
            api_groups: ["".into()].into(),
            resources: ["pods".into()].into(),
            resource_names: [name.into()].into(),
            ..PolicyRule::default()
        };
        for (rule, dead) in [
            (url("get", "/metrics"), None),
            (url("*", "/metrics"), None),
            (url("create", "/debug"), Some("no request uses the verb `create`; use `post`")),
            (
                url("bind", "/debug"),
                Some(
                    "no request uses the verb `bind`; use an HTTP method in lower case, such as `get`",
                ),
            ),
            (
                url("get", "/api/v1/pods"),
                Some(
                    "`/api/v1/pods` matches no request: it is the path of a resource; grant the resource \
                     instead of its URL",
                ),
            ),
            (named("get", "web"), None),
            (
                named("get", "web-*"),
                Some(
                    "`web-*` is compared literally: no object has that name; list the name of each object",
                ),
            ),
        ] {
            let found = dead_grant(&rule, &catalog);
            let found = found.map(|found| format!("{}; {}", found.message, found.fix));
            assert_eq!(found.as_deref(), dead, "{rule:?}");
        }
    }
}
