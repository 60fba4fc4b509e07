//! A denied request.

use rolecall_rbac::{Identity, Request, Text};

/// A request that is denied and should be allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// The identity.
    pub identity: Identity,
    /// The request.
    pub request: Request,
    /// The position of the denial, such as `line 3, 12 times`; empty for a request from the command
    /// line.
    pub found: Text,
}

impl Denied {
    /// Returns a denial from the command line.
    pub fn new(identity: Identity, request: Request) -> Self {
        Self { identity, request, found: "".into() }
    }
}
