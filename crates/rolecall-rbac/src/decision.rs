//! Decisions and their evidence.

use std::fmt;

use crate::{Binding, Gap, PolicyRule, Role, RoleKind, Subject, SubjectKind};

/// The decision about one request, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The verdict.
    pub verdict: Verdict<'a>,
    /// Dangling role references of the identity's bindings; they never block other grants.
    pub problems: Vec<Problem<'a>>,
}

/// The verdict of the evaluator: allowed, no opinion, or unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// A rule grants the request. This holds even when the input is incomplete, because rules only
    /// add access.
    Allowed {
        /// Every grant, ClusterRoleBindings first, each kind sorted by name.
        by: Vec<Grant<'a>>,
    },
    /// No rule grants the request, and the input that could grant it is complete.
    NoOpinion,
    /// No known rule grants the request, but input that could not be read might.
    Unknown {
        /// The gaps that would have to be filled to decide.
        gaps: Vec<Gap>,
    },
}

/// A verdict without its evidence, from the evaluator or from a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerdictKind {
    /// Allowed.
    Allowed,
    /// No authorizer allows it.
    NoOpinion,
    /// An authorizer denies it, regardless of the others. Only a server returns this.
    Denied,
    /// The result depends on something that could not be read or checked.
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
    /// The identity is in `system:masters`, which the server allows before it evaluates RBAC.
    Privileged,
    /// A rule of a bound role.
    Rule(RuleGrant<'a>),
}

/// The path from a subject through a binding and a role to the rule that allows the request.
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

/// A role reference that the server reports and skips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem<'a> {
    /// The binding's role does not exist.
    RoleNotFound {
        /// The binding.
        binding: &'a Binding,
    },
    /// The binding's roleRef has a kind other than Role or ClusterRole.
    UnsupportedRoleKind {
        /// The binding.
        binding: &'a Binding,
    },
}

impl<'a> Problem<'a> {
    /// Returns the binding with the dangling roleRef.
    pub fn binding(&self) -> &'a Binding {
        match self {
            Self::RoleNotFound { binding } | Self::UnsupportedRoleKind { binding } => binding,
        }
    }
}

impl Decision<'_> {
    /// Returns the `reason` that a server with RBAC writes into a review's status
    /// (docs/semantics.md#access-reviews).
    ///
    /// For an allowed request it names the first grant, where the server names an arbitrary one.
    /// Otherwise it lists the dangling references, sorted and without duplicates, or is empty.
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

    /// Returns the server's text for each problem, sorted and without duplicates.
    pub fn problem_texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        texts.sort_unstable();
        texts.dedup();
        texts
    }
}

impl fmt::Display for Grant<'_> {
    /// Writes the server's `reason`, which is empty for `system:masters`.
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
    /// Writes the server's text, which names the resource in the singular.
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
