//! The distinct rules, and the distinct sets of them.

use rolecall_rbac::{Inventory, PolicyRule};
use serde::Serialize;

use super::Tables;
use crate::table::Distinct;

/// The rules as columns of lists of texts.
#[derive(Debug, Default, Serialize)]
pub(super) struct Rules {
    verbs: Vec<u32>,
    groups: Vec<u32>,
    resources: Vec<u32>,
    names: Vec<u32>,
    urls: Vec<u32>,
}

/// The distinct rules, in the order of their columns.
pub(super) struct RuleTable {
    pub(super) columns: Rules,
    pub(super) rules: Vec<PolicyRule>,
}

/// Returns the rules, the sets of them, and the set of each role.
pub(super) fn build(
    inventory: &Inventory,
    tables: &mut Tables,
) -> (RuleTable, Vec<Vec<u32>>, Vec<u32>) {
    let mut rules: Distinct<PolicyRule> = Distinct::default();
    let mut sets: Distinct<Vec<u32>> = Distinct::default();
    let mut set_of_role = Vec::with_capacity(inventory.roles().len());
    for role in inventory.roles() {
        let set = role.rules.iter().map(|rule| rules.add(rule.clone())).collect();
        set_of_role.push(sets.add(set));
    }
    let rules = rules.into_all();
    let mut columns = Rules::default();
    for rule in &rules {
        columns.verbs.push(tables.text_list(&*rule.verbs));
        columns.groups.push(tables.text_list(&*rule.api_groups));
        columns.resources.push(tables.text_list(&*rule.resources));
        columns.names.push(tables.text_list(&*rule.resource_names));
        columns.urls.push(tables.text_list(&*rule.non_resource_urls));
    }
    (RuleTable { columns, rules }, sets.into_all(), set_of_role)
}
