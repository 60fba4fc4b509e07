//! Answers with their evidence.

use std::fmt;

use crate::{Binding, Gap, PolicyRule, Role, RoleKind, Subject, SubjectKind};

/// The answer to one access request, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// What the authorizer says.
    pub verdict: Verdict<'a>,
    /// References of the identity's own bindings that led nowhere; they never block other grants.
    pub problems: Vec<Problem<'a>>,
}

/// Allowed, not allowed by anything that was read, or undecided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// Something grants the request. Sound even when reads were incomplete, for rules only add.
    Allowed {
        /// Every grant, ClusterRoleBindings first, each kind sorted by name.
        by: Vec<Grant<'a>>,
    },
    /// Nothing grants it, and everything that could was read.
    NoOpinion,
    /// Nothing that was read grants it, but something unread could.
    Unknown {
        /// What would have to be read to decide.
        gaps: Vec<Gap>,
    },
}

/// A verdict without its evidence: what every answer comes to, whether the evaluator or a server
/// gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerdictKind {
    /// It is allowed.
    Allowed,
    /// Nothing allows it.
    NoOpinion,
    /// An authorizer forbids it, whatever others allow; only a server can say that.
    Denied,
    /// Something that was not read, or could not be asked, decides it.
    Unknown,
}

impl Verdict<'_> {
    /// Returns the verdict without its evidence.
    pub fn kind(&self) -> VerdictKind {
        match self {
            Self::Allowed { .. } => VerdictKind::Allowed,
            Self::NoOpinion => VerdictKind::NoOpinion,
            Self::Unknown { .. } => VerdictKind::Unknown,
        }
    }

    /// Returns whether the request is allowed.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}

/// One reason why a request is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant<'a> {
    /// The identity is in `system:masters`, which the server allows before RBAC is asked.
    Privileged,
    /// A rule of a bound role.
    Rule(RuleGrant<'a>),
}

/// The chain from a subject over its binding and role to the rule that allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleGrant<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// The first subject of the binding that matches the identity.
    pub subject: &'a Subject,
    /// The role.
    pub role: &'a Role,
    /// The rule's index within the role.
    pub rule_index: usize,
    /// The rule.
    pub rule: &'a PolicyRule,
}

/// A reference that the server reports and skips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem<'a> {
    /// The binding's role does not exist.
    RoleNotFound {
        /// The binding.
        binding: &'a Binding,
    },
    /// The binding refers to a kind that is no role.
    UnsupportedRoleKind {
        /// The binding.
        binding: &'a Binding,
    },
}

impl<'a> Problem<'a> {
    /// Returns the binding whose roleRef leads nowhere.
    pub fn binding(&self) -> &'a Binding {
        match self {
            Self::RoleNotFound { binding } | Self::UnsupportedRoleKind { binding } => binding,
        }
    }
}

impl Decision<'_> {
    /// Returns the `reason` that a server with RBAC puts into a review's status (semantics §3).
    ///
    /// For an allowed request it names the first grant; the server names an arbitrary one. For any
    /// other it lists unresolved references, sorted, each once; empty when there are none.
    pub fn reason(&self) -> String {
        match &self.verdict {
            Verdict::Allowed { by } => by.first().map(ToString::to_string).unwrap_or_default(),
            Verdict::NoOpinion | Verdict::Unknown { .. } => match &*self.problem_texts() {
                [] => String::new(),
                [only] => format!("RBAC: {only}"),
                several => format!("RBAC: [{}]", several.join(", ")),
            },
        }
    }

    /// Returns the server's wording of each problem, sorted, each once.
    pub fn problem_texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        texts.sort_unstable();
        texts.dedup();
        texts
    }
}

impl fmt::Display for Grant<'_> {
    /// Writes the server's `reason`: empty for `system:masters`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Privileged => Ok(()),
            Self::Rule(grant) => grant.fmt(formatter),
        }
    }
}

impl fmt::Display for RuleGrant<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metadata = &self.binding.metadata;
        write!(formatter, "RBAC: allowed by {} \"{}", self.binding.kind(), metadata.name)?;
        if !self.binding.is_cluster_role_binding() {
            write!(formatter, "/{}", metadata.namespace)?;
        }
        let role_ref = &self.binding.role_ref;
        write!(formatter, "\" of {} \"{}\" to ", role_ref.kind, role_ref.name)?;
        match &self.subject.kind {
            // The server writes the name before the namespace.
            SubjectKind::ServiceAccount => {
                let namespace = self.subject.effective_namespace(metadata);
                let namespace = namespace.map_or("", |namespace| namespace);
                write!(formatter, "ServiceAccount \"{}/{namespace}\"", self.subject.name)
            }
            kind => write!(formatter, "{} \"{}\"", kind.as_str(), self.subject.name),
        }
    }
}

impl fmt::Display for Problem<'_> {
    /// Writes the server's wording, which names the resource in the singular.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role_ref = &self.binding().role_ref;
        match (self, &role_ref.kind) {
            (Self::UnsupportedRoleKind { .. }, kind) => {
                write!(formatter, "unsupported role reference kind: \"{kind}\"")
            }
            (Self::RoleNotFound { .. }, kind) => {
                let singular = match kind {
                    RoleKind::ClusterRole => "clusterrole",
                    RoleKind::Role | RoleKind::Other(_) => "role",
                };
                write!(
                    formatter,
                    "{singular}.rbac.authorization.k8s.io \"{}\" not found",
                    role_ref.name
                )
            }
        }
    }
}
