//! Results recorded from real API servers, v1.20 and v1.36, over random RBAC universes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use rolecall_rbac::{
    Authorizer, Axes, Column, Identity, NamespaceSelection, PolicyRule, Request, Target, Verdict,
    break_down, resolve_aggregation, rule_allows, subject_matches,
};
use rolecall_testing::api::{authorizer, builder, identity, request, rules};
use rolecall_testing::golden::{lines, objects, universes};
use serde_json::Value;

#[test]
fn every_review_matches_the_server() {
    for universe in universes() {
        let authorizer = authorizer(&objects(&universe));
        for row in lines(&universe, "checks.jsonl.gz") {
            let decision = authorizer.authorize(&identity(&row["spec"]), &request(&row["spec"]));
            let status = &row["status"];
            assert_eq!(decision.verdict.is_allowed(), status["allowed"], "{universe:?} {row}");
            let reason = status["reason"].as_str().unwrap_or_default();
            match &decision.verdict {
                Verdict::Allowed { by } => {
                    let named: Vec<String> = by.iter().map(ToString::to_string).collect();
                    assert!(named.contains(&reason.to_owned()), "{universe:?} {row} {named:?}");
                }
                Verdict::NoOpinion => assert_eq!(
                    reference_errors(&decision.reason()),
                    reference_errors(reason),
                    "{universe:?} {row}"
                ),
                Verdict::Unknown { gaps } => panic!("{universe:?} {row} {gaps:?}"),
            }
        }
    }
}

/// The server lists several errors in arbitrary order.
fn reference_errors(reason: &str) -> BTreeSet<&str> {
    let errors = reason.strip_prefix("RBAC: ").unwrap_or(reason);
    let errors = errors.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(errors);
    errors.split(", ").collect()
}

#[test]
fn every_rules_review_matches_the_server() {
    for universe in universes() {
        let authorizer = authorizer(&objects(&universe));
        let answered = |row: &Value| row["code"] == 201;
        for row in lines(&universe, "rules.jsonl.gz").into_iter().filter(answered) {
            let mut identity = identity(&row);
            if &*identity.user != "system:anonymous" {
                identity = identity.with_group("system:authenticated");
            }
            let review = authorizer.rules_for(&identity, row["namespace"].as_str().unwrap());
            let status = &row["status"];
            let theirs: BTreeSet<PolicyRule> = ["resourceRules", "nonResourceRules"]
                .iter()
                .flat_map(|kind| rules(&status[kind]))
                .flat_map(|rule| break_down(&rule))
                .collect();
            let ours: BTreeSet<PolicyRule> =
                review.rules.iter().flat_map(|rule| break_down(rule.rule)).collect();
            assert_eq!(ours, theirs, "{universe:?} {row}");
            let texts: BTreeSet<String> = review.problems.iter().map(ToString::to_string).collect();
            let error = status["evaluationError"].as_str().unwrap_or_default();
            let expected: BTreeSet<String> =
                reference_errors(error).into_iter().map(str::to_owned).collect();
            let ours = if texts.is_empty() { BTreeSet::from([String::new()]) } else { texts };
            assert_eq!(ours, expected, "{universe:?} {row}");
        }
    }
}

#[test]
fn resolved_aggregation_matches_the_controller() {
    for universe in universes() {
        let mut inventory = builder(&objects(&universe)).build();
        let drifts = resolve_aggregation(&mut inventory);
        assert!(drifts.is_empty(), "{universe:?} {drifts:?}");

        let mut stripped = objects(&universe);
        for object in stripped.iter_mut().filter(|object| object.get("aggregationRule").is_some()) {
            object["rules"] = Value::Null;
            // Rules of stored objects are not recomputed.
            object["metadata"]["uid"] = Value::Null;
        }
        let mut inventory = builder(&stripped).build();
        resolve_aggregation(&mut inventory);
        let stored = builder(&objects(&universe)).build();
        for (resolved, stored) in inventory.roles().iter().zip(stored.roles()) {
            let atoms = |rules: &[PolicyRule]| -> BTreeSet<PolicyRule> {
                rules.iter().flat_map(break_down).collect()
            };
            assert_eq!(
                atoms(&resolved.rules),
                atoms(&stored.rules),
                "{universe:?} {}",
                stored.metadata.name
            );
        }
    }
}

#[test]
fn who_can_returns_exactly_the_allowed_subjects() {
    for universe in universes() {
        let authorizer = authorizer(&objects(&universe));
        for row in lines(&universe, "checks.jsonl.gz").iter().take(300) {
            let (identity, request) = (identity(&row["spec"]), request(&row["spec"]));
            let who = authorizer.who_can(&request, &NamespaceSelection::OfRequest);
            let named = who.holders.iter().any(|holder| {
                let binding = &holder.grant.binding.metadata;
                subject_matches(holder.grant.subject, binding, &identity)
            });
            let allowed = authorizer.authorize(&identity, &request).verdict.is_allowed();
            assert_eq!(named, allowed, "{universe:?} {row}");
            for holder in who.holders {
                assert!(rule_allows(holder.grant.rule, &request), "{holder:?}");
            }
        }
    }
}

#[test]
fn a_grid_equals_individual_decisions() {
    for universe in universes() {
        let authorizer = authorizer(&objects(&universe));
        let rows = lines(&universe, "checks.jsonl.gz");
        let (axes, requests) = axes_of(&authorizer, &rows);
        for row in rows.iter().step_by(60) {
            let identity: Identity = identity(&row["spec"]);
            let namespaces = ["".into(), request(&row["spec"]).namespace().into()];
            let grid = authorizer.grid(&axes, &identity, &namespaces);
            for (namespace, grid_row) in namespaces.iter().zip(&grid.rows) {
                for (column, _) in axes.columns().iter().enumerate() {
                    for (verb, verb_text) in axes.verbs().iter().enumerate() {
                        let mut request = requests[column].clone();
                        request.verb = verb_text.clone();
                        if let Target::Resource(target) = &mut request.target {
                            target.namespace = namespace.clone();
                        }
                        assert_eq!(
                            grid_row.is_allowed(column, verb),
                            authorizer.authorize(&identity, &request).verdict.is_allowed(),
                            "{universe:?} {request:?} {}",
                            row["spec"]
                        );
                    }
                }
            }
        }
    }
}

/// Every verb and resource of the reviews, as the axes of one matrix.
fn axes_of(authorizer: &Authorizer, rows: &[Value]) -> (Axes, Vec<Request>) {
    let mut verbs = BTreeSet::new();
    let mut columns = BTreeSet::new();
    for row in rows.iter().step_by(7) {
        let request = request(&row["spec"]);
        verbs.insert(request.verb.clone());
        if let Target::Resource(target) = request.target {
            columns.insert(Column {
                group: target.group,
                resource: target.resource,
                subresource: target.subresource,
                name: target.name,
                namespaced: true,
            });
        }
    }
    let columns: Vec<Column> = columns.into_iter().collect();
    let requests = columns
        .iter()
        .map(|column| {
            Request::resource(
                "",
                rolecall_rbac::ResourceRequest {
                    namespace: "".into(),
                    group: column.group.clone(),
                    resource: column.resource.clone(),
                    subresource: column.subresource.clone(),
                    name: column.name.clone(),
                },
            )
        })
        .collect();
    (authorizer.axes(verbs.into_iter().collect(), columns), requests)
}
