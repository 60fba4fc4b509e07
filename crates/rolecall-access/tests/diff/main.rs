//! Access diffs, compared with both evaluators request by request, and as tables.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod overlap;
mod risks;
mod scopes;

use std::fmt::Write as _;
use std::sync::OnceLock;

use insta::assert_snapshot;
use proptest::prelude::*;
use rolecall_access::KubernetesVersion;
use rolecall_access::risk::{Engine, HeldRisk};
use rolecall_access::{AccessSet, AccessTerm, Scopes};
use rolecall_access::{
    Holder,
    diff::{Change, Difference, GainedRisk, HolderDiff, diff_with_risks, gained_risks},
};
use rolecall_rbac::{
    Authorizer, Binding, Gap, Identity, Inventory, InventoryBuilder, Metadata, ObjectKind, Origin,
    PolicyRule, Request, Role, Target, Unread, Verdict, rule_allows,
};
use rolecall_source::facts::{self, Version};
use rolecall_testing::cluster::cluster;
use rolecall_testing::random::{allowed, identities, inventory, universe};

fn holder_of(identity: &Identity) -> Holder {
    match &*identity.user {
        "" => Holder::Group(identity.groups[0].clone()),
        user => Holder::of_user(&user.into()),
    }
}

/// The diffs that concern a holder: its own and those of its implied groups.
fn about<'d, 'a>(diffs: &'d [HolderDiff<'a>], identity: &Identity) -> Vec<&'d HolderDiff<'a>> {
    let mut speaking = vec![holder_of(identity)];
    speaking.extend(identity.groups.iter().map(|group| Holder::Group(group.clone())));
    diffs.iter().filter(|diff| speaking.contains(&diff.holder)).collect()
}

/// Compares using the resources that a server of the newest version serves.
fn diff<'a>(old: &'a Authorizer, new: &'a Authorizer) -> Vec<HolderDiff<'a>> {
    rolecall_access::diff::diff(old, new, scopes())
}

fn scopes() -> &'static Scopes {
    static SCOPES: OnceLock<Scopes> = OnceLock::new();
    SCOPES.get_or_init(|| Scopes::of([&facts::catalog(Version::V1_36)]))
}

/// Whether a client can make the request: the three cluster-scoped kinds of the universe are
/// requested at the cluster scope, and a Namespace in itself.
fn is_possible(request: &Request) -> bool {
    let target = match &request.target {
        Target::Resource(target) => target,
        Target::Path(path) => return path.starts_with('/'),
    };
    match (&*target.group, &*target.resource, &*request.verb) {
        _ if target.namespace.is_empty() => true,
        ("", "namespaces", verb) => verb != "list" && target.name == target.namespace,
        ("", "nodes", _) => false,
        ("rbac.authorization.k8s.io", "clusterroles", verb) => verb == "bind",
        _ => true,
    }
}

/// Returns the access of a difference that was not released.
fn access<'d>(difference: &'d Difference<'_>) -> &'d AccessSet {
    difference.access.as_ref().unwrap()
}

fn says(difference: &Difference<'_>, request: &Request) -> bool {
    access(difference).contains(request)
}

/// Whether each grant of a change allows some request of it in the universe, and all grants
/// together allow the whole change.
///
/// A term can name an API group outside the universe, such as one in which everyone has some
/// access; then there is nothing to compare.
fn is_evident(difference: &Difference<'_>, change: &Change<'_>, requests: &[Request]) -> bool {
    let reported = access(difference).intersection(&change.term.to_set());
    let inside: Vec<_> = requests.iter().filter(|request| reported.contains(request)).collect();
    let allows = |request: &Request| {
        change.by.iter().any(|grant| {
            let namespace = &grant.binding.metadata.namespace;
            let counts = namespace.is_empty() || **namespace == *request.namespace();
            counts && rule_allows(grant.rule, request)
        })
    };
    inside.iter().all(|request| allows(request))
        && change.by.iter().all(|grant| {
            inside.is_empty()
                || inside.iter().any(|request| {
                    let namespace = &grant.binding.metadata.namespace;
                    let counts = namespace.is_empty() || **namespace == *request.namespace();
                    counts && rule_allows(grant.rule, request)
                })
        })
}

