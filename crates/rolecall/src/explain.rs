//! Explanations of near misses: the obstacle, and the change that would remove it.

use rolecall_rbac::{
    Binding, Identity, NearMiss, NearMissKind, Origin, PolicyRule, Request, Resemblance, Role,
    Target, Text, covers,
};

use crate::invocation::as_invoked;
use crate::risk_words;
use crate::words::{self, MissingFrom, absence};

/// One near miss, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Explanation {
    /// The obstacle.
    pub(crate) message: String,
    /// The change that would allow the request, in the imperative.
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
        NearMissKind::Unbuilt => (
            "a build that was not run can rename, move or patch the objects".to_owned(),
            "build the directory and pass its output with `-f`".to_owned(),
        ),
        _ => rule(miss, request),
    };
    let change = with_risk(change, identity, request);
    Explanation { message, change: as_invoked(&change).into_owned() }
}

/// Adds the risk of a request to the change that allows it.
fn with_risk(change: String, identity: &Identity, request: &Request) -> String {
    let Some(risk) = risk_words::risk_of(identity, request) else { return change };
    match change.starts_with(JUST_THIS) {
        // The command that grants it is shown with its risk.
        true => change,
        false => format!("{change}; risk: {risk}"),
    }
}

/// Returns a description of the obstacle that is equal for all requests that it affects.
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

/// The instruction to grant a request and nothing else.
const JUST_THIS: &str = "grant only this request";

/// Explains a rule that would allow the request in another scope.
fn scope(miss: &NearMiss<'_>, request: &Request) -> (String, String) {
    match &miss.kind {
        NearMissKind::OtherNamespace { granted_in } => (
            format!("it only applies in namespace {granted_in}"),
            format!(
                "use `-n {granted_in}` if you meant that namespace, or {JUST_THIS} in namespace {}",
                request.namespace()
            ),
        ),
        NearMissKind::NotAllNamespaces { granted_in } => (
            format!("it only applies in namespace {granted_in}, not across all namespaces"),
            format!(
                "use `-n {granted_in}` if that is sufficient, or {JUST_THIS} in all namespaces"
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

/// Explains a rule of the subject that does not allow the request.
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
            "{JUST_THIS} in namespace {}: a change to {} would apply in every namespace",
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
        true => (message, format!("{change}, which affects all its subjects; or {JUST_THIS}")),
        false => (message, change),
    }
}

/// Returns the obstacle in a rule, and the change without the name of the role, which follows it.
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
                "the rule is limited to {}, and `{}` without a name needs access to all objects",
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
                format!("the rule contains `{written}`, not `{}`", what(request)),
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

/// Returns why a role should not be edited, if so.
fn untouchable(role: &Role) -> Option<&'static str> {
    let metadata = &role.metadata;
    let is_default = metadata.origin == Origin::Default
        || metadata.label("kubernetes.io/bootstrapping").is_some()
        || metadata.name.starts_with("system:");
    if role.aggregation.is_some() {
        Some("its rules are aggregated from other roles, and a controller would revert a change")
    } else if is_default {
        Some("it is a default role, and a change would affect all its subjects")
    } else if rolecall_grant::is_managed(metadata) {
        Some("`rolecall fix` manages it")
    } else {
        None
    }
}

/// Explains a binding that would grant the request to another subject.
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
            "its subject has no namespace, so it matches nothing in a ClusterRoleBinding".to_owned()
        }
        Resemblance::OtherNamespace => {
            format!("its subject is {named}, in another namespace")
        }
        Resemblance::OtherKind => format!("its subject is {named}, which is of another kind"),
        Resemblance::LetterCase => {
            format!("its subject is {named}: names are case-sensitive")
        }
        Resemblance::Spelling => format!("its subject is {named}, which only has a similar name"),
    };
    let (Some(binding), Some(role)) = (miss.binding, miss.role) else {
        return (message, JUST_THIS.to_owned());
    };
    let also = excess(role, request);
    if binding.is_cluster_role_binding() && !request.namespace().is_empty() {
        let change = format!(
            "{JUST_THIS} in namespace {}: this binding grants {} in every namespace",
            request.namespace(),
            words::role(role)
        );
        return (message, change);
    }
    let is_generated = rolecall_grant::is_managed(&binding.metadata);
    if words::is_built_in(binding) || is_generated {
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
    let change = format!("if that is a mistake, change the subject to {wanted} in {place}");
    match also {
        Some(also) => (message, format!("{change}, which also allows {also}; or {JUST_THIS}")),
        None => (message, change),
    }
}

/// Explains a binding without a role, or a role without a binding.
fn role(miss: &NearMiss<'_>, identity: &Identity, request: &Request) -> (String, String) {
    match (&miss.kind, miss.binding, miss.role) {
        (NearMissKind::RoleNotFound { similar }, Some(binding), _) => {
            let role_ref = &binding.role_ref;
            let wanted = format!("{} {}", role_ref.kind, role_ref.name);
            let change = match &**similar {
                [] => format!("create {wanted}"),
                similar => format!(
                    "create {wanted}, or recreate the binding with the roleRef {} (a roleRef is \
                     immutable)",
                    similar.join(" or "),
                ),
            };
            let place = match binding.metadata.origin {
                Origin::Cluster => MissingFrom::Cluster,
                Origin::File { .. } | Origin::Default => MissingFrom::Input,
            };
            (format!("its {wanted} {}", absence(place)), change)
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
            let message = format!("no binding grants it to {who}");
            if identity.is_node() {
                let change = "check which Pods run on the node: the Node authorizer allows the requests that they need";
                return (message, change.to_owned());
            }
            let binding = match request.namespace() {
                "" => "a ClusterRoleBinding".to_owned(),
                namespace => format!("a RoleBinding in namespace {namespace}"),
            };
            let reaches = match identity.as_service_account() {
                Some(account) if account.name == "default" => {
                    ", for every Pod in its namespace that sets no ServiceAccount"
                }
                _ => "",
            };
            let change = match excess(role, request) {
                None => format!("bind {} to {who} with {binding}{reaches}", words::role(role)),
                Some(also) => format!(
                    "{JUST_THIS}: binding {} would also allow {also}{reaches}",
                    words::role(role)
                ),
            };
            (message, change)
        }
        _ => (String::new(), String::new()),
    }
}

/// The maximum number of excess permissions to name.
const MOST_EXCESS: usize = 3;

/// Returns the permissions of a role beyond a request; `None` without any.
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

/// Returns whether a permission is sensitive and should come first.
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
