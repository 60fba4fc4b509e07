//! The parts of roles that were used.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Authorizer, Binding, Origin, PolicyRule, Role, RoleKind, Text};

use crate::atom::Atom;
use crate::claim::{Withheld, withheld};
use crate::counts::Counts;
use crate::coverage::Coverage;
use crate::credit::{Credit, Credits, GrantKey};
use crate::outcome::Via;

/// The use of a binding's rules.
#[derive(Clone, Debug)]
pub struct BindingUse<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// The role.
    pub role: &'a Role,
    /// The use of each rule.
    pub rules: Vec<RuleUse<'a>>,
}

/// The use of a rule through one binding.
#[derive(Clone, Debug)]
pub struct RuleUse<'a> {
    /// The index of the rule in the role.
    pub index: usize,
    /// The rule.
    pub rule: &'a PolicyRule,
    /// The use of each part of the rule.
    pub parts: BTreeMap<Atom, PartUse>,
}

/// The use of a part of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartUse {
    /// It allowed requests.
    Used {
        /// How often and when.
        counts: Counts,
        /// By which Pods.
        pods: BTreeSet<Text>,
    },
    /// It would have allowed requests that another authorizer allowed.
    Hidden {
        /// The other authorizer.
        via: Via,
    },
    /// The logs do not show whether it is used.
    Withheld(Withheld),
    /// The logs would show its use, and do not.
    NotSeen,
}

/// Returns the use of each binding, except those that every cluster has by default.
pub fn use_of_bindings<'a>(
    authorizer: &'a Authorizer,
    credits: &Credits,
    coverage: &Coverage,
) -> Vec<BindingUse<'a>> {
    let inventory = authorizer.inventory();
    let bindings = inventory.bindings().iter().filter(|binding| !is_default(binding));
    let of_binding = |binding: &'a Binding| {
        let role = role_of(authorizer, binding)?;
        let rules = role.rules.iter().enumerate().map(|(index, rule)| {
            let key = GrantKey {
                namespace: binding.metadata.namespace.clone(),
                binding: binding.metadata.name.clone(),
                rule: index,
            };
            let credited = credits.by_grant.get(&key).map_or(&[][..], Vec::as_slice);
            let parts = Atom::of_rule(rule).into_iter().map(|atom| {
                let used = part_use(&atom, credited)
                    .or_else(|| withheld(coverage, credits, binding, &atom).map(PartUse::Withheld));
                (atom, used.unwrap_or(PartUse::NotSeen))
            });
            RuleUse { index, rule, parts: parts.collect() }
        });
        Some(BindingUse { binding, role, rules: rules.collect() })
    };
    bindings.filter_map(of_binding).collect()
}

/// Returns whether a binding belongs to every cluster or to its control plane.
pub(crate) fn is_default(binding: &Binding) -> bool {
    let metadata = &binding.metadata;
    metadata.origin == Origin::Default
        || metadata.label("kubernetes.io/bootstrapping").is_some()
        || metadata.name.starts_with("system:")
}

/// Returns the role of a binding.
pub(crate) fn role_of<'a>(authorizer: &'a Authorizer, binding: &Binding) -> Option<&'a Role> {
    let namespace = match binding.role_ref.kind {
        RoleKind::Role => &binding.metadata.namespace,
        RoleKind::ClusterRole => "",
        RoleKind::Other(_) => return None,
    };
    authorizer.inventory().role(namespace, &binding.role_ref.name)
}

/// Returns the use of a part of a rule; `None` if no request used it.
fn part_use(atom: &Atom, credited: &[Credit]) -> Option<PartUse> {
    let rule = atom.rule();
    let through = credited.iter().filter(|it| rolecall_rbac::rule_allows(&rule, &it.request));
    let mut counts = Counts::NONE;
    let mut pods = BTreeSet::new();
    let mut hidden = None;
    for credit in through {
        if credit.via.can_be_rbac() {
            counts.add(&credit.counts);
            pods.extend(credit.pods.iter().cloned());
        } else {
            hidden = Some(credit.via);
        }
    }
    match (counts.is_none(), hidden) {
        (false, _) => Some(PartUse::Used { counts, pods }),
        (true, Some(via)) => Some(PartUse::Hidden { via }),
        (true, None) => None,
    }
}

impl BindingUse<'_> {
    /// Returns the parts of all rules.
    pub fn parts(&self) -> impl Iterator<Item = &PartUse> {
        self.rules.iter().flat_map(|rule| rule.parts.values())
    }

    /// Returns whether at least one part was not seen in use.
    pub fn has_unused(&self) -> bool {
        self.parts().any(|part| *part == PartUse::NotSeen)
    }
}
