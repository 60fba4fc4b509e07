//! Denials that are not fixed.

use std::fmt;

use rolecall_rbac::Target;

use crate::denied::Denied;
use crate::risk::Risk;

/// A denial that is not fixed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The denial.
    pub denied: Denied,
    /// Why.
    pub cause: Cause,
}

/// Why a denial is not fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// To grant it would hand out the cluster; at least one reason.
    Risky(Vec<Risk>),
    /// No Role can fix it.
    Unfixable(Unfixable),
}

/// Why no Role can fix a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unfixable {
    /// There is no user or group to grant anything to.
    Nobody,
    /// The verb is empty.
    NoVerb,
    /// The resource is empty.
    NoResource,
    /// A slash stands in the resource: only rules, not requests, join resource and subresource.
    SlashInResource,
    /// The namespace is none that can exist.
    Namespace,
}

/// Returns why no Role can fix a denial.
pub(crate) fn unfixable(denied: &Denied) -> Option<Unfixable> {
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
    } else if target.resource.contains('/') {
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
            Self::Nobody => "it names no user or group to grant anything to",
            Self::NoVerb => "it has no verb",
            Self::NoResource => "it has no resource",
            Self::SlashInResource => {
                "its resource holds a slash; subresources have a field of their own"
            }
            Self::Namespace => "its namespace is none that can exist",
        })
    }
}
