//! One decision, with what only the command line knows of it.

use rolecall_rbac::{Authorizer, Decision, Gap, Identity, Origin, Request, Unread, Verdict};

/// Decides a request; where the Node authorizer may allow what RBAC does not, that is a gap.
pub(crate) fn decide<'a>(
    authorizer: &'a Authorizer,
    identity: &Identity,
    request: &Request,
) -> Decision<'a> {
    let mut decision = authorizer.authorize(identity, request);
    if identity.is_node() {
        match &mut decision.verdict {
            Verdict::Allowed { .. } => {}
            Verdict::NoOpinion => decision.verdict = Verdict::Unknown { gaps: vec![node_gap()] },
            Verdict::Unknown { gaps } => gaps.push(node_gap()),
        }
    }
    decision
}

/// What keeps "no" about a node's identity from being certain.
fn node_gap() -> Gap {
    Gap {
        unread: Unread::Authorizer { name: "Node".into() },
        because: "it may allow what roles and bindings do not".into(),
        origin: Origin::default(),
    }
}
