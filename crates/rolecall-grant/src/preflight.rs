//! Checks whether an identity can apply the objects. Pure: returns the server's checks and the
//! missing permissions.

use rolecall_rbac::{
    Authorizer, Gap, Identity, PolicyRule, Request, ResourceRequest, Role, RoleKind, Text, Verdict,
    covers, subtract,
};

use crate::object::Object;
use crate::proof::{is_new, overlay};
use crate::subject::RBAC_GROUP;

/// The server's response if an identity applied the objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preflight {
    /// The required requests that are not allowed.
    pub denied: Vec<Request>,
    /// The roles and bindings that grant more than the applier holds.
    pub escalations: Vec<Escalating>,
    /// The requests that could not be decided.
    pub undecided: Vec<Undecided>,
}

/// A role or binding that the server's escalation check rejects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalating {
    /// The position of the object.
    pub object: usize,
    /// The request that would bypass the check: `escalate` or `bind` on the role.
    pub pass: Request,
    /// The rules that the applier would have to hold otherwise, merged like in the server's
    /// message.
    pub missing: Vec<PolicyRule>,
}

/// A request that could not be decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Undecided {
    /// The request.
    pub request: Request,
    /// The missing input or failed reviews.
    pub because: Vec<Text>,
}

/// Whether the applier can make a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Allowed.
    Yes,
    /// Not allowed.
    No,
    /// Unknown, with the reasons.
    Unknown(Vec<Text>),
}

/// The rules that the applier holds in some scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldRules {
    /// The known rules.
    pub rules: Vec<PolicyRule>,
    /// The reasons why there can be more rules; empty if the list is complete.
    pub incomplete: Vec<Text>,
}

/// The applier's permissions, from roles and bindings or from the server.
pub trait Rights {
    /// Returns whether the applier can make a request.
    fn may(&self, request: &Request) -> Permission;

    /// Returns the rules that the applier holds in a namespace, or cluster-wide for an empty one.
    fn rules(&self, namespace: &str) -> HeldRules;
}

/// The permissions that roles and bindings grant to an identity.
#[derive(Debug)]
pub struct ReadRights<'a> {
    /// The roles and bindings.
    pub authorizer: &'a Authorizer,
    /// The applier.
    pub applier: &'a Identity,
}

impl Rights for ReadRights<'_> {
    fn may(&self, request: &Request) -> Permission {
        match self.authorizer.authorize(self.applier, request).verdict {
            Verdict::Allowed { .. } => Permission::Yes,
            Verdict::NoOpinion => Permission::No,
            Verdict::Unknown { gaps } => Permission::Unknown(texts(&gaps)),
        }
    }

    fn rules(&self, namespace: &str) -> HeldRules {
        let review = self.authorizer.rules_for(self.applier, namespace);
        HeldRules {
            rules: review.rules.into_iter().map(|held| held.rule.clone()).collect(),
            incomplete: texts(&review.gaps),
        }
    }
}

impl Preflight {
    /// Returns whether the applier can certainly apply everything.
    pub fn is_clear(&self) -> bool {
        !self.is_refused() && self.undecided.is_empty()
    }

    /// Returns whether the server would certainly reject some object.
    pub fn is_refused(&self) -> bool {
        !self.denied.is_empty() || !self.escalations.is_empty()
    }
}

/// Returns the requests of `kubectl apply` for objects: `get`, then `create` or `patch`, or both if
/// it is unknown whether the object exists.
pub fn requests_to_apply(
    authorizer: &Authorizer,
    objects: &[Object],
    in_doubt: &[usize],
) -> Vec<Request> {
    let mut requests: Vec<Request> = objects
        .iter()
        .enumerate()
        .flat_map(|(position, object)| {
            let create = || request("create", object).without_name();
            let writes = match existence(authorizer, object, in_doubt.contains(&position)) {
                Existence::Exists => vec![request("patch", object)],
                // A POST URL does not name the new object.
                Existence::Missing => vec![create()],
                Existence::Unread => vec![create(), request("patch", object)],
            };
            std::iter::once(request("get", object)).chain(writes)
        })
        .collect();
    requests.sort();
    requests.dedup();
    requests
}

