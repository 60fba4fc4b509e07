//! Kubernetes' own unit-test tables, if they are available as data.
//!
//! Set `UPSTREAM_CASES` to a JSON file with the tables `cases`, `covers`, `nonresource_url_covers`,
//! `resource_matches`, `rules_for`, `applies_to`, `compact_rules`, `is_simple_rule` and
//! `escalation`. Without it these tests pass without checking anything.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use rolecall_rbac::{
    Identity, Metadata, PolicyRule, Request, ResourceRequest, Text, compact, covers, covers_url,
    rule_allows, subject_matches,
};
use rolecall_testing::api::{authorizer, rule, rules, subject, text, texts};
use serde_json::Value;

/// Returns the rows of a table; none without the file.
fn table(name: &str) -> Vec<Value> {
    let Ok(path) = std::env::var("UPSTREAM_CASES") else { return Vec::new() };
    let tables: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let rows = tables[name].as_array().unwrap().clone();
    assert!(!rows.is_empty(), "{name}");
    rows
}

fn objects(row: &Value) -> Vec<Value> {
    let kinds = [
        ("roles", "Role"),
        ("roleBindings", "RoleBinding"),
        ("clusterRoles", "ClusterRole"),
        ("clusterRoleBindings", "ClusterRoleBinding"),
    ];
    let mut objects = Vec::new();
    for (field, kind) in kinds {
        for object in row[field].as_array().into_iter().flatten() {
            let mut object = object.clone();
            object["kind"] = kind.into();
            objects.push(object);
        }
    }
    objects
}

fn identity(row: &Value) -> Identity {
    Identity {
        user: text(&row["user"]),
        groups: texts(&row["groups"]).to_vec(),
        ..Identity::default()
    }
}

#[test]
fn authorizer_cases() {
    for row in table("cases") {
        let authorizer = authorizer(&objects(&row));
        for check in row["checks"].as_array().unwrap() {
            let request = if check["resourceRequest"] == true {
                Request::resource(
                    text(&check["verb"]),
                    ResourceRequest {
                        namespace: text(&check["namespace"]),
                        group: text(&check["group"]),
                        resource: text(&check["resource"]),
                        subresource: text(&check["subresource"]),
                        name: text(&check["name"]),
                    },
                )
            } else {
                Request::path(text(&check["verb"]), text(&check["path"]))
            };
            let decision = authorizer.authorize(&identity(check), &request);
            let expected = check["expect"].as_bool().unwrap();
            assert_eq!(decision.verdict.is_allowed(), expected, "{} {check}", row["name"]);
        }
    }
}

#[test]
fn covers_cases() {
    for row in table("covers") {
        let coverage = covers(&rules(&row["owner_rules"]), &rules(&row["servant_rules"]));
        assert_eq!(coverage.is_complete(), row["covered"], "{row}");
        let ours: BTreeSet<PolicyRule> = coverage.uncovered.into_iter().collect();
        let theirs: BTreeSet<PolicyRule> = rules(&row["uncovered"]).into_iter().collect();
        assert_eq!(ours, theirs, "{row}");
    }
}

#[test]
fn url_cases() {
    for row in table("nonresource_url_covers") {
        let (owner, requested) = (text(&row["owner"]), text(&row["requested"]));
        assert_eq!(covers_url(&owner, &requested), row["want"], "{row}");
    }
}

#[test]
fn resource_cases() {
    for row in table("resource_matches") {
        let rule = PolicyRule {
            verbs: ["get".into()].into(),
            api_groups: ["".into()].into(),
            resources: texts(&row["ruleResources"]),
            ..PolicyRule::default()
        };
        let combined = text(&row["combinedRequestedResource"]);
        let subresource = text(&row["requestedSubresource"]);
        let resource: Text = match &*subresource {
            "" => combined.clone(),
            subresource => combined.strip_suffix(&format!("/{subresource}")).unwrap().into(),
        };
        let request = Request::resource(
            "get",
            ResourceRequest { resource, subresource, ..ResourceRequest::default() },
        );
        assert_eq!(rule_allows(&rule, &request), row["expect"], "{row}");
    }
}

#[test]
fn rules_for_cases() {
    for row in table("rules_for") {
        let authorizer = authorizer(&objects(&row));
        let review = authorizer.rules_for(&identity(&row), row["namespace"].as_str().unwrap());
        let mut ours: Vec<PolicyRule> = review.rules.iter().map(|r| r.rule.clone()).collect();
        let mut theirs = rules(&row["rules"]);
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{row}");
    }
}

#[test]
fn subject_cases() {
    for row in table("applies_to") {
        let binding = Metadata::new(text(&row["bindingNamespace"]), "b");
        let identity = identity(&row);
        let subjects: Vec<_> = row["subjects"].as_array().unwrap().iter().map(subject).collect();
        let first = subjects.iter().position(|s| subject_matches(s, &binding, &identity));
        assert_eq!(first.is_some(), row["applies"], "{row}");
        if let Some(first) = first {
            assert_eq!(first, row["index"], "{row}");
        }
    }
}

#[test]
fn compact_cases() {
    for row in table("compact_rules") {
        let mut ours = compact(rules(&row["rules"]));
        let mut theirs = rules(&row["expected"]);
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{row}");
    }
}

#[test]
fn simple_rule_cases() {
    for row in table("is_simple_rule") {
        let twice = vec![rule(&row["rule"]), rule(&row["rule"])];
        assert_eq!(compact(twice).len() == 1, row["simple"], "{row}");
    }
}

#[test]
fn escalation_cases() {
    for row in table("escalation") {
        let covered = covers(&rules(&row["holdsRules"]), &rules(&row["newRules"])).is_complete();
        let allowed = identity(&row).is_privileged() || row["mayEscalate"] == true || covered;
        assert_eq!(allowed, row["expectAllowed"], "{row}");
    }
}
