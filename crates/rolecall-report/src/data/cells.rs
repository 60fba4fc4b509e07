//! The decision table: the rules that allow each verb on each resource.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rolecall_access::known::{RESOURCE_VERBS, asked_about, asked_verbs};
use rolecall_rbac::{
    Catalog, PolicyRule, Request, RequestScope, ResourceRequest, ServedResource, Text,
    checked_subresources, rule_allows,
};
use serde::Serialize;

use super::Tables;
use super::rules::RuleTable;
use crate::table::Distinct;

/// The cells as columns. A cell without rules is a cell that no rule allows.
#[derive(Debug, Default, Serialize)]
pub(super) struct Cells {
    verb: Vec<u32>,
    group: Vec<u32>,
    resource: Vec<u32>,
    subresource: Vec<u32>,
    /// 0: RoleBindings count in their namespace; 1: only ClusterRoleBindings count; 2: those, and
    /// RoleBindings for the Namespace itself; 3: where the permission is used.
    scope: Vec<u32>,
    /// The number of a list of rules that allow the cell without the name of an object.
    rules: Vec<u32>,
    /// The number of a list of the other rules that allow the cell, for the objects that they name.
    named: Vec<u32>,
    rule_lists: Vec<Vec<u32>>,
}

/// The verb, group, resource and subresource of a cell.
type Key = (Text, Text, Text, Text);

impl Cells {
    pub(super) fn new(catalog: &Catalog, table: &RuleTable, tables: &mut Tables) -> Self {
        let keys: Vec<Key> = keys(catalog).into_iter().collect();
        let widened: Vec<PolicyRule> = table.rules.iter().map(for_any_name).collect();
        let allowing: Vec<(Vec<u32>, Vec<u32>)> = keys
            .par_iter()
            .map(|key| {
                let request = request(key);
                let (rules, any_name) = (table.rules.iter(), widened.iter());
                let candidates = (0..).zip(rules.zip(any_name));
                let candidates =
                    candidates.filter(|(_, (_, widened))| rule_allows(widened, &request));
                let (all, named): (Vec<_>, Vec<_>) =
                    candidates.partition(|(_, (rule, _))| rule_allows(rule, &request));
                let positions = |rules: Vec<(u32, _)>| rules.iter().map(|(at, _)| *at).collect();
                (positions(all), positions(named))
            })
            .collect();
        let mut lists: Distinct<Vec<u32>> = Distinct::default();
        let mut cells = Self::default();
        for ((verb, group, resource, subresource), (rules, named)) in keys.iter().zip(allowing) {
            cells.verb.push(tables.texts.add(verb));
            cells.group.push(tables.texts.add(group));
            cells.resource.push(tables.texts.add(resource));
            cells.subresource.push(tables.texts.add(subresource));
            cells.scope.push(match catalog.scope(group, resource, verb) {
                Some(RequestScope::Namespaced) | None => 0,
                Some(RequestScope::Cluster) => 1,
                Some(RequestScope::Itself) => 2,
                Some(RequestScope::WhereUsed) => 3,
            });
            cells.rules.push(lists.add(rules));
            cells.named.push(lists.add(named));
        }
        cells.rule_lists = lists.into_all();
        cells
    }
}

/// Returns the rule as if it named no objects.
fn for_any_name(rule: &PolicyRule) -> PolicyRule {
    PolicyRule { resource_names: Vec::new().into(), ..rule.clone() }
}

fn request((verb, group, resource, subresource): &Key) -> Request {
    let target = ResourceRequest {
        group: group.clone(),
        resource: resource.clone(),
        subresource: subresource.clone(),
        ..ResourceRequest::default()
    };
    Request::resource(verb.clone(), target)
}

/// Returns the cells: the verbs of each resource and subresource, and all verbs of all resources.
fn keys(catalog: &Catalog) -> BTreeSet<Key> {
    let mut keys = BTreeSet::new();
    let any = Text::from("*");
    let common = || RESOURCE_VERBS.iter().map(|verb| Text::from(*verb));
    let mut add = |verbs: Vec<Text>, group: &Text, resource: &Text, subresource: &Text| {
        for verb in verbs {
            keys.insert((verb, group.clone(), resource.clone(), subresource.clone()));
        }
    };
    add(common().chain([any.clone()]).collect(), &any, &any, &Text::new());
    for served in catalog.resources() {
        let ServedResource { group, resource, .. } = served;
        let mut verbs = served.verbs.clone();
        if !served.is_virtual {
            verbs.extend(common());
        }
        verbs.push(any.clone());
        verbs.extend(asked(group, resource));
        add(verbs, group, resource, &Text::new());
        for subresource in &served.subresources {
            let mut verbs = subresource.verbs.clone();
            // Servers before 1.35 authorize `get` for connections.
            verbs.extend(["get".into(), "create".into(), any.clone()]);
            add(verbs, group, resource, &subresource.name);
        }
        for subresource in checked_subresources(group, resource) {
            let verbs = ["get", "create", "update", "patch", "delete", "*"].map(Text::from);
            add(verbs.into(), group, resource, &subresource.into());
        }
    }
    keys
}

/// Returns the verbs of authorization checks about a resource.
fn asked(group: &str, resource: &str) -> impl Iterator<Item = Text> {
    let is_about = move |verb: &&str| {
        asked_about(verb).is_some_and(|about| about.contains(&(group, resource)))
    };
    asked_verbs().filter(is_about).map(Text::from)
}
