//! Words for merged findings.

use std::collections::BTreeMap;

use rolecall_rbac::sentence_list;

use crate::words::listed;
use crate::{Also, Finding, RuleCode, Severity, Step};

/// The findings about workloads that run with access that is reported separately.
pub(crate) const OF_WORKLOADS: [RuleCode; 2] = [RuleCode(557), RuleCode(558)];

/// The number of objects that are named.
const MOST_PLACES: usize = 3;

/// Lists the codes of the merged findings, those of one place together: `RC549; RC511 and RC512 in rules[3]`.
pub(crate) fn others(finding: &Finding) -> String {
    let own = (&finding.object, rule_of(finding.field.steps.as_slice()));
    let mut places_of: BTreeMap<RuleCode, Option<Vec<String>>> = BTreeMap::new();
    let is_worth_naming =
        |also: &&Also| also.severity > Severity::Info || finding.severity == Severity::Info;
    for also in finding.also.iter().filter(is_worth_naming) {
        let rule = rule_of(&also.field.steps);
        let places = places_of.entry(also.rule.code).or_insert_with(|| Some(Vec::new()));
        let place = match rule {
            _ if (&also.object, rule) == own || OF_WORKLOADS.contains(&also.rule.code) => None,
            Some(index) if also.object == finding.object => Some(format!("rules[{index}]")),
            _ if also.object == finding.object => None,
            _ => Some(also.object.to_string()),
        };
        match (place, places) {
            (None, places) => *places = None,
            (Some(place), Some(known)) if !known.contains(&place) => known.push(place),
            _ => {}
        }
    }
    let mut groups: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for (code, places) in places_of {
        let places = places.unwrap_or_default();
        match groups.iter_mut().find(|(known, _)| *known == places) {
            Some((_, codes)) => codes.push(code.to_string()),
            None => groups.push((places, vec![code.to_string()])),
        }
    }
    let is_simple = groups.iter().all(|(places, codes)| places.is_empty() || codes.len() == 1);
    let described = groups.into_iter().map(|(places, codes)| match &*places {
        [] => codes.join(", "),
        [named @ .., _] if places.len() > MOST_PLACES => {
            let named = named.get(..MOST_PLACES).unwrap_or(named);
            let named: Vec<String> = named.iter().map(|place| format!("`{place}`")).collect();
            let more = places.len() - MOST_PLACES;
            format!("{} in {} and {more} more", sentence_list(&codes), named.join(", "))
        }
        few => format!("{} in {}", sentence_list(&codes), listed(few)),
    });
    described.collect::<Vec<_>>().join(if is_simple { ", " } else { "; " })
}

/// Returns the index of the rule that a field belongs to.
pub(crate) fn rule_of(steps: &[Step]) -> Option<usize> {
    match steps {
        [Step::Key(key), Step::Index(index), ..] if **key == *"rules" => Some(*index),
        _ => None,
    }
}
