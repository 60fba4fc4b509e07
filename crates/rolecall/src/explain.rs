//! Near misses in words: what is in the way, and what would change the answer.

use rolecall_rbac::{
    Binding, Identity, NearMiss, NearMissKind, Origin, PolicyRule, Request, Resemblance, Role,
    Target, Text, covers,
};

use crate::cli::as_invoked;
use crate::words;

/// One near miss, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Explanation {
    /// What is in the way.
    pub(crate) message: String,
    /// What would change the answer, in the imperative.
    pub(crate) change: String,
}

/// Explains a near miss of an identity's request.
pub(crate) fn near_miss(
    miss: &NearMiss<'_>,
    identity: &Identity,
    request: &Request,
) -> Explanation {
    let (message, change) = match &miss.kind {
        NearMissKind::OtherNamespace { .. }
        | NearMissKind::NotAllNamespaces { .. }
        | NearMissKind::ClusterScopedThroughRoleBinding
        | NearMissKind::UrlThroughRoleBinding => scope(miss, request),
        NearMissKind::Subject(resemblance) => subject(miss, *resemblance, identity, request),
        NearMissKind::RoleNotFound { .. }
        | NearMissKind::UnsupportedRoleKind
        | NearMissKind::Unbound => role(miss, identity, request),
        _ => rule(miss, request),
    };
    Explanation { message, change: as_invoked(&change).into_owned() }
}

/// Returns what is in the way, in words that are the same for requests which have it in common.
pub(crate) fn cause(miss: &NearMiss<'_>, identity: &Identity, request: &Request) -> String {
    let place = miss.binding.map_or_else(String::new, words::binding);
    let role = miss.role.map_or_else(String::new, words::role);
    let kind = miss.kind.as_str();
    match &miss.kind {
        NearMissKind::Unbound => "unbound".to_owned(),
        NearMissKind::Subject(_) => {
            format!("{kind} {place} {}", near_miss(miss, identity, request).message)
        }
        _ => format!("{kind} {place} {role}"),
    }
}

/// What grants a request and nothing else.
const JUST_THIS: &str = "grant just this with `rolecall fix`";

/// The rule would allow, but not where it was asked.
fn scope(miss: &NearMiss<'_>, request: &Request) -> (String, String) {
    match &miss.kind {
        NearMissKind::OtherNamespace { granted_in } => (
            format!("it applies in namespace {granted_in} only"),
            format!(
                "ask with `-n {granted_in}` if that is meant, or {JUST_THIS} in namespace {}",
                request.namespace()
            ),
        ),
        NearMissKind::NotAllNamespaces { granted_in } => (
            format!("it applies in namespace {granted_in} only, not in all namespaces at once"),
            format!(
                "ask with `-n {granted_in}` if that is enough, or {JUST_THIS} in all namespaces"
            ),
        ),
        NearMissKind::ClusterScopedThroughRoleBinding => (
            format!("{} is cluster-scoped, which no RoleBinding can grant", what(request)),
            "grant it with a ClusterRole and a ClusterRoleBinding".to_owned(),
        ),
        _ => (
            "no RoleBinding can grant a URL".to_owned(),
            "grant it with a ClusterRole and a ClusterRoleBinding".to_owned(),
        ),
    }
}

/// The rule is the subject's own, but does not allow.
fn rule(miss: &NearMiss<'_>, request: &Request) -> (String, String) {
    let (message, change) = rule_change(miss, request);
    let Some(role) = miss.role else { return (message, change) };
    let metadata = &role.metadata;
    if let Some(why) = untouchable(role) {
        return (message, format!("{JUST_THIS}; leave {} as it is: {why}", words::role(role)));
    }
    let is_everywhere = miss.binding.is_some_and(Binding::is_cluster_role_binding);
    if is_everywhere && !request.namespace().is_empty() {
        let change = format!(
            "{JUST_THIS} in namespace {}: {} is bound in all namespaces, where a change to it would apply too",
            request.namespace(),
            words::role(role)
        );
        return (message, change);
    }
    let place = format!("{}{}", words::role(role), words::origin(metadata));
    let is_shared =
        role.is_cluster_role() || miss.binding.is_some_and(|binding| binding.subjects.len() > 1);
    let change = format!("{change} {place}");
    match is_shared {
        true => (message, format!("{change}, which everybody bound to it gains; or {JUST_THIS}")),
        false => (message, change),
    }
}

