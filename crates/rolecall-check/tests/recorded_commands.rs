//! Command lines of kubectl and helm need what they were recorded to need on a real server.
//!
//! `cargo xtask record kubectl` writes the tables.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use std::collections::BTreeSet;

use rolecall_command::{Invocation, Need, NeedNamespace, NeedTarget, needs_of};
use rolecall_rbac::{Catalog, Container, Labels, PodLines, PodSpec};
use rolecall_source::facts::Version;

const TABLE: &str = include_str!("recorded/kubectl-v1.37.tsv");

/// Needs that a row does not show, or that its command works without: a part of the command, the request, and the
/// reason.
const EXCEPTIONS: [(&str, &str, &str); 6] = [
    ("kubectl create ", "bind ", "a role without rules was bound"),
    ("| kubectl apply", "create ", "the object may not exist"),
    ("| kubectl apply", "patch ", "the object may exist"),
    ("helm upgrade", "get secrets", "from the eleventh revision on, the oldest is deleted"),
    ("helm upgrade", "delete secrets", "from the eleventh revision on, the oldest is deleted"),
    ("helm uninstall", "update secrets", "helm reports the refusal and continues"),
];

#[test]
fn commands_need_what_they_needed_on_a_server() {
    let mut wrong = Vec::new();
    let mut used: BTreeSet<usize> = BTreeSet::new();
    for row in TABLE.lines().skip(1) {
        let [command, asked, needed] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {row}");
        };
        let (asked, needed) = (requests(asked), requests(needed));
        let found = found(command);
        let mut is_excepted = |request: &String| {
            let exception = EXCEPTIONS
                .iter()
                .position(|(part, start, _)| command.contains(part) && request.starts_with(start));
            used.extend(exception);
            exception.is_some()
        };
        let is_met = |request: &String| found.iter().any(|need| need.contains(request));
        let mut lacking: Vec<&String> = needed
            .iter()
            .filter(|request| !is_met(request) && is_stated(command, request))
            .collect();
        lacking.retain(|request| !is_excepted(request));
        let mut invented: Vec<&BTreeSet<String>> =
            found.iter().filter(|need| need.is_disjoint(&asked)).collect();
        invented.retain(|need| !need.iter().any(&mut is_excepted));
        if !lacking.is_empty() || !invented.is_empty() {
            wrong.push(format!("{command}\n  lacks {lacking:?}\n  invents {invented:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all: BTreeSet<usize> = (0..EXCEPTIONS.len()).collect();
    assert_eq!(used, all, "each exception is necessary");
}

/// Returns whether a command line states the object of a request. It does not state the objects of a chart.
fn is_stated(command: &str, request: &str) -> bool {
    !command.starts_with("helm ") || request.contains(" secrets")
}

fn requests(cell: &str) -> BTreeSet<String> {
    cell.split(", ").filter(|request| !request.is_empty()).map(str::to_owned).collect()
}

/// Returns the needs of a script, each with its alternatives.
fn found(script: &str) -> Vec<BTreeSet<String>> {
    let command = ["sh", "-c", script].map(Into::into).to_vec();
    let container = Container { command: command.into(), ..Container::default() };
    let pod = PodSpec {
        path: "spec".into(),
        annotations: Labels::default(),
        service_account: "tool".into(),
        account_is_derived: false,
        automount_token: None,
        token_volumes: Box::default(),
        containers: [container].into(),
        node: "".into(),
        lines: PodLines::default(),
    };
    let version = Version::V1_37.as_str().parse().unwrap();
    let needs = |invocation: &Invocation| needs_of(invocation, catalog(), version);
    rolecall_command::invocations(&pod).iter().flat_map(needs).map(|need| written(&need)).collect()
}

fn written(need: &Need) -> BTreeSet<String> {
    let target = match &need.target {
        NeedTarget::Path(path) => path.to_string(),
        NeedTarget::Resource { group, resource, subresource, namespace, .. } => {
            let mut text = resource.to_string();
            for (mark, part) in [('.', group), ('/', subresource)] {
                if !part.is_empty() {
                    text.push(mark);
                    text.push_str(part);
                }
            }
            let is_namespaced = catalog().is_namespaced(group, resource);
            match namespace {
                NeedNamespace::Known(all) if all.is_empty() && is_namespaced == Some(true) => {
                    text.push_str(" -A");
                }
                NeedNamespace::Known(other) if !other.is_empty() => {
                    text.push_str(&format!(" -n {other}"));
                }
                _ => {}
            }
            text
        }
    };
    need.verbs.iter().map(|verb| format!("{verb} {target}")).collect()
}

fn catalog() -> &'static Catalog {
    &support::facts_of(Version::V1_37).1
}
