//! Cut plans stop all paths, and contain no superfluous grant.

use rolecall_paths::{
    CutGrant, CutObject, Grants, KeptRight, NoCut, PathFinder, Sink, Start, all_starts,
};
use rolecall_rbac::{
    Authorizer, Binding, Inventory, InventoryBuilder, Metadata, PolicyRule, Role, RoleKind,
    RoleRef, Subject, SubjectKind, covers, resolve_aggregation,
};

use crate::oracle::{Oracle, Position};
use crate::universe::{Random, universe};

fn starts(authorizer: &Authorizer) -> Vec<Start> {
    all_starts(authorizer).into_iter().filter(|start| !start.subject.is_running()).collect()
}

/// Returns the starts that reach the sink, but do not hold it in the first universe.
fn reaching(
    before: &Inventory,
    after: &Inventory,
    assumptions: rolecall_paths::Assumptions,
    starts: &[Start],
    sink: &Sink,
) -> Vec<String> {
    let (before, after) = (Oracle::new(before, assumptions), Oracle::new(after, assumptions));
    let alone = |start: &Start| Position {
        identities: [(*start.identity).clone()].into(),
        ..Position::default()
    };
    let reaching = starts.iter().filter(|start| {
        !before.holds(&alone(start), sink) && after.holds(&after.closure(&start.identity), sink)
    });
    reaching.map(|start| start.subject.to_string()).collect()
}

fn apply(inventory: &Inventory, objects: &[CutObject]) -> Inventory {
    let mut builder = inventory.clone().into_builder();
    for object in objects {
        match object {
            CutObject::Role(role) => builder.role(role.clone()),
            CutObject::Binding(binding) => builder.binding(binding.clone()),
        }
    }
    let mut inventory = builder.build();
    resolve_aggregation(&mut inventory);
    inventory
}

