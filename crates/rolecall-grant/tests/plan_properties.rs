//! Properties of plans for any cluster: denied requests become allowed, nothing else does, and
//! planning again adds nothing.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use proptest::prelude::*;
use rolecall_grant::{
    Config, Denied, Gained, Note, Outcome, Plan, Risky, Scope, Style, overlay, plan,
};
use rolecall_rbac::{
    Authorizer, Binding, Identity, InventoryBuilder, Metadata, PolicyRule, Request,
    ResourceRequest, Role, RoleKind, RoleRef, Subject, SubjectKind, Target, Texts, rule_allows,
    subject_matches,
};
use rolecall_testing::api::{authorizer, identity, request};
use rolecall_testing::golden::{lines, objects, universes};

fn allowed(authorizer: &Authorizer, identity: &Identity, request: &Request) -> bool {
    authorizer.authorize(identity, request).verdict.is_allowed()
}

fn config(style: Style) -> Config {
    Config { style, risky: Risky::Granted, ..Config::default() }
}

#[test]
fn every_denied_check_of_the_golden_universes_is_fixed_exactly() {
    for universe in universes() {
        let before = authorizer(&objects(&universe));
        let checks: Vec<(Identity, Request)> = lines(&universe, "checks.jsonl.gz")
            .iter()
            .map(|row| (identity(&row["spec"]), request(&row["spec"])))
            .collect();
        let was: Vec<bool> = checks.iter().map(|(who, what)| allowed(&before, who, what)).collect();
        let denied: Vec<usize> = (0..checks.len()).filter(|check| !was[*check]).collect();
        // Testing all of them takes minutes in a debug build, so test a sample.
        for check in denied.iter().copied().step_by(83) {
            let (who, what) = &checks[check];
            let plan =
                plan(&before, &[Denied::new(who.clone(), what.clone())], &config(Style::New));
            if !plan.refused.is_empty() {
                assert!(plan.objects.is_empty());
                assert!(who.user.is_empty() || who.user.starts_with("system:node:"), "{plan:?}");
                continue;
            }
            let [answer] = &plan.answers[..] else { panic!("{plan:?}") };
            assert_eq!(answer.before, Outcome::Denied);
            assert!(answer.after.is_allowed(), "{plan:?}");
            let wider = plan.notes.iter().any(|note| matches!(note, Note::WiderThanNamed { .. }));
            assert_eq!(plan.gained.is_empty(), !wider, "{plan:?}");
            let after = overlay(&before, &plan.objects);
            assert_eq!(replanned(&after, &plan, Style::New), []);
            for ((other, request), was) in checks.iter().zip(&was) {
                let is = allowed(&after, other, request);
                let changed = *was != is;
                // The same rule can allow another check of the same user.
                if changed && (other, request) != (who, what) {
                    assert!(is && other.user == who.user, "{other:?} {request} {plan:?}");
                    let rules = plan.objects.iter().flat_map(|object| object.rules());
                    assert!(rules.into_iter().any(|rule| rule_allows(rule, request)));
                    assert!(
                        is_the_same_need(request, what) || has_wildcard(what) || wider,
                        "{request} {what}"
                    );
                }
            }
        }
    }
}

fn replanned(after: &Authorizer, plan: &Plan, style: Style) -> Vec<rolecall_grant::Object> {
    let denied: Vec<Denied> = plan.answers.iter().map(|answer| answer.denied.clone()).collect();
    rolecall_grant::plan(after, &denied, &config(style)).objects
}

/// A request without a name is for every name.
fn is_the_same_need(request: &Request, asked: &Request) -> bool {
    match (&request.target, &asked.target) {
        (Target::Resource(request_target), Target::Resource(asked_target)) => {
            let unnamed =
                ResourceRequest { name: asked_target.name.clone(), ..request_target.clone() };
            request.verb == asked.verb
                && unnamed == *asked_target
                && (asked_target.name.is_empty() || request_target.name == asked_target.name)
        }
        _ => request == asked,
    }
}

fn has_wildcard(request: &Request) -> bool {
    &*request.verb == "*"
        || match &request.target {
            Target::Path(path) => path.ends_with('*'),
            Target::Resource(target) => [&target.group, &target.resource, &target.subresource]
                .iter()
                .any(|field| &***field == "*"),
        }
}

