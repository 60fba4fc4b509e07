//! Requests, rules and objects in words, for tables and messages alike. Nothing here is escaped:
//! whoever prints it sees to that.

use rolecall_rbac::{
    Binding, Metadata, Origin, PolicyRule, Problem, Request, Role, Subject, SubjectKind, Target,
    Text,
};

/// Says a request as people say it: `list pods in namespace shop`.
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

/// Says a rule on one line: `get,list pods,pods/log "name"`.
pub(crate) fn rule(rule: &PolicyRule) -> String {
    let mut targets: Vec<String> = Vec::new();
    for group in &*rule.api_groups {
        targets.extend(rule.resources.iter().map(|resource| with_group(resource, group)));
    }
    targets.extend(rule.non_resource_urls.iter().map(Text::to_string));
    let mut text = format!("{} {}", rule.verbs.join(","), targets.join(","));
    if !rule.resource_names.is_empty() {
        text.push(' ');
        text.push_str(&quoted(&rule.resource_names));
    }
    text
}

/// Writes `deployments/scale` of group `apps` as `deployments.apps/scale`.
pub(crate) fn with_group(resource: &str, group: &str) -> String {
    match (group, resource.split_once('/')) {
        ("", _) => resource.to_owned(),
        (group, None) => format!("{resource}.{group}"),
        (group, Some((parent, subresource))) => format!("{parent}.{group}/{subresource}"),
    }
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

/// Says where an object stands, in brackets; nothing for a cluster's.
pub(crate) fn origin(metadata: &Metadata) -> String {
    match &metadata.origin {
        Origin::Default => " (default)".to_owned(),
        origin => origin.position().map_or_else(String::new, |position| format!(" ({position})")),
    }
}

/// Names the binding that leads nowhere, and why, in the server's words.
pub(crate) fn problem(problem: &Problem<'_>) -> String {
    let found = problem.binding();
    format!("{}{}: {problem}", binding(found), origin(&found.metadata))
}

/// Joins names in quotes: `"a","b"`.
pub(crate) fn quoted(names: &[Text]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(",")
}
