//! One request that somebody was denied.

use rolecall_rbac::{Identity, Request, Text};

/// A request that is denied and should not be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// Who asks.
    pub identity: Identity,
    /// What is asked.
    pub request: Request,
    /// Where the denial was found, such as `line 3, 12 times`; empty when it was asked for outright.
    pub found: Text,
}

impl Denied {
    /// Returns a denial that was asked for outright.
    pub fn new(identity: Identity, request: Request) -> Self {
        Self { identity, request, found: "".into() }
    }
}