/// Says what is in the way of a rule, and what would change it in a role that is named behind.
fn rule_change(miss: &NearMiss<'_>, request: &Request) -> (String, String) {
    let name = match &request.target {
        Target::Resource(target) => &*target.name,
        Target::Path(_) => "",
    };
    match &miss.kind {
        NearMissKind::Verb { granted } => (
            format!("the rule has {}, not {}", plural("verb", granted), request.verb),
            format!("add `{}` to its verbs in", request.verb),
        ),
        NearMissKind::Name { granted } => (
            format!("the rule is limited to {}, not {name:?}", quoted_plural("name", granted)),
            format!("add `{name}` to its resourceNames in"),
        ),
        NearMissKind::NameNeeded { granted } => (
            format!(
                "the rule is limited to {}, and `{}` without a name is about all of them",
                quoted_plural("name", granted),
                request.verb
            ),
            match granted.first() {
                Some(first) => format!(
                    "ask about one object with `--name {first}`, or add a rule without \
                     resourceNames to"
                ),
                None => "add a rule without resourceNames to".to_owned(),
            },
        ),
        NearMissKind::Group { granted } => (
            format!(
                "the rule has {}, not {:?}",
                quoted_plural("API group", granted),
                group(request)
            ),
            format!("add `{:?}` to its apiGroups in", group(request)),
        ),
        NearMissKind::SubresourceMissing { granted }
        | NearMissKind::OnlySubresource { granted } => (
            format!("`{granted}` does not include `{}`", what(request)),
            format!("add `{}` to its resources in", what(request)),
        ),
        NearMissKind::ResourceSpelling { written, groups } => {
            let groups = groups.as_ref().map_or_else(String::new, |_| {
                format!(" and {:?} to its apiGroups", group(request))
            });
            (
                format!("the rule says `{written}`, which is not `{}`", what(request)),
                format!("add `{}` to its resources{groups} in", what(request)),
            )
        }
        NearMissKind::Url { granted } => (
            format!("the URL `{granted}` of the rule does not match `{}`", what(request)),
            format!("add `{}` to its nonResourceURLs in", what(request)),
        ),
        _ => (String::new(), String::new()),
    }
}

/// Says why a role must not be edited, if so.
fn untouchable(role: &Role) -> Option<&'static str> {
    let metadata = &role.metadata;
    let is_default = metadata.origin == Origin::Default
        || metadata.label("kubernetes.io/bootstrapping").is_some()
        || metadata.name.starts_with("system:");
    if role.aggregation.is_some() {
        Some("its rules are aggregated from other roles, and a change is undone")
    } else if is_default {
        Some("it is a default role, and a change reaches all its users")
    } else if rolecall_grant::is_managed(metadata) {
        Some("`rolecall fix` wrote it and changes it where that is right")
    } else {
        None
    }
}

/// The binding would grant it, but to somebody else.
fn subject(
    miss: &NearMiss<'_>,
    resemblance: Resemblance,
    identity: &Identity,
    request: &Request,
) -> (String, String) {
    let named = match (miss.subject, miss.binding) {
        (Some(subject), Some(binding)) => words::subject(subject, &binding.metadata),
        _ => String::new(),
    };
    let message = match resemblance {
        Resemblance::NamespaceMissing => {
            "its subject has no namespace, and so matches nobody in a ClusterRoleBinding".to_owned()
        }
        Resemblance::OtherNamespace => {
            format!("its subject is {named}, of another namespace")
        }
        Resemblance::OtherKind => format!("its subject is {named}, which is somebody else"),
        Resemblance::LetterCase => {
            format!("its subject is {named}: upper and lower case count")
        }
        Resemblance::Spelling => format!("its subject is {named}, which is only spelled alike"),
    };
    let (Some(binding), Some(role)) = (miss.binding, miss.role) else {
        return (message, JUST_THIS.to_owned());
    };
    let also = excess(role, request);
    if binding.is_cluster_role_binding() && !request.namespace().is_empty() {
        let change = format!(
            "{JUST_THIS} in namespace {}: a subject of this binding holds {} in every namespace",
            request.namespace(),
            words::role(role)
        );
        return (message, change);
    }
    let is_generated = rolecall_grant::is_managed(&binding.metadata);
    if words::is_servers_own(binding) || is_generated {
        return (message, JUST_THIS.to_owned());
    }
    let wanted = match identity.as_service_account() {
        Some(account) => {
            format!("kind ServiceAccount, name {}, namespace {}", account.name, account.namespace)
        }
        None if identity.user.is_empty() => {
            format!("kind Group, name {}", identity.groups.first().map_or("", |group| group))
        }
        None => format!("kind User, name {}", identity.user),
    };
    let place = format!("{}{}", words::binding(binding), words::origin(&binding.metadata));
    let change = format!("if it was meant, correct the subject to {wanted} in {place}");
    match also {
        Some(also) => (message, format!("{change}, which also allows {also}; or {JUST_THIS}")),
        None => (message, change),
    }
}

