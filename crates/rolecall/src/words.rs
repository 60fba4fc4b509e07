//! Descriptions of requests, rules and objects for tables and messages. The caller must escape them.

use std::collections::BTreeMap;

use rolecall_paths::{Gain, Step};
pub(crate) use rolecall_rbac::with_group;
use rolecall_rbac::{
    Binding, Decision, Gap, Grant, HookLifetime, Metadata, Origin, PolicyRule, Problem, Request,
    Role, Subject, SubjectKind, Target, Text, Unread, Verdict, sentence_list,
};
use rolecall_review::Answer;

/// Describes a request: `list pods in namespace shop`.
pub(crate) fn request(request: &Request) -> String {
    match &request.target {
        Target::Path(path) => format!("{} {path}", request.verb),
        Target::Resource(target) => {
            let resource = with_group(&target.combined(), &target.group);
            let name = match &*target.name {
                "" => String::new(),
                name => format!(" {name:?}"),
            };
            let place = match &*target.namespace {
                "" => "at the cluster scope".to_owned(),
                namespace => format!("in namespace {namespace}"),
            };
            format!("{} {resource}{name} {place}", request.verb)
        }
    }
}

/// Describes a rule on one line: `get,list pods,pods/log "name"`.
pub(crate) fn rule(rule: &PolicyRule) -> String {
    rule_in_part(rule, |_, _| true, usize::MAX)
}

/// Describes the part of a rule that concerns a request, and counts the rest: `get,list pods and 9 more`.
pub(crate) fn rule_about(rule: &PolicyRule, request: &Request) -> String {
    let concerns = |resource: &str, group: Option<&str>| match (&request.target, group) {
        (Target::Resource(target), Some(group)) => {
            let (parent, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            (group == "*" || *group == *target.group)
                && (parent == "*" || *parent == *target.resource)
                && (subresource == &*target.subresource || resource == "*")
        }
        (Target::Path(path), None) => path.starts_with(resource.trim_end_matches('*')),
        _ => false,
    };
    rule_in_part(rule, concerns, MOST_TARGETS)
}

/// The maximum number of resources and URLs of a rule to name.
const MOST_TARGETS: usize = 4;

/// Describes a rule. If it has more than `most` targets, names those that matter, or the first ones.
fn rule_in_part(
    rule: &PolicyRule,
    matters: impl Fn(&str, Option<&str>) -> bool,
    most: usize,
) -> String {
    let mut targets: Vec<(bool, String)> = Vec::new();
    for group in &*rule.api_groups {
        targets.extend(
            rule.resources
                .iter()
                .map(|resource| (matters(resource, Some(group)), with_group(resource, group))),
        );
    }
    targets.extend(rule.non_resource_urls.iter().map(|url| (matters(url, None), url.to_string())));
    let total = targets.len();
    if total > most {
        if targets.iter().any(|(matters, _)| *matters) {
            targets.retain(|(matters, _)| *matters);
        }
        targets.truncate(most);
    }
    let names: Vec<&str> = targets.iter().map(|(_, target)| target.as_str()).collect();
    let mut text = format!("{} {}", rule.verbs.join(","), names.join(","));
    if names.len() < total {
        text.push_str(&format!(" and {} more", total - names.len()));
    }
    if !rule.resource_names.is_empty() {
        text.push(' ');
        text.push_str(&quoted(&rule.resource_names));
    }
    text
}

/// Describes the steps of a path: `X02 create a Pod -> sa/shop:op, X17 change its own role`.
pub(crate) fn steps(steps: &[Step<'_>]) -> String {
    let last = steps.len().saturating_sub(1);
    let steps = steps.iter().enumerate().map(|(position, step)| {
        let gains = match &step.gains {
            Gain::ClusterAdmin | Gain::Everything(_) | Gain::Node if position == last => {
                String::new()
            }
            gains => format!(" -> {gains}"),
        };
        format!("{} {}{gains}", step.row, step.row.text().title)
    });
    steps.collect::<Vec<_>>().join(", ")
}

/// Returns `namespace/name`, or the name of a cluster-scoped object.
pub(crate) fn qualified(metadata: &Metadata) -> String {
    if metadata.namespace.is_empty() {
        metadata.name.to_string()
    } else {
        format!("{}/{}", metadata.namespace, metadata.name)
    }
}

/// Names a binding: `RoleBinding shop/web`.
pub(crate) fn binding(binding: &Binding) -> String {
    format!("{} {}", binding.kind(), qualified(&binding.metadata))
}

/// Names a role: `ClusterRole view`.
pub(crate) fn role(role: &Role) -> String {
    format!("{} {}", role.kind(), qualified(&role.metadata))
}

/// Names the role that a binding refers to, even if it does not exist.
pub(crate) fn role_ref(binding: &Binding) -> String {
    format!("{} {}", binding.role_ref.kind, binding.role_ref.name)
}

/// Returns whether API servers create a binding at startup.
pub(crate) fn is_built_in(binding: &Binding) -> bool {
    is_default(&binding.metadata)
}

/// Returns whether a role is one that API servers create at their start.
pub(crate) fn is_default_role(role: &Role) -> bool {
    is_default(&role.metadata)
}

fn is_default(metadata: &Metadata) -> bool {
    let label = metadata.label("kubernetes.io/bootstrapping");
    metadata.origin == Origin::Default || label.is_some_and(|value| **value == *"rbac-defaults")
}

/// Names a binding's subject: `ServiceAccount shop/web`.
pub(crate) fn subject(subject: &Subject, binding: &Metadata) -> String {
    match subject.kind {
        SubjectKind::ServiceAccount => {
            let namespace = subject.effective_namespace(binding).map_or("", |namespace| namespace);
            format!("ServiceAccount {namespace}/{}", subject.name)
        }
        _ => format!("{} {}", subject.kind.as_str(), subject.name),
    }
}

/// Returns the location of an object, in brackets; empty for objects of a cluster.
pub(crate) fn origin(metadata: &Metadata) -> String {
    match &metadata.origin {
        Origin::Default => " (default)".to_owned(),
        origin => origin.position().map_or_else(String::new, |position| format!(" ({position})")),
    }
}

/// Says when an object of a Helm hook exists, if it is not there as long as its release; nothing for others.
pub(crate) fn of_hook<'a>(objects: impl IntoIterator<Item = &'a Metadata>) -> String {
    let note = objects.into_iter().find_map(hook_note);
    note.map_or_else(String::new, |note| format!(" ({note})"))
}

/// Returns when an object of a Helm hook exists, if it is not there as long as its release.
pub(crate) fn hook_note(metadata: &Metadata) -> Option<String> {
    let of = |events: Vec<&str>| match &*events {
        [] => "Helm hook".to_owned(),
        events => format!("Helm hook `{}`", events.join(",")),
    };
    match metadata.hook_lifetime()? {
        HookLifetime::AfterRun(events) => {
            Some(format!("{}: does not exist before it has run", of(events)))
        }
        HookLifetime::DuringRun(events) => {
            Some(format!("{}: deleted when it has succeeded", of(events)))
        }
        HookLifetime::Lasting(_) => None,
    }
}

/// Says that a build that was not run can change one of some objects; nothing where none can.
pub(crate) fn before_building<'a>(objects: impl IntoIterator<Item = &'a Metadata>) -> &'static str {
    match objects.into_iter().any(Metadata::is_unbuilt) {
        true => " (before building)",
        false => "",
    }
}

