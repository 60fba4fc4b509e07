use std::collections::BTreeSet;

use proptest::prelude::*;
use rolecall_rbac::{
    Authorizer, Axes, Binding, Column, Identity, NamespaceSelection, PolicyRule, Request, Subject,
    Target, Text, rule_allows, subject_matches,
};
use rolecall_testing::api::authorizer;
use rolecall_testing::random::{allowed, identities, inventory, universe};
use serde_json::{Value, json};

/// Returns the rules that a binding grants to its subjects for a request.
fn granting<'a>(
    authorizer: &'a Authorizer,
    binding: &Binding,
    request: &Request,
) -> Vec<&'a PolicyRule> {
    let namespace = &binding.metadata.namespace;
    if !namespace.is_empty() && **namespace != *request.namespace() {
        return Vec::new();
    }
    let role = authorizer.inventory().role("", &binding.role_ref.name);
    let rules = role.into_iter().flat_map(|role| role.rules.iter());
    rules.filter(|rule| rule_allows(rule, request)).collect()
}

/// Every 101st request, which combines all strings of the universe.
fn requests() -> Vec<Request> {
    universe().step_by(101).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decisions_and_reverse_lookups_agree_with_the_matchers(inventory in inventory()) {
        let authorizer = Authorizer::new(inventory);
        for request in requests() {
            let bindings = authorizer.inventory().bindings();
            for identity in identities() {
                let applies = |subject: &Subject, binding: &Binding| {
                    subject_matches(subject, &binding.metadata, &identity)
                };
                let mut expected = Vec::new();
                for binding in bindings {
                    let first = binding.subjects.iter().find(|subject| applies(subject, binding));
                    let Some(subject) = first else { continue };
                    for rule in granting(&authorizer, binding, &request) {
                        expected.push((&*binding.metadata.name, subject, rule));
                    }
                }
                let decision = authorizer.authorize(&identity, &request);
                let mut found = Vec::new();
                if let rolecall_rbac::Verdict::Allowed { by } = &decision.verdict {
                    for grant in by {
                        let rolecall_rbac::Grant::Rule(grant) = grant else { continue };
                        found.push((&*grant.binding.metadata.name, grant.subject, grant.rule));
                    }
                }
                prop_assert_eq!(found, expected, "{:?} {:?}", &identity, &request);
            }
            let mut expected = BTreeSet::new();
            for binding in bindings {
                if granting(&authorizer, binding, &request).is_empty() {
                    continue;
                }
                let certain = binding.subjects.iter().filter(|subject| {
                    subject.kind != rolecall_rbac::SubjectKind::ServiceAccount
                        || subject.effective_namespace(&binding.metadata).is_some()
                });
                expected.extend(certain.map(|subject| (binding.metadata.name.clone(), subject)));
            }
            let found = authorizer.who_can(&request, &NamespaceSelection::OfRequest);
            let found: BTreeSet<_> = found
                .holders
                .iter()
                .map(|holder| (holder.grant.binding.metadata.name.clone(), holder.grant.subject))
                .collect();
            prop_assert_eq!(found, expected, "{:?}", &request);
        }
    }

    #[test]
    fn a_matrix_has_the_decisions_of_its_cells(inventory in inventory()) {
        let authorizer = Authorizer::new(inventory);
        let namespaces: [Text; 3] = ["".into(), "blue".into(), "fresh".into()];
        let mut columns: Vec<Column> = universe()
            .filter_map(|request| match request.target {
                Target::Resource(target) => Some(Column {
                    namespaced: !["nodes", "namespaces", "clusterroles"].contains(&&*target.resource),
                    group: target.group,
                    resource: target.resource,
                    subresource: target.subresource,
                    name: target.name,
                }),
                Target::Path(_) => None,
            })
            .collect();
        columns.sort();
        columns.dedup();
        let columns: Vec<Column> = columns.into_iter().step_by(11).collect();
        let verbs: Vec<Text> = ["get", "fresh", "bind", "*"].map(Into::into).to_vec();
        let axes = authorizer.axes(verbs, columns);
        for identity in identities() {
            let grid = authorizer.grid(&axes, &identity, &namespaces);
            for (row, namespace) in grid.rows.iter().zip(&namespaces) {
                check_row(&authorizer, &axes, &identity, namespace, |column, verb| {
                    row.is_allowed(column, verb)
                })?;
            }
        }
    }
}

