//! May somebody apply the objects? The pure half: what the server checks, and what is missing.

use rolecall_rbac::{
    Authorizer, Gap, Identity, PolicyRule, Request, ResourceRequest, Role, RoleKind, Verdict,
    covers, subtract,
};

use crate::plan::Object;
use crate::proof::overlay;
use crate::subject::RBAC_GROUP;

/// What the server would say if somebody applied the objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preflight {
    /// Requests that applying the objects makes and that are not allowed.
    pub denied: Vec<Request>,
    /// Roles and bindings that grant more than who applies them holds.
    pub escalations: Vec<Escalating>,
    /// What was not read, and so may allow more.
    pub gaps: Vec<Gap>,
}

/// A role or binding that the server's escalation check refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalating {
    /// Which of the objects.
    pub object: usize,
    /// The request that would be allowed to pass the check by: `escalate` or `bind` on the role.
    pub pass: Request,
    /// The rules that would have to be held instead, merged as the server lists them.
    pub missing: Vec<PolicyRule>,
}

impl Preflight {
    /// Returns whether everything may be applied.
    pub fn is_clear(&self) -> bool {
        self.denied.is_empty() && self.escalations.is_empty()
    }
}

/// Returns the requests that `kubectl apply` makes for objects: `get`, then `create` or `patch`.
pub fn requests_to_apply(authorizer: &Authorizer, objects: &[Object]) -> Vec<Request> {
    let mut requests: Vec<Request> = objects
        .iter()
        .flat_map(|object| {
            let write = if exists(authorizer, object) {
                request("patch", object)
            } else {
                // Nothing that is created by POST has a name yet.
                unnamed(request("create", object))
            };
            [request("get", object), write]
        })
        .collect();
    requests.sort();
    requests.dedup();
    requests
}

/// Returns what of applying the objects is not allowed to somebody (semantics §8).
pub fn preflight(authorizer: &Authorizer, objects: &[Object], applier: &Identity) -> Preflight {
    let mut preflight = Preflight::default();
    let mut gaps = Vec::new();
    if applier.is_privileged() {
        return preflight;
    }
    let mut allows = |request: &Request| match authorizer.authorize(applier, request).verdict {
        Verdict::Allowed { .. } => true,
        Verdict::NoOpinion => false,
        Verdict::Unknown { gaps } => {
            preflight.gaps.extend(gaps);
            false
        }
    };
    for request in requests_to_apply(authorizer, objects) {
        if !allows(&request) {
            preflight.denied.push(request);
        }
    }
    // The role of a binding is read from storage, where the roles before it already are.
    let after = overlay(authorizer, objects);
    for (position, object) in objects.iter().enumerate() {
        let Some((pass, granted)) = granted_by(authorizer, &after, object) else { continue };
        let review = authorizer.rules_for(applier, &object.metadata().namespace);
        let held: Vec<PolicyRule> =
            review.rules.into_iter().map(|held| held.rule.clone()).collect();
        if covers(&held, granted).is_complete() || allows(&pass) {
            continue;
        }
        let missing = subtract(granted, &held);
        gaps.extend(review.gaps);
        preflight.escalations.push(Escalating { object: position, pass, missing });
    }
    preflight.gaps.extend(gaps);
    preflight.gaps.sort();
    preflight.gaps.dedup();
    preflight
}

/// Returns the request that passes an object's escalation check, and the rules it grants.
fn granted_by<'a>(
    before: &Authorizer,
    after: &'a Authorizer,
    object: &'a Object,
) -> Option<(Request, &'a [PolicyRule])> {
    match object {
        Object::ServiceAccount(_) => None,
        Object::Role(granted) => {
            let escalate = request("escalate", object);
            let escalate = if exists(before, object) { escalate } else { unnamed(escalate) };
            Some((escalate, &granted.role.rules))
        }
        Object::Binding(binding) => {
            let role_ref = &binding.role_ref;
            let namespace = &binding.metadata.namespace;
            let (resource, role_namespace) = match role_ref.kind {
                RoleKind::Role => ("roles", &**namespace),
                RoleKind::ClusterRole | RoleKind::Other(_) => ("clusterroles", ""),
            };
            let bind = Request::resource(
                "bind",
                ResourceRequest {
                    namespace: namespace.clone(),
                    group: RBAC_GROUP.into(),
                    resource: resource.into(),
                    subresource: "".into(),
                    name: role_ref.name.clone(),
                },
            );
            let role: &Role = after.inventory().role(role_namespace, &role_ref.name)?;
            Some((bind, &role.rules))
        }
    }
}

fn exists(authorizer: &Authorizer, object: &Object) -> bool {
    let inventory = authorizer.inventory();
    let metadata = object.metadata();
    let (namespace, name) = (&*metadata.namespace, &*metadata.name);
    match object {
        Object::ServiceAccount(_) => inventory.service_account(namespace, name).is_some(),
        Object::Role(_) => inventory.role(namespace, name).is_some(),
        Object::Binding(_) => inventory.binding(namespace, name).is_some(),
    }
}

fn request(verb: &str, object: &Object) -> Request {
    let (group, resource) = match object.kind() {
        "ServiceAccount" => ("", "serviceaccounts"),
        "Role" => (RBAC_GROUP, "roles"),
        "ClusterRole" => (RBAC_GROUP, "clusterroles"),
        "RoleBinding" => (RBAC_GROUP, "rolebindings"),
        _ => (RBAC_GROUP, "clusterrolebindings"),
    };
    let metadata = object.metadata();
    Request::resource(
        verb,
        ResourceRequest {
            namespace: metadata.namespace.clone(),
            group: group.into(),
            resource: resource.into(),
            subresource: "".into(),
            name: metadata.name.clone(),
        },
    )
}

fn unnamed(mut request: Request) -> Request {
    if let rolecall_rbac::Target::Resource(target) = &mut request.target {
        target.name = "".into();
    }
    request
}
