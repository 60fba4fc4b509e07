//! `can-i` and `who-can` agree for every resource and verb that servers know, in one namespace and
//! cluster-wide.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use rolecall_rbac::{
    Authorizer, Binding, Identity, InventoryBuilder, Metadata, NamespaceSelection, PolicyRule,
    Request, RequestScope, Role, RoleKind, RoleRef, Subject, SubjectKind, Text, Texts, WhoCan,
};
use rolecall_source::facts::{self, Version};

const VERBS: [&str; 8] = ["get", "list", "create", "delete", "bind", "escalate", "use", "*"];

/// One user has all access through a RoleBinding in namespace `a`, another cluster-wide.
fn authorizer() -> Authorizer {
    let texts = |text: &str| Texts::from([Text::from(text)].as_slice());
    let mut builder = InventoryBuilder::new();
    builder.role(Role {
        metadata: Metadata::new("", "all"),
        rules: vec![PolicyRule {
            verbs: texts("*"),
            api_groups: texts("*"),
            resources: texts("*"),
            ..PolicyRule::default()
        }]
        .into(),
        aggregation: None,
    });
    for (namespace, user) in [("a", "in-a"), ("", "everywhere")] {
        builder.binding(Binding {
            metadata: Metadata::new(namespace, user),
            role_ref: RoleRef {
                api_group: "rbac.authorization.k8s.io".into(),
                kind: RoleKind::ClusterRole,
                name: "all".into(),
            },
            subjects: vec![Subject {
                kind: SubjectKind::User,
                name: user.into(),
                namespace: "".into(),
                api_group: "".into(),
            }]
            .into(),
        });
    }
    Authorizer::new(builder.build())
}

fn users(answer: &WhoCan<'_>) -> BTreeSet<Text> {
    answer.holders.iter().map(|holder| holder.grant.subject.name.clone()).collect()
}

#[test]
fn every_command_agrees_on_the_scope_of_every_resource() {
    let authorizer = authorizer();
    let mut seen = BTreeSet::new();
    for version in [Version::V1_20, Version::V1_36] {
        let catalog = facts::catalog(version);
        for served in catalog.resources() {
            let written = match &*served.group {
                "" => served.resource.to_string(),
                group => format!("{}.{group}", served.resource),
            };
            let resolved = catalog.resolve(&written).unwrap();
            let own = served.verbs.iter().map(|verb| &**verb);
            let verbs: BTreeSet<&str> = VERBS.into_iter().chain(own).collect();
            for (verb, name) in verbs.iter().flat_map(|verb| [(*verb, ""), (*verb, "a")]) {
                let asked = |namespace| catalog.request(verb, &resolved, namespace, name);
                let can = |request: &Request| -> BTreeSet<Text> {
                    let may = |user: &&str| {
                        let decision = authorizer.authorize(&Identity::user(user), request);
                        decision.verdict.is_allowed()
                    };
                    ["in-a", "everywhere"]
                        .iter()
                        .filter(|user| may(user))
                        .map(|u| (*u).into())
                        .collect()
                };
                let (here, everywhere) = (asked("a"), asked(""));
                let about = format!("{version:?}: {verb} {written} {name:?}");
                let who = authorizer.who_can(&here, &NamespaceSelection::OfRequest);
                assert_eq!(users(&who), can(&here), "-n: {about}");
                let who = authorizer.who_can(&everywhere, &catalog.everywhere(&everywhere));
                let anywhere: BTreeSet<Text> =
                    can(&here).union(&can(&everywhere)).cloned().collect();
                assert_eq!(users(&who), anywhere, "-A: {about}");
                let scope = catalog.scope_of_request(&here);
                let rows = [
                    (RequestScope::Namespaced, "a", ""),
                    (RequestScope::WhereUsed, "a", ""),
                    (RequestScope::Cluster, "", ""),
                    (RequestScope::Itself, name, name),
                ];
                let row = rows.into_iter().find(|(of, ..)| Some(*of) == scope);
                let row = row.map(|(_, here, everywhere)| (here, everywhere));
                assert_eq!(row, Some((here.namespace(), everywhere.namespace())), "{about}");
                seen.insert((scope, can(&here).len()));
            }
        }
    }
    // Every scope occurs, and RoleBindings apply in their namespace only.
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        [
            (Some(RequestScope::Namespaced), 2),
            (Some(RequestScope::Cluster), 1),
            (Some(RequestScope::Itself), 1),
            (Some(RequestScope::Itself), 2),
            (Some(RequestScope::WhereUsed), 2),
        ]
    );
}