fn check_row(
    authorizer: &Authorizer,
    axes: &Axes,
    identity: &Identity,
    namespace: &Text,
    is_allowed: impl Fn(usize, usize) -> bool,
) -> Result<(), TestCaseError> {
    for (position, column) in axes.columns().iter().enumerate() {
        for (bit, verb) in axes.verbs().iter().enumerate() {
            let target = rolecall_rbac::ResourceRequest {
                namespace: if column.namespaced { namespace.clone() } else { "".into() },
                group: column.group.clone(),
                resource: column.resource.clone(),
                subresource: column.subresource.clone(),
                name: column.name.clone(),
            };
            let request = Request::resource(verb.clone(), target);
            let expected = allowed(authorizer, identity, &request);
            prop_assert_eq!(is_allowed(position, bit), expected, "{:?} {:?}", identity, request);
        }
    }
    Ok(())
}

/// An authorizer in which jane holds rules that each allow one verb on one resource.
fn holding(rules: &[(&str, &str)]) -> Authorizer {
    let rules: Vec<Value> = rules
        .iter()
        .map(
            |(verb, resource)| json!({"verbs": [verb], "apiGroups": [""], "resources": [resource]}),
        )
        .collect();
    authorizer(&[
        json!({"kind": "ClusterRole", "metadata": {"name": "r"}, "rules": rules}),
        json!({"kind": "ClusterRoleBinding", "metadata": {"name": "b"},
            "roleRef": {"kind": "ClusterRole", "name": "r"},
            "subjects": [{"kind": "User", "name": "jane"}]}),
    ])
}

fn granted(authorizer: &Authorizer, verb: &str, resource: &str) -> Vec<usize> {
    let target = rolecall_rbac::ResourceRequest {
        resource: resource.into(),
        ..rolecall_rbac::ResourceRequest::default()
    };
    let request = Request::resource(verb, target);
    let jane = Identity::user("jane");
    match authorizer.authorize(&jane, &request).verdict {
        rolecall_rbac::Verdict::Allowed { by } => by
            .iter()
            .filter_map(|grant| match grant {
                rolecall_rbac::Grant::Rule(grant) => Some(grant.rule_index),
                rolecall_rbac::Grant::Privileged => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_verb_allows_itself_and_no_other() {
    let verbs = [
        "get",
        "list",
        "watch",
        "create",
        "update",
        "patch",
        "delete",
        "deletecollection",
        "bind",
        "escalate",
        "impersonate",
        "use",
        "approve",
        "sign",
        "post",
        "put",
        "attest",
        "fresh",
    ];
    let rules: Vec<(&str, &str)> = verbs.iter().map(|verb| (*verb, "pods")).collect();
    let authorizer = holding(&rules);
    for (position, verb) in verbs.iter().enumerate() {
        assert_eq!(granted(&authorizer, verb, "pods"), [position], "{verb}");
    }
    assert_eq!(granted(&authorizer, "unknown", "pods"), [0; 0]);
}

#[test]
fn a_resource_allows_itself_and_no_other_among_many() {
    let names: Vec<String> = (0..140).map(|number| format!("r{number}")).collect();
    let rules: Vec<(&str, &str)> = names.iter().map(|name| ("get", &**name)).collect();
    let authorizer = holding(&rules);
    for (position, name) in names.iter().enumerate() {
        assert_eq!(granted(&authorizer, "get", name), [position], "{name}");
    }
}

#[test]
fn a_matrix_holds_64_verbs() {
    let authorizer = holding(&[("v3", "pods"), ("v63", "pods")]);
    let column = Column {
        group: "".into(),
        resource: "pods".into(),
        subresource: "".into(),
        name: "".into(),
        namespaced: true,
    };
    for (count, expected) in [(0, vec![]), (1, vec![]), (64, vec![3, 63]), (70, vec![3, 63])] {
        let verbs: Vec<Text> = (0..count).map(|number| format!("v{number}").into()).collect();
        let axes = authorizer.axes(verbs.clone(), vec![column.clone()]);
        let held = count.min(Axes::MAX_VERBS);
        assert_eq!(axes.verbs(), &verbs[..held]);
        let allowed = |identity: &Identity| -> Vec<usize> {
            let grid = authorizer.grid(&axes, identity, &["shop".into()]);
            (0..Axes::MAX_VERBS).filter(|verb| grid.rows[0].is_allowed(0, *verb)).collect()
        };
        assert_eq!(allowed(&Identity::user("jane")), expected, "{count} verbs");
        let masters = Identity::user("bob").with_group("system:masters");
        assert_eq!(allowed(&masters), (0..held).collect::<Vec<_>>(), "{count} verbs");
        let grid = authorizer.grid(&axes, &masters, &["shop".into()]);
        assert!(!grid.rows[0].is_allowed(1, 0));
    }
}