/// Whether the terms describe the access and no other possible requests, except those that everyone
/// can make.
fn is_described(difference: &Difference<'_>, requests: &[Request]) -> bool {
    let terms = difference.changes.iter().map(|change| change.term.to_set());
    let reported = terms.fold(AccessSet::nothing(), |reported, term| reported.union(&term));
    let is_baseline = |request: &Request| {
        matches!(&request.target, Target::Path(path) if path.len() > 2) && &*request.verb == "get"
    };
    // A subject that can now do everything has the term `everything`.
    requests.iter().all(|request| match access(difference).contains(request) {
        true => reported.contains(request),
        false => {
            reported == AccessSet::everything()
                || is_baseline(request)
                || !reported.contains(request)
        }
    })
}

fn each<'d, 'a>(diff: &'d HolderDiff<'a>) -> [&'d Difference<'a>; 4] {
    [&diff.gained, &diff.lost, &diff.perhaps_gained, &diff.perhaps_lost]
}

fn gap(unread: Unread) -> Gap {
    Gap { unread, because: "forbidden".into(), origin: Origin::Cluster }
}

fn gaps() -> impl Strategy<Value = Vec<Gap>> {
    let kind = |kind: ObjectKind, namespace: Option<&str>| {
        gap(Unread::Kind { kind, namespace: namespace.map(Into::into) })
    };
    let object = |kind: ObjectKind, namespace: &str, name: &str| {
        gap(Unread::Object { kind, namespace: namespace.into(), name: name.into() })
    };
    prop::sample::subsequence(
        vec![
            gap(Unread::Anything),
            kind(ObjectKind::ClusterRoleBinding, None),
            kind(ObjectKind::RoleBinding, None),
            kind(ObjectKind::RoleBinding, Some("blue")),
            kind(ObjectKind::ClusterRole, None),
            gap(Unread::KindOutside { kind: ObjectKind::RoleBinding, read: ["red".into()].into() }),
            object(ObjectKind::ClusterRole, "", "r3"),
            object(ObjectKind::RoleBinding, "red", "b9"),
            kind(ObjectKind::ServiceAccount, None),
        ],
        0..=2,
    )
}