/// Removes exactly some grants, with a copy of the role for each of them.
fn without(inventory: &Inventory, grants: &[&CutGrant<'_>]) -> Inventory {
    let mut builder = inventory.clone().into_builder();
    for (at, binding) in inventory.bindings().iter().enumerate() {
        let of_binding: Vec<_> =
            grants.iter().filter(|grant| std::ptr::eq(grant.binding, binding)).collect();
        if of_binding.is_empty() {
            continue;
        }
        let mut left = Vec::new();
        for (position, subject) in binding.subjects.iter().enumerate() {
            let lost: Vec<_> =
                of_binding.iter().filter(|grant| std::ptr::eq(grant.subject, subject)).collect();
            let Some(first) = lost.first() else {
                left.push(subject.clone());
                continue;
            };
            let is_lost = |rule: usize| lost.iter().any(|it| it.rule.is_none_or(|it| it == rule));
            let rules = first.role.rules.iter().enumerate().filter(|(at, _)| !is_lost(*at));
            let name = format!("without-{at}-{position}");
            let metadata = |namespace: &str| Metadata::new(namespace, name.clone());
            builder.role(Role {
                metadata: metadata(&first.role.metadata.namespace),
                rules: rules.map(|(_, rule)| rule.clone()).collect(),
                aggregation: None,
            });
            builder.binding(Binding {
                metadata: metadata(&binding.metadata.namespace),
                role_ref: RoleRef { name: name.clone().into(), ..binding.role_ref.clone() },
                subjects: [subject.clone()].into(),
            });
        }
        builder.binding(Binding { subjects: left.into(), ..binding.clone() });
    }
    let mut inventory = builder.build();
    resolve_aggregation(&mut inventory);
    inventory
}

/// The number of universes; each needs many searches.
const FEW: u64 = 12;

#[test]
fn every_cut_stops_all_paths_and_has_no_superfluous_grant() {
    let (mut cuts, mut unproved) = (0, 0);
    for seed in crate::range_of(FEW) {
        let inventory = universe(&mut Random::new(seed));
        let authorizer = Authorizer::new(inventory.clone());
        let assumptions = crate::assumptions(seed);
        let starts = starts(&authorizer);
        let sinks = [Sink::ClusterAdmin, Sink::Secrets(None), Sink::Namespace("blue".into())];
        let sink = sinks[(seed % 3) as usize].clone();
        let mut finder = PathFinder::new(&authorizer, assumptions, sink.clone(), Grants::Certain);
        let plan = match finder.plan_cut(&starts, &[]) {
            Ok(plan) => plan,
            Err(NoCut::Unproved(_)) => {
                unproved += 1;
                continue;
            }
            Err(NoCut::Kept(subject)) => panic!("seed {seed}: nothing is kept, but {subject} is"),
        };
        let after = apply(&inventory, &plan.objects);
        let open = reaching(&inventory, &after, assumptions, &starts, &sink);
        assert_eq!(open, Vec::<String>::new(), "seed {seed}: {:#?}", plan.objects);
        for grant in &plan.grants {
            cuts += 1;
            let others: Vec<_> = plan.grants.iter().filter(|other| *other != grant).collect();
            let rest = without(&inventory, &others);
            assert!(
                !reaching(&inventory, &rest, assumptions, &starts, &sink).is_empty(),
                "seed {seed}: {grant:#?} is superfluous"
            );
        }
    }
    assert!(
        cuts > 0 && unproved * 20 <= crate::range_of(FEW).count(),
        "{cuts} cuts, {unproved} unproved"
    );
}

#[test]
fn rights_that_must_stay_stay() {
    for seed in crate::range_of(FEW) {
        let authorizer = Authorizer::new(universe(&mut Random::new(seed)));
        let starts = starts(&authorizer);
        let finder = || {
            let assumptions = crate::assumptions(seed);
            PathFinder::new(&authorizer, assumptions, Sink::ClusterAdmin, Grants::Certain)
        };
        let found = finder().find(&starts);
        let Some(step) = found.paths.first().and_then(|path| path.steps.first()) else { continue };
        let made = &step.requests[0];
        let kept = [KeptRight { identity: made.actor.clone(), request: made.request.clone() }];
        if let Ok(plan) = finder().plan_cut(&starts, &kept) {
            let decision = plan.after.authorize(&made.actor, &made.request);
            assert!(decision.verdict.is_allowed(), "seed {seed}: {kept:?}");
            // The plan grants nothing new.
            for object in &plan.objects {
                let CutObject::Role(role) = object else { continue };
                let all: Vec<_> = authorizer
                    .inventory()
                    .roles()
                    .iter()
                    .flat_map(|it| it.rules.to_vec())
                    .collect();
                assert!(covers(&all, &role.rules).is_complete(), "seed {seed}: {role:?}");
            }
        }
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// A user who can impersonate an administrator, through a binding of these subjects.
fn impersonator(subjects: &[Subject]) -> Authorizer {
    let rule = |verb: &str, group: &str, resource: &str| PolicyRule {
        verbs: [verb.into()].into(),
        api_groups: [group.into()].into(),
        resources: [resource.into()].into(),
        ..PolicyRule::default()
    };
    let mut builder = InventoryBuilder::new();
    let mut grant = |name: &str, rule: PolicyRule, subjects: &[Subject]| {
        builder.role(Role {
            metadata: Metadata::new("", name),
            rules: [rule].into(),
            aggregation: None,
        });
        builder.binding(Binding {
            metadata: Metadata::new("", name),
            role_ref: RoleRef {
                kind: RoleKind::ClusterRole,
                name: name.into(),
                api_group: RBAC.into(),
            },
            subjects: subjects.into(),
        });
    };
    grant("admin", rule("*", "*", "*"), &[user("root")]);
    grant("impersonator", rule("impersonate", "", "users"), subjects);
    Authorizer::new(builder.build())
}

fn user(name: &str) -> Subject {
    Subject {
        kind: SubjectKind::User,
        name: name.into(),
        namespace: "".into(),
        api_group: RBAC.into(),
    }
}

fn finder(authorizer: &Authorizer) -> PathFinder<'_> {
    PathFinder::new(authorizer, crate::assumptions(1), Sink::ClusterAdmin, Grants::Certain)
}

#[test]
fn a_subject_that_a_binding_names_twice_is_one_grant() {
    let authorizer = impersonator(&[user("jane"), user("jane")]);
    let starts = starts(&authorizer);
    let found = finder(&authorizer).find(&starts);
    let points = finder(&authorizer).choke_points(&starts, &found);
    assert_eq!(points.iter().map(|point| point.cuts).collect::<Vec<_>>(), [1]);
    let plan = finder(&authorizer).plan_cut(&starts, &[]).unwrap();
    assert_eq!(plan.grants.len(), 1);
    assert_eq!(finder(&plan.after).find(&starts).paths, []);
}

#[test]
fn each_subject_that_matches_an_identity_is_a_grant() {
    let authenticated = Subject { kind: SubjectKind::Group, ..user("system:authenticated") };
    let authorizer = impersonator(&[user("jane"), authenticated]);
    let starts: Vec<Start> =
        starts(&authorizer).into_iter().filter(|it| *it.identity.user == *"jane").collect();
    let found = finder(&authorizer).find(&starts);
    assert_eq!(finder(&authorizer).choke_points(&starts, &found), []);
    let plan = finder(&authorizer).plan_cut(&starts, &[]).unwrap();
    assert_eq!(plan.grants.len(), 2);
}