const NAMESPACES: [&str; 3] = ["", "a", "b"];
const VERBS: [&str; 5] = ["get", "list", "create", "deletecollection", "*"];
const RESOURCES: [(&str, &str, &str); 7] = [
    ("", "pods", ""),
    ("", "pods", "log"),
    ("", "secrets", ""),
    ("apps", "pods", ""),
    ("apps", "jobs", "scale"),
    ("", "*", ""),
    ("", "*", "log"),
];
const NAMES: [&str; 3] = ["", "x", "y"];
const PATHS: [&str; 4] = ["/a", "/a/b", "/", "/a*"];

fn everything() -> Vec<Request> {
    let mut requests = Vec::new();
    for verb in VERBS {
        requests.extend(PATHS.map(|path| Request::path(verb, path)));
        for namespace in NAMESPACES {
            for (group, resource, subresource) in RESOURCES {
                requests.extend(NAMES.map(|name| {
                    Request::resource(
                        verb,
                        ResourceRequest {
                            namespace: namespace.into(),
                            group: group.into(),
                            resource: resource.into(),
                            subresource: subresource.into(),
                            name: name.into(),
                        },
                    )
                }));
            }
        }
    }
    requests
}

fn identities() -> Vec<Identity> {
    vec![
        Identity::service_account("a", "one"),
        Identity::service_account("b", "one"),
        Identity::user("jane"),
        Identity::user("joe").with_group("dev"),
        Identity::group("dev"),
    ]
}

fn texts(choices: &'static [&'static str], most: usize) -> impl Strategy<Value = Texts> {
    proptest::collection::btree_set(proptest::sample::select(choices), 0..=most)
        .prop_map(|texts| texts.into_iter().map(Into::into).collect())
}

fn rule() -> impl Strategy<Value = PolicyRule> {
    let resources = &["pods", "pods/log", "secrets", "jobs/scale", "*/log", "*"];
    prop_oneof![
        4 => (texts(&VERBS, 3), texts(&["", "apps", "*"], 2), texts(resources, 3), texts(&["x", "y", ""], 1))
            .prop_map(|(verbs, api_groups, resources, resource_names)| PolicyRule {
                verbs, api_groups, resources, resource_names, ..PolicyRule::default()
            }),
        1 => (texts(&VERBS, 2), texts(&["/a", "/a*", "*"], 2))
            .prop_map(|(verbs, non_resource_urls)| PolicyRule {
                verbs, non_resource_urls, ..PolicyRule::default()
            }),
    ]
}

/// Names that include those that the plan itself would choose.
const ROLES: [&str; 4] = ["r", "s", "rolecall:sa:a:one", "rolecall:user:jane"];