/// Describes a binding without a valid role, with the server's reason.
pub(crate) fn problem(problem: &Problem<'_>) -> String {
    let found = problem.binding();
    format!("{}{}: {problem}", binding(found), origin(&found.metadata))
}

/// Describes the absence of an object from a cluster, or from manifests, which are seldom everything that
/// a cluster contains.
pub(crate) fn absence(missing_from: MissingFrom) -> &'static str {
    match missing_from {
        MissingFrom::Cluster => "does not exist",
        MissingFrom::Input => "is not in the input",
    }
}

/// The place that lacks an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MissingFrom {
    /// A live cluster or a snapshot of one.
    Cluster,
    /// Manifests.
    Input,
}

/// Joins names in quotes: `"a","b"`.
pub(crate) fn quoted(names: &[Text]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(",")
}

/// Describes gaps with their reasons, and combines forbidden lists of one user in one place.
pub(crate) fn gaps<'a>(gaps: impl IntoIterator<Item = &'a Gap>) -> Vec<String> {
    let mut refused: BTreeMap<(Option<&str>, &str), Vec<&str>> = BTreeMap::new();
    let mut others = Vec::new();
    for gap in gaps {
        match (&gap.unread, refused_lister(gap)) {
            (Unread::Kind { kind, namespace }, Some(user)) => {
                refused.entry((namespace.as_deref(), user)).or_default().push(kind.as_str());
            }
            _ => others.push(gap.to_string()),
        }
    }
    let refused = refused.into_iter().map(|((namespace, user), kinds)| {
        let place = namespace.map_or_else(String::new, |name| format!(" in namespace `{name}`"));
        format!("every {}{place}: {user} cannot list them", sentence_list(&kinds))
    });
    refused.chain(others).collect()
}

/// Returns the user of a forbidden list, if that is the only reason of a gap.
fn refused_lister(gap: &Gap) -> Option<&str> {
    let start = gap.because.find("User \"")?;
    let (user, rest) = gap.because.get(start..)?.split_once(" cannot list resource ")?;
    let place = rest.rsplit_once("\" ").map(|(_, place)| place);
    let is_all = place == Some("at the cluster scope") || rest.ends_with('"');
    Some(user).filter(|_| is_all && gap.origin.position().is_none())
}

