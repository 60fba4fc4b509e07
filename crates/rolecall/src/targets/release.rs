//! Findings about the rendering of a chart: values that turn RBAC off, and questions about the cluster.

use std::fs;
use std::path::PathBuf;

use rolecall_check::{ClusterQuestion, Finding, Variant, check_variant, cluster_questions};
use rolecall_rbac::{Authorizer, Origin};
use rolecall_render::{Names, Release, TargetKind, questions};
use rolecall_yaml::{self as yaml, Node};
use serde::Deserialize as _;

use super::FinishedTarget;

/// The largest values file in which switches are searched.
const LARGEST: u64 = 4 << 20;

/// The fields of values that turn their parent off.
const SWITCHES: [&str; 2] = ["create", "enabled"];

/// Adds findings about a chart. `default` is the same chart with its default values, if that is another
/// target.
pub(crate) fn check_release(
    target: &FinishedTarget,
    result: &Authorizer,
    default: Option<&Authorizer>,
    findings: &mut Vec<Finding>,
) {
    let TargetKind::Helm(release) = &target.target.kind else { return };
    if let Some(default) = default {
        let switches = switches(release, &target.names);
        check_variant(Variant { result, default, switches: &switches }, findings);
    }
    let asked = questions(&target.target.directory).into_iter().filter(|question| {
        let is_answered = |version: &String| release.arguments.contains(version);
        !question.version.as_ref().is_some_and(is_answered)
    });
    let asked: Vec<ClusterQuestion> = asked
        .map(|question| ClusterQuestion {
            chart: (&*release.chart).into(),
            origin: Origin::File {
                path: target.names.shown(&question.file).as_str().into(),
                line: question.line,
            },
            action: question.action,
            version: question.version,
        })
        .collect();
    findings.extend(cluster_questions(&asked));
}

/// Returns the values of a release that turn RBAC objects off, with their places.
fn switches(release: &Release, names: &Names) -> Vec<String> {
    let mut found = Vec::new();
    for file in &release.values {
        find_in_file(file, names, &mut found);
    }
    let arguments = release.arguments.iter().filter_map(|it| it.strip_suffix("=false"));
    found.extend(
        arguments
            .map(|it| it.trim_start_matches("--set=").to_owned())
            .filter(|path| is_switch(path))
            .map(|path| format!("`{path}=false`")),
    );
    found
}

fn find_in_file(file: &PathBuf, names: &Names, found: &mut Vec<String>) {
    if !file.metadata().is_ok_and(|it| it.is_file() && it.len() <= LARGEST) {
        return;
    }
    let text = fs::read_to_string(file).unwrap_or_default();
    let Ok(documents) = yaml::parse(&text, 1) else { return };
    let shown = names.shown(file);
    for document in &documents {
        let mut open: Vec<(String, Node<'_>)> = vec![(String::new(), document.root())];
        while let Some((path, node)) = open.pop() {
            for (key, value) in node.pairs() {
                let Some(key) = key.as_str() else { continue };
                let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                if bool::deserialize(value).is_ok_and(|it| !it) && is_switch(&path) {
                    found.push(format!("`{path}: false` ({shown}:{})", value.position().line));
                }
                open.push((path, value));
            }
        }
    }
    found.sort();
}

/// Returns whether a value turns RBAC objects or ServiceAccounts off.
fn is_switch(path: &str) -> bool {
    let Some((parent, last)) = path.rsplit_once('.') else { return false };
    let parent = parent.to_ascii_lowercase();
    SWITCHES.contains(&last)
        && ["rbac", "role", "serviceaccount", "binding"].iter().any(|part| parent.contains(part))
}
