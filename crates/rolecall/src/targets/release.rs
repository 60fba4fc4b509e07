//! Findings about the rendering of a chart: values that turn RBAC off, and questions about the cluster.

use std::fs;
use std::path::{Path, PathBuf};

use rolecall_check::{
    ClusterQuestion, Finding, OmittedObject, Variant, check_variant, cluster_questions,
    omitted_objects,
};
use rolecall_rbac::{Authorizer, Origin, edit_distance_within};
use rolecall_render::{
    HELM_HOOKS, Names, Release, TargetKind, questions, templates, unknown_hooks,
};
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
    let chart = &*release.chart;
    let origin = |file: &Path, line: u32| Origin::File {
        path: target.names.shown(file).as_str().into(),
        line,
    };
    let templates = templates(&target.target.directory);
    let omitted = unknown_hooks(&templates).into_iter().map(|unknown| OmittedObject {
        chart: chart.into(),
        origin: origin(&unknown.file, unknown.line),
        kind: unknown.kind,
        similar: similar_hook(&unknown.hook),
        hook: unknown.hook,
    });
    findings.extend(omitted_objects(omitted));
    let asked = questions(&templates).into_iter().filter(|question| {
        let is_answered = |version: &String| release.arguments.contains(version);
        !question.version.as_ref().is_some_and(is_answered)
    });
    let asked: Vec<ClusterQuestion> = asked
        .map(|question| ClusterQuestion {
            chart: chart.into(),
            origin: origin(&question.file, question.line),
            action: question.action,
            version: question.version,
        })
        .collect();
    findings.extend(cluster_questions(&asked));
}

/// Returns the known hook with the most similar name.
fn similar_hook(hook: &str) -> Option<&'static str> {
    let distance = |known: &str| edit_distance_within(hook, known, 4);
    let near = HELM_HOOKS.into_iter().filter_map(|known| Some((distance(known)?, known)));
    near.min().map(|(_, known)| known).filter(|_| !hook.is_empty())
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
