//! Decides requests.

use crate::decision::RuleGrant;
use crate::index::{Index, Posting, RoleSlot};
use crate::matching::{url_matches, verb_matches};
use crate::{
    Binding, Decision, Gap, Grant, Identity, Inventory, Problem, Request, Role, Subject, Target,
    Verdict,
};

/// An indexed inventory: the pure counterpart of a server's RBAC authorizer.
///
/// Mirrors `plugin/pkg/auth/authorizer/rbac/rbac.go`, but continues after the first rule that
/// allows the request, to report every grant. The cost of a decision depends only on the bindings
/// of the identity, not on the size of the inventory.
#[derive(Clone, Debug, Default)]
pub struct Authorizer {
    pub(crate) inventory: Inventory,
    pub(crate) index: Index,
}

impl Authorizer {
    /// Indexes an inventory.
    pub fn new(inventory: Inventory) -> Self {
        let index = Index::new(&inventory);
        Self { inventory, index }
    }

    /// Returns the inventory.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Decides one request like the server's chain of authorizers.
    ///
    /// The server allows members of `system:masters` everything before it evaluates RBAC. For
    /// nodes, the Node authorizer can allow more than RBAC, depending on the Pods on the node.
    /// Those are not known here, so the result is unknown (docs/semantics.md#the-authorizer-chain).
    pub fn authorize(&self, identity: &Identity, request: &Request) -> Decision<'_> {
        let mut decision = self.authorize_by_rbac(identity, request);
        if identity.is_node() {
            match &mut decision.verdict {
                Verdict::Allowed { .. } => {}
                Verdict::NoOpinion => {
                    decision.verdict = Verdict::Unknown { gaps: vec![Gap::node_authorizer()] };
                }
                Verdict::Unknown { gaps } => gaps.push(Gap::node_authorizer()),
            }
        }
        decision
    }

    /// Decides one request as if RBAC were the last authorizer, to compare the result with a
    /// server. Returns "unknown" if a build can still change all grants.
    pub fn authorize_by_rbac(&self, identity: &Identity, request: &Request) -> Decision<'_> {
        let mut decision = self.authorize_as_written(identity, request);
        if let Verdict::Allowed { by } = &mut decision.verdict
            && self.keep_built(by)
            && by.is_empty()
        {
            decision.verdict = Verdict::Unknown { gaps: self.build_gaps() };
        }
        decision
    }

    /// Decides one request by RBAC alone, on the objects as written, even if a build can change
    /// some of them.
    pub fn authorize_as_written(&self, identity: &Identity, request: &Request) -> Decision<'_> {
        let mut reached = Vec::with_capacity(16);
        self.index.reach(identity, request.namespace(), &mut reached);
        let mut grants = Vec::new();
        let mut problems = Vec::new();
        if identity.is_privileged() {
            grants.push(Grant::Privileged);
        }
        let compiled = self.index.compile(request);
        for posting in &reached {
            let RoleSlot::Role(role_position) = self.index.role_of(posting.binding) else {
                problems.extend(self.problem(posting.binding));
                continue;
            };
            for (rule, rule_index) in self.index.rules_of(role_position).iter().zip(0..) {
                let allows = match (&compiled, &request.target) {
                    (Some(compiled), _) => self.index.allows(rule, compiled),
                    (None, Target::Path(path)) => {
                        rule.has_urls()
                            && self.rule(role_position, rule_index).is_some_and(|rule| {
                                verb_matches(rule, &request.verb) && url_matches(rule, path)
                            })
                    }
                    (None, Target::Resource(_)) => false,
                };
                if allows {
                    grants.extend(self.grant(*posting, role_position, rule_index));
                }
            }
        }
        let verdict = if grants.is_empty() {
            match self.gaps_that_matter(identity, request.namespace(), &reached, &mut problems) {
                gaps if gaps.is_empty() => Verdict::NoOpinion,
                gaps => Verdict::Unknown { gaps },
            }
        } else {
            Verdict::Allowed { by: grants }
        };
        Decision { verdict, problems }
    }

    /// Returns the gaps that can hide a grant for an identity with these bindings, and removes the
    /// problems that an unread role explains.
    pub(crate) fn gaps_that_matter<'a>(
        &'a self,
        identity: &Identity,
        namespace: &str,
        reached: &[Posting],
        problems: &mut Vec<Problem<'a>>,
    ) -> Vec<Gap> {
        if self.inventory.gaps.is_empty() {
            return Vec::new();
        }
        problems.retain(|problem| !self.is_only_unread(problem));
        self.inventory
            .gaps
            .iter()
            .filter(|gap| {
                gap.may_hide_binding(namespace)
                    || gap.may_hide_identity(identity)
                    || reached.iter().any(|posting| self.may_hide_rules(gap, posting.binding))
            })
            .cloned()
            .collect()
    }

    /// Returns whether a missing role might be in the part of the input that could not be read.
    pub(crate) fn is_only_unread(&self, problem: &Problem<'_>) -> bool {
        matches!(problem, Problem::RoleNotFound { .. })
            && self.inventory.gaps.iter().any(|gap| gap.may_hide_role_of(problem.binding()))
    }

    /// Returns whether a gap can hide rules of a binding's role: the role itself, some of its rules, or
    /// a role that is aggregated into it.
    pub(crate) fn may_hide_rules(&self, gap: &Gap, binding: u32) -> bool {
        match self.index.role_of(binding) {
            RoleSlot::Role(role) => {
                self.role_at(role).is_some_and(|role| gap.may_hide_rules_of(role))
            }
            RoleSlot::Missing => {
                self.binding_at(binding).is_some_and(|binding| gap.may_hide_role_of(binding))
            }
            RoleSlot::Unsupported => false,
        }
    }

    /// Builds the grant of a posting's binding and one rule.
    pub(crate) fn grant(
        &self,
        posting: Posting,
        role_position: u32,
        rule_index: usize,
    ) -> Option<Grant<'_>> {
        let (binding, subject) = self.bound(posting)?;
        let role = self.role_at(role_position)?;
        let rule = role.rules.get(rule_index)?;
        Some(Grant::Rule(RuleGrant { binding, subject, role, rule_index, rule }))
    }

    /// Returns a posting's binding and subject.
    pub(crate) fn bound(&self, posting: Posting) -> Option<(&Binding, &Subject)> {
        let binding = self.binding_at(posting.binding)?;
        Some((binding, binding.subjects.get(posting.subject as usize)?))
    }

    pub(crate) fn binding_at(&self, position: u32) -> Option<&Binding> {
        self.inventory.bindings.get(position as usize)
    }

    pub(crate) fn role_at(&self, position: u32) -> Option<&Role> {
        self.inventory.roles.get(position as usize)
    }

    fn rule(&self, role_position: u32, rule_index: usize) -> Option<&crate::PolicyRule> {
        self.role_at(role_position)?.rules.get(rule_index)
    }

    /// Returns the problem with a binding's roleRef, if any.
    pub(crate) fn problem(&self, position: u32) -> Option<Problem<'_>> {
        let binding = self.binding_at(position)?;
        match self.index.role_of(position) {
            RoleSlot::Role(_) => None,
            RoleSlot::Missing => Some(Problem::RoleNotFound { binding }),
            RoleSlot::Unsupported => Some(Problem::UnsupportedRoleKind { binding }),
        }
    }
}