fn metadata() -> impl Strategy<Value = Metadata> {
    (
        proptest::sample::select(&NAMESPACES[..]),
        proptest::sample::select(&ROLES[..]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(namespace, name, is_ours, stored)| {
            let labels = [("app.kubernetes.io/managed-by".into(), "rolecall".into())];
            Metadata {
                labels: if is_ours { labels.into() } else { Default::default() },
                stored,
                ..Metadata::new(namespace, name)
            }
        })
}

fn subject() -> impl Strategy<Value = Subject> {
    prop_oneof![
        Just((SubjectKind::ServiceAccount, "one", "a")),
        Just((SubjectKind::ServiceAccount, "one", "")),
        Just((SubjectKind::User, "jane", "")),
        Just((SubjectKind::User, "system:serviceaccount:a:one", "")),
        Just((SubjectKind::Group, "dev", "")),
        Just((SubjectKind::Group, "system:serviceaccounts:b", "")),
        Just((SubjectKind::Other("Robot".into()), "jane", "")),
    ]
    .prop_map(|(kind, name, namespace)| Subject {
        kind,
        name: name.into(),
        namespace: namespace.into(),
        api_group: "".into(),
    })
}

fn cluster() -> impl Strategy<Value = Authorizer> {
    let roles =
        proptest::collection::vec((metadata(), proptest::collection::vec(rule(), 0..3)), 0..6);
    let bindings = proptest::collection::vec(
        (
            metadata(),
            any::<bool>(),
            proptest::sample::select(&ROLES[..]),
            proptest::collection::vec(subject(), 0..3),
        ),
        0..6,
    );
    (roles, bindings, any::<bool>()).prop_map(|(roles, bindings, aggregates)| {
        let mut builder = InventoryBuilder::new();
        for (metadata, rules) in roles {
            builder.role(Role { metadata, rules: rules.into(), aggregation: None });
        }
        for (metadata, is_role, role, subjects) in bindings {
            let kind = if is_role { RoleKind::Role } else { RoleKind::ClusterRole };
            builder.binding(Binding {
                metadata,
                role_ref: RoleRef { api_group: "".into(), kind, name: role.into() },
                subjects: subjects.into(),
            });
        }
        if aggregates {
            // Aggregates every ClusterRole with a label.
            builder.role(Role {
                metadata: Metadata::new("", "all"),
                rules: [].into(),
                aggregation: Some(rolecall_rbac::AggregationRule {
                    selectors: [rolecall_rbac::LabelSelector::default()].into(),
                }),
            });
            builder.binding(Binding {
                metadata: Metadata::new("", "all"),
                role_ref: RoleRef {
                    api_group: "".into(),
                    kind: RoleKind::ClusterRole,
                    name: "all".into(),
                },
                subjects: [Subject {
                    kind: SubjectKind::Group,
                    name: "dev".into(),
                    namespace: "".into(),
                    api_group: "".into(),
                }]
                .into(),
            });
        }
        let mut inventory = builder.build();
        rolecall_rbac::resolve_aggregation(&mut inventory);
        Authorizer::new(inventory)
    })
}

/// Returns whether a gained rule allows a request.
fn is_gained(gained: &[Gained], identity: &Identity, request: &Request) -> bool {
    gained.iter().any(|gained| {
        let binding = Metadata::new(&*gained.namespace, "");
        (gained.namespace.is_empty() || *gained.namespace == *request.namespace())
            && subject_matches(&gained.subject, &binding, identity)
            && gained.rules.iter().any(|rule| rule_allows(rule, request))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").map_or(60, |cases| cases.parse().unwrap()), failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_plan_changes_exactly_the_requests_and_the_reported_gains(
        before in cluster(),
        picks in proptest::collection::vec((0usize..5, any::<prop::sample::Index>()), 1..8),
        style in proptest::sample::select(vec![
            Style::New,
            Style::Reuse { max_excess: None },
            Style::Reuse { max_excess: Some(2) },
            Style::Extend,
        ]),
        scope in proptest::sample::select(vec![Scope::AsAsked, Scope::AsAsked, Scope::ClusterWide]),
    ) {
        let requests = everything();
        let identities = identities();
        let denied: Vec<Denied> = picks
            .iter()
            .map(|(who, what)| Denied::new(identities[*who].clone(), what.get(&requests).clone()))
            .collect();
        let config = Config { scope, ..config(style) };
        let plan = plan(&before, &denied, &config);
        let after = overlay(&before, &plan.objects);
        prop_assert_eq!(&plan.refused, &[]);
        for answer in &plan.answers {
            prop_assert!(answer.after.is_allowed(), "{:?}", answer);
        }
        prop_assert_eq!(rolecall_grant::plan(&after, &denied, &config).objects, []);
        let asked: BTreeSet<&Denied> = plan
            .answers
            .iter()
            .filter(|answer| !answer.before.is_allowed())
            .map(|answer| &answer.denied)
            .collect();
        for identity in &identities {
            for request in &requests {
                let was = allowed(&before, identity, request);
                let is = allowed(&after, identity, request);
                let gained = is_gained(&plan.gained, identity, request);
                let wanted = asked.iter().any(|asked| {
                    // A group's members are allowed the group's requests.
                    (asked.identity.user == identity.user
                        || asked.identity.user.is_empty()
                            && identity.groups.contains(&asked.identity.groups[0]))
                        && is_asked(&asked.request, request, &scope)
                });
                prop_assert_eq!(is, was || gained || wanted, "{:?} {}\n{:#?}", identity, request, plan);
            }
        }
        let exact = style == Style::New && scope == Scope::AsAsked;
        let wider = plan.notes.iter().any(|note| matches!(note, Note::WiderThanNamed { .. }));
        let everyone_aggregates = before.inventory().role("", "all").is_some();
        if exact && !wider && !everyone_aggregates {
            prop_assert_eq!(&plan.gained, &[]);
        }
    }
}

/// Returns whether the smallest rule for `asked` also allows `request`.
fn is_asked(asked: &Request, request: &Request, _scope: &Scope) -> bool {
    let one = |text: &str| Texts::from([text.into()]);
    let rule = match &asked.target {
        Target::Path(path) => PolicyRule {
            verbs: one(&asked.verb),
            non_resource_urls: one(path),
            ..PolicyRule::default()
        },
        Target::Resource(target) => PolicyRule {
            verbs: one(&asked.verb),
            api_groups: one(&target.group),
            resources: one(&target.combined()),
            resource_names: if target.name.is_empty() {
                Texts::default()
            } else {
                one(&target.name)
            },
            ..PolicyRule::default()
        },
    };
    (asked.namespace().is_empty() || asked.namespace() == request.namespace())
        && rule_allows(&rule, request)
}
