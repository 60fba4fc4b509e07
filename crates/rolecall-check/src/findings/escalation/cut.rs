//! The changes after which a subject does not reach an end any more, in words.

use std::collections::BTreeMap;

use rolecall_paths::{
    Assumptions, CutGrant, Gain, Grants, PathFinder, Reached, Sink, Start, Subject,
};
use rolecall_rbac::{Binding, Catalog, Identity, Origin, PolicyRule, Text, sentence_list};
use rustc_hash::FxHashMap;

use crate::context::Context;
use crate::words::{listed, quote};
use crate::{Change, ObjectRef};

/// The number of bindings up to which changes are planned, because each plan copies the inventory.
const MOST_BINDINGS: usize = 1_000;

/// The number of plans for one inventory.
const MOST_PLANS: usize = 50;

/// The number of changes that a finding lists.
const MOST_CHANGES: usize = 4;

/// Changes that stop all paths of a subject.
pub(super) struct Cut {
    /// The change as one fragment; `None` if that would be too long.
    pub(super) advice: Option<String>,
    /// The changes.
    pub(super) changes: Vec<Change>,
}

/// Plans the changes for one subject after the other.
pub(super) struct Planner<'c, 'a> {
    context: &'c Context<'a>,
    finder: Option<PathFinder<'a>>,
    starts: FxHashMap<Subject, Start>,
    left: usize,
}

impl<'c, 'a> Planner<'c, 'a> {
    /// Prepares plans for some starts; there are none for a large inventory.
    pub(super) fn new(
        context: &'c Context<'a>,
        assumptions: Assumptions,
        starts: &[Start],
        found: usize,
    ) -> Self {
        let bindings = context.inventory().bindings().iter();
        let written = bindings.filter(|it| it.metadata.origin != Origin::Default).count();
        let finder = (found > 0 && written <= MOST_BINDINGS).then(|| {
            let sink = Sink::ClusterAdmin;
            PathFinder::new(context.authorizer(), assumptions, sink, Grants::Certain)
        });
        let starts = starts.iter().map(|start| (start.subject.clone(), start.clone())).collect();
        Self { context, finder, starts, left: MOST_PLANS }
    }

    /// Plans the changes for the subject of a path; `None` if there is no short plan.
    pub(super) fn plan(&mut self, found: &Reached<'_>) -> Option<Cut> {
        let finder = self.finder.as_mut()?;
        let start = self.starts.get(&found.subject)?;
        self.left = self.left.checked_sub(1)?;
        finder.retarget(found.sink.clone());
        let plan = finder.plan_cut(std::slice::from_ref(start), &[]).ok()?;
        let catalog = self.context.input.catalog;
        let mut parts: Vec<Part> = Vec::new();
        for part in plan.grants.iter().map(|grant| Part::of(grant, &found.subject, catalog)) {
            // Several bindings can grant one rule.
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        let changes = parts.iter().map(|part| Change {
            role: part.role.clone(),
            rule: part.rule,
            is_own: part.is_own,
            advice: advice(std::slice::from_ref(part)),
        });
        let changes: Vec<Change> = changes.collect();
        let advice = (parts.len() <= MOST_CHANGES).then(|| {
            let advice = advice(&parts);
            match neighbour(found, &plan.grants) {
                Some(account) => {
                    format!("{advice}, or move {} to another namespace", quote(&account))
                }
                None => advice,
            }
        });
        (!changes.is_empty()).then_some(Cut { advice, changes })
    }
}

/// The way to change a grant, the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// The requests name an object.
    Names,
    /// The resources are in namespaces, but granted in all of them.
    Namespaces,
    /// Neither.
    Remove,
    /// The role cannot be changed.
    Bind,
}

/// A change, in parts of its description.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    way: Way,
    role: ObjectRef,
    rule: Option<usize>,
    is_own: bool,
    /// The rights that are lost, in words.
    rights: String,
    /// The subject, where the change is about its binding.
    subject: String,
}

impl Part {
    fn of(grant: &CutGrant<'_>, start: &Subject, catalog: &Catalog) -> Self {
        let role = ObjectRef::from(grant.role);
        let granted = Identity::of_subject(grant.subject, &grant.binding.metadata);
        let is_own = granted.is_some_and(|granted| Subject::of(&granted) == *start);
        let Some(rule) = grant.rule else {
            let subject = quote(&grant.subject.notation(&grant.binding.metadata));
            let rights = String::new();
            return Self { way: Way::Bind, role, rule: None, is_own, rights, subject };
        };
        let lost: Vec<&PolicyRule> = match &*grant.loses {
            [] => grant.role.rules.get(rule).into_iter().collect(),
            lost => lost.iter().collect(),
        };
        let way = match () {
            () if lost.iter().all(|rule| takes_names(rule)) => Way::Names,
            () if is_too_wide(grant.binding, &lost, catalog) => Way::Namespaces,
            () => Way::Remove,
        };
        let rights: Vec<String> = lost.iter().map(|rule| rights(rule)).collect();
        let (rights, rule) = (sentence_list(&rights), Some(rule));
        Self { way, role, rule, is_own, rights, subject: String::new() }
    }