fn with_gaps(inventory: Inventory, gaps: Vec<Gap>) -> Inventory {
    let mut builder = inventory.into_builder();
    gaps.into_iter().for_each(|gap| builder.gap(gap));
    builder.build()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_difference_contains_requests_that_one_side_allows(old in inventory(), new in inventory()) {
        let (old, new) = (Authorizer::new(old), Authorizer::new(new));
        let diffs = diff(&old, &new);
        let requests: Vec<Request> = universe().filter(is_possible).collect();
        for identity in identities() {
            let speaking = about(&diffs, &identity);
            let own = diffs.iter().find(|diff| diff.holder == holder_of(&identity));
            for request in &requests {
                let before = allowed(&old, &identity, request);
                let now = allowed(&new, &identity, request);
                let (gained, lost) = (now && !before, before && !now);
                let reported_gained = speaking.iter().any(|diff| says(&diff.gained, request));
                let reported_lost = speaking.iter().any(|diff| says(&diff.lost, request));
                prop_assert!(reported_gained || !gained, "{:?} gains {:?}", identity, request);
                prop_assert!(reported_lost || !lost, "{:?} loses {:?}", identity, request);
                if let Some(own) = own {
                    prop_assert!(!says(&own.gained, request) || gained);
                    prop_assert!(!says(&own.lost, request) || lost);
                }
            }
        }
        for difference in diffs.iter().flat_map(each) {
            prop_assert!(is_described(difference, &requests), "{:#?}", difference);
            for change in &difference.changes {
                prop_assert!(is_evident(difference, change, &requests), "{:#?}", change);
            }
        }
    }

    #[test]
    fn differences_without_sets_are_the_same(old in inventory(), new in inventory()) {
        let (old, new) = (Authorizer::new(old), Authorizer::new(new));
        let version = KubernetesVersion::NEWEST;
        let (old_risks, new_risks) = (Engine::new(&old, version), Engine::new(&new, version));
        let mut diffs = diff(&old, &new);
        let risks = gained_risks(&diffs, &old_risks, &new_risks);
        for HolderDiff { gained, lost, perhaps_gained, perhaps_lost, .. } in &mut diffs {
            for difference in [gained, lost, perhaps_gained, perhaps_lost] {
                prop_assert_eq!(difference.is_empty(), access(difference).is_empty());
                difference.access = None;
            }
        }
        prop_assert_eq!(diff_with_risks(&old_risks, &new_risks, scopes()), (diffs, risks));
    }

    #[test]
    fn gains_of_a_group_are_not_repeated_for_its_members(old in inventory(), new in inventory()) {
        let (old, new) = (Authorizer::new(old), Authorizer::new(new));
        let diffs = diff(&old, &new);
        for diff in &diffs {
            for group in diff.holder.implied_groups() {
                let of_group = diffs.iter().find(|other| other.holder == Holder::Group(group.clone()));
                if let Some(of_group) = of_group {
                    let twice = access(&diff.gained).intersection(access(&of_group.gained));
                    prop_assert!(twice.is_empty());
                    prop_assert!(access(&diff.lost).intersection(access(&of_group.lost)).is_empty());
                }
            }
        }
    }

    #[test]
    fn access_that_unread_input_might_grant_is_not_gained_or_lost(
        old in inventory(),
        new in inventory(),
        old_gaps in gaps(),
        new_gaps in gaps(),
    ) {
        let old = Authorizer::new(with_gaps(old, old_gaps));
        let new = Authorizer::new(with_gaps(new, new_gaps));
        for diff in diff(&old, &new) {
            let identity = diff.holder.identity();
            for request in universe().filter(is_possible) {
                let verdict = |authorizer: &Authorizer| match authorizer.authorize(&identity, &request).verdict {
                    Verdict::Allowed { .. } => "allowed",
                    Verdict::NoOpinion => "denied",
                    Verdict::Unknown { .. } => "unknown",
                };
                let reported = [&diff.gained, &diff.lost, &diff.perhaps_gained, &diff.perhaps_lost]
                    .map(|difference| says(difference, &request));
                let expected = match (verdict(&old), verdict(&new)) {
                    ("denied", "allowed") => [true, false, false, false],
                    ("allowed", "denied") => [false, true, false, false],
                    ("unknown", "allowed") => [false, false, true, false],
                    ("allowed", "unknown") => [false, false, false, true],
                    _ => [false; 4],
                };
                // Gains and losses of a group are reported only for the group.
                prop_assert!(reported == expected || reported == [false; 4], "{:?} {:?}", diff.holder, request);
            }
        }
    }

    #[test]
    fn refactoring_an_inventory_does_not_change_access(inventory in inventory()) {
        let mut builder = InventoryBuilder::new();
        for role in inventory.roles() {
            // Renamed, with reordered, duplicated and split rules.
            let mut rules: Vec<PolicyRule> = role.rules.iter().rev().cloned().collect();
            rules.extend(role.rules.iter().flat_map(split));
            let metadata = Metadata::new("", format!("renamed-{}", role.metadata.name));
            builder.role(Role { metadata, rules: rules.into(), aggregation: None });
        }
        for binding in inventory.bindings() {
            for (index, subject) in binding.subjects.iter().enumerate() {
                let metadata = &binding.metadata;
                let mut role_ref = binding.role_ref.clone();
                role_ref.name = format!("renamed-{}", role_ref.name).into();
                builder.binding(Binding {
                    metadata: Metadata::new(
                        metadata.namespace.clone(),
                        format!("{}-{index}", metadata.name),
                    ),
                    role_ref,
                    subjects: [subject.clone()].into(),
                });
            }
        }
        let (old, new) = (Authorizer::new(inventory), Authorizer::new(builder.build()));
        prop_assert_eq!(diff(&old, &new), vec![]);
    }
}

