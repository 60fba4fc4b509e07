//! Requests in the form in which clients make them.

use rolecall_rbac::{Request, Resolved, Target};

use crate::load::Session;
use crate::ui::Ui;

/// The rules to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Force {
    /// Only rules that match a known request.
    Known,
    /// All requested rules.
    Anything,
}

/// Returns a request in the form that clients use: cluster-scoped resources have no namespace, and a grant
/// in a namespace would have no effect. A grant at cluster scope also allows the original request.
pub(super) fn as_clients_ask(ui: &Ui, session: &Session, request: &Request) -> Request {
    let Target::Resource(target) = &request.target else { return request.clone() };
    let resolved = Resolved {
        group: target.group.clone(),
        resource: target.resource.clone(),
        subresource: target.subresource.clone(),
        served: session.catalog.get(&target.group, &target.resource),
    };
    let asked = session.catalog.request(&request.verb, &resolved, &target.namespace, &target.name);
    if !asked.namespace().is_empty() {
        return request.clone();
    }
    if !request.namespace().is_empty() {
        ui.note(format!(
            "`{}` is cluster-scoped: ignoring namespace `{}`",
            target.resource, target.namespace
        ));
    }
    asked
}