/// Returns the requests that decide whether objects can be applied: those of [`requests_to_apply`],
/// and those that bypass the escalation check.
pub fn requests_of_preflight(
    authorizer: &Authorizer,
    objects: &[Object],
    in_doubt: &[usize],
) -> Vec<Request> {
    let after = overlay(authorizer, objects);
    let mut requests = requests_to_apply(authorizer, objects, in_doubt);
    for object in objects {
        requests.extend(granted_by(authorizer, &after, object).map(|granted| granted.pass));
    }
    requests.sort();
    requests.dedup();
    requests
}

/// Returns the reasons why an identity cannot apply objects
/// (docs/semantics.md#escalation-prevention).
///
/// `in_doubt` contains the positions of objects that might already exist.
pub fn preflight(
    authorizer: &Authorizer,
    objects: &[Object],
    in_doubt: &[usize],
    rights: &impl Rights,
) -> Preflight {
    let mut preflight = Preflight::default();
    for request in requests_to_apply(authorizer, objects, in_doubt) {
        match rights.may(&request) {
            Permission::Yes => {}
            Permission::No if depends_on_existence(objects, in_doubt, &request) => {
                let because = ["it is unknown whether the object exists".into()].into();
                preflight.undecided.push(Undecided { request, because });
            }
            Permission::No => preflight.denied.push(request),
            Permission::Unknown(because) => {
                preflight.undecided.push(Undecided { request, because })
            }
        }
    }
    // The server reads the role of a binding from storage, where earlier roles are already present.
    let after = overlay(authorizer, objects);
    for (position, object) in objects.iter().enumerate() {
        let Some(Granted { pass, rules }) = granted_by(authorizer, &after, object) else {
            continue;
        };
        let held = rights.rules(&object.metadata().namespace);
        if covers(&held.rules, rules).is_complete() {
            continue;
        }
        let mut because = match rights.may(&pass) {
            Permission::Yes => continue,
            Permission::No => Vec::new(),
            Permission::Unknown(because) => because,
        };
        because.extend(held.incomplete);
        because.sort();
        because.dedup();
        if because.is_empty() {
            let missing = subtract(rules, &held.rules);
            preflight.escalations.push(Escalating { object: position, pass, missing });
        } else {
            preflight.undecided.push(Undecided { request: pass, because });
        }
    }
    preflight.undecided.sort();
    preflight.undecided.dedup();
    preflight
}

/// Returns whether a request depends on the unknown existence of its object.
fn depends_on_existence(objects: &[Object], in_doubt: &[usize], asked: &Request) -> bool {
    let makes = |object: &Object| {
        *asked == request("create", object).without_name() || *asked == request("patch", object)
    };
    &*asked.verb != "get"
        && objects
            .iter()
            .enumerate()
            .filter(|(_, object)| makes(object))
            .all(|(position, _)| in_doubt.contains(&position))
}

/// The rules that a role or binding grants, as the escalation check sees them.
struct Granted<'a> {
    /// The request that bypasses the check.
    pass: Request,
    rules: &'a [PolicyRule],
}

fn granted_by<'a>(
    before: &Authorizer,
    after: &'a Authorizer,
    object: &'a Object,
) -> Option<Granted<'a>> {
    match object {
        Object::ServiceAccount(_) => None,
        Object::Role(granted) => {
            let escalate = request("escalate", object);
            // A role that is not known to exist is created without a name in the URL, which
            // requires less.
            let pass = match is_new(before.inventory(), object) {
                true => escalate.without_name(),
                false => escalate,
            };
            Some(Granted { pass, rules: &granted.role.rules })
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
            Some(Granted { pass: bind, rules: &role.rules })
        }
    }
}

/// Whether an object exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Existence {
    Exists,
    Missing,
    Unread,
}

fn existence(authorizer: &Authorizer, object: &Object, in_doubt: bool) -> Existence {
    match (is_new(authorizer.inventory(), object), in_doubt) {
        (false, _) => Existence::Exists,
        (true, true) => Existence::Unread,
        (true, false) => Existence::Missing,
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

fn texts(gaps: &[Gap]) -> Vec<Text> {
    gaps.iter().map(|gap| gap.to_string().into()).collect()
}
