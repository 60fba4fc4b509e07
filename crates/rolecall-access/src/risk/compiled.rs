use rolecall_rbac::Request;

use super::{Risk, Scope};

/// A risk with its requests for the version of a server.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) risk: &'static Risk,
    /// The requests of each need, with their scopes.
    pub(super) needs: Vec<Vec<(Request, Scope)>>,
}
