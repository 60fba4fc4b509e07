//! The rules and bindings that apply to an identity.

use crate::index::{Posting, RoleSlot};
use crate::{Authorizer, Binding, Gap, Identity, PolicyRule, Problem, Role, Subject};

/// A binding that applies to an identity, and its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundRole<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// The first subject that matches.
    pub subject: &'a Subject,
    /// The role, or the problem with the roleRef.
    pub role: Result<&'a Role, Problem<'a>>,
}

/// A rule that applies to an identity, and the binding that grants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleOf<'a> {
    /// The rule.
    pub rule: &'a PolicyRule,
    /// Its index within the role.
    pub rule_index: usize,
    /// The role.
    pub role: &'a Role,
    /// The binding.
    pub binding: &'a Binding,
    /// The first subject that matches.
    pub subject: &'a Subject,
}

/// The contents of a SelfSubjectRulesReview, before compaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesReview<'a> {
    /// The rules in the server's order: ClusterRoleBindings, then the namespace's RoleBindings.
    pub rules: Vec<RuleOf<'a>>,
    /// Dangling role references: the server's `evaluationError`.
    pub problems: Vec<Problem<'a>>,
    /// The gaps that can hide more rules.
    pub gaps: Vec<Gap>,
}

impl Authorizer {
    /// Returns the bindings of all namespaces that apply to an identity, ClusterRoleBindings first.
    pub fn bindings_of(&self, identity: &Identity) -> Vec<BoundRole<'_>> {
        let mut reached = Vec::new();
        self.index.reach_everywhere(identity, &mut reached);
        reached.into_iter().filter_map(|posting| self.bound_role(posting)).collect()
    }

    /// Returns the bindings that apply to an identity in one namespace; for an empty namespace,
    /// only ClusterRoleBindings.
    pub fn bindings_in(&self, identity: &Identity, namespace: &str) -> Vec<BoundRole<'_>> {
        let mut reached = Vec::new();
        self.index.reach(identity, namespace, &mut reached);
        reached.into_iter().filter_map(|posting| self.bound_role(posting)).collect()
    }

    /// Returns the gaps that can hide more bindings or rules of an identity, in any namespace.
    pub fn gaps_of(&self, identity: &Identity) -> Vec<Gap> {
        let mut reached = Vec::new();
        if !self.inventory.gaps.is_empty() {
            self.index.reach_everywhere(identity, &mut reached);
        }
        let hides = |gap: &Gap| {
            gap.may_hide_any_binding()
                || gap.may_hide_identity(identity)
                || reached.iter().any(|posting| self.may_hide_rules(gap, posting.binding))
        };
        self.inventory.gaps.iter().filter(|gap| hides(gap)).cloned().collect()
    }

    /// Returns the bindings that refer to the ClusterRole (empty namespace) or Role of that name,
    /// even if it does not exist.
    pub fn bindings_to(&self, namespace: &str, name: &str) -> Vec<&Binding> {
        let role = self.inventory.roles.binary_search_by(|role| {
            (&*role.metadata.namespace, &*role.metadata.name).cmp(&(namespace, name))
        });
        match role {
            Ok(role) => self
                .index
                .bindings_of(role as u32)
                .iter()
                .filter_map(|binding| self.binding_at(*binding))
                .collect(),
            Err(_) => self
                .inventory
                .bindings
                .iter()
                .filter(|binding| {
                    *binding.role_ref.name == *name
                        && match binding.role_ref.kind {
                            crate::RoleKind::ClusterRole => namespace.is_empty(),
                            crate::RoleKind::Role => {
                                !namespace.is_empty() && *binding.metadata.namespace == *namespace
                            }
                            crate::RoleKind::Other(_) => false,
                        }
                })
                .collect(),
        }
    }

    /// Returns the rules that apply to an identity in a namespace (docs/semantics.md#access-reviews),
    /// including those without effect there, such as URLs through a RoleBinding.
    pub fn rules_for(&self, identity: &Identity, namespace: &str) -> RulesReview<'_> {
        let mut reached = Vec::new();
        self.index.reach(identity, namespace, &mut reached);
        let mut review = RulesReview { rules: Vec::new(), problems: Vec::new(), gaps: Vec::new() };
        for bound in reached.iter().filter_map(|posting| self.bound_role(*posting)) {
            match bound.role {
                Ok(role) => {
                    review.rules.extend(role.rules.iter().enumerate().map(|(rule_index, rule)| {
                        RuleOf {
                            rule,
                            rule_index,
                            role,
                            binding: bound.binding,
                            subject: bound.subject,
                        }
                    }))
                }
                Err(problem) => review.problems.push(problem),
            }
        }
        review.gaps = self.gaps_that_matter(identity, namespace, &reached, &mut review.problems);
        review
    }

    fn bound_role(&self, posting: Posting) -> Option<BoundRole<'_>> {
        let (binding, subject) = self.bound(posting)?;
        let role = match self.index.role_of(posting.binding) {
            RoleSlot::Role(role) => Ok(self.role_at(role)?),
            RoleSlot::Missing => Err(Problem::RoleNotFound { binding }),
            RoleSlot::Unsupported => Err(Problem::UnsupportedRoleKind { binding }),
        };
        Some(BoundRole { binding, subject, role })
    }
}
