//! Unknown is never "no": leaving objects unread never turns an existing grant into a denial.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use rolecall_rbac::{
    Authorizer, Gap, Identity, InventoryBuilder, NamespaceSelection, ObjectKind, Origin, Request,
    ResourceRequest, Unread, Verdict,
};
use rolecall_testing::api::{add, identity, request};
use rolecall_testing::golden::{lines, objects, universes};
use serde_json::{Value, json};

fn gap(unread: Unread) -> Gap {
    Gap { unread, because: "forbidden".into(), origin: Origin::Cluster }
}

#[test]
fn unread_objects_never_turn_yes_into_no() {
    for universe in universes() {
        let objects = objects(&universe);
        let full = rolecall_testing::api::authorizer(&objects);
        let rows = lines(&universe, "checks.jsonl.gz");
        for round in 0..8_usize {
            let partial = without(&objects, round);
            for row in rows.iter().skip(round).step_by(3) {
                let (identity, request) = (identity(&row["spec"]), request(&row["spec"]));
                let before = full.authorize(&identity, &request).verdict;
                let after = partial.authorize(&identity, &request).verdict;
                match (before, after) {
                    (Verdict::Allowed { .. }, Verdict::NoOpinion) => panic!("{universe:?} {row}"),
                    (Verdict::NoOpinion, Verdict::Allowed { .. }) => panic!("{universe:?} {row}"),
                    _ => {}
                }
            }
        }
    }
}

/// Leaves different objects unread in each round, and records the gaps.
fn without(objects: &[Value], round: usize) -> Authorizer {
    let kind = |object: &Value| ObjectKind::new(object["kind"].as_str().unwrap());
    let namespace = |object: &Value| object["metadata"]["namespace"].as_str().map(Into::into);
    let mut builder = InventoryBuilder::new();
    for (position, object) in objects.iter().enumerate() {
        let unread = match round {
            0 => (kind(object) == ObjectKind::ClusterRoleBinding)
                .then(|| Unread::Kind { kind: kind(object), namespace: None }),
            1 => (kind(object) == ObjectKind::RoleBinding)
                .then(|| Unread::Kind { kind: kind(object), namespace: namespace(object) }),
            2 => (kind(object) == ObjectKind::Role)
                .then(|| Unread::Kind { kind: kind(object), namespace: namespace(object) }),
            3 => (kind(object) == ObjectKind::ClusterRole)
                .then(|| Unread::Kind { kind: kind(object), namespace: None }),
            4 => (position % 5 == 0).then_some(Unread::Anything),
            _ => (position % 7 == round % 7).then(|| Unread::Object {
                kind: kind(object),
                namespace: namespace(object).unwrap_or_default(),
                name: object["metadata"]["name"].as_str().unwrap().into(),
            }),
        };
        match unread {
            Some(unread) => builder.gap(gap(unread)),
            None => add(&mut builder, object),
        }
    }
    Authorizer::new(builder.build())
}

#[test]
fn an_irrelevant_gap_does_not_turn_no_into_unknown() {
    let objects = [
        json!({"kind": "Role", "metadata": {"namespace": "a", "name": "r"}, "rules": []}),
        json!({"kind": "RoleBinding", "metadata": {"namespace": "a", "name": "b"},
            "roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "User", "name": "jane"}]}),
    ];
    let in_namespace =
        |kind, namespace: &str| Unread::Kind { kind, namespace: Some(namespace.into()) };
    let outside = |kind, read: &[&str]| Unread::KindOutside {
        kind,
        read: read.iter().map(|namespace| (*namespace).into()).collect(),
    };
    let rows = [
        (in_namespace(ObjectKind::RoleBinding, "b"), false),
        (in_namespace(ObjectKind::RoleBinding, "a"), true),
        (outside(ObjectKind::RoleBinding, &["a", "b"]), false),
        (outside(ObjectKind::RoleBinding, &["b"]), true),
        (in_namespace(ObjectKind::Role, "a"), false),
        (Unread::Kind { kind: ObjectKind::ClusterRole, namespace: None }, false),
        (Unread::Kind { kind: ObjectKind::ClusterRoleBinding, namespace: None }, true),
        (Unread::Kind { kind: ObjectKind::ServiceAccount, namespace: None }, false),
        (Unread::Anything, true),
    ];
    let request = Request::resource(
        "get",
        ResourceRequest {
            namespace: "a".into(),
            resource: "pods".into(),
            ..ResourceRequest::default()
        },
    );
    for (unread, matters) in rows {
        let mut builder = rolecall_testing::api::builder(&objects);
        builder.gap(gap(unread.clone()));
        let authorizer = Authorizer::new(builder.build());
        let verdict = authorizer.authorize(&Identity::user("jane"), &request).verdict;
        assert_eq!(matches!(verdict, Verdict::Unknown { .. }), matters, "{unread:?}");
    }
}

#[test]
fn an_unread_role_is_not_reported_as_missing() {
    let binding = json!({"kind": "RoleBinding", "metadata": {"namespace": "a", "name": "b"},
        "roleRef": {"kind": "ClusterRole", "name": "r"},
        "subjects": [{"kind": "User", "name": "jane"}]});
    let request = Request::resource(
        "get",
        ResourceRequest {
            namespace: "a".into(),
            resource: "pods".into(),
            ..ResourceRequest::default()
        },
    );
    for (read, problems) in [(true, 1), (false, 0)] {
        let mut builder = rolecall_testing::api::builder(std::slice::from_ref(&binding));
        if !read {
            builder.gap(gap(Unread::Kind { kind: ObjectKind::ClusterRole, namespace: None }));
        }
        let authorizer = Authorizer::new(builder.build());
        let holders = authorizer.who_can(&request, &NamespaceSelection::OfRequest);
        assert_eq!(holders.problems.len(), problems, "read: {read}");
        let decision = authorizer.authorize(&Identity::user("jane"), &request);
        assert_eq!(decision.problems.len(), problems, "read: {read}");
    }
}