/// Shortens the errors of a server to the sentences about missing permissions.
pub(crate) fn refusals(reason: &str) -> String {
    let sentence = |text| str::split_once(text, " is forbidden: ").map_or(text, |(_, after)| after);
    let mut sentences: Vec<&str> = Vec::new();
    for sentence in reason.split("; ").map(sentence) {
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences.join("; ")
}

/// Describes a gap without its reason.
pub(crate) fn unread(gap: &Gap) -> String {
    let text = gap.to_string();
    text.strip_suffix(&format!(": {}", gap.because)).unwrap_or(&text).to_owned()
}

/// Names the bindings that grant a request, or the gaps.
pub(crate) fn through(decision: &Decision<'_>, separator: &str) -> String {
    let mut names: Vec<String> = match &decision.verdict {
        Verdict::Allowed { by } => by
            .iter()
            .map(|grant| match grant {
                Grant::Privileged => "Group system:masters".to_owned(),
                Grant::Rule(grant) => binding(grant.binding),
            })
            .collect(),
        Verdict::NoOpinion => Vec::new(),
        Verdict::Unknown { gaps } => {
            gaps.iter().map(|gap| format!("not read: {}", unread(gap))).collect()
        }
    };
    names.dedup();
    names.join(separator)
}

/// Names the binding in a server's reason, such as `RoleBinding shop/web`, or returns the reason itself.
pub(crate) fn review(answer: &Answer) -> String {
    match ReviewedGrant::parse(&answer.reason) {
        Some(ReviewedGrant { binding: (kind, "", name), .. }) => format!("{kind} {name}"),
        Some(ReviewedGrant { binding: (kind, namespace, name), .. }) => {
            format!("{kind} {namespace}/{name}")
        }
        None => answer.reason.clone(),
    }
}

/// The grant in a server's reason; each object as kind, namespace and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReviewedGrant<'a> {
    pub(crate) binding: (&'a str, &'a str, &'a str),
    pub(crate) role: (&'a str, &'a str, &'a str),
    pub(crate) subject: (&'a str, &'a str, &'a str),
}

impl<'a> ReviewedGrant<'a> {
    /// Parses `RBAC: allowed by RoleBinding "b/ns" of Role "r" to ServiceAccount "sa/ns"`. The name
    /// comes before the namespace.
    pub(crate) fn parse(reason: &'a str) -> Option<Self> {
        let rest = reason.strip_prefix("RBAC: allowed by ")?;
        let (binding_kind, rest) = rest.split_once(" \"")?;
        let (binding, rest) = rest.split_once("\" of ")?;
        let (role_kind, rest) = rest.split_once(" \"")?;
        let (role, rest) = rest.split_once("\" to ")?;
        let (subject_kind, rest) = rest.split_once(" \"")?;
        let subject = rest.strip_suffix('"')?;
        let namespaced = |text: &'a str| text.rsplit_once('/').unwrap_or((text, ""));
        let (binding_name, namespace) = match binding_kind {
            "RoleBinding" => namespaced(binding),
            _ => (binding, ""),
        };
        let (subject_name, subject_namespace) = match subject_kind {
            "ServiceAccount" => namespaced(subject),
            _ => (subject, ""),
        };
        let role_namespace = if role_kind == "Role" { namespace } else { "" };
        Some(Self {
            binding: (binding_kind, namespace, binding_name),
            role: (role_kind, role_namespace, role),
            subject: (subject_kind, subject_namespace, subject_name),
        })
    }
}

/// Counts things: `1 subject`, `2 subjects`.
pub(crate) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_reason_names_binding_role_and_subject() {
        let rows = [
            (
                r#"RBAC: allowed by RoleBinding "b/ns" of Role "r" to ServiceAccount "sa/other""#,
                Some((
                    ("RoleBinding", "ns", "b"),
                    ("Role", "ns", "r"),
                    ("ServiceAccount", "other", "sa"),
                )),
            ),
            (
                r#"RBAC: allowed by ClusterRoleBinding "a/b" of ClusterRole "r" to Group "x to y""#,
                Some((
                    ("ClusterRoleBinding", "", "a/b"),
                    ("ClusterRole", "", "r"),
                    ("Group", "", "x to y"),
                )),
            ),
            ("webhook says so", None),
            ("", None),
            ("RBAC: allowed by ", None),
        ];
        for (reason, expected) in rows {
            let parsed = ReviewedGrant::parse(reason);
            let parsed = parsed.map(|grant| (grant.binding, grant.role, grant.subject));
            assert_eq!(parsed, expected, "{reason}");
        }
    }
}