/// Returns one rule per verb.
fn split(rule: &PolicyRule) -> Vec<PolicyRule> {
    let verbs = rule.verbs.iter();
    verbs.map(|verb| PolicyRule { verbs: [verb.clone()].into(), ..rule.clone() }).collect()
}

/// Formats a diff as lines: sign, subject, term, and its grants.
#[track_caller]
fn differences(old: &str, new: &str) -> String {
    let (old, new) = (Authorizer::new(cluster(old)), Authorizer::new(cluster(new)));
    let mut lines = String::new();
    for HolderDiff { holder, gained, lost, perhaps_gained, perhaps_lost } in diff(&old, &new) {
        let differences =
            [("+", gained), ("-", lost), ("+?", perhaps_gained), ("-?", perhaps_lost)];
        for (sign, difference) in differences {
            for Change { term, by } in difference.changes {
                let term = match term {
                    AccessTerm::Resources(term) => {
                        let mut line = format!(
                            "{} | {} | {} in {}",
                            term.verbs, term.groups, term.resources, term.namespaces
                        );
                        if !term.names.is_everything() {
                            write!(line, " named {}", term.names).unwrap();
                        }
                        line
                    }
                    AccessTerm::Everything => "everything".to_owned(),
                    AccessTerm::Urls(term) => format!("{} | {}", term.verbs, term.urls),
                };
                writeln!(lines, "{sign} {holder}: {term}").unwrap();
                for grant in by {
                    let metadata = &grant.binding.metadata;
                    let (kind, name) = (grant.binding.kind(), &metadata.name);
                    let namespace = &metadata.namespace;
                    writeln!(lines, "    {kind} {namespace}/{name} rule {}", grant.rule_index)
                        .unwrap();
                }
            }
        }
    }
    lines
}

#[test]
fn renaming_roles_and_bindings_changes_nothing() {
    let old = "ClusterRole a: get,list pods; create pods/exec
        one: a -> sa/blue:app, user/jane in blue";
    let new = "Role blue/b: create pods/exec; list,get pods
        two: b -> user/jane in blue
        three: b -> user/system:serviceaccount:blue:app in blue";
    assert_snapshot!(differences(old, new), @"");
}

