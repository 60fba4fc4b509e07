//! Near misses in words: what is in the way, and what would change the answer.

use rolecall_rbac::{
    Identity, NearMiss, NearMissKind, PolicyRule, Request, Resemblance, Target, Text,
};

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
        NearMissKind::Subject(resemblance) => subject(miss, *resemblance, identity),
        NearMissKind::RoleNotFound { .. }
        | NearMissKind::UnsupportedRoleKind
        | NearMissKind::Unbound => role(miss, identity, request),
        _ => rule(miss, request),
    };
    Explanation { message, change }
}

/// The rule would allow, but not where it was asked.
fn scope(miss: &NearMiss<'_>, request: &Request) -> (String, String) {
    let role = miss.role.map_or_else(String::new, words::role);
    match &miss.kind {
        NearMissKind::OtherNamespace { granted_in } => (
            format!("it holds in namespace {granted_in} only"),
            format!(
                "ask with `-n {granted_in}`, or grant {role} in namespace {} too",
                request.namespace()
            ),
        ),
        NearMissKind::NotAllNamespaces { granted_in } => (
            format!("it holds in namespace {granted_in} only, not in all namespaces at once"),
            format!("ask with `-n {granted_in}`, or grant it with a ClusterRoleBinding"),
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
    let role = miss.role.map_or_else(String::new, |role| {
        format!("{}{}", words::role(role), words::origin(&role.metadata))
    });
    let name = match &request.target {
        Target::Resource(target) => &*target.name,
        Target::Path(_) => "",
    };
    match &miss.kind {
        NearMissKind::Verb { granted } => (
            format!("the rule has {}, not {}", plural("verb", granted), request.verb),
            format!("add `{}` to its verbs in {role}", request.verb),
        ),
        NearMissKind::Name { granted } => (
            format!("the rule is limited to {}, not {name:?}", quoted_plural("name", granted)),
            format!("add `{name}` to its resourceNames in {role}"),
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
                     resourceNames to {role}"
                ),
                None => format!("add a rule without resourceNames to {role}"),
            },
        ),
        NearMissKind::Group { granted } => (
            format!(
                "the rule has {}, not {:?}",
                quoted_plural("API group", granted),
                group(request)
            ),
            format!("add `{:?}` to its apiGroups in {role}", group(request)),
        ),
        NearMissKind::SubresourceMissing { granted }
        | NearMissKind::OnlySubresource { granted } => (
            format!("`{granted}` does not include `{}`", what(request)),
            format!("add `{}` to its resources in {role}", what(request)),
        ),
        NearMissKind::ResourceSpelling { written, groups } => {
            let groups = groups.as_ref().map_or_else(String::new, |_| {
                format!(" and {:?} to its apiGroups", group(request))
            });
            (
                format!("the rule says `{written}`, which is not `{}`", what(request)),
                format!("add `{}` to its resources{groups} in {role}", what(request)),
            )
        }
        NearMissKind::Url { granted } => (
            format!("the URL `{granted}` of the rule does not match `{}`", what(request)),
            format!("add `{}` to its nonResourceURLs in {role}", what(request)),
        ),
        _ => (String::new(), String::new()),
    }
}

/// The binding would grant it, but to somebody else.
fn subject(miss: &NearMiss<'_>, resemblance: Resemblance, identity: &Identity) -> (String, String) {
    let named = match (miss.subject, miss.binding) {
        (Some(subject), Some(binding)) => words::subject(subject, &binding.metadata),
        _ => String::new(),
    };
    let binding = miss.binding.map_or_else(String::new, |binding| {
        format!("{}{}", words::binding(binding), words::origin(&binding.metadata))
    });
    let message = match resemblance {
        Resemblance::NamespaceMissing => {
            "its subject has no namespace, and so is nobody in a ClusterRoleBinding".to_owned()
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
    let wanted = match identity.as_service_account() {
        Some(account) => {
            format!("kind ServiceAccount, name {}, namespace {}", account.name, account.namespace)
        }
        None if identity.user.is_empty() => {
            format!("kind Group, name {}", identity.groups.first().map_or("", |group| group))
        }
        None => format!("kind User, name {}", identity.user),
    };
    (message, format!("add the subject {wanted} to {binding}"))
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
            let binding = match request.namespace() {
                "" => "a ClusterRoleBinding".to_owned(),
                namespace => format!("a RoleBinding in namespace {namespace}"),
            };
            let who = crate::subject::label(identity);
            let change = if miss.rule.is_some_and(|(_, rule)| is_sweeping(rule)) {
                "grant just this, for the role allows far more: `rolecall fix` prints the YAML"
                    .to_owned()
            } else {
                format!("bind {} to {who} with {binding}", words::role(role))
            };
            (format!("no binding gives it to {who}"), change)
        }
        _ => (String::new(), String::new()),
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
