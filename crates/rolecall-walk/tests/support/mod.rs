//! Walks as lines of text.

use std::fmt::Write as _;

use rolecall_walk::{Account, RoleState, Via, Walk, WalkedPod};

pub(crate) fn show(walk: &Walk<'_>) -> String {
    let mut text = String::new();
    for pod in &walk.pods {
        writeln!(text, "{}", show_pod(walk, pod)).unwrap();
    }
    for walked in &walk.identities {
        let identity = &walked.identity;
        let account = match &walked.account {
            None => String::new(),
            Some(Account::Exists(_)) => " exists".into(),
            Some(Account::Implied) => " implied".into(),
            Some(Account::MadeByOperator) => " made by its operator".into(),
            Some(Account::Template) => " template".into(),
            Some(Account::Missing) => " missing".into(),
            Some(Account::Unread) => " unread".into(),
        };
        writeln!(
            text,
            "{}{account}",
            if identity.user.is_empty() { &identity.groups[0] } else { &identity.user }
        )
        .unwrap();
        for bound in &walked.bindings {
            let via = match bound.via {
                Via::ServiceAccount => "ServiceAccount".into(),
                Via::User => "User".into(),
                Via::Group(group) => format!("Group {group}"),
            };
            let role = match bound.role {
                RoleState::Found(role) => format!("{} {}", role.kind(), role.metadata.name),
                RoleState::NotFound => format!("{} not found", bound.binding.role_ref.name),
                RoleState::Unsupported => format!("{} unsupported", bound.binding.role_ref.name),
                RoleState::Unread => format!("{} unread", bound.binding.role_ref.name),
            };
            let everybodys = if bound.is_default_for_everyone() { ", everybody's" } else { "" };
            let binding = &bound.binding.metadata;
            writeln!(
                text,
                "  {}/{} via {via}: {role}{everybodys}",
                binding.namespace, binding.name
            )
            .unwrap();
        }
        for gap in &walked.gaps {
            writeln!(text, "  not read: {gap}").unwrap();
        }
    }
    for gap in &walk.gaps {
        writeln!(text, "not read: {gap}").unwrap();
    }
    text
}

fn show_pod(walk: &Walk<'_>, pod: &WalkedPod<'_>) -> String {
    let metadata = &pod.workload.metadata;
    let mut text = format!("{} {}/{}", pod.workload.kind, metadata.namespace, metadata.name);
    for link in &pod.owners() {
        let read = if link.workload.is_some() { "" } else { "?" };
        write!(text, " < {} {}{read}", link.owner.kind, link.owner.name).unwrap();
    }
    match pod.identity {
        Some(identity) => write!(text, " as {}", walk.identities[identity].identity.user).unwrap(),
        None => text.push_str(" as nobody"),
    }
    text
}

/// Formats whether and why a token is mounted, and the containers.
pub(crate) fn show_token(pod: &WalkedPod<'_>) -> String {
    let mounted = match pod.token().mounted {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    let reason = pod.token().reason.as_str();
    format!("{mounted} {reason} {}", pod.token().containers.join(",")).trim_end().to_owned()
}
