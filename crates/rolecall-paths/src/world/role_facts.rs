//! The facts about roles that rows depend on.

use std::collections::BTreeSet;

use rolecall_rbac::{Inventory, LabelOperator, LabelSelector, Role, Text};

use crate::Assumptions;
use crate::need::{Mode, Need, NeedIndex, Resource, RuleNeeds, Verb, is_everything};

/// The facts of one role.
#[derive(Debug, Default)]
pub(crate) struct RoleFacts {
    /// The needs that its rules meet.
    pub(crate) needs: Box<[RuleNeeds]>,
    /// The rules that allow everything.
    pub(crate) everything: Vec<usize>,
    /// Whether a new ClusterRole can be included in it.
    pub(crate) is_aggregated: bool,
}

impl RoleFacts {
    /// Returns whether any row depends on the role's rules.
    pub(crate) fn matter(&self) -> bool {
        !self.needs.is_empty() || !self.everything.is_empty()
    }
}

/// Returns the facts about each role, in the inventory's order.
pub(super) fn role_facts(
    inventory: &Inventory,
    index: &NeedIndex,
    assumptions: Assumptions,
) -> Vec<RoleFacts> {
    let facts = |modes: &[Mode]| -> Vec<RoleFacts> {
        inventory.roles().iter().map(|role| RoleFacts::new(role, index, modes)).collect()
    };
    let direct = facts(&[Mode::Direct]);
    let limited = [
        Resource::LimitedAccounts,
        Resource::LimitedUsers,
        Resource::LimitedGroups,
        Resource::LimitedNodes,
    ]
    .map(|resource| Need::new(resource, Verb::Impersonate).id());
    let is_limited = |role: &RoleFacts| {
        role.needs.iter().any(|rule| {
            !role.everything.contains(&rule.rule)
                && rule.needs.iter().any(|need| limited.contains(need))
        })
    };
    let [account, user, node] = Mode::LIMITED;
    match assumptions.version.minor >= 36 && direct.iter().any(is_limited) {
        true => facts(&[Mode::Direct, account, user, node]),
        false => direct,
    }
}

impl RoleFacts {
    fn new(role: &Role, index: &NeedIndex, modes: &[Mode]) -> Self {
        let rules = || role.rules.iter().enumerate();
        Self {
            needs: rules().filter_map(|(at, rule)| index.of(rule, at, modes)).collect(),
            everything: rules().filter(|(_, rule)| is_everything(rule)).map(|it| it.0).collect(),
            is_aggregated: role
                .aggregation
                .as_ref()
                .is_some_and(|it| it.selectors.iter().any(can_select)),
        }
    }
}

/// Returns whether some labels match a selector.
fn can_select(selector: &LabelSelector) -> bool {
    let keys = selector.match_labels.iter().map(|(key, _)| key);
    let keys = keys.chain(selector.match_expressions.iter().map(|it| &it.key));
    let keys: BTreeSet<&Text> = keys.collect();
    keys.into_iter().all(|key| {
        let required = || selector.match_expressions.iter().filter(|it| it.key == *key);
        let absent = required().any(|it| it.operator == LabelOperator::DoesNotExist);
        let unknown = required().any(|it| matches!(it.operator, LabelOperator::Unknown(_)));
        let written = selector.match_labels.iter().filter(|(label, _)| label == key);
        let mut values: Option<BTreeSet<Text>> = None;
        for (_, value) in written {
            let only: BTreeSet<Text> = [value.clone()].into();
            values =
                Some(values.map_or(only.clone(), |it| it.intersection(&only).cloned().collect()));
        }
        for requirement in required().filter(|it| it.operator == LabelOperator::In) {
            let listed: BTreeSet<Text> = requirement.values.iter().cloned().collect();
            values = Some(match values {
                None => listed,
                Some(before) => before.intersection(&listed).cloned().collect(),
            });
        }
        for requirement in required().filter(|it| it.operator == LabelOperator::NotIn) {
            if let Some(values) = &mut values {
                values.retain(|value| !requirement.values.contains(value));
            }
        }
        let present = values.is_some() || required().any(|it| it.operator == LabelOperator::Exists);
        !(unknown || absent && present) && values.is_none_or(|values| !values.is_empty())
    })
}
