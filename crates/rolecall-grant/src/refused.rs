//! Denials that are not fixed.

use std::fmt;

use rolecall_rbac::{TOKEN_AUDIENCE_VERB, Target};

use crate::denied::Denied;
use crate::risk::Risk;

/// A denial that is not fixed, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The denial.
    pub denied: Denied,
    /// The reason.
    pub cause: Cause,
}

/// The reason why a denial is not fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The grant would be too dangerous; at least one risk.
    Risky(Vec<Risk>),
    /// RBAC cannot fix it.
    Unfixable(Unfixable),
}

/// The reason why RBAC cannot fix a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Unfixable {
    /// The denial has no user or group to grant to.
    Nobody,
    /// The verb is empty.
    NoVerb,
    /// The resource is empty.
    NoResource,
    /// The resource contains a slash: only rules, not requests, combine resource and subresource.
    SlashInResource,
    /// The namespace is not a valid name.
    Namespace,
}

/// Returns the reason why RBAC cannot fix a denial.
pub fn unfixable(denied: &Denied) -> Option<Unfixable> {
    let identity = &denied.identity;
    if identity.user.is_empty() && identity.groups.iter().all(|group| group.is_empty()) {
        return Some(Unfixable::Nobody);
    }
    if denied.request.verb.is_empty() {
        return Some(Unfixable::NoVerb);
    }
    let Target::Resource(target) = &denied.request.target else { return None };
    if target.resource.is_empty() {
        Some(Unfixable::NoResource)
    } else if target.resource.contains('/') && *denied.request.verb != *TOKEN_AUDIENCE_VERB {
        Some(Unfixable::SlashInResource)
    } else if !target.namespace.is_empty() && !crate::refusal::is_namespace(&target.namespace) {
        Some(Unfixable::Namespace)
    } else {
        None
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfixable(unfixable) => unfixable.fmt(formatter),
            Self::Risky(risks) => {
                for (risk, position) in risks.iter().zip(0..) {
                    if position > 0 {
                        formatter.write_str("; ")?;
                    }
                    risk.fmt(formatter)?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Unfixable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Nobody => "it does not name a user or group",
            Self::NoVerb => "it has no verb",
            Self::NoResource => "it has no resource",
            Self::SlashInResource => {
                "its resource contains a slash; subresources have a separate field"
            }
            Self::Namespace => "its namespace is not a valid name",
        })
    }
}
