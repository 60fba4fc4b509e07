//! The rights of a rule by their use.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Identity, PolicyRule, Text, rule_allows};
use rolecall_usage::{Atom, Counts, Credit, PartUse, RuleUse, Withheld, rules_of};

use super::time_words;
use crate::words;

/// The parts of a rule with the same use.
pub(crate) struct Rights {
    /// The use.
    pub(crate) used: RightsUse,
    rules: Vec<PolicyRule>,
}

/// The use of several parts of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RightsUse {
    /// The logs would show the use, and do not.
    NotSeen,
    /// The logs do not show whether they are used.
    Withheld(Withheld),
    /// Another authorizer allowed the requests.
    Hidden(&'static str),
    /// The number of requests, the time of the last one, and the Pods.
    Used(u64, String, BTreeSet<Text>),
}

/// The requests of one subject.
pub(crate) struct SubjectUse<'a> {
    /// The subject.
    pub(crate) identity: &'a Identity,
    /// How often and when.
    pub(crate) counts: Counts,
    /// The Pods that made them.
    pub(crate) pods: BTreeSet<&'a Text>,
}

/// Groups the parts of a rule by their use.
pub(crate) fn rights_of(rule: &RuleUse<'_>) -> Vec<Rights> {
    let mut groups: BTreeMap<RightsUse, BTreeSet<Atom>> = BTreeMap::new();
    for (atom, part) in &rule.parts {
        groups.entry(RightsUse::of(part)).or_default().insert(atom.clone());
    }
    let rights = groups.into_iter().map(|(used, atoms)| Rights { used, rules: rules_of(&atoms) });
    rights.collect()
}

impl Rights {
    /// Returns the rights in words.
    pub(crate) fn text(&self) -> String {
        self.rules.iter().map(words::rule).collect::<Vec<_>>().join("; ")
    }

    /// Returns the subjects that used these rights, from the requests that the rule allowed.
    pub(crate) fn by_subject<'a>(&self, credited: &'a [Credit]) -> Vec<SubjectUse<'a>> {
        let mut uses: BTreeMap<&Text, SubjectUse<'a>> = BTreeMap::new();
        for credit in credited.iter().filter(|credit| credit.via.can_be_rbac()) {
            if !self.rules.iter().any(|rule| rule_allows(rule, &credit.request)) {
                continue;
            }
            let identity = &credit.identity;
            let of = uses.entry(&identity.user).or_insert_with(|| SubjectUse {
                identity,
                counts: Counts::NONE,
                pods: BTreeSet::new(),
            });
            of.counts.add(&credit.counts);
            of.pods.extend(&credit.pods);
        }
        uses.into_values().collect()
    }
}

impl RightsUse {
    fn of(part: &PartUse) -> Self {
        match part {
            PartUse::NotSeen => Self::NotSeen,
            PartUse::Withheld(reason) => Self::Withheld(*reason),
            PartUse::Hidden { via } => Self::Hidden(via.as_str()),
            PartUse::Used { counts, pods } => {
                let Counts { last, .. } = counts;
                Self::Used(counts.requests(), time_words(*last), pods.clone())
            }
        }
    }

    /// Returns the use in words.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::NotSeen => "not seen".to_owned(),
            Self::Withheld(reason) => format!("not assessed: {}", reason.as_str()),
            Self::Hidden(via) => format!("allowed by {via}"),
            Self::Used(number, last, pods) => {
                let pods: Vec<&str> = pods.iter().map(|pod| &**pod).collect();
                let by = if pods.is_empty() {
                    String::new()
                } else {
                    format!(" by {}", pods.join(", "))
                };
                let last = if last.is_empty() { String::new() } else { format!(", last {last}") };
                let requests = if *number == 1 { "request" } else { "requests" };
                format!("{number} {requests}{last}{by}")
            }
        }
    }
}