/// The binding leads nowhere, or nothing binds the role.
fn role(miss: &NearMiss<'_>, identity: &Identity, request: &Request) -> (String, String) {
    match (&miss.kind, miss.binding, miss.role) {
        (NearMissKind::RoleNotFound { similar }, Some(binding), _) => {
            let role_ref = &binding.role_ref;
            let wanted = format!("{} {}", role_ref.kind, role_ref.name);
            let change = match &**similar {
                [] => format!("create {wanted}"),
                similar => format!(
                    "create {wanted}, or recreate the binding with the roleRef {} (a roleRef cannot \
                     be changed)",
                    similar.join(" or "),
                ),
            };
            (format!("its {wanted} does not exist"), change)
        }
        (NearMissKind::UnsupportedRoleKind, Some(binding), _) => (
            format!(
                "its roleRef has the kind {}, which a {} cannot refer to",
                binding.role_ref.kind,
                binding.kind()
            ),
            "recreate the binding with a roleRef of kind Role or ClusterRole".to_owned(),
        ),
        (_, _, Some(role)) => {
            let who = crate::resolved::label(identity);
            let message = format!("no binding gives it to {who}");
            if identity.is_node() {
                let change = "check first which Pods run on the node: the Node authorizer allows what they need";
                return (message, change.to_owned());
            }
            let binding = match request.namespace() {
                "" => "a ClusterRoleBinding".to_owned(),
                namespace => format!("a RoleBinding in namespace {namespace}"),
            };
            let reaches = match identity.as_service_account() {
                Some(account) if account.name == "default" => {
                    ", to every Pod in its namespace that names no ServiceAccount"
                }
                _ => "",
            };
            let change = match excess(role, request) {
                None => format!("bind {} to {who} with {binding}{reaches}", words::role(role)),
                Some(also) => format!(
                    "{JUST_THIS}: to bind {} would also allow {also}{reaches}",
                    words::role(role)
                ),
            };
            (message, change)
        }
        _ => (String::new(), String::new()),
    }
}

/// How many rights of an excess are named.
const MOST_EXCESS: usize = 3;

/// Says what a role allows besides a request; `None` when that is nothing.
fn excess(role: &Role, request: &Request) -> Option<String> {
    let known = [rule_of(request)];
    let mut more = covers(&known, &role.rules).uncovered;
    if more.is_empty() {
        return None;
    }
    if let Some(rule) = role.rules.iter().find(|rule| is_sweeping(rule)) {
        return Some(format!("far more: {}", words::rule_about(rule, request)));
    }
    more.sort_by_key(|rule| !is_sensitive(rule));
    let named: Vec<String> = more.iter().take(MOST_EXCESS).map(words::rule).collect();
    Some(match (more.len(), named.first()) {
        (count, Some(first)) if count > MOST_EXCESS => {
            format!("{count} other things, such as `{first}`")
        }
        _ => format!("`{}`", named.join("`, `")),
    })
}

/// Returns whether a right is one that people want to know of first.
fn is_sensitive(rule: &PolicyRule) -> bool {
    const RESOURCES: [&str; 5] =
        ["secrets", "pods/exec", "pods/attach", "serviceaccounts/token", "rolebindings"];
    const VERBS: [&str; 3] = ["impersonate", "escalate", "bind"];
    rule.resources.iter().any(|resource| RESOURCES.contains(&&**resource))
        || rule.verbs.iter().any(|verb| VERBS.contains(&&**verb))
}

/// Returns the narrowest rule that allows a request.
fn rule_of(request: &Request) -> PolicyRule {
    let verbs = vec![request.verb.clone()].into();
    match &request.target {
        Target::Path(path) => PolicyRule {
            verbs,
            non_resource_urls: vec![path.clone()].into(),
            ..PolicyRule::default()
        },
        Target::Resource(target) => PolicyRule {
            verbs,
            api_groups: vec![target.group.clone()].into(),
            resources: vec![target.combined()].into(),
            resource_names: match &*target.name {
                "" => Vec::new().into(),
                _ => vec![target.name.clone()].into(),
            },
            ..PolicyRule::default()
        },
    }
}

/// Returns whether a rule allows every verb, or something with every resource.
fn is_sweeping(rule: &PolicyRule) -> bool {
    let all = |texts: &[Text]| texts.iter().any(|text| **text == *"*");
    all(&rule.verbs) || all(&rule.resources) || all(&rule.non_resource_urls)
}

/// Returns the resource with its subresource, or the path.
fn what(request: &Request) -> Text {
    match &request.target {
        Target::Resource(target) => target.combined(),
        Target::Path(path) => path.clone(),
    }
}

fn group(request: &Request) -> &str {
    match &request.target {
        Target::Resource(target) => &target.group,
        Target::Path(_) => "",
    }
}

fn plural(noun: &str, texts: &[Text]) -> String {
    let ending = if texts.len() == 1 { "" } else { "s" };
    format!("the {noun}{ending} {}", texts.join(","))
}

fn quoted_plural(noun: &str, texts: &[Text]) -> String {
    let ending = if texts.len() == 1 { "" } else { "s" };
    format!("the {noun}{ending} {}", words::quoted(texts))
}
