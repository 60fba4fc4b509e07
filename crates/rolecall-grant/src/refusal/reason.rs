//! Whose reason a refusal gives: RBAC's own, or another authorizer's that no Role overrules.

use super::Denial;

/// An authorizer beside RBAC that gave a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtherAuthorizer {
    /// The Node authorizer.
    Node,
    /// OpenShift's scopes of a token, which come before RBAC.
    TokenScopes,
    /// One that is not known, such as a webhook: it may have denied, or only had no opinion.
    Unknown,
}

impl Denial {
    /// Returns which authorizer beside RBAC gave the reason, if one did.
    pub fn other_authorizer(&self) -> Option<OtherAuthorizer> {
        let reason = self.reason.as_deref()?;
        let starts =
            |beginnings: &[&str]| beginnings.iter().any(|beginning| reason.starts_with(beginning));
        if starts(&["no relationship found between node", "node '", "can only "]) {
            Some(OtherAuthorizer::Node)
        } else if starts(&["scopes ["]) {
            Some(OtherAuthorizer::TokenScopes)
        } else if starts(&[
            "RBAC: ",
            "no RBAC policy matched",
            // These clouds' webhooks had no opinion.
            "Unknown user ",
            "requires one of [",
        ]) {
            None
        } else {
            Some(OtherAuthorizer::Unknown)
        }
    }
}
