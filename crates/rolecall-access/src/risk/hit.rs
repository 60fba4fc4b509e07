//! The risks of single rules.

use super::Risk;
use super::ask::Scope;
use super::program::Program;

/// The scopes in which one of a need's requests is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// In every namespace and at the cluster scope.
    pub everywhere: bool,
    /// In any one namespace.
    pub in_namespace: bool,
    /// In `kube-system`.
    pub in_system: bool,
}

impl Allowed {
    /// Returns whether access in a namespace, or cluster-wide access for `None`, is enough.
    pub fn counts_in(self, namespace: Option<&str>) -> bool {
        match namespace {
            None => self.everywhere,
            Some("kube-system") => self.in_system,
            Some(_) => self.in_namespace,
        }
    }

    pub(super) fn add(&mut self, scope: Scope) {
        self.everywhere = true;
        self.in_namespace |= scope == Scope::Namespaced;
        self.in_system |= matches!(scope, Scope::Namespaced | Scope::System);
    }

    pub(super) fn join(&mut self, other: Self) {
        self.everywhere |= other.everywhere;
        self.in_namespace |= other.in_namespace;
        self.in_system |= other.in_system;
    }
}

/// A risk of a single rule.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The risk.
    pub risk: &'static Risk,
    /// The scopes in which the rule has it.
    pub allowed: Allowed,
    /// Narrower risks that it implies and that count towards its severity.
    pub implied: Vec<Hit>,
    /// The operators that act on the writable objects.
    pub(super) operators: Vec<Program>,
}

impl Hit {
    /// Returns the risk and those it implies, if they are held in a scope.
    pub(super) fn parts_in(&self, namespace: Option<&str>) -> impl Iterator<Item = &Self> {
        std::iter::once(self)
            .chain(&self.implied)
            .filter(move |hit| hit.allowed.counts_in(namespace))
    }

    /// Adds the same risk of another rule.
    pub(super) fn join(&mut self, other: &Self) {
        self.allowed.join(other.allowed);
        for operator in &other.operators {
            if !self.operators.contains(operator) {
                self.operators.push(*operator);
            }
        }
        for implied in &other.implied {
            match self.implied.iter_mut().find(|known| known.risk.code == implied.risk.code) {
                Some(known) => known.join(implied),
                None => self.implied.push(implied.clone()),
            }
        }
    }
}