#[test]
fn a_wider_binding_gains_only_new_access() {
    let old = "ClusterRole a: get,list pods
        one: a -> sa/blue:app in blue, red";
    let new = "ClusterRole a: get,list pods
        one: a -> sa/blue:app";
    assert_snapshot!(differences(old, new), @r#"
    + sa/blue:app: get, list | "" | pods in * except blue, red
        ClusterRoleBinding /one rule 0
    "#);
}

#[test]
fn replacing_wildcards_loses_the_rest() {
    let old = "ClusterRole a: * *.*
        one: a -> user/jane";
    let new = "ClusterRole a: get *.*; * pods; get /healthz
        one: a -> user/jane";
    assert_snapshot!(differences(old, new), @r#"
    + user/jane: get | /healthz
        ClusterRoleBinding /one rule 2
    - user/jane: * except get | "" | * except pods in *
        ClusterRoleBinding /one rule 0
    - user/jane: * except get | * except "" | * in *
        ClusterRoleBinding /one rule 0
    "#);
}

#[test]
fn a_removed_verb_is_lost_except_for_names_in_other_rules() {
    let old = "ClusterRole a: get,update configmaps
        one: a -> sa/blue:app in blue";
    let new = "ClusterRole a: get configmaps; update configmaps named settings
        one: a -> sa/blue:app in blue";
    assert_snapshot!(differences(old, new), @r#"
    - sa/blue:app: update | "" | configmaps in blue named * except settings
        RoleBinding blue/one rule 0
    "#);
}

#[test]
fn gains_of_all_service_accounts_are_reported_for_the_group_only() {
    let old = "ClusterRole a: get pods
        one: a -> sa/blue:app in blue";
    let new = "ClusterRole a: get pods; list pods
        one: a -> sa/blue:app, group/system:serviceaccounts in blue";
    assert_snapshot!(differences(old, new), @r#"
    + group/system:serviceaccounts: get, list | "" | pods in blue
        RoleBinding blue/one rule 0
        RoleBinding blue/one rule 1
    "#);
}

#[test]
fn moving_a_grant_to_a_namespace_group_shows_gains_of_the_group() {
    let old = "ClusterRole a: get pods
        one: a -> sa/blue:app in blue";
    let new = "ClusterRole a: get pods
        one: a -> group/system:serviceaccounts:blue in blue";
    assert_snapshot!(differences(old, new), @r#"
    + group/system:serviceaccounts:blue: get | "" | pods in blue
        RoleBinding blue/one rule 0
    "#);
}

#[test]
fn access_behind_an_unread_binding_is_not_lost() {
    let old = "ClusterRole a: get pods
        one: a -> sa/blue:app in blue, red
        two: a -> user/jane";
    let new = "unread: RoleBinding in blue";
    assert_snapshot!(differences(old, new), @r#"
    - sa/blue:app: get | "" | pods in red
        RoleBinding red/one rule 0
    -? sa/blue:app: get | "" | pods in blue
        RoleBinding blue/one rule 0
    - user/jane: get | "" | pods in * except blue
        ClusterRoleBinding /two rule 0
    -? user/jane: get | "" | pods in blue
        ClusterRoleBinding /two rule 0
    "#);
}

#[test]
fn everything_is_one_term_despite_default_access() {
    let old = "ClusterRole everybody: create selfsubjectreviews.authentication.k8s.io; get /healthz,/api/*
        all: everybody -> group/system:authenticated";
    let new = "ClusterRole everybody: create selfsubjectreviews.authentication.k8s.io; get /healthz,/api/*
        ClusterRole admin: * *.*; * /*
        all: everybody -> group/system:authenticated
        one: admin -> sa/blue:app
        two: admin -> sa/blue:own in blue";
    assert_snapshot!(differences(old, new), @"
    + sa/blue:app: everything
        ClusterRoleBinding /one rule 0
        ClusterRoleBinding /one rule 1
    + sa/blue:own: * | * | * in blue
        RoleBinding blue/two rule 0
    ");
    assert_snapshot!(differences(new, old), @"
    - sa/blue:app: everything
        ClusterRoleBinding /one rule 0
        ClusterRoleBinding /one rule 1
    - sa/blue:own: * | * | * in blue
        RoleBinding blue/two rule 0
    ");
}

#[test]
fn gaining_everything_is_one_term_and_losses_remain() {
    let old = "ClusterRole a: get pods
        one: a -> sa/blue:app in blue";
    let new = "ClusterRole a: get pods
        ClusterRole admin: * *.*; * /*
        one: a -> sa/blue:app in blue
        two: admin -> sa/blue:app";
    assert_snapshot!(differences(old, new), @"
    + sa/blue:app: everything
        ClusterRoleBinding /two rule 0
        ClusterRoleBinding /two rule 1
    ");
    assert_snapshot!(differences(new, old), @r#"
    - sa/blue:app: * except get | "" | pods in blue
        ClusterRoleBinding /two rule 0
    - sa/blue:app: * | "" | * except pods in blue
        ClusterRoleBinding /two rule 0
    - sa/blue:app: * | * except "" | * in *
        ClusterRoleBinding /two rule 0
    - sa/blue:app: * | "" | * in * except blue
        ClusterRoleBinding /two rule 0
    - sa/blue:app: * | /*
        ClusterRoleBinding /two rule 1
    "#);
}
