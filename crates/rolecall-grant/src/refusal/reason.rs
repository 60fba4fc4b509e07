//! Identifies the authorizer that gave a reason: RBAC, or another one that no Role overrides.

use rolecall_rbac::Text;

use super::Denial;

/// An authorizer other than RBAC that gave a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OtherAuthorizer {
    /// The Node authorizer.
    Node,
    /// OpenShift's token scopes, which come before RBAC.
    TokenScopes,
    /// An unknown one, such as a webhook, which denied the request or had no opinion.
    Unknown,
}

impl OtherAuthorizer {
    /// Returns the authorizer other than RBAC that gave a reason, if any. Reasons of several
    /// authorizers are on separate lines.
    pub fn of(reason: &str) -> Option<Self> {
        reason.lines().filter_map(Self::of_line).min()
    }

    fn of_line(reason: &str) -> Option<Self> {
        let starts =
            |beginnings: &[&str]| beginnings.iter().any(|beginning| reason.starts_with(beginning));
        if starts(&["no relationship found between node", "node '", "can only "]) {
            Some(Self::Node)
        } else if starts(&["scopes ["]) {
            Some(Self::TokenScopes)
        } else if reason.trim().is_empty()
            || starts(&[
                "RBAC: ",
                "no RBAC policy matched",
                // ABAC had no opinion.
                "No policy matched.",
                // These clouds' webhooks had no opinion.
                "Unknown user ",
                "requires one of [",
            ])
        {
            None
        } else {
            Some(Self::Unknown)
        }
    }
}

/// A role that a binding of the user refers to but that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingRole {
    /// `Role` or `ClusterRole`.
    pub kind: &'static str,
    /// Its name.
    pub name: Text,
}

impl MissingRole {
    /// Returns the roles in RBAC's reason, such as `RBAC: clusterrole.rbac.authorization.k8s.io "x"
    /// not found`; several roles are in brackets.
    pub fn all(reason: &str) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for (start, mark) in reason.match_indices("role.rbac.authorization.k8s.io ") {
            let kind = if reason.get(..start).is_some_and(|before| before.ends_with("cluster")) {
                "ClusterRole"
            } else {
                "Role"
            };
            let rest = reason.get(start + mark.len()..).unwrap_or_default();
            let rest = rest.trim_start_matches('\\');
            let name = rest.strip_prefix('"').and_then(|rest| rest.split(['"', '\\']).next());
            found.extend(name.map(|name| Self { kind, name: name.into() }));
        }
        found.sort();
        found.dedup();
        found
    }
}

impl Denial {
    /// Returns the missing roles that the user's bindings refer to.
    pub fn missing_roles(&self) -> Vec<MissingRole> {
        self.reason.as_deref().map(MissingRole::all).unwrap_or_default()
    }

    /// Returns the authorizer other than RBAC that gave the reason, if any.
    pub fn other_authorizer(&self) -> Option<OtherAuthorizer> {
        OtherAuthorizer::of(self.reason.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_identify_their_authorizer() {
        let rows = [
            ("", None),
            ("RBAC: role.rbac.authorization.k8s.io \"x\" not found", None),
            (
                "No policy matched.\nRBAC: clusterrole.rbac.authorization.k8s.io \"x\" not found",
                None,
            ),
            ("denied by OPA", Some(OtherAuthorizer::Unknown)),
            ("RBAC: role \"x\" not found\nwebhook says no", Some(OtherAuthorizer::Unknown)),
            ("scopes [x] prevent this action", Some(OtherAuthorizer::TokenScopes)),
            ("can only read namespaced object of this type", Some(OtherAuthorizer::Node)),
        ];
        for (reason, whose) in rows {
            assert_eq!(OtherAuthorizer::of(reason), whose, "{reason}");
        }
    }
}
