//! The object names for which rules allow a request.

use std::collections::BTreeSet;

use rolecall_rbac::{PolicyRule, Text};

/// The names for which at least one rule allows a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Names {
    /// Whether a rule without resourceNames allows it, for every name and for none.
    pub(crate) any: bool,
    /// Whether it is allowed without a name, as in a POST.
    pub(crate) unnamed: bool,
    /// The names in resourceNames.
    pub(crate) listed: BTreeSet<Text>,
}

impl Names {
    /// The names of a rule without resourceNames.
    pub(crate) const ANY: Self = Self { any: true, unnamed: true, listed: BTreeSet::new() };

    /// No name.
    pub(crate) const NONE: Self = Self { any: false, unnamed: false, listed: BTreeSet::new() };

    /// Returns the names for which a rule allows the requests that it matches.
    pub(crate) fn of(rule: &PolicyRule) -> Self {
        if rule.resource_names.is_empty() {
            return Self::ANY;
        }
        let listed = rule.resource_names.iter().filter(|name| !name.is_empty()).cloned();
        let unnamed = rule.resource_names.iter().any(|name| name.is_empty());
        Self { any: false, unnamed, listed: listed.collect() }
    }

    /// Returns whether no request is allowed.
    pub(crate) fn is_empty(&self) -> bool {
        !self.any && !self.unnamed && self.listed.is_empty()
    }

    /// Returns whether a request for some named object is allowed.
    pub(crate) fn has_named(&self) -> bool {
        self.any || !self.listed.is_empty()
    }

    /// Returns whether a request for the object of a name is allowed.
    pub(crate) fn allow(&self, name: &str) -> bool {
        self.any || self.listed.contains(name)
    }

    /// Adds the names of another rule.
    pub(crate) fn add(&mut self, other: &Self) {
        if self.any {
            return;
        }
        if other.any {
            *self = Self::ANY;
            return;
        }
        self.unnamed |= other.unnamed;
        self.listed.extend(other.listed.iter().cloned());
    }

    /// Returns the union.
    pub(crate) fn or(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.add(other);
        all
    }

    /// Returns the intersection.
    pub(crate) fn and(&self, other: &Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return Self::NONE;
        }
        match (self.any, other.any) {
            (true, _) => other.clone(),
            (_, true) => self.clone(),
            (false, false) => Self {
                any: false,
                unnamed: self.unnamed && other.unnamed,
                listed: self.listed.intersection(&other.listed).cloned().collect(),
            },
        }
    }
}