    fn described(&self) -> String {
        let role = named(&self.role);
        match self.rule {
            Some(rule) => format!("{} (`rules[{rule}]` of {role})", self.rights),
            None => format!("bind a role that grants less than {role} to {}", self.subject),
        }
    }
}

/// Describes changes, those of one kind together.
fn advice(parts: &[Part]) -> String {
    let mut by_way: BTreeMap<Way, Vec<String>> = BTreeMap::new();
    for part in parts {
        by_way.entry(part.way).or_default().push(part.described());
    }
    let described = by_way.into_iter().map(|(way, parts)| match way {
        Way::Names => format!("limit {} with `resourceNames`", sentence_list(&parts)),
        Way::Namespaces => format!(
            "grant {} with RoleBindings in the namespaces that need it, not in the whole cluster",
            sentence_list(&parts)
        ),
        Way::Remove => format!("remove {}", sentence_list(&parts)),
        Way::Bind => sentence_list(&parts),
    });
    described.collect::<Vec<_>>().join(", and ")
}

/// Returns whether every request that a rule allows can be limited to named objects.
fn takes_names(rule: &PolicyRule) -> bool {
    const NAMED: [&str; 10] = [
        "approve",
        "attest",
        "bind",
        "delete",
        "escalate",
        "get",
        "impersonate",
        "patch",
        "sign",
        "update",
    ];
    let of_subresources = rule.resources.iter().all(|entry| entry.contains('/'));
    !rule.resources.is_empty()
        && rule.resource_names.is_empty()
        && !rule.resources.iter().any(|entry| **entry == *"*" || entry.starts_with("*/"))
        && rule.verbs.iter().all(|verb| {
            NAMED.contains(&&**verb) || (**verb == *"create" && of_subresources)
        })
        // The names of Pods and of objects with a Pod template are rarely known beforehand.
        && !rule.resources.iter().any(is_generated)
}

fn is_generated(entry: &Text) -> bool {
    let resource = entry.split('/').next().unwrap_or_default();
    matches!(
        resource,
        "pods"
            | "replicationcontrollers"
            | "replicasets"
            | "deployments"
            | "statefulsets"
            | "daemonsets"
            | "jobs"
            | "cronjobs"
            | "nodes"
            | "secrets"
    )
}

/// Returns whether a binding grants namespaced resources in the whole cluster.
fn is_too_wide(binding: &Binding, rules: &[&PolicyRule], catalog: &Catalog) -> bool {
    let is_namespaced = |group: &Text, entry: &Text| {
        let resource = entry.split('/').next().unwrap_or_default();
        catalog.is_namespaced(group, resource).unwrap_or(false)
    };
    binding.is_cluster_role_binding()
        && rules.iter().all(|rule| {
            let mut entries = rule.resources.iter();
            entries.all(|entry| rule.api_groups.iter().any(|group| is_namespaced(group, entry)))
        })
}

/// Describes the rights of a rule: `` `create` on `pods` ``.
fn rights(rule: &PolicyRule) -> String {
    let on = if rule.resources.is_empty() { &rule.non_resource_urls } else { &rule.resources };
    format!("{} on {}", listed(&rule.verbs), listed(on))
}

/// Returns the ServiceAccount that the first step gains, if RoleBindings in that namespace allow the step.
fn neighbour(found: &Reached<'_>, grants: &[CutGrant<'_>]) -> Option<String> {
    let first = found.steps.first()?;
    let Gain::Identity(identity) = &first.gains else { return None };
    let account = identity.as_service_account()?;
    let is_beside = |grant: &CutGrant<'_>| {
        !grant.binding.is_cluster_role_binding()
            && *grant.binding.metadata.namespace == *account.namespace
    };
    let is_movable = account.name != "default" && !account.namespace.starts_with("kube-");
    (is_movable && grants.iter().all(is_beside))
        .then(|| format!("sa/{}:{}", account.namespace, account.name))
}

fn named(role: &ObjectRef) -> String {
    let name = match &*role.namespace {
        "" => role.name.to_string(),
        namespace => format!("{namespace}/{}", role.name),
    };
    format!("{} {}", role.kind, quote(&name))
}
